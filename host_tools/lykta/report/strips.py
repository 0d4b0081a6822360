"""The ways of a site laid out straight: what runs along the horizontal axis of a space-time diagram.

A way may branch and pass through junctions. It is cut into *strips*: each is an unbroken run of links, the longest first,
along which every lamp has a chainage. Every link of a way is in exactly one strip, so nobody's line gets lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import atan2, degrees

import numpy as np
import pyarrow as pa

from lykta.site.model import Site

_REACH_CM = 2500  # a lamp is drawn at most this far to each side: beyond it nothing is claimed
_LOOSE_PITCH_CM = 2500  # lamps on no link stand side by side at this distance, which says nothing of the street
_COMPASS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")


@dataclass(frozen=True)
class Stop:
    """A lamp on a strip. `anchored`: it stands elsewhere and lights this place too."""

    lamp: int
    chainage_cm: int
    anchored: bool = False


@dataclass(frozen=True)
class Leg:
    """A link on a strip: chainage of its start along the strip; `backwards` where the strip runs it from b to a."""

    link: int
    start_cm: int
    length_cm: int
    backwards: bool


@dataclass(frozen=True)
class Strip:
    """An unbroken run of one way. `measured` is False for lamps on no link: their places mean nothing."""

    title: str
    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...]
    length_cm: int
    ends: tuple[str, str]
    measured: bool = True


@dataclass(frozen=True)
class Band:
    """The part of the axis that is coloured with the level of one lamp: nothing is interpolated between lamps."""

    lamp: int
    from_cm: int
    to_cm: int


@dataclass(frozen=True)
class Line:
    """One road user on one strip, unbroken: `corners` are (t_ms, chainage in cm), straight between them."""

    user: int
    road_user: int
    corners: tuple[tuple[int, int], ...]


def strips(site: Site) -> tuple[Strip, ...]:
    """Every way of a site as strips, in the order of the site's ways, then the lamps that stand on no link."""
    index = {point.id: number for number, point in enumerate(site.points)}
    by_way: defaultdict[str, list[int]] = defaultdict(list)
    for number, link in enumerate(site.links):
        by_way[link.way].append(number)
    lamps_at = _lamps_at(site, index)
    found: list[Strip] = []
    for way in site.ways:
        runs = _runs(site, index, by_way[way.id])
        for part, run in enumerate(runs):
            title = (way.name or way.id) + (f", part {part + 1} of {len(runs)}" if len(runs) > 1 else "")
            found.append(_strip(site, index, lamps_at, title, run))
    shown = {stop.lamp for strip in found for stop in strip.stops}
    loose = [lamp for lamp in range(len(site.lamps)) if lamp not in shown]
    return (*found, _loose(site, loose)) if loose else tuple(found)


def _lamps_at(site: Site, index: dict[str, int]) -> dict[int, list[tuple[int, bool]]]:
    """The lamps of each point: (lamp, whether it only lights the point from elsewhere)."""
    found: defaultdict[int, list[tuple[int, bool]]] = defaultdict(list)
    for number, lamp in enumerate(site.lamps):
        found[number].append((number, False))
        for anchor in lamp.anchors:
            if index[anchor] != number:
                found[index[anchor]].append((number, True))
    return found


def _runs(site: Site, index: dict[str, int], links: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Links as runs of (link, point it starts from), longest run first; every link once."""
    steps: defaultdict[int, dict[int, int]] = defaultdict(dict)  # point -> link -> other end
    for link in links:
        a, b = index[site.links[link].a], index[site.links[link].b]
        steps[a][link], steps[b][link] = b, a
    runs = []
    while any(steps.values()):
        start = next(point for point, out in steps.items() if out)
        one_end = _farthest(site, steps, start)[-1]
        path = _path(site, steps, one_end)
        for link, point in path:
            other = steps[point].pop(link)
            steps[other].pop(link, None)
        runs.append(path)
    runs.sort(key=lambda run: -sum(site.links[link].length_cm for link, _ in run))
    return [_eastward(site, index, run) for run in runs]


def _farthest(site: Site, steps: dict[int, dict[int, int]], start: int) -> list[int]:
    """The points from `start`, nearest first (shortest lengths)."""
    return list(_spread(site, steps, start))


def _spread(site: Site, steps: dict[int, dict[int, int]], start: int) -> dict[int, tuple[int, int]]:
    """For each point that can be reached, nearest first: the link and the point through which (-1, -1 at the start)."""
    done: dict[int, tuple[int, int]] = {}
    queue = [(0, start, -1, -1)]
    while queue:
        length, point, link, before = heappop(queue)
        if point in done:
            continue
        done[point] = (link, before)
        for step, other in steps[point].items():
            if other not in done:
                heappush(queue, (length + site.links[step].length_cm, other, step, point))
    return done


def _path(site: Site, steps: dict[int, dict[int, int]], start: int) -> list[tuple[int, int]]:
    """The shortest path to the point farthest from `start`, and on round a loop where it ends in one."""
    through = _spread(site, steps, start)
    end = point = next(reversed(through))
    if end == start:  # nothing but a link from a point to itself
        return [(next(iter(steps[start])), start)]
    path: list[tuple[int, int]] = []
    while point != start:
        link, before = through[point]
        path.append((link, before))
        point = before
    path.reverse()
    passed, used = {start, *(before for _, before in path)}, {link for link, _ in path}
    while True:
        onward = [(link, other) for link, other in steps[end].items() if link not in used and (other not in passed or other == start)]
        if not onward:
            return path
        link, other = onward[0]
        path.append((link, end))
        used.add(link)
        passed.add(end)
        if other == start:
            return path
        end = other


def _eastward(site: Site, index: dict[str, int], run: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The run turned so that it leads east; one that leads neither east nor west is turned to the south."""
    points = site.points
    first, last = run[0][1], _other_end(site, index, *run[-1])
    dx, dy = points[last].x_cm - points[first].x_cm, points[last].y_cm - points[first].y_cm
    turned = dx < 0 if abs(dx) * 2 > abs(dy) else dy > 0
    if not turned:
        return run
    return [(link, _other_end(site, index, link, point)) for link, point in reversed(run)]


def _other_end(site: Site, index: dict[str, int], link: int, point: int) -> int:
    a, b = index[site.links[link].a], index[site.links[link].b]
    return b if point == a else a


def _strip(site: Site, index: dict[str, int], lamps_at: dict[int, list[tuple[int, bool]]], title: str, run: list[tuple[int, int]]) -> Strip:
    legs, stops, at = [], [], 0
    seen: set[int] = set()

    def stop_at(point: int) -> None:
        for lamp, anchored in lamps_at.get(point, ()):
            if lamp not in seen:
                seen.add(lamp)
                stops.append(Stop(lamp, at, anchored))

    for link, point in run:
        stop_at(point)
        length = site.links[link].length_cm
        legs.append(Leg(link, at, length, backwards=index[site.links[link].a] != point))
        at += length
    last = _other_end(site, index, *run[-1])
    stop_at(last)
    return Strip(title, tuple(stops), tuple(legs), at, _ends(site, run[0][1], last))


def _ends(site: Site, first: int, last: int) -> tuple[str, str]:
    """What to write at the two ends of the axis: direction and name."""
    a, b = site.points[first], site.points[last]
    if a == b:
        return (f"from {a.id}", f"round to {a.id}")
    towards = round(degrees(atan2(b.y_cm - a.y_cm, b.x_cm - a.x_cm)) / 45) % 8
    sides = _COMPASS[(towards + 4) % 8], _COMPASS[towards]
    west, east = (side if side == point.id else f"{side}, {point.id}" for side, point in zip(sides, (a, b), strict=True))
    return west, east


def _loose(site: Site, lamps: Sequence[int]) -> Strip:
    stops = tuple(Stop(lamp, _LOOSE_PITCH_CM * place + _LOOSE_PITCH_CM // 2) for place, lamp in enumerate(lamps))
    ends = (site.lamps[lamps[0]].id, site.lamps[lamps[-1]].id)
    return Strip("Lamps on no way", stops, (), _LOOSE_PITCH_CM * len(lamps), ends, measured=False)


def bands(strip: Strip) -> tuple[Band, ...]:
    """Half the way to the next lamp on each side, at most 25 m; lamps at one place share its band side by side."""
    places = sorted({stop.chainage_cm for stop in strip.stops})
    found = []
    for number, place in enumerate(places):
        low = max(place - _REACH_CM, 0, (places[number - 1] + place) // 2 if number else 0)
        high = min(place + _REACH_CM, strip.length_cm, (place + places[number + 1]) // 2 if number + 1 < len(places) else strip.length_cm)
        here = [stop.lamp for stop in strip.stops if stop.chainage_cm == place]
        for part, lamp in enumerate(here):
            found.append(Band(lamp, low + (high - low) * part // len(here), low + (high - low) * (part + 1) // len(here)))
    return tuple(found)


class Movements:
    """TRAJECTORIES by link, so that a city of ways takes one look at every row and not one for each way."""

    def __init__(self, trajectories: pa.Table) -> None:
        names = ("user", "road_user", "t0_ms", "t1_ms", "link", "from_cm", "to_cm")
        self._columns = [trajectories[name].to_numpy() for name in names]
        link = self._columns[4]
        self._order = np.argsort(link, kind="stable")
        self._links = link[self._order]

    def along(self, links: Sequence[int]) -> list[tuple[int, ...]]:
        """The rows on some links, in the order of the table: user, road_user, t0, t1, link, from, to."""
        wanted = np.sort(np.asarray(links, dtype=self._links.dtype))
        first, last = (np.searchsorted(self._links, wanted, side=side) for side in ("left", "right"))
        parts = [self._order[low:high] for low, high in zip(first.tolist(), last.tolist(), strict=True)]
        rows = np.sort(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.intp)
        return list(zip(*(column[rows].tolist() for column in self._columns), strict=True))


def lines(strip: Strip, movements: Movements) -> list[Line]:
    """Every road user's way along a strip, in the order of the table; corners where the speed changes."""
    leg_of = {leg.link: leg for leg in strip.legs}
    found: list[tuple[int, int, list[tuple[int, int]]]] = []
    for user, road_user, t0, t1, link, start, end in movements.along(list(leg_of)):
        leg = leg_of[link]
        x0, x1 = (leg.start_cm + (leg.length_cm - place if leg.backwards else place) for place in (start, end))
        if found and found[-1][0] == user and found[-1][2][-1] == (t0, x0):
            _extend(found[-1][2], (t1, x1))
        else:
            found.append((user, road_user, [(t0, x0), (t1, x1)]))
    return [Line(user, road_user, tuple(corners)) for user, road_user, corners in found]


def _extend(corners: list[tuple[int, int]], new: tuple[int, int]) -> None:
    """Add a corner; where the one before lies within 10 cm of the straight line it goes."""
    (t0, x0), (t1, x1), (t2, x2) = corners[-2], corners[-1], new
    straight = abs((x1 - x0) * (t2 - t0) - (x2 - x0) * (t1 - t0)) <= 10 * max(1, t2 - t0)
    if straight:
        corners[-1] = new
    else:
        corners.append(new)
