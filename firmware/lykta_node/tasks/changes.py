"""Settings by letter: proved, newer than those there are, sound; then written as a whole, adopted, and answered.

    kept          what is wrong with the letter
    forged        its tag is not under the node's own key                     told as a security event
    another       it is for another lamp
    old           its version is lower than that of settings taken before     told as a security event
    newer         a form, file or schema that this software does not know yet
    broken        it cannot be unpacked, or a file makes no sense
    bad: ...      the program would have to be mended (the faults of `core/repair`)
    expired       tonight is none of the nights that the program is for
    room, flash   they find no place, in memory or flash
    failed        the node did not start with them, and runs on those of before

A letter that is there already is answered as one that was taken.

All of these keep the old settings, untouched (`letterfiles` says how a power cut does).

A program alone is adopted at once: the light goes from where it is to what the new one wants by its ramp, and neither jumps nor dips below
both. With another neighbour table the node starts anew, from full light; neighbours do so at different times. A file that says what the
old one said changes nothing but its version.
"""

import os

from micropython import const

from ..core import almanac, letter, neighbours, program, repair, schema
from . import letterfiles, reasons, ticks
from .alarm import Alarm
from .clock import UNIX_S
from .papers import NOBODY, integers, rows_sound
from .reports import SETTINGS

_IDLE_MS = const(3_600_000)
_APART_MS = const(7_919)  # between the restarts of two neighbours
_SPREAD_MS = const(60_000)
_PREVIOUS_FILES = const(1)  # rung of boot.py
_SPARE = const(4)  # blocks of the file system that stay free
_FAULTS = ("unreadable", "place", "clock", "night", "calendar", "floor", "row", "fixture", "expired")


class Changes:
    """The task. `node` is the app's, `reports` answers for it."""

    def __init__(self, node, mailbox, reports) -> None:
        self.turns = 0
        self._node = node
        self._reports = reports
        self._alarm = Alarm()
        self._came: "bytes | None" = None
        self._restarts_at = -1
        self._fell_back = node.store.count("rung") == _PREVIOUS_FILES
        mailbox.on(letter.SETTINGS, self.take)

    def take(self, data: bytes) -> None:
        """A letter came down. It is looked at when there is time; of several the newest counts."""
        self._came = data
        self._alarm.ring()

    async def run(self) -> None:
        """Wait for letters for ever."""
        while True:
            self.turns = (self.turns + 1) & ticks.WRAP
            self.look()
            pause = _IDLE_MS
            if self._restarts_at >= 0:
                pause = max(0, ticks.since(ticks.now(), self._restarts_at))
                if not pause:
                    self._reports.restart()
                    self._restarts_at = -1
            await self._alarm.sleep(pause)

    def look(self) -> None:
        """Look at the letter that came, if one did. An empty one only takes back what the broker kept."""
        data = self._came
        self._came = None
        if data:
            self.judge(data)

    def judge(self, data: bytes) -> None:
        """Take the settings in a letter, or say why not."""
        reader = letter.Reader(data)
        try:
            reason = self._judge(reader, data)
        except (OSError, MemoryError) as error:
            reason = "flash" if isinstance(error, OSError) else "room"
        if reason == "again":
            reason = ""
        elif reason in ("forged", "old"):
            self._reports.events.tell("security", "settings-" + reason, f"version {reader.version}")
        elif reason:
            self._reports.events.tell("settings", "refused", f"version {reader.version}: {reason}")
        else:
            self._reports.events.tell("settings", "adopted", f"version {reader.version}")
        self._reports.answer("settings", reader.version, not reason, reason)

    def _judge(self, reader, data: bytes) -> str:
        node = self._node
        if not reader.open():
            return "newer" if reader.form > letter.VERSION else "broken"
        if reader.recipient != node.papers.number or reader.recipient == NOBODY:
            return "another"
        if node.papers.key is None or not reader.proves(node.papers.key):
            return "forged"
        files = letterfiles.unpacked(reader, data)
        if files is None:
            return "broken"
        versions = [node.store.version(name) for name in files]
        if reader.version < max(versions + [node.store.count(SETTINGS)]):
            return "old"
        if reader.version == min(versions):
            if self._fell_back:
                return "failed"
            self._taken(reader.version)
            return "again"
        reason = self._fault(files)
        if reason:
            return reason
        if not _has_room([len(data)] + [len(content) for content in files.values()]):
            return "room"
        new = [name for name in files if node.store.read(name) != files[name]]
        letterfiles.keep(node.store, data, reader.version)
        self._taken(reader.version)
        self._adopt(files, new)
        return ""

    def _taken(self, version: int) -> None:
        """Settings of a version are there."""
        if self._node.store.count(SETTINGS) < version:
            self._node.store.set_count(SETTINGS, version)
        self._fell_back = False
        self._reports.change("settings", version)

    def _fault(self, files) -> str:
        """Why these files must not be taken; "" if they may."""
        papers = self._node.papers
        if "program" in files:
            reason = self._program_fault(integers(files["program"]))
            if reason:
                return reason
        if "table" in files and not rows_sound(integers(files["table"]), papers.number):
            return "broken"
        has = integers(files["table"])[neighbours.NEIGHBOURS] if "table" in files else papers.table[neighbours.NEIGHBOURS]
        near = integers(files["adjacent"]) if "adjacent" in files else papers.adjacent
        if len([other for other in near if 0 <= other < NOBODY]) != len(near) or (has and not near):
            return "broken"
        return ""

    def _program_fault(self, numbers) -> str:
        if len(numbers) > almanac.ROW_LENGTH and (numbers[almanac.FORMAT] > almanac.FORMAT_NOW or numbers[almanac.ROW_LENGTH] > schema.ROW):
            return "newer"
        faults = repair.check(numbers, program.Work())
        if faults & repair.UNREADABLE:
            return "broken"
        if faults:
            return "bad: " + ", ".join([_FAULTS[bit] for bit in range(len(_FAULTS)) if faults >> bit & 1])
        now = self._node.clock.unix()
        if now is not None:
            day, second = divmod(now - UNIX_S, 86_400)
            if not numbers[almanac.FIRST] <= almanac.night_of(numbers, day, second) <= numbers[almanac.LAST]:
                return "expired"
        return ""

    def _adopt(self, files, new) -> None:
        """Let the law have what is `new` in them."""
        node = self._node
        if "program" in new:
            node.papers.program = integers(files["program"])
            try:
                node.clock.change(node.papers.program)
                node.control.fault(reasons.PROGRAM, 0)
            except MemoryError:
                self._restarts_at = ticks.now()
        if "table" in new or "adjacent" in new:
            self._restarts_at = ticks.later(ticks.now(), node.papers.number * _APART_MS % _SPREAD_MS)


def _has_room(lengths) -> bool:
    """Whether files of these lengths find a place, and something stays free."""
    about = os.statvfs("/")
    blocks = _SPARE
    for length in lengths:
        blocks += length // about[0] + 2  # header and the file system's own
    return about[3] >= blocks
