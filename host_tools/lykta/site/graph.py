"""Answers where one can go on a site, and how far: the street compiled to arrays, and exact shortest lengths.

Numbers: a *point* is an index into `Site.points` (lamps first), a *link* an index into `Site.links`. A *directed link* is
`2 * link` when travelled from `a` to `b` and `2 * link + 1` from `b` to `a`; `directed ^ 1` is the way back. Lengths are in cm
and integers, so that every answer is exact. Classes of road users are a mask: bit `c` for class `c` of `core/schema`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from lykta.site.model import Site

#: The bit of each class in a mask; class `c` of `core/schema` has bit `1 << c` (a test keeps the two equal).
CLASS_BITS = {"pedestrian": 1, "cyclist": 2, "car": 4}
ALL_CLASSES = 7

#: (number of a point or lamp, length in cm), nearest first, ties by number.
Reach = tuple[tuple[int, int], ...]

_CACHE_LIMIT = 200_000  # answers kept; a city asks for more than memory should hold


def mask_of(classes: Iterable[str]) -> int:
    """The mask of some class names."""
    return sum(CLASS_BITS[name] for name in set(classes))


class Graph:
    """A site compiled for questions of distance.

    Arrays, one entry for each point: `x_cm`, `y_cm`; for each link: `a`, `b` (points), `length_cm`, `way` (index into
    `Site.ways`), `classes` (mask of who may use it). All int32.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        points = site.points
        self.lamp_count = len(site.lamps)
        self.point_count = len(points)
        self.link_count = len(site.links)
        self.index: dict[str, int] = {point.id: number for number, point in enumerate(points)}
        self.x_cm = _int32(point.x_cm for point in points)
        self.y_cm = _int32(point.y_cm for point in points)
        way_index = {way.id: number for number, way in enumerate(site.ways)}
        self.a = _int32(self.index[link.a] for link in site.links)
        self.b = _int32(self.index[link.b] for link in site.links)
        self.length_cm = _int32(link.length_cm for link in site.links)
        self.way = _int32(way_index[link.way] for link in site.links)
        masks = [mask_of(way.classes) for way in site.ways]
        self.classes = _int32(masks[number] for number in self.way.tolist())
        self._tails = np.stack((self.a, self.b), axis=1).ravel().tolist()
        self._out = self._outgoing()
        self._steps = self._neighbours()
        self.anchors = self._anchor_points()
        self._lamps_at = self._lamps_by_point()
        self._ahead: dict[tuple[int, int, int], Reach] = {}
        self._around: dict[tuple[int, int, int], Reach] = {}

    def _outgoing(self) -> tuple[tuple[int, ...], ...]:
        out: list[list[int]] = [[] for _ in range(self.point_count)]
        for directed, tail in enumerate(self._tails):
            out[tail].append(directed)
        return tuple(tuple(links) for links in out)

    def _neighbours(self) -> tuple[tuple[tuple[int, int, int, int], ...], ...]:
        """For each point (link, length, other end, classes) of each way out of it."""
        lengths, classes, tails = self.length_cm.tolist(), self.classes.tolist(), self._tails
        return tuple(
            tuple((directed >> 1, lengths[directed >> 1], tails[directed ^ 1], classes[directed >> 1]) for directed in links)
            for links in self._out
        )

    def _anchor_points(self) -> tuple[tuple[int, ...], ...]:
        return tuple(
            tuple(dict.fromkeys((number, *(self.index[anchor] for anchor in lamp.anchors)))) for number, lamp in enumerate(self.site.lamps)
        )

    def _lamps_by_point(self) -> dict[int, tuple[int, ...]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for lamp, points in enumerate(self.anchors):
            for point in points:
                found[point].append(lamp)
        return {point: tuple(lamps) for point, lamps in found.items()}

    def tail(self, directed: int) -> int:
        """The point where a directed link begins."""
        return int(self._tails[directed])

    def head(self, directed: int) -> int:
        """The point where a directed link ends: its far end."""
        return int(self._tails[directed ^ 1])

    def out_links(self, point: int) -> list[int]:
        """The directed links that leave a point, in rising order: the order that numbers `from_link` in the tables."""
        return list(self._out[point])

    def lamps_at(self, point: int) -> tuple[int, ...]:
        """The lamps that light a point: the one that stands there, and those that have it among their anchors."""
        return self._lamps_at.get(point, ())

    def ahead(self, directed: int, limit_cm: int, classes: int = ALL_CLASSES) -> Reach:
        """The points at most `limit_cm` ahead of the far end of a directed link, without a U-turn.

        Shortest lengths from `head(directed)` (itself first, at 0) along links that admit one of `classes`, while the link
        itself is closed in both directions. Who is `d` before the far end has `d` plus these lengths before him.
        """
        key = (directed, limit_cm, classes)
        found = self._ahead.get(key)
        if found is None:
            found = self._spread(self.head(directed), limit_cm, classes, directed >> 1)
            _keep(self._ahead, key, found)
        return found

    def around(self, point: int, limit_cm: int, classes: int = ALL_CLASSES) -> Reach:
        """The points at most `limit_cm` from a point along links that admit one of `classes`, whatever the direction."""
        key = (point, limit_cm, classes)
        found = self._around.get(key)
        if found is None:
            found = self._spread(point, limit_cm, classes, -1)
            _keep(self._around, key, found)
        return found

    def lamps_ahead(self, directed: int, limit_cm: int, classes: int = ALL_CLASSES) -> Reach:
        """`ahead`, as lamps: each with the length to the nearest of its anchors."""
        return self.to_lamps(self.ahead(directed, limit_cm, classes))

    def lamps_around(self, point: int, limit_cm: int, classes: int = ALL_CLASSES) -> Reach:
        """`around`, as lamps: each with the length to the nearest of its anchors."""
        return self.to_lamps(self.around(point, limit_cm, classes))

    def to_lamps(self, reach: Reach) -> Reach:
        """Points with lengths (nearest first) as the lamps that light them, each with its least length."""
        nearest: dict[int, int] = {}
        for point, length in reach:
            for lamp in self._lamps_at.get(point, ()):
                nearest.setdefault(lamp, length)
        return tuple(sorted(nearest.items(), key=lambda found: (found[1], found[0])))

    def _spread(self, source: int, limit_cm: int, classes: int, closed: int) -> Reach:
        """Dijkstra's shortest lengths from a point, up to a limit, with one link closed (-1: none)."""
        steps = self._steps
        done: dict[int, int] = {}
        queue = [(0, source)]
        while queue:
            length, point = heappop(queue)
            if point in done:
                continue
            done[point] = length
            for link, step_cm, other, admits in steps[point]:
                further = length + step_cm
                if further <= limit_cm and admits & classes and link != closed and other not in done:
                    heappush(queue, (further, other))
        return tuple(done.items())

    def distance(self, a: int, b: int, classes: int = ALL_CLASSES) -> int | None:
        """The shortest length between two points, or None where no way leads from one to the other."""
        return dict(self._spread(a, int(self.length_cm.sum(dtype=np.int64)), classes, -1)).get(b)

    def pieces(self) -> NDArray[np.int32]:
        """For each point the number of the piece of the site that it is in; pieces in the order of their first point.

        Links join points, and so does a lamp with the points that it lights: what is in two pieces has nothing to tell each other.
        """
        piece = [-1] * self.point_count
        count = 0
        for first in range(self.point_count):
            if piece[first] >= 0:
                continue
            piece[first] = count
            waiting = [first]
            while waiting:
                point = waiting.pop()
                joined = [other for _, _, other, _ in self._steps[point]]
                joined += [other for lamp in self._lamps_at.get(point, ()) for other in self.anchors[lamp]]
                for other in joined:
                    if piece[other] < 0:
                        piece[other] = count
                        waiting.append(other)
            count += 1
        return _int32(piece)

    def place(self, link: NDArray[np.int32], chainage_cm: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where on the map chainages on links lie [cm]: links are drawn straight, chainage is scaled to their length."""
        share: NDArray[np.float64] = chainage_cm / self.length_cm[link]
        a, b = self.a[link], self.b[link]
        x = self.x_cm[a] + share * (self.x_cm[b] - self.x_cm[a])
        y = self.y_cm[a] + share * (self.y_cm[b] - self.y_cm[a])
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def _int32(values: Iterable[int]) -> NDArray[np.int32]:
    return np.fromiter(values, dtype=np.int32)


def _keep(cache: dict[tuple[int, int, int], Reach], key: tuple[int, int, int], found: Reach) -> None:
    if len(cache) >= _CACHE_LIMIT:
        cache.clear()
    cache[key] = found
