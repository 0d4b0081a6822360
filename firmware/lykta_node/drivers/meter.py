"""BL0942: an energy meter on a UART (4800 baud), and what its power says about the lamp.

Asked with 58 AA it sends 23 bytes, little-endian: 55, current (3), voltage (3), fast current (3), power (3, signed), pulses (3),
frequency (2), 0, status (1), 0, 0, checksum: the sum of 58 and all before it, inverted.

One pulse is 1638.4 * 256 counts of power for one second (data sheet), so one constant, counts for 10 W, calibrates power and energy.
It belongs to the board: its shunt and its divider.
"""

from micropython import const

from .stream import COUNT

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import UART

COUNTS_FOR_10_W = const(5_960)  # a common module; the data sheet's circuit would give 6,230: calibrate with a known load

_ASK = b"\x58\xaa"
_PACKET = const(23)
_BEGIN = const(0x55)
_POWER = const(10)
_PULSES = const(13)
_EVERY_MS = const(5_000)
_ANSWER_MS = const(300)  # 23 bytes take 53 ms at 4800 baud
_FAILURES = const(3)
_PULSE = const(1_165_084)  # 419,430.4 counts * s: mWh of a pulse * counts for 10 W
_AT_ONCE = const(256)  # bytes at one poll
_DRAIN = const(16)
_JUMP = const(65_536)  # more pulses than this between two packets (days of full power) are a restart of the meter


class Meter:
    """A BL0942. `power_mw` is the newest mean (over about 0.8 s), `energy_mwh` what came together since the start."""

    def __init__(self, uart: "UART", counts_for_10_w: int = COUNTS_FOR_10_W) -> None:
        self._uart = uart
        self._counts = max(1, counts_for_10_w)
        self._packet = bytearray(_PACKET)
        self._byte = bytearray(1)
        self._have = 0
        self._asked = -1
        self._waits = False
        self._pulses = -1
        self._rest = 0
        self._failed = 0
        self.power_mw = 0
        self.energy_mwh = 0
        self.fault = False  # three packets in a row did not come, or came broken

    def poll(self, now: int) -> bool:
        """Ask when it is time, read what has come; whether there is a new measurement."""
        if self._waits:
            if self._read():
                self._waits = False
                self._failed = 0
                self.fault = False
                self._measure()
                return True
            if (now - self._asked) & COUNT >= _ANSWER_MS:
                self._waits = False
                self._failed = min(self._failed + 1, _FAILURES)
                self.fault = self._failed == _FAILURES
        elif self._asked < 0 or (now - self._asked) & COUNT >= _EVERY_MS:
            self._drain()
            self._asked = now
            self._waits = True
            self._uart.write(_ASK)
        return False

    def _drain(self) -> None:
        """Throw away what is left of a late answer; a line that babbles is left to the checksum."""
        for _ in range(_DRAIN):
            if not self._uart.any():
                break
            self._uart.readinto(self._packet)
        self._have = 0

    def _read(self) -> bool:
        """Take what has come into the packet; whether it is whole and its checksum right."""
        packet = self._packet
        for _ in range(_AT_ONCE):
            if not self._uart.any() or not self._uart.readinto(self._byte, 1):
                break
            if self._have == 0 and self._byte[0] != _BEGIN:
                continue
            packet[self._have] = self._byte[0]
            self._have += 1
            if self._have == _PACKET:
                if self._sum() == packet[_PACKET - 1]:
                    return True
                self._resume()
        return False

    def _sum(self) -> int:
        total = _ASK[0]
        for at in range(_PACKET - 1):
            total += self._packet[at]
        return ~total & 255

    def _resume(self) -> None:
        """Go on at the next byte of a broken packet that may begin one."""
        packet = self._packet
        begin = 1
        while begin < _PACKET and packet[begin] != _BEGIN:
            begin += 1
        self._have = _PACKET - begin
        for at in range(self._have):
            packet[at] = packet[begin + at]

    def _measure(self) -> None:
        """Take power and energy out of a whole packet."""
        power = self._three(_POWER)
        if power & 0x800000:
            power = 0x1000000 - power  # the shunt is wired the other way round
        counts = self._counts
        self.power_mw = power // counts * 10_000 + power % counts * 10_000 // counts
        pulses = self._three(_PULSES)
        more = 0 if self._pulses < 0 else (pulses - self._pulses) & 0xFFFFFF
        if more >= _JUMP:
            more = min(pulses, _JUMP - 1)
        self._pulses = pulses
        # In two steps: pulses times _PULSE would leave 2^30.
        rest = more * (_PULSE % counts) + self._rest
        self.energy_mwh += more * (_PULSE // counts) + rest // counts
        self._rest = rest % counts

    def _three(self, at: int) -> int:
        packet = self._packet
        return packet[at] | packet[at + 1] << 8 | packet[at + 2] << 16
