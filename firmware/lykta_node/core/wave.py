"""The light wave: the evidence of all posts around, kept as tracks in fixed slots.

A track is what one detection means for this lamp (`reach`), until evidence continues it elsewhere. Evidence that
continues a track replaces it; evidence on one branch never releases another; full slots merge and only add light.
"""

from micropython import const

from . import leaving, reach, slots
from . import settings as block
from .lamp import (
    AGE,
    ALSO,
    ALSO_NUMBER,
    ALSO_SPAN,
    BACK,
    CHECKED,
    CLASSES,
    DETECTION,
    ELSEWHERE,
    ENTRY,
    EVIDENCE,
    FRONT,
    GROUP,
    ID,
    LEFT,
    MAX_TRACKS,
    MISSES,
    MOVED,
    NEVER,
    NOW,
    ORIGIN,
    PERHAPS,
    PREVIOUS,
    PREVIOUS_NUMBER,
    PREVIOUS_SPAN,
    SLOT_ARRIVE,
    SLOT_BACK,
    SLOT_BRANCH,
    SLOT_CLASSES,
    SLOT_DISTANCE,
    SLOT_DOUBT,
    SLOT_EVIDENCE,
    SLOT_FIRST,
    SLOT_FORKS,
    SLOT_FROM,
    SLOT_FRONT,
    SLOT_GONE,
    SLOT_LEAVES,
    SLOT_LEFT,
    SLOT_LENGTH,
    SLOT_NUMBER,
    SLOT_ORIGIN,
    SLOT_QUIET,
    SLOT_RELATION,
    SLOT_SEEN,
    SLOT_SPEED,
    SLOT_TELLS,
    SLOT_UNTIL,
    SLOTS,
    SPEED,
    STILL_SEEN,
    TRACKS,
    UNTIL_SILENT,
    WINDOW_ARRIVE,
    WINDOW_BRANCH,
    WINDOW_DISTANCE,
    WINDOW_DOUBT,
    WINDOW_FORKS,
    WINDOW_FROM,
    WINDOW_QUIET,
    WINDOW_RELATION,
    WINDOW_UNTIL,
)  # fmt: skip

_SLACK = const(200)  # cm within which two distances count as equal


def take(lamp, settings, table, at: int, frames, at_frame: int) -> bool:
    """Take the evidence of a frame, own or a neighbour's, into the tracks.

    Returns whether anything changed; call `control.settle` then.
    """
    reach.window(lamp, settings, table, at, frames, at_frame)
    now = lamp[NOW]
    evidence = now - frames[at_frame + AGE]
    before = -1
    if frames[at_frame + PREVIOUS] >= 0:
        before = slots.find(lamp, frames[at_frame + PREVIOUS], frames[at_frame + PREVIOUS_NUMBER])
    since = NEVER
    if before >= 0:
        if reach.senses(table):
            _count_pass(lamp, before, frames[at_frame + MOVED])
        if frames[at_frame + PERHAPS] == UNTIL_SILENT:
            _shorten(lamp, before)
        else:
            since = _replace(lamp, before, frames[at_frame + MOVED], frames[at_frame + PREVIOUS_SPAN], frames[at_frame + PERHAPS])
    if frames[at_frame + ALSO] >= 0:
        also = slots.find(lamp, frames[at_frame + ALSO], frames[at_frame + ALSO_NUMBER])
        if also >= 0:
            before = also
            since = min(since, _replace(lamp, also, 0, frames[at_frame + ALSO_SPAN], 0))
    if lamp[WINDOW_FROM] == NEVER:
        return before >= 0
    slot = slots.find(lamp, frames[at_frame + ORIGIN], frames[at_frame + DETECTION])
    known = slot >= 0
    if not known:
        slot = SLOTS + lamp[TRACKS] * SLOT_LENGTH
        lamp[TRACKS] += 1
    elif evidence < lamp[slot + SLOT_EVIDENCE]:
        return before >= 0  # a copy that was overtaken by a newer one
    else:
        since = min(since, lamp[slot + SLOT_FROM])
    begins = evidence + lamp[WINDOW_FROM]
    if since <= now:  # lit by what this evidence continues: it stays lit
        begins = min(begins, since)
    until = evidence + lamp[WINDOW_UNTIL]
    limit = now + settings[lamp[ENTRY] + block.FRAME_LIMIT]
    if until > limit and frames[at_frame + ORIGIN] != lamp[ID]:
        until = limit
    lamp[slot + SLOT_ORIGIN] = frames[at_frame + ORIGIN]
    lamp[slot + SLOT_NUMBER] = frames[at_frame + DETECTION]
    lamp[slot + SLOT_CLASSES] = frames[at_frame + CLASSES]
    lamp[slot + SLOT_SPEED] = frames[at_frame + SPEED]
    lamp[slot + SLOT_SEEN] = frames[at_frame + STILL_SEEN]
    lamp[slot + SLOT_RELATION] = lamp[WINDOW_RELATION]
    lamp[slot + SLOT_DISTANCE] = lamp[WINDOW_DISTANCE]
    lamp[slot + SLOT_ARRIVE] = lamp[WINDOW_ARRIVE]
    lamp[slot + SLOT_EVIDENCE] = evidence
    lamp[slot + SLOT_FIRST] = evidence
    lamp[slot + SLOT_BACK] = frames[at_frame + BACK]
    lamp[slot + SLOT_FRONT] = frames[at_frame + FRONT]
    lamp[slot + SLOT_FROM] = begins
    lamp[slot + SLOT_UNTIL] = until
    lamp[slot + SLOT_BRANCH] = evidence + lamp[WINDOW_BRANCH]
    lamp[slot + SLOT_DOUBT] = lamp[WINDOW_DOUBT]
    lamp[slot + SLOT_TELLS] = 1 if frames[at_frame + LEFT] else 0
    if not known or frames[at_frame + STILL_SEEN] != 1:
        lamp[slot + SLOT_LEFT] = NEVER
        lamp[slot + SLOT_LEAVES] = 0
    lamp[slot + SLOT_GONE] = NEVER
    lamp[slot + SLOT_QUIET] = lamp[WINDOW_QUIET]
    lamp[slot + SLOT_FORKS] = lamp[WINDOW_FORKS]
    if lamp[slot + SLOT_TELLS] and frames[at_frame + STILL_SEEN] == 1:
        leaving.stay(lamp, slot, frames[at_frame + GROUP])
    if lamp[TRACKS] > MAX_TRACKS:
        slots.merge(lamp)
    return True


def _count_pass(lamp, slot: int, moved: int) -> None:
    """Notice that a user was seen before this lamp and then `moved` cm further, beyond it, but not here."""
    between = lamp[slot + SLOT_DISTANCE] > 0 and lamp[WINDOW_DISTANCE] > 0
    if between and lamp[slot + SLOT_DISTANCE] + lamp[WINDOW_DISTANCE] <= moved + _SLACK:
        if lamp[slot + SLOT_RELATION] != reach.BEHIND and lamp[slot + SLOT_EVIDENCE] > lamp[EVIDENCE]:
            lamp[MISSES] += 1
            lamp[CHECKED] = 0


def _replace(lamp, slot: int, moved: int, span: int, perhaps: int) -> int:
    """Take away the track that new evidence continues, `moved` cm further, unless somebody may have stayed on it.

    With it go those of the same post and way that have one of the `span` numbers before. `perhaps`: the evidence may be
    of somebody else. Returns since when they have lit, or were to light, this lamp; NEVER if they stay.
    """
    if perhaps or not lamp[slot + SLOT_TELLS]:
        if lamp[WINDOW_RELATION] == reach.BEHIND and lamp[slot + SLOT_RELATION] != reach.BEHIND:
            if lamp[slot + SLOT_DISTANCE] + lamp[WINDOW_DISTANCE] > moved + _SLACK:
                _shorten(lamp, slot)  # the user went another way than here, but two may have parted
                return NEVER
    if lamp[slot + SLOT_SEEN] == 1 and not lamp[slot + SLOT_TELLS]:
        return NEVER  # somebody is still there
    origin = lamp[slot + SLOT_ORIGIN]
    arrive = lamp[slot + SLOT_ARRIVE]
    newest = lamp[slot + SLOT_NUMBER]
    since = lamp[slot + SLOT_FROM]
    _leave(lamp, slot)
    slots.remove(lamp, slot)
    slot = SLOTS
    while span and slot < SLOTS + lamp[TRACKS] * SLOT_LENGTH:
        if (
            lamp[slot + SLOT_ORIGIN] == origin
            and lamp[slot + SLOT_ARRIVE] == arrive
            and (newest - lamp[slot + SLOT_NUMBER]) % 65535 <= span
        ):
            since = min(since, lamp[slot + SLOT_FROM])
            slots.remove(lamp, slot)
        else:
            slot += SLOT_LENGTH
    return since


def _shorten(lamp, slot: int) -> None:
    """A track that has probably been continued elsewhere, but somebody may still be on it.

    It lasts until the first sensor on its way has been silent for as long as the slowest user would take to pass it.
    """
    lamp[slot + SLOT_UNTIL] = min(lamp[slot + SLOT_UNTIL], lamp[slot + SLOT_BRANCH])
    lamp[slot + SLOT_DOUBT] |= ELSEWHERE


def _leave(lamp, gone: int) -> None:
    """A track is taken away; who stays on one that is alike may be its user: it takes over what it has and lacks."""
    slot = SLOTS
    while slot < SLOTS + lamp[TRACKS] * SLOT_LENGTH:
        if slot != gone and slots.alike(lamp, slot, gone):
            lamp[slot + SLOT_CLASSES] |= lamp[gone + SLOT_CLASSES]
            lamp[slot + SLOT_FIRST] = min(lamp[slot + SLOT_FIRST], lamp[gone + SLOT_FIRST])
            lamp[slot + SLOT_EVIDENCE] = max(lamp[slot + SLOT_EVIDENCE], lamp[gone + SLOT_EVIDENCE])
            lamp[slot + SLOT_FROM] = min(lamp[slot + SLOT_FROM], lamp[gone + SLOT_FROM])
            lamp[slot + SLOT_UNTIL] = max(lamp[slot + SLOT_UNTIL], lamp[gone + SLOT_UNTIL])
            lamp[slot + SLOT_DOUBT] = min(lamp[slot + SLOT_DOUBT], lamp[gone + SLOT_DOUBT])
        if slot != gone and lamp[slot + SLOT_ORIGIN] == lamp[gone + SLOT_ORIGIN] and lamp[slot + SLOT_GONE] == NEVER:
            lamp[slot + SLOT_LEAVES] = max(0, lamp[slot + SLOT_LEAVES] - 1)
            if lamp[slot + SLOT_LEAVES] == 0:
                lamp[slot + SLOT_LEFT] = NEVER
        slot += SLOT_LENGTH
