"""`lykta compare`: profiles and schemes beside each other, in the same nights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lykta.cli.nights import nights_said, print_conditions
from lykta.cli.options import Asked, Seeds, crew_options, night_options, scenario_of, write_text
from lykta.cli.terminal import make_console
from lykta.progress import track
from lykta.report import charts
from lykta.scenarios import Scenario
from lykta.scenarios.output import make_writable
from lykta.scenarios.yardsticks import TRAINING, least_service
from lykta.score.statistics import Interval
from lykta.score.words import PEOPLE
from lykta.sim.baselines import SCHEMES
from lykta.tune.contest import entrants, play, tune_schemes
from lykta.tune.crew import crew
from lykta.tune.standing import Line, difference, lines, points, to_csv
from lykta.units import NotAQuantity, parse

_TRAINING = f"{TRAINING[0]}-{TRAINING[-1]}"


class Share(click.ParamType[float]):
    """A share, `99.5 %`."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The share between 0 and 1, exact to a thousandth of a percent."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            parse("level", text)
            found = float(text.rstrip("%‰ ")) / (1000 if text.endswith("‰") else 100)
        except NotAQuantity as error:
            self.fail(str(error), param, ctx)
        if not 0 <= found <= 1:
            self.fail(f"{text} is not within 0 % to 100 %.", param, ctx)
        return found


@click.command()
@click.argument("what", metavar="SITE")
@click.argument("who", nargs=-1, metavar="[PROFILE|SCHEME]...")
@night_options
@click.option("--seed", "--seeds", "seeds", type=Seeds(), default="1-20", show_default=True, metavar="A-B", help="One night for each.")
@click.option("--tuned", is_flag=True, help="Every scheme also with the settings with which it does best (takes a while).")
@click.option("--training", type=Seeds(), default=_TRAINING, show_default=True, metavar="A-B", help="Nights on which schemes are tuned.")
@click.option("--service", type=Share(), metavar="SHARE", help="Who serves a class less is not ranked. Default: 99.9 % ideal, 99.5 % real.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for comparison.csv and comparison.svg.")
@crew_options
def compare(
    what: str, who: tuple[str, ...], asked: Asked, seeds: list[int], tuned: bool, training: list[int], service: float | None,
    out: Path | None, workers: int | None, cluster: str,
) -> None:  # fmt: skip
    """Profiles and schemes beside each other, in the same nights with the same people.

    SITE is a site or a scenario. After it any number of profiles (file or packaged name), schemes ("group: hold = 30 s",
    "group: tuned") and scenario files; without any, the profile of the site and every scheme. All share requirement, traffic, floors,
    ramps and fixtures; what does not is refused. Intervals: 95 % of a bootstrap over nights; differences are taken night by night.

    \b
    Example:
      lykta compare kungsholms_strand my_profile.yaml group "group: tuned" --seeds 1-20 --out comparison/
    """
    scenario, plan = scenario_of(what, asked, seeds)
    words = list(who or SCHEMES)
    if tuned:
        words = [each for word in words for each in ((word, f"{word}: tuned") if word in SCHEMES and SCHEMES[word].settings else (word,))]
    found = entrants(scenario, words)
    if out:
        make_writable(out, "--out")
    least = least_service(scenario) if service is None else service
    console = make_console()
    print_conditions(console, scenario, plan, scenario.engine)
    with crew(workers or 0, cluster) as many:
        console.print(f"[bold]Work[/bold]         {many.said}\n", highlight=False)
        if any(one.scheme and one.scheme.tuned for one in found):
            found = list(track(tune_schemes(scenario, found, training, least, many), "tuning schemes", len(found)))
        rows = np.array(list(track(play(scenario, found, seeds, many), "comparing, night by night", len(seeds)))).swapaxes(0, 1)
    ranked = lines([(one.short, one.said) for one in found], rows, least)
    print_standing(console, ranked, found[0].short, least, len(seeds))
    if out:
        write_text(out / "comparison.csv", to_csv(ranked))
        write_text(out / "comparison.svg", picture(scenario, ranked, found[0].short, least))
        console.print(f"[bold]Written[/bold]      {out / 'comparison.csv'}, {out / 'comparison.svg'}", highlight=False, soft_wrap=True)


def picture(scenario: Scenario, ranked: Sequence[Line], first: str, least: float) -> str:
    """The comparison as SVG."""
    (ours,) = (one for one in ranked if one.name == first)

    def ends(one: Interval) -> tuple[float | None, float | None, float | None]:
        return one.value, one.low, one.high

    bars = [charts.Bar(one.said, ends(one.saving), ends(one.service), one.met) for one in ranked]
    sensors = "ideal sensors" if scenario.sensors == "ideal" else "the site's sensors"
    nights = nights_said(scenario.seeds)
    said = f"Simulated, {scenario.date}; {scenario.demand.name}, {sensors}, {scenario.radio} radio; {nights}. Whiskers: 95 %."
    return charts.schemes(f"{scenario.site.name}: schemes compared", said, bars, ours.possible.value, least)


def print_standing(console: Console, ranked: Sequence[Line], first: str, least: float, nights: int) -> None:
    """The tables of a comparison, then what can be said of the differences."""
    energy = _table("saving %", "net %", "of what is possible %")
    light = _table("service %", "strict %", "late s", "dark s")
    rest = _table("ever dark", "at most", "changes/h", "utility")
    for one in ranked:
        head, who = ("-" if one.rank is None else str(one.rank), escape(one.name)), one.people
        share = points(one.share) + ("" if one.same_bound or one.share.value is None else " *")
        style = None if one.met else "bright_black"
        energy.add_row(*head, points(one.saving), _bare(one.net), share, style=style)
        light.add_row(*head, points(one.service, 3), _bare(one.strict), f"{who.late_s:,.0f}", f"{who.dark_s:,.0f}", style=style)
        most = f"{1e6 * one.dark[1]:,.0f}" if who.users else "n/a"
        rest.add_row(*head, f"{who.ever_dark:,} of {who.users:,}", most, _plain(one.changes, 1), _plain(one.utility, 3), style=style)
    for table in (energy, light, rest):
        console.print(table)
    (ours,) = (one for one in ranked if one.name == first)
    for line in notes(ranked, ours, least, nights):
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def notes(ranked: Sequence[Line], ours: Line, least: float, nights: int) -> list[str]:
    """What must be read beside the tables."""
    said = []
    if nights == 1:
        said.append("One night is one sample: no interval can be given. Take --seeds 1-20.")
    if ours.possible.value is not None:
        free = "n/a" if ours.free.value is None else f"{100 * ours.free.value:.2f} %"
        said.append(
            f"Possible: {points(ours.possible)} % with full light for everyone and the idle levels of {ours.name}; {free} if lamps rested "
            "at their floors alone."
        )
    if any(not one.same_bound and one.share.value is not None for one in ranked):
        said.append("*: rests at other levels, so its share is of another bound: do not compare it.")
    if any(not one.met for one in ranked):
        said.append(f"-: some class has less than {100 * least:g} % service: not ranked.")
    said.append("Service: of the class served worst. Dark: without people who stand still for long. At most: people in a million, 95 %.")
    worst = {PEOPLE.get(one.worst, one.worst) for one in ranked if one.worst and not one.met}
    if worst:
        said.append(f"Served worst below the constraint: {', '.join(sorted(worst))}.")
    settings = [f"{one.name} is {one.said}." for one in ranked if one.said != one.name]
    return [*said, *settings, "", *(difference(one, ours.name) for one in ranked if one is not ours)]


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("scheme", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _bare(share: Interval) -> str:
    return points(replace(share, low=None, high=None))


def _plain(one: Interval, digits: int) -> str:
    return "n/a" if one.value is None else f"{one.value:.{digits}f}"
