"""`lykta explain`: which setting, which sensor and which lamp cost most energy or service."""

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
from lykta.progress import track
from lykta.report.tornado import Swing, tornado
from lykta.scenarios import Scenario
from lykta.scenarios.output import make_writable
from lykta.score.statistics import LEAST_NIGHTS, Interval
from lykta.tune.crew import Crew, crew
from lykta.tune.sensitivity import Effect, LampCost, effects, lamps
from lykta.tune.variations import LESS, MORE, of_settings, with_sensors, without_sensors

PARTS = ("settings", "sensors", "lamps")
_SHOWN = 10
_NAME = 24  # columns of a name that are never taken from it
_WIDE = 96  # columns in which values and intervals stand side by side
_TOO_FEW = f"Fewer than {LEAST_NIGHTS} nights: which of these are chance cannot be told. Take --seeds 1-5."


@click.command()
@click.argument("what", metavar="SITE")
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="One part. May be given again.")
@night_options
@click.option("--seeds", type=Seeds(), default="1-6", show_default=True, metavar="A-B", help="One night for each.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for settings.svg, sensors.svg and tables as CSV.")
@crew_options
def explain(
    what: str, only: tuple[str, ...], asked: Asked, seeds: list[int], out: Path | None, workers: int | None, cluster: str,
) -> None:  # fmt: skip
    """Which setting, which sensor and which lamp cost most energy or service.

    SITE is a site or a scenario. Every setting is tried a quarter less and more, every sensor taken away, one more sensor put on each
    post that has none (where all have one: a radar that sees who stands still), each alone, in the same nights; and every lamp is
    compared with what it needed. What is owed to people stays that of the site as it is.

    \b
    Example:
      lykta explain kungsholms_strand --profile my_profile.yaml --seeds 1-6 --out why/
    """
    scenario, plan = scenario_of(what, asked, seeds)
    if out:
        make_writable(out, "--out")
    parts = only or PARTS
    console = make_console()
    print_conditions(console, scenario, plan, scenario.engine)
    with crew(workers or 0, cluster) as many:
        console.print(f"[bold]Work[/bold]         {many.said}\n", highlight=False)
        if "settings" in parts:
            _settings(console, scenario, many, out)
        if "sensors" in parts:
            _sensors(console, scenario, many, out)
        if "lamps" in parts:
            _lamps(console, scenario, many, out)
    if out:
        console.print(f"[bold]Written[/bold]      {out}", highlight=False, soft_wrap=True)


def _settings(console: Console, scenario: Scenario, many: Crew, out: Path | None) -> None:
    met = list(dict.fromkeys(name for phase in scenario.requirement.phases for name in phase.needs))
    tried = list(of_settings(scenario.profile, scenario.site, met))
    found = sorted(track(effects(scenario, tried, many), "settings", len(tried)), key=lambda one: -one.weight)
    console.print("[bold]Settings[/bold], each a quarter less and more (levels: 5 points), everywhere and for everyone at once")
    console.print(_table(console, "setting", found))
    idle = sorted({one.name for one in found} - _matters(found))
    if not _enough(scenario):
        console.print(_TOO_FEW, highlight=False, soft_wrap=True)
    elif idle:
        console.print(f"Without a significant effect: {', '.join(idle)}.", highlight=False)
    console.print()
    if out:
        write_text(out / "settings.csv", to_csv(found))
        write_text(out / "settings.svg", tornado(*_title(scenario, "which setting matters"), _swings(found), ("less", "more")))


def _enough(scenario: Scenario) -> bool:
    """Whether anything can be said of chance."""
    return len(scenario.seeds) >= LEAST_NIGHTS


def _matters(found: Sequence[Effect]) -> set[str]:
    """The names of what has an effect that is not known to be chance, nor too small to be printed."""
    return {one.name for one in found if _tells(one.saving, 2) or _tells(one.service, 3)}


def _tells(one: Interval, digits: int) -> bool:
    # Of too few nights nothing is known but the value: it is shown, and said to be perhaps chance.
    return (one.significant or one.low is None) and round(100 * (one.value or 0.0), digits) != 0


def _swings(found: Sequence[Effect]) -> list[Swing]:
    """Both sides of every setting, the heaviest first."""
    names = list(dict.fromkeys(one.name for one in found if one.name in _matters(found)))
    swings = []
    for name in names:
        sides = {one.side: one for one in found if one.name == name}
        pair = [sides.get(side) for side in (LESS, MORE)]
        said = f"{name}: {', '.join(one.way for one in pair if one)}"
        saving, service = (tuple(getattr(one, key).value if one else None for one in pair) for key in ("saving", "service"))
        swings.append(Swing(name, said, (saving[0], saving[1]), (service[0], service[1])))
    return swings


def _sensors(console: Console, scenario: Scenario, many: Crew, out: Path | None) -> None:
    less, more = (list(vary(scenario.profile, scenario.site)) for vary in (without_sensors, with_sensors))
    found = list(track(effects(scenario, [*less, *more], many), "sensors", len(less) + len(more)))
    gone, added = found[: len(less)], found[len(less) :]
    gone.sort(key=lambda one: one.service.value or 0.0)
    added.sort(key=lambda one: (-(one.service.value or 0.0), -(one.saving.value or 0.0)))
    console.print("[bold]Sensors[/bold], each taken away alone: those without which service suffers most")
    console.print(_table(console, "sensor", gone[:_SHOWN]))
    useless = [one.name for one in gone if not _hurts(one.service) and not _hurts(one.saving)]
    if not _enough(scenario):
        console.print(_TOO_FEW, highlight=False, soft_wrap=True)
    elif useless:
        console.print(f"Bring nothing that is significant in these nights: {', '.join(useless)}.", highlight=False, markup=False)
    if added:
        console.print(f"\n[bold]One more sensor[/bold], {added[0].name.split()[-1]}, on each post alone: where it brings most")
        console.print(_table(console, "post", added[:_SHOWN]))
        if _enough(scenario) and not any((one.service.low or 0.0) > 0 or (one.saving.low or 0.0) > 0 for one in added):
            console.print("None brings anything that is significant in these nights.")
    else:
        console.print("\nEvery post has its sensor: there is no place for one more.")
    console.print()
    if out:
        write_text(out / "sensors.csv", to_csv([*gone, *added]))
        heading, said = _title(scenario, "which sensor matters")
        swings = [*_single(gone[:_SHOWN], place=0), *_single(added[:_SHOWN], place=1)]
        write_text(out / "sensors.svg", tornado(heading, said, swings, ("taken away", "added" if added else "")))


def _hurts(one: Interval) -> bool:
    """Whether it is worse without, beyond chance."""
    return one.high is not None and one.high < 0


def _single(found: Sequence[Effect], place: int) -> list[Swing]:
    def pair(value: float | None) -> tuple[float | None, float | None]:
        return (value, None) if place == 0 else (None, value)

    return [Swing(f"{one.name} {one.way}", one.name, pair(one.saving.value), pair(one.service.value)) for one in found]


def _lamps(console: Console, scenario: Scenario, many: Crew, out: Path | None) -> None:
    found = lamps(scenario, many)
    console.print("[bold]Lamps[/bold], in the mean of the nights: energy above what was needed, and time below what somebody was owed")
    table = _plain("most energy", "Wh above need", "least light", "seconds below")
    dear = sorted(found, key=lambda one: -one.spare_wh)[:_SHOWN]
    dim = sorted(found, key=lambda one: -one.unlit_s)[:_SHOWN]
    for one, other in zip(dear, dim, strict=True):
        table.add_row(one.lamp, f"{one.spare_wh:.1f}", other.lamp, f"{other.unlit_s:.1f}")
    console.print(table)
    if out:
        write_text(out / "lamps.csv", _lamps_csv(found))


def _title(scenario: Scenario, what: str) -> tuple[str, str]:
    sensors = "ideal sensors" if scenario.sensors == "ideal" else "the site's sensors"
    said = f"Simulated, {scenario.date}; {scenario.profile.name}, {scenario.demand.name}, {sensors}, {nights_said(scenario.seeds)}."
    return f"{scenario.site.name}: {what}", said


def _plain(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number % 2 == 0 else "right", no_wrap=True)
    return table


def _table(console: Console, what: str, found: Sequence[Effect]) -> Table:
    """Effects; where the terminal is narrow, their intervals stand below the values."""
    between = " " if console.width >= _WIDE else "\n"
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column(what, overflow="fold", min_width=min(_NAME, max((len(one.name) for one in found), default=0)))
    table.add_column("change", no_wrap=True)
    for column in ("saving, points", "service, points"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in found:
        style = None if one.name in _matters([one]) else "bright_black"
        table.add_row(escape(one.name), escape(one.way), _points(one.saving, 2, between), _points(one.service, 3, between), style=style)
    return table


def _points(one: Interval, digits: int, between: str) -> str:
    if one.value is None:
        return "n/a"
    value = f"{100 * one.value:+.{digits}f}"
    return value if one.low is None or one.high is None else f"{value}{between}[{100 * one.low:+.{digits}f}, {100 * one.high:+.{digits}f}]"


def to_csv(found: Sequence[Effect]) -> str:
    """Effects as CSV: differences of shares with the ends of their intervals."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    ends = [f"{key}{end}" for key in ("saving", "service") for end in ("", "_low", "_high")]
    writer.writerow(["name", "change", "side", *ends])
    for one in found:
        values = [value for each in (one.saving, one.service) for value in (each.value, each.low, each.high)]
        writer.writerow([one.name, one.way, one.side, *("" if value is None else f"{value:.9g}" for value in values)])
    return out.getvalue()


def _lamps_csv(found: Sequence[LampCost]) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["lamp", "spare_wh", "unlit_s"])
    writer.writerows([one.lamp, f"{one.spare_wh:.9g}", f"{one.unlit_s:.9g}"] for one in found)
    return out.getvalue()
