"""Schemes and profiles beside each other in the same nights: who enters, whether they may be compared, what each night came to.

All schemes of a comparison share site, people, requirement, floors, ramps and fixtures (definitions, section 1). Whatever differs is
refused, and said: a profile that lights up faster is not a better one for the same people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from lykta.errors import InputError, LyktaError
from lykta.plan import Plan
from lykta.plan.rest import rests
from lykta.profiles import Profile, load_profile, packaged
from lykta.profiles.table import value
from lykta.scenarios import Scenario, find_scenario, load_scenario, yardsticks
from lykta.score.model import Bounds
from lykta.score.statistics import Floats
from lykta.score.tally import row
from lykta.sim import baselines
from lykta.sim.baselines import SCHEMES, Chosen
from lykta.tune.crew import Crew
from lykta.tune.stage import Stage, Ticket, stage_of
from lykta.units import near_miss, show

#: What a scenario of a comparison may have of its own; whatever else differs is refused.
_OWN = {"name", "profile", "scheme", "seeds", "require", "engine"}
_SAID = {"site": "site", "requirement": "requirement", "demand": "people", "date": "date", "sensors": "sensors", "radio": "radio"}


@dataclass(frozen=True)
class Entrant:
    """Who is compared: a profile lit by the nodes, or a yardstick. `name` is unique in a comparison."""

    name: str
    profile: Profile
    scheme: Chosen | None = None

    @property
    def said(self) -> str:
        """What lights the street, with its settings."""
        return self.scheme.said if self.scheme else self.name

    @property
    def short(self) -> str:
        """The same in a few letters: `group`, `group, tuned`."""
        if self.scheme is None:
            return self.name
        if self.scheme.tuned or self.scheme.note:
            return f"{self.scheme.scheme.name}, tuned"
        return self.scheme.scheme.name if self.scheme.values == self.scheme.scheme.published else self.scheme.said


def entrants(scenario: Scenario, words: Sequence[str]) -> list[Entrant]:
    """The entrants that words name: schemes, profiles (file or packaged name), or scenario files. The scenario's own profile is the first
    unless profiles are named. InputError or LyktaError where a word names nothing, or what it names may not be compared."""
    found: list[Entrant] = []
    for word in dict.fromkeys(words):
        name = word.partition(":")[0].strip()
        if name in SCHEMES:
            found.append(Entrant(word, scenario.profile, baselines.find(word)))
        elif name.endswith((".yaml", ".yml")) and (path := find_scenario(name)) is not None:
            found.append(_of_scenario(scenario, path))
        else:
            found.append(Entrant(word, _profile(word)))
    if all(one.scheme for one in found):
        found.insert(0, Entrant(scenario.profile.name, scenario.profile))
    _check_ramps(scenario, found)
    return found


def _profile(word: str) -> Profile:
    names = packaged("profiles")
    if not word.endswith((".yaml", ".yml")) and word not in names and not Path(word).is_file():
        listed = f"a scheme ({', '.join(SCHEMES)}), nor a packaged profile ({', '.join(names)}), nor a YAML file"
        raise LyktaError(f'"{word}" is neither {listed}.{near_miss(word, [*SCHEMES, *names])}')
    return load_profile(word)


def _of_scenario(scenario: Scenario, path: Path) -> Entrant:
    """The entrant in a scenario file, which must be like the other scenario in all that is shared."""
    other = load_scenario(path)
    other = replace(other, engine=scenario.engine)
    own = {field.name for field in fields(Scenario)} - _OWN
    differing = [key for key in own if getattr(other, key) != getattr(scenario, key)]
    if differing:
        listed = ", ".join(sorted(_SAID.get(key, "what breaks") for key in differing))
        raise InputError.of(
            str(path),
            f"differs from {scenario.name} in more than the profile: {listed}. Schemes of one comparison share these; make them alike.",
        )
    return Entrant(other.name if other.name != scenario.name else path.name, other.profile, other.scheme)


def _check_ramps(scenario: Scenario, found: Sequence[Entrant]) -> None:
    """Refuse profiles with other ramps than the first one's."""
    stage = Stage.of(replace(scenario, profile=found[0].profile))
    first = _ramps(stage.plan)
    for one in found[1:]:
        if one.profile is found[0].profile:
            continue
        for lamp, (mine, theirs) in enumerate(zip(first, _ramps(stage.plan_of(one.profile)), strict=True)):
            if mine != theirs:
                zone = scenario.site.lamps[lamp].zone
                message = (
                    f"other ramps in zone {zone} than {found[0].profile.file or found[0].name}: {_times(one.profile, zone)} instead of "
                    f"{_times(found[0].profile, zone)}. Schemes of one comparison share ramps; give both the same ramp_up and ramp_down."
                )
                raise InputError.of(one.profile.file or one.name, message)


def _ramps(plan: Plan) -> list[list[tuple[int, int, int]]]:
    """For each lamp when its rates change in the night: (from when [ms], up, down)."""
    found: list[list[tuple[int, int, int]]] = [[] for _ in plan.site.lamps]
    table = rests(plan)
    for lamp, t_ms, up, down in zip(*(table[name].to_pylist() for name in ("lamp", "t_ms", "up", "down")), strict=True):
        steps = found[lamp]
        if steps and t_ms <= plan.begin_ms:
            steps.pop()
        if t_ms < plan.end_ms and (not steps or steps[-1][1:] != (up, down)):
            steps.append((max(t_ms, plan.begin_ms), up, down))
    return found


def _times(profile: Profile, zone: str) -> str:
    """`ramp_up 2 s, ramp_down 10 s` of a zone, with all values that its phases have."""
    rows = [phase.rows[zone] for phase in profile.ordinary.phases]
    return ", ".join(
        f"{key} {' or '.join(dict.fromkeys(show('time', value(one, key)) for one in rows))}" for key in ("ramp_up", "ramp_down")
    )


@dataclass(frozen=True)
class _Night:
    ticket: Ticket
    entrants: Sequence[Entrant]
    seed: int


def play(scenario: Scenario, found: Sequence[Entrant], seeds: Sequence[int], crew: Crew) -> Iterator[Floats]:
    """Every night with all entrants, in the order of the seeds: rows of (entrants, quantities)."""
    ticket = Ticket.of(scenario, crew.remote)
    return crew.each(_play, [_Night(ticket, found, seed) for seed in seeds])


def _play(night: _Night) -> Floats:
    stage, seed = stage_of(night.ticket), night.seed
    known: dict[int, dict[int | None, Bounds]] = {}
    rows = []
    for one in night.entrants:
        plan = stage.plan if one.profile == stage.scenario.profile else stage.plan_of(one.profile)
        rows.append(row(stage.score(plan, seed, one.scheme, known.setdefault(id(one.profile), {}))))
    stage.cases.pop(seed, None)  # each seed is played once
    return np.array(rows)


@dataclass(frozen=True)
class _Search:
    ticket: Ticket
    scheme: Chosen
    seeds: Sequence[int]
    service: float


def tune_schemes(scenario: Scenario, found: Sequence[Entrant], seeds: Sequence[int], service: float, crew: Crew) -> Iterator[Entrant]:
    """The entrants, those that ask for it with the settings with which they save most under the constraint on some seeds."""
    ticket = Ticket.of(scenario, crew.remote)
    wanted = [one for one in found if one.scheme and one.scheme.tuned]
    tuned = crew.each(_tune, [_Search(ticket, one.scheme, seeds, service) for one in wanted if one.scheme])
    for one in found:
        yield replace(one, scheme=next(tuned)) if one.scheme and one.scheme.tuned else one


def _tune(search: _Search) -> Chosen:
    stage = stage_of(search.ticket)
    tuned = yardsticks.tune(search.scheme.scheme, [stage.case(seed) for seed in search.seeds], search.service)
    reached = "" if tuned.met else f", nearest to {100 * search.service:g} %"
    return replace(tuned.chosen, note=f"tuned{reached}")
