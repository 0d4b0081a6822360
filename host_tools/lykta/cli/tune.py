"""`lykta tune`: search the settings of a profile for the best, and write them into it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lykta.cli.nights import nights_said, print_conditions
from lykta.cli.options import Asked, Seeds, crew_options, night_options, scenario_of, write_text
from lykta.cli.terminal import make_console
from lykta.errors import InputError, LyktaError
from lykta.progress import Progress
from lykta.report import fronts
from lykta.report.fronts import Tried
from lykta.scenarios.output import make_writable
from lykta.score.requirements import of_texts
from lykta.score.statistics import interval, paired
from lykta.score.tally import saving, worst_service
from lykta.tune.crew import Crew, crew
from lykta.tune.search import Point, Task, best, front, nobody_met, search, served
from lykta.tune.space import read_space, source_of
from lykta.tune.stage import Ticket
from lykta.tune.standing import points as in_percent
from lykta.tune.trial import least_levels, try_out
from lykta.units import show

REQUIREMENT_FAILED = 1


@click.command()
@click.argument("what", metavar="SITE")
@click.option("--search", "spaces", multiple=True, metavar="RANGE", help="A setting with limits, 'idle: 20..50 %', or a YAML file of such.")
@click.option("--require", multiple=True, metavar="TEXT", help="What must be kept: 'service at least 99.9 %'. May be given again.")
@click.option("--least-class", metavar="CLASS", help="The class of EN 13201 that no level may fall below, where ways have design values.")
@night_options
@click.option("--seeds", type=Seeds(), default="1-8", show_default=True, metavar="A-B", help="The nights in which profiles are tried.")
@click.option("--check", type=Seeds(), default="101-120", show_default=True, metavar="A-B", help="Others, to check the choice.")
@click.option("--trials", type=click.IntRange(2, 100_000), default=120, show_default=True, metavar="N", help="How many profiles are tried.")
@click.option("--search-seed", type=int, default=1, show_default=True, metavar="N", help="Another seed searches elsewhere.")
@click.option(
    "--write", type=click.Path(dir_okay=False, path_type=Path), help="Write the chosen profile here; it may be the profile itself."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="tuning", show_default=True, help="Folder of the search.")
@crew_options
def tune(
    what: str, spaces: tuple[str, ...], require: tuple[str, ...], least_class: str | None, asked: Asked, seeds: list[int],
    check: list[int], trials: int, search_seed: int, write: Path | None, out: Path, workers: int | None, cluster: str,
) -> int:  # fmt: skip
    """Search the settings of a profile for the least energy with which everybody is still served.

    SITE is a site or a scenario. Settings are searched within the limits of --search, for little energy and good service of the
    class that is served worst. Of all profiles that keep what --require asks (by default service of every class of 99.9 %, with real
    sensors 99.5 %), the one that takes least energy is chosen, checked in nights that the search has not seen, and written with all
    comments of the profile. The same command goes on where it was interrupted; --trials with a larger number goes further.

    \b
    Example:
      lykta tune kungsholms_strand --profile my_profile.yaml --search 'idle: 20..50 %' --search 'hold: 5..30 s' --write my_profile.yaml
    """
    scenario, plan = scenario_of(what, asked, seeds)
    source = source_of(scenario.profile)
    target = write or out / source.name
    if set(check) & set(seeds):
        raise InputError.of("--check", "some of these nights are those of the search (--seeds), so they check nothing. Take others.")
    space = read_space(spaces, source.read_text(encoding="utf-8"), scenario.profile.file, scenario.date)
    conditions = tuple(of_texts(require)) or served(scenario)
    levels = least_levels(scenario.site, least_class) if least_class else ()
    task = Task(scenario, space, tuple(seeds), conditions, levels, search_seed)
    make_writable(out, "--out")
    console = make_console()
    print_conditions(console, scenario, plan, scenario.engine)
    with crew(workers or 0, cluster) as many:
        _say(console, "Search", "; ".join(one.said for one in space.dimensions))
        _say(console, "Keep", "; ".join(task.constraints[1:]))
        _say(console, "Work", many.said)
        points = _search(task, trials, many, out / "journal.log")
        chosen = best(points)
        write_text(out / "trials.csv", to_csv(task, points))
        write_text(out / "front.svg", picture(task, points, chosen))
        _say(console, "Written", f"{out / 'front.svg'} (picture), {out / 'trials.csv'}, {out / 'journal.log'}")
        if chosen is None:
            raise LyktaError(nobody_met(task, points))
        kept = _check(console, task, points[0], chosen, check, many)
    write_text(target, space.written(chosen.values))
    _say(console, "Profile", f"{target}: {space.said(chosen.values)}")
    return 0 if kept else REQUIREMENT_FAILED


def _search(task: Task, trials: int, many: Crew, journal: Path) -> list[Point]:
    """All points, with what is best so far as they come."""
    points: list[Point] = []
    try:
        with Progress("trying profiles", total=trials) as bar:
            for point in search(task, trials, many, journal):
                points.append(point)
                found = best(points)
                bar.retitle("trying profiles; none keeps all yet" if found is None else f"trying profiles; best saves {_brief(found)}")
                bar.advance()
    except KeyboardInterrupt:
        click.echo(f"\n{len(points)} of {trials} profiles are tried and stand in {journal}: the same command goes on from there.", err=True)
        raise
    return points


def _brief(point: Point) -> str:
    return f"{100 * point.saving:.2f} % at {100 * point.service:.3f} % service"


def _check(console: Console, task: Task, start: Point, chosen: Point, check: Sequence[int], many: Crew) -> bool:
    """Print the profile as it stands and the choice, in the nights of the search and in others; whether the choice keeps all there."""
    ticket = Ticket.of(task.scenario, many.remote)
    jobs = [task.job(ticket, point.values, nights) for nights in (task.seeds, check) for point in (start, chosen)]
    with Progress("checking in other nights", total=len(jobs)) as bar:
        found = []
        for verdict in many.each(try_out, jobs):
            found.append(verdict)
            bar.advance()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in ("nights", "profile", "saving %", "service %", "kept"):
        table.add_column(column, justify="right" if "%" in column else "left", no_wrap=True)
    names = ("searched", "", "others", "")
    for name, who, verdict in zip(names, ("now", "chosen") * 2, found, strict=True):
        figures = in_percent(interval(verdict.rows, saving)), in_percent(interval(verdict.rows, worst_service), 3)
        table.add_row(name, who, *figures, "no" if any(verdict.over) else "yes")
    console.print(table)
    gain = paired(found[3].rows, found[2].rows, saving)
    said = "a significant difference" if gain.significant else "no significant difference"
    _say(console, "Gain", f"{in_percent(gain)} points of saving in the other nights: {said}")
    for name, over in zip(task.constraints, found[3].over, strict=True):
        if over:
            what = f"{name}. Search in more nights (--seeds), or ask for a little more."
            console.print(f"[bold red]Not kept in the other nights:[/bold red] {escape(what)}", highlight=False, soft_wrap=True)
    return not any(found[3].over)


def _say(console: Console, name: str, said: str) -> None:
    console.print(f"[bold]{name:<12}[/bold] {escape(said)}", highlight=False, soft_wrap=True)


def to_csv(task: Task, points: Sequence[Point]) -> str:
    """Every profile that was tried: its settings as people write them, saving, service, constraints."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [one.name for one in task.space.dimensions]
    on_front = {one.number for one in front(points)}
    writer.writerow(["number", *names, "saving", "worst_service", *task.constraints[1 : 1 + len(task.conditions)], "keeps_all", "front"])
    for one in points:
        values = [show(each.setting.kind, one.values[each.name]) for each in task.space.dimensions]
        readings = ["" if value is None else f"{value:.9g}" for value in one.readings]
        figures = (f"{one.saving:.9g}", f"{one.service:.9g}")
        writer.writerow([one.number, *values, *figures, *readings, int(one.feasible), int(one.number in on_front)])
    return out.getvalue()


def picture(task: Task, points: Sequence[Point], chosen: Point | None) -> str:
    """The search as SVG."""
    on_front = {one.number for one in front(points)}

    def tried(one: Point) -> Tried:
        kind = "front" if one.number in on_front else "other" if one.feasible else "infeasible"
        return Tried(one.saving, one.service, kind, f"{one.number}: {task.space.said(one.values)}")

    scenario = task.scenario
    asked = [float(one.limit) for one in task.conditions if one.quantity == "service"]
    sensors = "ideal sensors" if scenario.sensors == "ideal" else "the site's sensors"
    subtitle = f"Simulated, {scenario.date}; {scenario.demand.name}, {sensors}, {nights_said(task.seeds)}; {len(points)} profiles tried."
    shown = [tried(one) for one in points if not one.broken]
    title = f"{scenario.site.name}: {scenario.profile.name}, tuned"
    return fronts.front(title, subtitle, shown, tried(points[0]), tried(chosen) if chosen else None, max(asked, default=None))
