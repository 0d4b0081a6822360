"""Everything that may go wrong with a node, as it is played on a street of five lamps: see `faults`.

Times are ms since the night's begin; power comes 2 minutes before. The sensors of the street: PIR on L0, L2 and L4, an LD2410 on L1, an
LD2451 on L3; each is the only one of its post.
"""

from __future__ import annotations

import json
import random
import shutil
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lykta.corehost import almanac, firmware_folder
from lykta.sensing import Fault, models, wire
from lykta.sim.breakdowns import Breakdown, Oddity
from lykta.sim.loop import LEAD_MS, Lit, sealed
from lykta.vm.frames import PIN, RADIO_IN, RTC_SET, UART_IN, Frame

M = 60_000
H = 60 * M
FROM = 2 * M + 13_700  # when most things go wrong: at no multiple of anything
_FILES = ("identity", "board", "program", "table", "adjacent", "keys")
_EPOCH_1970_MS = -946_684_800_000  # on the clock of the chip, which counts from 2000
_DAY_MS = 24 * H
_SEED = 7
#: The ticks of a node at FROM.
_AT = FROM + LEAD_MS


@dataclass(frozen=True)
class World:
    """What a mishap may need of the street: the files of its nodes, when its night begins, a healthy run of it, a folder to write to."""

    files: Mapping[int, Mapping[str, bytes]]
    begin_ms: int
    utc_ms: int  # ms since 2000 at the origin of the night
    healthy: Callable[[int, int], Lit]  # by users an hour and end
    folder: Path

    def sensor(self, lamp: int) -> dict[str, Any]:
        """The sensor of a lamp, as its board has it."""
        found: dict[str, Any] = json.loads(self.files[lamp]["board"])["sensors"][0]
        return found


@dataclass(frozen=True)
class Mishap:
    """One thing that goes wrong with lamp `lamp` from a time until another (None: it stays), and how the node calls it.

    `says`: the word by which the node tells it, "" where it tells nothing. `same`: what reaches the node is what reaches a healthy one,
    or more, so nobody's light may be below that of a street without the mishap. `users`: walkers and cyclists an hour. `patch`: (file,
    text, text in its place) of the firmware of that one node.
    """

    name: str
    text: str
    lamp: int
    says: str
    until_ms: int | None
    end_ms: int
    from_ms: int = FROM
    users: int = 0
    same: bool = True
    quick: bool = False
    faults: tuple[str, ...] = ()  # kinds of `sensing.Fault`
    breakdown: str = ""  # a kind of Breakdown
    oddity: Callable[[World, Mishap], Oddity] | None = None
    patch: Sequence[tuple[str, str, str]] = field(default=())

    def sensor_faults(self, begin_ms: int) -> list[Fault]:
        """What is wrong with its sensor."""
        until = self.end_ms if self.until_ms is None else self.until_ms
        return [Fault(kind, begin_ms + self.from_ms, begin_ms + until, frozenset({f"L{self.lamp}"})) for kind in self.faults]

    def breakdowns(self, begin_ms: int) -> list[Breakdown]:
        """What else breaks."""
        until = self.end_ms if self.until_ms is None else self.until_ms
        return [Breakdown(self.lamp, self.breakdown, begin_ms + self.from_ms, begin_ms + until)] if self.breakdown else []

    def oddities(self, world: World) -> list[Oddity]:
        """What is odd about its node."""
        if self.patch:
            return [Oddity(self.lamp, firmware=_patched(world.folder / self.name, self.patch))]
        return [self.oddity(world, self)] if self.oddity else []


def _patched(folder: Path, patches: Sequence[tuple[str, str, str]]) -> Path:
    """Another firmware, with some texts replaced, each of which is there once."""
    shutil.copytree(firmware_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file, was, becomes in patches:
        source = (folder / file).read_text(encoding="utf-8")
        assert source.count(was) == 1, (file, was)
        (folder / file).write_text(source.replace(was, becomes), encoding="utf-8")
    return folder


# --- what comes in over the wires ---------------------------------------------------------------------------------


def _restless_pir(world: World, mishap: Mishap) -> Oddity:
    """On for 25 s of every minute, of which 60 times are more than 30 % of an hour."""
    pin, frames = world.sensor(mishap.lamp)["pin"], []
    assert mishap.until_ms is not None
    for t_ms in range(world.begin_ms + mishap.from_ms, world.begin_ms + mishap.until_ms, M):
        frames += [Frame(PIN, pin, 1, t_ms), Frame(PIN, pin, 0, t_ms + 25_000)]
    return Oddity(mishap.lamp, frames=frames)


def _restless_ld2410(world: World, mishap: Mishap) -> Oddity:
    """The same by reports of somebody, ten a second: once a second the unit itself says that nobody is there."""
    uart, frames = world.sensor(mishap.lamp)["uart"], []
    assert mishap.until_ms is not None
    for t_ms in range(world.begin_ms + mishap.from_ms, world.begin_ms + mishap.until_ms, M):
        frames += [Frame(UART_IN, uart, 256_000, t_ms + n * 100 + 50, wire.ld2410_report(True)) for n in range(250)]
    return Oddity(mishap.lamp, frames=frames)


def _phantoms_ld2451(world: World, mishap: Mishap) -> Oddity:
    """Somebody who is not there, for half a second of every 20 s."""
    uart, frames = world.sensor(mishap.lamp)["uart"], []
    assert mishap.until_ms is not None
    for t_ms in range(world.begin_ms + mishap.from_ms, world.begin_ms + mishap.until_ms, 20_000):
        frames += [Frame(UART_IN, uart, 115_200, t_ms + n * 100, wire.ld2451_report([(0, 700, 140)])) for n in range(5)]
    return Oddity(mishap.lamp, frames=frames)


def _garbage(world: World, mishap: Mishap) -> Oddity:
    """Forty bytes at random, every 333 ms, among them beginnings of frames."""
    sensor, draw, frames = world.sensor(mishap.lamp), random.Random(_SEED), []
    baud = 256_000 if sensor["kind"] == models.LD2410 else 115_200
    assert mishap.until_ms is not None
    for t_ms in range(world.begin_ms + mishap.from_ms, world.begin_ms + mishap.until_ms, 333):
        data = draw.randbytes(18) + b"\xf4\xf3\xf2\xf1" + draw.randbytes(18)
        frames.append(Frame(UART_IN, sensor["uart"], baud, t_ms, data))
    return Oddity(mishap.lamp, frames=frames)


# --- what comes in by radio ---------------------------------------------------------------------------------------


def _flood(world: World, mishap: Mishap) -> Oddity:
    """A thousand telegrams a second that look like a neighbour's, each to be looked at, none signed."""
    key, draw, frames = world.files[mishap.lamp]["keys"][0], random.Random(_SEED), []
    assert mishap.until_ms is not None
    for counter in range(mishap.until_ms - mishap.from_ms):
        t_ms = world.begin_ms + mishap.from_ms + counter
        stamp = (world.utc_ms + t_ms) // 4_000
        head = struct.pack(">BBHIIIBHHB", 0x11, key, mishap.lamp - 1, 9, counter, stamp, 0, 0, 60, 0)
        frames.append(Frame(RADIO_IN, 1, -50, t_ms, bytes(6) + head + draw.randbytes(40)))
    return Oddity(mishap.lamp, frames=frames)


def _replay(world: World, mishap: Mishap) -> Oddity:
    """All that its neighbours have said since they have power, again and again, while it hears nobody else."""
    healthy, frames = world.healthy(mishap.users, mishap.end_ms), []
    begin = world.begin_ms + mishap.from_ms
    heard = [frame for lamp in (mishap.lamp - 1, mishap.lamp + 1) for frame in healthy.sent[lamp] if frame.t_ms < begin]
    assert heard and mishap.until_ms is not None
    for number, t_ms in enumerate(range(begin, world.begin_ms + mishap.until_ms, 2_000)):
        frames.append(Frame(RADIO_IN, 1, -50, t_ms, heard[number % len(heard)].data))
    return Oddity(mishap.lamp, frames=frames)


# --- files and the clock ------------------------------------------------------------------------------------------


def _torn(name: str) -> Callable[[World, Mishap], Oddity]:
    """A file with some bytes that flipped, and nothing of before beside it."""

    def oddity(world: World, mishap: Mishap) -> Oddity:
        data = bytearray(sealed(world.files[mishap.lamp][name]))
        data[len(data) // 2] ^= 0x55
        data[-1] ^= 0xFF
        return Oddity(mishap.lamp, files={name: bytes(data)})

    return oddity


def _bad_settings(world: World, mishap: Mishap) -> Oddity:
    """A program that is whole, and every field of every row of settings beyond its limits."""
    data = world.files[mishap.lamp]["program"]
    found = list(struct.unpack(f"<{len(data) // 4}i", data))
    rows = found[int(almanac.ROW_LENGTH)] * found[int(almanac.COUNTS) + int(almanac.ROWS)]
    found[-rows:] = [(1 << 30) - 1 if number % 2 else -5 for number in range(rows)]
    return Oddity(mishap.lamp, files={"program": sealed(struct.pack(f"<{len(found)}i", *found))})


def _set_clock(world: World, t_ms: int, ahead_ms: int = 0) -> Frame:
    """The right time, or one ahead of it, is set from outside at a time of the night."""
    at = world.begin_ms + t_ms
    return Frame(RTC_SET, 0, 0, at, (world.utc_ms + at + ahead_ms).to_bytes(8, "little"))


def _lamp_out(world: World, mishap: Mishap) -> Oddity:
    """A lamp that goes out, on a post with an energy meter."""
    board = json.loads(world.files[mishap.lamp]["board"])
    board["fixture"]["power"] = [[0, 500], [100, 4_000], [1_000, 30_000]]
    board["meter"] = {"uart": 2, "tx": 17, "rx": 16}
    assert mishap.until_ms is not None
    window = (world.begin_ms + mishap.from_ms, world.begin_ms + mishap.until_ms)
    return Oddity(mishap.lamp, board=board, lamp_out=[window])


def _never_set(world: World, mishap: Mishap) -> Oddity:
    assert mishap.until_ms is not None
    return Oddity(mishap.lamp, clock_ms=None, frames=[_set_clock(world, mishap.until_ms)])


def _since_1970(world: World, mishap: Mishap) -> Oddity:
    assert mishap.until_ms is not None
    now = world.utc_ms + world.begin_ms - LEAD_MS
    return Oddity(mishap.lamp, clock_ms=_EPOCH_1970_MS - now, frames=[_set_clock(world, mishap.until_ms)])


def _jump(world: World, mishap: Mishap) -> Oddity:
    assert mishap.until_ms is not None
    return Oddity(mishap.lamp, frames=[_set_clock(world, mishap.from_ms, _DAY_MS), _set_clock(world, mishap.until_ms)])


def _jump_for_good(world: World, mishap: Mishap) -> Oddity:
    return Oddity(mishap.lamp, frames=[_set_clock(world, mishap.from_ms, _DAY_MS)])


def _wrap(world: World, mishap: Mishap) -> Oddity:
    """Ticks begin again at 0 ten seconds after power."""
    return Oddity(mishap.lamp, shift=(1 << 30) - 10_000)


_SENSE = ("lykta_node/tasks/sense.py", "        due = _IDLE_MS\n")
_MESH = ("lykta_node/tasks/mesh.py", "            more = self.hear(now)\n")
_CONTROL = ("lykta_node/tasks/control.py", "        level = dimmer.level_of(self.lamp[row.POSITION])\n")
_CONTROL_RUN = ("lykta_node/tasks/control.py", "            await self._alarm.sleep(self.pause())\n")
_WATCH = ("lykta_node/tasks/watch.py", "        pause = _IDLE_MS\n")


def _once(place: tuple[str, str], indent: int, begin: str, until_ms: int = _AT + M) -> list[tuple[str, str, str]]:
    """A firmware that does something at one place, at any time within a minute (of its ticks)."""
    file, text = place
    check = f"{' ' * indent}from time import ticks_ms\n{' ' * indent}if {_AT} <= ticks_ms() < {until_ms}:\n"
    body = "".join(f"{' ' * (indent + 4)}{line}\n" for line in begin.splitlines())
    return [(file, text, check + body + text)]


_ALL_MEMORY = """size = 65_536
if not hasattr(self, "kept"):
    self.kept = None
while size > 32:
    try:
        self.kept = (self.kept, bytearray(size))
    except MemoryError:
        size //= 2"""

#: In the order of the table.
MISHAPS: tuple[Mishap, ...] = (
    Mishap("pir_on", "PIR stuck on", 2, "stuck", 14 * M, 17 * M, faults=("stuck_high",)),
    Mishap("pir_off", "PIR stuck off", 2, "blind", 45 * M, 60 * M, users=60, same=False, faults=("stuck_low",)),
    Mishap("pir_noisy", "PIR noisy: on for 42 % of an hour in which nobody comes", 2, "restless", 125 * M, 190 * M, oddity=_restless_pir),
    Mishap("pir_absent", "PIR absent, silent (its cable is cut)", 2, "blind", 45 * M, 60 * M, -LEAD_MS, 60, False, faults=("silent",)),
    Mishap("ld2410_on", "LD2410 stuck on", 1, "stuck", 14 * M, 17 * M, faults=("stuck_high",)),
    Mishap("ld2410_off", "LD2410 stuck off", 1, "blind", 45 * M, 60 * M, users=60, same=False, faults=("stuck_low",)),
    Mishap("ld2410_noisy", "LD2410 noisy", 1, "restless", 125 * M, 190 * M, oddity=_restless_ld2410),
    Mishap("ld2410_silent", "LD2410 falls silent", 1, "radar", 5 * M, 7 * M, same=False, quick=True, faults=("silent",)),
    Mishap("ld2410_absent", "LD2410 absent", 1, "radar", 2 * M, 4 * M, -LEAD_MS, same=False, quick=True, faults=("silent",)),
    Mishap("ld2451_on", "LD2451 shows one target for ever", 3, "radar", 14 * M, 17 * M, faults=("stuck_high",)),
    Mishap("ld2451_off", "LD2451 shows nobody, but answers", 3, "blind", 90 * M, 100 * M, users=60, same=False, faults=("stuck_low",)),
    Mishap("ld2451_noisy", "LD2451 noisy: phantoms, three a minute", 3, "", 6 * M, 8 * M, oddity=_phantoms_ld2451),
    Mishap("ld2451_silent", "LD2451 falls silent", 3, "radar", 14 * M, 17 * M, same=False, faults=("silent",)),
    Mishap("ld2451_absent", "LD2451 absent", 3, "radar", 2 * M, 4 * M, -LEAD_MS, same=False, quick=True, faults=("silent",)),
    Mishap("garbage", "garbage on the UART between the reports", 1, "", 8 * M, 10 * M, users=60, quick=True, oddity=_garbage),
    Mishap(
        "only_garbage", "garbage on the UART in place of reports", 1, "radar", 5 * M, 7 * M, same=False, quick=True, faults=("silent",),
        oddity=_garbage,
    ),
    Mishap("radio_silent", "radio silent", 2, "radio", 7 * M, 9 * M, same=False, quick=True, breakdown="radio"),
    Mishap("radio_flooded", "radio flooded, 1,000 telegrams a second", 2, "flood", 3 * M, 5 * M, users=60, quick=True, oddity=_flood),
    Mishap(
        "radio_replayed", "radio silent but for what was heard before, replayed", 2, "radio", 7 * M, 9 * M, users=30, same=False,
        quick=True, breakdown="radio", oddity=_replay,
    ),
    Mishap("no_identity", "file `identity` torn", 2, "identity", None, 4 * M, -LEAD_MS, 60, quick=True, oddity=_torn("identity")),
    Mishap("no_board", "file `board` torn", 2, "board", None, 4 * M, -LEAD_MS, 60, oddity=_torn("board")),
    Mishap("no_program", "file `program` torn", 2, "program", None, 4 * M, -LEAD_MS, 60, quick=True, oddity=_torn("program")),
    Mishap("no_table", "file `table` torn", 2, "table", None, 4 * M, -LEAD_MS, 60, oddity=_torn("table")),
    Mishap("no_adjacent", "file `adjacent` torn", 2, "table", None, 4 * M, -LEAD_MS, 60, oddity=_torn("adjacent")),
    Mishap("no_keys", "file `keys` torn", 2, "keys", None, 4 * M, -LEAD_MS, 60, oddity=_torn("keys")),
    Mishap("bad_settings", "settings bad in every field", 2, "program", None, 4 * M, -LEAD_MS, 60, quick=True, oddity=_bad_settings),
    Mishap("clock_unset", "clock never set", 2, "clock", 4 * M, 7 * M, -LEAD_MS, 60, quick=True, oddity=_never_set),
    Mishap("clock_1970", "clock in 1970", 2, "clock", 4 * M, 7 * M, -LEAD_MS, 60, oddity=_since_1970),
    Mishap("clock_jumps", "clock jumps by a day, and back", 2, "clock", 5 * M, 8 * M, users=60, quick=True, oddity=_jump),
    Mishap("clock_jumped", "clock jumps by a day, and stays there", 2, "clock", FROM, 70 * M, users=10, same=False, oddity=_jump_for_good),
    Mishap(
        "sense_raises", "a task raises: sense", 2, "sense", 3 * M, 6 * M, same=False, quick=True,
        patch=_once(_SENSE, 8, 'raise ValueError("planted")'),
    ),
    Mishap(
        "mesh_raises", "a task raises: mesh", 2, "mesh", 3 * M, 6 * M, same=False,
        patch=_once(_MESH, 12, 'raise ValueError("planted")'),
    ),
    Mishap(
        "control_raises", "a task raises: control, again and again", 2, "task", 3 * M, 6 * M, same=False,
        patch=_once(_CONTROL, 8, 'raise ValueError("planted")'),
    ),
    Mishap(
        "mesh_waits", "a task hangs in waiting: mesh", 2, "mesh", FROM, 6 * M, same=False,
        patch=_once(_MESH, 12, "await asyncio.sleep_ms(300_000)", _AT + 10_000)
        + [("lykta_node/tasks/mesh.py", "from array import array\n", "import asyncio\nfrom array import array\n")],
    ),
    Mishap(
        "control_waits", "a task hangs in waiting: control", 2, "", FROM, 6 * M, same=False,
        patch=_once(_CONTROL_RUN, 12, "import asyncio\nawait asyncio.sleep_ms(300_000)", _AT + 10_000),
    ),
    Mishap(
        "computes", "a task never waits", 2, "", FROM, 6 * M, same=False,
        patch=_once(_SENSE, 8, "while True:\n    pass", _AT + 20_000),
    ),
    Mishap(
        "no_memory", "memory exhausted, to the last 32 bytes", 2, "memory", 3 * M, 6 * M, same=False,
        patch=_once(_WATCH, 8, _ALL_MEMORY),
    ),
    Mishap("lamp_out", "lamp does not light (post with an energy meter)", 2, "lamp", 6 * M, 8 * M, oddity=_lamp_out),
    Mishap("wrap", "ticks begin again at 0", 2, "", FROM, 5 * M, -LEAD_MS, 60, quick=True, oddity=_wrap),
    Mishap("node_dead", "node without power", 2, "", 5 * M, 8 * M, users=60, quick=True, breakdown="node"),
)  # fmt: skip
