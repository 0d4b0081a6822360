"""Who moves where on a street, and what ideal sensors say of them: everything in closed form, in whole ms and cm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lykta.corehost import presence, schema
from lykta.site.graph import Graph
from tests.core.streets import RANGE_CM
from tests.core.world import Reading

LATENCY_MS = 50
STOP, TURN, PACE = "stop", "turn", "pace"


@dataclass(frozen=True)
class Stretch:
    """A stretch of a directed link at constant speed: how far from its tail, when. Standing: `from_cm` == `to_cm`."""

    directed: int
    from_cm: int
    to_cm: int
    t0_ms: int
    t1_ms: int

    def at(self, t_ms: int) -> float:
        """How far from the tail of the directed link the user is [cm]."""
        return self.from_cm + (self.to_cm - self.from_cm) * (t_ms - self.t0_ms) / max(1, self.t1_ms - self.t0_ms)


@dataclass(frozen=True)
class User:
    """A road user: class, and where he is when."""

    road_user: int
    stretches: tuple[Stretch, ...]

    @property
    def begin_ms(self) -> int:
        return self.stretches[0].t0_ms

    @property
    def end_ms(self) -> int:
        return self.stretches[-1].t1_ms


@dataclass(frozen=True)
class Incident:
    """What somebody does on his way, so many cm after he came: STOP (value: ms), TURN round, PACE (value: new speed, cm/s)."""

    at_cm: int
    what: str
    value: int = 0


@dataclass(frozen=True)
class Trip:
    """How somebody crosses a street: from which entrance, when, how fast, and which way at each junction he comes to."""

    entrance: str
    t_ms: int
    speed_cms: int
    road_user: int = int(schema.PEDESTRIAN)
    choices: tuple[int, ...] = (0,)
    incidents: tuple[Incident, ...] = ()

    def later(self, ms: int) -> Trip:
        """The same trip, so much later."""
        return replace(self, t_ms=self.t_ms + ms)


def walk(graph: Graph, trip: Trip, longest_ms: int = 1_800_000) -> User:
    """The way of one user: on until an entrance, without U-turns but those that he makes, for `longest_ms` at most."""
    directed = graph.out_links(graph.index[trip.entrance])[0]
    progress, walked, t_ms, speed = 0, 0, trip.t_ms, trip.speed_cms
    waiting = sorted(trip.incidents, key=lambda incident: incident.at_cm)
    stretches: list[Stretch] = []
    crossed = 0
    while t_ms - trip.t_ms < longest_ms:
        length = int(graph.length_cm[directed >> 1])
        step = length - progress
        if waiting:
            step = min(step, max(0, waiting[0].at_cm - walked))
        if step:
            took = max(1, round(step * 1000 / speed))
            stretches.append(Stretch(directed, progress, progress + step, t_ms, t_ms + took))
            progress, walked, t_ms = progress + step, walked + step, t_ms + took
        if waiting and waiting[0].at_cm <= walked:
            incident = waiting.pop(0)
            if incident.what == STOP and incident.value:
                stretches.append(Stretch(directed, progress, progress, t_ms, t_ms + incident.value))
                t_ms += incident.value
            elif incident.what == PACE:
                speed = incident.value
            elif incident.what == TURN and 0 < progress < length:
                directed, progress = directed ^ 1, length - progress
        elif progress == length:
            onwards = [link for link in graph.out_links(graph.head(directed)) if link != directed ^ 1]
            if not onwards:
                break
            directed, progress = onwards[trip.choices[crossed % len(trip.choices)] % len(onwards)], 0
            crossed += len(onwards) > 1
    return User(trip.road_user, tuple(stretches))


def reach_of(graph: Graph, directed: int, lamp: int, range_cm: int = RANGE_CM) -> list[tuple[int, int]]:
    """The parts of a directed link, from its tail, that the sensor of a lamp covers: lengths along the way, never through the air."""
    length = int(graph.length_cm[directed >> 1])
    near = dict(graph.around(graph.tail(directed), range_cm)), dict(graph.around(graph.head(directed), range_cm))
    parts = []
    if lamp in near[0]:
        parts.append((0, min(length, range_cm - near[0][lamp])))
    if lamp in near[1]:
        parts.append((max(0, length - range_cm + near[1][lamp]), length))
    if len(parts) == 2 and parts[0][1] >= parts[1][0]:
        parts = [(0, length)]
    return [part for part in parts if part[1] > part[0]]


def passes(graph: Graph, user: User, lamp: int, range_cm: int = RANGE_CM) -> list[tuple[int, int]]:
    """When a user is within reach of a lamp's post: (enter, leave) in ms."""
    found: list[tuple[int, int]] = []
    for stretch in user.stretches:
        for low, high in reach_of(graph, stretch.directed, lamp, range_cm):
            if stretch.from_cm == stretch.to_cm:
                inside = (stretch.t0_ms, stretch.t1_ms) if low <= stretch.from_cm <= high else None
            else:
                begin, end = max(low, stretch.from_cm), min(high, stretch.to_cm)
                inside = (_when(stretch, begin), _when(stretch, end)) if begin < end else None
            if inside is None:
                continue
            if found and inside[0] <= found[-1][1] + 2:
                found[-1] = (found[-1][0], max(found[-1][1], inside[1]))
            else:
                found.append(inside)
    return [one for one in found if one[1] > one[0]]


def _when(stretch: Stretch, cm: int) -> int:
    return stretch.t0_ms + round((cm - stretch.from_cm) * (stretch.t1_ms - stretch.t0_ms) / (stretch.to_cm - stretch.from_cm))


def ideal_readings(graph: Graph, users: Iterable[User]) -> list[Reading]:
    """ENTER and LEAVE of every pass of every user, class known, LATENCY_MS later: in the order of time."""
    found = []
    for user in users:
        for lamp in seeing(graph):
            for enter, leave in passes(graph, user, lamp):
                found.append((enter + LATENCY_MS, lamp, int(presence.ENTER), user.road_user, 0, 0))
                found.append((leave + LATENCY_MS, lamp, int(presence.LEAVE), user.road_user, 0, 0))
    return sorted(found)


def pir_readings(graph: Graph, users: Iterable[User], missed: Sequence[bool], hold_ms: int = 2500, blind_ms: int = 2500) -> list[Reading]:
    """EDGE_ON and EDGE_OFF of a PIR on every post: sees motion alone, one output for all, misses the passes it is told to.

    `missed[n % len]`: whether the n-th pass of the night, by lamp and time, is missed.
    """
    found: list[Reading] = []
    number = 0
    for lamp in seeing(graph):
        spans = []
        for user in users:
            moving = User(user.road_user, tuple(stretch for stretch in user.stretches if stretch.from_cm != stretch.to_cm))
            spans += passes(graph, moving, lamp) if moving.stretches else []
        until = blind_until = -1
        for enter, leave in sorted(spans):
            number += 1
            if (missed and missed[number % len(missed)]) or leave <= blind_until:
                continue
            if enter <= until:
                until = max(until, leave + hold_ms)
                found[-1] = (until, *found[-1][1:])
            else:
                until = leave + hold_ms
                begin = max(enter, blind_until)
                found.append((begin, lamp, int(presence.EDGE_ON), int(schema.UNKNOWN), 0, 0))
                found.append((until, lamp, int(presence.EDGE_OFF), int(schema.UNKNOWN), 0, 0))
            blind_until = until + blind_ms
    return sorted(found)


def seeing(graph: Graph) -> list[int]:
    """The lamps that have a sensor."""
    return [number for number, lamp in enumerate(graph.site.lamps) if lamp.sensors]
