"""Killing a node, a radio or a sensor while people are under way leaves everyone in light: whole firmwares on a street of posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import pyarrow as pa
import pytest

from gauges import faults
from lykta import sensing, traffic
from lykta.corehost import health
from lykta.plan import Plan, make_plan
from lykta.sensing import Fault, models
from lykta.sim import loop
from lykta.sim.breakdowns import Breakdown
from lykta.sim.radio import IDEAL
from lykta.site.graph import Graph
from lykta.site.model import Floor, Sensor
from tests.sim.looped import dark_s
from tests.sim.nights import plan_of

pytestmark = [pytest.mark.micropython, pytest.mark.slow]
M = 60_000
SEED = 5
KILLED = 3 * M
END = 12 * M
KINDS = ("node", "radio", "sensor")
#: A radio is known to be silent after three minutes, and by then its lamp is full: until then it lacks what neighbours would tell it.
KNOWN = {"node": 0, "radio": int(health.RADIO_SILENT_MS) + 2 * M // 10, "sensor": 0}


@dataclass(frozen=True)
class Evening:
    """Some minutes of a street: who comes, and what the sensors report where none is broken."""

    plan: Plan
    moves: pa.Table
    end_ms: int

    def told(self, broken: Sequence[Fault] = ()) -> pa.Table:
        """Readings: of sensors that miss nobody and see nobody who is not there, but for what is broken."""
        perfect = {kind: replace(model, detects=1_000, false_per_hour=0.0) for kind, model in models.MODELS.items()}
        span = (self.plan.begin_ms, self.end_ms)
        return sensing.readings(self.plan.site, self.plan.graph, self.moves, SEED, broken, *span, models=perfect)

    def dark_s(self, broken: Sequence[Fault] = (), breakdowns: Sequence[Breakdown] = (), from_ms: int = 0) -> float:
        """For how long people were in the dark, of those who came after a time; who stands too long does not count."""
        plan = self.plan
        lit = loop.run(plan, self.told(broken), SEED, IDEAL.row(SEED), broken, breakdowns, end_ms=self.end_ms)
        assert not [text for text in lit.consoles.values() if "Traceback" in text]
        return dark_s(plan, self.moves, lit.levels, lit.detections, self.end_ms, from_ms)


def evening(plan: Plan, users: int, minutes_ms: int) -> Evening:
    """People of the first minutes of a night."""
    end_ms = plan.begin_ms + minutes_ms
    demand = traffic.load_demand(f"kungsholms@{users}")
    moves = traffic.generate(plan.site, plan.graph, demand, SEED, plan.begin_ms, end_ms, plan.agenda.times.origin_utc_ms)
    return Evening(plan, moves, end_ms)


@cache
def five() -> Evening:
    """Five posts with a PIR each, the first and the last always full, as entrances are."""
    like = faults.plan()
    pir = Sensor("pir", dict.fromkeys(("pedestrian", "cyclist", "car"), 800))
    floors = {0: (Floor(1_000, "entrance"),), 4: (Floor(1_000, "entrance"),)}
    lamps = tuple(replace(lamp, sensors=(pir,), floors=floors.get(n, ())) for n, lamp in enumerate(like.site.lamps))
    site = replace(like.site, lamps=lamps)
    return evening(make_plan(site, Graph(site), like.profile, like.date), 60, END)


@cache
def well() -> float:
    """How long people are in the dark where nothing breaks."""
    return five().dark_s()


def broken(street: Evening, kind: str, lamp: int, from_ms: int, until_ms: int) -> tuple[list[Fault], list[Breakdown]]:
    """What breaks: (sensors, the rest)."""
    if kind == "sensor":
        return [Fault("silent", from_ms, until_ms, frozenset({street.plan.site.lamps[lamp].id}))], []
    return [], [Breakdown(lamp, kind, from_ms, until_ms)]


def killed(kind: str, lamp: int) -> float:
    """How long people are in the dark where something of a lamp dies and stays dead."""
    street = five()
    from_ms = street.plan.begin_ms + KILLED
    dead = broken(street, kind, lamp, from_ms, street.end_ms)
    return street.dark_s(*dead, from_ms + KNOWN[kind] if KNOWN[kind] else 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lamp", [1, 2])
def test_kill__in_the_middle_of_the_street_leaves_everyone_in_light(kind: str, lamp: int):
    """Nobody is in the dark for longer than where nothing breaks."""
    assert killed(kind, lamp) <= well()


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lamp", [0, 3, 4])
def test_kill__anywhere_leaves_everyone_in_light(kind: str, lamp: int):
    """The same for the other posts."""
    assert killed(kind, lamp) <= well()


@cache
def strand() -> Evening:
    """Kungsholms strand, for ten minutes a post."""
    plan = plan_of("kungsholms_strand")
    return evening(plan, 20, len(plan.site.lamps) * 10 * M)


@cache
def strand_well() -> float:
    """How long people are in the dark there where nothing breaks."""
    return strand().dark_s()


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_kill__of_each_post_of_kungsholms_strand_in_turn(kind: str):
    """Ten minutes each, one after the other, one dying as the one before comes back: not two more seconds of dark a post."""
    street = strand()
    turns = len(street.plan.site.lamps)
    sensors: list[Fault] = []
    others: list[Breakdown] = []
    for lamp in range(turns):
        from_ms = street.plan.begin_ms + lamp * 10 * M
        found = broken(street, kind, lamp, from_ms, from_ms + 10 * M)
        sensors += found[0]
        others += found[1]
    assert street.dark_s(sensors, others) <= strand_well() + 2 * turns
