"""A PIR sensor with one output, polled: on while it sees motion, and some time after.

    state     pin low                 pin high
    WARMING   -                       -             its output means nothing yet; until warm_up_ms after the first poll
    OFF       -                       ON, EDGE_ON
    ON        BLIND, EDGE_OFF         -
    BLIND     -                       -             the chip sees nothing after its output fell; until blind_ms after: OFF

Polled, not interrupted: the ESP32 loses edges when its queue of handlers is full, and the output stays on for seconds.
"""

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import Pin

# As in core/presence.
EDGE_ON = const(1)
EDGE_OFF = const(2)

NEVER = const(0x3FFFFFFF)  # 2^30 - 1

_TICKS = const(0x3FFFFFFF)  # times are ms on the wrapping ticks of the ESP32
# A poll sees the output fall up to this late: the chip may see again that much sooner than the poll thinks.
_POLL_MS = const(50)

_NEW = const(0)
_WARMING = const(1)
_OFF = const(2)
_ON = const(3)
_BLIND = const(4)


class Pir:
    """A PIR on a pin. `inverted`: its output is low while it sees motion."""

    def __init__(self, pin: "Pin", warm_up_ms: int, blind_ms: int, inverted: bool = False) -> None:
        self._pin = pin
        self._warm_up = warm_up_ms
        self._blind = max(0, blind_ms - _POLL_MS)
        self._idle = 1 if inverted else 0
        self._state = _NEW
        self._since = 0

    def poll(self, now: int) -> int:
        """EDGE_ON, EDGE_OFF, or 0: nothing new."""
        if self._state == _NEW:
            self._enter(_WARMING, now)
        if self._state == _WARMING or self._state == _BLIND:
            if self._left(now) > 0:
                return 0
            self._state = _OFF
        high = self._pin.value() != self._idle
        if self._state == _OFF and high:
            self._state = _ON
            return EDGE_ON
        if self._state == _ON and not high:
            self._enter(_BLIND, now)
            return EDGE_OFF
        return 0

    def next_due(self, now: int) -> int:
        """In how many ms `poll` may say something although the pin does not change; NEVER: it will not."""
        if self._state == _NEW:
            return 0
        if self._state == _WARMING or self._state == _BLIND:
            return max(0, self._left(now))
        return NEVER

    def warming(self) -> bool:
        """Whether it cannot see yet."""
        return self._state <= _WARMING

    def _enter(self, state: int, now: int) -> None:
        self._state = state
        self._since = now

    def _left(self, now: int) -> int:
        """How long the current state lasts yet [ms]."""
        length = self._warm_up if self._state == _WARMING else self._blind
        return length - ((now - self._since) & _TICKS)
