"""What evidence at one post means for one lamp: from when until when it is wanted, and how it stands to the user.

After evidence the user's front runs at the highest speed he may have, until a healthy sensor on the way (a gate)
would have reported him; his rear stays near the evidence. A lamp is wanted while it may be within AHEAD of the front
or BEHIND of the rear.
"""

from micropython import const

from . import neighbours as way
from . import schema
from . import settings as block
from .lamp import (
    BACK,
    CAME,
    CLASSES,
    ENTRY,
    FRONT,
    ID,
    LEFT,
    LINK_UNKNOWN,
    NEVER,
    PERHAPS,
    PREVIOUS,
    SPEED,
    STILL_SEEN,
    UNSEEN,
    UNTIL_SILENT,
    UNWELL,
    UNWELL_COUNT,
    UNWELL_LAMPS,
    WINDOW_ARRIVE,
    WINDOW_BRANCH,
    WINDOW_DISTANCE,
    WINDOW_DOUBT,
    WINDOW_FORKS,
    WINDOW_FROM,
    WINDOW_QUIET,
    WINDOW_RELATION,
    WINDOW_STOP,
    WINDOW_UNTIL,
)  # fmt: skip

# How a lamp stands to a user seen elsewhere.
UNKNOWN = const(0)  # he may come here, or go away
AHEAD = const(1)  # he is on his way here
BEHIND = const(2)  # he has left in another direction

LONGEST = const(1_000_000)  # ms that any evidence lasts at most


def window(lamp, settings, table, at: int, frames, at_frame: int) -> None:
    """From when until when this lamp is wanted by the evidence of a frame, relative to the evidence [ms].

    `at`: where the rows of the frame's origin begin in the table. Fills the WINDOW fields; FROM is NEVER where the
    evidence asks for no light here.
    """
    came = frames[at_frame + CAME]
    base = block.of(lamp[ENTRY], frames[at_frame + CLASSES])
    lamp[WINDOW_RELATION] = BEHIND
    lamp[WINDOW_DISTANCE] = NEVER
    lamp[WINDOW_ARRIVE] = LINK_UNKNOWN
    lamp[WINDOW_FROM] = NEVER
    lamp[WINDOW_UNTIL] = 0
    lamp[WINDOW_BRANCH] = 0
    lamp[WINDOW_DOUBT] = UNSEEN
    lamp[WINDOW_QUIET] = 0
    lamp[WINDOW_FORKS] = 0
    lamp[WINDOW_STOP] = frames[at_frame + FRONT]
    behind = NEVER
    beside = NEVER
    perhaps = frames[at_frame + PERHAPS]
    while True:
        distance = table[at + way.DISTANCE]
        if table[at + way.LINK] == came:
            behind = distance
            if perhaps > UNTIL_SILENT and distance <= settings[base + schema.AHEAD] + frames[at_frame + BACK]:
                lamp[WINDOW_FROM] = 0
                lamp[WINDOW_UNTIL] = max(lamp[WINDOW_UNTIL], perhaps)
        else:
            if distance < lamp[WINDOW_DISTANCE]:
                lamp[WINDOW_RELATION] = UNKNOWN if came == LINK_UNKNOWN else AHEAD
                lamp[WINDOW_DISTANCE] = distance
                lamp[WINDOW_ARRIVE] = table[at + way.ARRIVE]
                lamp[WINDOW_FORKS] = table[at + way.FLAGS] & way.FORKS
                beside = table[at + way.NEAR_FROM] if table[at + way.GATES + way.GATE_SURE] else NEVER
            _before(lamp, settings, table, at, frames, at_frame, distance, base)
        if table[at + way.FLAGS] & way.LAST:
            break
        at += way.ROW_LENGTH
    # Who stops anywhere before the next gate keeps the light of the lamps near him, and of the next one ahead, for `linger`.
    near = settings[base + schema.BEHIND]
    if beside <= lamp[WINDOW_STOP] or lamp[WINDOW_DISTANCE] <= near + lamp[WINDOW_STOP] or behind <= near + frames[at_frame + BACK]:
        lamp[WINDOW_FROM] = 0
        lingers = settings[base + schema.LINGER]
        if frames[at_frame + STILL_SEEN] == 0 and (perhaps or frames[at_frame + PREVIOUS] < 0):
            # Seen once, by one post: it may have been nobody.
            lingers = min(lingers, max(settings[lamp[ENTRY] + block.LINGER_ONCE], settings[base + schema.HOLD]))
        lamp[WINDOW_UNTIL] = max(lamp[WINDOW_UNTIL], lingers)
        if frames[at_frame + LEFT]:  # each detection is one user: whoever was seen on another branch was not he
            lamp[WINDOW_BRANCH] = max(lamp[WINDOW_BRANCH], settings[base + schema.LINGER])
        lamp[WINDOW_QUIET] = LONGEST
    if lamp[WINDOW_RELATION] == BEHIND:
        lamp[WINDOW_DISTANCE] = behind


def senses(table) -> bool:
    """Whether the lamp of a table has a sensor of its own."""
    return table[way.RANGE] + table[way.SEES] + table[way.SEES + 1] + table[way.SEES + 2] > 0


def _before(lamp, settings, table, at: int, frames, at_frame: int, distance: int, base: int) -> None:
    """Widen the window by a way on which the lamp is `distance` cm ahead (or perhaps ahead): front, gates, coasting."""
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
    begins = NEVER
    stop = front  # how far he may have gone when he stopped
    branch = 0  # until when the slowest has passed the first gate
    quiet = LONGEST  # how long after he left the field of the origin he reaches it
    waited = 0  # until when the gates passed so far hold the front back
    beyond = 0  # how far the last of them reaches
    sure = 0  # whether none of them misses anybody
    doubt = UNSEEN  # whether one of them stands before this lamp's own sensor
    passes = settings[base + schema.COAST] + 1
    at += way.GATES
    last = at + way.MAX_GATES * way.GATE_LENGTH
    while at < last and passes and table[at + way.GATE_NEAR] != NEVER:
        gate = table[at + way.GATE_LAMP]
        if gate < 0 or lamp[UNWELL_COUNT] == 0 or _healthy(lamp, gate):
            if gate == lamp[ID] and waited == 0:
                doubt = 0
            if begins == NEVER and (need <= table[at + way.GATE_NEAR] or need <= front):
                # Once the speed is known, the front runs on where sensors may miss somebody: he is not left in the dark.
                begins = max(0, (need - front) * 1000 // fast)
                if begins < waited and (sure or not speed):
                    begins = waited
            beyond = table[at + way.GATE_FAR]
            crossed = (beyond + back) * 1000 // slow
            if waited == 0:
                stop = max(front, table[at + way.GATE_NEAR])
                branch = crossed + lead
                if table[at + way.GATE_SURE]:
                    quiet = max(0, table[at + way.GATE_FAR] - back) * 1000 // slow + max(lead, hold)
            waited = crossed + hold
            sure = table[at + way.GATE_SURE]
            passes -= 1
            if gate < 0 or sure:  # the way ends here, or nobody gets by unseen
                passes = 0
        at += way.GATE_LENGTH
    if passes:  # the sensors that can be trusted ended before coasting did: nothing holds the front back
        crossed = (max(distance, beyond) + back) * 1000 // slow
        waited = max(waited, crossed + hold)
        if begins == NEVER:
            begins = max(0, (need - front) * 1000 // fast)
        branch = crossed + lead
    # If it may be a newcomer, one silent sensor is enough to tell that nobody came this way.
    until = branch if frames[at_frame + PERHAPS] == UNTIL_SILENT else waited + hold
    lamp[WINDOW_FROM] = min(lamp[WINDOW_FROM], begins)
    lamp[WINDOW_UNTIL] = max(lamp[WINDOW_UNTIL], min(LONGEST, until))
    lamp[WINDOW_BRANCH] = max(lamp[WINDOW_BRANCH], min(LONGEST, branch))
    lamp[WINDOW_DOUBT] = min(lamp[WINDOW_DOUBT], doubt)
    lamp[WINDOW_QUIET] = max(lamp[WINDOW_QUIET], quiet)
    lamp[WINDOW_STOP] = max(lamp[WINDOW_STOP], stop)


def _healthy(lamp, gate: int) -> bool:
    """Whether the sensor of a gate may hold the front back."""
    if lamp[UNWELL_COUNT] > UNWELL_LAMPS:
        return False
    for at in range(UNWELL, UNWELL + lamp[UNWELL_COUNT]):
        if lamp[at] == gate:
            return False
    return True
