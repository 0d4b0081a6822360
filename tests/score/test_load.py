"""Electricity by the hour: of a night, and of a year hour by hour."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from lykta.plan import make_plan
from lykta.profiles import load_profile
from lykta.score import load, totals
from lykta.score.energy import NODE_UW
from lykta.sim import schemes
from lykta.site import load as load_site
from lykta.site.graph import Graph

SITE = load_site("kungsholms_strand")


def hours(nights: list[tuple[int, int]], year: int = 2026) -> load.Hours:
    """The hours of a year in Stockholm with these nights."""
    return load.Hours.of(year, "Europe/Stockholm", nights)


def ms(*when: int) -> int:
    """A moment UTC in ms of the epoch."""
    return int(dt.datetime(*when, tzinfo=dt.UTC).timestamp()) * 1000


def test_night__adds_up_to_what_its_lamps_took():
    """By local hour: the sums are those of `totals` over the same time, and the times add up to the night."""
    plan = make_plan(SITE, Graph(SITE), load_profile("kungsholms_strand"), dt.date(2026, 12, 14))
    levels = schemes.part_night(plan, 500).levels
    begin, end = plan.agenda.begin_ms, plan.agenda.end_ms
    spent, lit = load.of_night(SITE, levels, begin, end, plan.agenda.times.origin_utc_ms)
    assert spent.sum() == pytest.approx(sum(totals(SITE, levels, begin, end)["energy_wh"].to_pylist()), rel=1e-12)
    assert lit.sum() == pytest.approx((end - begin) / 3_600_000)
    assert lit[12] == 0 and lit[0] == 1
    assert spent[2] < spent[20]  # 50 % after 23:00


def test_power__of_an_hour_never_lit_is_that_of_the_nearest_that_was():
    """Round the clock; a night without light takes nothing."""
    night = np.zeros((2, 24))
    night[:, 22], night[:, 3] = (50, 0.5), (30, 1)
    found = load.power(night)
    assert (found[22], found[21], found[23], found[3], found[4], found[1]) == (100, 100, 100, 30, 30, 30)
    assert load.power(np.zeros((2, 24))).tolist() == [0] * 24


def test_hours__of_a_year_are_as_many_as_it_has():
    """8,760, or 8,784; one local hour is missing in March, and one comes twice in October."""
    assert (len(hours([]).begins), len(hours([], 2028).begins)) == (8760, 8784)
    march = [when.hour for when in hours([]).begins if (when.month, when.day) == (3, 29)]
    october = [when.hour for when in hours([]).begins if (when.month, when.day) == (10, 25)]
    assert (march.count(2), october.count(2)) == (0, 2)


def test_hours__are_lit_for_as_long_as_nights_are():
    """Parts of hours at both ends; the night of New Year's Eve belongs to two years."""
    night = (ms(2026, 6, 1, 21, 45), ms(2026, 6, 2, 1, 30))
    found = hours([night])
    assert found.lit.sum() == pytest.approx(3.75)
    assert [share for share in found.lit.tolist() if share] == [0.25, 1, 1, 1, 0.5]
    eve = (ms(2025, 12, 31, 14), ms(2026, 1, 1, 8))
    assert hours([eve]).lit.sum() == 9  # from midnight in Stockholm


def test_lamps__take_what_their_month_day_and_hour_say():
    """A Saturday in June at 23 o'clock by its own number, and only while it is lit."""
    watts = np.zeros(load.SHAPE)
    watts[5, 1, 23] = 80
    found = hours([(ms(2026, 6, 6, 21), ms(2026, 6, 6, 21, 30)), (ms(2026, 6, 8, 21), ms(2026, 6, 8, 22))])
    assert found.lamps_wh(watts).sum() == 40  # half an hour of the Saturday; nothing of the Monday


def test_overhead__is_drawn_by_day_too():
    """Nodes and PIR always; drivers in standby only where the lamps are off; radars for traffic only where they are on."""
    on, off = load.overhead_wh(SITE, np.array([1.0, 0.0])).tolist()
    standby = sum(SITE.fixtures[lamp.fixture].standby_mw for lamp in SITE.lamps) / 1000
    assert on == pytest.approx(34 * (NODE_UW + 510) / 1e6)
    assert off - on == pytest.approx(standby)
    valla = load_site("valla_torg")
    radars = sum(sensor.kind == "ld2451" for lamp in valla.lamps for sensor in lamp.sensors)
    lit, dark = load.overhead_wh(valla, np.array([1.0, 0.0])).tolist()
    standby = sum(lamp.heads * valla.fixtures[lamp.fixture].standby_mw for lamp in valla.lamps if lamp.adaptive) / 1000
    assert lit - dark == pytest.approx(0.535 * radars - standby)
