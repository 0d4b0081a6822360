"""A street of lamps that run a core: hands them readings and frames, and notes what every lamp did.

Written apart from the kernel engine on purpose: another way to drive the core, one that can lose single frames, run a mutant,
and that writes down every delivery for the oracle.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from types import ModuleType

from lykta import corehost
from lykta.corehost import dimmer, schema
from lykta.corehost import lamp as row
from lykta.plan.blocks import entries_of, make_block, reach_of
from lykta.plan.tables import Tables, make_tables
from lykta.site.graph import Graph

Core = Mapping[str, ModuleType]
REAL: Core = corehost.load()

DELAY_MS = 20
HEARTBEAT_MS = 60_000
BEGIN_MS = 1_000

#: (t_ms, lamp, kind, road_user, distance_cm, speed_cms)
Reading = tuple[int, int, int, int, int, int]


def settings_row(**changes: int) -> tuple[int, ...]:
    """A settings row of defaults with some values changed, for every class where they are of the class scope."""
    values = [0] * schema.ROW
    schema.defaults(values)
    for index, setting in enumerate(schema.SETTINGS):
        if setting[0] in changes:
            for road_user in range(len(setting[3])):
                values[schema.position(index, road_user)] = changes[setting[0]]
            del changes[setting[0]]
    assert not changes, f"no such settings: {changes}"
    return tuple(values)


@dataclass(frozen=True)
class Frame:
    """A frame as it was sent: the fields of `core/lamp`."""

    origin: int
    number: int
    classes: int
    speed: int
    came: int
    age: int
    still: int
    previous: int
    previous_number: int
    moved: int
    back: int
    front: int
    also: int
    also_number: int
    perhaps: int
    left: int
    group: int
    previous_span: int
    also_span: int

    @classmethod
    def of(cls, fields: Sequence[int]) -> Frame:
        """Read the fields of a frame, wherever they stand in it."""
        places = (
            row.ORIGIN, row.DETECTION, row.CLASSES, row.SPEED, row.CAME, row.AGE, row.STILL_SEEN, row.PREVIOUS, row.PREVIOUS_NUMBER,
            row.MOVED, row.BACK, row.FRONT, row.ALSO, row.ALSO_NUMBER, row.PERHAPS, row.LEFT, row.GROUP, row.PREVIOUS_SPAN,
            row.ALSO_SPAN,
        )  # fmt: skip
        return cls(*(int(fields[place]) for place in places))

    @property
    def key(self) -> tuple[int, int]:
        """Which detection it tells of."""
        return self.origin, self.number


@dataclass(frozen=True)
class Delivery:
    """A frame that reached a lamp (its own at once)."""

    t_ms: int
    frame: Frame


@dataclass
class Light:
    """What one lamp did: from each moment on it moved from a position towards another, by so much per ms."""

    t_ms: list[int] = field(default_factory=list)
    course: list[tuple[int, int, int]] = field(default_factory=list)  # position, its target, rate

    def note(self, t_ms: int, position: int, aim: int, rate: int) -> None:
        """From `t_ms` on. A later note at the same moment takes the place of an earlier one."""
        if self.t_ms and self.t_ms[-1] == t_ms:
            self.t_ms.pop()
            self.course.pop()
        self.t_ms.append(t_ms)
        self.course.append((position, aim, rate))

    def position(self, t_ms: int) -> int:
        """The position of the dimmer at a moment."""
        at = bisect_right(self.t_ms, t_ms) - 1
        position, aim, rate = self.course[at]
        way = (t_ms - self.t_ms[at]) * rate
        return min(aim, position + way) if aim >= position else max(aim, position - way)

    def level(self, t_ms: int) -> int:
        """Luminous flux [permille] at a moment."""
        return int(dimmer.level_of(self.position(t_ms)))

    def below(self, level: int, begin_ms: int, end_ms: int) -> int | None:
        """The first ms in [begin, end) at which the lamp was below a level; None if it never was."""
        needed = int(dimmer.position_of(level))
        for t_ms in [begin_ms, *(t for t in self.t_ms if begin_ms < t < end_ms)]:
            at = bisect_right(self.t_ms, t_ms) - 1
            until = min(end_ms, self.t_ms[at + 1]) if at + 1 < len(self.t_ms) else end_ms
            if self.position(t_ms) < needed:
                return t_ms
            if self.course[at][1] < needed:  # on its way down: when does it get there
                over = self.position(t_ms) - needed
                falls = t_ms + over // self.course[at][2] + 1
                if falls < until:
                    return falls
        return None


class World:
    """A street, its lamps and the air between them.

    `lost(sender, number, receiver)`: whether the frame with that running number of its sender is lost on its way to a receiver.
    """

    def __init__(
        self,
        graph: Graph,
        settings: Sequence[int] | None = None,
        core: Core = REAL,
        lost: Callable[[int, int, int], bool] | None = None,
        begin_ms: int = BEGIN_MS,
        end_ms: int = 40_000_000,
        ears: bool = True,
        apart: bool = True,
    ) -> None:
        self.graph = graph
        self.core = core
        self.control = core["control"]
        self.row = tuple(settings) if settings is not None else settings_row()
        self.lost = lost or (lambda sender, number, receiver: False)
        self.block = make_block(entries_of([(0, self.row)], end_ms, [(0, 0)]), 0, end_ms)
        self.tables: Tables = make_tables(graph, [reach_of(self.block)] * graph.lamp_count)
        self.now = begin_ms
        self.apart = apart  # whether the sensors tell users apart
        self.ears = ears  # whether heartbeats are heard
        self.lamps = [[0] * row.LAMP for _ in range(graph.lamp_count)]
        self.lights = [Light() for _ in self.lamps]
        self.deliveries: list[list[Delivery]] = [[] for _ in self.lamps]
        self.sent = [0] * len(self.lamps)
        self.made: list[Delivery] = []  # detections at their origin, renewals included
        self._queue: list[tuple[int, int, str, tuple[int, ...]]] = []
        self._order = 0
        for number, lamp in enumerate(self.lamps):
            self.control.start(lamp, self.block, self.tables.tables[number], self.tables.own[number], number, begin_ms)
            self._note(number)
        self._push(begin_ms + HEARTBEAT_MS, "heartbeat", ())

    def _push(self, t_ms: int, what: str, about: tuple[int, ...]) -> None:
        self._order += 1
        heappush(self._queue, (t_ms, self._order, what, about))

    def _args(self, number: int) -> tuple[list[int], list[int], list[int], int]:
        return self.lamps[number], self.block, self.tables.tables[number], self.tables.own[number]

    def _note(self, number: int) -> None:
        lamp = self.lamps[number]
        self.lights[number].note(lamp[row.NOW], lamp[row.POSITION], lamp[row.TARGET_POSITION], lamp[row.RATE])

    def catch_up(self, number: int, t_ms: int) -> None:
        """Bring one lamp up to a moment, noting every change of target on the way."""
        lamp = self.lamps[number]
        while lamp[row.NEXT] <= t_ms:
            self.control.advance(*self._args(number), lamp[row.NEXT] - lamp[row.NOW])
            self._note(number)
        self.control.advance(*self._args(number), t_ms - lamp[row.NOW])

    def read(self, readings: Sequence[Reading]) -> None:
        """Readings to come."""
        for t_ms, lamp, *about in readings:
            self._push(t_ms, "reading", (lamp, *about))

    def run(self, until_ms: int) -> None:
        """Let everything happen that happens before a moment, and bring every lamp up to it."""
        while self._queue and self._queue[0][0] < until_ms:
            t_ms, _, what, about = heappop(self._queue)
            self.now = t_ms
            if what == "reading":
                number = about[0]
                self.catch_up(number, t_ms)
                self.control.reading(*self._args(number), *about[1:])
                self._after(number)
            elif what == "wake":
                number = about[0]
                self.catch_up(number, t_ms)
                self._after(number)
            elif what == "frame":
                self._deliver(about[0], about[1], t_ms, list(about[2:]))
            else:
                self._heartbeats(t_ms)
        for number in range(len(self.lamps)):
            self.catch_up(number, until_ms)
        self.now = until_ms

    def _after(self, number: int) -> None:
        """After a lamp did something by itself: note it, put its frame on the air, wake it for its renewals."""
        lamp = self.lamps[number]
        self._note(number)
        if lamp[row.SEND]:
            lamp[row.SEND] = 0
            self._send(number)
        if lamp[row.SEEN]:
            self._push(max(lamp[row.RENEWAL], self.now + 1), "wake", (number,))

    def _send(self, number: int) -> None:
        fields = self.lamps[number][row.FRAME : row.FRAME + row.FRAME_LENGTH]
        delivery = Delivery(self.now, Frame.of(fields))
        self.made.append(delivery)
        self.deliveries[number].append(delivery)
        running = self.sent[number]
        self.sent[number] += 1
        for receiver, at in self.tables.receivers[number]:
            if not self.lost(number, running, receiver):
                self._push(self.now + DELAY_MS, "frame", (receiver, at, *fields))

    def _deliver(self, number: int, at: int, t_ms: int, fields: list[int]) -> None:
        fields[row.AGE] += DELAY_MS
        self.catch_up(number, t_ms)
        self.deliveries[number].append(Delivery(t_ms, Frame.of(fields)))
        self.control.frame(*self._args(number), at, fields, 0)
        self._note(number)

    def _heartbeats(self, t_ms: int) -> None:
        self._push(t_ms + HEARTBEAT_MS, "heartbeat", ())
        if not self.ears:
            return
        for number, near in enumerate(self.tables.adjacent):
            self.catch_up(number, t_ms)
            for other in near:
                share = self.core["health"].on_share(self.lamps[other])
                lying = self.lamps[other][row.FAULTS] & self.core["health"].LYING
                self.control.heartbeat(*self._args(number), other, 0, share, lying)
            self._note(number)
