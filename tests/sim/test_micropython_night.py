"""A night of one lamp on a real MicroPython VM: the same core, the same inputs, the same light, and the heap locked in every step."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lykta import corehost
from lykta.corehost import lamp as row
from lykta.plan import Plan, make_plan
from lykta.scenarios.model import with_ideal_sensors
from lykta.sim import night
from lykta.sim.radio import REAL
from lykta.site.graph import Graph
from lykta.vm import environment, find_vm
from tests.core import variants
from tests.sim.nights import HOUR_MS, people, plan_of
from tests.test_micropython import HERE, ROOT

pytestmark = pytest.mark.micropython
ADVANCE, READING, FRAME, HEARTBEAT = range(4)


class Recorder:
    """Stands between the kernel and the core, and writes down what reaches one lamp."""

    def __init__(self, lamp: int) -> None:
        self.lamp = lamp
        self.lines: list[list[int]] = []
        self.row: list[int] = []
        core = corehost.load()
        self.real = core["control"]
        self.kernel: ModuleType = variants.kernel_with(core, "lykta_recording")
        names = ("start", "settle", "fault", "next_change_ms")
        self.kernel.control = SimpleNamespace(
            **{name: getattr(self.real, name) for name in names},
            advance=self.recorded(ADVANCE, self.real.advance),
            reading=self.recorded(READING, self.real.reading),
            frame=self.recorded(FRAME, self.real.frame),
            heartbeat=self.recorded(HEARTBEAT, self.real.heartbeat),
        )

    def recorded(self, what: int, call: Any) -> Any:
        """A function of `control` that is written down where it is about the lamp."""

        def do(lamp: list[int], block: Any, table: Any, own: int, *about: Any) -> None:
            if lamp[row.ID] != self.lamp:
                return call(lamp, block, table, own, *about)
            told = [about[0], *about[1][about[2] : about[2] + row.FRAME_LENGTH]] if what == FRAME else [int(value) for value in about]
            lamp[row.SEND] = 0
            call(lamp, block, table, own, *about)
            self.row = lamp
            self.lines.append([what, *(lamp[at] for at in (row.POSITION, row.TARGET, row.RATE, row.CAUSE, row.SEND)), *told])
            return None

        return do


def record(plan: Plan, demand: str, lamp: int, path: Path, hours: float | None, end_ms: int) -> int:
    """Write what reached a lamp until `end_ms`, of a night whose people come in its first hours only (None: all night); how many inputs."""
    _, told = people(plan, demand, 3, hours)
    recorder = Recorder(lamp)
    inputs, _ = night.prepare(plan, told, REAL.row(3), (), "python")
    recorder.kernel.run(*inputs, plan.begin_ms, end_ms)
    head = [plan.blocks[plan.block_of[lamp]], plan.tables.tables[lamp], [plan.tables.own[lamp], lamp, plan.begin_ms]]
    lines = [*head, *recorder.lines, recorder.row]
    path.write_text("".join(" ".join(map(str, line)) + "\n" for line in lines), encoding="ascii")
    return len(recorder.lines)


def replay(path: Path, count: int) -> None:
    """The VM goes through the record, and finds as many inputs."""
    command = [find_vm(), "-X", "heapsize=1m", str(HERE / "replay.py"), str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(ROOT / "firmware", HERE), timeout=600)
    assert (run.returncode, run.stdout.strip()) == (0, str(count)), run.stdout + run.stderr


@pytest.mark.parametrize(("site", "demand", "lamp"), [("kungsholms_strand", "kungsholms", 17), ("valla_torg", "quiet", 6)])
def test_night__on_the_vm_is_the_night_on_cpython(site: str, demand: str, lamp: int, tmp_path: Path):
    """After every input position, target, rate and cause are equal, and in the end the whole row; no step allocates."""
    plan = plan_of(site)
    hours = None if demand.startswith("kungsholms") else 3  # the night of one lamp is whole in either case
    count = record(plan, demand, lamp, tmp_path / "night.txt", hours, plan.end_ms)
    replay(tmp_path / "night.txt", count)
    assert count > 1000


def test_busy_half_hour__of_sensors_that_tell_users_apart_is_that_on_cpython(tmp_path: Path):
    """Each user is told when he comes and when he leaves, from two sides at once too, and more of them than slots."""
    plan = plan_of("valla_torg")
    apart = with_ideal_sensors(plan.site)
    plan = make_plan(apart, Graph(apart), plan.profile, plan.date)
    count = record(plan, "busy", 6, tmp_path / "night.txt", 0.5, plan.begin_ms + HOUR_MS // 2)
    replay(tmp_path / "night.txt", count)
    assert count > 1000
