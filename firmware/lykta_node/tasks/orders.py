"""Commands to this node: who gave them is proved by a tag under the node's own key, and none is obeyed twice.

A command carries a number that rises with each one, and until when it is void. The last number obeyed outlives a restart. What
a command may do only raises light, shows who the lamp is, or restarts it: lowering comes as a signed program.
"""

from array import array

from micropython import const

from ..core import payload, telegram
from . import ticks

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .control import Control
    from .walktest import WalkTest

_LAST = "order"  # its counter in the store


class Orders:
    """Obeys commands. `key`: the node's own, None if it has none; `store` keeps the number of the last command."""

    def __init__(self, number: int, key, clock, store, log, restart) -> None:
        """`restart`: what RESTART calls; `clock` is the clock task."""
        self.identify_until = -1  # ticks; -1: nobody asks
        self.control: "Control"  # set by `app`: both need the orders, or what needs them, first
        self.walk_test: "WalkTest"
        self._number = number
        self._key = key
        self._clock = clock
        self._store = store
        self._log = log
        self._restart = restart
        self._fields = array("i", [0] * payload.COMMAND_LENGTH)

    def obey(self, buffer, begin: int, length: int) -> bool:
        """Take the command in `length` bytes from `begin`, tag included. False: not for us, not new, not in time, or not proved."""
        wire = payload.Wire(buffer)
        wire.open(begin, begin + length - telegram.TAG)
        fields = self._fields
        if self._key is None or length <= telegram.TAG or not wire.take(fields, 0, payload.COMMAND) or wire.at != wire.end:
            return False
        if fields[payload.RECIPIENT] != self._number or fields[payload.ORDER] <= self._store.count(_LAST):
            return False
        stamp = self._clock.stamp()
        if stamp and fields[payload.EXPIRY] < stamp:
            return False
        if not self._key.proves(buffer, begin, length):
            return False
        self._store.set_count(_LAST, fields[payload.ORDER])
        self._do(fields[payload.VERB], fields[payload.FIRST], fields[payload.SECOND])
        return True

    def identifies(self) -> bool:
        """Whether somebody asked which lamp this is, and may still be looking."""
        if self.identify_until >= 0 and ticks.since(ticks.now(), self.identify_until) <= 0:
            self.identify_until = -1
        return self.identify_until >= 0

    def walking(self) -> bool:
        """Whether a walk-test is on."""
        return self.walk_test.runs()

    def _do(self, verb: int, first: int, second: int) -> None:
        self._log.say(f"command {verb}: {first}, {second}")
        if verb == payload.OVERRIDE:
            self.control.override(min(first, 1000), min(second, 86_400) * 1000)
        elif verb == payload.IDENTIFY:
            self.identify_until = ticks.later(ticks.now(), min(first, 3_600) * 1000)
        elif verb == payload.WALK_TEST:
            self.walk_test.begin(min(first, 3_600) * 1000)
        elif verb == payload.CLOCK:
            self._clock.set(first, second)
        elif verb == payload.RESTART:
            self._restart()
