"""Local time in a report is what the clock on the wall said."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from lykta.report.clock import Clock

HOUR = 3_600_000


def _night(date: dt.date) -> Clock:
    noon = dt.datetime.combine(date, dt.time(12), ZoneInfo("Europe/Stockholm"))
    return Clock(int(noon.timestamp() * 1000), "Europe/Stockholm", 4 * HOUR, 20 * HOUR)


def test_clock__counts_from_local_noon() -> None:
    """Ten hours after noon it is 22:00."""
    assert _night(dt.date(2026, 12, 14)).text(10 * HOUR + 61_000, seconds=True) == "22:01:01"


def test_clock__skips_an_hour_in_spring_and_repeats_one_in_autumn() -> None:
    """In the night to 29 March 02:00 becomes 03:00; in that to 25 October 03:00 becomes 02:00."""
    spring, autumn = _night(dt.date(2026, 3, 28)), _night(dt.date(2026, 10, 24))
    assert [spring.text(t * HOUR) for t in (13, 14, 15)] == ["01:00", "03:00", "04:00"]
    assert [autumn.text(t * HOUR) for t in (14, 15, 16)] == ["02:00", "02:00", "03:00"]
    assert len(spring.hours()) == len(autumn.hours()) == 17
