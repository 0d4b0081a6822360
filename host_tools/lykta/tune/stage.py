"""One scenario, ready to be lit again and again: who comes, what sensors say and what is owed are worked out once for each seed.

Workers are handed a `Ticket`, which says all there is to know, and keep the stage that they made of it.
"""

from __future__ import annotations

import hashlib
import pickle
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

import pyarrow as pa

import lykta
from lykta.corehost import firmware_folder, schema
from lykta.errors import LyktaError
from lykta.plan import Plan, make_plan
from lykta.plan.rest import rests
from lykta.plan.tables import Reach, Tables, make_tables
from lykta.profiles import Profile
from lykta.scenarios import Scenario, yardsticks
from lykta.scenarios.run import linger
from lykta.scenarios.yardsticks import Case
from lykta.score import About, Outage, Score, judge
from lykta.score.bound import bounds
from lykta.score.energy import Plant
from lykta.score.light import Light
from lykta.score.model import Bounds
from lykta.score.service import lit_share
from lykta.score.statistics import Floats
from lykta.score.tally import brief_row, spent
from lykta.score.utility import utility
from lykta.sim import night as nights
from lykta.sim.baselines import Chosen
from lykta.sim.schemes import resting_at
from lykta.site.graph import Graph

_STAGES_KEPT = 2
_TABLES_KEPT = 8


@dataclass(frozen=True)
class Ticket:
    """A scenario as it travels to workers. `code`: the state of the code that is to run it; "" where that cannot differ."""

    scenario: bytes
    code: str = ""

    @classmethod
    def of(cls, scenario: Scenario, remote: bool = False) -> Ticket:
        """The ticket of a scenario, for workers of this machine or others."""
        return cls(pickle.dumps(scenario), code_state() if remote else "")


@dataclass
class Stage:
    """A scenario with the plan of its own profile, and its nights as far as they were asked for."""

    scenario: Scenario
    plan: Plan
    cases: dict[int, Case] = field(default_factory=dict)
    _tables: OrderedDict[tuple[Reach, ...], Tables] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def of(cls, scenario: Scenario) -> Stage:
        """The stage of a scenario whose parts fit."""
        return cls(scenario, make_plan(scenario.site, Graph(scenario.site), scenario.profile, scenario.date))

    def case(self, seed: int) -> Case:
        """Who comes in the night of a seed, and what is owed to them: the same for every profile and scheme."""
        if seed not in self.cases:
            self.cases[seed] = yardsticks.case(self.scenario, self.plan, seed)
        return self.cases[seed]

    def plan_of(self, profile: Profile) -> Plan:
        """The plan of another profile for the same night."""
        return make_plan(self.scenario.site, self.plan.graph, profile, self.scenario.date, self._tables_of)

    def _tables_of(self, graph: Graph, reaches: list[Reach]) -> Tables:
        """The neighbour tables of this street, kept by all that they depend on besides: how far evidence matters to each lamp."""
        key = tuple(reaches)
        if key not in self._tables:
            while len(self._tables) >= _TABLES_KEPT:
                self._tables.popitem(last=False)
            self._tables[key] = make_tables(graph, reaches)
        self._tables.move_to_end(key)
        return self._tables[key]

    def outages(self) -> list[Outage]:
        """The lamps that are dead."""
        return [Outage(dead.lamp, dead.from_ms, dead.until_ms) for dead in self.scenario.broken.dead_lamps]

    def lit(self, plan: Plan, seed: int, scheme: Chosen | None = None, told: pa.Table | None = None) -> tuple[pa.Table, pa.Table, Plan]:
        """(levels, detections, the plan whose idle level is kept) of a night, as nodes with a plan or a yardstick light it.

        `told`: other readings than those of the scenario's sensors.
        """
        scenario, known = self.scenario, self.case(seed).world
        world = replace(known, plan=plan, told=known.told if told is None else told)
        if scheme is None:
            night = nights.run(
                plan, world.moves, world.told, seed, world.radio, scenario.broken.faults, scenario.broken.breakdowns, scenario.engine
            )
            return night.levels, night.detections, plan
        found = yardsticks.light(scheme, world, scenario.engine)
        return found.levels, found.detections, plan if found.idle is None else resting_at(plan, found.idle)

    def levels(self, plan: Plan, seed: int, told: pa.Table | None = None) -> pa.Table:
        """The levels alone of a night, as nodes with a plan light it. `told`: as in `lit`."""
        scenario, world = self.scenario, self.case(seed).world
        broken = scenario.broken
        told = world.told if told is None else told
        return nights.brief(plan, told, seed, world.radio, broken.faults, broken.breakdowns, scenario.engine)[0]

    def light_of(self, plan: Plan, levels: pa.Table) -> Light:
        """Levels of a night of a plan as the light that is judged."""
        return Light(levels, Plant.of(plan.site).cap, plan.begin_ms, plan.end_ms, self.outages())

    def score(self, plan: Plan, seed: int, scheme: Chosen | None = None, known: dict[int | None, Bounds] | None = None) -> Score:
        """The whole score of a night. `known`: bounds by the idle level of a scheme, of the same plan and seed; it is added to."""
        owed = self.case(seed).owed
        levels, detections, resting = self.lit(plan, seed, scheme)
        kept = {} if known is None else known
        idle = None if resting is plan else _idle(resting)
        if idle not in kept:
            kept[idle] = bounds(owed, rests(resting), outages=self.outages())
        about = About(
            site=self.scenario.site.name, seeds=(seed,), version=lykta.__version__, date=self.scenario.date.isoformat(),
            profile=plan.profile.name, requirement=self.scenario.requirement.name, scheme=scheme.said if scheme else "lykta",
            note=self.scenario.site.note, timezone=self.scenario.site.timezone,
        )  # fmt: skip
        found = judge(owed, levels, detections, outages=self.outages(), linger_ms=linger(plan), about=about, bounds=kept[idle])
        return replace(found, utility=utility(owed, levels))

    def brief(self, plan: Plan, seed: int, told: pa.Table | None = None) -> Floats:
        """What a night came to as a row of `score.tally`, without causes: a fraction of the time of a score.

        `told`: the readings of other sensors, those of the plan's site; what is owed stays that of the scenario's.
        """
        owed = self.case(seed).owed
        found = self.light_of(plan, self.levels(plan, seed, told))
        lit_ms, all_ms = lit_share(owed.duty, found, owed.road_user, schema.CLASSES)
        return brief_row(spent(plan.site, found), all_ms, lit_ms)


def _idle(plan: Plan) -> int:
    """The idle level [permille] at which a plan of a scheme rests while the light is on."""
    return max(int(permille) for permille in rests(plan)["idle_permille"].to_pylist())


@cache
def code_state() -> str:
    """A digest of all code that decides a night: the host's and the node's."""
    folders = (Path(lykta.__file__).parent, firmware_folder())
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


@lru_cache(_STAGES_KEPT)
def stage_of(ticket: Ticket) -> Stage:
    """The stage of a ticket, kept for the next job. LyktaError where this process runs other code than who sent it."""
    if ticket.code and ticket.code != code_state():
        raise LyktaError(
            "A worker of the cluster runs another state of Lykta than this computer, so its results would differ. "
            "Install the same version on both, and start the workers anew."
        )
    return Stage.of(pickle.loads(ticket.scenario))
