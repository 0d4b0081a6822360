"""A year: which nights stand for which days, and how they add up."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from lykta.errors import LyktaError
from lykta.scenarios import Scenario, Wish, assemble
from lykta.scenarios.year import Cell, Played, cells, days_off, gather, jobs, rivals
from lykta.score.tally import COLUMNS
from lykta.traffic import Demand


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Kungsholms strand, two seeds."""
    return assemble(Wish("kungsholms_strand", seeds=(1, 2)))


def test_cells__stand_for_every_day_of_the_year(scenario: Scenario):
    """24 of them; each night begins and ends on days of its kind, near the middle of its month; the days add up to the year."""
    found = cells(scenario, 2026)
    assert [(cell.month, cell.weekend) for cell in found] == [(month, weekend) for month in range(12) for weekend in (False, True)]
    assert sum(cell.days for cell in found) == 365
    assert all((cell.date.weekday() == 5) == cell.weekend and cell.date.weekday() != 4 for cell in found)
    assert all(cell.date.month == cell.month + 1 and abs(cell.date.day - 15) <= 3 for cell in found)


def test_holidays__count_as_weekend_and_stand_for_no_other_day(scenario: Scenario):
    """Sweden, 2026: those that fall on working days move to the weekends of their months, and no night of one is played for another day."""
    off = days_off("SE", 2026)
    plain, found = cells(scenario, 2026), cells(scenario, 2026, off)
    moved = [date for date in off if date.year == 2026 and date.weekday() < 5]
    assert [one.days + (-1 if not one.weekend else 1) * sum(date.month == one.month + 1 for date in moved) for one in plain] == [
        one.days for one in found
    ]
    assert sum(one.days for one in found) == 365 and len(moved) == 7
    assert not {one.date for one in found} & off
    assert not {one.date + dt.timedelta(days=1) for one in found} & off
    night = [Played(cell, seed, np.ones((1, 2, 24)), np.zeros((1, len(COLUMNS))), 400) for cell in found for seed in (1, 2)]
    hours = gather(scenario, 2026, found, [], "", night, off).hours
    assert {int(kind) for kind, at in zip(hours.kind, hours.begins, strict=True) if at.date() == dt.date(2026, 12, 25)} == {1}
    assert days_off("", 2026) == frozenset()


def test_cells__of_the_far_north_have_no_nights_in_summer(scenario: Scenario):
    """Midnight sun: no cells in June; where there is never a night there is no year."""
    north = replace(scenario, site=replace(scenario.site, latitude=69.6, longitude=18.9))
    months = {cell.month for cell in cells(north, 2026)}
    assert 5 not in months and {0, 11} <= months


def test_jobs__take_the_people_of_their_season(scenario: Scenario):
    """The middle of the month is asked for, and each night is simulated with what came."""
    asked: list[dt.date] = []

    def demand_on(date: dt.date) -> Demand:
        asked.append(date)
        return replace(scenario.demand, name=f"{date:%B}")

    found = jobs(scenario, cells(scenario, 2026), demand_on, ())
    assert asked == [dt.date(2026, month, 15) for month in range(1, 13)]
    assert len(found) == 48
    assert {(job.scenario.demand.name, f"{job.scenario.date:%B}") for job in found} == {(f"{date:%B}",) * 2 for date in asked}


def test_gather__counts_each_kind_of_day_as_often_as_it_comes(scenario: Scenario):
    """Working nights at 100 W, weekends at 60 W: the energy of the year is that of its lit hours; rows are weighted by days."""
    found = cells(scenario, 2026)

    def night(cell: Cell, seed: int) -> Played:
        spent = np.array([[60.0 if cell.weekend else 100.0] * 24, [1.0] * 24])
        rows = np.zeros((2, len(COLUMNS)))
        rows[:, 0] = 1
        return Played(cell, seed, np.array([spent, 2 * spent]), rows, 400)

    whole = gather(scenario, 2026, found, ["always-on"], "", [night(cell, seed) for cell in found for seed in (1, 2)])
    hours = whole.hours
    expected = float((hours.lit * np.where(hours.kind == 1, 60, 100)).sum())
    assert whole.lamps_wh[0].sum(axis=-1).tolist() == pytest.approx([expected] * 2)
    # Powers, not energies: doubling energy and time changes nothing.
    assert whole.lamps_wh[1].sum(axis=-1).tolist() == pytest.approx([expected] * 2)
    assert whole.rows[0, :, 0].tolist() == [365, 365]
    assert (whole.overhead_wh[0].sum() > 0, whole.overhead_wh[1].sum()) == (True, 0)
    assert 4000 < hours.lit.sum() < 4500  # darkness at 59 degrees north, sunset to sunrise


def test_gather__lets_missing_kinds_be_like_the_other_of_their_month(scenario: Scenario):
    """Where few nights are, a month may have a working night only."""
    found = [cell for cell in cells(scenario, 2026) if not cell.weekend]
    nights = [Played(cell, seed, np.ones((1, 2, 24)), np.zeros((1, len(COLUMNS))), 400) for cell in found for seed in (1, 2)]
    whole = gather(scenario, 2026, found, [], "", nights)
    assert whole.lamps_wh[0, 0].sum() == pytest.approx(whole.hours.lit.sum())


def test_rivals__are_always_on_todays_scheme_and_static():
    """Each once, under the name that somebody wrote."""
    assert list(rivals("")) == ["always-on", "static"]
    assert list(rivals("group: hold = 30 s")) == ["always-on", "group: hold = 30 s", "static"]
    with pytest.raises(LyktaError, match="There is no scheme"):
        rivals("grope")
