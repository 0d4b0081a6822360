"""Small made-up nights for the tests of the score: streets, people on them, and lamps that go up and down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from lykta.corehost import dimmer
from lykta.profiles.model import Need
from lykta.score import Rules
from lykta.site.graph import Graph
from lykta.site.model import Fixture, Lamp, Link, Point, Sensor, Site, Way
from lykta.tables import DETECTIONS, LEVELS, TRAJECTORIES

PEDESTRIAN, CYCLIST, CAR = 0, 1, 2
EVERYONE = frozenset(("pedestrian", "cyclist", "car"))
#: 5 W at the lowest, 20 W at full, bent in the middle.
FIXTURE = Fixture("test", 3000, ((1, 1000), (250, 5250), (500, 9000), (750, 14000), (1000, 20000)), 300, 50, 0.9, False)


def table(schema: pa.Schema, rows: Sequence[Sequence[int]]) -> pa.Table:
    """Rows as an Arrow table of a schema."""
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in schema]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)


def site(lamps: Sequence[Lamp], links: Sequence[Link], junctions: Sequence[Point] = (), fixture: Fixture = FIXTURE) -> Site:
    """A site with one way that everybody may use."""
    ways = (Way("way", "path", EVERYONE), Way("feet", "path", frozenset(("pedestrian",))))
    return Site("Test", 59.3, 18.0, "Europe/Stockholm", tuple(lamps), tuple(junctions), tuple(links), ways, {"test": fixture}, ())


def lamp(name: str, x_m: float, y_m: float = 0, **more: object) -> Lamp:
    """A lamp with a PIR."""
    return Lamp(name, round(x_m * 100), round(y_m * 100), "zone", "test", (Sensor("pir", {"pedestrian": 800}),), **more)  # type: ignore[arg-type]


def row(count: int, pitch_m: int = 20, **more: object) -> Site:
    """Lamps L0, L1, ... in a row."""
    lamps = [lamp(f"L{number}", number * pitch_m, **more) for number in range(count)]
    return site(lamps, [Link(f"L{number}", f"L{number + 1}", pitch_m * 100, "way") for number in range(count - 1)])


def coverage(of: Site, graph: Graph, radius_cm: int = 800, without: Sequence[int] = ()) -> SimpleNamespace:
    """Circles round every lamp but some, for every class, cut at the ends of links."""
    rows = []
    for link in range(graph.link_count):
        length = int(graph.length_cm[link])
        for end, (begin, until) in ((graph.a[link], (0, radius_cm)), (graph.b[link], (length - radius_cm, length))):
            if end < graph.lamp_count and end not in without:
                rows += [(road_user, link, max(begin, 0), min(until, length), int(end)) for road_user in range(3)]
    columns = np.asarray(rows, dtype=np.int64).reshape(-1, 5).T
    return SimpleNamespace(**dict(zip(("road_user", "link", "from_cm", "to_cm", "lamp"), columns, strict=True)))


@dataclass
class People:
    """Writes trajectories: everyone goes from place to place, leg by leg."""

    graph: Graph
    rows: list[tuple[int, ...]]

    def walk(self, user: int, road_user: int, t_ms: int, legs: Sequence[tuple[int, int, int, int]]) -> int:
        """Legs (link, from_cm, to_cm, ms), one after the other; returns when the last one ends."""
        for link, begin, end, ms in legs:
            self.rows.append((user, road_user, -1, t_ms, t_ms + ms, link, begin, end, 0))
            t_ms += ms
        return t_ms

    def along(self, user: int, road_user: int, t_ms: int, links: Sequence[int], speed_cms: int) -> int:
        """Along directed links from end to end at one speed."""
        for directed in links:
            length = int(self.graph.length_cm[directed >> 1])
            ends = (length, 0) if directed & 1 else (0, length)
            t_ms = self.walk(user, road_user, t_ms, [(directed >> 1, *ends, length * 1000 // speed_cms)])
        return t_ms

    def table(self) -> pa.Table:
        """TRAJECTORIES."""
        return table(TRAJECTORIES, sorted(self.rows, key=lambda found: (found[0], found[3])))


def levels(lamps: int, steps: Sequence[Sequence[tuple[int, int, int]]], up: int = 3000, down: int = 600, start: int = 0) -> pa.Table:
    """LEVELS from, for each lamp, (t_ms, target, cause); ramps interrupted as a node would."""
    rows = []
    for number in range(lamps):
        position, target, rate, last = dimmer.position_of(start), dimmer.position_of(start), 1, 0
        for t_ms, level, cause in steps[number]:
            way = (t_ms - last) * rate
            position = min(position + way, target) if target > position else max(position - way, target)
            target, last = dimmer.position_of(level), t_ms
            rate = up if target > position else down
            rows.append((number, t_ms, position, dimmer.level_of(position), level, rate, cause))
    return table(LEVELS, rows)


def always(lamps: int, level: int = 1000, begin_ms: int = 0) -> pa.Table:
    """Every lamp at one level from the begin."""
    position = dimmer.position_of(level)
    return table(LEVELS, [(number, begin_ms, position, level, level, 3000, 4) for number in range(lamps)])


def detections(rows: Sequence[tuple[int, int, int, int, int]] = ()) -> pa.Table:
    """DETECTIONS from (lamp, t_ms, user, speed_cms, from_link)."""
    ordered = sorted(rows, key=lambda found: (found[1], found[0]))
    return table(DETECTIONS, [(where, t, n, 3, speed, link, -1, -1, user) for n, (where, t, user, speed, link) in enumerate(ordered)])


def rules(level: int = 1000, ahead_m: int = 40, behind_m: int = 20, preview_ms: int = 0, tau_ms: int = 3000) -> Rules:
    """The same need for every class, all night."""
    need = Need(level, ahead_m * 100, preview_ms, behind_m * 100)
    return Rules(tau_ms, [(0, {"pedestrian": need, "cyclist": need, "car": need})])


# Nights drawn at random, for comparing the score with the oracle.


def _streets(random: Random) -> Site:
    """A row, a fork, or a ring with a stub; irregular pitch, a junction without lamp, a lamp with a second anchor."""
    kind = random.choice(("row", "fork", "ring"))
    gap = [random.randrange(900, 3500) for _ in range(9)]
    if kind == "row":
        count = random.randrange(1, 6)
        lamps = [lamp(f"L{n}", sum(gap[:n]) / 100) for n in range(count)]
        links = [Link(f"L{n}", f"L{n + 1}", gap[n], "way") for n in range(count - 1)]
        links.append(Link("L0", "start", gap[8], "way"))
        return site(lamps, links, [Point("start", -gap[8], 0)])
    lamps = [lamp(f"L{n}", 10 * n, 5 * (n % 3)) for n in range(5)]
    if random.random() < 0.5:
        second = random.randrange(5)
        lamps[second] = lamp(f"L{second}", 10 * second, 5 * (second % 3), anchors=("X",))
    if kind == "fork":
        pairs = [("L0", "L1"), ("L1", "X"), ("X", "L2"), ("L2", "L3"), ("X", "L4")]
    else:
        pairs = [("L0", "X"), ("X", "L1"), ("L1", "L2"), ("L2", "L3"), ("L3", "X"), ("L4", "L0")]
    links = [Link(a, b, gap[n], "feet" if random.random() < 0.1 else "way") for n, (a, b) in enumerate(pairs)]
    return site(lamps, links, [Point("X", 1500, 700)])


def _journey(random: Random, graph: Graph, people: People, user: int, until_ms: int) -> None:
    """A walk with pauses, changes of speed, slow steps and U-turns, over links its class may use."""
    road_user = random.randrange(3)
    usable = [n for n in range(graph.link_count) if int(graph.classes[n]) >> road_user & 1]
    if not usable:
        return
    t, link = random.randrange(0, 20_000), random.choice(usable)
    at = random.randrange(0, int(graph.length_cm[link]) + 1)
    for _ in range(random.randrange(1, 7)):
        if t >= until_ms:
            return
        act, length = random.random(), int(graph.length_cm[link])
        if act < 0.2:
            t = people.walk(user, road_user, t, [(link, at, at, random.randrange(1, 20_000))])
            continue
        goal = random.choice((0, length, length, 0, random.randrange(0, length + 1)))
        speed = random.choice((15, 50, 140, 140, 450, 833))
        if goal != at:
            ms = max(1, abs(goal - at) * 1000 // speed)
            t = people.walk(user, road_user, t, [(link, at, goal, ms)])
            at = goal
        if at in (0, length):
            point = int(graph.a[link] if at == 0 else graph.b[link])
            onward = [d for d in graph.out_links(point) if d >> 1 in usable]
            directed = random.choice(onward)
            link, at = directed >> 1, int(graph.length_cm[directed >> 1]) if directed & 1 else 0


@dataclass(frozen=True)
class World:
    """A drawn night."""

    site: Site
    graph: Graph
    rules: Rules
    coverage: SimpleNamespace
    trajectories: pa.Table
    levels: pa.Table
    detections: pa.Table
    floors: list[list[tuple[int, int]]]
    begin_ms: int
    end_ms: int


def draw(seed: int, until_ms: int = 90_000) -> World:
    """A night of a few lamps and people."""
    random = Random(seed)
    streets = _streets(random)
    graph = Graph(streets)
    count = len(streets.lamps)
    people = People(graph, [])
    for user in range(random.randrange(1, 5)):
        _journey(random, graph, people, user, until_ms)
    steps = [
        sorted(
            (random.randrange(0, until_ms), random.choice((0, 200, 480, 500, 700, 980, 1000, 1000)), random.choice((3, 4)))
            for _ in range(5)
        )
        for _ in range(count)
    ]
    phases = []
    for begin in (0, *([random.randrange(10_000, 60_000)] if random.random() < 0.5 else [])):
        needs = {
            name: Need(random.choice((500, 700, 1000)), random.randrange(0, 6000), random.choice((0, 8000)), random.randrange(0, 4000))
            for name in ("pedestrian", "cyclist", "car")
            if random.random() < 0.9
        }
        phases.append((begin, needs))
    floors = [
        [(0, 0), (random.randrange(1, 50_000), random.choice((300, 800, 1000)))] if random.random() < 0.3 else [] for _ in range(count)
    ]
    seen = [
        (random.randrange(count), random.randrange(0, until_ms), random.randrange(-1, 4), random.choice((0, 140)), 255) for _ in range(6)
    ]
    return World(
        site=streets,
        graph=graph,
        rules=Rules(random.choice((0, 1000, 3000)), phases),
        coverage=coverage(streets, graph, random.choice((300, 800)), without=[n for n in range(count) if random.random() < 0.3]),
        trajectories=people.table(),
        levels=levels(count, steps, up=random.choice((3000, 700, 2999)), down=random.choice((600, 123)), start=random.choice((0, 500))),
        detections=detections(seen),
        floors=floors,
        begin_ms=random.choice((0, 5000)),
        end_ms=until_ms,
    )
