"""The light wave: what evidence anywhere near means for this lamp, kept as tracks in fixed slots.

A track is an interval that grows with what is not known. After evidence at a post, the user's front runs at the
highest speed he may have until a healthy sensor ahead (a gate) would have reported him, his rear stays behind until
the next evidence; this lamp is lit while it may be within AHEAD of the front or BEHIND of the rear. Evidence that
continues a track replaces it; evidence on one branch never releases another; full slots merge and only add light.
"""

from micropython import const

from . import neighbours as way
from . import schema
from . import settings as block
from .lamp import (
    AGE, ALSO, ALSO_NUMBER, BACK, CAME, CHECKED, CLASSES, DETECTION, EVIDENCE, FRONT, MAX_TRACKS, MERGED, MERGED_ORIGIN, MISSES, MOVED, NEVER, NOW,
    ORIGIN, PREVIOUS, PREVIOUS_NUMBER, SLOT_ARRIVE, SLOT_BACK, SLOT_BARRED, SLOT_BRANCH, SLOT_CLASSES, SLOT_DISTANCE, SLOT_EVIDENCE,
    SLOT_FROM, SLOT_FRONT, SLOT_LENGTH, SLOT_NUMBER, SLOT_ORIGIN, SLOT_RELATION, SLOT_SEEN, SLOT_SPEED, SLOT_UNTIL, SLOTS,
    SPEED, STILL_SEEN, TRACKS, UNWELL, UNWELL_COUNT, UNWELL_LAMPS, WINDOW_ARRIVE, WINDOW_BARRED, WINDOW_BRANCH, WINDOW_DISTANCE, WINDOW_FROM,
    WINDOW_RELATION, WINDOW_STOP, WINDOW_UNTIL, ENTRY, ID, LINK_UNKNOWN,
)  # fmt: skip

# How a lamp stands to a user seen elsewhere.
UNKNOWN = const(0)  # he may come here, or go away
AHEAD = const(1)  # he is on his way here
BEHIND = const(2)  # he has left in another direction

_SLACK = const(200)  # cm within which two distances count as equal
_LONGEST = const(1_000_000)  # ms that any evidence lasts at most


def window(lamp, settings, table, at: int, frames, at_frame: int) -> None:
    """From when until when this lamp is wanted by the evidence of a frame, relative to the evidence [ms].

    `at`: where the rows of the frame's origin begin in the table. Fills the WINDOW fields; FROM is NEVER where the
    evidence asks for no light here.
    """
    came = frames[at_frame + CAME]
    ahead = NEVER
    ahead_at = at
    behind = NEVER
    while True:
        distance = table[at + way.DISTANCE]
        if table[at + way.LINK] == came:
            if distance < behind:
                behind = distance
        elif distance < ahead:
            ahead = distance
            ahead_at = at
        if table[at + way.LAST]:
            break
        at += way.ROW_LENGTH
    entry = lamp[ENTRY]
    base = block.of(entry, frames[at_frame + CLASSES])
    lamp[WINDOW_FROM] = NEVER
    lamp[WINDOW_UNTIL] = 0
    lamp[WINDOW_BRANCH] = _LONGEST
    lamp[WINDOW_BARRED] = 0
    lamp[WINDOW_STOP] = frames[at_frame + FRONT]
    if ahead < NEVER:
        lamp[WINDOW_RELATION] = UNKNOWN if came == LINK_UNKNOWN else AHEAD
        lamp[WINDOW_DISTANCE] = ahead
        lamp[WINDOW_ARRIVE] = table[ahead_at + way.ARRIVE]
        _before(lamp, settings, table, ahead_at, frames, at_frame, ahead, base)
    else:
        lamp[WINDOW_RELATION] = BEHIND
        lamp[WINDOW_DISTANCE] = behind
        lamp[WINDOW_ARRIVE] = LINK_UNKNOWN
    # Who stops anywhere before the next gate keeps the light of the lamps near him for `linger`.
    near = settings[base + schema.BEHIND]
    if ahead <= near + lamp[WINDOW_STOP] or behind <= near + frames[at_frame + BACK]:
        lamp[WINDOW_FROM] = 0
        lamp[WINDOW_UNTIL] = max(lamp[WINDOW_UNTIL], settings[base + schema.LINGER])


def _before(lamp, settings, table, at: int, frames, at_frame: int, distance: int, base: int) -> None:
    """The window of a lamp `distance` cm ahead (or perhaps ahead) of the evidence: front, gates, coasting."""
    speed = frames[at_frame + SPEED]
    reach = settings[base + schema.AHEAD]
    fast = settings[base + schema.FASTEST]
    slow = settings[base + schema.SLOWEST]
    if speed:
        reach = max(reach, speed * settings[base + schema.PREVIEW] // 1000)
        fast = speed + (speed >> 1)
        slow = max(1, speed >> 1)
    lead = settings[lamp[ENTRY] + block.LEAD]
    hold = settings[base + schema.HOLD]
    back = frames[at_frame + BACK]
    front = frames[at_frame + FRONT]
    # Where the front must be, counted from the origin, for this lamp to be wanted.
    need = distance - reach - fast * lead // 1000
    wanted = NEVER
    waited = 0  # until when the gates passed so far hold the front back
    barred = -1  # until when those before this lamp's own sensor do
    passes = settings[base + schema.COAST] + 1
    at += way.GATES
    last = at + way.MAX_GATES * way.GATE_LENGTH
    while at < last and passes and table[at + way.GATE_NEAR] != NEVER:
        gate = table[at + way.GATE_LAMP]
        if gate < 0 or lamp[UNWELL_COUNT] == 0 or _healthy(lamp, gate):
            if gate == lamp[ID]:
                barred = waited
            if wanted == NEVER and (need <= table[at + way.GATE_NEAR] or need <= front):
                # Once the speed is known, the front runs on: a sensor that misses somebody does not leave him in the dark.
                wanted = max(0, (need - front) * 1000 // fast)
                if wanted < waited and not speed:
                    wanted = waited
            crossed = (table[at + way.GATE_FAR] + back) * 1000 // slow
            if waited == 0:
                lamp[WINDOW_STOP] = max(front, table[at + way.GATE_NEAR])
                lamp[WINDOW_BRANCH] = min(_LONGEST, crossed + lead)
            waited = crossed + hold
            passes -= 1
        at += way.GATE_LENGTH
    lamp[WINDOW_FROM] = wanted
    lamp[WINDOW_UNTIL] = min(_LONGEST, waited + hold)
    lamp[WINDOW_BARRED] = min(_LONGEST, waited if barred < 0 else barred)


def _healthy(lamp, gate: int) -> bool:
    """Whether the sensor of a gate may hold the front back."""
    if lamp[UNWELL_COUNT] > UNWELL_LAMPS:
        return False
    for at in range(UNWELL, UNWELL + lamp[UNWELL_COUNT]):
        if lamp[at] == gate:
            return False
    return True


def take(lamp, settings, table, at: int, frames, at_frame: int) -> bool:
    """Take the evidence of a frame, own or a neighbour's, into the tracks.

    Returns whether anything changed; call `control.settle` then.
    """
    window(lamp, settings, table, at, frames, at_frame)
    now = lamp[NOW]
    evidence = now - frames[at_frame + AGE]
    before = -1
    if frames[at_frame + PREVIOUS] >= 0:
        before = find(lamp, frames[at_frame + PREVIOUS], frames[at_frame + PREVIOUS_NUMBER])
    since = _replace(lamp, before, frames[at_frame + MOVED]) if before >= 0 else NEVER
    if frames[at_frame + ALSO] >= 0:
        also = find(lamp, frames[at_frame + ALSO], frames[at_frame + ALSO_NUMBER])
        if also >= 0:
            before = also
            since = min(since, _replace(lamp, also, 0))
    if lamp[WINDOW_FROM] == NEVER:
        return before >= 0
    slot = find(lamp, frames[at_frame + ORIGIN], frames[at_frame + DETECTION])
    if slot < 0:
        slot = SLOTS + lamp[TRACKS] * SLOT_LENGTH
        lamp[TRACKS] += 1
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
    lamp[slot + SLOT_BACK] = frames[at_frame + BACK]
    lamp[slot + SLOT_FRONT] = frames[at_frame + FRONT]
    lamp[slot + SLOT_FROM] = begins
    lamp[slot + SLOT_UNTIL] = until
    lamp[slot + SLOT_BRANCH] = evidence + lamp[WINDOW_BRANCH]
    lamp[slot + SLOT_BARRED] = evidence + lamp[WINDOW_BARRED]
    if lamp[TRACKS] > MAX_TRACKS:
        _merge(lamp)
    return True


def find(lamp, origin: int, number: int) -> int:
    """The slot of the track whose last evidence is this detection; -1 if there is none."""
    for slot in range(SLOTS, SLOTS + lamp[TRACKS] * SLOT_LENGTH, SLOT_LENGTH):
        if lamp[slot + SLOT_ORIGIN] == origin and lamp[slot + SLOT_NUMBER] == number:
            return slot
    return -1


def _replace(lamp, slot: int, moved: int) -> int:
    """Take away the track that new evidence continues, `moved` cm further, unless somebody may have stayed on it.

    Returns since when that track has lit, or was to light, this lamp; NEVER if it stays.
    """
    if lamp[WINDOW_RELATION] == BEHIND and lamp[slot + SLOT_RELATION] != BEHIND:
        if lamp[slot + SLOT_DISTANCE] + lamp[WINDOW_DISTANCE] > moved + _SLACK:
            # The user went another way than here, but two may have parted: wait for the sensor on this branch.
            lamp[slot + SLOT_UNTIL] = min(lamp[slot + SLOT_UNTIL], lamp[slot + SLOT_BRANCH])
            return NEVER
        if lamp[slot + SLOT_EVIDENCE] > lamp[EVIDENCE]:  # came past this lamp, and its own sensor said nothing
            lamp[MISSES] += 1
            lamp[CHECKED] = 0
    if lamp[slot + SLOT_SEEN]:
        return NEVER  # somebody is still there
    since = lamp[slot + SLOT_FROM]
    _leave(lamp, slot)
    remove(lamp, slot)
    return since


def alike(lamp, one: int, other: int) -> bool:
    """Whether two tracks stand for users seen at the same post, on the same way: then it does not matter who is who."""
    return (
        lamp[one + SLOT_ORIGIN] == lamp[other + SLOT_ORIGIN]
        and lamp[one + SLOT_ARRIVE] == lamp[other + SLOT_ARRIVE]
        and lamp[one + SLOT_CLASSES] & lamp[other + SLOT_CLASSES] != 0
    )


def _leave(lamp, gone: int) -> None:
    """A track is taken away; who stays on one that is alike may be its user: it takes over what it has and lacks."""
    for slot in range(SLOTS, SLOTS + lamp[TRACKS] * SLOT_LENGTH, SLOT_LENGTH):
        if slot != gone and alike(lamp, slot, gone):
            lamp[slot + SLOT_CLASSES] |= lamp[gone + SLOT_CLASSES]
            lamp[slot + SLOT_EVIDENCE] = min(lamp[slot + SLOT_EVIDENCE], lamp[gone + SLOT_EVIDENCE])
            lamp[slot + SLOT_FROM] = min(lamp[slot + SLOT_FROM], lamp[gone + SLOT_FROM])
            lamp[slot + SLOT_UNTIL] = max(lamp[slot + SLOT_UNTIL], lamp[gone + SLOT_UNTIL])
            lamp[slot + SLOT_BARRED] = min(lamp[slot + SLOT_BARRED], lamp[gone + SLOT_BARRED])


def remove(lamp, slot: int) -> None:
    """Free a slot; the last track moves into it."""
    lamp[TRACKS] -= 1
    last = SLOTS + lamp[TRACKS] * SLOT_LENGTH
    if slot != last:
        for at in range(SLOT_LENGTH):
            lamp[slot + at] = lamp[last + at]


def _merge(lamp) -> None:
    """Make one of the two most similar tracks: earliest from, latest until, every class, both directions."""
    best = NEVER
    keep = SLOTS
    drop = SLOTS + SLOT_LENGTH
    end = SLOTS + lamp[TRACKS] * SLOT_LENGTH
    for one in range(SLOTS, end, SLOT_LENGTH):
        for other in range(one + SLOT_LENGTH, end, SLOT_LENGTH):
            apart = abs(lamp[one + SLOT_FROM] - lamp[other + SLOT_FROM])
            apart += abs(lamp[one + SLOT_UNTIL] - lamp[other + SLOT_UNTIL])
            if apart < best:
                best = apart
                keep = one
                drop = other
    lamp[keep + SLOT_ORIGIN] = MERGED_ORIGIN
    lamp[keep + SLOT_CLASSES] |= lamp[drop + SLOT_CLASSES]
    lamp[keep + SLOT_RELATION] = UNKNOWN
    lamp[keep + SLOT_FROM] = min(lamp[keep + SLOT_FROM], lamp[drop + SLOT_FROM])
    lamp[keep + SLOT_UNTIL] = max(lamp[keep + SLOT_UNTIL], lamp[drop + SLOT_UNTIL])
    lamp[MERGED] += 1
    remove(lamp, drop)
