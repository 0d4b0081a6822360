"""The settings of one lamp for one night: a block of integers, made by `fill` from the settings rows of its phases.

A block is a header and one entry for each phase in the order of their begins; lamps of one zone, floor and fixture
share it. Where the class of a user is not known, the most demanding of the possible classes counts: an entry holds
the settings of every set of classes, so that no step has to compare them.
"""

from micropython import const

from . import schema
from .dimmer import position_of, rate_of

# Header.
ENTRIES = const(0)
SAFE = const(1)  # level when even the phase is unknown: the highest fallback
LOWEST = const(2)  # lowest level that the fixture holds without flicker; less than that is raised to it
END = const(3)  # until when the block is valid
HEADER = const(4)

# Entry.
BEGIN = const(0)
FLOOR = const(1)
FALLBACK = const(2)  # level in a fault
IDLE = const(3)
UP = const(4)  # rates of `dimmer`
DOWN = const(5)
FRAME_LIMIT = const(6)
LINGER_ONCE = const(7)
LEAD = const(8)  # ms from evidence to full light: sensing, radio, ramp
SETS = const(9)  # then one block of CLASS_SETTINGS for each set of classes, 1 to 7
ENTRY_LENGTH = const(72)


def length(entries: int) -> int:
    """How many integers a block with so many entries has."""
    return HEADER + entries * ENTRY_LENGTH


def of(entry: int, classes: int) -> int:
    """Where the settings of a set of classes (1 to 7) begin in the entry at `entry`."""
    return entry + SETS + (classes - 1) * schema.CLASS_SETTINGS


def begin(block, entries: int, lowest: int, end_ms: int) -> None:
    """Write the header of a block; `fill` its entries next, in the order of their begins."""
    block[ENTRIES] = entries
    block[SAFE] = 0
    block[LOWEST] = lowest
    block[END] = end_ms


def fill(block, index: int, begin_ms: int, floor: int, row) -> None:
    """Write entry `index`: the phase that begins at `begin_ms`, with a floor [permille] and a settings row."""
    entry = HEADER + index * ENTRY_LENGTH
    block[entry + BEGIN] = begin_ms
    block[entry + FLOOR] = floor
    block[entry + IDLE] = row[schema.IDLE]
    block[entry + UP] = rate_of(row[schema.RAMP_UP])
    block[entry + DOWN] = rate_of(row[schema.RAMP_DOWN])
    block[entry + FRAME_LIMIT] = row[schema.FRAME_MAX]
    block[entry + LINGER_ONCE] = row[schema.LINGER_ONCE]
    for classes in range(1, 1 << schema.CLASSES):
        at = of(entry, classes)
        for setting in range(schema.CLASS_SETTINGS):
            block[at + setting] = widest(row, classes, setting)
    everyone = of(entry, (1 << schema.CLASSES) - 1)
    highest = block[everyone + schema.PRESENCE]
    rise = position_of(highest) - position_of(row[schema.IDLE])
    block[entry + LEAD] = row[schema.REACTION] + max(0, rise) // block[entry + UP]
    block[entry + FALLBACK] = max(row[schema.FAULT], highest, floor)
    block[SAFE] = max(block[SAFE], block[entry + FALLBACK])


def widest(row, classes: int, setting: int) -> int:
    """The most demanding value of a class setting among a set of classes: the largest, for `slowest` the smallest."""
    found = -1
    for road_user in range(schema.CLASSES):
        if classes >> road_user & 1:
            value = row[schema.PHASE_SETTINGS + road_user * schema.CLASS_SETTINGS + setting]
            if found < 0 or (value < found if setting == schema.SLOWEST else value > found):
                found = value
    return found


def rest_at_least(block, level: int) -> None:
    """Raise what the lamp rests at, in every phase of a block that is filled, to a level [permille]: a floor, for a while."""
    for index in range(block[ENTRIES]):
        entry = HEADER + index * ENTRY_LENGTH
        block[entry + FLOOR] = max(block[entry + FLOOR], level)
        block[entry + FALLBACK] = max(block[entry + FALLBACK], level)
