"""Makes the program of a node: what it needs to make the settings block of any night in the next ten years by itself.

The layout is that of `core/almanac`. Time zones become the moments at which the clocks change, holidays become dates.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import ZoneInfo

from lykta.corehost import almanac, repair, schema
from lykta.errors import InputError
from lykta.plan.blocks import OFF
from lykta.profiles import Night, Profile
from lykta.profiles.calendar import Selector, holidays_of
from lykta.site.model import Floor, Lamp, Site

EPOCH = dt.date(2000, 1, 1)
#: How long a program holds. Laws about clocks change more often; a node is given a new program with every change of plan.
YEARS = 10
_SPARE = dt.timedelta(days=3)  # of clocks, before the first and after the last night: a floor of the day before may still hold


@dataclass
class _Sections:
    """The sections of a program as they are made; each a list of items."""

    transitions: list[list[int]] = field(default_factory=list)
    phases: list[list[int]] = field(default_factory=list)
    nights: list[list[int]] = field(default_factory=list)
    calendar: list[list[int]] = field(default_factory=list)
    ranges: list[list[int]] = field(default_factory=list)
    dates: list[list[int]] = field(default_factory=list)
    floors: list[list[int]] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)

    def flat(self) -> tuple[list[int], list[int]]:
        """How many items each section has, and all of them."""
        sections = (self.transitions, self.phases, self.nights, self.calendar, self.ranges, self.dates, self.floors, self.rows)
        return [len(section) for section in sections], [value for section in sections for item in section for value in item]


def make_program(site: Site, profile: Profile, lamp: Lamp, first: dt.date, years: int = YEARS) -> list[int]:
    """The program of a lamp for the nights from the one before `first` on: on that morning it has not ended yet.

    InputError where the lamp's zone has no settings in the profile, or the program is more than a node can hold.
    """
    missing = profile.missing_zones([lamp.zone])
    if missing:
        raise InputError(missing)
    last = first + dt.timedelta(days=round(years * 365.25))
    first -= dt.timedelta(days=1)
    sections = _Sections()
    offset, changes = transitions(site.timezone, first - _SPARE, last + _SPARE)
    sections.transitions = [list(change) for change in changes]
    for _, night in profile.nights():
        _add_night(sections, night, lamp.zone)
    for number, entry in enumerate(profile.calendar, 1):
        _add_entry(sections, number, entry.selector, first, last)
    sections.floors = [_floor(floor) for floor in lamp.floors]
    counts, items = sections.flat()
    lowest = site.fixtures[lamp.fixture].lowest_stable_permille
    place = [round(site.latitude * 1e4), round(site.longitude * 1e4)]
    program = [almanac.FORMAT_NOW, schema.ROW, _day(first), _day(last), *place, offset, lowest, *counts, *items]
    if not almanac.usable(program) or repair.check(list(program), _Room()):
        raise InputError.of(profile.file, _too_large(counts, profile), path=lamp.id)
    return program


class _Room:
    """What `repair.check` works in."""

    def __init__(self) -> None:
        self.row = [0] * schema.ROW


def to_bytes(numbers: Sequence[int]) -> bytes:
    """Integers as they lie in a file of the node: 4 bytes each, the lowest first."""
    return struct.pack(f"<{len(numbers)}i", *numbers)


@cache
def transitions(timezone: str, first: dt.date, last: dt.date) -> tuple[int, tuple[tuple[int, int, int], ...]]:
    """When the clocks of a time zone change between two dates: offset from UTC before [minutes], then (day, second, offset)."""
    zone = ZoneInfo(timezone)
    begins, ends = (int(dt.datetime.combine(date, dt.time(), dt.UTC).timestamp()) for date in (first, last))
    found: list[tuple[int, int, int]] = []
    before = base = _offset(begins, zone)
    for morning in range(begins, ends, 86_400):
        after = _offset(morning + 86_400, zone)
        if after != before:
            moment = _first_with_other(morning, morning + 86_400, zone) - 86_400 * (EPOCH - dt.date(1970, 1, 1)).days
            found.append((moment // 86_400, moment % 86_400, after))
            before = after
    return base, tuple(found)


def _offset(utc_s: int, zone: ZoneInfo) -> int:
    """Minutes ahead of UTC."""
    offset = dt.datetime.fromtimestamp(utc_s, zone).utcoffset()
    assert offset is not None  # every ZoneInfo has one
    return int(offset.total_seconds()) // 60


def _first_with_other(first: int, last: int, zone: ZoneInfo) -> int:
    """The first second with the offset of `last`, which is another than that of `first`."""
    before = _offset(first, zone)
    while last - first > 1:
        middle = (first + last) // 2
        first, last = (middle, last) if _offset(middle, zone) == before else (first, middle)
    return last


def _day(date: dt.date) -> int:
    return (date - EPOCH).days


def _add_night(sections: _Sections, night: Night, zone: str) -> None:
    """A kind of night as one lamp of a zone has it; equal rows are held once."""
    sections.nights.append([len(sections.phases), len(night.phases), night.end.kind, night.end.minutes])
    for phase in night.phases:
        row = list(phase.rows[zone])
        if row == OFF:
            number = int(repair.OFF)
        else:
            if row not in sections.rows:
                sections.rows.append(row)
            number = sections.rows.index(row)
        sections.phases.append([phase.start.kind, phase.start.minutes, number])


def _add_entry(sections: _Sections, night: int, selector: Selector, first: dt.date, last: dt.date) -> None:
    """An entry of the calendar; the holidays of its country become the dates of all years."""
    weekdays = sum(1 << day for day in selector.weekdays)
    ranges = [[_written(dates.first), _written(dates.last)] for dates in selector.ranges]
    days = _holidays(selector.country, first, last) if selector.country else []
    asked = len(days) if selector.country else -1
    sections.calendar.append([night, weekdays, len(sections.ranges), len(ranges), len(sections.dates), asked])
    sections.ranges += ranges
    sections.dates += [[day] for day in days]


def _written(date: tuple[int, int, int]) -> int:
    """A date as 20261231, or each year (year 0) as 1231."""
    return date[0] * 10_000 + date[1] * 100 + date[2]


def _holidays(country: str, first: dt.date, last: dt.date) -> list[int]:
    found = (date for year in range(first.year, last.year + 1) for date in holidays_of(country, year))
    return sorted({_day(date) for date in found if first <= date <= last})


def _floor(floor: Floor) -> list[int]:
    begins, ends = floor.hours if floor.hours is not None else (-1, 0)
    return [floor.permille, sum(1 << day for day in floor.weekdays), begins, ends]


def _too_large(counts: Sequence[int], profile: Profile) -> str:
    """What of a program a node cannot hold."""
    names = (
        "changes of the clocks",
        "phases",
        "kinds of night",
        "calendar entries",
        "ranges of dates",
        "holidays",
        "floors",
        "settings rows",
    )
    over = [f"{count} {name} (at most {most})" for name, count, most in zip(names, counts, almanac.LIMITS, strict=True) if count > most]
    longest = max(len(night.phases) for _, night in profile.nights())
    if longest > almanac.NIGHT_PHASES:
        over.append(f"{longest} phases in a night (at most {almanac.NIGHT_PHASES})")
    return f"a node cannot hold {', '.join(over) or 'these settings'}. Make the profile or the floors of this lamp simpler."
