"""Tonight's settings block, made on the node from its program (`almanac` has its layout): equal to what the host would send.

How the clock task uses it, with UTC as `day` since 2000-01-01 and `second` of the day (on the ESP32 `divmod(time.time(), 86400)`):

    program = array('i', the file `program`, or nothing if there is none)
    work = Work()                                            # once; nothing below allocates
    faults = repair.check(program, work)                     # once: mends it in place, says what was bad
    block = array('i', [0] * settings.length(entries(program)))      # two of them: one in use, one to make the next in
    night = almanac.night_of(program, day, second)           # whenever the clock is read
    now = almanac.now_ms(program, night, day, second)        # ms since the night's origin: what core calls NOW
    faults |= make(program, night, block, work)              # where the night is a new one; then `control.renumber`,
                                                             # by lamp[NOW] - now, and the new block from then on

Faults are bits of `repair`, which says what they mean and what to do. A block is always made; of a program that cannot be
read (empty, foreign, torn) it is full light around the clock. A new program needs blocks of its own `entries`.
"""

from micropython import const

from . import almanac, phases, repair, schema, settings
from .almanac import COUNTS, FLOORS, NIGHTS, PHASES, ROWS
from .lamp import NEVER

VALID_MS = const(172_800_000)  # two nights: who has not been given a new one by then does not know what time it is
_NOON_S = const(43_200)
_NONE = const(-9)


class Work:
    """Room to work in, made once: `make` and `repair.check` allocate nothing."""

    def __init__(self) -> None:
        self.sun = [0] * phases.SUN
        self.starts = [0] * (2 * almanac.NIGHT_PHASES + 2)
        self.begins = [0] * (almanac.NIGHT_PHASES + 1)
        self.row = [0] * schema.ROW
        self.before = self.change = self.after = 0  # of the clocks: see `phases.begins_ms`
        self.floor = self.next = 0  # what `_floors` found


def entries(program) -> int:
    """How many entries the block of any night may need: every phase, day before and after, each floor's begin and end."""
    if not almanac.usable(program):
        return 1
    most = 1
    place = almanac.at(program, NIGHTS, 0)
    for _ in range(program[COUNTS + NIGHTS]):
        most = max(most, min(program[place + 1], almanac.NIGHT_PHASES))
        place += 4
    hours = 0
    place = almanac.at(program, FLOORS, 0)
    for _ in range(program[COUNTS + FLOORS]):
        if program[place + 2] >= 0:
            hours += 1
        place += 4
    return most + 2 + 2 * hours


def make(program, night: int, block, work: Work) -> int:
    """Write the settings block of a night into `block`; returns what was wrong (EXPIRED or UNREADABLE of `repair`) or 0."""
    if not almanac.usable(program):
        schema.defaults(work.row)
        work.row[schema.IDLE] = 1000
        settings.begin(block, 1, 1000, VALID_MS)
        settings.fill(block, 0, 0, 0, work.row)
        return repair.UNREADABLE
    kind = almanac.at(program, NIGHTS, almanac.kind_of(program, night))
    _times(program, night, kind, work)
    settings.begin(block, 0, program[almanac.LOWEST], VALID_MS)
    end = work.begins[program[kind + 1] or 1]
    floor = row = _NONE
    moment = 0
    while moment <= end:
        work.next = NEVER
        work.floor = 0
        now = repair.OFF
        if moment < end:
            now = _phase(program, kind, moment, end, work)
            _floors(program, night, moment, work)
            if work.begins[0] > moment:
                work.floor = 0
        if work.floor != floor or now != row:
            floor = work.floor
            row = now
            _row(program, row, work)
            settings.fill(block, block[settings.ENTRIES], moment, floor, work.row)
            block[settings.ENTRIES] += 1
        moment = work.next
    return 0 if program[almanac.FIRST] <= night <= program[almanac.LAST] else repair.EXPIRED


def _times(program, night: int, kind: int, work: Work) -> None:
    """When the phases of a night begin and its light goes off, to `work.begins`. Where the place is not known it is dark."""
    before = work.before = almanac.offset_at(program, night, _NOON_S)
    work.after = almanac.offset_at(program, night + 1, _NOON_S)
    work.change = almanac.change_s(program, night, before, work.after)
    if program[almanac.LATITUDE] == NEVER:
        work.sun[phases.STATE] = phases.SUN_NEVER_RISES
        work.sun[phases.SET] = -phases.DAY_S
        work.sun[phases.RISE] = 2 * phases.DAY_S
    else:
        longitude = program[almanac.LONGITUDE]
        longitude += (before * 2500 - longitude + 1_800_000) // 3_600_000 * 3_600_000  # within half a turn of the clocks
        phases.sun(night, program[almanac.LATITUDE], longitude, work.sun)
    count = program[kind + 1]
    place = almanac.at(program, PHASES, program[kind])
    for phase in range(count):
        work.starts[2 * phase] = program[place]
        work.starts[2 * phase + 1] = program[place + 1]
        place += 3
    if not count:  # a night that had to be given up: lit from sunset to sunrise
        count = 1
        work.starts[0] = phases.SUNSET
        work.starts[1] = 0
    work.starts[2 * count] = program[kind + 2]
    work.starts[2 * count + 1] = program[kind + 3]
    phases.schedule(work.starts, count, work.sun, before, work.change, work.after, work.begins)


def _phase(program, kind: int, moment: int, end: int, work: Work) -> int:
    """The row at a moment before `end`; `work.next` becomes the moment at which the next phase begins, or `end`."""
    row = repair.OFF
    work.next = end
    for phase in range(program[kind + 1] or 1):
        if work.begins[phase] > moment:
            work.next = min(work.begins[phase], end)
            break
        row = program[almanac.at(program, PHASES, program[kind] + phase) + 2] if program[kind + 1] else repair.DEFAULT
    return row


def _floors(program, night: int, moment: int, work: Work) -> None:
    """The floor at a moment, to `work.floor`; where one begins or ends before `work.next`, that is the next moment."""
    place = almanac.at(program, FLOORS, 0)
    for _ in range(program[COUNTS + FLOORS]):
        if program[place + 2] < 0:
            work.floor = max(work.floor, program[place])
        else:
            for day in range(night - 1, night + 2):
                if program[place + 1] >> almanac.weekday(day) & 1:
                    _span(program, place, (day - night) * 1440, moment, work)
        place += 4


def _span(program, place: int, midnight: int, moment: int, work: Work) -> None:
    """A floor of the day that begins `midnight` minutes after that of the night."""
    over = 1440 if program[place + 3] <= program[place + 2] else 0
    begins = _since_ms(midnight + program[place + 2], work)
    ends = _since_ms(midnight + program[place + 3] + over, work)
    if begins <= moment < ends:
        work.floor = max(work.floor, program[place])
    if begins > moment:
        work.next = min(work.next, begins)
    if ends > moment:
        work.next = min(work.next, ends)


def _since_ms(minutes: int, work: Work) -> int:
    """What the clocks show, in minutes after the midnight before the night, as ms since its origin."""
    second = minutes * 60 - _NOON_S
    turned = (work.after - work.before) * 60
    if second >= work.change + max(0, turned):
        second -= turned
    return second * 1000


def _row(program, number: int, work: Work) -> None:
    """Settings row `number` of the program, to `work.row`; OFF wants no light, it is day."""
    if number >= 0:
        place = almanac.at(program, ROWS, number)
        for position in range(schema.ROW):
            work.row[position] = program[place + position]
        return
    schema.defaults(work.row)
    if number == repair.OFF:
        work.row[schema.IDLE] = work.row[schema.FAULT] = 0
        for road_user in range(schema.CLASSES):
            work.row[schema.PHASE_SETTINGS + road_user * schema.CLASS_SETTINGS + schema.PRESENCE] = 0
