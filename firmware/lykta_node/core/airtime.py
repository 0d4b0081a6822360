"""How much of the air a node may take for the post, and when the post must be silent: the light goes first.

Two rules, for everything that is no light (detections, signs of life, commands are light; nothing withholds them):

- *Budget.* What is sent is counted in time on the air. The post may take what is left of 1 % after the light's own telegrams, in bursts
  of SAVED at most. More than 2 % of a minute, by whatever, is told.
- *Silence.* While the lamp knows of somebody (its tracks), and for QUIET after the last detection that it told, heard or passed on, the
  post waits. Where somebody is about for ten minutes on end, only the pauses between detections count, or no letter would ever leave a
  busy street. By day, when no light is wanted, there is no wave to disturb.

Times are handed in as elapsed ms. Everything stays below 2^30; nothing allocates.
"""

from micropython import const

# A frame of ESP-NOW at 1 Mbit/s: a long preamble, and 43 bytes round what it carries (MAC header, vendor's head, check sum).
_PREAMBLE_US = const(192)
_AROUND = const(43)
_BIT_BYTES_US = const(8)

_EARNED = const(95)  # tenths of a us for each ms: 0.95 %, so that with SAVED no minute has more than 1 %
_SAVED = const(300_000)  # 30 ms on the air: twelve of the longest frames
_OWED = const(5_700_000)  # the light may have taken more; after a minute that is forgotten
_MINUTE_MS = const(60_000)
_ALARM_US = const(1_200_000)  # 2 % of it

QUIET_MS = const(3_000)  # copies and relays of a detection are over, and the next post may tell of him
PATIENCE_MS = const(600_000)
_LONG = const(1_000_000)


def frame_us(length: int) -> int:
    """How long a frame that carries so many bytes is on the air [us]."""
    return _PREAMBLE_US + (length + _AROUND) * _BIT_BYTES_US


class Budget:
    """What a node has sent, and what it may."""

    def __init__(self) -> None:
        self.over = False  # more than 2 % of this minute or the last
        self.last_us = 0  # what was sent in the last whole minute
        self.minute_us = 0  # and in this one so far
        self._left = _SAVED  # tenths of a us
        self._minute = 0  # ms of it that have passed

    def pass_time(self, elapsed: int) -> None:
        """Some ms have passed."""
        elapsed = min(max(0, elapsed), 2 * _MINUTE_MS)
        self._left = min(_SAVED, self._left + elapsed * _EARNED)
        self._minute += elapsed
        while self._minute >= _MINUTE_MS:
            self._minute -= _MINUTE_MS
            self.last_us = self.minute_us
            self.minute_us = 0
            self.over = self.last_us > _ALARM_US

    def spend(self, length: int) -> None:
        """A frame was sent, of the light or of the post."""
        us = frame_us(length)
        self._left = max(-_OWED, self._left - 10 * us)
        self.minute_us = min(self.minute_us + us, 1_000 * _MINUTE_MS)
        if self.minute_us > _ALARM_US:
            self.over = True

    def wait(self, length: int) -> int:
        """In how many ms the post may send a frame of this length; 0: now."""
        missing = 10 * frame_us(length) - self._left
        return (missing + _EARNED - 1) // _EARNED if missing > 0 else 0


class Silence:
    """Whether the post has to be silent."""

    def __init__(self) -> None:
        self._still = 0  # ms since the last detection was told, heard or passed on
        self._known = 0  # ms for which somebody has been about without a pause

    def pass_time(self, elapsed: int, known: bool) -> None:
        """Some ms have passed; `known`: whether the lamp knows of somebody."""
        self._still = min(self._still + elapsed, _LONG)
        self._known = min(self._known + elapsed, _LONG) if known else 0

    def told(self) -> None:
        """A detection was told, heard or passed on."""
        self._still = 0

    def holds(self, known: bool, off: bool) -> bool:
        """Whether the post must wait; `off`: no light is wanted."""
        if off:
            return False
        return self._still < QUIET_MS or (known and self._known < PATIENCE_MS)
