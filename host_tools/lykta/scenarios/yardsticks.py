"""Lights the nights of a scenario with a yardstick instead of the nodes, and finds the settings with which it does best.

*Best tuned*: of all values on the grid with which service reaches the constraint for every class, those that save most on the
training seeds. More of any setting never gives less light, so for each value of the first one bisection finds the least of the last.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import pyarrow as pa

from lykta import sensing, traffic
from lykta.corehost import schema
from lykta.plan import Plan
from lykta.profiles import resolve_requirement
from lykta.scenarios.model import Scenario
from lykta.score import Night as Owed
from lykta.score import Rules, prepare, totals
from lykta.score.energy import Plant
from lykta.score.intervals import Ints, sums
from lykta.score.light import Light
from lykta.score.service import lit_share
from lykta.sim import night as nights
from lykta.sim import schemes
from lykta.sim.baselines import Chosen, Scheme, World
from lykta.sim.schemes import Lit

#: The seeds on which yardsticks are tuned; figures are published on others.
TRAINING = tuple(range(1, 21))


@dataclass(frozen=True)
class Case:
    """One night to be lit: what its schemes meet, and what it owes to whom."""

    world: World
    owed: Owed


@dataclass(frozen=True)
class Tuned:
    """What tuning came to: `saving` and `service` (of the worst served class) on the training nights; `met`: the constraint."""

    chosen: Chosen
    saving: float
    service: float
    met: bool


def least_service(scenario: Scenario) -> float:
    """The service that a tuned yardstick must reach for every class: 99.9 % with ideal sensors and radio, else 99.5 %."""
    return 0.999 if scenario.sensors == scenario.radio == "ideal" else 0.995


def world(scenario: Scenario, plan: Plan, seed: int) -> World:
    """What all schemes meet in the night of a seed. Sensors may be broken; nodes are no part of a yardstick."""
    site, graph, span = plan.site, plan.graph, (plan.begin_ms, plan.end_ms)
    moves = traffic.generate(site, graph, scenario.demand, seed, *span, plan.agenda.times.origin_utc_ms)
    told = sensing.readings(site, graph, moves, seed, scenario.broken.faults, *span)
    return World(plan, moves, told, seed, scenario.link)


def case(scenario: Scenario, plan: Plan, seed: int) -> Case:
    """The night of a seed, and what it owes."""
    met = world(scenario, plan, seed)
    needs = scenario.requirement
    rules = Rules(needs.tau_ms, resolve_requirement(needs, plan.agenda.times), needs.name)
    covered = sensing.coverage(plan.site, plan.graph)
    return Case(met, prepare(plan.site, plan.graph, rules, met.moves, covered, plan.begin_ms, plan.end_ms, plan.floors))


def light(chosen: Chosen, world: World, engine: str = "auto") -> Lit:
    """The night as a yardstick lights it. A level that it does not have by itself is the one with the energy of our own night."""
    values = dict(chosen.values)
    if any(setting.key not in values for setting in chosen.scheme.settings):
        ours = nights.run(world.plan, world.moves, world.told, world.seed, world.radio, engine=engine)
        values["level"] = level_of_energy(world.plan, ours.levels)
    return chosen.scheme.light(world, values)


def level_of_energy(plan: Plan, levels: pa.Table) -> int:
    """The lowest level [permille] that, held all night, takes at least as much energy as `levels` do."""
    wanted = _energy(plan, levels)
    return bisect_left(range(1001), wanted, key=lambda level: _energy(plan, schemes.static(plan, level).levels))


def _energy(plan: Plan, levels: pa.Table) -> float:
    return float(np.sum(totals(plan.site, levels, plan.begin_ms, plan.end_ms)["energy_wh"].to_numpy()))


def tune(scheme: Scheme, cases: Sequence[Case], service: float) -> Tuned:
    """The values with which a yardstick saves most while every class has at least `service`; else those that serve best."""

    @cache
    def tried(values: tuple[int, ...], least: float = service) -> tuple[float, float]:
        """(saving, service) with values, in the order of the settings; below `least` not to the end."""
        return _worth(scheme, dict(zip((setting.key for setting in scheme.settings), values, strict=True)), cases, least)

    def serves(first: tuple[int, ...], value: int) -> bool:
        """Whether a value of the last setting is enough, beside those of the first."""
        return tried((*first, value))[1] >= service

    found: list[tuple[int, ...]] = [()]
    if scheme.settings:
        *first, last = [setting.grid for setting in scheme.settings]
        outer = [(value,) for value in first[0]] if first else [()]
        found = []
        for values in outer:
            at = bisect_left(last, True, key=partial(serves, values))
            found.append((*values, last[min(at, len(last) - 1)]))
    good = [values for values in found if tried(values)[1] >= service]
    best = max(good, key=lambda values: tried(values)[0]) if good else max(found, key=lambda values: tried(values, 0.0)[1])
    saving, served = tried(best, 0.0)
    named = {setting.key: value for setting, value in zip(scheme.settings, best, strict=True)}
    return Tuned(Chosen(scheme, named), saving, served, served >= service)


def _worth(scheme: Scheme, values: Mapping[str, int], cases: Sequence[Case], least: float) -> tuple[float, float]:
    """(saving, service of the worst served class) over some nights, as ratios of sums; ends once service must stay below `least`."""
    spent = full = 0.0
    owed = np.sum([_owed_ms(one.owed) for one in cases], axis=0)
    lit = owed.astype(np.float64)
    for one in cases:
        if np.min(lit[owed > 0] / owed[owed > 0], initial=1.0) < least:
            break
        plan, night = one.world.plan, one.owed
        levels = scheme.light(one.world, values).levels
        table = totals(plan.site, levels, plan.begin_ms, plan.end_ms)
        spent += float(np.sum(table["energy_wh"].to_numpy()))
        full += float(np.sum(table["always_on_wh"].to_numpy()))
        light_ = Light(levels, Plant.of(plan.site).cap, plan.begin_ms, plan.end_ms)
        lit_ms, all_ms = lit_share(night.duty, light_, night.road_user, schema.CLASSES)
        lit = lit - (all_ms - lit_ms)
    return (full - spent) / full if full else 0.0, float(np.min(lit[owed > 0] / owed[owed > 0], initial=1.0))


def _owed_ms(night: Owed) -> Ints:
    """By class how long light is owed."""
    return sums(night.duty.spans.road_user, night.duty.spans.end - night.duty.spans.begin, schema.CLASSES)


def tuned(scenario: Scenario, plan: Plan, seeds: Sequence[int] = TRAINING) -> Scenario:
    """The scenario with the settings found for its yardstick, where it asks for tuned ones."""
    if scenario.scheme is None or not scenario.scheme.tuned:
        return scenario
    found = tune(scenario.scheme.scheme, [case(scenario, plan, seed) for seed in seeds], least_service(scenario))
    reached = "" if found.met else f"; no setting reaches {100 * least_service(scenario):g} %: this one comes nearest"
    note = f"tuned on seeds {seeds[0]}-{seeds[-1]}: service {100 * found.service:.2f} % there{reached}"
    return replace(scenario, scheme=replace(found.chosen, note=note))
