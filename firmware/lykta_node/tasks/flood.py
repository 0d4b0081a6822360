"""Whether so much comes in by radio that telegrams are lost unread: then who comes may not be known, and the lamp is bright."""

from micropython import const

from . import reasons, ticks

_LOOK_MS = const(2_000)
_FLOODED = const(20)  # telegrams refused unread, within
_FLOOD_MS = const(10_000)
_CALM_MS = const(60_000)


class Flood:
    """Counts what a radio had no time or no room for, and tells control."""

    def __init__(self, radio, now: int) -> None:
        self._radio = radio
        self._lost = 0  # telegrams that the radio itself had no room for
        self._looked = now
        self._since = 0
        self._last = 0
        self._count = 0

    def look(self, now: int, control) -> None:
        """Every now and then: has the radio lost telegrams for want of room, or turned deaf? Is a flood over?"""
        if ticks.since(self._looked, now) < _LOOK_MS:
            return
        self._looked = now
        lost = self._radio.overflows()
        for _ in range(min(max(0, lost - self._lost), _FLOODED)):
            self.refused(now, control)
        self._lost = lost
        if self._radio.deaf:
            control.fault(reasons.FLOOD, 1)
        elif self._count and ticks.since(self._last, now) >= _CALM_MS:
            self._count = 0
            control.fault(reasons.FLOOD, 0)

    def refused(self, now: int, control) -> None:
        """A telegram could not be looked at."""
        if not self._count or ticks.since(self._since, now) > _FLOOD_MS:
            self._since = now
            self._count = 0
        self._count = min(self._count + 1, _FLOODED)
        self._last = now
        if self._count == _FLOODED:
            control.fault(reasons.FLOOD, 1)
