"""Is the lamp as bright as it was told to be? Compares the power that is measured with the power that its level should take.

finding   detected                                                                      gone
OUT       less than half of what the level should take, and 1 W less at least           by one measurement that is right
BURNING   more than twice of what the level should take, and 2 W more at least          by one measurement that is right

Twelve measurements in a row must say so (a minute); those within 5 s of a change of level do not count, nor break the row. A lamp
that is out stays commanded: it may light again by itself, and nothing gets darker by believing a meter.
"""

from array import array

from micropython import const

# Findings.
FINE = const(0)
OUT = const(1)
BURNING = const(2)  # by day too: at level 0 it should take what standby takes

_TICKS = const(0x3FFFFFFF)
_STEADY_MS = const(4_500)  # the meter's mean lags behind the level; it is asked every 5 s
_SURE = const(12)
_OUT_MW = const(1_000)
_BURNING_MW = const(2_000)


class LampCheck:
    """Judges one lamp. `finding` is FINE, OUT or BURNING."""

    def __init__(self, power) -> None:
        """`power`: pairs of (level [permille], power [mW]) from (0, standby) to (1000, full), rising, as the fixture has them."""
        self._power = array("i", [value for pair in power for value in pair])
        self._level = -1
        self._since = 0
        self._steady = False
        self._suspect = FINE
        self._row = 0  # measurements in a row that agree with the suspicion
        self.finding = FINE

    def judge(self, now: int, level: int, power_mw: int) -> bool:
        """Take a new measurement of the meter and the level that is commanded; whether the finding has changed."""
        if level != self._level:
            self._level = level
            self._since = now
            self._steady = False
            return False
        if not self._steady:
            if (now - self._since) & _TICKS < _STEADY_MS:
                return False
            self._steady = True
        suspect = self._compare(self.expected(level), power_mw)
        self._row = min(self._row + 1, _SURE) if suspect == self._suspect else 1
        self._suspect = suspect
        if suspect == self.finding or (suspect != FINE and self._row < _SURE):
            return False
        self.finding = suspect
        return True

    def expected(self, level: int) -> int:
        """What a level should take [mW]: linear between the pairs."""
        power = self._power
        at = 2
        while at < len(power) - 2 and power[at] < level:
            at += 2
        way = power[at] - power[at - 2]
        share = min(max(level - power[at - 2], 0), way)
        rise = power[at + 1] - power[at - 1]
        return power[at - 1] + rise // way * share + rise % way * share // way  # rise times share may leave 2^30

    def _compare(self, expected: int, found: int) -> int:
        if found * 2 < expected and expected - found >= _OUT_MW:
            return OUT
        if found > expected * 2 and found - expected >= _BURNING_MW:
            return BURNING
        return FINE
