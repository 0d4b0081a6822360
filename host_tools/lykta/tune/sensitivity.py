"""What costs most: energy and service with one thing changed, beside those of the same nights with nothing changed; and lamp by lamp.

People and what is owed to them are those of the site as it stands, whatever sensor is taken away or added: duty begins where its own
sensors look (definitions, section 2). Else a street without sensors would owe nothing to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lykta import sensing
from lykta.plan import make_plan
from lykta.plan.rest import rests
from lykta.scenarios import Scenario
from lykta.score import tally, totals
from lykta.score.bound import least
from lykta.score.energy import Plant
from lykta.score.intervals import union
from lykta.score.light import Light
from lykta.score.service import unlit
from lykta.score.statistics import Floats, Interval, paired
from lykta.site.graph import Graph
from lykta.tune.crew import Crew
from lykta.tune.stage import Ticket, stage_of
from lykta.tune.variations import Variation


@dataclass(frozen=True)
class Effect:
    """What a change brings, as differences of shares: more saving, more service of the class served worst."""

    name: str
    way: str
    side: str
    saving: Interval
    service: Interval

    @property
    def weight(self) -> float:
        """By which effects are ordered: the larger part of both, service counted tenfold, since it is lost in tenths."""
        return abs(self.saving.value or 0.0) + 10 * abs(self.service.value or 0.0)


@dataclass(frozen=True)
class LampCost:
    """One lamp in the mean of the nights: energy above what was needed (its part of the bound) [Wh], and how long it was below what
    somebody was owed [s]."""

    lamp: str
    spare_wh: float
    unlit_s: float


@dataclass(frozen=True)
class _Job:
    ticket: Ticket
    variation: Variation | None
    seeds: tuple[int, ...]


def effects(scenario: Scenario, found: Sequence[Variation], crew: Crew) -> Iterator[Effect]:
    """What each change brings, in their order."""
    ticket = Ticket.of(scenario, crew.remote)
    seeds = tuple(scenario.seeds)
    rows = crew.each(_rows, [_Job(ticket, one, seeds) for one in (None, *found)])
    base = next(rows)
    for one, changed in zip(found, rows, strict=True):
        saving, service = (paired(changed, base, figure) for figure in (tally.saving, tally.worst_service))
        yield Effect(one.name, one.way, one.side, saving, service)


def _rows(job: _Job) -> Floats:
    stage, changed = stage_of(job.ticket), job.variation
    if changed is None:
        return np.array([stage.brief(stage.plan, seed) for seed in job.seeds])
    if changed.site == stage.scenario.site:
        plan = stage.plan_of(changed.profile)
        return np.array([stage.brief(plan, seed) for seed in job.seeds])
    site, faults = changed.site, stage.scenario.broken.faults
    graph = Graph(site)
    plan = make_plan(site, graph, changed.profile, stage.scenario.date)
    rows = []
    for seed in job.seeds:
        world = stage.case(seed).world
        told = sensing.readings(site, graph, world.moves, seed, faults, plan.begin_ms, plan.end_ms)
        rows.append(stage.brief(plan, seed, told))
    return np.array(rows)


def lamps(scenario: Scenario, crew: Crew) -> list[LampCost]:
    """What every controlled lamp costs, in the order of the site."""
    ticket = Ticket.of(scenario, crew.remote)
    found = np.mean(list(crew.each(_by_lamp, [_Job(ticket, None, (seed,)) for seed in scenario.seeds])), axis=0)
    return [LampCost(lamp.id, float(found[0, n]), float(found[1, n])) for n, lamp in enumerate(scenario.site.lamps) if lamp.adaptive]


def _by_lamp(job: _Job) -> Floats:
    """(energy above the bound [Wh], time below what is owed [s]) of every lamp in one night."""
    stage, (seed,) = stage_of(job.ticket), job.seeds
    plan, owed = stage.plan, stage.case(seed).owed
    levels, _, _ = stage.lit(plan, seed)
    spent, needed = (
        totals(plan.site, table, plan.begin_ms, plan.end_ms)["energy_wh"].to_numpy() for table in (levels, least(owed, rests(plan)))
    )
    light = Light(levels, Plant.of(plan.site).cap, plan.begin_ms, plan.end_ms, stage.outages())
    below = union(unlit(owed.duty, light).by_lamp()).total(len(plan.site.lamps))
    return np.stack((spent - needed, below / 1000))


__all__ = ["Effect", "LampCost", "effects", "lamps"]
