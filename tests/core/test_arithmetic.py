"""The debug build: no value and no product of the core leaves -2^30 .. 2^30 - 1, on busy nights and with extreme settings."""

from __future__ import annotations

import datetime as dt
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from lykta import profiles, site, traffic
from lykta.corehost import schema
from lykta.plan import make_plan
from lykta.sim import night
from lykta.sim.radio import REAL
from lykta.site.graph import Graph
from tests.core import checked, variants
from tests.core.scenes import Scene, scenes
from tests.core.single import Single, histories

DATE = dt.date(2026, 12, 14)


def test_fits__is_thirty_bits():
    """The ends of the range fit, one beyond does not."""
    assert checked.fits(-(2**30)) == -(2**30)
    assert checked.fits(2**30 - 1) == 2**30 - 1
    for value in (2**30, -(2**30) - 1):
        with pytest.raises(checked.TooLarge):
            checked.fits(value)


def test_checked__sees_every_operation():
    """Binary, unary and augmented operations, in calls and in indices."""
    names: dict[str, Any] = {"fits": checked.fits}
    source = "def big(x):\n    x[0] *= 1 << 20\n    return x[0]\ndef minus(x):\n    return -x\n"
    exec(compile(checked.checked("any", source), "<any>", "exec"), names)
    assert names["big"]([3]) == 3 << 20
    with pytest.raises(checked.TooLarge):
        names["big"]([2048])
    with pytest.raises(checked.TooLarge):
        names["minus"](-(2**30))


def run_checked(site_name: str, demand: str, hours: float | None = None) -> tuple[Any, Any]:
    """A night, or its first hours, with the debug build and as it is: the flat tables of both."""
    a_site = site.load(site_name)
    graph = Graph(a_site)
    plan = make_plan(a_site, graph, profiles.load_profile(a_site.profile), DATE)
    end_ms = plan.end_ms if hours is None else plan.begin_ms + round(hours * 3_600_000)
    moves = traffic.generate(a_site, graph, traffic.load_demand(demand), 1, plan.begin_ms, end_ms, plan.agenda.times.origin_utc_ms)
    told = night.readings(a_site, graph, moves, 1, (), plan.begin_ms, end_ms)
    kernel = variants.kernel_with(checked.core(), "lykta_checked_kernel")
    found = []
    for engine in (kernel, night.kernel):
        inputs, _ = night.prepare(plan, told, REAL.row(1), (), "python")
        levels, detections = engine.run(*inputs, plan.begin_ms, end_ms)
        found.append((levels.tolist(), detections.tolist()))
    return found[0], found[1]


@pytest.mark.parametrize(("site_name", "demand", "hours"), [("kungsholms_strand", "kungsholms@60", 0.8), ("valla_torg", "busy", 0.2)])
def test_nights__stay_within_thirty_bits(site_name: str, demand: str, hours: float):
    """The first hours of a busy night: nothing fails, and checking changes nothing."""
    with_checks, without = run_checked(site_name, demand, hours)
    assert with_checks == without
    assert len(without[1]) > 500


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize(("site_name", "demand"), [("kungsholms_strand", "kungsholms@60"), ("valla_torg", "busy")])
def test_nights__stay_within_thirty_bits_from_dusk_to_dawn(site_name: str, demand: str):
    """Whole busy nights of both packaged sites."""
    with_checks, without = run_checked(site_name, demand)
    assert with_checks == without


@settings(max_examples=40)
@given(histories())
def test_any_input__stays_within_thirty_bits(history: list[Any]):
    """Any input that fits its fields, in any state, up to the end of the settings and beyond."""
    one = Single(core=checked.core())
    for what in history:
        one.take(what)
    for ms in (1, 1_000_000, 40_000_000, 100_000_000):
        one.advance(ms)


@st.composite
def extreme_rows(draw: st.DrawFn) -> tuple[int, ...]:
    """Settings at their lowest or highest, or at their defaults; then repaired, as a node does."""
    row = [0] * schema.ROW
    for index, setting in enumerate(schema.SETTINGS):
        which = draw(st.sampled_from(("lowest", "highest", "default")))
        for road_user, default in enumerate(setting[3]):
            row[schema.position(index, road_user)] = {"lowest": setting[4], "highest": setting[5], "default": default}[which]
    schema.repair(row)
    return tuple(row)


@settings(max_examples=25, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(scenes(most=3), extreme_rows())
def test_extreme_settings__stay_within_thirty_bits(scene: Scene, row: tuple[int, ...]):
    """People on a street whose settings are at the ends of their limits."""
    scene.play(checked.core(), row)
