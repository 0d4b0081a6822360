"""Which track explains a detection: the joining of what two posts saw into one user on his way.

A detection joins a track only if the speed that this implies is possible. Where several tracks explain it, or none,
nothing is shortened.
"""

from micropython import const

from . import reach, schema, slots
from . import settings as block
from .lamp import (
    COMPLETE,
    ENTRY,
    FASTER,
    ID,
    LINK_UNKNOWN,
    MERGED_ORIGIN,
    NEVER,
    NOW,
    PAIR,
    PAIR_LENGTH,
    PAIRED,
    QUIET_ORIGIN,
    SLOT_ARRIVE,
    SLOT_BACK,
    SLOT_CLASSES,
    SLOT_DISTANCE,
    SLOT_DOUBT,
    SLOT_EVIDENCE,
    SLOT_FIRST,
    SLOT_FRONT,
    SLOT_GONE,
    SLOT_LEFT,
    SLOT_LENGTH,
    SLOT_NUMBER,
    SLOT_ORIGIN,
    SLOT_RELATION,
    SLOT_SEEN,
    SLOT_SPEED,
    SLOT_TELLS,
    SLOTS,
    SLOWER,
    TRACKS,
    UNSEEN,
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

    A track of somebody who has been seen elsewhere since counts only where no other explains it, one that a sensor in
    between should have reported only where none of these does either. `apart`: 1 where the
    sensor tells users apart, so that each detection is one user.
    """
    found = _NONE
    doubt = 0
    while found == _NONE and doubt <= UNSEEN:
        found = _candidate(lamp, settings, classes, came, back, front, apart, doubt)
        doubt += 1
    return found


def _candidate(lamp, settings, classes: int, came: int, back: int, front: int, apart: int, doubt: int) -> int:
    """The only candidate among the tracks in whose favour as much speaks; _NONE or _SEVERAL.

    Tracks of the same post and way are as good as each other: the oldest is taken, the rest stay. Where users come
    from two sides, see `_both_sides`.
    """
    found = _NONE
    other = _NONE
    sides = 0
    slot = SLOTS - SLOT_LENGTH
    end = SLOTS + (lamp[TRACKS] - 1) * SLOT_LENGTH
    while slot < end:
        slot += SLOT_LENGTH
        if lamp[slot + SLOT_ORIGIN] == MERGED_ORIGIN:
            sides = 3
            break
        if lamp[slot + SLOT_ORIGIN] == lamp[ID] or lamp[slot + SLOT_ORIGIN] == QUIET_ORIGIN or lamp[slot + SLOT_RELATION] == reach.BEHIND:
            continue
        if not classes & lamp[slot + SLOT_CLASSES] or (came != LINK_UNKNOWN and lamp[slot + SLOT_ARRIVE] != came):
            continue
        if min(lamp[slot + SLOT_DOUBT], UNSEEN) != doubt or not _in_time(lamp, settings, slot, back, front, apart):
            continue
        if sides == 0:
            sides = 1
            found = slot
            lamp[SLOWER] = NEVER
            lamp[FASTER] = 0
            _consider(lamp, slot)
            _first(lamp, PAIR, slot)
        elif slots.alike(lamp, slot, found):
            _consider(lamp, slot)
            found = _one_more(lamp, PAIR, slot, found)
        elif sides == 1:
            sides = 2
            other = slot
            _first(lamp, PAIR + PAIR_LENGTH, slot)
        elif sides == 2 and slots.alike(lamp, slot, other):
            other = _one_more(lamp, PAIR + PAIR_LENGTH, slot, other)
        else:
            sides = 3
            break
    lamp[COMPLETE] = 0
    if sides < 2:
        return found
    if sides == 2 and apart and not doubt:
        _both_sides(lamp, found, other)
    else:
        lamp[PAIRED] = 0
    return _SEVERAL


def time_left(lamp, settings, slot: int, back: int) -> int:
    """For how many ms more the user of a track may come, at his slowest."""
    slow = settings[block.of(lamp[ENTRY], lamp[slot + SLOT_CLASSES]) + schema.SLOWEST]
    if lamp[slot + SLOT_SPEED]:
        slow = max(1, lamp[slot + SLOT_SPEED] >> 1)
    since = lamp[slot + SLOT_GONE]
    way = lamp[slot + SLOT_DISTANCE] - lamp[slot + SLOT_BACK] - back
    if since == NEVER or way < 0:
        since = lamp[NOW]
        way = lamp[slot + SLOT_DISTANCE] + lamp[slot + SLOT_BACK]
    return max(0, min(reach.LONGEST, since + way * 1000 // slow - lamp[NOW]))


def _first(lamp, side: int, slot: int) -> None:
    """Begin a side with its first track."""
    lamp[side] = lamp[slot + SLOT_ORIGIN]
    lamp[side + 1] = lamp[slot + SLOT_NUMBER]
    lamp[side + 2] = lamp[slot + SLOT_NUMBER]
    lamp[side + 3] = 1


def _one_more(lamp, side: int, slot: int, oldest: int) -> int:
    """Another track of a side. Returns the slot of its oldest."""
    number = lamp[slot + SLOT_NUMBER]
    if (number - lamp[side + 2]) % 65535 < 32768:
        lamp[side + 2] = number
    if (lamp[side + 1] - number) % 65535 < 32768:
        lamp[side + 1] = number
    lamp[side + 3] += 1
    # Whose way is known goes first: who stays may then be anybody of them.
    if lamp[slot + SLOT_RELATION] != lamp[oldest + SLOT_RELATION]:
        return slot if lamp[slot + SLOT_RELATION] == reach.AHEAD else oldest
    return slot if lamp[slot + SLOT_EVIDENCE] < lamp[oldest + SLOT_EVIDENCE] else oldest


def _both_sides(lamp, one: int, other: int) -> None:
    """Users from two sides explain the detection. When as many have come as there are, all of them have: COMPLETE.

    None of those who were explained so has left yet, and who explained them before explains this one too.
    """
    if lamp[PAIR] > lamp[PAIR + PAIR_LENGTH]:
        one, other = other, one
        for at in range(PAIR, PAIR + PAIR_LENGTH):
            lamp[at], lamp[at + PAIR_LENGTH] = lamp[at + PAIR_LENGTH], lamp[at]
    same = lamp[PAIRED] > 0
    for side in range(PAIR, PAIR + 2 * PAIR_LENGTH, 4):
        before = side + 2 * PAIR_LENGTH
        if lamp[side] != lamp[before] or lamp[side + 1] != lamp[before + 1] or lamp[side + 3] < lamp[before + 3]:
            same = False
    lamp[PAIRED] = lamp[PAIRED] + 1 if same else 1
    for at in range(PAIR, PAIR + 2 * PAIR_LENGTH):
        lamp[at + 2 * PAIR_LENGTH] = lamp[at]
    if lamp[PAIRED] == lamp[PAIR + 3] + lamp[PAIR + PAIR_LENGTH + 3]:
        lamp[COMPLETE] = _nobody_else(lamp, PAIR, one) and _nobody_else(lamp, PAIR + PAIR_LENGTH, other)


def _nobody_else(lamp, side: int, like: int) -> int:
    """1 if all tracks of a side between its oldest and newest number are among those that explain the detection."""
    span = (lamp[side + 2] - lamp[side + 1]) % 65535
    count = 0
    slot = SLOTS
    while slot < SLOTS + lamp[TRACKS] * SLOT_LENGTH:
        if slots.alike(lamp, slot, like) and (lamp[side + 2] - lamp[slot + SLOT_NUMBER]) % 65535 <= span:
            count += 1
        slot += SLOT_LENGTH
    return 1 if count == lamp[side + 3] else 0


def _consider(lamp, slot: int) -> None:
    """Note how fast the user of a track has come here, if he is the one: SLOWER and FASTER, over all who may be."""
    if lamp[slot + SLOT_SEEN]:  # he stayed: that says nothing of his speed
        lamp[SLOWER] = 0
        return
    way = lamp[slot + SLOT_DISTANCE] * 1000
    lamp[SLOWER] = min(lamp[SLOWER], way // max(1, lamp[NOW] - lamp[slot + SLOT_FIRST]))
    lamp[FASTER] = max(lamp[FASTER], way // max(1, lamp[NOW] - lamp[slot + SLOT_EVIDENCE]))


def _in_time(lamp, settings, slot: int, back: int, front: int, apart: int) -> bool:
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
    if nearest * 10 > fast * most:
        return False
    between = lamp[slot + SLOT_DISTANCE] - lamp[slot + SLOT_BACK] - back
    if lamp[slot + SLOT_TELLS] and between > 0:  # he is between the fields of the two sensors
        if lamp[slot + SLOT_LEFT] == NEVER:
            return False
        most = (lamp[NOW] - lamp[slot + SLOT_LEFT] + 99) // 100
        least = 0 if lamp[slot + SLOT_GONE] == NEVER else (lamp[NOW] - lamp[slot + SLOT_GONE]) // 100
        farthest = between if apart else between + back + front
        if between * 10 > fast * most:
            return False
    return farthest * 10 >= slow * least
