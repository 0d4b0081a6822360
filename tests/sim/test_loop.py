"""The loop engine: whole firmwares do what the kernel says they do, to the ms that polls and telegrams take."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from lykta.corehost import dimmer, firmware_folder
from lykta.sensing import wire
from lykta.sim import engines, loop, night
from lykta.sim.breakdowns import Breakdown
from lykta.sim.radio import IDEAL, REAL, Radio
from tests.sim.looped import TICK_MS, Rows, dark_s, disagreements, level_at, replayed, rows_of, tolerance
from tests.sim.nights import people, plan_of

pytestmark = pytest.mark.micropython
ENGINE = "compiled" if engines.available() else "python"
SEED = 3
#: (site, demand, minutes of it): its phase change at the beginning, and people.
#: Minutes of a street that really polls: half a million looks at a pin.
POLLED = 1.5
SHORT = (("kungsholms_strand", "kungsholms@60", 8.0), ("valla_torg", "quiet", 3.0))
COMES_UP_MS = 3_000  # at light on, from dark
DARK_S = 2  # the radio's delays and losses differ between the engines
#: Posts of Valla Torg that are farther apart than a radio reaches are told by relays.
RELAYS = {"kungsholms_strand": 0, "valla_torg": 1}


@cache
def lit(site: str, demand: str, minutes: float, radio: Radio, breakdowns: tuple[Breakdown, ...] = ()) -> tuple[Rows, loop.Lit, int]:
    """The first minutes of a night: rows of the kernel, what the loop made, and the end [ms]."""
    plan = plan_of(site)
    _, told = people(plan, demand, SEED, 1)
    end_ms = plan.begin_ms + round(minutes * 60_000)
    by_loop = loop.run(plan, told, SEED, radio.row(SEED), (), breakdowns, end_ms=end_ms, trace="all")
    levels, _, _ = night._by_kernel(plan, told, radio.row(SEED), breakdowns, ENGINE)
    return rows_of(levels, 6, end_ms), by_loop, end_ms


@pytest.mark.parametrize(("site", "demand", "minutes"), SHORT)
def test_agreement__every_change_of_target_is_in_both_engines(site: str, demand: str, minutes: float):
    """Same people, same radio: the same targets for the same reasons, no further apart than the derived tolerance."""
    kernel, by_loop, end_ms = lit(site, demand, minutes, IDEAL)
    assert len(kernel) > 2 * len(by_loop.traces)
    assert disagreements(kernel, rows_of(by_loop.levels, 6, end_ms), tolerance(IDEAL.delay_ms, RELAYS[site])) == []


@pytest.mark.parametrize(("site", "demand", "minutes"), SHORT)
def test_replay__gives_the_same_integers(site: str, demand: str, minutes: float):
    """All that crossed the boundary of the core in the VMs, fed to the core here: difference 0 at every target of every lamp."""
    _, by_loop, _ = lit(site, demand, minutes, IDEAL)
    for lamp, trace in by_loop.traces.items():
        told, made = replayed(plan_of(site), lamp, trace)
        assert told == made and len(told) > 0


@pytest.mark.parametrize(("site", "demand", "minutes"), SHORT)
def test_light__is_that_of_the_law_at_every_step(site: str, demand: str, minutes: float):
    """The duty on the pin, through the fixture's curve, is the level that the law has at that ms, to a permille; or the lowest stable."""
    plan = plan_of(site)
    _, by_loop, end_ms = lit(site, demand, minutes, IDEAL)
    steps = 0
    for lamp, duties in by_loop.duties.items():
        rows = [values for values in rows_of(by_loop.levels, 6, end_ms) if values[0] == lamp]
        for t_ms, duty in duties:
            if t_ms > rows[0][1] + COMES_UP_MS:
                steps += 1
                level = level_at(rows, t_ms)
                wanted = max(level, plan.site.fixtures[plan.site.lamps[lamp].fixture].lowest_stable_permille) if level else 0
                assert abs(wire.flux_of(by_loop.curves[lamp], duty) - wanted) <= 1, (lamp, t_ms)
    assert steps > 100


def by_other(folder: Path, file: str, was: str, becomes: str, minutes: float = SHORT[0][2]) -> loop.Lit:
    """The first minutes of the first site by a firmware that differs in one place."""
    other = folder / "firmware"
    shutil.copytree(firmware_folder(), other, ignore=shutil.ignore_patterns("__pycache__"))
    source = (other / file).read_text(encoding="utf-8")
    assert source.count(was) == 1
    (other / file).write_text(source.replace(was, becomes), encoding="utf-8")
    site, demand, _ = SHORT[0]
    plan = plan_of(site)
    _, told = people(plan, demand, SEED, 1)
    return loop.run(plan, told, SEED, IDEAL.row(SEED), end_ms=plan.begin_ms + round(minutes * 60_000), firmware=other)


def test_agreement__a_firmware_that_is_one_tick_late_is_found_out(tmp_path: Path):
    """The tolerance is worth something: a firmware that looks at its sensors a tick later does not agree any more."""
    late = by_other(tmp_path, "lykta_node/tasks/sense.py", "PERIOD_MS = const(20)", f"PERIOD_MS = const({20 + TICK_MS})")
    kernel, _, end_ms = lit(*SHORT[0], IDEAL)
    assert disagreements(kernel, rows_of(late.levels, 6, end_ms), tolerance(IDEAL.delay_ms)) != []


@pytest.mark.slow
def test_pause__of_the_host_changes_nothing_that_polling_sees(tmp_path: Path):
    """A street that really polls its pins every 20 ms does the same at the same ms as one that is told when to look."""
    polled = by_other(tmp_path, "lykta_node/app.py", "trace.pause if trace else poll_pause", "poll_pause", POLLED)
    _, hooked, _ = lit(*SHORT[0][:2], POLLED, IDEAL)
    assert len(hooked.detections) > 10
    assert (hooked.levels, hooked.detections, hooked.duties) == (polled.levels, polled.detections, polled.duties)


def test_losses__and_a_dead_node_leave_everybody_lit():
    """With the real radio, a node that dies and comes back: its lamp is full meanwhile, and nobody is in the dark for it."""
    site, demand, minutes = SHORT[0]
    plan = plan_of(site)
    dead = Breakdown(10, "node", plan.begin_ms + 60_000, plan.begin_ms + 240_000)
    _, by_loop, end_ms = lit(site, demand, minutes, REAL, (dead,))
    loops = rows_of(by_loop.levels, 6, end_ms)
    own = [values for values in loops if values[0] == dead.lamp]
    assert all(level_at(own, t_ms) == 1000 for t_ms in range(dead.from_ms, dead.until_ms, 1_000))
    moves, told = people(plan, demand, SEED, 1)
    levels, detections, _ = night._by_kernel(plan, told, REAL.row(SEED), (), ENGINE)
    unbroken = dark_s(plan, moves, levels, detections, end_ms)
    assert dark_s(plan, moves, by_loop.levels, by_loop.detections, end_ms) <= unbroken + DARK_S


def test_night__by_the_loop_engine_has_the_tables_of_a_night(monkeypatch: pytest.MonkeyPatch):
    """`night.run` with the engine "loop" gives levels and detections in the form of the kernel's."""
    plan = plan_of("kungsholms_strand")
    moves, told = people(plan, "kungsholms@60", SEED, 1)
    end_ms = plan.begin_ms + 60_000
    monkeypatch.setattr(loop, "run", lambda *about, run=loop.run, **more: run(*about, end_ms=end_ms, **more))
    found = night.run(plan, moves, told, SEED, IDEAL, engine="loop")
    assert found.engine == "loop"
    assert found.levels.num_rows >= len(plan.site.lamps)
    assert set(found.levels["lamp"].to_pylist()) == set(range(len(plan.site.lamps)))
    assert max(found.levels["position"].to_pylist()) <= dimmer.FULL
