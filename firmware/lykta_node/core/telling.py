"""What a lamp tells its neighbours of those in its own sensor's field: that one is there, still there, or has left."""

from micropython import const

from . import health, leaving, slots, wave
from . import neighbours as way
from .lamp import (
    AGE,
    ALL_LEFT,
    ALL_PASSED,
    ALSO,
    BACK,
    CAME,
    CLASSES,
    DETECTION,
    FAULTS,
    FRAME,
    FRONT,
    GROUP,
    ID,
    INSIDE,
    LEFT,
    LINK_UNKNOWN,
    NOW,
    NUMBER,
    NUMBERS,
    ONE_LEFT,
    PARTY_CAME,
    PARTY_FASTEST,
    PARTY_SINCE,
    PARTY_SLOWEST,
    PEOPLE,
    PERHAPS,
    PREVIOUS,
    RENEWAL,
    RENEWED,
    SEEN,
    SEEN_CLASSES,
    SEEN_SINCE,
    SEND,
    SPEED,
    STILL_SEEN,
    UNTOLD,
)

RENEW_MS = const(20_000)  # how often the neighbours are told that somebody is still here


def leave(lamp, settings, table, own: int) -> None:
    """Tell that one of those in the field of a sensor that tells users apart has left it, or the last of them.

    Who turns round in it comes out sooner, or later, than who goes on; then, or if it cannot be told, both ways are lit.
    """
    kind = ONE_LEFT
    if lamp[SEEN] == 0:
        kind = ALL_LEFT
        width = 2 * table[way.RANGE] * 1000
        if lamp[PARTY_CAME] != LINK_UNKNOWN and lamp[PARTY_SLOWEST]:
            first = (lamp[NOW] - lamp[SEEN_SINCE]) * lamp[PARTY_FASTEST]
            last = (lamp[NOW] - lamp[PARTY_SINCE]) * lamp[PARTY_SLOWEST]
            if first >= width - (width >> 3) and last <= width + (width >> 3):
                kind = ALL_PASSED
            elif _one_inside(lamp):
                renew(lamp, settings, table, own, 1)
    lamp[FRAME + LEFT] = kind
    lamp[FRAME + AGE] = 0
    lamp[FRAME + DETECTION] = lamp[NUMBER]
    lamp[FRAME + GROUP] = lamp[NUMBERS]
    leaving.take(lamp, settings, lamp, FRAME)
    lamp[SEND] = 0 if lamp[FAULTS] & health.LYING else 1


def renew(lamp, settings, table, own: int, still: int) -> None:
    """Say again that somebody is (`still` 1), or was until now (2), at this post.

    Who stays is told as a detection of its own: the last one may be of somebody who has gone on.
    """
    if lamp[FRAME + LEFT]:
        lamp[FRAME + DETECTION] = _one_inside(lamp)
    if lamp[FRAME + DETECTION] == 0 or (lamp[FRAME + LEFT] == UNTOLD and ((still == 1 and not lamp[RENEWED]) or own_track(lamp) < 0)):
        lamp[NUMBER] = lamp[NUMBER] % 65535 + 1
        lamp[NUMBERS] += 1
        lamp[FRAME + DETECTION] = lamp[NUMBER]
        lamp[FRAME + CLASSES] = lamp[SEEN_CLASSES] if lamp[SEEN_CLASSES] else lamp[FRAME + CLASSES]
        lamp[FRAME + SPEED] = 0
        lamp[FRAME + CAME] = LINK_UNKNOWN
    if still == 1:
        if lamp[PEOPLE] > 1:  # which of them it is cannot be told
            lamp[FRAME + CLASSES] = lamp[SEEN_CLASSES]
        lamp[FRAME + SPEED] = 0
        lamp[FRAME + CAME] = LINK_UNKNOWN
        lamp[PARTY_CAME] = LINK_UNKNOWN
    if lamp[FRAME + LEFT]:
        lamp[FRAME + LEFT] = INSIDE
    lamp[FRAME + GROUP] = lamp[NUMBERS]
    lamp[FRAME + PREVIOUS] = -1
    lamp[FRAME + ALSO] = -1
    lamp[FRAME + PERHAPS] = 0
    lamp[FRAME + AGE] = 0
    lamp[FRAME + STILL_SEEN] = still
    lamp[FRAME + BACK] = max(lamp[FRAME + BACK], table[way.RANGE])
    lamp[FRAME + FRONT] = max(lamp[FRAME + FRONT], table[way.RANGE])
    lamp[RENEWED] = still & 1
    tell(lamp, settings, table, own)


def tell(lamp, settings, table, own: int) -> None:
    """Take the own frame, and send it unless the sensor is known to lie."""
    wave.take(lamp, settings, table, own, lamp, FRAME)
    lamp[RENEWAL] = lamp[NOW] + RENEW_MS
    lamp[SEND] = 0 if lamp[FAULTS] & health.LYING else 1


def _one_inside(lamp) -> int:
    """The newest detection of those who may still be in the field; 0 if all were seen elsewhere."""
    number = lamp[NUMBER]
    for _ in range(lamp[NUMBERS]):
        if slots.find(lamp, lamp[ID], number) >= 0:
            return number
        number = number - 1 if number > 1 else 65535
    return 0


def own_track(lamp) -> int:
    """The slot of the own last detection; -1 if a neighbour has taken over, or it has ended."""
    return slots.find(lamp, lamp[ID], lamp[NUMBER])
