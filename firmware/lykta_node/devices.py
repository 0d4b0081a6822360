"""Makes the drivers that the board's file describes; part of `app`, which alone constructs things.

A device that is described wrongly is left out and said (`wrong`), the others are made. What not every board has is imported where
it is made: a module takes half a kB to two of the heap.
"""

import machine

from .drivers.fixture import Fixture, full_duty
from .drivers.pir import Pir
from .drivers.status_led import StatusLed
from .tasks import reasons
from .tasks.spares import Bare

BAD = (OSError, ValueError, TypeError, KeyError)  # what a device refuses that the board's file describes wrongly
_RXBUF = 512  # of a UART: 20 ms of an LD2410 are 51 bytes
_BUS_TIMEOUT_US = 10_000


class Devices:
    """All devices of one board, those that it lacks as None. `papers`: its files; `wrong`: set of `reasons`."""

    def __init__(self, papers, store) -> None:
        """The light first. `store`: boot.py is told for the next start where the light is."""
        self.wrong = 0
        self._part = papers.part
        self.fixture = self._fixture(papers.part("fixture"), store)
        self.light_sensor = self._optional("light_sensor", _light_sensor)
        self.meter = self._optional("meter", _meter)
        self.led = self._optional("led", _led)
        # What compares the meter with the level, where the board tells what a level takes.
        self.check = self._optional("fixture", _lamp_check) if self.meter is not None else None
        self.switches: list[Pir] = []  # sensors that go on and off
        self.radars: list[object] = []
        sensors = papers.board.get("sensors", [])
        for about in sensors if isinstance(sensors, list) else ():
            self._add_sensor(about)

    def _fixture(self, about, store):
        """The lamp's driver, at full."""
        try:
            inverted = bool(about.get("inverted", False))
            pwm = machine.PWM(machine.Pin(about["pin"]), freq=about.get("freq", 1000), duty_u16=full_duty(inverted))
            fixture = Fixture(pwm, about["curve"], about["lowest"], inverted)
        except BAD:
            self.wrong |= reasons.BOARD
            return Bare()
        if fixture.curve_bad:
            self.wrong |= reasons.BOARD
        light = about["pin"] + (256 if inverted else 0)
        if store.count("light") != light:
            store.set_count("light", light)
        return fixture

    def _optional(self, name: str, make):
        """A device that not every board has."""
        about = self._part(name)
        try:
            return make(about) if about else None
        except BAD:
            self.wrong |= reasons.BOARD
            return None

    def _add_sensor(self, about) -> None:
        try:
            if about["kind"] == "pir":
                self.switches.append(Pir(machine.Pin(about["pin"], machine.Pin.IN), about["warm_up_ms"], about["blind_ms"]))
            elif about["kind"] in ("ld2410", "ld2451"):
                self.radars.append(_radar(about))
            else:
                self.wrong |= reasons.BOARD | reasons.WIRE
        except BAD:
            self.wrong |= reasons.BOARD | reasons.WIRE


def uart(about, baudrate: int):
    """The UART on which a device hangs."""
    return machine.UART(about["uart"], baudrate, tx=about["tx"], rx=about["rx"], rxbuf=_RXBUF)


def _light_sensor(about):
    from .drivers.light_sensor import LightSensor

    bus = machine.I2C(about["i2c"], sda=machine.Pin(about["sda"]), scl=machine.Pin(about["scl"]), timeout=_BUS_TIMEOUT_US)
    return LightSensor(bus)


def _meter(about):
    from .drivers.meter import COUNTS_FOR_10_W, Meter

    return Meter(uart(about, 4_800), about.get("counts_for_10_w", COUNTS_FOR_10_W))


def _led(about):
    return StatusLed(machine.Pin(about["pin"], machine.Pin.OUT), bool(about.get("inverted", False)))


def _lamp_check(about):
    from .drivers.lamp_check import LampCheck

    return LampCheck(about["power"]) if about.get("power") else None


def _radar(about):
    """A radar of either kind."""
    if about["kind"] == "ld2410":
        from .drivers.ld2410 import Ld2410

        return Ld2410(uart(about, 256_000))
    from .drivers.ld2451 import Ld2451

    return Ld2451(uart(about, 115_200))
