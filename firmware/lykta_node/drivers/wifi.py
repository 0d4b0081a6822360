"""Wi-Fi of a node that has an access point: joins it, notices when it is gone, and tries again more and more seldom.

Only the lamp at the gateway needs it; the light never does. The radio follows the channel of the access point and loses frames while
the station scans: the ESP32's own endless reconnecting is off (`reconnects=0`), and between two tries lies a pause drawn from 1 s to a
limit that doubles up to 15 min, so that a street that lost its access point does not come back in step.

    state     goes on to
    PAUSE     TRYING, when the pause is over
    TRYING    JOINED; PAUSE after 20 s, or 3 s and more after the beginning when the station says that it failed
    JOINED    PAUSE, when the station is not connected any more
"""

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from network import WLAN

PAUSE = const(0)
TRYING = const(1)
JOINED = const(2)

_TRY_MS = const(20_000)
_SETTLE_MS = const(3_000)
_FIRST_MS = const(1_000)
_LONGEST_MS = const(900_000)
_TICKS = const(0x3FFFFFFF)
_COUNT = const(0x3FFFFFFF)
# `status()` from 200 on says why it failed (201 no access point, 202 wrong password, ...), from 1000 on how far it has come.
_FAILED_FROM = const(200)
_FAILED_TO = const(300)


class Wifi:
    """The station. `draw(n)` gives a random integer from 0 to n - 1."""

    def __init__(self, wlan: "WLAN", network: str, password: str, draw: "Callable[[int], int]") -> None:
        self._wlan = wlan
        self._network = network
        self._password = password
        self._draw = draw
        self._limit = _FIRST_MS
        self._since = -1
        self._length = 0
        self.state = PAUSE
        self.tries = 0
        self.losses = 0  # times that the access point was lost
        self.errors = 0  # what the station refused

    def poll(self, now: int) -> bool:
        """Carry on; whether the access point is joined."""
        if self._since < 0:
            self._enter(PAUSE, now, self._draw(_FIRST_MS))
        try:
            connected = self._wlan.isconnected()
            if self.state == JOINED:
                if not connected:
                    self.losses = (self.losses + 1) & _COUNT
                    self._back_off(now)
            elif connected:
                self._limit = _FIRST_MS
                self._enter(JOINED, now, 0)
            elif self.state == TRYING:
                if self._over(now) or self._refused(now):
                    self._back_off(now)
            elif self._over(now):
                self._try(now)
        except (OSError, RuntimeError):
            self.errors = (self.errors + 1) & _COUNT
            self._enter(PAUSE, now, self._pause())
        return self.state == JOINED

    def _try(self, now: int) -> None:
        self.tries = (self.tries + 1) & _COUNT
        self._enter(TRYING, now, _TRY_MS)
        self._wlan.active(True)
        self._wlan.config(reconnects=0, pm=self._wlan.PM_NONE)  # asleep, ESP-NOW would miss frames
        self._wlan.connect(self._network, self._password)

    def _back_off(self, now: int) -> None:
        """Give up for a while; a station that still tries would go on scanning."""
        self._enter(PAUSE, now, self._pause())
        self._wlan.disconnect()

    def _refused(self, now: int) -> bool:
        """Whether the station says that this try failed; at first it still speaks of the one before."""
        return (now - self._since) & _TICKS >= _SETTLE_MS and _FAILED_FROM <= self._wlan.status() < _FAILED_TO

    def _pause(self) -> int:
        pause = _FIRST_MS + self._draw(self._limit)
        self._limit = min(self._limit * 2, _LONGEST_MS)
        return pause

    def _enter(self, state: int, now: int, length: int) -> None:
        self.state = state
        self._since = now
        self._length = length

    def _over(self, now: int) -> bool:
        return (now - self._since) & _TICKS >= self._length
