"""The slots of a lamp's tracks: find one, free one, make one of two when all are full."""

from . import reach
from .lamp import (
    ID,
    MERGED,
    MERGED_ORIGIN,
    NEVER,
    NUMBER,
    QUIET_ORIGIN,
    SLOT_ARRIVE,
    SLOT_CLASSES,
    SLOT_DOUBT,
    SLOT_FROM,
    SLOT_LENGTH,
    SLOT_NUMBER,
    SLOT_ORIGIN,
    SLOT_RELATION,
    SLOT_UNTIL,
    SLOTS,
    TRACKS,
)


def find(lamp, origin: int, number: int) -> int:
    """The slot of the track whose last evidence is this detection; -1 if there is none."""
    slot = SLOTS
    end = SLOTS + lamp[TRACKS] * SLOT_LENGTH
    while slot < end:  # a range whose step is no literal takes memory on MicroPython
        if lamp[slot + SLOT_ORIGIN] == origin and lamp[slot + SLOT_NUMBER] == number:
            return slot
        slot += SLOT_LENGTH
    return -1


def alike(lamp, one: int, other: int) -> bool:
    """Whether two tracks stand for users seen at the same post, on the same way: then it does not matter who is who."""
    return (
        lamp[one + SLOT_ORIGIN] == lamp[other + SLOT_ORIGIN]
        and lamp[one + SLOT_ARRIVE] == lamp[other + SLOT_ARRIVE]
        and lamp[one + SLOT_CLASSES] & lamp[other + SLOT_CLASSES] != 0
    )


def remove(lamp, slot: int) -> None:
    """Free a slot; the last track moves into it."""
    lamp[TRACKS] -= 1
    last = SLOTS + lamp[TRACKS] * SLOT_LENGTH
    if slot != last:
        for at in range(SLOT_LENGTH):
            lamp[slot + at] = lamp[last + at]


def merge(lamp) -> None:
    """Make one of the two most similar tracks: earliest from, latest until, every class, both directions."""
    best = NEVER
    keep = SLOTS
    drop = SLOTS + SLOT_LENGTH
    quietest = 0
    end = SLOTS + lamp[TRACKS] * SLOT_LENGTH
    one = SLOTS
    while one < end:
        quiet = _quiet(lamp, one)
        other = one + SLOT_LENGTH
        while other < end:
            both = quiet and _quiet(lamp, other)
            if both >= quietest:
                apart = abs(lamp[one + SLOT_FROM] - lamp[other + SLOT_FROM])
                apart += abs(lamp[one + SLOT_UNTIL] - lamp[other + SLOT_UNTIL])
                if both > quietest or apart < best:
                    best = apart
                    keep = one
                    drop = other
                    quietest = both
            other += SLOT_LENGTH
        one += SLOT_LENGTH
    lamp[keep + SLOT_ORIGIN] = QUIET_ORIGIN if quietest else MERGED_ORIGIN
    lamp[keep + SLOT_CLASSES] |= lamp[drop + SLOT_CLASSES]
    lamp[keep + SLOT_RELATION] = reach.UNKNOWN
    lamp[keep + SLOT_FROM] = min(lamp[keep + SLOT_FROM], lamp[drop + SLOT_FROM])
    lamp[keep + SLOT_UNTIL] = max(lamp[keep + SLOT_UNTIL], lamp[drop + SLOT_UNTIL])
    lamp[MERGED] += 1
    remove(lamp, drop)


def _quiet(lamp, slot: int) -> int:
    """1 if the user of a track cannot be on his way to this lamp's sensor, so that nobody asks who he was."""
    if lamp[slot + SLOT_ORIGIN] == lamp[ID]:
        return int(lamp[slot + SLOT_NUMBER] != lamp[NUMBER])
    return int(lamp[slot + SLOT_ORIGIN] == QUIET_ORIGIN or lamp[slot + SLOT_RELATION] == reach.BEHIND or lamp[slot + SLOT_DOUBT] != 0)
