"""I2C with the devices that hang on it, and the ADC, of the virtual board."""

from vboard import ADC_IN, LUX, board
from vpin import number_of

_ENODEV = 19
_ETIMEDOUT = 116


class Bh1750:
    """A light sensor: opcodes 0x10 to 0x13, 0x20 to 0x23 start a measurement of 120 or 16 ms; two bytes, 1.2 to the lux."""

    def __init__(self):
        self.lux = 0
        self._powered = False
        self._ready = None  # when the measurement under way is done
        self._value = 0

    def write(self, data):
        """An opcode."""
        code = data[0]
        if code in (0x00, 0x01):
            self._powered = code == 0x01
        elif code in (0x10, 0x11, 0x13, 0x20, 0x21, 0x23):
            self._powered = True
            self._ready = board.now + (16 if code & 0x0F == 3 else 120)

    def read(self, count):
        """The last value that was done; 0 before the first."""
        if self._ready is not None and board.now >= self._ready:
            self._value = min(65535, self.lux * 12 // 10)
        return self._value.to_bytes(2, "big")[:count]


#: (bus, address) -> device: an object with write(bytes) and read(count) -> bytes.
devices = {}


def _take_lux(which, value, data):
    """The light on the sensor of bus `which`; a negative value takes the sensor off the bus."""
    key = (which, 0x23)
    if value < 0:
        devices.pop(key, None)
        return
    if key not in devices:
        devices[key] = Bh1750()
    devices[key].lux = value


board.takers[LUX] = _take_lux


class I2C:
    """A bus; OSError(ENODEV) where nobody answers."""

    def __init__(self, id=0, *, scl=None, sda=None, freq=400_000, timeout=50_000):
        if id not in (0, 1):
            raise ValueError("I2C(%d) doesn't exist" % id)
        self._bus = id
        for pin in (scl, sda):
            if pin is not None:
                number_of(pin)

    def _device(self, addr):
        found = devices.get((self._bus, addr))
        if found is None:
            raise OSError(_ENODEV)
        return found

    def scan(self):
        """The addresses that answer."""
        return sorted(addr for bus, addr in devices if bus == self._bus)

    def writeto(self, addr, buf, stop=True):
        """Write; how many bytes were acknowledged."""
        self._device(addr).write(bytes(buf))
        return len(buf)

    def readfrom(self, addr, nbytes, stop=True):
        """Read so many bytes."""
        return self._device(addr).read(nbytes)

    def readfrom_into(self, addr, buf, stop=True):
        """Fill a buffer."""
        buf[:] = self._device(addr).read(len(buf))

    def readfrom_mem(self, addr, memaddr, nbytes, *, addrsize=8):
        """Read from a register."""
        device = self._device(addr)
        device.write(memaddr.to_bytes(addrsize // 8, "big"))
        return device.read(nbytes)

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        """Fill a buffer from a register."""
        buf[:] = self.readfrom_mem(addr, memaddr, len(buf), addrsize=addrsize)

    def writeto_mem(self, addr, memaddr, buf, *, addrsize=8):
        """Write to a register."""
        self._device(addr).write(memaddr.to_bytes(addrsize // 8, "big") + bytes(buf))


class SoftI2C(I2C):
    """The same in software, on any pins: here always bus 0."""

    def __init__(self, scl, sda, *, freq=400_000, timeout=50_000):
        super().__init__(0, scl=scl, sda=sda, freq=freq, timeout=timeout)


_volts = {}


def _take_volts(which, value, data):
    _volts[which] = value


board.takers[ADC_IN] = _take_volts


class ADC:
    """An analogue input: uV come from the host. ADC2 (pins 0, 2, 4, 12 to 15, 25 to 27) fails while Wi-Fi is on."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    _FULL_UV = (950_000, 1_250_000, 1_750_000, 2_450_000)
    _SECOND = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27)

    def __init__(self, id, *, sample_ns=None, atten=0):
        self._pin = number_of(id)
        if self._pin not in self._SECOND and not 32 <= self._pin <= 39:
            raise ValueError("invalid pin")
        self._atten = atten

    def init(self, *, sample_ns=None, atten=0):
        """Set the attenuation."""
        self._atten = atten

    def read_uv(self):
        """The voltage [uV], clipped to what the attenuation lets through."""
        from network import WLAN

        if self._pin in self._SECOND and WLAN(0).active():
            raise OSError(-_ETIMEDOUT, "ESP_ERR_TIMEOUT")
        return min(_volts.get(self._pin, 0), self._FULL_UV[self._atten])

    def read_u16(self):
        """The same, 0 to 65535, in the steps of twelve bits."""
        raw = self.read_uv() * 4095 // self._FULL_UV[self._atten]
        return raw << 4 | raw >> 8
