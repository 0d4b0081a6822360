"""LD2410: a presence radar that sees who moves and who stands still, to 6 m. 256000 baud, ten reports a second.

Content of a report: type (02, or 01 with more behind), AA, state (bit 0 somebody moves, bit 1 somebody stands), distance (2, cm) and
energy (1) of who moves, the same of who stands, distance (2) of the nearer; then 55 00 at the very end.

A single report of somebody who moves at distance 0 with high energy is a known phantom of these units, once in 10 to 20 minutes.
Nobody moves inside the housing of a lamp; still, three in a row are believed: it may be the wrong unit, never the wrong light.
"""

from micropython import const

from .hilink import Radar
from .stream import command

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import UART

# As in core/presence.
EDGE_ON = const(1)
EDGE_OFF = const(2)

_SHORTEST = const(13)  # content of a report of type 02
_MOVES = const(1)
_STANDS = const(2)
_BELIEVED = const(3)  # reports in a row
_PATIENCE_MS = const(10_000)  # it reports all the time: silence is suspect
_READ_SETTINGS = command(0x0061)


class Ld2410(Radar):
    """Presence as an output that goes on (EDGE_ON) and off (EDGE_OFF); the unit itself holds it on, as long as it is told to."""

    def __init__(self, uart: "UART") -> None:
        super().__init__(uart, _READ_SETTINGS, _PATIENCE_MS)
        self._on = False  # what the unit says
        self._told = False  # what was told of it
        self._phantoms = 0
        self._nearest = 0
        self.phantoms = 0  # reports that were not believed

    def set_range(self, now: int, gates: int, hold_s: int) -> None:
        """Set how far it sees (gates of 75 cm, 2 to 8) and how long it says somebody after the last echo [s]."""
        value = bytes((0, 0, gates, 0, 0, 0, 1, 0, gates, 0, 0, 0, 2, 0, hold_s & 255, hold_s >> 8, 0, 0))
        self.configure(now, (command(0x0060, value),))

    def _pending(self, now: int) -> bool:
        if self._on == self._told:
            return False
        self._told = self._on
        self.kind = EDGE_ON if self._on else EDGE_OFF
        self.distance_cm = self._nearest
        return True

    def _report(self, data: bytearray, at: int, length: int, now: int) -> bool:
        if length < _SHORTEST or data[at] not in (1, 2) or data[at + 1] != 0xAA:
            return False
        if data[at + length - 2] != 0x55 or data[at + length - 1] != 0:
            return False
        state = data[at + 2]
        if state > _MOVES | _STANDS:
            return False
        if state == _MOVES and data[at + 3] | data[at + 4] == 0:
            self._phantoms += 1
            if self._phantoms < _BELIEVED:
                self.phantoms += 1
                return True
        else:
            self._phantoms = 0
        self._on = state != 0
        if self._on:
            self._nearest = data[at + 9] | data[at + 10] << 8
        return True

    def _quiet(self) -> None:
        self._on = False
        self._phantoms = 0
