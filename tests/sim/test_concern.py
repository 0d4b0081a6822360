"""Whom a frame does not concern would change nothing by hearing it: a night in which every lamp hears everything is the same night."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from lykta import corehost
from lykta.plan import Plan, make_plan
from lykta.scenarios.model import with_ideal_sensors
from lykta.sensing import Fault
from lykta.sim import concern, engines, night
from lykta.sim.breakdowns import Breakdown
from lykta.sim.radio import IDEAL, REAL, Radio
from lykta.site.graph import Graph
from tests.core import variants
from tests.sim.nights import people, plan_of

#: What the first hours of a night are called: (site, demand, hours).
STREET = ("kungsholms_strand", "kungsholms@60", 0.2)
SQUARE = ("valla_torg", "quiet", 0.3)


@cache
def plan_for(name: str, ideal: bool) -> Plan:
    """The plan of a packaged site; `ideal`: its sensors tell users apart, so that most frames concern few."""
    plan = plan_of(name)
    if not ideal:
        return plan
    site = with_ideal_sensors(plan.site)
    return make_plan(site, Graph(site), plan.profile, plan.date)


def lit(kernel: ModuleType, place: tuple[str, str, float], ideal: bool, radio: Radio, broken: bool) -> tuple[list[list[int]], list[int]]:
    """(levels, detections) of the first hours of a night. `broken`: a sensor is stuck, a radio and a node are dead for a while."""
    name, demand, hours = place
    plan = plan_for(name, ideal)
    begin = plan.begin_ms
    faults = (Fault("stuck_high", begin, begin + 900_000, frozenset({plan.site.lamps[5].id})),) if broken else ()
    dead = [Breakdown(7, "radio", begin + 60_000, begin + 400_000), Breakdown(9, "node", begin + 90_000, begin + 300_000)]
    _, told = people(plan, demand, 3, hours, faults)
    inputs, _ = night.prepare(plan, told, radio.row(3), dead if broken else (), "python")
    levels, detections = kernel.run(*inputs, begin, begin + round(hours * 3_600_000))
    rows = np.asarray(levels).reshape(-1, 6)
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))].tolist(), detections.tolist()


@pytest.mark.parametrize(("radio", "broken"), [(IDEAL, False), (REAL, True)])
@pytest.mark.parametrize(("place", "ideal"), [(STREET, True), (STREET, False), (SQUARE, True)])
def test_unconcerned__lamps_would_have_done_the_same(place: tuple[str, str, float], ideal: bool, radio: Radio, broken: bool):
    """Levels and detections are equal to those of a kernel that hands every frame to everybody who hears it."""
    everybody = variants.kernel_with(corehost.load(), "lykta_telling_everybody")
    assert lit(engines.load("python"), place, ideal, radio, broken) == lit(everybody, place, ideal, radio, broken)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("before >= 0 or frames", "frames"),
        ("distance - ahead <= gate", "distance - ahead < 0"),
        ("if distance <= behind:", "if distance < behind - 4000:"),
        ("ahead += fast", "ahead -= fast"),
        ("            return True\n        slot +=", "            return False\n        slot +="),
    ],
)
def test_mutant__that_forgets_whom_a_frame_concerns_is_noticed(good: str, bad: str):
    """A kernel that lets lamps sleep whom a frame concerns lights the street otherwise."""
    source = Path(str(concern.__file__)).read_text(encoding="utf-8")
    assert source.count(good) == 1
    mutant = ModuleType("lykta_unconcerned")
    exec(source.replace(good, bad), vars(mutant))
    kernel = variants.kernel_with(corehost.load(), "lykta_forgetting")
    vars(kernel)["concern"] = mutant
    assert lit(kernel, STREET, True, IDEAL, False) != lit(engines.load("python"), STREET, True, IDEAL, False)
