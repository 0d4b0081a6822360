"""The state of one lamp: a row of integers with named positions.

On the node an `array('i')`, on the host a list or a row of NumPy int32: the same code runs on all three. Times are
ms on the lamp's own clock NOW, which counts from the night's origin (local noon) and is set back at each new one.
"""

from micropython import const

NEVER = const(1_073_741_823)  # 2^30 - 1: later than any time, farther than any distance

# Clock and phase.
NOW = const(0)
NEXT = const(1)  # when the target may change by itself
ENTRY = const(2)  # where the current phase stands in the settings block

# Output: see `dimmer`.
POSITION = const(3)
TARGET_POSITION = const(4)
RATE = const(5)  # positions per ms
TARGET = const(6)  # permille
CAUSE = const(7)  # which rule set the target: see `priority`

# Commands and health.
OVERRIDE = const(8)  # at least this level, permille
OVERRIDE_END = const(9)
FAULTS = const(10)  # bits: see `health`
CHECKED = const(11)  # until when they hold; 0: they must be looked at again
HEARD = const(12)  # when a neighbour was last heard
MISSES = const(13)  # passes in a row that both neighbours saw and this lamp did not
HOUR = const(14)  # when the hour of the duty account began
ON_TIME = const(15)  # how long the sensor was on in it
NEIGHBOURS_ON = const(16)  # the largest share of an hour that a neighbour's sensor was on, permille
UNWELL_COUNT = const(17)  # how many neighbours' sensors lie; more than UNWELL_LAMPS: too many to remember, none is trusted
UNWELL = const(18)  # their ids
UNWELL_LAMPS = const(4)

# The lamp's own sensors.
ID = const(22)
NUMBER = const(23)  # of its last detection
SEEN = const(24)  # how many users, or sensors, see somebody now
SEEN_SINCE = const(25)
EVIDENCE = const(26)  # when its sensors last said something new
RENEWAL = const(27)  # when to tell the neighbours again that somebody is still here
RENEWED = const(28)  # whether they were told
SEEN_CLASSES = const(29)  # which classes they may be
TARGET_TIME = const(30)  # radar: when a target was last reported,
TARGET_SIGN = const(31)  # and whether it came nearer (1) or went away (-1)

# Users from two sides who may be the one just seen, while nobody has left: see `match`.
PAIRED = const(32)  # how many detections in a row they explained
PAIR = const(33)  # those of one side, then of the other, as found now, and as found before
PAIR_LENGTH = const(4)  # origin, number of the oldest and of the newest, how many
SLOWER = const(49)  # how fast the users of all tracks that explain a detection alike would have come, at least
FASTER = const(50)  # and at most [cm/s]; SLOWER is 0 where that cannot be told
COMPLETE = const(51)  # 1: all of them have come

# Tracks.
TRACKS = const(52)  # slots in use
MERGED = const(53)  # how often slots had to be merged

# What `wave.window` found out about the evidence of a frame.
WINDOW_RELATION = const(54)
WINDOW_DISTANCE = const(55)
WINDOW_ARRIVE = const(56)
WINDOW_FROM = const(57)
WINDOW_UNTIL = const(58)
WINDOW_BRANCH = const(59)
WINDOW_DOUBT = const(60)
WINDOW_STOP = const(61)  # how far from the origin the user may have stopped
WINDOW_QUIET = const(62)  # how long after he left the field the first sensor on the way would have reported him
WINDOW_FORKS = const(63)  # not 0: he may turn off on the way here

# Those who came since the field was last empty, where the sensor tells users apart.
PEOPLE = const(64)  # how many
NUMBERS = const(65)  # how many detections they made, renewals included
PARTY_CAME = const(66)  # by which link, if all by the same
PARTY_SLOWEST = const(67)  # how fast, cm/s; 0: not known of all
PARTY_FASTEST = const(68)
PARTY_SINCE = const(69)  # when the last one came

# The frame to send, where SEND is 1.
SEND = const(70)
FRAME = const(71)

# A frame: one detection, told to the neighbours.
ORIGIN = const(0)
DETECTION = const(1)  # number of the detection at its origin
CLASSES = const(2)  # which classes it may be: bit 0 pedestrian, bit 1 cyclist, bit 2 car
SPEED = const(3)  # cm/s; 0: unknown
CAME = const(4)  # link at the origin by which the user came; 255: unknown
AGE = const(5)  # ms since the evidence
STILL_SEEN = const(6)  # 1: a sensor of the origin goes on seeing somebody; 2: it has seen him until now; 0: he has just come
PREVIOUS = const(7)  # origin of the detection that this one continues; -1: none
PREVIOUS_NUMBER = const(8)
MOVED = const(9)  # cm between the two origins along the links
BACK = const(10)  # cm by which the user may be behind the origin (towards CAME),
FRONT = const(11)  # and ahead of it
ALSO = const(12)  # a second detection that this one and the one before it continue together; -1: none
ALSO_NUMBER = const(13)
PERHAPS = const(14)  # for how long [ms] it may also be somebody new, whom no sensor has seen before; 0: it is not,
UNTIL_SILENT = const(1)  # until the first sensor on his way has been silent for long enough
LEFT = const(15)  # whether he is still in the field of the sensor: see below
GROUP = const(16)  # if not: of how many detections, this one and those before it, that is said
PREVIOUS_SPAN = const(17)  # how many numbers before PREVIOUS_NUMBER, of users who came the same way, are continued too
ALSO_SPAN = const(18)
FRAME_LENGTH = const(19)
UNTOLD = const(0)  # the sensor cannot tell
INSIDE = const(1)  # he is until another frame says that he is not
ONE_LEFT = const(2)  # one of the group has left
ALL_LEFT = const(3)  # all have,
ALL_PASSED = const(4)  # on the other side than they came from
LINK_UNKNOWN = const(255)

# A track: from which evidence, where it was, when it lights this lamp. MERGED_ORIGIN marks merged ones.
SLOTS = const(90)
SLOT_ORIGIN = const(0)
SLOT_NUMBER = const(1)
SLOT_CLASSES = const(2)
SLOT_SPEED = const(3)
SLOT_SEEN = const(4)
SLOT_RELATION = const(5)
SLOT_DISTANCE = const(6)
SLOT_ARRIVE = const(7)  # link of this lamp by which the user would come
SLOT_EVIDENCE = const(8)
SLOT_BACK = const(9)
SLOT_FRONT = const(10)
SLOT_FROM = const(11)
SLOT_UNTIL = const(12)
SLOT_BRANCH = const(13)  # until when it holds if the user was seen on another branch
SLOT_DOUBT = const(14)  # what speaks against his coming here: 0, ELSEWHERE, or UNSEEN and more
SLOT_FIRST = const(15)  # the earliest the evidence may be, if two that were alike became one
SLOT_TELLS = const(16)  # 1: its sensor tells when he leaves,
SLOT_LEFT = const(17)  # the earliest that may have been; NEVER: he is inside
SLOT_GONE = const(18)  # the latest; NEVER: he may be inside
SLOT_QUIET = const(19)
SLOT_LEAVES = const(20)  # how many of those who may be he have left, and were not seen elsewhere
SLOT_FORKS = const(21)  # not 0: he may turn off on the way here
SLOT_LENGTH = const(22)
ELSEWHERE = const(1)  # he, or one who was with him, has been seen on another branch
UNSEEN = const(2)  # a sensor between him and here should have reported him
MAX_TRACKS = const(20)
MERGED_ORIGIN = const(-1)
QUIET_ORIGIN = const(-2)  # merged of tracks whose users cannot be on their way here

LAMP = const(552)  # SLOTS + (MAX_TRACKS + 1) * SLOT_LENGTH: one slot more, for merging


def reset(lamp, identity: int) -> None:
    """A lamp that has just been switched on: no track, nothing heard, and full light until `control.start`."""
    for at in range(LAMP):
        lamp[at] = 0
    lamp[ID] = identity
    lamp[NEXT] = NEVER
    lamp[RENEWAL] = NEVER
