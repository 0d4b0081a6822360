"""The slow things: light sensor, meter and status LED, and what they say of the lamp."""

import asyncio

from micropython import const

from ..core import health
from ..core import lamp as row
from . import reasons, ticks

_EVERY_MS = const(1_000)
_IDLE_MS = const(10_000)


class Watch:
    """`led`, `light_sensor`, `meter` and `check` may each be None; `led_states`: the module that numbers what the LED can show."""

    def __init__(self, control, fixture, led, led_states, light_sensor, meter, check, orders) -> None:
        self.turns = 0
        self._control = control
        self._fixture = fixture
        self._led = led
        self._states = led_states
        self._light = light_sensor
        self._meter = meter
        self._check = check
        self._orders = orders

    async def run(self) -> None:
        """Poll for ever: the LED as often as it wants, the rest once a second."""
        while True:
            self.turns = (self.turns + 1) & ticks.WRAP
            await asyncio.sleep_ms(self.poll(ticks.now()))

    def poll(self, now: int) -> int:
        """Look at everything once; returns when to look again [ms]."""
        pause = _IDLE_MS
        if self._light is not None:
            self._light.poll(now)
            pause = _EVERY_MS
        if self._meter is not None:
            if self._meter.poll(now) and self._check is not None:
                if self._check.judge(now, self._fixture.level, self._meter.power_mw):
                    self._control.fault(reasons.LAMP, self._check.finding)
            pause = _EVERY_MS
        if self._led is not None:
            self._led.show(now, self.led_state())
            pause = min(pause, self._led.poll(now))
        return pause

    def led_state(self) -> int:
        """The most urgent of what there is to show."""
        states = self._states
        faults = self._control.lamp[row.FAULTS]
        wrong = self._control.reasons
        if self._orders.identifies():
            return states.IDENTIFY
        if self._orders.walking():
            return states.WALK
        if wrong & reasons.PRESENCE & ~reasons.APART or faults & health.LYING:
            return states.SENSOR
        if wrong & reasons.LAMP:
            return states.LAMP
        if wrong & reasons.SETTINGS or faults & health.SETTINGS:
            return states.SETTINGS
        if faults & health.RADIO:
            return states.RADIO
        if faults & health.CLOCK or wrong & reasons.APART:
            return states.CLOCK
        return states.WELL
