"""The host's hook in the app: what crosses the boundary of the core goes out as TRACE frames; each carries integers of 32 bits."""

from array import array

import hooks
from vboard import TRACE, board

START, RENUMBER, ADVANCE, READING, FRAME, HEARTBEAT, OVERRIDE, FAULT, TARGET = range(1, 10)


class Trace:
    """`what`: "targets" tells only where the light goes; "all" everything that reaches the core."""

    def __init__(self, what):
        self._all = what == "all"
        self.pause = hooks.Pause

    def _tell(self, code, *values):
        board.emit(TRACE, code, 0, bytes(array("i", values)))

    def start(self, now, number):
        """The core starts, its detections counted from a number on."""
        if self._all:
            self._tell(START, now, number)

    def renumber(self, ms):
        """The lamp's clock is set back."""
        if self._all:
            self._tell(RENUMBER, ms)

    def advance(self, ms):
        """Time passes for the core."""
        if self._all and ms:
            self._tell(ADVANCE, ms)

    def reading(self, t, kind, road_user, distance, speed):
        """A reading."""
        if self._all:
            self._tell(READING, t, kind, road_user, distance, speed)

    def frame(self, t, frame):
        """A neighbour's detection."""
        if self._all:
            self._tell(FRAME, t, *frame)

    def heartbeat(self, t, neighbour, ago_ms, share, lying):
        """A neighbour's sign of life."""
        if self._all:
            self._tell(HEARTBEAT, t, neighbour, ago_ms, share, int(lying))

    def override(self, t, level, ms):
        """A command."""
        if self._all:
            self._tell(OVERRIDE, t, level, ms)

    def fault(self, t, bit, present):
        """A driver's fault comes or goes."""
        if self._all:
            self._tell(FAULT, t, bit, int(present))

    def target(self, t, position, target, rate, cause):
        """The light goes somewhere else from now on."""
        self._tell(TARGET, t, position, target, rate, cause)
