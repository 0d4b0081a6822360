"""Small worlds that somebody writes down: a street, the people who walk it, and what breaks.

Their text is the Python that makes them again, so that a failing example can be copied into a test of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from heapq import heappop, heappush
from itertools import accumulate, pairwise

import pyarrow as pa

from lykta.corehost import schema
from lykta.errors import InputError, Problem
from lykta.scenarios import Broken, DeadLamp
from lykta.scenarios.reader import BREAKDOWNS, DEAD_LAMP, FAULTS
from lykta.sensing import FAULT_KINDS, Fault
from lykta.sim.night import Breakdown
from lykta.site.fixtures import FOLDER as FIXTURES
from lykta.site.fixtures import load_fixture
from lykta.site.graph import CLASS_BITS, Graph
from lykta.site.model import Fixture, Lamp, Link, Point, Sensor, Site, Way
from lykta.site.sensors import RANGES_CM
from lykta.tables import TRAJECTORIES
from lykta.traffic import Demand

#: Beyond the first and the last post the way goes on for so many metres.
BEYOND_M = 15
PLACE = (59.33, 18.03, "Europe/Stockholm")
FIXTURE = "park_20w"


class _Written:
    """The text of a dataclass as somebody would write it: fields that have their default are left out."""

    def __repr__(self) -> str:
        told = ((part.name, getattr(self, part.name), part.default) for part in fields(self))  # type: ignore[arg-type]  # a mixin
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value, default in told if value != default)})"


@dataclass(frozen=True, repr=False)
class Street(_Written):
    """A row of posts from `west` to `east`, P1, P2, ...; perhaps a side way to the `north` with posts S1, S2, ...

    `pitches_m`: from each post to the next; one post more than that. `side_at`: the post (1 for P1) where the side way leaves, 0 for none;
    `side_m`: its pitches, the first of them from the row. `cars`: it is a street of 30 km/h, else a path.
    """

    pitches_m: tuple[int, ...] = (20,)
    side_at: int = 0
    side_m: tuple[int, ...] = ()
    sensor: str = "pir"
    cars: bool = False
    zone: str = "path"

    @property
    def classes(self) -> tuple[str, ...]:
        """Who may use it."""
        return tuple(CLASS_BITS) if self.cars else ("pedestrian", "cyclist")

    @property
    def entrances(self) -> tuple[str, ...]:
        """Where people come and go."""
        return ("west", "east", "north") if self.side_at else ("west", "east")

    @property
    def length_m(self) -> int:
        """All its ways together."""
        return sum(self.pitches_m) + 2 * BEYOND_M + (sum(self.side_m) + BEYOND_M if self.side_at else 0)

    def site(self) -> Site:
        """The street as the rest of Lykta takes it. InputError where it makes no street."""
        return _site(self)


@cache
def _fixture() -> Fixture:
    return load_fixture(FIXTURES / f"{FIXTURE}.yaml")


@cache
def _site(street: Street) -> Site:
    if any(pitch < 1 for pitch in (*street.pitches_m, *street.side_m)) or not 0 <= street.side_at <= len(street.pitches_m) + 1:
        raise InputError.of(repr(street), "pitches are whole metres from 1 on, and `side_at` is one of the posts of the row.")
    if street.sensor not in RANGES_CM:
        raise InputError.of(repr(street), f'there is no sensor "{street.sensor}": choose {", ".join(RANGES_CM)}.')
    sensor = Sensor(street.sensor, dict(RANGES_CM[street.sensor]))
    row = [f"P{n + 1}" for n in range(len(street.pitches_m) + 1)]
    x_m = list(accumulate(street.pitches_m, initial=0))
    places = {name: (x, 0) for name, x in zip(row, x_m, strict=True)}
    ends = {"west": (-BEYOND_M, 0), "east": (x_m[-1] + BEYOND_M, 0)}
    steps = [("west", "P1", BEYOND_M), *((a, b, pitch) for (a, b), pitch in zip(pairwise(row), street.pitches_m, strict=True))]
    steps.append((row[-1], "east", BEYOND_M))
    if street.side_at:
        corner = x_m[street.side_at - 1]
        side = [f"S{n + 1}" for n in range(len(street.side_m))]
        places |= {name: (corner, y) for name, y in zip(side, accumulate(street.side_m), strict=True)}
        ends["north"] = (corner, sum(street.side_m) + BEYOND_M)
        names = [row[street.side_at - 1], *side, "north"]
        steps += [(a, b, pitch) for (a, b), pitch in zip(pairwise(names), (*street.side_m, BEYOND_M), strict=True)]
    first = {"P1", row[-1]} | ({f"S{len(street.side_m)}"} if street.side_m else set())
    lamps = [Lamp(name, 100 * x, 100 * y, street.zone, "post", (sensor,), entrance=name in first) for name, (x, y) in places.items()]
    way = Way("way", "street" if street.cars else "path", frozenset(street.classes), 833 if street.cars else 0)
    latitude, longitude, timezone = PLACE
    return Site(
        name=f"A street of {len(lamps)} posts",
        latitude=latitude,
        longitude=longitude,
        timezone=timezone,
        lamps=tuple(lamps),
        junctions=tuple(Point(name, 100 * x, 100 * y) for name, (x, y) in ends.items()),
        links=tuple(Link(a, b, 100 * metres, "way") for a, b, metres in steps),
        ways=(way,),
        fixtures={"post": _fixture()},
        entrances=street.entrances,
        zones=(street.zone,),
        note="made up",
    )


@dataclass(frozen=True, repr=False)
class Person(_Written):
    """Somebody who comes by: `enters_s` after sunset at the first point of `way`, then from each to the next by the shortest way.

    A way that names an earlier point again turns round there: `("west", "P3", "west")`. `stops`: (metres from the beginning, seconds)
    of each rest on the way. `side_cm`: how far to the right of the line of the posts.
    """

    road_user: str = "pedestrian"
    enters_s: int = 600
    speed_cms: int = 140
    way: tuple[str, ...] = ("west", "east")
    stops: tuple[tuple[int, int], ...] = ()
    side_cm: int = 50


@dataclass(frozen=True, repr=False)
class Broke(_Written):
    """Something that breaks, as in a scenario: `what` is one of `FAULTS`, `lamps` are ids.

    Times in seconds after sunset; `until_s` None: for good.
    """

    what: str
    lamps: tuple[str, ...]
    from_s: int = 0
    until_s: int | None = None


@dataclass(frozen=True)
class Given:
    """The source of a demand whose people were written down one by one."""

    people: tuple[Person, ...]

    def check(self, graph: Graph) -> list[Problem]:
        """Classes, points and ways that the street has not."""
        found = []
        for person in self.people:
            unknown = [point for point in person.way if point not in graph.index]
            if person.road_user not in CLASS_BITS:
                found.append(f'{person!r}: there is no class "{person.road_user}". Choose {", ".join(CLASS_BITS)}.')
            elif unknown or len(person.way) < 2:
                found.append(
                    f"{person!r}: a way names two points of the site at least, and the site has no {', '.join(unknown) or 'more'}."
                )
            elif person.speed_cms < 1 or person.enters_s < 0:
                found.append(f"{person!r}: who comes, comes after sunset and moves, by 1 cm/s at least.")
            elif not all(_path(graph, a, b, person.road_user) for a, b in pairwise(person.way)):
                found.append(f"{person!r}: no way for a {person.road_user} leads there.")
        return [Problem(graph.site.name, 0, 0, "people", message) for message in found]

    def trajectories(self, graph: Graph, demand: Demand, seed: int, begin_ms: int, end_ms: int, origin_utc_ms: int) -> pa.Table:
        """Everybody's way, numbered by entry; cut at the end of the night."""
        ways = sorted((_rows(graph, person, begin_ms, end_ms) for person in self.people), key=lambda rows: rows[0][3] if rows else 0)
        rows = [(user, *row[1:]) for user, of_user in enumerate(filter(None, ways)) for row in of_user]
        columns = zip(*rows, strict=True) if rows else [()] * len(TRAJECTORIES)
        return pa.table([pa.array(column, field.type) for column, field in zip(columns, TRAJECTORIES, strict=True)], schema=TRAJECTORIES)


def _rows(graph: Graph, person: Person, begin_ms: int, end_ms: int) -> list[tuple[int, ...]]:
    """One person's rows of TRAJECTORIES, the number of the user left at 0."""
    stops = sorted((100 * metres, 1000 * seconds) for metres, seconds in person.stops)
    code = schema.CLASS_NAMES.index(person.road_user)
    now, gone = begin_ms + 1000 * person.enters_s, 0
    rows: list[tuple[int, ...]] = []

    def step(directed: int, from_cm: int, to_cm: int, takes_ms: int) -> None:
        nonlocal now
        length, back = int(graph.length_cm[directed >> 1]), directed & 1
        a, b = (length - from_cm, length - to_cm) if back else (from_cm, to_cm)
        end, until = now + takes_ms, min(now + takes_ms, end_ms)
        if until > now and takes_ms:
            b = a + (b - a) * (until - now) // takes_ms
            rows.append((0, code, -1, now, until, directed >> 1, a, b, -person.side_cm if back else person.side_cm))
        now = end

    for directed in (link for a, b in pairwise(person.way) for link in _path(graph, a, b, person.road_user)):
        length, at = int(graph.length_cm[directed >> 1]), 0
        while stops and stops[0][0] < gone + length:
            place, rest_ms = stops.pop(0)
            step(directed, at, place - gone, (place - gone - at) * 1000 // person.speed_cms)
            at = place - gone
            step(directed, at, at, rest_ms)
        step(directed, at, length, (length - at) * 1000 // person.speed_cms)
        gone += length
    return rows


def _path(graph: Graph, start: str, end: str, road_user: str) -> tuple[int, ...]:
    """The directed links of the shortest way for a class; empty where there is none."""
    mask = CLASS_BITS[road_user]
    queue: list[tuple[int, int, tuple[int, ...]]] = [(0, graph.index[start], ())]
    done: set[int] = set()
    while queue:
        length, point, path = heappop(queue)
        if point == graph.index[end]:
            return path
        if point in done:
            continue
        done.add(point)
        for directed in graph.out_links(point):
            if int(graph.classes[directed >> 1]) & mask:
                heappush(queue, (length + int(graph.length_cm[directed >> 1]), graph.head(directed), (*path, directed)))
    return ()


def broken(site: Site, faults: Sequence[Broke], begin_ms: int, end_ms: int) -> Broken:
    """What breaks, as a scenario has it. InputError for a fault or a lamp that there is not."""
    index: Mapping[str, int] = {lamp.id: number for number, lamp in enumerate(site.lamps)}
    sensors: list[Fault] = []
    breakdowns: list[Breakdown] = []
    dead: list[DeadLamp] = []
    for fault in faults:
        unknown = [lamp for lamp in fault.lamps if lamp not in index]
        if fault.what not in FAULTS or unknown or not fault.lamps:
            known = f"Faults: {', '.join(FAULTS)}."
            raise InputError.of(site.name, f"{fault!r}: no such fault, or no such lamp. {known}")
        from_ms = begin_ms + 1000 * fault.from_s
        until_ms = end_ms if fault.until_s is None else begin_ms + 1000 * fault.until_s
        if fault.what in FAULT_KINDS:
            sensors.append(Fault(kind=fault.what, from_ms=from_ms, until_ms=until_ms, lamps=frozenset(fault.lamps)))
        elif fault.what == DEAD_LAMP:
            dead += [DeadLamp(index[lamp], from_ms, until_ms) for lamp in fault.lamps]
        else:
            breakdowns += [Breakdown(index[lamp], BREAKDOWNS[fault.what], from_ms, until_ms) for lamp in fault.lamps]
    return Broken(tuple(sensors), tuple(breakdowns), tuple(dead), tuple(map(repr, faults)))
