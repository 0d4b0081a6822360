"""What a lamp did in a quarter of an hour or more: its mean level and energy, how often it detected somebody.

The level is looked at every two seconds: the mean of a quarter of an hour is right to about 2 permille. Where a meter counts, its energy is
told; else what the fixture's table says of the levels, which is marked as estimated. Nothing here is kept finer than these sums.
"""

from micropython import const

from ..core import lamp as row
from . import ticks

_NUMBERS = const(65_535)  # after which those of detections begin again
_HOUR_S = const(3_600)  # mW times s in a mWh


class Account:
    """The sums since `begin`. `draws.expected(level)` gives mW, or is None; so is a `meter` that is not there."""

    def __init__(self, control, fixture, meter, draws) -> None:
        self._control = control
        self._fixture = fixture
        self._meter = meter
        self._draws = draws
        self._ticks = ticks.now()
        self._ms = 0
        self.seconds = 0
        self._light = 0  # permille * s
        self._work = 0  # mW * s, estimated
        self._sound = True
        self.begin()

    def begin(self) -> None:
        """A new account; the time since the last look belongs to the old one."""
        self.look()
        self.seconds = self._light = self._work = 0
        self._metered = self._meter.energy_mwh if self._meter is not None else 0
        self._sound = self._meter is not None and not self._meter.fault
        self._number = self._control.lamp[row.NUMBER]

    def look(self) -> None:
        """Account for the time since the last look, at the level of now."""
        now = ticks.now()
        self._ms += max(0, ticks.since(self._ticks, now))
        self._ticks = now
        seconds = self._ms // 1000
        if not seconds:
            return
        self._ms -= seconds * 1000
        self.seconds += seconds
        level = self._fixture.level
        self._light += level * seconds
        if self._draws is not None:
            self._work += self._draws.expected(level) * seconds
        if self._meter is not None and self._meter.fault:
            self._sound = False

    def level(self) -> int:
        """Mean luminous flux [permille]."""
        return (self._light + self.seconds // 2) // self.seconds if self.seconds else self._fixture.level

    def energy_mwh(self) -> "int | None":
        """Energy [mWh]; None: there is neither a meter nor a table."""
        if self._sound and self._meter is not None:
            return self._meter.energy_mwh - self._metered
        return (self._work + _HOUR_S // 2) // _HOUR_S if self._draws is not None else None

    def estimated(self) -> bool:
        """Whether the energy is not measured."""
        return not self._sound

    def detections(self) -> int:
        """How often the lamp's own sensors detected somebody."""
        return (self._control.lamp[row.NUMBER] - self._number) % _NUMBERS
