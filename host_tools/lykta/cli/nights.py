"""Prints simulated nights: how they were simulated, what they were worth, which requirements held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lykta import __version__
from lykta.plan import Plan
from lykta.scenarios import Scenario
from lykta.scenarios.about import conditions, night_said, sentence, site_said
from lykta.score import Score
from lykta.score.quantities import EVERYONE, QUANTITIES
from lykta.score.requirements import Outcome as Judged
from lykta.score.words import PEOPLE, kwh, percent, reservations, sentences, service

_ENGINES = {"python": "in pure Python", "compiled": "compiled to machine code", "loop": "in whole firmwares on MicroPython"}
_NOTES_SHOWN = 12


def print_conditions(console: Console, scenario: Scenario, plan: Plan, engine: str) -> None:
    """Say how the nights are simulated, before they are: site, night, traffic, profile, requirement, sensors, radio, engine."""
    notes = [sentence(note) for note in scenario.demand.notes]
    if len(notes) > _NOTES_SHOWN:
        notes = [*notes[:_NOTES_SHOWN], f"And {len(notes) - _NOTES_SHOWN} notes more: they are in the report."]
    rows = [
        *([("Scenario", scenario.name)] if scenario.name != scenario.site.name else []),
        ("Site", site_said(scenario.site)),
        *([("", f"Data: {scenario.site.source}")] if scenario.site.source else []),
        ("Night", night_said(plan)),
        ("Traffic", f"{scenario.demand.name}, {_seeds(scenario.seeds)}"),
        *(("", note) for note in notes),
        ("Profile", scenario.profile.name),
        *conditions(scenario),
        ("Engine", _lit_by(scenario, engine)),
    ]
    console.print("[bold]Simulated, not measured[/bold]")
    console.print(_pairs(rows))


def _lit_by(scenario: Scenario, engine: str) -> str:
    """What decides how bright lamps are."""
    if scenario.scheme is None:
        return f"the node's own control law, {_ENGINES[engine]} (Lykta {__version__})"
    return f"not the nodes but the yardstick {scenario.scheme.said} (Lykta {__version__})"


def print_nights(console: Console, scores: Sequence[Score]) -> None:
    """Say what one night was worth, or several."""
    if len(scores) > 1:
        _print_several(console, scores)
    else:
        console.print()
        _print_one(console, scores[0])


def print_judged(console: Console, judged: Sequence[Judged]) -> None:
    """Say which requirements held, and of each that failed the shortest explanation there is."""
    if not judged:
        return
    grid = _grid()
    for one in judged:
        grid.add_row("[green]ok[/green]" if one.met else "[bold red]FAILED[/bold red]", escape(one.said))
        for line in one.detail:
            grid.add_row("", escape(line))
    console.print()
    console.print(grid)
    failed = sum(not one.met for one in judged)
    if failed:
        console.print(f"[bold red]{failed} of {len(judged)} requirements failed.[/bold red]", highlight=False)


def _print_one(console: Console, score: Score) -> None:
    for said in sentences(score):
        console.print(said, markup=False, highlight=False)
    if score.classes:
        table = _table("who", "users", "full light", "late", "dark", "worst one", "lit ahead")
        for name, found in {**score.classes, EVERYONE: score.everyone}.items():
            ahead = "n/a" if found.ahead_mean_m is None else f"{found.ahead_mean_m:.0f} m"
            table.add_row(
                PEOPLE.get(name, name), str(found.users), service(found.service), _brief(found.late_s), _brief(found.dark_s),
                _brief(found.dark.worst), ahead,
            )  # fmt: skip
        console.print(table)
    else:
        console.print()
    energy, changes = score.energy, score.comfort.changes_per_lamp_hour
    known = f"{kwh(energy.lamps_wh)}; the same lamps always on {kwh(energy.always_on_wh)}"
    rows = [
        ("Electricity", known if energy.power_known else "not known"),
        ("Saving", f"{percent(energy.saving)} of the lamps; {percent(energy.net_saving)} net of nodes and sensors"),
        *_possible(score),
        *_utility(score),
        ("Changes", "n/a" if changes is None else f"{changes:.1f} of level per lamp and hour"),
        *(("Note" if not place else "", note) for place, note in enumerate(reservations(score))),
    ]
    console.print(_pairs(rows))


def _utility(score: Score) -> list[tuple[str, str]]:
    """The second score for people, where anybody was owed light."""
    if score.utility is None or score.utility.mean is None or score.utility.p5 is None:
        return []
    return [
        ("Utility", f"{score.utility.mean:.3f} in the mean, {score.utility.p5:.3f} at the 5th percentile (weighted light around people)")
    ]


def _possible(score: Score) -> list[tuple[str, str]]:
    """What could have been saved, beside the saving above it."""
    if score.bounds is None or score.bounds.saving is None:
        return []
    most = f"{percent(score.bounds.saving)} at most, with full light for everyone and these lowest levels"
    return [
        ("Possible", f"{most}; {percent(score.bounds.share)} of it reached"),
        ("", f"{percent(score.bounds.free_saving)} at most if lamps rested at their floors alone"),
    ]


def _print_several(console: Console, scores: Sequence[Score]) -> None:
    """A row for each night, and one for all: shares of all are ratios of sums, the worst is the worst of all."""
    table = _table("seed", "users", "full light", "late", "dark", "worst one", "saving", "net")
    for score in scores:
        table.add_row(str(score.about.seeds[0]), *_row([score]))
    table.add_section()
    table.add_row("all", *_row(scores), style="bold")
    console.print(table)
    notes = list(dict.fromkeys(note for score in scores for note in reservations(score)))[:_NOTES_SHOWN]
    console.print(_pairs([("Note" if not place else "", note) for place, note in enumerate(notes)]))


def _row(scores: Sequence[Score]) -> list[str]:
    everyone = [score.everyone for score in scores]

    def read(name: str) -> float | None:
        return QUANTITIES[name].read(scores, EVERYONE)

    return [
        str(sum(one.users for one in everyone)), service(read("service")), _brief(sum(one.late_s for one in everyone)),
        _brief(sum(one.dark_s for one in everyone)), _brief(read("dark seconds")), percent(read("saving")), percent(read("net saving")),
    ]  # fmt: skip


def _brief(value: float | None) -> str:
    """Seconds in a narrow column."""
    return "n/a" if value is None else f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def _seeds(seeds: Sequence[int]) -> str:
    """`seed 1`, `seeds 1, 5, 9`, `20 seeds from 1 to 20`."""
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    if len(seeds) <= 8:
        return f"seeds {', '.join(map(str, seeds))}"
    return f"{len(seeds)} seeds from {min(seeds)} to {max(seeds)}"


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2), pad_edge=False)
    grid.add_column(no_wrap=True, min_width=len("Requirement"))
    grid.add_column(overflow="fold")
    return grid


def _pairs(rows: Iterable[tuple[str, str]]) -> Table:
    grid = _grid()
    for name, said in rows:
        grid.add_row(f"[bold]{name}[/bold]" if name else "", escape(said))
    return grid


def nights_said(seeds: Sequence[int]) -> str:
    """`20 nights, seeds 1-20`, or `one night, seed 1`."""
    return f"{len(seeds)} nights, seeds {seeds[0]}-{seeds[-1]}" if len(seeds) > 1 else f"one night, seed {seeds[0]}"
