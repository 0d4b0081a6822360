"""The eyes: polls the sensors of the post, and hands what they report to control.

A sensor whose wire fails three times in a row, or a radar that does not answer, is reported: who comes may not be known then,
so the light is bright until it works again.
"""

from micropython import const

from . import reasons, ticks

_UNKNOWN = const(3)  # class of road user that no sensor of ours can tell
PERIOD_MS = const(20)  # a switch is seen within this time
_IDLE_MS = const(10_000)
_READINGS = const(16)  # of one radar at a time: one that babbles never holds up the lamp
_FAILURES = const(3)


class Sense:
    """The sensors of one lamp. `switches` go on and off (PIR), `radars` report; both are polled."""

    def __init__(self, control, switches, radars, pause) -> None:
        """`pause(period, due)` gives what to await between two polls: see `alarm.poll_pause`."""
        self.turns = 0
        self._pause = pause
        self._control = control
        self._switches = switches
        self._radars = radars
        self._failures = [0] * (len(switches) + len(radars))

    async def run(self) -> None:
        """Poll for ever."""
        while True:
            self.turns = (self.turns + 1) & ticks.WRAP
            await self._pause(PERIOD_MS, self.poll(ticks.now()))

    def poll(self, now: int) -> int:
        """Take what every sensor has to say; returns when one may have more to say though its wire does not change [ms]."""
        due = _IDLE_MS
        number = 0
        warming = False
        for switch in self._switches:
            self._guard(number, switch, now, self._switch)
            due = min(due, switch.next_due(now))
            warming = switch.warming() or warming
            number += 1
        if self._switches:
            self._control.fault(reasons.WARM_UP, warming)
        answers = True
        for radar in self._radars:
            self._guard(number, radar, now, self._radar)
            answers = radar.alive(now) and answers
            due = min(due, radar.next_due(now))
            number += 1
        if self._radars:
            self._control.fault(reasons.RADAR, not answers)
        return due

    def _guard(self, number: int, sensor, now: int, take) -> None:
        """Take the readings of one sensor; count the times in a row that its wire failed."""
        try:
            take(sensor, now)
            failures = 0
        except OSError:
            failures = min(self._failures[number] + 1, _FAILURES)
        if failures != self._failures[number]:
            self._failures[number] = failures
            if failures in (0, _FAILURES):
                self._control.fault(reasons.WIRE, _FAILURES in self._failures)

    def _switch(self, switch, now: int) -> None:
        kind = switch.poll(now)
        if kind:
            self._control.reading(kind, _UNKNOWN, 0, 0)

    def _radar(self, radar, now: int) -> None:
        for _ in range(_READINGS):
            if not radar.poll(now):
                break
            self._control.reading(radar.kind, _UNKNOWN, radar.distance_cm, radar.speed_cms)
