"""What a year came to: kWh, money and light of each scheme with intervals, and what is written of it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from lykta import __version__
from lykta.report.years import HOURS, Load
from lykta.scenarios.about import sentence
from lykta.scenarios.model import Scenario
from lykta.scenarios.year import ALWAYS_ON, OURS, Year
from lykta.score import tally
from lykta.score.model import plain
from lykta.score.money import Economics, Worth, worth
from lykta.score.statistics import Figure, Interval, interval
from lykta.score.tally import GROUPS
from lykta.score.words import PEOPLE, service

SCHEMA = 1
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


@dataclass(frozen=True)
class Line:
    """A scheme over a year. Energy in kWh, `bill` in the currency of the site (None: no economics), `co2_kg` likewise.

    `saving`: of the lamps' electricity against always on; `less`: of all electricity, nodes, sensors and standby counted in.
    `by_day_kwh`: the part of `overhead_kwh` that is drawn while the light is off. `worth`: of our light beside this scheme.
    """

    name: str
    lamps_kwh: Interval
    overhead_kwh: float
    by_day_kwh: float
    all_kwh: Interval
    saving: Interval
    less: Interval
    service: Interval
    bill: Interval | None
    co2_kg: Interval | None
    worth: Worth | None


@dataclass(frozen=True)
class Month:
    """A month: hours lit, and electricity of all kinds [kWh] of ours and of always on."""

    name: str
    hours: float
    ours_kwh: float
    always_on_kwh: float


@dataclass(frozen=True)
class Summary:
    """A year in figures. `possible`, `share`: the clairvoyant bound, and how much of it was reached."""

    year: int
    seeds: tuple[int, ...]
    dark_hours: float
    lines: tuple[Line, ...]
    months: tuple[Month, ...]
    possible: Interval
    share: Interval
    services: dict[str, Interval]
    lowest_permille: int


def summary(scenario: Scenario, found: Year) -> Summary:
    """The figures of a year. Always on must be among its schemes."""
    money = Economics.of(scenario.site)
    on = found.schemes.index(ALWAYS_ON)
    controlled = sum(lamp.adaptive for lamp in scenario.site.lamps)
    lamps = found.lamps_wh.sum(axis=-1) / 1000  # (schemes, seeds)
    overhead = found.overhead_wh.sum(axis=-1) / 1000
    price = np.zeros(len(found.hours.lit)) if money is None else money.price(found.hours.hour)
    bills = ((found.lamps_wh + found.overhead_wh[:, None, :]) * price).sum(axis=-1) / 1000
    if money is not None and not money.billed_by_use:
        bills = np.repeat(bills[found.schemes.index(found.today)][None], len(found.schemes), axis=0)
    by_day = (found.overhead_wh * (1 - found.hours.lit)).sum(axis=-1) / 1000
    lines = []
    for at, name in enumerate(found.schemes):
        both = np.stack((lamps[at], lamps[at] + overhead[at], lamps[on], bills[at], np.ones_like(lamps[at])), axis=-1)
        all_kwh = interval(both, _mean(1))
        lines.append(
            Line(
                name=name,
                lamps_kwh=interval(both, _mean(0)),
                overhead_kwh=float(overhead[at]),
                by_day_kwh=float(by_day[at]),
                all_kwh=all_kwh,
                saving=interval(both, _less(0)),
                less=interval(both, _less(1)),
                service=interval(found.rows[at], tally.worst_service),
                bill=None if money is None else interval(both, _mean(3)),
                co2_kg=None if money is None else _scaled(all_kwh, money.carbon_kg_per_kwh),
                worth=None if money is None or name == OURS else worth(money, controlled, bills[0].mean(), bills[at].mean()),
            )
        )
    ours = found.rows[0]
    services = {group: interval(ours, tally.service(group)) for group in GROUPS[:-1]}
    return Summary(
        found.year, found.seeds, float(found.hours.lit.sum()), tuple(lines), _months(found, on), interval(ours, tally.possible),
        interval(ours, tally.share), {group: one for group, one in services.items() if one.value is not None}, found.lowest_permille,
    )  # fmt: skip


def _mean(column: int) -> Figure:
    """The mean over seeds; the last column counts them."""
    return lambda sums: np.asarray(sums[..., column] / sums[..., -1])


def _less(column: int) -> Figure:
    return lambda sums: np.asarray(1 - sums[..., column] / sums[..., 2])


def _scaled(one: Interval, factor: float | None) -> Interval | None:
    if factor is None:
        return None
    return Interval(*(None if value is None else value * factor for value in (one.value, one.low, one.high)))


def _months(found: Year, on: int) -> tuple[Month, ...]:
    every = (found.lamps_wh.mean(axis=1) + found.overhead_wh) / 1000
    return tuple(
        Month(name, float(found.hours.lit[here].sum()), float(every[0][here].sum()), float(every[on][here].sum()))
        for number, name in enumerate(MONTHS)
        if (here := found.hours.month == number).any()
    )


def loads(found: Year) -> list[Load]:
    """Ours, always on and today's scheme: electricity of all kinds by month and by hour of the day, means of the seeds."""
    every = (found.lamps_wh.mean(axis=1) + found.overhead_wh) / 1000
    days = np.bincount(found.hours.hour, minlength=HOURS)
    shown = dict.fromkeys((OURS, ALWAYS_ON, found.today))
    return [
        Load(
            name,
            [float(every[at][found.hours.month == month].sum()) for month in range(len(MONTHS))],
            (np.bincount(found.hours.hour, every[at], HOURS) / days).tolist(),
        )
        for name in shown
        for at in (found.schemes.index(name),)
    ]


def sentences(found: Summary, today: str) -> list[str]:
    """The year for a council: electricity, today's scheme, what is possible, light for people, the lowest level; then money."""
    ours = found.lines[0]
    said = [f"Simulated, {found.year}: uses {_whole(ours.saving)} less electricity than the same lamps always on"]
    if today != ALWAYS_ON:
        said.append(f"today's scheme {_whole(_line(found, today).saving)}")
    if found.possible.value is not None:
        said.append(f"{ceil(round(100 * found.possible.value, 1))} % is the most any controller could save")
    said.append(f"nodes, sensors and standby counted in, {_whole(ours.less)} less")
    light = ", ".join(
        f"{PEOPLE[group]} had full light {service(one.value, fine=False)} of the time" for group, one in found.services.items()
    )
    lowest = f"the light is never below {found.lowest_permille / 10:g} %" if found.lowest_permille > 0 else "some lamp is off at some time"
    return [sentence("; ".join(said)), sentence("; ".join(part for part in (light, lowest) if part))]


def money_said(found: Summary, money: Economics | None, today: str) -> list[str]:
    """What must be read beside the money."""
    if money is None:
        return ["What it costs cannot be said: the site has no `economics` (currency, tariff, metered)."]
    said = []
    if not money.billed_by_use:
        agreed = "does not take" if money.takes_profile is False else "is not said to take"
        said.append(
            f"The plant is not metered, and the supplier {agreed} a dynamic profile: all schemes pay for the burning of {today}, "
            "so the saving in money is 0."
        )
    if absent := money.missing():
        said.append(f"Payback and net present value need {', '.join(absent)} in `economics`.")
    if money.carbon_kg_per_kwh is None:
        said.append("CO2 needs `carbon: {kg_per_kwh, source}` in `economics`.")
    else:
        said.append(f"CO2: {money.carbon_kg_per_kwh:g} kg a kWh, {money.carbon_source}.")
    if money.running(1) == 0 and not absent:
        said.append("No yearly costs of nodes are in `economics` (a_year, a_lamp_a_year).")
    return said


def _line(found: Summary, name: str) -> Line:
    return next(line for line in found.lines if line.name == name)


def _whole(share: Interval) -> str:
    """A share in whole percent, rounded down: it claims no more than there is."""
    return "n/a" if share.value is None else f"{floor(round(100 * share.value, 1))} %"


def load_csv(found: Year, money: Economics | None) -> str:
    """The load hour by hour: local time, how much of the hour is lit, kWh of each scheme (means of the seeds), price."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    lamps = found.lamps_wh.mean(axis=1) / 1000
    price = [] if money is None else money.price(found.hours.hour).tolist()
    others = [name.replace(":", "").replace(" ", "_") for name in found.schemes[1:]]
    writer.writerow(
        ["time", "lit", "lykta_lamps_kwh", "lykta_nodes_kwh", *(f"{name}_kwh" for name in others)]
        + ([f"price_{money.currency}_per_kwh"] if money else [])
    )
    for at, when in enumerate(found.hours.begins):
        values = [lamps[0, at], found.overhead_wh[0, at] / 1000, *(lamps[1:, at] + found.overhead_wh[1:, at] / 1000)]
        cells = [f"{value:.6f}" for value in values] + ([f"{price[at]:g}"] if price else [])
        writer.writerow([when.isoformat(timespec="minutes"), f"{found.hours.lit[at]:.4f}", *cells])
    return out.getvalue()


def to_json(scenario: Scenario, found: Summary) -> dict[str, object]:
    """The summary as `year.json` holds it."""
    about = {
        "kind": "simulated", "site": scenario.site.name, "version": __version__, "profile": scenario.profile.name,
        "requirement": scenario.requirement.name, "traffic": scenario.demand.name, "sensors": scenario.sensors, "radio": scenario.radio,
    }  # fmt: skip
    body = plain(found)
    assert isinstance(body, dict)
    return {"schema": SCHEMA, "about": about, **body}
