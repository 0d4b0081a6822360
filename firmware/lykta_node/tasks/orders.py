"""Commands to this node: who gave them is proved by a tag under the node's own key, and none is obeyed twice.

A command carries a number that rises with each one, and until when it is void. The last number obeyed outlives a restart. What
a command may do only raises light, shows who the lamp is, restarts it, or opens a commissioning window: lowering comes as a sealed
program. By which way a command came, radio or network, makes no difference.
"""

from array import array

from micropython import const

from ..core import lamp as row
from ..core import payload, telegram
from . import ticks

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .control import Control
    from .walktest import WalkTest

# What became of a command.
DONE = const(0)
BROKEN = const(1)  # it cannot be read
ANOTHER = const(2)  # it is for another lamp
OLD = const(3)  # its number is not higher than that of the last one
LATE = const(4)  # it has expired
FORGED = const(5)
UNABLE = const(6)  # it needs a clock that is not set, or a flash that takes nothing
VERDICTS = ("", "broken", "another", "old", "late", "forged", "unable")

_LAST = "order"  # counters in the store: number of the last command,
_LEVEL = "over_level"  # level of an override until a time,
_END = "over_end"  # and that time, as a stamp
_LONGEST_S = const(86_400)
_SHOW_S = const(3_600)


class Orders:
    """Obeys commands. `key`: the node's own, None if it has none; `store` keeps the number of the last command."""

    def __init__(self, number: int, key, clock, store, log, restart, led=None) -> None:
        """`restart`: what RESTART calls; `clock` is the clock task; `led` flashes in a walk-test."""
        self.identify_until = -1  # ticks; -1: nobody asks
        self.control: "Control"  # set by `app`: both need the orders, or what needs them, first
        self._walk_test: "WalkTest | None" = None
        self.restart = restart
        self.window = self._nobody  # called with for how long [s] a commissioning window is to be open
        self.ear = self._nobody  # called with the verdict on each command that is not for another, before it is done
        self.fields = array("i", [0] * payload.COMMAND_LENGTH)  # of the last command that could be read
        self._number = number
        self._key = key
        self._clock = clock
        self._store = store
        self._log = log
        self._led = led
        self._level = store.count(_LEVEL)
        self._end = store.count(_END) if self._level else 0

    def obey(self, buffer, begin: int, length: int) -> bool:
        """Take the command in `length` bytes from `begin`, tag included. False: not for us, not new, not in time, or not proved."""
        return self.judge(buffer, begin, length) == DONE

    def judge(self, buffer, begin: int, length: int) -> int:
        """The same, with the verdict."""
        verdict = self._judge(buffer, begin, length)
        if verdict != ANOTHER:
            self.ear(verdict)
        if verdict == DONE:
            self._do(self.fields[payload.VERB], self.fields[payload.FIRST], self.fields[payload.SECOND])
        return verdict

    def identifies(self) -> bool:
        """Whether somebody asked which lamp this is, and may still be looking."""
        if self.identify_until >= 0 and ticks.since(ticks.now(), self.identify_until) <= 0:
            self.identify_until = -1
        return self.identify_until >= 0

    def walking(self) -> bool:
        """Whether a walk-test is on."""
        return self._walk_test is not None and self._walk_test.runs()

    def walk(self, ms: int) -> None:
        """Start a walk-test of so many ms, or end the one there is (0)."""
        if self._walk_test is None:
            from .walktest import WalkTest  # before a technician asks for one, it takes no memory

            self._walk_test = WalkTest(self.control, self._led)
        self._walk_test.begin(ms)

    def keep(self) -> None:
        """An override until a time holds until then, whatever restarted meanwhile; to be called now and then."""
        stamp = self._clock.stamp()
        if self._level and stamp:
            if stamp >= self._end:
                self._level = 0
            elif not self.control.lamp[row.OVERRIDE]:
                self.control.override(self._level, (self._end - stamp) * telegram.STAMP_S * 1000)

    def _judge(self, buffer, begin: int, length: int) -> int:
        wire = payload.Wire(buffer)
        wire.open(begin, begin + length - telegram.TAG)
        fields = self.fields
        if self._key is None or length <= telegram.TAG or not wire.take(fields, 0, payload.COMMAND) or wire.at != wire.end:
            for at in range(payload.COMMAND_LENGTH):
                fields[at] = 0
            return BROKEN
        if fields[payload.RECIPIENT] != self._number:
            return ANOTHER
        if fields[payload.ORDER] <= self._store.count(_LAST):
            return OLD
        stamp = self._clock.stamp()
        if stamp and fields[payload.EXPIRY] < stamp:
            return LATE
        if not self._key.proves(buffer, begin, length):
            return FORGED
        if fields[payload.VERB] == payload.OVERRIDE_UNTIL and fields[payload.FIRST] and not stamp:
            return UNABLE
        if not self._store.set_count(_LAST, fields[payload.ORDER]):
            return UNABLE  # it could be obeyed again and again
        return DONE

    def _do(self, verb: int, first: int, second: int) -> None:
        self._log.say(f"command {verb}: {first}, {second}")
        if verb == payload.OVERRIDE:
            self._override(min(first, 1000), min(second, _LONGEST_S), 0)
        elif verb == payload.OVERRIDE_UNTIL:
            end = min(second, self._clock.stamp() + _LONGEST_S // telegram.STAMP_S)
            self._override(min(first, 1000), max(0, end - self._clock.stamp()) * telegram.STAMP_S, end)
        elif verb == payload.IDENTIFY:
            self.identify_until = ticks.later(ticks.now(), min(first, _SHOW_S) * 1000)
        elif verb == payload.WALK_TEST:
            self.walk(min(first, _SHOW_S) * 1000)
        elif verb == payload.CLOCK:
            self._clock.set(first, second)
        elif verb == payload.RESTART:
            self.restart()
        elif verb == payload.WINDOW:
            self.window(first)

    def _nobody(self, what: int) -> None:
        """Nobody listens: this node has no network."""

    def _override(self, level: int, seconds: int, end: int) -> None:
        """At least a level for so long; `end`: the stamp until which that outlives a restart, 0: it does not."""
        kept = level if end else 0
        if kept != self._level:
            self._store.set_count(_LEVEL, kept)
        if kept:
            self._store.set_count(_END, end)
        self._level = kept
        self._end = end
        self.control.override(level, seconds * 1000)
