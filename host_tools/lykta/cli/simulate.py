"""`lykta simulate`: a night on a street, its figures and its report."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import click

from lykta import scenarios
from lykta.cli.nights import print_conditions, print_judged, print_nights
from lykta.cli.terminal import make_console
from lykta.errors import InputError
from lykta.plan import Plan
from lykta.progress import Progress
from lykta.scenarios import DATE, RADIOS, SENSORS, Scenario, Wish
from lykta.scenarios.about import doubts
from lykta.scenarios.output import make_writable, write_folder, write_junit
from lykta.scenarios.yardsticks import TRAINING, tuned
from lykta.score import Score
from lykta.score.requirements import judge_all, of_texts, unjudged
from lykta.sim.baselines import SCHEMES
from lykta.sim.baselines import find as find_scheme
from lykta.sim.night import ENGINES, engine_of

REQUIREMENT_FAILED = 1


class Seeds(click.ParamType[list[int]]):
    """Seeds: `7`, `1-20`, `1,5,9`."""

    name = "seeds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """The list of seeds."""
        try:
            return scenarios.parse_seeds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _schema(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(json.dumps(scenarios.json_schema(), ensure_ascii=False, indent=2))
        context.exit()


@click.command()
@click.argument("what", metavar="SITE")
@click.option("--profile", metavar="FILE", help="Profile: a file or a packaged name. Default: the one that the site names.")
@click.option("--requirement", metavar="FILE", help="What service is judged against. Default: the one that the site names.")
@click.option("--traffic", metavar="FILE", help="Who comes by: a demand, a CSV of counts, quiet, busy, kungsholms@30; sumo: by SUMO.")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help=f"The night that begins on this day. Default: {DATE}.")
@click.option("--seed", "seeds", type=Seeds(), metavar="N|A-B", help="Seed, or several: one night each. Default: 1.")
@click.option("--sensors", type=click.Choice(SENSORS), help="As the site has them (the default), or ideal ones.")
@click.option("--radio", type=click.Choice(list(RADIOS)), help="Nothing lost (ideal, the default), or 10 % lost in bursts (real).")
@click.option(
    "--scheme", metavar="NAME", help="Light it with a yardstick instead: " + ", ".join(SCHEMES) + '. "NAME: hold = 30 s", "NAME: tuned".'
)
@click.option("--require", multiple=True, metavar="TEXT", help='Fail unless this holds, e.g. "saving at least 45 %". May be given again.')
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for report, tables and summary.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the requirements as JUnit XML.")
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="auto: compiled where Numba is installed.")
@click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=_schema, help="Print the JSON Schema of a scenario.")
@click.pass_context
def simulate(
    context: click.Context, what: str, profile: str | None, requirement: str | None, traffic: str | None, date: dt.datetime | None,
    seeds: list[int] | None, sensors: str | None, radio: str | None, scheme: str | None, require: tuple[str, ...],
    out: Path | None, junit: Path | None, engine: str,
) -> int:  # fmt: skip
    """Simulate a night on a street and write its report.

    SITE is a site file or the name of a packaged one (valla_torg, kungsholms_strand); or a scenario file or the name of a packaged one
    (quiet_night): site, profile, traffic, seeds, faults and requirements in one. The exit status is 1 if a requirement fails, 2 if
    something that was given is wrong.

    \b
    Example:
      lykta simulate my_site.yaml --profile my_profile.yaml --traffic counts.csv --seed 7 --out night/
    """
    parts = {"profile": profile or "", "requirement": requirement or "", "traffic": traffic or ""}
    wish = Wish(what, parts, date=date.date() if date else DATE, sensors=sensors or SENSORS[0], radio=radio or "ideal")
    fixed = {**parts, "date": date, "sensors": sensors, "radio": radio}
    scenario = _scenario(wish, [f"--{key}" for key, value in fixed.items() if value])
    scenario = replace(
        scenario, engine=engine_of(engine), seeds=tuple(seeds or scenario.seeds), require=(*scenario.require, *of_texts(require))
    )
    scenario = replace(scenario, scheme=find_scheme(scheme) if scheme else None)
    plan, doubtful = scenarios.fit(scenario)
    for folder, option in ((out, "--out"), (junit and junit.parent, "--junit")):
        if folder:
            make_writable(folder, option)
    if scenario.scheme and scenario.scheme.tuned:
        with Progress(f"tuning {scenario.scheme.scheme.name} on seeds {TRAINING[0]}-{TRAINING[-1]}"):
            scenario = tuned(scenario, plan)
    console = make_console()
    print_conditions(console, scenario, plan, scenario.engine)
    errors = make_console(stderr=True)
    for warning in (*(f"{problem.path}: {problem.message}" for problem in doubtful), *doubts(scenario.site)):
        errors.print(f"warning: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    scores = _simulate(scenario, plan, out, context.obj or f"lykta simulate {what}")
    if scores:
        print_nights(console, scores)
    else:
        console.print("\nThe sun does not set: there is no night to simulate, and nothing to report.", highlight=False)
    judged = judge_all(scenario.require, scores) if scores else [unjudged(one, "there is no night") for one in scenario.require]
    print_judged(console, judged)
    if junit:
        write_junit(junit, scenario, judged)
    if out and scores:
        report = out / "report.html" if len(scores) == 1 else f"{out}/seed_*/report.html"
        console.print(f"[bold]Report[/bold]       {report}", highlight=False, soft_wrap=True)
    return 0 if all(one.met for one in judged) else REQUIREMENT_FAILED


def _scenario(wish: Wish, fixed: list[str]) -> Scenario:
    """The scenario in a file, or that of a site; `fixed` are the options that a scenario file leaves no room for."""
    path = scenarios.find_scenario(wish.site)
    if path is None:
        return scenarios.assemble(wish)
    if fixed:
        raise InputError.of(wish.site, f"is a scenario, which says this itself: write it there, and leave out {', '.join(fixed)}.")
    return scenarios.load_scenario(path)


def _simulate(scenario: Scenario, plan: Plan, out: Path | None, command: str) -> list[Score]:
    """Simulate every night and write each as soon as it is there; keeps the scores alone, so that many nights need no memory."""
    scores: list[Score] = []
    several = len(scenario.seeds) > 1
    hint = " (a first run compiles the engine)" if scenario.engine == "compiled" else ""
    try:
        with Progress(f"simulating{hint}", total=len(scenario.seeds)) as bar:
            for outcome in scenarios.run(scenario, plan):
                if out:
                    bar.retitle("writing the report")
                    write_folder(out / f"seed_{outcome.night.seed}" if several else out, scenario, outcome, command)
                scores.append(outcome.score)
                bar.retitle("simulating")
                bar.advance()
    except KeyboardInterrupt:
        if out and scores:
            click.echo(f"{len(scores)} of {len(scenario.seeds)} nights are finished, and are in {out}.", err=True)
        raise
    return scores
