"""Makes the neighbour table of every lamp: who can tell it something, over which way, past which sensors.

Rows are those of `core/neighbours`. For every lamp with a sensor and every link that leaves it, the shortest ways onwards
are followed (without a U-turn) until no lamp there could want light, whatever its settings say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from lykta.corehost import lamp as row
from lykta.corehost import neighbours as way
from lykta.corehost import schema
from lykta.site.graph import Graph
from lykta.site.model import Lamp

#: How far ways are followed [cm]; what lies beyond counts as the end of the way.
FARTHEST_CM = 100_000
#: Heartbeats are listened to from nodes no farther along the ways than this [cm].
HEARD_CM = 15_000
_RADARS = ("ld2451",)
#: Sensors that miss nobody.
_SURE = ("ideal",)


#: The fields of a gate of `core/neighbours`.
_Gate = tuple[int, int, int, int]


@dataclass(frozen=True)
class Reach:
    """How far evidence can matter to a lamp under any of its settings."""

    ahead_cm: int  # metres lit ahead, with the lead at the highest speed
    behind_cm: int
    coast_lamps: int


@dataclass(frozen=True)
class _Step:
    """A point reached from an origin: how far, over which last directed link, from which point before."""

    distance: int
    directed: int
    parent: int


@dataclass(frozen=True)
class Tables:
    """The neighbour tables: one row of integers for each lamp, and where the rows of each origin begin in it."""

    tables: list[list[int]]
    own: list[int]  # where a lamp's own rows begin; -1 without any link
    receivers: list[list[tuple[int, int]]]  # by origin: (lamp, where the rows of the origin begin in its table)
    adjacent: list[list[int]]  # by lamp: the nodes whose heartbeats it listens to

    # What machine code is given, made once by whoever plays many nights.

    @cached_property
    def padded(self) -> NDArray[np.int64]:
        """`tables` as one array, with zeros behind the shorter ones."""
        return padded(self.tables)

    @cached_property
    def told(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """`receivers` one after the other: (where those of each origin begin, and the last end; the lamps; where their rows begin)."""
        flat = np.array([pair for receivers in self.receivers for pair in receivers], np.int64).reshape(-1, 2)
        return _starts(self.receivers), flat[:, 0].copy(), flat[:, 1].copy()

    @cached_property
    def near(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """`adjacent` one after the other: (where those of each lamp begin, and the last end; the lamps)."""
        return _starts(self.adjacent), np.array([lamp for near in self.adjacent for lamp in near], np.int64)


def padded(rows: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Rows of different length as one array, with zeros behind the shorter ones."""
    found = np.zeros((len(rows), max(map(len, rows), default=0)), np.int64)
    for number, values in enumerate(rows):
        found[number, : len(values)] = values
    return found


def _starts(rows: Sequence[Sequence[object]]) -> NDArray[np.int64]:
    return np.cumsum([0, *map(len, rows)], dtype=np.int64)


def out_index(graph: Graph, point: int, directed: int) -> int:
    """The number, among the links that leave a point, of a directed link that leaves it."""
    return graph.out_links(point).index(directed)


def make_tables(graph: Graph, reaches: list[Reach]) -> Tables:
    """The tables of all lamps of a site. `reaches`: by lamp."""
    lamps = graph.site.lamps
    rows: list[dict[int, list[list[int]]]] = [defaultdict(list) for _ in lamps]
    farthest = max((reach.ahead_cm for reach in reaches), default=0)
    for origin, lamp in enumerate(lamps):
        if not lamp.adaptive:
            continue
        for number, directed in enumerate(graph.out_links(origin)):
            steps = _spread(graph, directed, farthest, max((reach.coast_lamps for reach in reaches), default=0))
            gates = _Gates(graph, steps)
            rows[origin][origin].append([origin, number, 0, number, 0, 0, *gates.onwards(graph.head(directed))])
            if lamp.sensors:
                _tell(graph, origin, number, steps, gates, reaches, rows)
    tables: list[list[int]] = []
    own: list[int] = []
    receivers: list[list[tuple[int, int]]] = [[] for _ in lamps]
    adjacent = [_adjacent(graph, number) if lamp.adaptive else [] for number, lamp in enumerate(lamps)]
    for number, lamp in enumerate(lamps):
        table = _header(graph, number, lamp, len(adjacent[number]))
        begins = {}
        for origin in sorted(rows[number]):
            begins[origin] = len(table)
            for index, entry in enumerate(rows[number][origin], 1):
                entry[way.FLAGS] |= way.LAST if index == len(rows[number][origin]) else 0
                table += entry
        for origin, at in begins.items():
            if origin != number:
                receivers[origin].append((number, at))
        tables.append(table)
        own.append(begins.get(number, -1))
    return Tables(tables, own, receivers, adjacent)


def _tell(
    graph: Graph,
    origin: int,
    number: int,
    steps: dict[int, _Step],
    gates: _Gates,
    reaches: list[Reach],
    rows: list[dict[int, list[list[int]]]],
) -> None:
    """Enter the ways from `origin` over its link `number` into the tables of the lamps that they matter to."""
    heard: dict[int, tuple[int, int]] = {}
    for point, step in steps.items():
        for lamp in graph.lamps_at(point):
            if lamp != origin and graph.site.lamps[lamp].adaptive and (lamp not in heard or step.distance < heard[lamp][0]):
                heard[lamp] = (step.distance, point)
    spread = max(max(sensor.range_cm.values(), default=0) for sensor in graph.site.lamps[origin].sensors)
    for lamp, (distance, point) in heard.items():
        reach = reaches[lamp]
        flat = gates.past(point)
        last = flat[way.GATE_LENGTH * reach.coast_lamps]
        if distance <= reach.behind_cm + spread or distance - reach.ahead_cm <= max(last, spread) or last == row.NEVER:
            arrive = out_index(graph, point, steps[point].directed ^ 1) if point < graph.lamp_count else row.LINK_UNKNOWN
            near = _near_from(graph, steps, point)
            rows[lamp][origin].append([origin, number, distance, arrive, _forks(graph, steps, point), near, *flat])


def _near_from(graph: Graph, steps: dict[int, _Step], point: int) -> int:
    """How far along the way to a point a user is for whom the lamp there is the nearest, or the next one ahead [cm]."""
    before: list[int] = []  # the two lamps before it
    at = steps[point].parent
    while at in steps and len(before) < 2:
        if graph.lamps_at(at):
            before.append(steps[at].distance)
        at = steps[at].parent
    return sum((*before, 0)[:2]) // 2 if before else 0


def _forks(graph: Graph, steps: dict[int, _Step], point: int) -> int:
    """FORKS if somebody on the way to a point may turn off, or leave, before he is there; else 0."""
    at = steps[point].parent
    while at in steps:
        if len(graph.out_links(at)) > 2 or graph.site.points[at].id in graph.site.entrances:
            return int(way.FORKS)
        at = steps[at].parent
    return 0


def _adjacent(graph: Graph, number: int) -> list[int]:
    """The nodes within reach of the radio along the ways, nearest first."""
    around = graph.lamps_around(number, HEARD_CM)
    return [lamp for lamp, _ in around if lamp != number and graph.site.lamps[lamp].adaptive]


def _header(graph: Graph, number: int, lamp: Lamp, neighbours: int) -> list[int]:
    links = graph.out_links(number)
    admits = 0
    for directed in links:
        admits |= int(graph.classes[directed >> 1])
    ranges = [max(sensor.range_cm.values(), default=0) for sensor in lamp.sensors if sensor.kind not in _RADARS]
    facing = row.LINK_UNKNOWN
    for sensor in lamp.sensors:
        for index, directed in enumerate(links):
            if sensor.facing and graph.site.points[graph.head(directed)].id == sensor.facing:
                facing = index
    opposite = 1 - facing if len(links) == 2 and facing != row.LINK_UNKNOWN else row.LINK_UNKNOWN
    unseen = sum(1 << index for index, directed in enumerate(links) if _newcomers(graph, directed))
    radars = [sensor.range_cm for sensor in lamp.sensors if sensor.kind in _RADARS]
    sees = [max((radar.get(name, 0) for radar in radars), default=0) for name in schema.CLASS_NAMES]
    return [admits or 7, max(ranges, default=0), facing, opposite, neighbours, unseen, *sees]


def _newcomers(graph: Graph, directed: int) -> bool:
    """Whether somebody can come against a directed link, to its tail, from an entrance without passing a sensor."""
    entrances = {graph.index[name] for name in graph.site.entrances}
    seen = {graph.tail(directed)}
    waiting = [graph.head(directed)]
    while waiting:
        point = waiting.pop()
        if point in seen or (point < graph.lamp_count and graph.site.lamps[point].sensors):
            continue
        if point in entrances:
            return True
        seen.add(point)
        waiting += [graph.head(onwards) for onwards in graph.out_links(point)]
    return False


def _spread(graph: Graph, first: int, farthest_cm: int, coast: int) -> dict[int, _Step]:
    """The shortest ways from the tail of a directed link over it, as a tree: {point: step}, nearest first.

    A branch is followed until `coast + 1` sensors and `farthest_cm` behind the last of them have been passed.
    """
    site = graph.site
    tail = graph.tail(first)
    done: dict[int, _Step] = {}
    queue = [(int(graph.length_cm[first >> 1]), graph.head(first), first, tail, coast + 1, 0)]
    while queue:
        distance, point, directed, parent, sensors, since = heappop(queue)
        if point in done or point == tail:
            continue
        done[point] = _Step(distance, directed, parent)
        if point < graph.lamp_count and site.lamps[point].sensors:
            sensors = max(0, sensors - 1)
            since = since if sensors else since or distance
        if distance > FARTHEST_CM or (sensors == 0 and distance - since > farthest_cm):
            continue
        for onwards in graph.out_links(point):
            if onwards >> 1 != directed >> 1 and graph.head(onwards) not in done:
                length = distance + int(graph.length_cm[onwards >> 1])
                heappush(queue, (length, graph.head(onwards), onwards, point, sensors, since))
    return done


class _Gates:
    """The sensors along the ways of one tree."""

    def __init__(self, graph: Graph, steps: dict[int, _Step]) -> None:
        self.graph = graph
        self.steps = steps
        self.children: defaultdict[int, list[int]] = defaultdict(list)
        for point, step in steps.items():
            self.children[step.parent].append(point)
        self._beyond: dict[int, list[_Gate]] = {}
        self._known: dict[int, list[_Gate]] = {}
        for point in reversed(steps):  # the farthest first: children before their parents
            self._beyond[point] = self._farthest([self._from(child) for child in self.children[point]], point)

    def _own(self, point: int) -> list[_Gate]:
        """The gate at a point, if there is one. Every way past the point asks for it, so it is found once."""
        if point not in self._known:
            self._known[point] = self._found(point)
        return self._known[point]

    def _found(self, point: int) -> list[_Gate]:
        """The gate at a point: a sensor that every class admitted here sets off."""
        if point >= self.graph.lamp_count:
            return []
        lamp = self.graph.site.lamps[point]
        names = self.graph.site.ways[int(self.graph.way[self.steps[point].directed >> 1])].classes
        found = []
        distance = self.steps[point].distance
        for sensor in lamp.sensors:
            reach = min((sensor.range_cm.get(name, 0) for name in names), default=0)
            if reach > 0:
                near = distance if sensor.kind in _RADARS else distance - reach
                found.append((max(0, near), distance + reach, point, int(sensor.kind in _SURE)))
        return [min(found)] if found else []

    def _from(self, point: int) -> list[_Gate]:
        """The gates from a point on, its own first."""
        return (self._own(point) + self._beyond[point])[: way.MAX_GATES]

    def _farthest(self, branches: list[list[_Gate]], point: int) -> list[_Gate]:
        """The gates beyond a point whatever branch is taken: of each number the farthest; where none goes on, the exit."""
        if not branches:
            end = self.steps[point].distance
            own = self._own(point)
            return [(end, max([end] + [gate[1] for gate in own]), -1, 0)]
        found = []
        for number in range(way.MAX_GATES):
            gates = [branch[number] for branch in branches if number < len(branch)]
            if gates:
                found.append(max(gates, key=lambda gate: (gate[1], gate[0], gate[2])))
        return found

    def onwards(self, point: int) -> list[int]:
        """The gates of a way that begins with a point, flat as in a row."""
        return _flat(self._from(point))

    def past(self, point: int) -> list[int]:
        """The gates on the way to a point and on from it, flat as in a row."""
        before: list[_Gate] = []
        at = self.steps[point].parent
        while at in self.steps:
            before = self._own(at) + before
            at = self.steps[at].parent
        return _flat((before + self._from(point))[: way.MAX_GATES])


def _flat(gates: list[_Gate]) -> list[int]:
    flat = [value for gate in gates for value in gate]
    return flat + [row.NEVER, row.NEVER, -1, 0] * (way.MAX_GATES - len(gates))
