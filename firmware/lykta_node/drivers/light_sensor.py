"""BH1750: daylight on I2C, as a check on lamps that burn by day and for a node that has lost the time.

One measurement at a time: the chip is told to measure (0x20: once, 1 lx, then it sleeps) and read 180 ms later. A chip that lost power
in between needs no set-up, so it comes back by itself.
"""

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import I2C

ADDRESS = const(0x23)
ADDRESS_HIGH = const(0x5C)  # with its ADDR pin high

_TICKS = const(0x3FFFFFFF)
_ONCE = b"\x20"
_TAKES_MS = const(180)  # the longest that the data sheet allows
_EVERY_MS = const(10_000)
_FAILURES = const(3)  # in a row are a fault

_NEW = const(0)
_RESTS = const(1)
_MEASURES = const(2)


class LightSensor:
    """A BH1750. `lux` is the newest measurement, -1 before the first and while the sensor is faulty."""

    def __init__(self, i2c: "I2C", address: int = ADDRESS) -> None:
        """Make the bus with a short timeout (10 ms): while a line is held low, a transfer takes all of it."""
        self._i2c = i2c
        self._address = address
        self._bytes = bytearray(2)
        self._state = _NEW
        self._since = 0
        self._failed = 0
        self.lux = -1
        self.fault = False

    def poll(self, now: int) -> bool:
        """Carry on with the measurement; whether there is a new one."""
        passed = (now - self._since) & _TICKS
        try:
            if self._state == _MEASURES:
                if passed < _TAKES_MS:
                    return False
                self._enter(_RESTS, now)
                self._i2c.readfrom_into(self._address, self._bytes)
                # The data sheet's 1.2 counts for 1 lx.
                self.lux = (self._bytes[0] << 8 | self._bytes[1]) * 5 // 6
                self._failed = 0
                self.fault = False
                return True
            if self._state == _NEW or passed >= _EVERY_MS:
                self._enter(_MEASURES, now)
                self._i2c.writeto(self._address, _ONCE)
        except OSError:
            self._enter(_RESTS, now)
            self._failed = min(self._failed + 1, _FAILURES)
            if self._failed == _FAILURES:
                self.fault = True
                self.lux = -1
        return False

    def _enter(self, state: int, now: int) -> None:
        self._state = state
        self._since = now
