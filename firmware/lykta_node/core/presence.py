"""From sensor readings to detections: who was it, how fast, from where.

A reading opens a detection, or continues the one there is. A detection that exactly one track explains continues
that track: two posts give speed and direction, and the wave is directed from then on. If several tracks explain it,
or none, it opens a track both ways and nothing is shortened.
"""

from micropython import const

from . import health, match, schema, wave
from . import neighbours as way
from . import settings as block
from .lamp import (
    AGE,
    ALSO,
    ALSO_NUMBER,
    BACK,
    CAME,
    CLASSES,
    DETECTION,
    ENTRY,
    EVIDENCE,
    FAULTS,
    FRAME,
    FRONT,
    ID,
    LINK_UNKNOWN,
    MISSES,
    MOVED,
    NEVER,
    NEWEST,
    NOW,
    NUMBER,
    ORIGIN,
    PAIR,
    PAIRED,
    PERHAPS,
    PREVIOUS,
    PREVIOUS_NUMBER,
    RENEWAL,
    RENEWED,
    SEEN,
    SEEN_CLASSES,
    SEEN_SINCE,
    SEND,
    SLOT_ARRIVE,
    SLOT_BARRED,
    SLOT_CLASSES,
    SLOT_DISTANCE,
    SLOT_EVIDENCE,
    SLOT_FIRST,
    SLOT_NUMBER,
    SLOT_ORIGIN,
    SLOT_SPEED,
    SPEED,
    STILL_SEEN,
    TARGET_SIGN,
    TARGET_TIME,
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
                renew(lamp, settings, table, own, 2)
        return
    classes = table[way.ADMITS]
    if road_user != schema.UNKNOWN and classes >> road_user & 1:
        classes = 1 << road_user
    again = lamp[SEEN] > 0 or (lamp[NUMBER] > 0 and now - lamp[EVIDENCE] <= _SAME_MS)
    if lamp[SEEN] == 0:
        lamp[SEEN_SINCE] = now
        lamp[SEEN_CLASSES] = 0
    lamp[SEEN] += 1
    lamp[SEEN_CLASSES] |= classes
    lamp[EVIDENCE] = now
    lamp[MISSES] = 0
    if kind == EDGE_ON and again and _own_track(lamp) >= 0:
        if now >= lamp[RENEWAL]:
            renew(lamp, settings, table, own, 2)
        return
    radius = table[way.RANGE]
    detect(lamp, settings, table, own, classes, 0, LINK_UNKNOWN, radius, radius, int(kind == ENTER))


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
            renew(lamp, settings, table, own, 2)
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
    lamp[FRAME + PREVIOUS] = -1
    lamp[FRAME + PREVIOUS_NUMBER] = 0
    lamp[FRAME + MOVED] = 0
    lamp[FRAME + ALSO] = -1
    lamp[FRAME + ALSO_NUMBER] = 0
    lamp[FRAME + PERHAPS] = 0
    slot = match.explains(lamp, settings, classes, came, back, front, apart)
    if slot >= 0:
        lamp[FRAME + PREVIOUS] = lamp[slot + SLOT_ORIGIN]
        lamp[FRAME + PREVIOUS_NUMBER] = lamp[slot + SLOT_NUMBER]
        lamp[FRAME + MOVED] = lamp[slot + SLOT_DISTANCE]
        # Where somebody may come in whom no sensor has seen, one track that explains the detection proves nothing.
        # Nor does one that a sensor in between should have reported.
        newcomers = table[way.OPEN] if came == LINK_UNKNOWN else table[way.OPEN] >> came & 1
        if newcomers or lamp[NOW] < lamp[slot + SLOT_BARRED]:
            lamp[FRAME + PERHAPS] = 1
        else:
            common = classes & lamp[slot + SLOT_CLASSES]
            classes = common if common else classes
            if came == LINK_UNKNOWN:
                came = lamp[slot + SLOT_ARRIVE]
                # Who enters is at the near edge; an output that goes on later may mean anywhere up to the post.
                front = -back if apart else 0
            if speed == 0 and lamp[slot + SLOT_FIRST] < lamp[slot + SLOT_EVIDENCE]:
                speed = lamp[slot + SLOT_SPEED]  # which of several it is cannot be told, nor then how long he took
            if speed == 0 and lamp[NEWEST] < NEVER:
                # Of several it may be the one seen last: who is thought too fast has light too early, not too late.
                base = block.of(lamp[ENTRY], classes)
                speed = lamp[FRAME + MOVED] * 1000 // max(1, lamp[NOW] - lamp[NEWEST])
                speed = min(max(speed, settings[base + schema.SLOWEST]), settings[base + schema.FASTEST])
            if speed:
                classes = match.able(lamp, settings, classes, speed)
    elif lamp[PAIRED] == 2 and table[way.OPEN] == 0:  # where newcomers may come, these two may be such
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
    """Say again that somebody is (`still` 1), or was until now (2), at this post.

    Who stays is told as a detection of its own: the last one may be of somebody who has gone on.
    """
    if (still == 1 and not lamp[RENEWED]) or _own_track(lamp) < 0:
        lamp[NUMBER] = lamp[NUMBER] % 65535 + 1
        lamp[FRAME + DETECTION] = lamp[NUMBER]
        lamp[FRAME + CLASSES] = lamp[SEEN_CLASSES] if lamp[SEEN_CLASSES] else lamp[FRAME + CLASSES]
        lamp[FRAME + SPEED] = 0
        lamp[FRAME + CAME] = LINK_UNKNOWN
    lamp[FRAME + PREVIOUS] = -1
    lamp[FRAME + ALSO] = -1
    lamp[FRAME + PERHAPS] = 0
    lamp[FRAME + AGE] = 0
    lamp[FRAME + STILL_SEEN] = still
    lamp[FRAME + BACK] = max(lamp[FRAME + BACK], table[way.RANGE])
    lamp[FRAME + FRONT] = max(lamp[FRAME + FRONT], table[way.RANGE])
    lamp[RENEWED] = still & 1
    _tell(lamp, settings, table, own)


def _tell(lamp, settings, table, own: int) -> None:
    """Take the own frame, and send it unless the sensor is known to lie."""
    wave.take(lamp, settings, table, own, lamp, FRAME)
    lamp[RENEWAL] = lamp[NOW] + RENEW_MS
    lamp[SEND] = 0 if lamp[FAULTS] & health.LYING else 1


def _own_track(lamp) -> int:
    """The slot of the own last detection; -1 if a neighbour has taken over, or it has ended."""
    return wave.find(lamp, lamp[ID], lamp[NUMBER])
