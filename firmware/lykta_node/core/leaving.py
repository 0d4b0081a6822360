"""Who is still in the field of a sensor that tells users apart, and what it means for a lamp when he leaves it."""

from . import reach, schema
from . import settings as block
from .lamp import (
    AGE,
    ALL_PASSED,
    DETECTION,
    ENTRY,
    GROUP,
    ID,
    LEFT,
    NOW,
    ONE_LEFT,
    ORIGIN,
    SLOT_BACK,
    SLOT_BRANCH,
    SLOT_CLASSES,
    SLOT_DISTANCE,
    SLOT_GONE,
    SLOT_LEAVES,
    SLOT_LEFT,
    SLOT_LENGTH,
    SLOT_NUMBER,
    SLOT_ORIGIN,
    SLOT_QUIET,
    SLOT_RELATION,
    SLOT_UNTIL,
    SLOTS,
    TRACKS,
)


def take(lamp, settings, frames, at_frame: int) -> bool:
    """Take that users have left the field of a sensor that tells them apart.

    Whoever has passed needs no lamp any more that is farther behind him than BEHIND; and who may be somebody new has
    no more time to reach the next sensor than the slowest takes. Returns whether a light may end sooner than before.
    """
    changed = False
    when = lamp[NOW] - frames[at_frame + AGE]
    kind = frames[at_frame + LEFT]
    slot = SLOTS
    while slot < SLOTS + lamp[TRACKS] * SLOT_LENGTH:
        if _together(lamp, slot, frames[at_frame + ORIGIN], frames[at_frame + DETECTION], frames[at_frame + GROUP]):
            until = lamp[slot + SLOT_UNTIL]
            lamp[slot + SLOT_LEFT] = min(lamp[slot + SLOT_LEFT], when)
            lamp[slot + SLOT_LEAVES] += 1
            if kind != ONE_LEFT:
                lamp[slot + SLOT_GONE] = when
                lamp[slot + SLOT_BRANCH] = min(lamp[slot + SLOT_BRANCH], when + lamp[slot + SLOT_QUIET])
                if lamp[slot + SLOT_QUIET] == reach.LONGEST:  # near him, wherever he stops
                    base = block.of(lamp[ENTRY], lamp[slot + SLOT_CLASSES])
                    lingers = when + settings[base + schema.LINGER]
                    if frames[at_frame + ORIGIN] != lamp[ID]:
                        lingers = min(lingers, lamp[NOW] + settings[lamp[ENTRY] + block.FRAME_LIMIT])
                    lamp[slot + SLOT_UNTIL] = max(until, lingers)
                else:
                    lamp[slot + SLOT_UNTIL] = min(lamp[slot + SLOT_UNTIL], when + lamp[slot + SLOT_QUIET])
            if kind == ALL_PASSED and lamp[slot + SLOT_RELATION] == reach.BEHIND:
                near = settings[block.of(lamp[ENTRY], lamp[slot + SLOT_CLASSES]) + schema.BEHIND]
                if lamp[slot + SLOT_DISTANCE] + lamp[slot + SLOT_BACK] > near:
                    lamp[slot + SLOT_UNTIL] = min(lamp[slot + SLOT_UNTIL], when)
            if lamp[slot + SLOT_UNTIL] < until:
                changed = True
        slot += SLOT_LENGTH
    return changed


def stay(lamp, newest: int, group: int) -> None:
    """Who came together with somebody who is still there may be there too: the same is possible of all of them."""
    slot = SLOTS
    while slot < SLOTS + lamp[TRACKS] * SLOT_LENGTH:
        if slot != newest and _together(lamp, slot, lamp[newest + SLOT_ORIGIN], lamp[newest + SLOT_NUMBER], group):
            number = lamp[slot + SLOT_NUMBER]
            classes = lamp[slot + SLOT_CLASSES]
            when = lamp[slot + SLOT_LEFT]
            leaves = lamp[slot + SLOT_LEAVES]
            for at in range(SLOT_LENGTH):
                lamp[slot + at] = lamp[newest + at]
            lamp[slot + SLOT_NUMBER] = number
            lamp[slot + SLOT_CLASSES] = classes
            lamp[slot + SLOT_LEFT] = when
            lamp[slot + SLOT_LEAVES] = leaves
        slot += SLOT_LENGTH


def _together(lamp, slot: int, origin: int, newest: int, group: int) -> bool:
    """Whether a track is of one of the last `group` detections of a post, up to number `newest`."""
    return lamp[slot + SLOT_ORIGIN] == origin and (newest - lamp[slot + SLOT_NUMBER]) % 65535 < group
