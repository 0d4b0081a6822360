"""What `compare`, `tune` and `explain` have in common: options that say which nights, and who does the work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from lykta import scenarios
from lykta.cli.simulate import Seeds
from lykta.cli.terminal import make_console
from lykta.errors import InputError, LyktaError
from lykta.plan import Plan
from lykta.scenarios import DATE, RADIOS, SENSORS, Scenario, Wish
from lykta.scenarios.about import doubts
from lykta.sim.night import ENGINES, engine_of


@dataclass(frozen=True)
class Asked:
    """The options of which a scenario is made."""

    profile: str | None
    requirement: str | None
    traffic: str | None
    date: dt.datetime | None
    sensors: str | None
    radio: str | None
    engine: str


def night_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of which a scenario is made; the command is handed them as `asked`."""
    options = (
        click.option("--profile", metavar="FILE", help="Profile: a file or a packaged name. Default: the one that the site names."),
        click.option("--requirement", metavar="FILE", help="What service is judged against. Default: the one that the site names."),
        click.option("--traffic", metavar="FILE", help="Who comes by: a demand, a CSV of counts, or quiet, busy, kungsholms@30."),
        click.option("--date", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help=f"The nights begin on this day. Default: {DATE}."),
        click.option("--sensors", type=click.Choice(SENSORS), help="As the site has them (the default), or ideal ones."),
        click.option("--radio", type=click.Choice(list(RADIOS)), help="Nothing lost (ideal, the default), or 10 % lost in bursts (real)."),
        click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="auto: compiled where Numba is."),
    )

    def called(
        *words: Any, profile: str | None, requirement: str | None, traffic: str | None, date: dt.datetime | None, sensors: str | None,
        radio: str | None, engine: str, **others: Any,
    ) -> Any:  # fmt: skip
        return command(*words, asked=Asked(profile, requirement, traffic, date, sensors, radio, engine), **others)

    called.__doc__, called.__name__ = command.__doc__, command.__name__
    called.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(options):
        called = option(called)
    return called


def crew_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--workers` and `--cluster`."""
    for option in (
        click.option("--cluster", default="", metavar="ADDRESS", help="Let the Dask cluster at this address work: tcp://10.0.0.7:8786."),
        click.option("--workers", type=click.IntRange(1, 512), metavar="N", help="So many processes. Default: one for each core."),
    ):
        command = option(command)
    return command


def scenario_of(what: str, asked: Asked, seeds: list[int]) -> tuple[Scenario, Plan]:
    """The scenario of a site with options, or that of a scenario file, and its plan. InputError where its parts do not fit."""
    parts = {"profile": asked.profile or "", "requirement": asked.requirement or "", "traffic": asked.traffic or ""}
    path = scenarios.find_scenario(what)
    if path is None:
        date = asked.date.date() if asked.date else DATE
        scenario = scenarios.assemble(Wish(what, parts, date=date, sensors=asked.sensors or SENSORS[0], radio=asked.radio or "ideal"))
    else:
        named = {"date": asked.date, "sensors": asked.sensors, "radio": asked.radio, **parts}
        if given := [f"--{key}" for key, value in named.items() if value]:
            raise InputError.of(what, f"is a scenario, which says this itself: write it there, and leave out {', '.join(given)}.")
        scenario = scenarios.load_scenario(path)
    scenario = replace(scenario, seeds=tuple(seeds), engine=engine_of(asked.engine))
    plan, doubtful = scenarios.fit(scenario)
    if plan.end_ms <= plan.begin_ms:
        raise InputError.of(what, f"the sun does not set on {scenario.date}: there is no night. Choose another with --date.")
    errors = make_console(stderr=True)
    for warning in (*(f"{problem.path}: {problem.message}" for problem in doubtful), *doubts(scenario.site)):
        errors.print(f"warning: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    return scenario, plan


def write_text(path: Path, text: str) -> None:
    """Write a file. LyktaError where that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LyktaError(f"{path}  cannot be written: {error.strerror}. Choose another place.") from None


__all__ = ["Asked", "Seeds", "crew_options", "night_options", "scenario_of", "write_text"]
