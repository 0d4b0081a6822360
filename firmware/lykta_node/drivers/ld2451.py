"""LD2451: a radar for the road, vehicles to 100 m, walkers to about 8 m. 115200 baud; it reports only while something moves.

Content of a report: number of targets (1), alarm (1), then for each: angle (1, less 0x80, degrees), distance (1, m), direction (1),
speed (1, km/h), SNR (1). No target: no content, or no report at all.

- Direction 1 is coming nearer. The maker's table says so and his example the reverse; a log from the road agrees with the table.
- How many targets there are is taken from the length: some descriptions swap the first two bytes. At most 5 are read.
- Close by, speed may read 0 and the range stick: one target for 10 minutes is a fault of the unit, told meanwhile as any other.
- The order of targets changes from report to report, so a target is known again by where it should be by now.
"""

from array import array

from micropython import const

from .hilink import SILENT_MS, Radar
from .stream import COUNT, command

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import UART

TARGET = const(5)  # as in core/presence

_TARGETS = const(5)
_HEAD = const(2)
_TARGET_BYTES = const(5)
_COMES = const(1)
_REPEAT_MS = const(950)  # a target that is still there is told again with every tenth report, whichever poll sees that
_NEAR_CM = const(300)  # how far a target may be from where it should be; distances come in whole metres
_STUCK_MS = const(600_000)  # nobody moves in front of a lamp for 10 minutes
_PATIENCE_MS = const(570_000)  # silent without targets; asked soon enough for a fault to be known within 10 minutes
_READ_SETTINGS = command(0x0012)

# A target that is followed, as positions in the row of its slot.
_USED = const(0)
_DISTANCE = const(1)
_SPEED = const(2)  # cm/s, positive: coming nearer
_SEEN = const(3)
_TOLD = const(4)
_TELL = const(5)  # 1: to be told
_WAY = const(6)  # 1: coming nearer
_MARK = const(7)  # number of the report that showed it last
_FIRST = const(8)  # since when it is followed
_SLOT = const(9)


class Ld2451(Radar):
    """Targets: each is told when it appears and once a second while it moves, its speed positive if it comes nearer."""

    def __init__(self, uart: "UART") -> None:
        super().__init__(uart, _READ_SETTINGS, _PATIENCE_MS)
        self._slots = array("i", [0] * (_TARGETS * _SLOT))
        self._number = 0
        self._stuck = False

    def set_detection(self, now: int, range_m: int, slowest_kmh: int, delay_s: int, triggers: int, snr: int) -> None:
        """Set what it reports: how far, from which speed on, in both directions, how long after, and how sure it must be."""
        detection = command(0x0002, bytes((range_m, 2, slowest_kmh, delay_s)))
        self.configure(now, (detection, command(0x0003, bytes((triggers, snr, 0, 0)))))

    def alive(self, now: int) -> bool:
        """As of any radar; and it does not show one and the same target for ever: leaves, or a range that sticks."""
        return super().alive(now) and not self._stuck

    def _pending(self, now: int) -> bool:
        slots = self._slots
        for at in range(0, _TARGETS * _SLOT, _SLOT):
            if slots[at + _TELL]:
                slots[at + _TELL] = 0
                slots[at + _TOLD] = now & COUNT
                self.kind = TARGET
                self.distance_cm = slots[at + _DISTANCE]
                self.speed_cms = slots[at + _SPEED]
                return True
        return False

    def _report(self, data: bytearray, at: int, length: int, now: int) -> bool:
        if length and (length < _HEAD or (length - _HEAD) % _TARGET_BYTES):
            return False
        now &= COUNT
        self._forget(now)
        self._number = (self._number + 1) & COUNT
        for number in range(min(_TARGETS, (length - _HEAD) // _TARGET_BYTES)):
            first = at + _HEAD + number * _TARGET_BYTES
            way = int(data[first + 2] == _COMES)
            speed = (data[first + 3] * 1000 + 18) // 36
            self._follow(data[first + 1] * 100, speed if way else -speed, way, now)
        return True

    def _follow(self, distance: int, speed: int, way: int, now: int) -> None:
        """Note a target: the one there was, if it can be that one, else a new one."""
        slots = self._slots
        best = -1
        least = COUNT
        free = 0
        oldest = -1
        for at in range(0, _TARGETS * _SLOT, _SLOT):
            used = slots[at + _USED]
            if used and slots[at + _MARK] == self._number:
                continue  # another target of this report
            age = (now - slots[at + _SEEN]) & COUNT if used else COUNT
            if age > oldest:
                oldest = age
                free = at
            if not used or slots[at + _WAY] != way:
                continue
            off = abs(slots[at + _DISTANCE] - slots[at + _SPEED] * age // 1000 - distance)
            if off < least and off <= _NEAR_CM + abs(speed) * age // 2000:
                least = off
                best = at
        new = best < 0
        if new:
            best = free
            slots[best + _USED] = 1
            slots[best + _WAY] = way
            slots[best + _FIRST] = now
        slots[best + _DISTANCE] = distance
        slots[best + _SPEED] = speed
        slots[best + _SEEN] = now
        slots[best + _MARK] = self._number
        if new or (now - slots[best + _TOLD]) & COUNT >= _REPEAT_MS:
            slots[best + _TELL] = 1

    def _forget(self, now: int) -> None:
        """Let go of targets that no report has shown for a while; whether any that are left is there too long."""
        slots = self._slots
        self._stuck = False
        for at in range(0, _TARGETS * _SLOT, _SLOT):
            if slots[at + _USED] and (now - slots[at + _SEEN]) & COUNT >= SILENT_MS:
                slots[at + _USED] = 0
            elif slots[at + _USED] and (now - slots[at + _FIRST]) & COUNT >= _STUCK_MS:
                self._stuck = True

    def _quiet(self) -> None:
        slots = self._slots
        self._stuck = False
        for at in range(0, _TARGETS * _SLOT, _SLOT):
            slots[at + _USED] = 0
