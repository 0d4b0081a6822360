"""What a node is told for ten years (its *program*), and what it says of time: nights, clocks, calendar.

A program is an array of integers that the host makes (`lykta/plan/program.py`): a header, then sections, each a number
of items of one length. `repair.check` puts right what it must not hold; `program.make` turns it into settings blocks.

    TRANSITIONS  day and second of UTC, offset from then on [minutes]
    PHASES       kind and minutes of `phases` (when it begins), number of its row
    NIGHTS       first phase, number of phases, kind and minutes of when the light goes off; night 0 is the ordinary one
    CALENDAR     night, set of weekdays (0: any), first range, ranges (0: any date), first date, dates (-1: any)
    RANGES       first and last date, as 20261231, or each year, as 1231 (may run over New Year)
    DATES        days, rising: the holidays
    FLOORS       permille, set of weekdays, from and until [minutes after midnight; -1: always]
    ROWS         settings rows of `schema`

Days count from 2000-01-01; a night is named after the day of its local noon, its *origin*. Weekday 0 is Monday.
"""

from micropython import const

from . import schema
from .phases import DAY_S, length_ms

FORMAT = const(0)
ROW_LENGTH = const(1)
FIRST = const(2)  # the nights for which clocks and calendar are known: from
LAST = const(3)  # and until, this one included
LATITUDE = const(4)  # 1e-4 degrees; NEVER of `lamp`: not known
LONGITUDE = const(5)
OFFSET = const(6)  # before the first transition, minutes ahead of UTC
LOWEST = const(7)  # what the fixture can hold, permille
COUNTS = const(8)  # how many items each section has
HEADER = const(16)

TRANSITIONS = const(0)
PHASES = const(1)
NIGHTS = const(2)
CALENDAR = const(3)
RANGES = const(4)
DATES = const(5)
FLOORS = const(6)
ROWS = const(7)
SECTIONS = const(8)
LENGTHS = (3, 3, 4, 6, 2, 1, 4, schema.ROW)
LIMITS = (100, 400, 50, 50, 200, 2000, 8, 400)  # the most items of each section

FORMAT_NOW = const(1)
NIGHT_PHASES = const(12)  # the most phases of one night
_NOON_S = const(43_200)


def usable(program) -> bool:
    """Whether a program can be read at all: right format, and as long as its counts say."""
    if len(program) < HEADER or program[FORMAT] != FORMAT_NOW or program[ROW_LENGTH] != schema.ROW:
        return False
    for section in range(SECTIONS):
        if not 0 <= program[COUNTS + section] <= LIMITS[section]:
            return False
    return at(program, SECTIONS, 0) == len(program) and program[COUNTS + NIGHTS] > 0


def at(program, section: int, number: int) -> int:
    """Where item `number` of a section begins."""
    place = HEADER
    for before in range(section):
        place += program[COUNTS + before] * LENGTHS[before]
    return place + number * LENGTHS[section] if number else place


def offset_at(program, day: int, second: int) -> int:
    """Minutes by which the clocks are ahead of UTC when they show `second` of a day; of a time that comes twice, the first."""
    offset = program[OFFSET]
    place = at(program, TRANSITIONS, 0)
    for _ in range(program[COUNTS + TRANSITIONS]):
        days = day - program[place]
        if days < -1 or (days < 3 and days * DAY_S + second - program[place + 1] < max(offset, program[place + 2]) * 60):
            break
        offset = program[place + 2]
        place += 3
    return offset


def noon_s(program, night: int) -> int:
    """The origin of a night, in seconds after 00:00 UTC of its day; without a program the noon of UTC."""
    return _NOON_S - offset_at(program, night, _NOON_S) * 60 if usable(program) else _NOON_S


def night_of(program, day: int, second: int) -> int:
    """The night in which a moment of UTC lies."""
    night = day + 1
    while (day - night) * DAY_S + second < noon_s(program, night):
        night -= 1
    return night


def now_ms(program, night: int, day: int, second: int) -> int:
    """A moment of UTC, at most 10 days away, in ms since the origin of a night."""
    return ((day - night) * DAY_S + second - noon_s(program, night)) * 1000


def night_ms(program, night: int) -> int:
    """How long a night is: by so much the origin of the next is later."""
    return length_ms(0, (noon_s(program, night) - noon_s(program, night + 1)) // 60)


def change_s(program, night: int, before: int, after: int) -> int:
    """When the clocks go from one offset to another, in seconds after a night's origin; DAY_S if they do not change."""
    if before != after:
        place = at(program, TRANSITIONS, 0)
        for _ in range(program[COUNTS + TRANSITIONS]):
            if -2 < program[place] - night < 3:
                second = (program[place] - night) * DAY_S + program[place + 1] - _NOON_S + before * 60
                if second > 0:
                    return second
            place += 3
    return DAY_S


def weekday(day: int) -> int:
    """0 for Monday; 2000-01-01 was a Saturday."""
    return (day + 5) % 7


def date_of(day: int) -> int:
    """A day as a date of the Gregorian calendar, 20261231. Years begin in March here, so that 29 February ends one."""
    day += 730_425  # since 0000-03-01
    age = day % 146_097  # days in 400 years
    year = (age - age // 1460 + age // 36_524 - age // 146_096) // 365
    age -= 365 * year + year // 4 - year // 100
    month = (5 * age + 2) // 153
    date = age - (153 * month + 2) // 5 + 1
    year += day // 146_097 * 400
    if month > 9:
        return (year + 1) * 10_000 + (month - 9) * 100 + date
    return year * 10_000 + (month + 3) * 100 + date


def kind_of(program, night: int) -> int:
    """Which of the NIGHTS a night is: that of the first entry of the calendar that holds, else the ordinary one."""
    entry = at(program, CALENDAR, 0)
    for _ in range(program[COUNTS + CALENDAR]):
        if program[entry] >= 0 and _holds(program, entry, night):
            return program[entry]
        entry += 6
    return 0


def _holds(program, entry: int, night: int) -> bool:
    """Whether all that an entry of the calendar asks for is so."""
    if program[entry + 1] and not program[entry + 1] >> weekday(night) & 1:
        return False
    if program[entry + 3] and not _in_ranges(program, program[entry + 2], program[entry + 3], date_of(night)):
        return False
    return program[entry + 5] < 0 or _in_dates(program, program[entry + 4], program[entry + 5], night)


def _in_ranges(program, first: int, count: int, date: int) -> bool:
    place = at(program, RANGES, first)
    for _ in range(count):
        begins = program[place]
        ends = program[place + 1]
        asked = date if begins > 9999 else date % 10_000
        if begins <= asked <= ends or (begins > ends and (asked >= begins or asked <= ends)):
            return True
        place += 2
    return False


def _in_dates(program, first: int, count: int, night: int) -> bool:
    place = at(program, DATES, first)
    for number in range(place, place + count):
        if program[number] == night:
            return True
    return False
