"""The view Live without a browser: orders as one, the day of a lamp, times, counts that are not told."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from lykta.fleet.model import Command
from lykta.studio.live import groups
from lykta.studio.liveorders import Orders
from lykta.studio.livepicture import picture
from lykta.studio.livewords import Tells
from lykta.studio.words import Words

NIGHT = dt.datetime(2026, 12, 14, 23, tzinfo=ZoneInfo("Europe/Stockholm")).timestamp()


def test_orders_of_one_person_for_one_reason__are_one():
    """The largest first; another reason is another order."""
    given = [
        Command(1, "anna", why, f"s.{lamp}", "override", 7, "at least 80 % until 03:00", 99)
        for lamp, why in zip("ABC", ("x", "y", "y"), strict=True)
    ]
    assert [[one.node for one in group] for group in groups({one.node: one for one in given})] == [["s.B", "s.C"], ["s.A"]]
    assert Orders.level_of(given[0]) == 800


def test_picture__has_a_bar_for_each_report_of_the_day_and_a_mark_for_a_fault():
    """Older ones are left out; a gap stays empty."""
    reports = [
        {"begin": NIGHT - ago - 900, "until": NIGHT - ago, "level": 500, "detections": 2, "faults": faults}
        for ago, faults in ((90_000, ""), (3600, "radar"), (0, ""))
    ]
    drawn = picture(reports, NIGHT, Tells(Words(), "Europe/Stockholm"), "a day")
    assert (drawn.count("<rect"), drawn.count("l4,7h-8z")) == (2, 1)


def test_times__have_a_date_only_where_it_is_not_clear():
    """In Swedish as in English; how long ago in the largest unit that tells something."""
    tells = Tells(Words("sv"), "Europe/Stockholm")
    assert (tells.moment(NIGHT + 7200, NIGHT), tells.moment(NIGHT - 2 * 86_400, NIGHT)) == ("01:00", "12 dec. 2026 23:00")
    assert [tells.ago(age) for age in (None, 2, 90, 600, 9000, 300_000)] == [
        "aldrig", "nyss", "för 90 s sedan", "för 10 min sedan", "för 2 h sedan", "för 3 dagar sedan",
    ]  # fmt: skip


def test_detections__of_a_few_are_not_counted_out():
    """One in a quarter of an hour would be somebody's way home; the picture of the day draws them alike."""
    tells = Tells(Words(), "Europe/Stockholm")
    assert [tells.detections(count) for count in (0, 1, 4, 5)] == [
        "0 in that time", "fewer than 5 in that time", "fewer than 5 in that time", "5 in that time",
    ]  # fmt: skip
    report = {"begin": NIGHT - 900, "until": NIGHT, "level": 500, "faults": ""}
    one, four, twelve = (picture([{**report, "detections": count}], NIGHT, tells, "a day") for count in (1, 4, 12))
    assert one == four != twelve
