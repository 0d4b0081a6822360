"""Pins, buses and radios in memory that behave as those of the ESP32 do, for tests of single drivers. None allocates while it is read."""


class Pin:
    """An input whose level a test sets, or an output that remembers how often it was written."""

    def __init__(self, level=0):
        self.level = level
        self.writes = 0

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        self.writes += 1
        return None


class Uart:
    """Bytes that have come (`feed`), as many as `rxbuf` holds: what comes then is lost. `sent` is what was written."""

    def __init__(self, rxbuf=256):
        self._bytes = bytearray(rxbuf)
        self._begin = 0
        self._end = 0
        self.sent = []

    def feed(self, data):
        rest = self._bytes[self._begin : self._end]
        room = len(self._bytes) - len(rest)
        rest += bytes(data[:room])
        self._bytes[: len(rest)] = rest
        self._begin = 0
        self._end = len(rest)

    def any(self):
        return self._end - self._begin

    def readinto(self, buffer, count=-1):
        count = min(self._end - self._begin, len(buffer) if count < 0 else count)
        if count == 0:
            return None
        for at in range(count):
            buffer[at] = self._bytes[self._begin + at]
        self._begin += count
        return count

    def write(self, data):
        self.sent.append(bytes(data))
        return len(data)


class Pwm:
    """A PWM that remembers its duty and how often it was written."""

    def __init__(self, duty=0):
        self.duty = duty
        self.writes = 0

    def duty_u16(self, duty):
        self.duty = duty
        self.writes += 1


class I2c:
    """A bus with one BH1750 on it, or none (`there`)."""

    def __init__(self, address=0x23):
        self.address = address
        self.there = True
        self.counts = 0
        self.told = []

    def _meet(self, address):
        if not self.there or address != self.address:
            raise OSError(19)  # ENODEV

    def writeto(self, address, data):
        self._meet(address)
        self.told.append(bytes(data))

    def readfrom_into(self, address, buffer):
        self._meet(address)
        buffer[0] = self.counts >> 8
        buffer[1] = self.counts & 255


class Nvs:
    """Counters that last only once they are committed; `broken`: the flash takes nothing."""

    def __init__(self):
        self.kept = {}
        self._new = {}
        self.broken = False

    def get_i32(self, key):
        if key not in self._new and key not in self.kept:
            raise OSError(-4354, "ESP_ERR_NVS_NOT_FOUND")
        return self._new.get(key, self.kept.get(key))

    def set_i32(self, key, value):
        if self.broken:
            raise OSError(-4357, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")
        if len(key) > 15:
            raise OSError(-4361, "ESP_ERR_NVS_KEY_TOO_LONG")
        self._new[key] = value

    def commit(self):
        self.kept.update(self._new)


class EspNow:
    """Frames in the air for this node (`air`), those it sent (`sent`), and a queue that empties when the test says so."""

    MAX_DATA_LEN = 1470

    def __init__(self):
        self.up = False
        self.air = []
        self.sent = []
        self.peers = []
        self.peers_table = {}
        self.responses = 0
        self.lost = 0
        self.rxbuf = 526

    def config(self, rxbuf):
        self.rxbuf = rxbuf

    def active(self, up):
        self.up = up

    def _must_be_up(self):
        if not self.up:
            raise OSError(-12389, "ESP_ERR_ESPNOW_NOT_INIT")

    def add_peer(self, address):
        self._must_be_up()
        if address in self.peers:
            raise OSError(-12395, "ESP_ERR_ESPNOW_EXIST")
        self.peers.append(address)

    def send(self, address, frame, sync):
        self._must_be_up()
        assert not sync, "a send that waits for answers blocks the node"
        if address not in self.peers:
            raise OSError(-12393, "ESP_ERR_ESPNOW_NOT_FOUND")
        self.sent.append(bytes(frame))
        return True

    def stats(self):
        return (len(self.sent), self.responses, 0, 0, self.lost)

    def any(self):
        self._must_be_up()
        return len(self.air) > 0

    def recvinto(self, data, timeout):
        self._must_be_up()
        if len(data[1]) < self.MAX_DATA_LEN:
            raise ValueError("buffer too small")
        if not self.air:
            return 0
        sender, frame, rssi = self.air.pop(0)
        self.peers_table[sender] = None
        for at in range(len(frame)):
            data[1][at] = frame[at]
        data[0] = sender
        data[2] = rssi
        return len(frame)


class Wlan:
    """A station; `access_point` says whether there is one that lets it in."""

    PM_NONE = 0

    def __init__(self):
        self.on = False
        self.set = {}
        self.access_point = False
        self.joined = False
        self.reason = 1000
        self.connects = 0
        self.disconnects = 0
        self.refuses = False

    def active(self, on):
        self.on = on

    def config(self, **settings):
        self.set.update(settings)

    def isconnected(self):
        return self.joined

    def status(self):
        return self.reason

    def connect(self, network, password):
        if self.refuses:
            raise OSError("Wifi Internal Error")
        self.connects += 1
        self.joined = self.access_point

    def disconnect(self):
        self.disconnects += 1
        self.joined = False
