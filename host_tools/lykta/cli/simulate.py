"""`lykta simulate`: a night on a street, its figures and its report."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lykta.errors import InputError
from lykta.progress import Progress
from lykta.scenarios import Scenario, assemble, is_scenario, load_scenario, plan_of, run
from lykta.scenarios.reader import DATE, RADIOS, SENSORS, parse_seeds
from lykta.score import Score
from lykta.score.requirements import Outcome as Judged
from lykta.score.requirements import judge_all, of_texts
from lykta.score.words import words
from lykta.sim.night import ENGINES

REQUIREMENT_FAILED = 1


class Seeds(click.ParamType[list[int]]):
    """Seeds: `7`, `1-20`, `1,5,9`."""

    name = "seeds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """The list of seeds."""
        try:
            return parse_seeds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("what", metavar="SITE")
@click.option("--profile", default="", metavar="FILE", help="Profile: a file or a packaged name. Default: the one that the site names.")
@click.option("--requirement", default="", metavar="FILE", help="What service is judged against. Default: the one that the site names.")
@click.option("--traffic", default="", metavar="FILE", help="Who comes by: a demand, a CSV of counts, or quiet, busy, kungsholms@30.")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), default=None, help=f"The night that begins on this day. Default: {DATE}.")
@click.option("--seed", "seeds", type=Seeds(), default=None, metavar="N|A-B", help="Seed, or several: one night each. Default: 1.")
@click.option("--sensors", type=click.Choice(SENSORS), default="site", show_default=True, help="As the site has them, or ideal ones.")
@click.option("--radio", type=click.Choice(list(RADIOS)), default="ideal", show_default=True, help="Ideal, or 10 % lost in bursts.")
@click.option("--require", multiple=True, metavar="TEXT", help='Fail unless this holds, e.g. "saving at least 45 %". May be given again.')
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=None, help="Folder for report, tables and summary.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Write the requirements as JUnit XML.")
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="auto: compiled where Numba is installed.")
def simulate(
    what: str, profile: str, requirement: str, traffic: str, date: dt.datetime | None, seeds: list[int] | None, sensors: str, radio: str,
    require: tuple[str, ...], out: Path | None, junit: Path | None, engine: str,
) -> int:  # fmt: skip
    """Simulate a night on a street and write its report.

    SITE is a site file, the name of a packaged one (valla_torg, kungsholms_strand), or a scenario file: site, profile, traffic,
    seeds, faults and requirements in one. The exit status is 1 if a requirement fails, 2 if something that was given is wrong.

    \b
    Example:
      lykta simulate my_site.yaml --profile my_profile.yaml --traffic counts.csv --seed 7 --out night/
    """
    given = {"profile": profile, "requirement": requirement, "traffic": traffic}
    scenario = _scenario(what, given, date, seeds, sensors, radio, require, engine)
    console, errors = Console(), Console(stderr=True)
    for warning in _warnings(scenario):
        errors.print(f"warning: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    plan = plan_of(scenario)
    outcomes = []
    with Progress("simulating", total=len(scenario.seeds)) as bar:
        for outcome in run(scenario, plan):
            outcomes.append(outcome)
            bar.advance()
    if not outcomes:
        console.print(f"{scenario.site.name}, {scenario.date}: the sun does not set, so there is no night to simulate.", highlight=False)
        return 0
    scores = [outcome.score for outcome in outcomes]
    _print(console, scenario, scores)
    judged = judge_all(scenario.require, scores)
    _print_judged(console, judged)
    if junit:
        from lykta.scenarios.output import write_junit

        write_junit(junit, scenario, judged)
    if out:
        from lykta.scenarios.output import write_folder

        for outcome in outcomes:
            folder = out / f"seed_{outcome.night.seed}" if len(outcomes) > 1 else out
            with Progress("writing the report"):
                report = write_folder(folder, scenario, outcome, shlex.join(["lykta", *sys.argv[1:]]))
            console.print(f"Report: {report}", highlight=False, soft_wrap=True)
    return 0 if all(one.met for one in judged) else REQUIREMENT_FAILED


def _scenario(
    what: str, given: dict[str, str], date: dt.datetime | None, seeds: list[int] | None, sensors: str, radio: str,
    require: tuple[str, ...], engine: str,
) -> Scenario:  # fmt: skip
    from dataclasses import replace

    conditions = of_texts(require)
    path = Path(what)
    if is_scenario(path):
        named = [f"--{key}" for key, value in given.items() if value]
        if named or date or sensors != "site" or radio != "ideal":
            raise InputError.of(what, f"is a scenario: {' '.join(named) or 'that'} is set in the file. Change it there.")
        scenario = load_scenario(path)
        return replace(scenario, engine=engine, require=(*scenario.require, *conditions), seeds=tuple(seeds or scenario.seeds))
    day = date.date() if date else DATE
    scenario = assemble(
        what,
        profile=given["profile"],
        requirement=given["requirement"],
        traffic=given["traffic"],
        date=day,
        seeds=seeds or [1],
        sensors=sensors,
        radio=radio,
        require=conditions,
    )
    return replace(scenario, engine=engine)


def _warnings(scenario: Scenario) -> list[str]:
    from lykta import traffic
    from lykta.site.graph import Graph

    found = list(traffic.check(scenario.site, Graph(scenario.site), scenario.demand))
    errors = [problem for problem in found if not problem.warning]
    if errors:
        raise InputError(errors)
    return [*(f"{problem.path}: {problem.message}" for problem in found), *scenario.notes]


def _print(console: Console, scenario: Scenario, scores: Sequence[Score]) -> None:
    """The summary: sentences for the first night, then a table with a column for each class, and all nights if there are several."""
    console.print()
    for sentence in words(scores[0]):
        console.print(sentence, highlight=False, soft_wrap=True)
    table = Table(box=SIMPLE_HEAD, title=f"{scenario.site.name}, {scenario.date}, {scenario.profile.name}", title_justify="left")
    several = len(scores) > 1
    for column in (["seed"] if several else []) + ["who", "users", "full light", "late", "in the dark", "worst", "lit ahead"]:
        table.add_column(column, justify="left" if column == "who" else "right")
    for score in scores:
        for name, of in {"everyone": score.everyone, **score.classes}.items():
            cells = [
                name,
                str(of.users),
                "n/a" if of.service is None else f"{100 * of.service:.2f} %",
                f"{of.late_s:.1f} s",
                f"{of.dark_s:.1f} s",
                "" if of.dark.worst is None else f"{of.dark.worst:.1f} s",
                "" if of.ahead_mean_m is None else f"{of.ahead_mean_m:.0f} m",
            ]
            table.add_row(*([str(score.about.seeds[0])] if several else []), *cells)
    console.print(table)
    table = Table(box=SIMPLE_HEAD, show_header=True)
    for column in (["seed"] if several else []) + [
        "energy",
        "always on",
        "saving",
        "nodes take",
        "net saving",
        "changes per lamp and hour",
    ]:
        table.add_column(column, justify="right")
    for score in scores:
        energy, changes = score.energy, score.comfort.changes_per_lamp_hour
        cells = [
            _kwh(energy.lamps_wh, energy.power_known), _kwh(energy.always_on_wh, energy.power_known), _percent(energy.saving),
            _percent(energy.node_share), _percent(energy.net_saving), "n/a" if changes is None else f"{changes:.1f}",
        ]  # fmt: skip
        table.add_row(*([str(score.about.seeds[0])] if several else []), *cells)
    console.print(table)


def _kwh(watt_hours: float, known: bool) -> str:
    return f"{watt_hours / 1000:.2f} kWh" if known else "unknown"


def _percent(share: float | None) -> str:
    return "n/a" if share is None else f"{100 * share:.1f} %"


def _print_judged(console: Console, judged: Sequence[Judged]) -> None:
    for one in judged:
        console.print(("[green]ok[/green]      " if one.met else "[red]FAILED[/red]  "), end="")
        console.print(one.said, markup=False, highlight=False, soft_wrap=True)
        for line in one.detail:
            console.print(f"        {line}", markup=False, highlight=False, soft_wrap=True)
