"""From sensor readings to detections: who was it, how fast, from where.

A reading opens a detection, or continues the one there is. A detection that exactly one track explains continues
that track: two posts give speed and direction, and the wave is directed from then on. If several tracks explain it,
or none, it opens a track both ways and nothing is shortened.
"""

from micropython import const

from . import health
from . import neighbours as way
from . import schema
from . import settings as block
from . import wave
from .lamp import (
    AGE, ALSO, ALSO_NUMBER, BACK, CAME, CLASSES, DETECTION, ENTRY, EVIDENCE, FAULTS, FRAME, FRONT, ID, LINK_UNKNOWN, MERGED_ORIGIN, MISSES, MOVED,
    NOW, NUMBER, ORIGIN, PAIR, PAIRED, PREVIOUS, PREVIOUS_NUMBER, RENEWAL, RENEWED, SEEN, SEEN_SINCE, SEND, SLOT_ARRIVE, SLOT_BACK,
    SLOT_BARRED, SLOT_CLASSES, SLOT_DISTANCE, SLOT_EVIDENCE, SLOT_FRONT, SLOT_LENGTH, SLOT_NUMBER, SLOT_ORIGIN, SLOT_RELATION, SLOT_SPEED,
    SLOTS, SPEED, STILL_SEEN, TARGET_SIGN, TARGET_TIME, TRACKS,
)  # fmt: skip

# Kinds of reading.
EDGE_ON = const(1)  # the output of a PIR or presence radar goes on,
EDGE_OFF = const(2)  # and off
ENTER = const(3)  # a user enters the coverage of a sensor that tells users apart,
LEAVE = const(4)  # and leaves it
TARGET = const(5)  # a radar reports a target: distance [cm], speed [cm/s, positive: coming nearer]

RENEW_MS = const(20_000)  # how often the neighbours are told that somebody is still here
_SAME_MS = const(6_000)  # an output that goes on again within this time is the same user moving on
_SILENT_MS = const(1_500)  # some radars report nothing when they see nothing
_NONE = const(-1)
_SEVERAL = const(-2)
_WALKING = const(1000)  # range within which a radar sees people on foot [cm]


def read(lamp, settings, table, own: int, kind: int, road_user: int, distance: int, speed: int) -> None:
    """Take one reading of an own sensor. `own`: where the lamp's own rows begin in the table.

    `road_user` is UNKNOWN for sensors that cannot tell. Where the neighbours must be told, SEND is 1 and the frame
    stands at FRAME. Call `control.settle` afterwards.
    """
    if kind == TARGET:
        _target(lamp, settings, table, own, distance, speed)
        return
    now = lamp[NOW]
    if kind == EDGE_OFF or kind == LEAVE:
        if lamp[SEEN] > 0:
            lamp[SEEN] -= 1
        lamp[EVIDENCE] = now
        lamp[PAIRED] = 0
        if lamp[SEEN] == 0:
            health.released(lamp)
            if lamp[RENEWED]:
                renew(lamp, settings, table, own, 0)
        return
    again = lamp[SEEN] > 0 or (lamp[NUMBER] > 0 and now - lamp[EVIDENCE] <= _SAME_MS)
    if lamp[SEEN] == 0:
        lamp[SEEN_SINCE] = now
    lamp[SEEN] += 1
    lamp[EVIDENCE] = now
    lamp[MISSES] = 0
    if kind == EDGE_ON and again and _own_track(lamp) >= 0:
        if now >= lamp[RENEWAL]:
            renew(lamp, settings, table, own, 0)
        return
    classes = table[way.ADMITS]
    if road_user != schema.UNKNOWN and classes >> road_user & 1:
        classes = 1 << road_user
    reach = table[way.RANGE]
    detect(lamp, settings, table, own, classes, 0, LINK_UNKNOWN, reach, reach, int(kind == ENTER))


def _target(lamp, settings, table, own: int, distance: int, speed: int) -> None:
    """A radar target: a new detection, or the one it has been following."""
    now = lamp[NOW]
    sign = 1 if speed > 0 else -1 if speed < 0 else lamp[TARGET_SIGN]
    follows = lamp[TARGET_SIGN] == sign and lamp[NUMBER] > 0 and now - lamp[TARGET_TIME] <= _SILENT_MS
    lamp[TARGET_TIME] = now
    lamp[TARGET_SIGN] = sign
    lamp[EVIDENCE] = now
    lamp[MISSES] = 0
    if follows and _own_track(lamp) >= 0:
        if now >= lamp[RENEWAL]:
            renew(lamp, settings, table, own, 0)
        return
    classes = table[way.ADMITS]
    if distance > _WALKING and classes > 1:
        classes &= ~1
    classes = able(lamp, settings, classes, abs(speed))
    came = table[way.FACING] if sign > 0 else table[way.OPPOSITE]
    if came == LINK_UNKNOWN:
        detect(lamp, settings, table, own, classes, abs(speed), came, distance, distance, 0)
    elif sign > 0:
        detect(lamp, settings, table, own, classes, abs(speed), came, distance, 0, 0)
    else:
        detect(lamp, settings, table, own, classes, abs(speed), came, 0, distance, 0)


def able(lamp, settings, classes: int, speed: int) -> int:
    """Those of a set of classes that can move at a speed; all of them if none can."""
    found = 0
    for road_user in range(schema.CLASSES):
        if classes >> road_user & 1:
            base = block.of(lamp[ENTRY], 1 << road_user)
            if settings[base + schema.SLOWEST] <= speed <= settings[base + schema.FASTEST]:
                found |= 1 << road_user
    return found if found else classes


def detect(lamp, settings, table, own: int, classes: int, speed: int, came: int, back: int, front: int, apart: int) -> None:
    """A new detection: find the track it continues, take it, and leave the frame for the neighbours at FRAME.

    `classes` is a set; `speed` 0 and `came` LINK_UNKNOWN are unknown; `back`, `front`: how far from the post the
    user may be [cm]; `apart`: see `_explains`.
    """
    lamp[NUMBER] = lamp[NUMBER] % 65535 + 1
    lamp[FRAME + PREVIOUS] = -1
    lamp[FRAME + PREVIOUS_NUMBER] = 0
    lamp[FRAME + MOVED] = 0
    lamp[FRAME + ALSO] = -1
    lamp[FRAME + ALSO_NUMBER] = 0
    slot = _explains(lamp, settings, classes, came, back, front, apart)
    if slot >= 0:
        common = classes & lamp[slot + SLOT_CLASSES]
        classes = common if common else classes
        moved = lamp[slot + SLOT_DISTANCE]
        lamp[FRAME + PREVIOUS] = lamp[slot + SLOT_ORIGIN]
        lamp[FRAME + PREVIOUS_NUMBER] = lamp[slot + SLOT_NUMBER]
        lamp[FRAME + MOVED] = moved
        if came == LINK_UNKNOWN:
            came = lamp[slot + SLOT_ARRIVE]
            # Who enters is at the near edge; an output that goes on later may mean anywhere up to the post.
            front = -back if apart else 0
        if speed == 0:
            base = block.of(lamp[ENTRY], classes)
            speed = moved * 1000 // max(1, lamp[NOW] - lamp[slot + SLOT_EVIDENCE])
            speed = min(max(speed, settings[base + schema.SLOWEST]), settings[base + schema.FASTEST])
        classes = able(lamp, settings, classes, speed)
    elif lamp[PAIRED] == 2:
        lamp[PAIRED] = 0
        lamp[FRAME + PREVIOUS] = lamp[PAIR]
        lamp[FRAME + PREVIOUS_NUMBER] = lamp[PAIR + 1]
        lamp[FRAME + ALSO] = lamp[PAIR + 2]
        lamp[FRAME + ALSO_NUMBER] = lamp[PAIR + 3]
    lamp[FRAME + ORIGIN] = lamp[ID]
    lamp[FRAME + DETECTION] = lamp[NUMBER]
    lamp[FRAME + CLASSES] = classes
    lamp[FRAME + SPEED] = speed
    lamp[FRAME + CAME] = came
    lamp[FRAME + AGE] = 0
    lamp[FRAME + STILL_SEEN] = 0
    lamp[FRAME + BACK] = back
    lamp[FRAME + FRONT] = front
    lamp[RENEWED] = 0
    _tell(lamp, settings, table, own)


def renew(lamp, settings, table, own: int, still: int) -> None:
    """Say again that somebody is (`still` 1), or was until now, at this post."""
    lamp[FRAME + AGE] = 0
    lamp[FRAME + STILL_SEEN] = still
    lamp[FRAME + FRONT] = max(lamp[FRAME + FRONT], table[way.RANGE])
    lamp[FRAME + PREVIOUS] = -1
    lamp[FRAME + ALSO] = -1
    lamp[RENEWED] = still
    _tell(lamp, settings, table, own)


def _tell(lamp, settings, table, own: int) -> None:
    """Take the own frame, and send it unless the sensor is known to lie."""
    wave.take(lamp, settings, table, own, lamp, FRAME)
    lamp[RENEWAL] = lamp[NOW] + RENEW_MS
    lamp[SEND] = 0 if lamp[FAULTS] & health.LYING else 1


def _own_track(lamp) -> int:
    """The slot of the own last detection; -1 if a neighbour has taken over, or it has ended."""
    return wave.find(lamp, lamp[ID], lamp[NUMBER])


def _explains(lamp, settings, classes: int, came: int, back: int, front: int, apart: int) -> int:
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
    for slot in range(SLOTS, SLOTS + lamp[TRACKS] * SLOT_LENGTH, SLOT_LENGTH):
        if lamp[slot + SLOT_ORIGIN] == MERGED_ORIGIN:
            other = _SEVERAL
            break
        if lamp[slot + SLOT_ORIGIN] == lamp[ID] or lamp[slot + SLOT_RELATION] == wave.BEHIND:
            continue
        if not classes & lamp[slot + SLOT_CLASSES] or (came != LINK_UNKNOWN and lamp[slot + SLOT_ARRIVE] != came):
            continue
        if (now < lamp[slot + SLOT_BARRED]) != barred or not _in_time(lamp, settings, slot, back, front):
            continue
        if found < 0:
            found = slot
        elif wave.alike(lamp, slot, found):
            alike = 1
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


def _in_time(lamp, settings, slot: int, back: int, front: int) -> bool:
    """Whether the user of a track can be here now: not too fast, not too slow."""
    base = block.of(lamp[ENTRY], lamp[slot + SLOT_CLASSES])
    fast = settings[base + schema.FASTEST]
    slow = settings[base + schema.SLOWEST]
    if lamp[slot + SLOT_SPEED]:
        fast = lamp[slot + SLOT_SPEED] + (lamp[slot + SLOT_SPEED] >> 1)
        slow = lamp[slot + SLOT_SPEED] >> 1
    tenths = (lamp[NOW] - lamp[slot + SLOT_EVIDENCE] + 99) // 100
    nearest = lamp[slot + SLOT_DISTANCE] - lamp[slot + SLOT_FRONT] - back
    farthest = lamp[slot + SLOT_DISTANCE] + lamp[slot + SLOT_BACK] + front
    return nearest * 10 <= fast * tenths and farthest * 10 >= slow * tenths


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
