"""Nights by whole firmwares: the busiest hour and a phase change in every check; whole nights, and a week, in `make soak`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from gauges import faults
from gauges.size import compile_into
from lykta import traffic
from lykta.plan import Plan
from lykta.sensing import readings
from lykta.sim import engines, loop, night
from lykta.sim.radio import IDEAL
from tests.sim.looped import level_at, rows_of
from tests.sim.nights import HOUR_MS, plan_of
from tests.sim.test_loop_kills import five

pytestmark = [pytest.mark.micropython, pytest.mark.slow]
ENGINE = "compiled" if engines.available() else "python"
M = 60_000
SEED = 7
SETTLED_MS = 5_000  # at the begin a lamp comes down from full, or up from dark
#: (site, demand): the busiest that is packaged for it.
BUSY = (("kungsholms_strand", "kungsholms@60"), ("valla_torg", "busy"))
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
#: What whole nights may differ by: readings are seen up to a poll later, telegrams arrive later, so speeds differ by a per cent.
SAVING, SERVICE, DARK = 0.005, 0.002, 0.05


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware compiled, as it ships."""
    folder = tmp_path_factory.mktemp("firmware") / "shipped"
    compile_into(folder)
    return folder


def people(plan: Plan, demand: str, begin_ms: int, end_ms: int) -> pa.Table:
    """Who comes by in a part of the night."""
    origin = plan.agenda.times.origin_utc_ms
    return traffic.generate(plan.site, plan.graph, traffic.load_demand(demand), SEED, begin_ms, end_ms, origin)


def window(site: str, demand: str, when: str) -> tuple[int, int]:
    """(begin, end) of some minutes [ms]: round the change to the phase of the night, or in the hour in which most people come."""
    plan = plan_of(site)
    if when == "phase change":
        change = next(begin for begin, phase in plan.agenda.phases if phase.name == "night")
        return change - M // 2, change + 3 * M // 2
    first = people(plan, demand, plan.begin_ms, plan.end_ms).group_by("user").aggregate([("t0_ms", "min")])["t0_ms_min"]
    hours = Counter((t_ms - plan.begin_ms) // HOUR_MS for t_ms in first.to_pylist())
    busiest = max(hours, key=lambda hour: (hours[hour], -hour))
    return plan.begin_ms + busiest * HOUR_MS, plan.begin_ms + busiest * HOUR_MS + 2 * M


@pytest.mark.parametrize("when", ["busiest hour", "phase change"])
@pytest.mark.parametrize(("site", "demand"), BUSY)
def test_minutes__of_whole_firmwares_are_those_of_the_kernel(site: str, demand: str, when: str, shipped: Path):
    """Nobody is darker for longer than a second, and all together no brighter: the same light."""
    plan = plan_of(site)
    begin_ms, end_ms = window(site, demand, when)
    told = readings(plan.site, plan.graph, people(plan, demand, begin_ms, end_ms), SEED, (), begin_ms, end_ms)
    ours = rows_of(loop.run(plan, told, SEED, IDEAL.row(SEED), begin_ms=begin_ms, end_ms=end_ms, firmware=shipped).levels, 6, end_ms)
    levels, _, _ = night._by_kernel(plan, told, IDEAL.row(SEED), (), ENGINE)
    theirs = rows_of(levels, 6, end_ms)
    sums = [0, 0]
    for lamp in sorted({values[0] for values in ours}):
        mine, kernel = ([values for values in rows if values[0] == lamp] for rows in (ours, theirs))
        for t_ms in range(begin_ms + SETTLED_MS, end_ms - 1_000, 1_000):
            level = level_at(mine, t_ms)
            assert level >= min(level_at(kernel, moment) for moment in (t_ms - 1_000, t_ms, t_ms + 999)) - 1, (lamp, t_ms)
            sums[0] += level
            sums[1] += level_at(kernel, t_ms)
    assert abs(sums[0] - sums[1]) <= sums[1] // 100
    assert len(told) > 0


def summary(site: str, engine: str, folder: Path) -> dict[str, dict[str, float]]:
    """What `lykta simulate` says of a night."""
    command = [sys.executable, "-m", "lykta", "simulate", site, "--engine", engine, "--out", str(folder / engine)]
    subprocess.run(command, check=True, capture_output=True)
    found: dict[str, dict[str, float]] = json.loads((folder / engine / "summary.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.soak
@pytest.mark.parametrize(("site", "demand"), BUSY)
def test_night__as_a_person_would_run_it_has_the_kernels_report(site: str, demand: str, tmp_path: Path):
    """Whole nights with the site's own people: saving, service and dark seconds of the kernel."""
    kernel, by_loop = (summary(site, engine, tmp_path) for engine in ("auto", "loop"))
    assert abs(kernel["energy"]["saving"] - by_loop["energy"]["saving"]) <= SAVING
    assert abs(kernel["everyone"]["service"] - by_loop["everyone"]["service"]) <= SERVICE
    assert abs(kernel["everyone"]["dark_s"] - by_loop["everyone"]["dark_s"]) <= 5 + DARK * kernel["everyone"]["dark_s"]


def later(moves: pa.Table, days: int) -> pa.Table:
    """The same people some days later, as others."""
    for name, more in (("t0_ms", days * DAY_MS), ("t1_ms", days * DAY_MS), ("user", days * 10_000)):
        moves = moves.set_column(moves.schema.get_field_index(name), name, pc.add(moves[name], pa.scalar(more, pa.int32())))
    return moves


@pytest.mark.soak
def test_week__of_a_street_is_seven_good_nights():
    """Five whole nodes, seven days and nights: nothing restarts, fails or is said to be wrong; every night is lit, every noon dark."""
    plan = five().plan
    end = plan.begin_ms + WEEK_MS
    tonight = people(plan, "kungsholms@5", plan.begin_ms, plan.end_ms)
    told = readings(plan.site, plan.graph, pa.concat_tables([later(tonight, day) for day in range(7)]), SEED, (), plan.begin_ms, end)
    lit = loop.run(plan, told, SEED, IDEAL.row(SEED), end_ms=end)
    assert lit.falls == []
    for number, console in lit.consoles.items():
        wrong = [line for line in console.splitlines() if re.search("wrong|ended|Traceback", line) and "warm-up" not in line]
        assert wrong == [], (number, wrong[:3])
    for lamp in lit.duties:
        light = faults.Light(lit, lamp)
        for day in range(7):
            midnight = HOUR_MS * 12 + day * DAY_MS  # the night's clock counts from local noon
            assert light.least(midnight, midnight + HOUR_MS) >= 500
            assert day == 0 or light.least(day * DAY_MS, day * DAY_MS) == 0
