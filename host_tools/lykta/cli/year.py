"""`lykta year`: what a year of adaptive light takes, costs and gives, beside always on, today's scheme and static."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lykta import scenarios
from lykta.cli.options import crew_options, write_text
from lykta.cli.simulate import Seeds
from lykta.cli.terminal import make_console
from lykta.errors import InputError, LyktaError
from lykta.profiles.calendar import is_country
from lykta.progress import track
from lykta.report import years
from lykta.scenarios import RADIOS, SENSORS, Scenario, Wish
from lykta.scenarios.about import conditions, doubts, sentence, site_said
from lykta.scenarios.assemble import beside
from lykta.scenarios.output import make_writable
from lykta.scenarios.year import ALWAYS_ON, Cell, cells, days_off, gather, jobs, play, rivals
from lykta.scenarios.yearly import MONTHS, Summary, load_csv, loads, money_said, sentences, summary, to_json
from lykta.score.money import Economics
from lykta.score.statistics import Interval
from lykta.score.words import percent, service
from lykta.sim.night import ENGINES, engine_of
from lykta.site.loader import find
from lykta.traffic import load_demand
from lykta.tune.crew import crew

_NOTES = 6
#: Letters of a scheme's name that are never cut.
_NAME = len("part-night-50")


@click.command()
@click.argument("what", metavar="SITE")
@click.option("--profile", default="", metavar="FILE", help="Profile: a file or a packaged name. Default: the one that the site names.")
@click.option("--requirement", default="", metavar="FILE", help="What service is judged against. Default: the one that the site names.")
@click.option(
    "--traffic", default="", metavar="FILE", help="Who comes by: a CSV of counts gives each month its own, a demand all the same."
)
@click.option(
    "--year", type=click.IntRange(1990, 2099), default=2026, show_default=True, metavar="N", help="The year whose nights are counted."
)
@click.option("--holidays", default="", metavar="CODE", help='Whose public holidays count as days of a weekend: "SE". Default: nobody\'s.')
@click.option("--seed", "--seeds", "seeds", type=Seeds(), default="1-3", show_default=True, metavar="A-B", help="24 nights for each.")
@click.option("--sensors", type=click.Choice(SENSORS), default=SENSORS[0], show_default=True, help="As the site has them, or ideal ones.")
@click.option("--radio", type=click.Choice(list(RADIOS)), default="ideal", show_default=True, help="Nothing lost, or 10 % lost in bursts.")
@click.option(
    "--today", default="", metavar="SCHEME", help='What lights the street now: "part-night-50". Default: `economics.today`, else always on.'
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for year.svg, load.csv (hour by hour), year.json.")
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="auto: compiled where Numba is installed.")
@crew_options
def year(
    what: str, profile: str, requirement: str, traffic: str, year: int, holidays: str, seeds: list[int], sensors: str, radio: str,
    today: str, out: Path | None, engine: str, workers: int | None, cluster: str,
) -> None:  # fmt: skip
    """What a year takes, costs and gives: twelve months, working days and weekends.

    Of each month a night of a working day and one of a weekend are simulated for each seed, with the people of that season; then the hours
    of the year are counted one by one, with real times of light. kWh include what nodes, sensors and drivers draw by day. Where the site
    has `economics`: bill by hourly tariff, CO2, payback and net present value beside always on, today's scheme and static.

    \b
    Example:
      lykta year my_site.yaml --traffic counts.csv --year 2026 --holidays SE --seeds 1-5 --out year/
    """
    if scenarios.find_scenario(what) is not None:
        raise InputError.of(what, "is a scenario, and says of which night. A year is made of a site: name that, and --profile, --traffic.")
    if holidays and not is_country(holidays):
        raise LyktaError(f'--holidays {holidays}: no holidays are known for it. Write the code of a country in capitals, such as "SE".')
    parts = {"profile": profile, "requirement": requirement, "traffic": traffic}
    middle = dt.date(year, 1, 15)
    scenario = scenarios.assemble(Wish(what, parts, date=middle, seeds=tuple(seeds), sensors=sensors, radio=radio))
    scenario = replace(scenario, engine=engine_of(engine))
    if not all(scenario.site.fixtures[lamp.fixture].power_known for lamp in scenario.site.lamps):
        raise LyktaError(f"{what}  no kWh of a year can be claimed: nobody has said what some of its lamps draw. Give them fixtures.")
    money = Economics.of(scenario.site)
    today = today or (money.today if money else "") or ALWAYS_ON
    others = rivals(today)
    off = days_off(holidays, year)
    found = cells(scenario, year, off)
    if out:
        make_writable(out, "--out")
    wanted = traffic or beside(scenario.site.traffic, find(what).parent)
    todo = jobs(scenario, found, lambda date: load_demand(wanted, date), list(others.values()))
    console = make_console()
    _print_conditions(console, scenario, f"{year}, today's scheme: {today}; {_said_of(holidays)}")
    for warning in doubts(scenario.site):
        make_console(stderr=True).print(f"warning: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    with crew(workers or 0, cluster) as many:
        played = list(track(many.each(play, todo), "simulating the nights of a year", len(todo)))
    whole = gather(scenario, year, found, others, today, played, off)
    result = summary(scenario, whole)
    print_year(console, result, found, money, today)
    if out:
        write_text(out / "load.csv", load_csv(whole, money))
        write_text(out / "year.svg", picture(scenario, result, loads(whole)))
        write_text(
            out / "year.json", json.dumps({**to_json(scenario, result), "holidays": holidays or None}, indent=1, ensure_ascii=False) + "\n"
        )
        written = ", ".join(str(out / name) for name in ("year.svg", "load.csv", "year.json"))
        console.print(f"[bold]Written[/bold]      {written}", highlight=False, soft_wrap=True)


def picture(scenario: Scenario, found: Summary, shown: Sequence[years.Load]) -> str:
    """The year as SVG."""
    seeds = f"{len(found.seeds)} nights of each kind" if len(found.seeds) > 1 else "one night of each kind"
    ours = found.lines[0]
    ends = _ends(ours.less)
    less = f"{percent(ours.less.value)} less than always on" + (f" (95 %: {ends})" if ends else "")
    title = f"{scenario.site.name}, {found.year}: {ours.all_kwh.value or 0:,.0f} kWh, {less}"
    said = f"Simulated; lamps, nodes, sensors and standby; {scenario.demand.name}, profile {scenario.profile.name}, {seeds}."
    return years.year(title, said, MONTHS, shown)


def _said_of(holidays: str) -> str:
    """What becomes of public holidays."""
    return f"public holidays of {holidays} count as weekend" if holidays else "public holidays count as their weekdays"


def _print_conditions(console: Console, scenario: Scenario, which: str) -> None:
    """Say what the year is made of."""
    seasons = (
        "of its season in every month" if scenario.demand.notes and any("within" in note for note in scenario.demand.notes) else "all year"
    )
    rows = [
        ("Site", site_said(scenario.site)),
        ("Year", which),
        ("Traffic", f"{scenario.demand.name}, {seasons}"),
        *(("", sentence(note)) for note in scenario.demand.notes[:_NOTES]),
        ("Profile", scenario.profile.name),
        *conditions(scenario),
    ]
    grid = Table.grid(padding=(0, 2), pad_edge=False)
    grid.add_column(no_wrap=True, min_width=len("Requirement"))
    grid.add_column(overflow="fold")
    for name, said in rows:
        grid.add_row(f"[bold]{name}[/bold]" if name else "", escape(said))
    console.print("[bold]Simulated, not measured[/bold]")
    console.print(grid)


def print_year(console: Console, found: Summary, nights: list[Cell], money: Economics | None, today: str) -> None:
    """Print the sentences for a council, the schemes side by side, the months, the money."""
    console.print()
    for said in sentences(found, today):
        console.print(said, markup=False, highlight=False, soft_wrap=True)
    energy = _table("kWh", "lamps", "nodes", "by day", "all", "less", "95 %", "service")
    for line in found.lines:
        less = line.less
        energy.add_row(
            line.name, f"{line.lamps_kwh.value or 0:,.0f}", f"{line.overhead_kwh:,.0f}", f"{line.by_day_kwh:,.0f}",
            f"{line.all_kwh.value or 0:,.0f}", percent(less.value), _ends(less), service(line.service.value),
        )  # fmt: skip
    console.print(energy)
    months = _table("", "hours dark", "kWh", "always on", "less")
    for month in found.months:
        saved = 1 - month.ours_kwh / month.always_on_kwh if month.always_on_kwh else None
        months.add_row(month.name, f"{month.hours:,.0f}", f"{month.ours_kwh:,.1f}", f"{month.always_on_kwh:,.1f}", percent(saved))
    console.print(months)
    if money is not None:
        _print_money(console, found, money)
    cells_said = f"{len(nights)} kinds of night, {len(found.seeds)} seed{'s' if len(found.seeds) > 1 else ''} each"
    console.print(f"{cells_said}; {found.dark_hours:,.0f} h of light in {found.year}.", highlight=False)
    for said in money_said(found, money, today):
        console.print(said, markup=False, highlight=False, soft_wrap=True)
    if len(found.seeds) < 3:
        console.print("Fewer than 3 seeds: no interval can be given. Take --seeds 1-5.", highlight=False)


def _print_money(console: Console, found: Summary, money: Economics) -> None:
    """The table of bills, CO2 and worth."""
    table = _table("", f"bill {money.currency}", "CO2 kg", "gained a year", "payback", "NPV")
    for line in found.lines:
        bill, co2, worth = line.bill, line.co2_kg, line.worth
        row = [line.name, *("n/a" if one is None or one.value is None else f"{one.value:,.0f}" for one in (bill, co2))]
        if worth is not None:
            none = "n/a" if money.investment(1) is None else "never"
            payback = none if worth.payback_years is None else f"{worth.payback_years:.1f} years"
            row += [f"{worth.gained:,.0f}", payback, "n/a" if worth.npv is None else f"{worth.npv:,.0f}"]
        table.add_row(*row)
    console.print(table)
    console.print("Gained, payback, NPV: by our light instead of that scheme, yearly costs of nodes taken off.", highlight=False)


def _ends(one: Interval) -> str:
    """`21.0-21.3`, in percent; nothing where there is no interval."""
    return "" if one.low is None or one.high is None or one.high == one.low else f"{100 * one.low:.1f}-{100 * one.high:.1f}"


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=bool(number), min_width=0 if number else _NAME)
    return table
