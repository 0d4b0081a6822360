"""Mends a program (`almanac`) on the node: what must not be falls back to its default, brighter where in doubt, and is told.

fault        what was bad                              what holds in its place
UNREADABLE   empty, foreign format, torn               nothing: full light around the clock
PLACE        latitude, longitude                       dark from noon to noon: lit by the clock alone
CLOCK        an offset from UTC, or a transition       from there on none; without any offset, that of the longitude
NIGHT        a phase's start, row; a night's phases,   sunset; the default settings; one phase of them from
             its end                                   sunset on; sunrise
CALENDAR     an entry's night, weekdays, dates         the entry is passed over
FLOOR        a floor's level, hours, weekdays          full; always
ROW          a setting                                 its default (`schema.repair`)
FIXTURE      the lowest level                          10 %
EXPIRED      the night is none that it was made for    clocks as at its end, calendar without holidays

All but EXPIRED mean that the node does not do what somebody wanted: the fault SETTINGS of `health`. EXPIRED is only told.
"""

from micropython import const

from . import almanac, phases, schema
from .almanac import CALENDAR, COUNTS, DATES, FLOORS, LATITUDE, LONGITUDE, LOWEST, NIGHTS, OFFSET, PHASES, RANGES, ROWS, TRANSITIONS
from .lamp import NEVER

UNREADABLE = const(1)
PLACE = const(2)
CLOCK = const(4)
NIGHT = const(8)
CALENDAR_ENTRY = const(16)
FLOOR = const(32)
ROW = const(64)
FIXTURE = const(128)
EXPIRED = const(256)

# Rows that are not in the program.
OFF = const(-1)  # no light: it is day
DEFAULT = const(-2)

_WEST = const(-720)  # the clocks of the world are between 12 h behind and 14 h ahead of UTC
_EAST = const(840)
_FURTHEST = const(360)  # minutes from the sun's time
_LAST_DAY = const(100_000)


def check(program, work) -> int:
    """Mend a program in place; returns the faults found. What is mended stays as it is. Rows are repaired in `work.row`."""
    if not almanac.usable(program):
        return UNREADABLE
    return (
        _header(program)
        | _transitions(program)
        | _phases(program)
        | _nights(program)
        | _calendar(program)
        | _floors(program)
        | _rows(program, work)
    )


def _header(program) -> int:
    faults = 0
    if not (-900_000 <= program[LATITUDE] <= 900_000 and -1_800_000 <= program[LONGITUDE] <= 1_800_000):
        program[LATITUDE] = NEVER
        program[LONGITUDE] = 0
        faults |= PLACE
    if not _WEST <= program[OFFSET] <= _EAST:
        program[OFFSET] = min(max(program[LONGITUDE] // 150_000 * 60, _WEST), _EAST)
        faults |= CLOCK
    if not 0 <= program[LOWEST] <= 1000:
        program[LOWEST] = 100
        faults |= FIXTURE
    return faults


def _transitions(program) -> int:
    """From the first that is bad, or out of order, on there are none: their day never comes."""
    bad = False
    last = -1
    place = almanac.at(program, TRANSITIONS, 0)
    for _ in range(program[COUNTS + TRANSITIONS]):
        sound = last < program[place] < _LAST_DAY and 0 <= program[place + 1] < phases.DAY_S and _WEST <= program[place + 2] <= _EAST
        bad = bad or not sound
        if bad:
            program[place] = _LAST_DAY
            program[place + 1] = program[place + 2] = 0
        last = program[place]
        place += 3
    return CLOCK if bad else 0


def _begins(program, place: int) -> bool:
    """Whether kind and minutes are those of something that begins in a night."""
    if program[place] == phases.CLOCK:
        return 0 <= program[place + 1] < 1440
    return (program[place] == phases.SUNSET or program[place] == phases.SUNRISE) and -_FURTHEST <= program[place + 1] <= _FURTHEST


def _phases(program) -> int:
    faults = 0
    place = almanac.at(program, PHASES, 0)
    for _ in range(program[COUNTS + PHASES]):
        if not _begins(program, place):
            program[place] = phases.SUNSET
            program[place + 1] = 0
            faults |= NIGHT
        if not OFF <= program[place + 2] < program[COUNTS + ROWS]:
            program[place + 2] = DEFAULT
            faults |= NIGHT
        place += 3
    return faults


def _nights(program) -> int:
    faults = 0
    place = almanac.at(program, NIGHTS, 0)
    for _ in range(program[COUNTS + NIGHTS]):
        if not (_within(program, PHASES, program[place], program[place + 1]) and 0 < program[place + 1] <= almanac.NIGHT_PHASES):
            program[place] = program[place + 1] = 0
            faults |= NIGHT
        if not _begins(program, place + 2):
            program[place + 2] = phases.SUNRISE
            program[place + 3] = 0
            faults |= NIGHT
        place += 4
    return faults


def _within(program, section: int, first: int, count: int) -> bool:
    """Whether a section has all these items."""
    items = program[COUNTS + section]
    return 0 <= first <= items and 0 <= count <= items - first


def _is_date(date: int) -> bool:
    return 1 <= date // 100 % 100 <= 12 and 1 <= date % 100 <= 31


def _calendar(program) -> int:
    faults = 0
    place = almanac.at(program, RANGES, 0)
    for _ in range(program[COUNTS + RANGES]):
        begins = program[place]
        ends = program[place + 1]
        same = (0 < begins < 10_000 and 0 < ends < 10_000) or 20_000_000 < begins <= ends < 30_000_000
        if not (same and _is_date(begins) and _is_date(ends)):
            program[place] = program[place + 1] = 0  # no day
            faults |= CALENDAR_ENTRY
        place += 2
    entry = almanac.at(program, CALENDAR, 0)
    for _ in range(program[COUNTS + CALENDAR]):
        sound = 0 <= program[entry] < program[COUNTS + NIGHTS] and 0 <= program[entry + 1] < 128
        sound = sound and _within(program, RANGES, program[entry + 2], program[entry + 3])
        if not sound or not (program[entry + 5] == -1 or _within(program, DATES, program[entry + 4], program[entry + 5])):
            program[entry] = -1
            faults |= CALENDAR_ENTRY
        entry += 6
    return faults


def _floors(program) -> int:
    faults = 0
    place = almanac.at(program, FLOORS, 0)
    for _ in range(program[COUNTS + FLOORS]):
        always = program[place + 2] == -1
        hours = always or (0 <= program[place + 2] < 1440 and 0 <= program[place + 3] < 1440)
        if not (hours and 0 <= program[place] <= 1000 and 0 <= program[place + 1] < 128):
            program[place] = 1000
            program[place + 2] = -1
            faults |= FLOOR
        place += 4
    return faults


def _rows(program, work) -> int:
    faults = 0
    place = almanac.at(program, ROWS, 0)
    for _ in range(program[COUNTS + ROWS]):
        for position in range(schema.ROW):
            work.row[position] = program[place + position]
        if schema.repair(work.row):
            faults |= ROW
            for position in range(schema.ROW):
                program[place + position] = work.row[position]
        place += schema.ROW
    return faults
