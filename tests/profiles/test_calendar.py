"""The calendar: which nights an entry is for."""

from __future__ import annotations

import datetime

import pytest

from lykta.document import Document
from lykta.profiles.calendar import Selector, read_selector


def selector(text: str) -> Selector:
    """The nights of an entry."""
    document = Document.read(text, "x.yaml")
    found = read_selector(document.root)
    document.finish()
    return found


def nights(text: str, first: str, count: int) -> list[str]:
    """The nights of an entry among `count` from a date on, as month-day."""
    chosen, start = selector(text), datetime.date.fromisoformat(first)
    dates = [start + datetime.timedelta(days=number) for number in range(count)]
    return [f"{date:%m-%d}" for date in dates if chosen.matches(date)]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("weekdays: fri-sat", ["12-25", "12-26", "01-01", "01-02"]),
        ("weekdays: sun-mon", ["12-20", "12-21", "12-27", "12-28", "01-03"]),
        ("weekdays: [Wednesday, sun]", ["12-20", "12-23", "12-27", "12-30", "01-03"]),
        ("dates: 2026-12-24", ["12-24"]),
        ("dates: 12-24", ["12-24"]),
        ("dates: [2026-12-24..2026-12-26, 2027-01-01]", ["12-24", "12-25", "12-26", "01-01"]),
        ("dates: 12-30..01-02", ["12-30", "12-31", "01-01", "01-02"]),
        ("dates: 2025-12-30..2026-12-21", ["12-20", "12-21"]),
        ("{event: fair, from: 2026-12-22, until: 2026-12-23}", ["12-22", "12-23"]),
        ("holidays: SE", ["12-25", "12-26", "01-01"]),
        ("{holidays: SE, weekdays: fri}", ["12-25", "01-01"]),
        ("{dates: 12-24..12-31, weekdays: mon-thu}", ["12-24", "12-28", "12-29", "12-30", "12-31"]),
    ],
)
def test_selector__names_the_nights(entry: str, expected: list[str]):
    """Weekdays, dates, yearly dates over New Year, events, holidays; together they all must hold."""
    assert nights(entry, "2026-12-20", 15) == expected


def test_selector__knows_the_leap_day():
    """02-29 is a date, in the years that have it."""
    assert nights("dates: 02-28..02-29", "2028-02-27", 4) == ["02-28", "02-29"]
    assert nights("dates: 02-29", "2027-02-27", 4) == []


def test_selector__norway_is_a_country():
    """`NO` is the code of a country, not a no."""
    assert nights("holidays: NO", "2026-05-16", 3) == ["05-17"]
