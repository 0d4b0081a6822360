"""The loop engine: whole firmwares on MicroPython VMs, a street of them in lockstep virtual time. The authority, and slow.

Everything goes the way that it goes on the post: readings become levels on pins and bytes on UARTs, telegrams cross the air of
`sim/air`, the light is what the fixture's PWM makes. What comes out has the form of the kernel's.
"""

from __future__ import annotations

import hashlib
import json
import struct
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import Any

import pyarrow as pa

from lykta.corehost import dimmer, firmware_folder, priority
from lykta.corehost import lamp as row
from lykta.errors import LyktaError
from lykta.plan import Plan
from lykta.plan.nodefiles import node_files
from lykta.progress import Progress
from lykta.sensing import Fault, metering, wire
from lykta.sensing.models import PIR, SILENT
from lykta.sim.air import Air, mac_of
from lykta.sim.breakdowns import Breakdown, Oddity
from lykta.vm.frames import DUTY, PIN, PIN_OUT, PWRON_RESET, RADIO_OUT, TRACE, TRACE_TARGET, UART_IN, Frame, unpack
from lykta.vm.node import Board, Node, prepare
from lykta.vm.street import Street

#: Nodes get power so long before the night begins: sensors warm up, ramps end, neighbours are heard.
LEAD_MS = 120_000
#: 2000-01-01 on the clock of Unix [ms].
EPOCH_MS = 946_684_800_000
_STEP_MS = 60_000
_HIGH = 65_535  # the duty of a pin that is on
_CLOCKS_MS = 600_000  # a lamp's clock that is farther from ours is not that of this night
#: (lamp, t_ms, position, target, rate, cause): a row of levels, as the kernel writes it.
Change = tuple[int, int, int, int, int, int]


@dataclass(frozen=True)
class Lit:
    """A night as the firmwares lit it: rows of levels (6 integers each) and detections (9), flat, as `kernel.run` returns them.

    `duties[lamp]`: (t_ms, duty 0 to 65535), every change of the output; `curves[lamp]`: the curve of its driver; `traces[lamp]`: what the
    app told its hook (see `vm/shims/vtrace`); `sent[lamp]`: its telegrams; `consoles[lamp]`: what it printed; `falls`: (lamp, t_ms, cause)
    of every reset, from which on the output idles until boot.py runs; the cause 0 stands for a node without power.
    """

    levels: list[int]
    detections: list[int]
    duties: dict[int, list[tuple[int, int]]]
    curves: dict[int, list[list[int]]]
    traces: dict[int, list[Frame]]
    sent: dict[int, list[Frame]]
    consoles: dict[int, str]
    falls: list[tuple[int, int, int]]


def run(
    plan: Plan, told: pa.Table, seed: int, link: list[int], faults: Sequence[Fault] = (), breakdowns: Sequence[Breakdown] = (),
    begin_ms: int | None = None, end_ms: int | None = None, trace: str = "targets", firmware: Path | None = None,
    oddities: Sequence[Oddity] = (),
) -> Lit:  # fmt: skip
    """Light the night of a plan, or a part of it, with given readings; `link`: parameters of the radio.

    `trace`: "targets", or "all" for everything that reaches the core; `firmware`: the folder of another firmware than ours; `oddities`:
    at most one for each lamp. LyktaError where the machine has no VM, or a breakdown cannot be played.
    """
    begin = min(plan.agenda.begin_ms, plan.begin_ms) if begin_ms is None else begin_ms
    end = max(plan.agenda.end_ms, plan.end_ms) if end_ms is None else end_ms
    with tempfile.TemporaryDirectory(prefix="lykta-") as folder:
        played = (Path(folder), trace, firmware or firmware_folder(), {odd.lamp: odd for odd in oddities})
        return Player(plan, told, seed, link, faults, breakdowns, (begin, end), *played).play()


class Player:
    """A night while it is played: the wires of every post, and what happened outside of the firmwares."""

    def __init__(
        self, plan: Plan, told: pa.Table, seed: int, link: list[int], faults: Sequence[Fault], breakdowns: Sequence[Breakdown],
        times: tuple[int, int], folder: Path, trace: str, firmware: Path, oddities: Mapping[int, Oddity], keep: bool = True,
        lamps: Collection[int] | None = None,
    ) -> None:  # fmt: skip
        """`lamps`: which of them have a node, by default all that shall; `keep` False: what goes out is forgotten once it is delivered."""
        self.plan = plan
        self.oddities = oddities
        self.falls: list[tuple[int, int, int]] = []
        self.begin_ms, self.end_ms = times
        self.air = Air(plan, link)
        files = node_files(plan.site, plan.graph, plan.profile, plan.date, seed)
        self.numbers = [number for number, lamp in enumerate(plan.site.lamps) if lamp.id in files and (lamps is None or number in lamps)]
        self.place = {number: place for place, number in enumerate(self.numbers)}
        self.boards = {number: json.loads(files[plan.site.lamps[number].id]["board"]) for number in self.numbers}
        for number in self.numbers:
            # Nobody sees the LED blink or reads the meter, and they would be half of all there is to do; a light sensor has no twin.
            self.boards[number] |= {"led": None, "light_sensor": None, "meter": None}
            odd = oddities.get(number)
            if odd is not None and odd.board is not None:
                self.boards[number] = {**odd.board, "led": None, "light_sensor": None}
            files[plan.site.lamps[number].id]["board"] = json.dumps(self.boards[number]).encode()
        self.told = told
        self.meters = {number: self._meter(board) for number, board in self.boards.items() if board["meter"]}
        self.metered = dict.fromkeys(self.meters, 0)  # how much of what a node sent its meter has seen
        self.wirings = {number: [wire.Wiring.of(about) for about in self.boards[number]["sensors"]] for number in self.numbers}
        self.dead = {number: _dead(plan, number, self.wirings[number], faults, breakdowns) for number in self.numbers}
        self.mute = defaultdict(list)
        for breakdown in breakdowns:
            if breakdown.kind == "radio":
                self.mute[breakdown.lamp].append((breakdown.from_ms, breakdown.until_ms))
        self.outages = sorted(
            (max(t_ms, self.begin_ms), broken.lamp, works)
            for broken in breakdowns
            if broken.kind == "node" and broken.until_ms > self.begin_ms and broken.lamp in self.place
            for t_ms, works in ((broken.from_ms, False), (broken.until_ms, True))
        )
        self.full: list[Change] = []  # what is known without the firmware: its output idles at full
        nodes = [self._node(number, folder, files[plan.site.lamps[number].id], link, trace, firmware) for number in self.numbers]
        self.street = Street(nodes, self, link[1], keep)

    def _node(self, number: int, folder: Path, files: dict[str, bytes], link: list[int], trace: str, firmware: Path) -> Node:
        """The node of a lamp, with its files."""
        own = folder / str(number)
        odd = self.oddities.get(number, Oddity(number))
        stored = {**{name: sealed(content) for name, content in files.items()}, **odd.files}
        prepare(own, odd.firmware or firmware, {name: content for name, content in stored.items() if content is not None})
        (own / "root" / "light").write_text(str(self.boards[number]["fixture"]["pin"]))
        now_ms = self.plan.agenda.times.origin_utc_ms + self.begin_ms - LEAD_MS - EPOCH_MS
        rtc_ms = None if odd.clock_ms is None else now_ms + odd.clock_ms
        return Node(Board(own, mac_of(number), rtc_ms, odd.shift, heap="1m", trace=trace, delay_ms=max(1, link[1])))

    # --- what the street asks (vm.street.Wires) -------------------------------------------------------------------

    def radio(self, node: int, frame: Frame) -> Iterator[tuple[int, Frame]]:
        """Who hears a frame."""
        number = self.numbers[node]
        heard = list(self.air.send(number, frame))
        if not self._muted(number, frame.t_ms):
            for receiver, arriving in heard:
                if receiver in self.place and not self._muted(receiver, arriving.t_ms):
                    yield self.place[receiver], arriving

    def _muted(self, number: int, t_ms: int) -> bool:
        return any(begin <= t_ms < end for begin, end in self.mute.get(number, ()))

    def uart(self, node: int, frame: Frame) -> Iterator[Frame]:
        """What a radar or a meter answers."""
        number = self.numbers[node]
        if number in self.meters and self.boards[number]["meter"]["uart"] == frame.which:
            yield from self._measured(number, frame)
        for place, wiring in enumerate(self.wirings[number]):
            if wiring.kind != PIR and wiring.place == frame.which:
                yield from map(_frame, wire.answers(wiring, frame.t_ms, frame.data, self.dead[number][place]))

    def _meter(self, board: Mapping[str, Any]) -> metering.Meter:
        """The meter of a post."""
        fixture, about = board["fixture"], board["meter"]
        counts = about.get("counts_for_10_w", metering.COUNTS_FOR_10_W)
        return metering.Meter(fixture["curve"], fixture["power"], self.begin_ms - LEAD_MS, counts)

    def _measured(self, number: int, frame: Frame) -> Iterator[Frame]:
        """What the meter of a post answers, now that its lamp has been told all that went out before."""
        meter, sent = self.meters[number], self.street.logs[self.place[number]]
        for data in sent[self.metered[number] :]:
            for told in unpack(data):
                if told.kind == DUTY and told.which == self.boards[number]["fixture"]["pin"]:
                    meter.change(told.t_ms, told.value)
        self.metered[number] = len(sent)
        if frame.data == metering.ASK:
            out = any(begin <= frame.t_ms < end for begin, end in self.oddities[number].lamp_out) if number in self.oddities else False
            yield Frame(UART_IN, frame.which, metering.BAUD, frame.t_ms + metering.ANSWER_MS, meter.answer(frame.t_ms, out))

    def fell(self, node: int, t_ms: int, cause: int) -> None:
        """A node resets: its lamp is full until the firmware says otherwise."""
        self._idle(self.numbers[node], t_ms, cause)

    def _idle(self, number: int, t_ms: int, cause: int = 0) -> None:
        self.falls.append((number, t_ms, cause))
        self.full.append((number, t_ms, dimmer.FULL, 1000, dimmer.FULL, int(priority.CAUSE_FAULT)))

    # --- the night ------------------------------------------------------------------------------------------------

    def play(self) -> Lit:
        """Play it from power-on to the end."""
        power_ms = self.begin_ms - LEAD_MS
        with self.street, Progress("playing the firmwares", (self.end_ms - power_ms) // _STEP_MS) as bar:
            self.power(power_ms)
            for t_ms in range(power_ms + _STEP_MS, self.end_ms + _STEP_MS, _STEP_MS):
                self._until(min(t_ms, self.end_ms))
                bar.advance()
        return self._result()

    def power(self, t_ms: int) -> None:
        """Every node gets power, and all that its sensors will see."""
        for node, number in enumerate(self.numbers):
            signals = wire.signals(self.told, number, self.wirings[number], t_ms, self.end_ms, self.dead[number])
            odd = self.oddities.get(number, Oddity(number)).frames
            self.street.feed(node, merge(map(_frame, signals), odd, key=lambda frame: frame.t_ms))
            self.street.start(node, t_ms, PWRON_RESET)

    def _until(self, t_ms: int) -> None:
        """Go on to a time, with what breaks and is mended on the way."""
        while self.outages and self.outages[0][0] <= t_ms:
            moment, number, works = self.outages.pop(0)
            self.street.run(moment - 1)
            if works:
                self.street.start(self.place[number], moment, PWRON_RESET)
            else:
                self.street.kill(self.place[number])
                self._idle(number, moment)
        self.street.run(t_ms)

    def _result(self) -> Lit:
        levels: list[int] = []
        duties: dict[int, list[tuple[int, int]]] = {}
        traces: dict[int, list[Frame]] = {}
        sent: dict[int, list[Frame]] = {}
        for node, number in enumerate(self.numbers):
            frames = [frame for data in self.street.logs[node] for frame in unpack(data)]
            changes = [_change(number, frame) for frame in frames if frame.kind == TRACE and frame.which == TRACE_TARGET]
            changes += [change for change in self.full if change[0] == number]
            changes.sort(key=lambda change: change[1])
            for change in _night(changes, self.begin_ms, self.end_ms):
                levels.extend(change)
            traces[number] = [frame for frame in frames if frame.kind == TRACE]
            pin = self.boards[number]["fixture"]["pin"]
            driven = [frame for frame in frames if frame.kind in (DUTY, PIN_OUT) and frame.which == pin]
            duties[number] = [(frame.t_ms, frame.value if frame.kind == DUTY else _HIGH * frame.value) for frame in driven]
            sent[number] = [frame for frame in frames if frame.kind == RADIO_OUT]
        curves = {number: self.boards[number]["fixture"]["curve"] for number in self.numbers}
        consoles = {number: self.street.nodes[node].console() for node, number in enumerate(self.numbers)}
        return Lit(levels, self._detections(), duties, curves, traces, sent, consoles, self.falls)

    def _detections(self) -> list[int]:
        """The detections that were told, each with whom the sensor last reported before."""
        users: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for t_ms, lamp, user in zip(*(self.told[name].to_pylist() for name in ("t_ms", "lamp", "user")), strict=True):
            users[lamp].append((t_ms, user))
        found: list[int] = []
        latest: dict[int, int] = {}
        for t_ms, lamp, frame in sorted(self.air.told):
            if self.begin_ms <= t_ms < self.end_ms and frame[row.DETECTION] != latest.get(lamp):
                latest[lamp] = frame[row.DETECTION]
                user = next((user for when, user in reversed(users[lamp]) if when <= t_ms), -1)
                fields = (row.DETECTION, row.CLASSES, row.SPEED, row.CAME, row.PREVIOUS, row.PREVIOUS_NUMBER)
                found.extend((lamp, t_ms, *(frame[field] for field in fields), user))
        return found


def sealed(content: bytes, version: int = 1) -> bytes:
    """A file as the node's store keeps it: "LYKT", version, length, SHA-256 of these two numbers and the content, the content."""
    numbers = struct.pack("<II", version, len(content))
    return b"LYKT" + numbers + hashlib.sha256(numbers + content).digest() + content


def _frame(signal: wire.Signal) -> Frame:
    kind = UART_IN if signal.data else PIN
    return Frame(kind, signal.which, signal.value, signal.t_ms, signal.data)


def _dead(
    plan: Plan, number: int, wirings: Sequence[wire.Wiring], faults: Sequence[Fault], breakdowns: Iterable[Breakdown]
) -> list[list[tuple[int, int]]]:
    """When each sensor of a post is without power or cable, as a driver can notice it: radars only."""
    lamp = plan.site.lamps[number]
    found: list[list[tuple[int, int]]] = []
    for place, wiring in enumerate(wirings):
        silent = [fault for fault in faults if fault.kind == SILENT and fault.concerns(lamp.id, place, wiring.kind)]
        found.append([(fault.from_ms, fault.until_ms) for fault in silent])
    for breakdown in breakdowns:
        if breakdown.kind == "driver" and breakdown.lamp == number:
            radars = [place for place, wiring in enumerate(wirings) if wiring.kind != PIR]
            if not radars:
                raise LyktaError(
                    f"{lamp.id}: a PIR has no driver that could notice a fault, so the loop engine cannot play one. "
                    "Use a fault of the sensor (stuck_high, stuck_low, silent), or a lamp with a radar."
                )
            for place in radars:
                found[place].append((breakdown.from_ms, breakdown.until_ms))
    return found


def _change(number: int, frame: Frame) -> Change:
    """A row of levels from what a firmware told of its target; by the lamp's clock where that is the night's."""
    now, position, target, rate, cause = struct.unpack("<5i", frame.data)
    t_ms = now if abs(now - frame.t_ms) < _CLOCKS_MS else frame.t_ms
    return (number, t_ms, position, target, rate, cause)


def _night(changes: Sequence[Change], begin_ms: int, end_ms: int) -> Iterator[Change]:
    """The changes within a night; what came before is the state in which it begins."""
    before = [change for change in changes if change[1] <= begin_ms]
    if before:
        number, t_ms, position, target, rate, cause = before[-1]
        lamp: list[Any] = [0] * row.LAMP
        lamp[row.POSITION], lamp[row.RATE], lamp[row.TARGET_POSITION] = position, rate, dimmer.position_of(target)
        dimmer.move(lamp, begin_ms - t_ms)
        # At light on a lamp comes up from dark; the night of the tables begins with it lit, as that of the kernel does.
        lit = lamp[row.TARGET_POSITION] if lamp[row.POSITION] == 0 else lamp[row.POSITION]
        yield (number, begin_ms, lit, target, rate, cause)
    yield from (change for change in changes if begin_ms < change[1] < end_ms)
