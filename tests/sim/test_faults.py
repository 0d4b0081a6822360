"""When something breaks: the lamp concerned burns bright in the time that the rules give, and nobody walks in the dark by it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from lykta.corehost import dimmer, health, priority
from lykta.plan import Plan, make_plan
from lykta.sensing import Fault, readings
from lykta.sim import night
from lykta.sim.night import Breakdown, Night
from lykta.sim.radio import IDEAL
from lykta.site.graph import Graph
from lykta.site.model import Sensor, Site
from tests.core.judge import judge, owed_by
from tests.core.people import Stretch, User
from tests.core.world import Light
from tests.sim.nights import DATE, people, plan_of

HOUR_MS = 3_600_000
LAMP = 17
NAME = "kungsholms_strand"


def with_ideal(site: Site) -> Site:
    """The site with ideal sensors in place of its own."""
    reach = {"pedestrian": 800, "cyclist": 800}
    return replace(site, lamps=tuple(replace(lamp, sensors=(Sensor("ideal", reach),)) for lamp in site.lamps))


def played(breakdowns: tuple[Breakdown, ...] = (), faults: tuple[Fault, ...] = (), hours: float = 1.0, rate: int = 30) -> Night:
    """A night at Kungsholms strand with ideal sensors and radio, and people in its first hours (`rate` an hour, 0: nobody)."""
    plan = ideal_plan()
    moves, _ = people(plan, f"kungsholms@{rate or 1}", 5, hours)
    moves = moves if rate else moves.slice(0, 0)
    told = readings(plan.site, plan.graph, moves, 5, faults, plan.begin_ms, plan.end_ms)
    return night.run(plan, moves, told, 5, IDEAL, faults, breakdowns)


@cache
def ideal_plan() -> Plan:
    """Kungsholms strand with ideal sensors."""
    site = with_ideal(plan_of(NAME).site)
    return make_plan(site, Graph(site), plan_of(NAME).profile, DATE)


def in_fault(found: Night) -> set[int]:
    """The lamps that were ever bright because of a fault."""
    lamps, causes = found.levels["lamp"].to_pylist(), found.levels["cause"].to_pylist()
    return {lamp for lamp, cause in zip(lamps, causes, strict=True) if cause == priority.CAUSE_FAULT}


def course(found: Night, lamp: int) -> list[tuple[int, int, int]]:
    """(t_ms, target, cause) of a lamp."""
    table = found.levels
    own = table.filter(pa.compute.equal(table["lamp"], lamp))
    return list(zip(own["t_ms"].to_pylist(), own["target_permille"].to_pylist(), own["cause"].to_pylist(), strict=True))


def target(found: Night, lamp: int, t_ms: int) -> tuple[int, int]:
    """Target and cause of a lamp at a moment."""
    return [(level, cause) for t, level, cause in course(found, lamp) if t <= t_ms][-1]


def dark_users(found: Night) -> list[tuple[int, int]]:
    """(user, dark ms) of everybody who was in the dark, judged as in claim (b)."""
    lights = [Light() for _ in found.plan.site.lamps]
    for lamp, t_ms, position, aim, rate in zip(
        *(found.levels[name].to_pylist() for name in ("lamp", "t_ms", "position", "target_permille", "rate")), strict=True
    ):
        lights[lamp].note(t_ms, position, dimmer.position_of(aim), rate)
    row = found.plan.profile.night(DATE).phases[0].rows["path"]
    dark = []
    for number, user in _users(found):
        if user.road_user < 3:
            verdict = judge(found.plan.graph, user, lights, owed_by(row, user.road_user), step_ms=250)
            if verdict.dark_ms:
                dark.append((number, verdict.dark_ms))
    return dark


def _users(found: Night) -> list[tuple[int, User]]:
    """The people of a night as `tests.core` has them."""
    lengths = found.plan.graph.length_cm
    by_user: dict[int, list[Stretch]] = {}
    classes: dict[int, int] = {}
    names = ("user", "road_user", "link", "from_cm", "to_cm", "t0_ms", "t1_ms")
    heading: dict[int, int] = {}
    for user, road_user, link, begin, end, t0, t1 in zip(*(found.trajectories[name].to_pylist() for name in names), strict=True):
        if t1 <= t0:
            continue
        back = end < begin or (end == begin and heading.get(user, 0))
        heading[user] = int(back)
        length = int(lengths[link])
        places = (length - begin, length - end) if back else (begin, end)
        by_user.setdefault(user, []).append(Stretch(2 * link + int(back), *places, t0, t1))
        classes[user] = road_user
    return [(user, User(classes[user], tuple(stretches))) for user, stretches in sorted(by_user.items())]


def test_node__dead_burns_full():
    """From the ms at which it dies until it lives again, whatever it did before; then it goes back to work."""
    begin = ideal_plan().begin_ms
    dies, lives = begin + 1_000_000, begin + 3_000_000
    found = played((Breakdown(LAMP, "node", dies, lives),))
    assert [target(found, LAMP, t) for t in (dies, dies + 1_000_000, lives - 1)] == [(1000, priority.CAUSE_FAULT)] * 3
    own = found.levels.filter(pa.compute.equal(found.levels["lamp"], LAMP))
    at = own["t_ms"].to_pylist().index(dies)
    assert own["position"][at].as_py() == dimmer.FULL
    assert target(found, LAMP, begin + 2 * HOUR_MS) == (500, priority.CAUSE_PHASE)
    assert dark_users(found) == []


def test_node__dead_is_a_matter_of_one_lamp():
    """Its neighbours are not in fault: they still hear others."""
    begin = ideal_plan().begin_ms
    assert in_fault(played((Breakdown(LAMP, "node", begin + 1_000_000, begin + 5_000_000),))) == {LAMP}


def test_radio__dead_is_fallback_within_180_s():
    """Three periods after the last heartbeat that came in at the latest, and back with the first one afterwards."""
    begin = ideal_plan().begin_ms
    dies, lives = begin + 1_000_000, begin + 4_000_000
    found = played((Breakdown(LAMP, "radio", dies, lives),), rate=0)
    faulty, cured = [(t, level) for t, level, _ in course(found, LAMP) if begin < t < begin + 2 * HOUR_MS]
    assert dies <= faulty[0] <= dies + health.RADIO_SILENT_MS
    assert lives <= cured[0] <= lives + 120_000
    assert (faulty[1], cured[1]) == (1000, 500)
    assert in_fault(found) == {LAMP}


def test_radio__dead_leaves_nobody_in_the_dark():
    """A lamp that hears nobody is bright by itself; what it cannot tell others is at most a miss for them."""
    begin = ideal_plan().begin_ms
    assert dark_users(played((Breakdown(LAMP, "radio", begin + 1_000_000, begin + 6_000_000),))) == []


def test_driver__that_reports_a_fault_is_bright_until_it_reports_none():
    """From the ms to the ms."""
    begin = ideal_plan().begin_ms
    found = played((Breakdown(LAMP, "driver", begin + 100_000, begin + 200_000),), rate=0)
    assert target(found, LAMP, begin + 99_999) == (500, priority.CAUSE_PHASE)
    assert target(found, LAMP, begin + 100_000) == (1000, priority.CAUSE_FAULT)
    assert target(found, LAMP, begin + 199_999) == (1000, priority.CAUSE_FAULT)
    assert target(found, LAMP, begin + 200_000) == (500, priority.CAUSE_PHASE)


def test_sensor__stuck_is_fallback_in_ten_minutes():
    """Own lamp in fault 10 min after the sensor went on and stayed on, to the ms, and no other one; its frames count no more."""
    plan = ideal_plan()
    begin = plan.begin_ms + 1_000_000
    fault = Fault("stuck_high", begin, begin + 1_000_000, frozenset({plan.site.lamps[LAMP].id}))
    found = played(faults=(fault,), rate=0)
    on = next(t for t, level, _ in course(found, LAMP) if level == 1000)
    assert begin <= on <= begin + 100
    assert target(found, LAMP, on + 999_000)[0] == 1000
    assert target(found, LAMP + 1, on + health.STUCK_MS) == (1000, priority.CAUSE_PRESENCE)
    assert target(found, LAMP + 1, on + health.STUCK_MS + 900_000) == (500, priority.CAUSE_PHASE)
    assert target(found, LAMP, begin + 1_000_000 + 900_000) == (500, priority.CAUSE_PHASE)


def test_sensor__blind_is_recognised():
    """One that sees nobody while both neighbours see everybody: fallback after five passes in a row, and no other lamp."""
    plan = ideal_plan()
    fault = Fault("stuck_low", plan.begin_ms + 600_000, plan.begin_ms + 3 * HOUR_MS, frozenset({plan.site.lamps[LAMP].id}))
    assert in_fault(played(faults=(fault,))) == {LAMP}


@pytest.mark.parametrize("kind", ["stuck_high", "stuck_low", "silent"])
def test_sensor__faulty_leaves_nobody_in_the_dark(kind: str):
    """Whatever one sensor does, with its neighbours well nobody is in the dark by it."""
    plan = ideal_plan()
    fault = Fault(kind, plan.begin_ms + 600_000, plan.begin_ms + 2 * HOUR_MS, frozenset({plan.site.lamps[LAMP].id}))
    assert dark_users(played(faults=(fault,))) == []


def test_levels__stay_within_the_night():
    """After light off every lamp goes to dark, whatever is broken."""
    plan = ideal_plan()
    found = played((Breakdown(LAMP, "node", plan.begin_ms, plan.begin_ms + 1000),), rate=0)
    assert {course(found, lamp)[-1][1] for lamp in range(34)} == {0}
    assert np.all(found.levels["level_permille"].to_numpy() <= 1000)
