"""What a telegram carries, in few bytes: the fields of a frame, a sign of life, a command.

Every value is written as what it exceeds its lowest value by, in groups of 7 bits, the lowest first; the last group has
bit 7 clear. A value beyond its limits makes the whole payload worthless: nothing is guessed.
"""

from micropython import const

from .lamp import (
    ALL_PASSED,
    ALSO,
    ALSO_NUMBER,
    ALSO_SPAN,
    BACK,
    CAME,
    CLASSES,
    DETECTION,
    FRONT,
    GROUP,
    LEFT,
    MOVED,
    NEVER,
    PERHAPS,
    PREVIOUS,
    PREVIOUS_NUMBER,
    PREVIOUS_SPAN,
    SPEED,
    STILL_SEEN,
)  # fmt: skip

BROKEN = const(-0x40000000)  # what `Wire.take` finds where there is no such value: every lowest value lies above
LAMPS = const(65535)  # ids and numbers of detections fit into 16 bits

#: Every field of a frame but ORIGIN and AGE, which the envelope tells: (position, lowest, highest).
FRAME = (
    (DETECTION, 1, LAMPS),
    (CLASSES, 1, 7),
    (SPEED, 0, 30_000),
    (CAME, 0, 255),
    (STILL_SEEN, 0, 2),
    (PREVIOUS, -1, LAMPS),
    (PREVIOUS_NUMBER, 0, LAMPS),
    (MOVED, 0, NEVER),
    (BACK, 0, NEVER),
    (FRONT, -12_000, NEVER - 24_000),  # less than 0: he is still so far before the post, and no field of a sensor is longer
    (ALSO, -1, LAMPS),
    (ALSO_NUMBER, 0, LAMPS),
    (PERHAPS, 0, NEVER),
    (LEFT, 0, ALL_PASSED),
    (GROUP, 0, LAMPS),
    (PREVIOUS_SPAN, 0, LAMPS),
    (ALSO_SPAN, 0, LAMPS),
)

#: A sign of life.
HEARTBEAT = ((0, 0, 1000), (1, 0, 1))
ON_SHARE = const(0)  # how much of its hour the sender's sensor was on [permille]
LYING = const(1)  # 1: its sensor is known to lie
HEARTBEAT_LENGTH = const(2)

#: A command to one node.
COMMAND = ((0, 0, LAMPS), (1, 1, NEVER), (2, 0, NEVER), (3, 1, 15), (4, 0, NEVER), (5, 0, NEVER))
RECIPIENT = const(0)
ORDER = const(1)  # rises with every command to a node
EXPIRY = const(2)  # stamp of the envelope after which it is void
VERB = const(3)
FIRST = const(4)  # what the verb needs
SECOND = const(5)
COMMAND_LENGTH = const(6)

# Verbs.
OVERRIDE = const(1)  # FIRST: level [permille], 0 ends it; SECOND: for how long [s]
IDENTIFY = const(2)  # FIRST: blink the status LED for so long [s]
WALK_TEST = const(3)  # FIRST: for how long [s], 0 ends it
CLOCK = const(4)  # FIRST: UTC, days since 2000-01-01; SECOND: seconds into the day
RESTART = const(5)
OVERRIDE_UNTIL = const(6)  # FIRST: level [permille], 0 ends it; SECOND: until when, a stamp of the envelope
WINDOW = const(7)  # FIRST: open a commissioning window for so long [s], 0 ends it


class Wire:
    """A place in a buffer at which values are written, or taken off. Takes no memory of its own."""

    def __init__(self, buffer) -> None:
        self._buffer = buffer
        self.at = 0
        self.end = len(buffer)

    def open(self, at: int, end: int) -> None:
        """Go on at a place; nothing is written or taken beyond `end`."""
        self.at = at
        self.end = end

    def put(self, values, offset: int, fields) -> bool:
        """Write the fields of a row that begins at `offset` of `values`. False: a value is out of limits, or there is no room."""
        for field in fields:
            value = values[offset + field[0]]
            if value < field[1] or value > field[2]:
                return False
            value -= field[1]
            while True:
                if self.at >= self.end:
                    return False
                more = value >> 7
                self._buffer[self.at] = (value & 127) | 128 if more else value
                self.at += 1
                if not more:
                    break
                value = more
        return True

    def take(self, values, offset: int, fields) -> bool:
        """Read fields into a row. False: what stands there is no such payload; `values` may then hold part of it."""
        for field in fields:
            value = self._take(field[1])
            if value == BROKEN or value > field[2]:
                return False
            values[offset + field[0]] = value
        return True

    def _take(self, lowest: int) -> int:
        value = 0
        shift = 0
        while self.at < self.end:
            group = self._buffer[self.at]
            self.at += 1
            if shift == 28 and group > 3:
                return BROKEN  # beyond 2^30: no row has such a value
            value |= (group & 127) << shift
            if group < 128:
                # The shortest form is the only one, and the sum stays below 2^30.
                return BROKEN if (group == 0 and shift) or value > NEVER + min(lowest, 0) else value + lowest
            shift += 7
        return BROKEN
