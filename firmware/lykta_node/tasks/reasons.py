"""What the node itself may find wrong, and what the control law is told of it.

All that makes presence uncertain is SENSOR to the core, all that makes a setting uncertain is SETTINGS: both mean bright. What
concerns neither is only reported. The core finds the rest by itself (`core/health`): clock, silent radio, stuck or blind sensors.

reason     found                                                            gone
RADAR      it does not answer when asked (every 10 min while silent)        when it answers or reports
WIRE       reading a sensor failed three times in a row                     at the next that succeeds
WARM_UP    a PIR has got power a minute ago, its output means nothing yet    when it can see
SENSE      its task has ended                                               when it has run for a minute again
MESH       its task has ended                                               when it has run for a minute again
FLOOD      telegrams had to be refused unread, 20 in 10 s                   after a minute without
BOARD      the file `board` is missing or makes no sense                    with a good one, at the next start
IDENTITY   the file `identity` is missing or makes no sense                 with a good one, at the next start
TABLE      the neighbour table is missing or makes no sense                 with a good one, at the next start
KEYS       the file `keys` is missing or makes no sense                     with a good one, at the next start
PROGRAM    the program is missing, was repaired, or has run out             with a good one: by letter at once
LAMP       the power does not follow the level                              when it does
MEMORY     less than 8 kB free after a collection                           when there is more
TASK       another task has ended                                           when it has run for a minute again
APART      the clock was set to another time; neighbours may refuse us      with the next telegram of one: clocks agree then
"""

from micropython import const

RADAR = const(1)
WIRE = const(2)
SENSE = const(4)
MESH = const(8)
FLOOD = const(16)
BOARD = const(32)
IDENTITY = const(64)
TABLE = const(128)
KEYS = const(256)
PROGRAM = const(512)
LAMP = const(1024)
MEMORY = const(2048)
TASK = const(4096)
WARM_UP = const(8192)
APART = const(16384)

PRESENCE = const(24927)  # RADAR, WIRE, WARM_UP, SENSE, MESH, FLOOD, IDENTITY, KEYS, APART: who comes may not be known
SETTINGS = const(672)  # BOARD, TABLE, PROGRAM

# The faults that the core finds by itself: the bits of `core/health` up to BLIND.
FAULTS = const(31)
FAULT_NAMES = ("clock", "radio", "stuck", "restless", "blind")
NAMES = (
    "radar", "wire", "sense", "mesh", "flood", "board", "identity", "table", "keys", "program", "lamp", "memory", "task", "warm-up",
    "apart",
)  # fmt: skip


def names(reasons: int, faults: int = 0) -> "list[str]":
    """What is in sets of reasons and of faults."""
    found = [FAULT_NAMES[bit] for bit in range(len(FAULT_NAMES)) if faults >> bit & 1]
    return found + [NAMES[bit] for bit in range(len(NAMES)) if reasons >> bit & 1]


def words(reasons: int, faults: int = 0) -> str:
    """The same as text."""
    return ", ".join(names(reasons, faults))
