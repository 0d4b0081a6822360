"""Searches the settings of a profile for the best: NSGA-II of Optuna over two objectives, generation by generation.

The result depends on the seed of the search alone: each point is drawn by a generator of its own, keyed (seed, number), from the
generations that are complete. So it does not matter who works, how many, in which order, nor whether the search was interrupted: all
that is done stands in the journal, and the same command goes on from there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lykta.errors import EnvironmentLacks, InputError, LyktaError
from lykta.scenarios import Scenario
from lykta.scenarios.yardsticks import least_service
from lykta.score.quantities import QUANTITIES
from lykta.score.requirements import Condition, of_texts, shown
from lykta.tune.crew import Crew
from lykta.tune.digest import digest
from lykta.tune.space import Space
from lykta.tune.stage import Ticket
from lykta.tune.trial import Job, Verdict, try_out

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

POPULATION = 24
_STUDY = "lykta tune"
_ABOUT, _VERDICT = "about", "verdict"
_PRIME = 1_000_003


@dataclass(frozen=True)
class Task:
    """What is searched: in which nights, within which limits, under which constraints."""

    scenario: Scenario
    space: Space
    seeds: tuple[int, ...]
    conditions: tuple[Condition, ...]
    least_levels: tuple[tuple[str, int, str], ...] = ()
    seed: int = 1
    population: int = POPULATION

    def job(self, ticket: Ticket, values: Mapping[str, int], seeds: Sequence[int] = ()) -> Job:
        """A trial of some values, in the nights of the search or in others."""
        return Job(ticket, self.space.written(values), self.space.file, tuple(seeds or self.seeds), self.conditions, self.least_levels)

    @property
    def constraints(self) -> tuple[str, ...]:
        """What must be kept, in words, in the order of `Verdict.over`."""
        levels = (f"at least {why} in zone {zone}" for zone, _, why in self.least_levels)
        return ("the rules of settings", *(condition.text for condition in self.conditions), *levels)


@dataclass(frozen=True)
class Point:
    """A profile that was tried: values of the dimensions, objectives, and how far it is from each constraint."""

    number: int
    values: Mapping[str, int]
    spent: float
    unserved: float
    readings: tuple[float | None, ...]
    over: tuple[float, ...]
    broken: str = ""

    @property
    def feasible(self) -> bool:
        """Whether it keeps every constraint."""
        return not any(self.over)

    @property
    def saving(self) -> float:
        """Of lamp energy, as a share of always on."""
        return 1.0 - self.spent

    @property
    def service(self) -> float:
        """Of the class that is served worst."""
        return 1.0 - self.unserved


def served(scenario: Scenario) -> tuple[Condition, ...]:
    """The service that every class is owed where nothing else is asked for."""
    owed = dict.fromkeys(name for phase in scenario.requirement.phases for name in phase.needs)
    return tuple(of_texts([f"service of {name}s at least {100 * least_service(scenario):g} %" for name in owed]))


def best(points: Sequence[Point]) -> Point | None:
    """The point that takes least energy among those that keep every constraint; the better served of two equals."""
    return min((one for one in points if one.feasible), key=lambda one: (one.spent, one.unserved, one.number), default=None)


def front(points: Sequence[Point]) -> list[Point]:
    """The feasible points that no other beats in both objectives, by rising energy."""
    found: list[Point] = []
    for one in sorted((one for one in points if one.feasible), key=lambda one: (one.spent, one.unserved, one.number)):
        if not found or one.unserved < found[-1].unserved:
            found.append(one)
    return found


def search(task: Task, trials: int, crew: Crew, journal: Path | None = None) -> Iterator[Point]:
    """Every point, those of the journal first, then new ones until there are so many; each as soon as it is known."""
    study = _open(task, journal)
    ticket = Ticket.of(task.scenario, crew.remote)
    done = [_point(number, trial) for number, trial in enumerate(_complete(study))]
    yield from done
    count = len(done)
    while count < trials:
        until = min(trials, _end_of_generation(count, task.population))
        asked = [_ask(study, task, number) for number in range(count, until)]
        jobs = [task.job(ticket, values) for _, values in asked]
        for (trial, values), verdict in zip(asked, crew.each(try_out, jobs), strict=True):
            _tell(study, trial, task, verdict)
            yield _found(count, values, verdict)
            count += 1


def _end_of_generation(count: int, population: int) -> int:
    """Where the generation of the next point ends. The profile as it stands is a point more in the first: it is drawn by nobody."""
    return 1 + (max(0, count - 1) // population + 1) * population


def _open(task: Task, journal: Path | None) -> Study:
    """The study in a journal, or a new one. InputError where the journal is of something else, or none at all."""
    try:
        import optuna
        from optuna.storages import InMemoryStorage, JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError:
        raise EnvironmentLacks('Tuning needs Optuna: install it with `pip install "lykta[tune]"` (in a clone: `make env`).') from None
    optuna.logging.set_verbosity(logging.ERROR)
    about = about_of(task)
    if journal is not None:
        _check_journal(journal)
    try:
        storage = InMemoryStorage() if journal is None else JournalStorage(JournalFileBackend(str(journal)))
        study = optuna.create_study(storage=storage, study_name=_STUDY, directions=["minimize"] * 2, load_if_exists=True)
        known = study.user_attrs.get(_ABOUT)
    except OSError as error:
        raise LyktaError(f"{journal}  the journal cannot be used: {error.strerror}. Choose another place with --out.") from None
    except (ValueError, KeyError, TypeError, AssertionError):
        raise InputError.of(str(journal), "is no journal of `lykta tune`. Move it away, or choose another folder with --out.") from None
    if known is None and not study.trials:
        study.set_user_attr(_ABOUT, about)
    elif known != about:
        raise InputError.of(str(journal), _other(known or {}, about))
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)  # interrupted: the same point is asked for again
    return study


def _check_journal(journal: Path) -> None:
    """InputError where there is a file that is no journal: Optuna would write into it."""
    try:
        with journal.open(encoding="utf-8") as file:
            first = file.readline()
        if first and "op_code" not in json.loads(first):
            raise ValueError(first)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LyktaError(f"{journal}  the journal cannot be read: {error.strerror}. Choose another place with --out.") from None
    except (ValueError, TypeError):
        raise InputError.of(str(journal), "is no journal of `lykta tune`. Move it away, or choose another folder with --out.") from None


def about_of(task: Task) -> dict[str, str]:
    """What decides the result of a search, part by part: a journal may only be gone on with where all of it is the same."""
    scenario, space = task.scenario, task.space
    site = scenario.site
    return {
        "site": f"{site.name} ({digest((site.lamps, site.links, site.ways, site.fixtures))})",
        "profile": f"{space.file} ({digest(space.text)})",
        "requirement": f"{scenario.requirement.name} ({digest(scenario.requirement)})",
        "traffic": f"{scenario.demand.name} ({digest(scenario.demand)})",
        "date": scenario.date.isoformat(),
        "sensors": scenario.sensors,
        "radio": scenario.radio,
        "what breaks": digest(scenario.broken),
        "seeds": ", ".join(map(str, task.seeds)),
        "search space": "; ".join(f"{one.said} in steps of {one.step}" for one in space.dimensions),
        "constraints": "; ".join(task.constraints[1:]),
        "seed of the search": str(task.seed),
        "population": str(task.population),
    }


def _other(known: Mapping[str, str], about: Mapping[str, str]) -> str:
    """What differs, in words."""
    parts = [key for key in about if known.get(key) != about[key]]
    first = parts[0]
    said = f'is the journal of another search: its {first} is "{known.get(first, "unknown")}", not "{about[first]}"'
    more = f" (and {', '.join(parts[1:])} differ)" if len(parts) > 1 else ""
    return f"{said}{more}. Choose another folder with --out, or move the journal away."


def _complete(study: Study) -> list[FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _ask(study: Study, task: Task, number: int) -> tuple[Trial, dict[str, int]]:
    """The next point: the profile as it stands first, then what NSGA-II draws."""
    from optuna.samplers import NSGAIISampler
    from optuna.trial import TrialState

    if number == 0 and not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        study.enqueue_trial(dict(task.space.start))
    study.sampler = NSGAIISampler(population_size=task.population, seed=(task.seed * _PRIME + number) % 2**32)
    trial = study.ask()
    return trial, {one.name: trial.suggest_int(one.name, one.low, one.high, step=one.step) for one in task.space.dimensions}


def _tell(study: Study, trial: Trial, task: Task, verdict: Verdict) -> None:
    for name, over in zip(task.constraints, verdict.over, strict=True):
        trial.set_constraint(name, over)
    kept = {"readings": verdict.values, "over": verdict.over, "broken": verdict.broken}
    trial.set_user_attr(_VERDICT, json.dumps(kept))
    study.tell(trial, (verdict.spent, verdict.unserved))


def _point(number: int, trial: FrozenTrial) -> Point:
    kept: dict[str, Any] = json.loads(trial.user_attrs[_VERDICT])
    spent, unserved = trial.values
    return Point(number, dict(trial.params), spent, unserved, tuple(kept["readings"]), tuple(kept["over"]), kept["broken"])


def _found(number: int, values: Mapping[str, int], verdict: Verdict) -> Point:
    return Point(number, values, verdict.spent, verdict.unserved, verdict.values, verdict.over, verdict.broken)


def nobody_met(task: Task, points: Sequence[Point]) -> str:
    """That no profile met the constraints: which, and the one that came nearest."""
    whole = [one for one in points if not one.broken] or points
    nearest = min(whole, key=lambda one: (sum(one.over), one.spent))
    unmet = [place for place in range(len(task.constraints)) if all(one.over[place] for one in whole)]
    head = f"None of {len(points)} profiles keeps every constraint."
    said = [head, *(_unmet(task, whole, place) for place in unmet)]
    if not unmet:
        said.append("Each of them is kept by some profile, but not all of them by one: " + "; ".join(task.constraints[1:]) + ".")
    far = "; ".join(_reading(task, nearest, place) for place, over in enumerate(nearest.over) if over)
    said.append(f"Nearest: profile {nearest.number} ({task.space.said(nearest.values)}), with {far}.")
    said.append("Ask for less, or widen the space with --search.")
    return "\n".join(said)


def _unmet(task: Task, points: Sequence[Point], place: int) -> str:
    closest = min(points, key=lambda one: one.over[place])
    return f'No profile keeps "{task.constraints[place]}": at best {_reading(task, closest, place)}.'


def _reading(task: Task, point: Point, place: int) -> str:
    """How a point stands to a constraint: `service of pedestrians 99.85 %`."""
    if place == 0:
        return point.broken or "a broken rule"
    if place > len(task.conditions):
        zone, least, _ = task.least_levels[place - 1 - len(task.conditions)]
        return f"{least / 10 - 100 * point.over[place]:.1f} % in zone {zone} where {least / 10:g} % is needed"
    condition, value = task.conditions[place - 1], point.readings[place - 1]
    quantity = QUANTITIES[condition.quantity]
    who = f" of {condition.road_user}s" if condition.road_user != "everyone" else ""
    return f"{condition.quantity}{who} " + ("unknown" if value is None else shown(quantity, value, condition))
