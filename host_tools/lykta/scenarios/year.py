"""A year of a scenario: twelve months times (working day, weekend), each with the demand of its season, weighted by real darkness.

cells(scenario, 2026)     which nights stand for which days
play(Job(...))            one of them: what our light and each yardstick took, hour by hour, and how it served
gather(...)               the year of them
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lykta import score
from lykta.corehost import schema
from lykta.errors import LyktaError
from lykta.plan import Plan
from lykta.profiles import Profile, agenda
from lykta.profiles.calendar import holidays_of
from lykta.scenarios import yardsticks
from lykta.scenarios.model import Scenario
from lykta.scenarios.run import fit, run
from lykta.score import load
from lykta.score.energy import Plant
from lykta.score.intervals import sums
from lykta.score.light import Light
from lykta.score.service import lit_share
from lykta.score.statistics import Floats
from lykta.score.tally import COLUMNS, brief_row, row, spent
from lykta.sim.baselines import Chosen, find
from lykta.site import Site
from lykta.traffic import Demand

#: Yardsticks that see people, and so need nodes and sensors as Lykta does.
WITH_NODES = frozenset({"group", "zone", "alone", "talisman-style-0", "talisman-style-20"})
OURS, ALWAYS_ON = "lykta", "always-on"
_MIDDLE = 15


@dataclass(frozen=True)
class Cell:
    """A kind of day in a month, the night that stands for it, and how many days there are of it."""

    month: int  # from 0
    weekend: bool
    date: dt.date
    days: int


@dataclass(frozen=True)
class Job:
    """One night to be simulated: the scenario has the cell's date and demand."""

    scenario: Scenario
    cell: Cell
    seed: int
    others: Sequence[Chosen]


@dataclass(frozen=True)
class Played:
    """What a night came to. `nights`: for us and each other scheme (2, 24) as `load.of_night`; `rows`: as `tally.row`, of the same."""

    cell: Cell
    seed: int
    nights: Floats
    rows: Floats
    lowest_permille: int


@dataclass(frozen=True)
class Year:
    """A year. Axes: (schemes, seeds, ...); the first scheme is ours. `lamps_wh` by hour; `rows` as `tally.row`, weighted by days.

    `schemes`: their names as somebody wrote them; `today`: the one of them that lights the street now.
    """

    year: int
    schemes: tuple[str, ...]
    today: str
    seeds: tuple[int, ...]
    hours: load.Hours
    lamps_wh: Floats
    overhead_wh: Floats
    rows: Floats
    lowest_permille: int


def days_off(country: str, year: int) -> frozenset[dt.date]:
    """The public holidays of a year and of the day after it, by the code of their country; none for an empty one."""
    return frozenset(date for one in (year, year + 1) for date in holidays_of(country, one)) if country else frozenset()


def cells(scenario: Scenario, year: int, off: Collection[dt.date] = ()) -> list[Cell]:
    """The nights that stand for the days of a year: of each month the one nearest to its middle that begins and ends on days of its kind.

    `off`: days that count as weekend, whatever weekday they are; none of them stands for others. A month without any night is left out;
    LyktaError where the whole year has none.
    """
    site, profile = scenario.site, scenario.profile
    first = dt.date(year, 1, 1)
    dates = [first + dt.timedelta(days=number) for number in range((dt.date(year + 1, 1, 1) - first).days)]
    found = []
    for month in range(12):
        for weekend in (False, True):
            days = [date for date in dates if date.month == month + 1 and load.of_weekend(date, off) == weekend]
            plain = sorted((date for date in days if _is_plain(date, off)), key=lambda date: abs(date.day - _MIDDLE))
            chosen = next((date for date in plain if _has_night(site, profile, date)), None)
            if chosen is not None:
                found.append(Cell(month, weekend, chosen, len(days)))
    if not found:
        raise LyktaError(f"{site.name}: there is no night in {year}.")
    return found


def _is_plain(date: dt.date, off: Collection[dt.date]) -> bool:
    """Whether neither it nor the day after is a holiday, and both are of one kind: so is the night between them."""
    after = date + dt.timedelta(days=1)
    return not {date, after} & set(off) and load.of_weekend(after, off) == load.of_weekend(date, off)


def _has_night(site: Site, profile: Profile, date: dt.date) -> bool:
    tonight = agenda(profile, site.latitude, site.longitude, site.timezone, date)
    return tonight.end_ms > tonight.begin_ms and tonight.sunrise_ms > tonight.sunset_ms


def jobs(scenario: Scenario, found: Sequence[Cell], demand_on: Callable[[dt.date], Demand], others: Sequence[Chosen]) -> list[Job]:
    """The nights of a year: each cell with each seed. `demand_on`: who comes by in the season of a date."""
    months = dict.fromkeys((cell.date.year, cell.month + 1) for cell in found)
    demands = {month - 1: demand_on(dt.date(year, month, _MIDDLE)) for year, month in months}
    made = {cell: replace(scenario, date=cell.date, demand=demands[cell.month], broken=type(scenario.broken)()) for cell in found}
    return [Job(made[cell], cell, seed, others) for cell in found for seed in scenario.seeds]


def play(job: Job) -> Played:
    """One night: as our nodes light it, and as each yardstick does."""
    plan, _ = fit(job.scenario)
    (ours,) = run(job.scenario, plan, (job.seed,))
    case = yardsticks.case(job.scenario, plan, job.seed) if job.others else None
    nights, rows = [_hourly(plan, ours.night.levels)], [row(ours.score)]
    for chosen in job.others:
        assert case is not None
        levels = yardsticks.light(chosen, case.world, job.scenario.engine).levels
        nights.append(_hourly(plan, levels))
        rows.append(_row(plan, levels, case.owed))
    return Played(job.cell, job.seed, np.array(nights), np.array(rows), ours.score.lowest_permille)


def _hourly(plan: Plan, levels: object) -> Floats:
    agenda_ = plan.agenda
    return load.of_night(plan.site, levels, agenda_.begin_ms, agenda_.end_ms, agenda_.times.origin_utc_ms)


def _row(plan: Plan, levels: object, owed: score.Night) -> Floats:
    """The tally of a night of which only energy, changes and service are asked."""
    light = Light(levels, Plant.of(plan.site).cap, plan.begin_ms, plan.end_ms)
    lit_ms, _ = lit_share(owed.duty, light, owed.road_user, schema.CLASSES)
    spans = owed.duty.spans
    owed_ms = sums(spans.road_user, spans.end - spans.begin, schema.CLASSES)
    return brief_row(spent(plan.site, light), owed_ms, lit_ms)


def rivals(today: str) -> dict[str, Chosen]:
    """Beside what a year is put, by name: always on, today's scheme, static. LyktaError where there is no such scheme."""
    return {name: find(name) for name in dict.fromkeys((ALWAYS_ON, today or ALWAYS_ON, "static"))}


def gather(
    scenario: Scenario,
    year: int,
    found: Sequence[Cell],
    others: Iterable[str],
    today: str,
    played: Iterable[Played],
    off: Collection[dt.date] = (),
) -> Year:
    """The year of all its nights. `others`: the names of the yardsticks, in the order of the jobs; `off`: as for `cells`."""
    names = (OURS, *others)
    seeds = tuple(scenario.seeds)
    watts = np.zeros((len(names), len(seeds), *load.SHAPE))
    rows = np.zeros((len(names), len(seeds), len(COLUMNS)))
    lowest = 1000
    for one in played:
        at = seeds.index(one.seed)
        for scheme in range(len(names)):
            watts[scheme, at, one.cell.month, int(one.cell.weekend)] = load.power(one.nights[scheme])
        rows[:, at] += one.rows * one.cell.days
        lowest = min(lowest, one.lowest_permille)
    _fill_months(watts, {(cell.month, int(cell.weekend)) for cell in found})
    hours = load.Hours.of(year, scenario.site.timezone, _nights(scenario, year), off)
    own = load.overhead_wh(scenario.site, hours.lit)
    overhead = np.array([own if name == OURS or name.partition(":")[0].strip() in WITH_NODES else np.zeros(len(own)) for name in names])
    return Year(year, names, today or ALWAYS_ON, seeds, hours, hours.lamps_wh(watts), overhead, rows, lowest)


def _fill_months(watts: Floats, known: set[tuple[int, int]]) -> None:
    """Days of a kind for which no night stands (in the far north, where few nights are) are like the other kind of their month."""
    for month in range(12):
        for kind in range(len(load.KINDS)):
            if (month, kind) not in known and (month, 1 - kind) in known:
                watts[:, :, month, kind] = watts[:, :, month, 1 - kind]


def _nights(scenario: Scenario, year: int) -> list[tuple[int, int]]:
    """When the light is on, in ms of the epoch, in every night of a year and the one before it."""
    site, found = scenario.site, []
    date = dt.date(year - 1, 12, 31)
    while date.year <= year:
        tonight = agenda(scenario.profile, site.latitude, site.longitude, site.timezone, date)
        origin = tonight.times.origin_utc_ms
        found.append((origin + tonight.begin_ms, origin + tonight.end_ms))
        date += dt.timedelta(days=1)
    return found
