"""Where sensors see, along the links of a site: circles and wedges cut with straight lines, in closed form.

A link is drawn straight between its points and chainage is scaled to its length; a road user is `lateral_cm` to the right of
it. In the frame of a link (along it, and to the right of it) a sensor stands at (`along`, `across`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lykta.site.graph import Graph
from lykta.site.model import Sensor, Site
from lykta.tables import ANIMAL
from lykta.traffic.demand import NAMES
from lykta.traffic.journeys import ranges
from lykta.traffic.network import usable_as

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ASIDE_CM = 700  # users are at most this far from the line of a link
_CODES = ANIMAL + 1


@dataclass(frozen=True)
class Field:
    """All sensors of one kind on a site, and the links that they may see: pairs (sensor, link) in the order of links.

    By sensor: `lamp`, `number` (its place in the lamp's list), `range_cm[sensor, class]`. By link: `first` and `count` of its
    pairs, `scale` (straight cm for each cm of chainage). By pair: `sensor`, `along`, `across` in the frame of the link, and
    the direction in which a radar looks, `look_along`, `look_across` (a unit vector; zero for one that sees all round).
    """

    lamp: Ints
    number: Ints
    range_cm: Floats
    first: Ints
    count: Ints
    scale: Floats
    sensor: Ints
    along: Floats
    across: Floats
    look_along: Floats
    look_across: Floats


def field(site: Site, graph: Graph, kind: str) -> Field:
    """The field of all sensors of a kind. A radar whose `facing` names no point sees all round."""
    found = [(lamp, number, sensor) for lamp in range(len(site.lamps)) for number, sensor in _of_kind(site, lamp, kind)]
    lamp = np.array([place for place, _, _ in found], dtype=np.int64)
    reach = [[sensor.range_cm.get(usable_as(code), 0) if code in NAMES else 0 for code in range(_CODES)] for _, _, sensor in found]
    range_cm = np.array(reach, dtype=np.float64).reshape(len(found), _CODES)
    x, y = graph.x_cm.astype(np.float64), graph.y_cm.astype(np.float64)
    toward = np.array([graph.index.get(sensor.facing, place) for place, _, sensor in found], dtype=np.int64)
    look_x, look_y = _unit(x[toward] - x[lamp], y[toward] - y[lamp])
    look_x, look_y = np.where(toward == lamp, 0.0, look_x), np.where(toward == lamp, 0.0, look_y)
    dx, dy = x[graph.b] - x[graph.a], y[graph.b] - y[graph.a]
    straight = np.sqrt(dx * dx + dy * dy)
    ux, uy = _unit(dx, dy)
    scale = np.where(straight > 0, straight, 1.0) / np.maximum(graph.length_cm, 1)
    sensor, link = _near(x[lamp], y[lamp], range_cm.max(axis=1, initial=0.0), graph, straight)
    px, py = x[lamp[sensor]] - x[graph.a[link]], y[lamp[sensor]] - y[graph.a[link]]
    count = np.bincount(link, minlength=graph.link_count).astype(np.int64)
    return Field(
        lamp=lamp,
        number=np.array([number for _, number, _ in found], dtype=np.int64),
        range_cm=range_cm,
        first=np.cumsum(count) - count,
        count=count,
        scale=scale,
        sensor=sensor,
        along=px * ux[link] + py * uy[link],
        across=px * uy[link] - py * ux[link],
        look_along=look_x[sensor] * ux[link] + look_y[sensor] * uy[link],
        look_across=look_x[sensor] * uy[link] - look_y[sensor] * ux[link],
    )


def visible(seen: Field, pair: Ints, range_cm: Floats, lateral_cm: Floats, slope: Floats | None) -> tuple[Floats, Floats]:
    """From where to where along its link (straight cm from `a`) somebody at a lateral offset is seen; from > to: nowhere.

    `slope` is the tangent of half the opening angle of a radar's wedge, for each pair; None: circles.
    """
    aside = lateral_cm - seen.across[pair]
    square = range_cm * range_cm - aside * aside
    half = np.sqrt(np.maximum(square, 0.0))
    low = np.where(square > 0, seen.along[pair] - half, 1.0)
    high = np.where(square > 0, seen.along[pair] + half, 0.0)
    if slope is not None:
        look_along, look_across = seen.look_along[pair], seen.look_across[pair]
        everywhere = (look_along == 0) & (look_across == 0)
        for side in (1.0, -1.0):  # slope * forward +- sideways >= 0, with p = (along, aside) from the sensor
            factor = slope * look_along - side * look_across
            rest = (slope * look_across + side * look_along) * aside
            edge = seen.along[pair] - rest / np.where(factor == 0, 1.0, factor)
            none = (factor == 0) & (rest < 0) & ~everywhere
            low = np.where((factor > 0) & ~everywhere, np.maximum(low, edge), low)
            high = np.where((factor < 0) & ~everywhere, np.minimum(high, edge), high)
            high = np.where(none, low - 1.0, high)
    return low, high


def _of_kind(site: Site, lamp: int, kind: str) -> list[tuple[int, Sensor]]:
    return [(number, sensor) for number, sensor in enumerate(site.lamps[lamp].sensors) if sensor.kind == kind]


def _unit(dx: Floats, dy: Floats) -> tuple[Floats, Floats]:
    """Directions as unit vectors; no direction becomes (1, 0)."""
    length = np.sqrt(dx * dx + dy * dy)
    none = length == 0
    safe = np.where(none, 1.0, length)
    return np.where(none, 1.0, dx / safe), dy / safe


def _near(x: Floats, y: Floats, reach: Floats, graph: Graph, straight: Floats) -> tuple[Ints, Ints]:
    """Pairs (sensor, link) that may see each other, in the order of links: cells of a grid, then the distance itself."""
    if not len(x) or not graph.link_count:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    widest = float(reach.max()) + _ASIDE_CM
    cell = max(widest, float(np.median(straight)), 1.0)
    ax, ay = graph.x_cm[graph.a].astype(np.float64), graph.y_cm[graph.a].astype(np.float64)
    bx, by = graph.x_cm[graph.b].astype(np.float64), graph.y_cm[graph.b].astype(np.float64)
    left, right = _cells(np.minimum(ax, bx) - widest, cell), _cells(np.maximum(ax, bx) + widest, cell)
    below, above = _cells(np.minimum(ay, by) - widest, cell), _cells(np.maximum(ay, by) + widest, cell)
    rows = above - below + 1
    link, number = ranges(np.zeros(graph.link_count, dtype=np.int64), (right - left + 1) * rows)
    place = _cell_key(left[link] + number // rows[link], below[link] + number % rows[link])
    own = _cell_key(_cells(x, cell), _cells(y, cell))
    order = np.argsort(own, kind="stable")
    begin = np.searchsorted(own[order], place, side="left")
    owner, at = ranges(begin, np.searchsorted(own[order], place, side="right") - begin)
    sensor, link = order[at], link[owner]
    gap = _gap(x[sensor], y[sensor], ax[link], ay[link], bx[link], by[link])
    near = gap <= reach[sensor] + _ASIDE_CM
    sensor, link = sensor[near], link[near]
    sort = np.argsort(link * len(x) + sensor, kind="stable")
    return sensor[sort], link[sort]


def _cells(values: Floats, cell: float) -> Ints:
    return np.floor(values / cell).astype(np.int64)


def _cell_key(column: Ints, row: Ints) -> Ints:
    return column * (1 << 31) + row


def _gap(x: Floats, y: Floats, ax: Floats, ay: Floats, bx: Floats, by: Floats) -> Floats:
    """Distances of points from straight stretches."""
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    part = np.clip(((x - ax) * dx + (y - ay) * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    ex, ey = x - ax - part * dx, y - ay - part * dy
    return np.asarray(np.sqrt(ex * ex + ey * ey))
