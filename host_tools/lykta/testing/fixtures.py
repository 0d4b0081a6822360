"""What the fixtures of the plugin simulate: a scenario by its file or from names, each night once however many tests ask for it."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from lykta.errors import InputError
from lykta.plan import Plan
from lykta.scenarios import DATE, RADIOS, SENSORS, Scenario, Wish, assemble, find_scenario, fit, load_scenario, parse_seeds
from lykta.scenarios.assemble import PARTS, beside
from lykta.sim.baselines import find as find_scheme
from lykta.sim.night import engine_of
from lykta.testing.night import SimulatedNight, note_night, simulated

#: What the marker takes; a scenario says most of it itself.
KEYS = ("scenario", "site", *PARTS, "date", "seeds", "sensors", "radio", "scheme", "engine")
_BESIDE_A_SCENARIO = {"scenario", "seeds", "scheme", "engine"}


@dataclass(frozen=True)
class Request:
    """Nights that a test asks for: those of a scenario, one for each of `seeds`. `command` simulates one of them outside of pytest."""

    scenario: Scenario
    seeds: tuple[int, ...]
    command: str

    def night(self, seed: int) -> SimulatedNight:
        """The night of a seed, simulated once for all tests of this run."""
        found = _simulated(self.command, seed)
        note_night(found)
        return found


def request_of(wanted: Mapping[str, object], folders: Sequence[Path], overruled: Mapping[str, object]) -> Request:
    """The nights that a marker or setting asks for. Files are looked for in `folders`, else they are packaged names. Raises InputError.

    `overruled`: what the command line says instead.
    """
    told = tuple(sorted((key, _text(key, value)) for key, value in {**wanted, **overruled}.items() if value not in (None, "")))
    return _request(told, tuple(folders))


def _text(key: str, value: object) -> str:
    if key == "seeds" and isinstance(value, (list, tuple, range)):
        return ",".join(map(str, value))
    return str(value)


#: Scenario and plan of each command that was asked for.
_known: dict[str, tuple[Scenario, Plan]] = {}


@cache
def _request(told: tuple[tuple[str, str], ...], folders: tuple[Path, ...]) -> Request:
    wanted = dict(told)
    named = {key: _find(wanted.get(key, ""), folders) for key in ("scenario", "site", *PARTS)}
    if named["scenario"]:
        surplus = sorted(set(wanted) - _BESIDE_A_SCENARIO)
        if surplus:
            raise InputError.of(
                named["scenario"], f"is a scenario, which says this itself: write it there, and leave out {', '.join(surplus)}."
            )
        path = find_scenario(named["scenario"])
        if path is None:
            raise InputError.of(named["scenario"], "is no scenario, which names a site and what happens there. For a site write site=...")
        scenario = load_scenario(path)
        words = [named["scenario"]]
    else:
        scenario = assemble(_wish(wanted, named))
        options = {key: named.get(key) or wanted.get(key, "") for key in (*PARTS, "date", "sensors", "radio")}
        words = [named["site"], *(word for key, value in options.items() if value for word in (f"--{key}", value))]
    if "scheme" in wanted:
        scenario = replace(scenario, scheme=find_scheme(wanted["scheme"]))
        words += ["--scheme", wanted["scheme"]]
    seeds = _seeds(wanted["seeds"]) if "seeds" in wanted else tuple(scenario.seeds)
    scenario = replace(scenario, seeds=seeds, engine=engine_of(wanted.get("engine", "auto")))
    command = shlex.join(["lykta", "simulate", *words])
    _known[command] = scenario, fit(scenario)[0]
    return Request(scenario, seeds, command)


def _find(name: str, folders: Sequence[Path]) -> str:
    """A file in the first folder that has it, else the name as it stands."""
    for folder in folders:
        found = beside(name, folder)
        if found != name:
            here = Path.cwd()
            return str(Path(found).relative_to(here)) if Path(found).is_relative_to(here) else found
    return name


def _wish(wanted: Mapping[str, str], named: Mapping[str, str]) -> Wish:
    """The scenario of a site, as the command line makes it."""
    for key, known in (("sensors", SENSORS), ("radio", tuple(RADIOS))):
        if wanted.get(key, known[0]) not in known:
            raise InputError.of(named["site"], f'{key}="{wanted[key]}": choose {" or ".join(known)}.')
    try:
        date = dt.date.fromisoformat(wanted["date"]) if "date" in wanted else DATE
    except ValueError:
        raise InputError.of(named["site"], f'date="{wanted["date"]}" is no date. Write for example "2026-12-14".') from None
    parts = {part: named[part] for part in PARTS}
    return Wish(named["site"], parts, date=date, sensors=wanted.get("sensors", "site"), radio=wanted.get("radio", "ideal"))


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(parse_seeds(text))
    except ValueError as error:
        raise InputError.of("seeds", str(error)) from None


@cache
def _simulated(command: str, seed: int) -> SimulatedNight:
    scenario, plan = _known[command]
    return simulated(scenario, plan, seed, f"{command} --seed {seed} --out night/")
