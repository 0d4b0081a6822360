"""What the node finds by itself, told as events: faults and their ends, hostile telegrams, a clock that jumped."""

from micropython import const

from ..core import lamp as row
from ..core import telegram
from . import reasons
from .clock import DOUBT

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .events import Events

_GATE = ("", "length", "unknown", "segment", "stranger", "old", "stale", "busy", "forged")
#: Verdicts of the gate that honest neighbours do not cause.
_HOSTILE = (telegram.LENGTH, telegram.UNKNOWN, telegram.STALE, telegram.BUSY, telegram.FORGED)
_TASKS = ("task", "mesh", "sense")  # reasons of tasks that ended


class Findings:
    """`node` is the app's."""

    def __init__(self, node, events: "Events") -> None:
        self._node = node
        self._events = events
        self._wrong = 0
        self._faults = 0
        self._clock_was = node.clock.state
        self._told = [0] * telegram.VERDICTS  # of the gate's counts, as events
        self._counted = [0] * telegram.VERDICTS  # in telemetry

    def look(self) -> None:
        """Tell what is new."""
        self._look_at_faults()
        self._look_at_gate()
        clock = self._node.clock.state
        if clock == DOUBT and self._clock_was != DOUBT:
            self._events.tell("security", "clock-jump", "the clock is not believed")
        self._clock_was = clock

    def names(self) -> "list[str]":
        """What is wrong now."""
        return reasons.names(self._wrong, self._faults)

    def refusals(self):
        """{verdict of the gate: how many telegrams since this was last asked}, those that there were."""
        found = {}
        if self._node.mesh is not None:
            for verdict in range(1, telegram.VERDICTS):
                count = self._node.mesh.gate.counts[verdict]
                if count > self._counted[verdict]:
                    found[_GATE[verdict]] = count - self._counted[verdict]
                self._counted[verdict] = count
        return found

    def _look_at_faults(self) -> None:
        node = self._node
        wrong = node.control.reasons & ~reasons.WARM_UP  # every start has that
        faults = node.control.lamp[row.FAULTS] & reasons.FAULTS
        if wrong == self._wrong and faults == self._faults:
            return
        for name in reasons.names(wrong & ~self._wrong, faults & ~self._faults):
            self._events.tell("fault", name, _last_end(node.log) if name in _TASKS else "")
        for name in reasons.names(self._wrong & ~wrong, self._faults & ~faults):
            self._events.tell("right", name)
        self._wrong = wrong
        self._faults = faults

    def _look_at_gate(self) -> None:
        if self._node.mesh is None:
            return
        counts = self._node.mesh.gate.counts
        for verdict in _HOSTILE:
            if counts[verdict] > self._told[verdict]:
                self._events.tell("security", "radio-" + _GATE[verdict], "", counts[verdict] - self._told[verdict])
                self._told[verdict] = counts[verdict]


def _last_end(log) -> str:
    """What the log last said of a task that ended, without the time."""
    for line in reversed(log.lines()):
        if " ended: " in line:
            return line.split("s  ", 1)[1]
    return ""
