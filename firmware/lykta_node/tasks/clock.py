"""What time it is, and the settings that go with it: makes each night's block, and doubts a clock that jumps.

state    meaning                                    the light                                 goes on to
UNSET    never set since power-on                   as bright as any phase asks in a fault,   SET, as soon as the time is plausible
                                                    off while the light sensor sees daylight
DOUBT    set, but it jumped by more than 10 min,    the same                                  SET, when it is back where it was, or has
         or it says day while the sensor sees dark                                            run on evenly for an hour; UNSET
SET      known                                      tonight's block                           DOUBT, UNSET

The time of day comes from the RTC, which NTP, a command or the cable may set; how much time passes comes from the ticks alone.
A small difference between the two only moves the lamp's clock: what it has seen keeps its age.
"""

import time
from array import array

from machine import RTC
from micropython import const

from ..core import almanac, lamp, program, repair, schema, settings
from . import ticks
from .alarm import Alarm
from .outlook import Outlook

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .control import Control

UNIX_S = const(946_684_800)  # from 1970 to 2000, where the clock of an ESP32 begins

UNSET = const(0)
DOUBT = const(1)
SET = const(2)

_EARLIEST = const(9_497)  # 2026-01-01 in days since 2000: a clock that shows less was not set
_LATEST = const(36_525)  # 2100-01-01
_EVERY_MS = const(60_000)
_SLACK_MS = const(200)
_JUMP_MS = const(600_000)
_STEP_MS = const(60_000)  # telegrams of clocks that are two minutes apart are refused
_SURE_MS = const(3_600_000)
_REST_MS = const(960_000)  # longer than any light that a detection may still ask for
_DAY_S = const(86_400)
_DAY_MS = const(86_400_000)
_ADRIFT = const(2)  # the block for no known time


class Clock:
    """The clock of one lamp. `table`: the program (`core/almanac`), empty if there is none; `light_sensor` may be None."""

    def __init__(self, table, light_sensor, log) -> None:
        self.turns = 0
        self.state = UNSET
        self.control: "Control"  # set by `app`: control needs the clock first
        self._program = table
        self._outlook = Outlook(light_sensor)
        self._log = log
        self._alarm = Alarm()
        self._work = program.Work()
        self.faults = repair.check(table, self._work)
        self._blocks = _blocks(table)
        self._current = 0
        self._night = 0
        self._ticks = ticks.now()
        self._up = 0  # ms since the start
        self._base = 0  # of the RTC, less `_up`, where it was last believed [ms since 2000]
        self._other = 0  # the same of the clock that is doubted,
        self._since = 0  # and since when it has run on evenly
        self._rest = 0  # after a change of program: what the lamp rests at, at least [permille],
        self._rest_until = 0  # and until when [ms since the start]

    def start(self):
        """What control starts with: (block, ms since the night's origin)."""
        self._pass()
        utc = self._utc()
        if self.state == DOUBT or not self._plausible(utc):
            return self._adrift(), 0
        self.state = SET
        self._base = utc - self._up
        self._make(utc)
        return self._blocks[self._current], self._now(utc)

    def stamp(self) -> int:
        """UTC in units of 4 s since 2000, for telegrams; 0 while it is not known."""
        return int(time.time()) // 4 if self.state == SET else 0

    def unix(self) -> "int | None":
        """UTC in whole seconds since 1970, for letters; None while it is not known."""
        return int(time.time()) + UNIX_S if self.state == SET else None

    def change(self, table) -> None:
        """Another program, which must be sound, from now on; its light comes by a ramp. MemoryError: all is as before.

        For a quarter of an hour the lamp rests no lower than it did: the new one may want light longer for who was seen before.
        """
        blocks = _blocks(table)
        if self.state == SET:
            block = self._blocks[self._current]
            entry = self.control.lamp[lamp.ENTRY]
            self._rest = max(self._rest, block[entry + settings.IDLE], block[entry + settings.FLOOR])
            self._rest_until = self._up + _REST_MS
        self._blocks = blocks
        self._program = table
        self.faults = 0
        if self.state == SET:
            self._turn(self._utc())
        else:
            self.control.adopt(self._adrift(), 0)
        self._alarm.ring()

    def set(self, day: int, second: int, ms: int = 0) -> bool:
        """Set the RTC: days since 2000-01-01, second of the day, ms, UTC. False if that is no plausible time."""
        if not (_EARLIEST <= day < _LATEST and 0 <= second < _DAY_S):
            return False
        date = almanac.date_of(day)
        clock = (second // 3_600, second // 60 % 60, second % 60, ms * 1000)
        RTC().datetime((date // 10_000, date // 100 % 100, date % 100, 0) + clock)
        self._alarm.ring()
        return True

    async def run(self) -> None:
        """Look at the clock for ever."""
        while True:
            self.turns = (self.turns + 1) & ticks.WRAP
            await self._alarm.sleep(self.look())

    def look(self) -> int:
        """Compare RTC and lamp, change the block where that is due; returns when to look again [ms]."""
        self._pass()
        utc = self._utc()
        base = utc - self._up
        if not self._plausible(utc):
            self._lose(UNSET, "the clock is not set")
        elif self.state == UNSET:
            self._believe(utc, base, "the clock is set")
        elif self.state == SET:
            if abs(base - self._base) > _JUMP_MS:
                self._lose(DOUBT, "the clock jumped")
            elif self._dark_by_day():
                self._lose(DOUBT, "the clock says day, but it is dark")
            else:
                self._believe(utc, base, "")
        elif not self._dark_by_day():
            if abs(base - self._base) <= _JUMP_MS or self._up - self._since >= _SURE_MS:
                self._believe(utc, base, "the clock is believed again")
        if self.state == DOUBT and abs(base - self._other) > _JUMP_MS:
            self._other = base
            self._since = self._up
        if self.state == SET:
            if self._rest and self._up >= self._rest_until:
                self._rest = 0
                self._turn(utc)
            left = almanac.night_ms(self._program, self._night) - self.control.now()
            return min(_EVERY_MS, max(1, left))
        self._stay()
        return _EVERY_MS

    # --- a known time -----------------------------------------------------------------------------------------

    def _believe(self, utc: int, base: int, text: str) -> None:
        """The RTC is right: the lamp follows it, into another night where that is due."""
        lost = self.state != SET
        self.state = SET
        if abs(base - self._base) > _STEP_MS:
            self.control.apart()
        self._base = base
        if text:
            self._log.say(text)
        if lost or self._night_of(utc) != self._night:
            self._turn(utc)
        elif abs(self.control.now() - self._now(utc)) >= _SLACK_MS:
            self.control.adopt(self._blocks[self._current], self.control.now() - self._now(utc))

    def _turn(self, utc: int) -> None:
        """Make the block of the night in the place of the one that is not in use, and let the lamp have it."""
        self._current = 1 - self._current
        self._make(utc)
        self.control.adopt(self._blocks[self._current], self.control.now() - self._now(utc))

    def _make(self, utc: int) -> None:
        """Make the block of the night in which a moment lies."""
        self._night = self._night_of(utc)
        self.faults |= program.make(self._program, self._night, self._blocks[self._current], self._work)
        if self._rest:
            settings.rest_at_least(self._blocks[self._current], self._rest)

    def _night_of(self, utc: int) -> int:
        return almanac.night_of(self._program, utc // _DAY_MS, utc % _DAY_MS // 1000)

    def _now(self, utc: int) -> int:
        """A moment on the lamp's clock."""
        return almanac.now_ms(self._program, self._night, utc // _DAY_MS, utc % _DAY_MS // 1000) + utc % 1000

    def _utc(self) -> int:
        """What the RTC shows [ms since 2000]."""
        return time.time_ns() // 1_000_000

    def _plausible(self, utc: int) -> bool:
        return _EARLIEST * _DAY_MS <= utc < _LATEST * _DAY_MS

    def _pass(self) -> None:
        """Count the time since the start; ticks turn round after 12 days, this does not."""
        now = ticks.now()
        self._up += max(0, ticks.since(self._ticks, now))
        self._ticks = now

    # --- no known time ----------------------------------------------------------------------------------------

    def _lose(self, state: int, text: str) -> None:
        """The RTC tells nothing, or nothing to believe."""
        if self.state != state:
            self.state = state
            self._other = self._base
            self._log.say(text)
            self.control.adopt(self._adrift(), 0)

    def _stay(self) -> None:
        """Still no time: look out, and keep the lamp's clock small."""
        was = self._outlook.day
        self._outlook.look()
        back = _DAY_MS if self.control.now() >= _DAY_MS else 0
        if back or was != self._outlook.day:
            self.control.adopt(self._adrift(), back)

    def _adrift(self):
        """The block for no known time: it has run out, so the lamp is as bright as in any fault; off in daylight."""
        block = self._blocks[_ADRIFT]
        self._outlook.look()
        program.make(self._program, _EARLIEST, block, self._work)
        block[settings.END] = 0
        if self._outlook.day:
            row = self._work.row
            schema.defaults(row)
            row[schema.IDLE] = row[schema.FAULT] = 0
            for road_user in range(schema.CLASSES):
                row[schema.PHASE_SETTINGS + road_user * schema.CLASS_SETTINGS + schema.PRESENCE] = 0
            settings.begin(block, 1, block[settings.LOWEST], 0)
            settings.fill(block, 0, 0, 0, row)
        return block

    def _dark_by_day(self) -> bool:
        """Whether the sensor sees the dark of night while the block wants no light."""
        return self._outlook.dark() and self.control.off()


def _blocks(table):
    """Room for the block in use, for the next one, and for that of no known time."""
    length = settings.length(program.entries(table))
    return array("i", [0] * length), array("i", [0] * length), array("i", [0] * length)
