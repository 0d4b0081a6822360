"""Walk-test: the technician walks down the street and sees at each post whether he was noticed.

Every new detection of the lamp's own sensors makes the light blink twice, down to what the phase asks for (by day up from a dim
light); between detections everything the law lights beyond that is shown at full. It ends by itself, and is never darker than the
phase and the floor ask for, nor darker at all while a fault makes the lamp bright.
"""

from micropython import const

from ..core import lamp as row
from ..core import settings as block
from . import ticks

_BLINK_MS = const(300)  # dark, bright, dark, bright
_BLINKS = const(4)
_FULL = const(1000)
_BY_DAY = const(150)  # so that a lamp under test can be told from one that is off


class WalkTest:
    """Put it in control's `show_as` while it lasts."""

    def __init__(self, control, led) -> None:
        """`led` flashes at each detection; None without one."""
        self._control = control
        self._led = led
        self._until = 0
        self._number = 0  # of the detection seen last
        self._seen = 0  # ticks of it
        self._blinks = False

    def begin(self, ms: int) -> None:
        """Start a walk-test of so many ms, or end the one there is (0)."""
        now = ticks.now()
        self._until = ticks.later(now, ms)
        self._number = self._control.lamp[row.NUMBER]
        self._blinks = False
        self._control.show(self if ms > 0 else None)

    def runs(self) -> bool:
        """Whether there is one."""
        return self._control.shown_as(self)

    def level(self, lamp, settings, level: int) -> int:
        """What to show instead of `level` [permille]. Allocates nothing."""
        now = ticks.now()
        if ticks.since(now, self._until) <= 0:
            self._control.show(None)
            return level
        if lamp[row.NUMBER] != self._number:
            self._number = lamp[row.NUMBER]
            self._seen = now
            self._blinks = True
            if self._led is not None:
                self._led.flash(now)
        entry = lamp[row.ENTRY]
        rest = max(settings[entry + block.IDLE], settings[entry + block.FLOOR])
        if lamp[row.FAULTS]:
            rest = level  # bright for a reason
        if self._blinks:
            part = ticks.since(self._seen, now) // _BLINK_MS
            if part < _BLINKS:
                return _FULL if part & 1 else max(rest, _BY_DAY)
            self._blinks = False
        return _FULL if level > rest else max(rest, _BY_DAY)
