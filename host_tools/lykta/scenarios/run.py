"""Runs a scenario: one night for each seed, simulated and scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lykta import __version__, sensing, traffic
from lykta.corehost import schema
from lykta.errors import InputError, Problem
from lykta.plan import Plan, make_plan
from lykta.plan.rest import rests
from lykta.profiles import resolve_requirement
from lykta.scenarios import yardsticks
from lykta.scenarios.model import Scenario
from lykta.score import About, Outage, Rules, Score, judge, prepare
from lykta.score.bound import bounds
from lykta.score.utility import utility
from lykta.sim.night import Night, simulate
from lykta.sim.schemes import resting_at
from lykta.site.graph import Graph


@dataclass(frozen=True)
class Outcome:
    """One night of a scenario: what happened, and what it was worth."""

    night: Night
    rules: Rules
    score: Score


def fit(scenario: Scenario) -> tuple[Plan, list[Problem]]:
    """The plan of a scenario's night, and what is doubtful. InputError with every problem where its parts do not fit."""
    graph = Graph(scenario.site)
    found = list(traffic.check(scenario.site, graph, scenario.demand))
    try:
        plan = make_plan(scenario.site, graph, scenario.profile, scenario.date)
    except InputError as error:
        found += error.problems
    wrong = [problem for problem in found if not problem.warning]
    if wrong:
        raise InputError(wrong)
    return plan, found


def run(scenario: Scenario, plan: Plan, seeds: Sequence[int] = ()) -> Iterator[Outcome]:
    """The nights of a scenario, one for each of its seeds (or of those given), as they are ready. A night without length gives none."""
    if plan.end_ms <= plan.begin_ms:
        return
    site, graph, requirement, broken = scenario.site, plan.graph, scenario.requirement, scenario.broken
    covered = sensing.coverage(site, graph)
    rules = Rules(requirement.tau_ms, resolve_requirement(requirement, plan.agenda.times), requirement.name)
    outages = [Outage(dead.lamp, dead.from_ms, dead.until_ms) for dead in broken.dead_lamps]
    for seed in seeds or scenario.seeds:
        night, resting = _night(scenario, plan, seed)
        owed = prepare(site, graph, rules, night.trajectories, covered, plan.begin_ms, plan.end_ms, plan.floors)
        scheme = scenario.scheme.said if scenario.scheme else "lykta"
        about = About(
            site=site.name, seeds=(seed,), version=__version__, date=scenario.date.isoformat(), profile=scenario.profile.name,
            requirement=requirement.name, scheme=scheme, note=site.note, timezone=site.timezone,
        )  # fmt: skip
        possible = bounds(owed, rests(resting), outages=outages)
        score = judge(owed, night.levels, night.detections, outages=outages, linger_ms=linger(plan), about=about, bounds=possible)
        yield Outcome(night, rules, replace(score, utility=utility(owed, night.levels)))


def _night(scenario: Scenario, plan: Plan, seed: int) -> tuple[Night, Plan]:
    """(the night of a seed, as the nodes or the scenario's yardstick light it; the plan whose idle level its lamps keep)."""
    broken = scenario.broken
    if scenario.scheme is None:
        return simulate(plan, scenario.demand, seed, scenario.link, broken.faults, broken.breakdowns, scenario.engine), plan
    world = yardsticks.world(scenario, plan, seed)
    lit = yardsticks.light(scenario.scheme, world, scenario.engine)
    night = Night(plan, seed, scenario.link, scenario.engine, world.moves, world.told, lit.detections, lit.levels, 0, broken.faults)
    return night, plan if lit.idle is None else resting_at(plan, lit.idle)


def linger(plan: Plan) -> tuple[int, ...]:
    """The longest `linger` of the profile in this night, by class."""
    rows = [row for _, phase in plan.agenda.phases for row in phase.rows.values()]
    at = [schema.PHASE_SETTINGS + number * schema.CLASS_SETTINGS + schema.LINGER for number in range(schema.CLASSES)]
    return tuple(max((row[position] for row in rows), default=0) for position in at)
