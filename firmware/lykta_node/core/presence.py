"""From sensor readings to detections: who was it, how fast, from where.

A reading opens a detection, or continues the one there is. A detection that exactly one track explains continues
that track: two posts give speed and direction, and the wave is directed from then on. If several tracks explain it,
or none, it opens a track both ways and nothing is shortened.
"""

from micropython import const

from . import health, match, schema, telling
from . import neighbours as way
from . import settings as block
from .lamp import (
    AGE,
    ALSO,
    ALSO_NUMBER,
    ALSO_SPAN,
    BACK,
    CAME,
    CLASSES,
    COMPLETE,
    DETECTION,
    ENTRY,
    EVIDENCE,
    FASTER,
    FRAME,
    FRONT,
    ID,
    INSIDE,
    LEFT,
    LINK_UNKNOWN,
    MISSES,
    MOVED,
    NOW,
    NUMBER,
    NUMBERS,
    ORIGIN,
    PAIR,
    PAIR_LENGTH,
    PAIRED,
    PARTY_CAME,
    PARTY_FASTEST,
    PARTY_SINCE,
    PARTY_SLOWEST,
    PEOPLE,
    PERHAPS,
    PREVIOUS,
    PREVIOUS_NUMBER,
    PREVIOUS_SPAN,
    RENEWAL,
    RENEWED,
    SEEN,
    SEEN_CLASSES,
    SEEN_SINCE,
    SLOT_ARRIVE,
    SLOT_CLASSES,
    SLOT_DISTANCE,
    SLOT_DOUBT,
    SLOT_FORKS,
    SLOT_NUMBER,
    SLOT_ORIGIN,
    SLOWER,
    SPEED,
    STILL_SEEN,
    TARGET_SIGN,
    TARGET_TIME,
    UNSEEN,
    UNTIL_SILENT,
    UNTOLD,
)  # fmt: skip

# Kinds of reading.
EDGE_ON = const(1)  # the output of a PIR or presence radar goes on,
EDGE_OFF = const(2)  # and off
ENTER = const(3)  # a user enters the coverage of a sensor that tells users apart,
LEAVE = const(4)  # and leaves it
TARGET = const(5)  # a radar reports a target: distance [cm], speed [cm/s, positive: coming nearer]

_SAME_MS = const(6_000)  # an output that goes on again within this time is the same user moving on
_SILENT_MS = const(1_500)  # some radars report nothing when they see nothing


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
            if lamp[RENEWED] and kind == EDGE_OFF:
                telling.renew(lamp, settings, table, own, 2)
        if kind == LEAVE:
            telling.leave(lamp, settings, table, own)
        return
    classes = table[way.ADMITS]
    if road_user != schema.UNKNOWN and classes >> road_user & 1:
        classes = 1 << road_user
    again = lamp[SEEN] > 0 or (lamp[NUMBER] > 0 and now - lamp[EVIDENCE] <= _SAME_MS)
    if lamp[SEEN] == 0:
        lamp[SEEN_SINCE] = now
        lamp[SEEN_CLASSES] = 0
        lamp[PEOPLE] = 0
        lamp[NUMBERS] = 0
    lamp[SEEN] += 1
    lamp[SEEN_CLASSES] |= classes
    lamp[EVIDENCE] = now
    lamp[MISSES] = 0
    if kind == EDGE_ON and again and telling.own_track(lamp) >= 0:
        if now >= lamp[RENEWAL]:
            telling.renew(lamp, settings, table, own, 2)
        return
    radius = table[way.RANGE]
    detect(lamp, settings, table, own, classes, 0, LINK_UNKNOWN, radius, radius, int(kind == ENTER))
    if kind == ENTER:
        if lamp[PEOPLE] == 0:
            lamp[PARTY_CAME] = lamp[FRAME + CAME]
            lamp[PARTY_SLOWEST] = lamp[PARTY_FASTEST] = lamp[FRAME + SPEED]
        elif lamp[PARTY_CAME] != lamp[FRAME + CAME]:
            lamp[PARTY_CAME] = LINK_UNKNOWN
        lamp[PARTY_SLOWEST] = min(lamp[PARTY_SLOWEST], lamp[FRAME + SPEED])
        lamp[PARTY_FASTEST] = max(lamp[PARTY_FASTEST], lamp[FRAME + SPEED])
        lamp[PARTY_SINCE] = now
        lamp[PEOPLE] += 1


def _target(lamp, settings, table, own: int, distance: int, speed: int) -> None:
    """A radar target: a new detection, or the one it has been following."""
    now = lamp[NOW]
    sign = 1 if speed > 0 else -1 if speed < 0 else lamp[TARGET_SIGN]
    follows = lamp[TARGET_SIGN] == sign and lamp[NUMBER] > 0 and now - lamp[TARGET_TIME] <= _SILENT_MS
    lamp[TARGET_TIME] = now
    lamp[TARGET_SIGN] = sign
    lamp[EVIDENCE] = now
    lamp[MISSES] = 0
    if follows and telling.own_track(lamp) >= 0:
        if now >= lamp[RENEWAL]:
            telling.renew(lamp, settings, table, own, 2)
        return
    classes = 0
    for road_user in range(schema.CLASSES):
        if table[way.ADMITS] >> road_user & 1 and distance <= table[way.SEES + road_user]:
            classes |= 1 << road_user
    classes = match.able(lamp, settings, classes if classes else table[way.ADMITS], abs(speed))
    came = table[way.FACING] if sign > 0 else table[way.OPPOSITE]
    if came == LINK_UNKNOWN:
        detect(lamp, settings, table, own, classes, abs(speed), came, distance, distance, 0)
    elif sign > 0:
        detect(lamp, settings, table, own, classes, abs(speed), came, distance, 0, 0)
    else:
        detect(lamp, settings, table, own, classes, abs(speed), came, 0, distance, 0)


def detect(lamp, settings, table, own: int, classes: int, speed: int, came: int, back: int, front: int, apart: int) -> None:
    """A new detection: find the track it continues, take it, and leave the frame for the neighbours at FRAME.

    `classes` is a set; `speed` 0 and `came` LINK_UNKNOWN are unknown; `back`, `front`: how far from the post the
    user may be [cm]; `apart`: see `match.explains`.
    """
    lamp[NUMBER] = lamp[NUMBER] % 65535 + 1
    lamp[NUMBERS] += 1
    lamp[FRAME + LEFT] = INSIDE if apart else UNTOLD
    lamp[FRAME + PREVIOUS] = -1
    lamp[FRAME + PREVIOUS_NUMBER] = 0
    lamp[FRAME + MOVED] = 0
    lamp[FRAME + ALSO] = -1
    lamp[FRAME + ALSO_NUMBER] = 0
    lamp[FRAME + PREVIOUS_SPAN] = 0
    lamp[FRAME + ALSO_SPAN] = 0
    lamp[FRAME + PERHAPS] = 0
    slot = match.explains(lamp, settings, classes, came, back, front, apart)
    if slot >= 0:
        lamp[FRAME + PREVIOUS] = lamp[slot + SLOT_ORIGIN]
        lamp[FRAME + PREVIOUS_NUMBER] = lamp[slot + SLOT_NUMBER]
        lamp[FRAME + MOVED] = lamp[slot + SLOT_DISTANCE]
        # Where somebody may come in whom no sensor has seen, one track that explains the detection proves nothing, unless
        # its user would have to come by as well. Nor does one that a sensor in between should have reported.
        newcomers = table[way.OPEN] if came == LINK_UNKNOWN else table[way.OPEN] >> came & 1
        if lamp[slot + SLOT_DOUBT] & UNSEEN or (newcomers and (lamp[slot + SLOT_FORKS] or not apart)):
            lamp[FRAME + PERHAPS] = UNTIL_SILENT
        else:
            if newcomers:  # then the one who explains it comes too, while he can
                lamp[FRAME + PERHAPS] = UNTIL_SILENT + match.time_left(lamp, settings, slot, back)
            common = classes & lamp[slot + SLOT_CLASSES]
            classes = common if common else classes
            if came == LINK_UNKNOWN:
                came = lamp[slot + SLOT_ARRIVE]
                # Who enters is at the near edge; an output that goes on later may mean anywhere up to the post.
                front = -back if apart else 0
            if speed == 0 and 0 < lamp[FASTER] * 2 <= lamp[SLOWER] * 3:
                speed = (lamp[SLOWER] + lamp[FASTER]) // 2
                base = block.of(lamp[ENTRY], classes)
                speed = min(max(speed, settings[base + schema.SLOWEST]), settings[base + schema.FASTEST])
            if speed:
                classes = match.able(lamp, settings, classes, speed)
    elif lamp[COMPLETE] and table[way.OPEN] == 0:  # where newcomers may come, these may be such
        lamp[PAIRED] = 0
        lamp[FRAME + PREVIOUS] = lamp[PAIR]
        lamp[FRAME + PREVIOUS_NUMBER] = lamp[PAIR + 2]
        lamp[FRAME + PREVIOUS_SPAN] = (lamp[PAIR + 2] - lamp[PAIR + 1]) % 65535
        lamp[FRAME + ALSO] = lamp[PAIR + PAIR_LENGTH]
        lamp[FRAME + ALSO_NUMBER] = lamp[PAIR + PAIR_LENGTH + 2]
        lamp[FRAME + ALSO_SPAN] = (lamp[PAIR + PAIR_LENGTH + 2] - lamp[PAIR + PAIR_LENGTH + 1]) % 65535
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
    telling.tell(lamp, settings, table, own)
