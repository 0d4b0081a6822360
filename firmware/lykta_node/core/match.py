"""Which track explains a detection: the joining of what two posts saw into one user on his way.

A detection joins a track only if the speed that this implies is possible. Where several tracks explain it, or none,
nothing is shortened.
"""

from micropython import const

from . import reach, schema, wave
from . import settings as block
from .lamp import (
    ENTRY,
    ID,
    LINK_UNKNOWN,
    MERGED_ORIGIN,
    NEVER,
    NEWEST,
    NOW,
    PAIR,
    PAIRED,
    SLOT_ARRIVE,
    SLOT_BACK,
    SLOT_BARRED,
    SLOT_CLASSES,
    SLOT_DISTANCE,
    SLOT_EVIDENCE,
    SLOT_FIRST,
    SLOT_FRONT,
    SLOT_LENGTH,
    SLOT_NUMBER,
    SLOT_ORIGIN,
    SLOT_RELATION,
    SLOT_SEEN,
    SLOT_SPEED,
    SLOTS,
    TRACKS,
)  # fmt: skip

_NONE = const(-1)
_SEVERAL = const(-2)


def able(lamp, settings, classes: int, speed: int) -> int:
    """Those of a set of classes that can move at a speed; all of them if none can."""
    found = 0
    for road_user in range(schema.CLASSES):
        if classes >> road_user & 1:
            base = block.of(lamp[ENTRY], 1 << road_user)
            if settings[base + schema.SLOWEST] <= speed <= settings[base + schema.FASTEST]:
                found |= 1 << road_user
    return found if found else classes


def explains(lamp, settings, classes: int, came: int, back: int, front: int, apart: int) -> int:
    """The slot of the one track that explains a detection here; less than 0 if none does, or several do.

    Tracks that sensors in between should have reported count only where no other explains it. `apart`: 1 where the
    sensor tells users apart, so that each detection is one user.
    """
    found = _candidate(lamp, settings, classes, came, back, front, apart, 0)
    if found == _NONE:
        found = _candidate(lamp, settings, classes, came, back, front, apart, 1)
    return found


def _candidate(lamp, settings, classes: int, came: int, back: int, front: int, apart: int, barred: int) -> int:
    """The only candidate among the tracks that are, or are not, barred; _NONE or _SEVERAL.

    Tracks of the same post and way are as good as each other: the oldest is taken, the rest stay. Two users who are
    here at the same time, both explained by the same two tracks, have come from both: PAIRED is 2 then.
    """
    found = _NONE
    other = _NONE
    alike = 0
    now = lamp[NOW]
    slot = SLOTS - SLOT_LENGTH
    end = SLOTS + (lamp[TRACKS] - 1) * SLOT_LENGTH
    while slot < end:
        slot += SLOT_LENGTH
        if lamp[slot + SLOT_ORIGIN] == MERGED_ORIGIN:
            other = _SEVERAL
            break
        if lamp[slot + SLOT_ORIGIN] == lamp[ID] or lamp[slot + SLOT_RELATION] == reach.BEHIND:
            continue
        if not classes & lamp[slot + SLOT_CLASSES] or (came != LINK_UNKNOWN and lamp[slot + SLOT_ARRIVE] != came):
            continue
        if (now < lamp[slot + SLOT_BARRED]) != barred or not _in_time(lamp, settings, slot, back, front):
            continue
        if found < 0:
            found = slot
            lamp[NEWEST] = _seen_at(lamp, slot)
        elif wave.alike(lamp, slot, found):
            alike = 1
            lamp[NEWEST] = max(lamp[NEWEST], _seen_at(lamp, slot))
            if lamp[slot + SLOT_EVIDENCE] < lamp[found + SLOT_EVIDENCE]:
                found = slot
        elif other == _NONE:
            other = slot
        else:
            other = _SEVERAL
            break
    if other == _NONE:
        lamp[PAIRED] = 0
        return found
    if other >= 0 and apart and not alike and not barred:
        _pair(lamp, found, other)
    else:
        lamp[PAIRED] = 0
    return _SEVERAL


def _seen_at(lamp, slot: int) -> int:
    """When the user of a track was at the edge of the field; NEVER if he stayed: that says nothing of his speed."""
    return NEVER if lamp[slot + SLOT_SEEN] else lamp[slot + SLOT_EVIDENCE]


def _in_time(lamp, settings, slot: int, back: int, front: int) -> bool:
    """Whether the user of a track can be here now: not too fast, not too slow."""
    base = block.of(lamp[ENTRY], lamp[slot + SLOT_CLASSES])
    fast = settings[base + schema.FASTEST]
    slow = settings[base + schema.SLOWEST]
    if lamp[slot + SLOT_SPEED]:
        fast = lamp[slot + SLOT_SPEED] + (lamp[slot + SLOT_SPEED] >> 1)
        slow = lamp[slot + SLOT_SPEED] >> 1
    most = (lamp[NOW] - lamp[slot + SLOT_FIRST] + 99) // 100  # tenths of a second
    least = (lamp[NOW] - lamp[slot + SLOT_EVIDENCE]) // 100
    nearest = lamp[slot + SLOT_DISTANCE] - lamp[slot + SLOT_FRONT] - back
    farthest = lamp[slot + SLOT_DISTANCE] + lamp[slot + SLOT_BACK] + front
    return nearest * 10 <= fast * most and farthest * 10 >= slow * least


def _pair(lamp, one: int, other: int) -> None:
    """Two tracks explain the detection. PAIRED becomes 2 if they were the two of the last one, whose user is still here."""
    if lamp[one + SLOT_ORIGIN] > lamp[other + SLOT_ORIGIN]:
        one, other = other, one
    same = (
        lamp[PAIRED] == 1
        and lamp[PAIR] == lamp[one + SLOT_ORIGIN]
        and lamp[PAIR + 1] == lamp[one + SLOT_NUMBER]
        and lamp[PAIR + 2] == lamp[other + SLOT_ORIGIN]
        and lamp[PAIR + 3] == lamp[other + SLOT_NUMBER]
    )
    lamp[PAIRED] = 2 if same else 1
    lamp[PAIR] = lamp[one + SLOT_ORIGIN]
    lamp[PAIR + 1] = lamp[one + SLOT_NUMBER]
    lamp[PAIR + 2] = lamp[other + SLOT_ORIGIN]
    lamp[PAIR + 3] = lamp[other + SLOT_NUMBER]
