"""Which nights an entry of the calendar is for: weekdays, dates, holidays, named events.

A night belongs to the date of its noon: the night of 2026-12-31 lasts until noon of 2027-01-01. What an entry names
is required together: `weekdays: fri-sat` with `dates: 06-01..08-31` means the weekends of summer.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

import holidays

from lykta.document import Node
from lykta.errors import Message
from lykta.units import near_miss

SELECTORS = ("weekdays", "dates", "holidays", "event", "from", "until")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEARLY = re.compile(r"(\d\d)-(\d\d)$")
_LEAP_YEAR = 2028


@dataclass(frozen=True)
class DateRange:
    """Dates from first to last, both included: (year, month, day), or every year with year 0 (may run over New Year)."""

    first: tuple[int, int, int]
    last: tuple[int, int, int]

    def __contains__(self, date: datetime.date) -> bool:
        if self.first[0]:
            return self.first <= (date.year, date.month, date.day) <= self.last
        day = (0, date.month, date.day)
        return self.first <= day <= self.last if self.first <= self.last else day >= self.first or day <= self.last

    @property
    def dated(self) -> bool:
        """Whether this names single years."""
        return self.first[0] > 0

    def dates(self) -> list[datetime.date]:
        """Every date of a range that names years."""
        first, last = datetime.date(*self.first), datetime.date(*self.last)
        return [first + datetime.timedelta(days=number) for number in range((last - first).days + 1)]


@dataclass(frozen=True)
class Selector:
    """The nights of a calendar entry; what is empty is not asked."""

    weekdays: frozenset[int]
    ranges: tuple[DateRange, ...]
    country: str

    def matches(self, date: datetime.date) -> bool:
        """Whether the night that begins on this date is meant."""
        if self.weekdays and date.weekday() not in self.weekdays:
            return False
        if self.ranges and not any(date in dates for dates in self.ranges):
            return False
        return not self.country or date in holidays_of(self.country, date.year)

    @property
    def dated(self) -> bool:
        """Whether the nights are given by dates."""
        return bool(self.ranges)


@functools.cache
def holidays_of(country: str, year: int) -> Mapping[datetime.date, str]:
    """The public holidays of a country in a year, as the package `holidays` has them: date -> name."""
    return dict(holidays.country_holidays(country, years=year))


def is_country(code: str) -> bool:
    """Whether the public holidays of a country are known, by its code in capitals."""
    return code in holidays.list_supported_countries()


def read_selector(node: Node) -> Selector:
    """The nights of a calendar entry; problems go to its document."""
    selector = Selector(_read_weekdays(node.get("weekdays")), tuple(_read_ranges(node)), _read_country(node.get("holidays")))
    if not any(node.get(key).present for key in SELECTORS):
        node.problem(Message("this entry says no night. Give `weekdays`, `dates`, `holidays`, or `event` with `from` and `until`."))
    return selector


def _items(node: Node) -> list[Node]:
    """The items of a list, or a single value as a list of one."""
    return list(node.list()) if node.is_list() else [node] if node.present else []


def _read_weekdays(node: Node) -> frozenset[int]:
    found: set[int] = set()
    for item in _items(node):
        first, _, last = item.text().partition("-")
        days = [_weekday(item, first), _weekday(item, last or first)]
        if days[0] is not None and days[1] is not None:
            found |= {(days[0] + number) % 7 for number in range((days[1] - days[0]) % 7 + 1)}
    return frozenset(found)


def _weekday(node: Node, written: str) -> int | None:
    name = written.strip().lower()
    for names in (WEEKDAYS, _FULL_NAMES):
        if name in names:
            return names.index(name)
    node.problem(
        Message(
            '"{given}" is no weekday.{hint} Write "fri", "fri-sat" or [mon, wed].',
            given=written.strip(),
            hint=near_miss(name, WEEKDAYS + _FULL_NAMES),
        )
    )
    return None


def _read_ranges(node: Node) -> list[DateRange]:
    """The dates of an entry, and those of its event."""
    found = []
    for item in _items(node.get("dates")):
        first, dots, last = item.text().partition("..")
        found.append(_range(item, _date(item, first), _date(item, last if dots else first)))
    if any(node.get(key).present for key in ("event", "from", "until")):
        node.get("event").text()
        since, until = node.get("from"), node.get("until")
        begins, ends = since.date(), until.date()
        if since.present and until.present:
            found.append(_range(until, (begins.year, begins.month, begins.day), (ends.year, ends.month, ends.day)))
    return [entry for entry in found if entry is not None]


def _date(node: Node, written: str) -> tuple[int, int, int] | None:
    written = written.strip()
    yearly = _YEARLY.match(written)
    try:
        date = datetime.date.fromisoformat(f"{_LEAP_YEAR}-{written}" if yearly else written)
    except ValueError:
        node.problem(
            Message('"{given}" is no date. Write "2026-12-31", each year "12-31", or from and until "06-01..08-31".', given=written)
        )
        return None
    return (0 if yearly else date.year, date.month, date.day)


def _range(node: Node, first: tuple[int, int, int] | None, last: tuple[int, int, int] | None) -> DateRange | None:
    if first is None or last is None:
        return None
    if (first[0] == 0) != (last[0] == 0):
        node.problem(Message("one end of this range has a year and the other has none. Write both with a year, or both without."))
        return None
    if first[0] and last < first:
        node.problem(Message("this ends before it begins."))
        return None
    return DateRange(first, last)


def _read_country(node: Node) -> str:
    country = node.text(default="")
    if country and not is_country(country):
        node.problem(Message('no holidays are known for "{given}". Write the code of a country in capitals, such as "SE".', given=country))
        return ""
    return country
