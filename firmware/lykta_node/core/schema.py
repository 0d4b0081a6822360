"""The one table of settings: what may be set, in which unit, within which limits.

The node checks its settings with this table; the host derives units, messages, JSON Schema, web form, search
space and documentation from it. Explanations and translations live on the host.

A *settings row* is what one zone does in one phase of the night: one integer per setting, those of the class
scope once for each class of road user. `position(index, road_user)` says where. Nothing here knows about time.
"""

from micropython import const

# Classes of road user. UNKNOWN is what a PIR can say; it is served as the most demanding class that the link admits.
PEDESTRIAN = const(0)
CYCLIST = const(1)
CAR = const(2)
CLASSES = const(3)
UNKNOWN = const(3)
CLASS_NAMES = ("pedestrian", "cyclist", "car")

# Kinds of value; the unit of the integer is in brackets.
LEVEL = const(0)  # luminous flux relative to the design flux [permille]
TIME = const(1)  # [ms]
LENGTH = const(2)  # [cm]
SPEED = const(3)  # [cm/s]
COUNT = const(4)  # [1]

# Scopes: once in a phase, or once for each class in a phase.
PHASE = const(0)
CLASS = const(1)

# Where each setting of the phase scope stands in a settings row.
IDLE = const(0)
FAULT = const(1)
RAMP_UP = const(2)
RAMP_DOWN = const(3)
REACTION = const(4)
FRAME_MAX = const(5)
LINGER_ONCE = const(6)
PHASE_SETTINGS = const(7)

# Where each setting of the class scope stands in the block of its class.
PRESENCE = const(0)
AHEAD = const(1)
PREVIEW = const(2)
BEHIND = const(3)
HOLD = const(4)
LINGER = const(5)
COAST = const(6)
SLOWEST = const(7)
FASTEST = const(8)
CLASS_SETTINGS = const(9)

ROW = const(34)  # PHASE_SETTINGS + CLASSES * CLASS_SETTINGS

# (key, scope, kind, defaults, lowest, highest). One default in the phase scope, one for each class in the class
# scope. The order is the order of the positions above.
SETTINGS = (
    ("idle", PHASE, LEVEL, (500,), 0, 1000),
    ("fault", PHASE, LEVEL, (1000,), 0, 1000),
    ("ramp_up", PHASE, TIME, (2000,), 200, 60000),
    ("ramp_down", PHASE, TIME, (10000,), 200, 120000),
    ("reaction", PHASE, TIME, (500,), 0, 5000),
    ("frame_max", PHASE, TIME, (180000,), 30000, 600000),
    ("linger_once", PHASE, TIME, (180000,), 0, 900000),
    ("level", CLASS, LEVEL, (1000, 1000, 1000), 0, 1000),
    ("ahead", CLASS, LENGTH, (6600, 6600, 8000), 0, 30000),
    ("preview", CLASS, TIME, (0, 8000, 5000), 0, 30000),
    ("behind", CLASS, LENGTH, (2200, 2200, 2200), 0, 30000),
    ("hold", CLASS, TIME, (10000, 10000, 10000), 0, 600000),
    ("linger", CLASS, TIME, (180000, 180000, 30000), 0, 900000),
    ("coast_lamps", CLASS, COUNT, (1, 1, 1), 0, 3),
    ("slowest", CLASS, SPEED, (50, 150, 100), 10, 1000),
    ("fastest", CLASS, SPEED, (350, 1250, 1250), 100, 5000),
)

# Rules across fields; `broken` says whether a row breaks one of them for one class.
RULE_IDLE_ABOVE_PRESENCE = const(0)
RULE_FAULT_BELOW_PRESENCE = const(1)
RULE_HOLD_BELOW_RAMP = const(2)
RULE_LINGER_BELOW_HOLD = const(3)
RULE_SLOWEST_ABOVE_FASTEST = const(4)
RULES = const(5)


def position(index: int, road_user: int) -> int:
    """Where setting `index` of SETTINGS stands in a settings row, for a class (ignored in the phase scope)."""
    if index < PHASE_SETTINGS:
        return index
    return PHASE_SETTINGS + road_user * CLASS_SETTINGS + index - PHASE_SETTINGS


def defaults(row) -> None:
    """Write the defaults of every setting into a settings row."""
    for index in range(len(SETTINGS)):
        reset(row, index)


def reset(row, index: int) -> None:
    """Write the default of one setting, for every class."""
    values = SETTINGS[index][3]
    for road_user in range(len(values)):
        row[position(index, road_user)] = values[road_user]


def broken(row, rule: int, road_user: int) -> bool:
    """Whether a settings row breaks one of the rules across fields for one class."""
    base = PHASE_SETTINGS + road_user * CLASS_SETTINGS
    if rule == RULE_IDLE_ABOVE_PRESENCE:
        return row[IDLE] > row[base + PRESENCE]
    if rule == RULE_FAULT_BELOW_PRESENCE:
        return row[FAULT] < row[base + PRESENCE]
    if rule == RULE_HOLD_BELOW_RAMP:
        return row[base + HOLD] < row[RAMP_UP]
    if rule == RULE_LINGER_BELOW_HOLD:
        return row[base + LINGER] < row[base + HOLD]
    return row[base + SLOWEST] >= row[base + FASTEST]


def repair(row) -> int:
    """Put every value that is out of its limits, or breaks a rule, back to its default or brighter.

    What the node does with settings it cannot trust: a bad field never stops the light. Returns the number of
    values changed, so that it can be reported.
    """
    changed = 0
    for index in range(len(SETTINGS)):
        setting = SETTINGS[index]
        for road_user in range(len(setting[3])):
            at = position(index, road_user)
            if row[at] < setting[4] or row[at] > setting[5]:
                row[at] = setting[3][road_user]
                changed += 1
    for rule in range(RULES):
        for road_user in range(CLASSES):
            if broken(row, rule, road_user):
                changed += 1
                base = PHASE_SETTINGS + road_user * CLASS_SETTINGS
                if rule == RULE_IDLE_ABOVE_PRESENCE:
                    row[base + PRESENCE] = row[IDLE]
                elif rule == RULE_FAULT_BELOW_PRESENCE:
                    row[FAULT] = row[base + PRESENCE]
                elif rule == RULE_HOLD_BELOW_RAMP:
                    row[base + HOLD] = row[RAMP_UP]
                elif rule == RULE_LINGER_BELOW_HOLD:
                    row[base + LINGER] = row[base + HOLD]
                else:
                    reset(row, PHASE_SETTINGS + SLOWEST)
                    reset(row, PHASE_SETTINGS + FASTEST)
    return changed
