"""A night of one lamp on a real MicroPython VM: the same core, the same inputs, the same light, and the heap locked in every step."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lykta import corehost
from lykta.corehost import lamp as row
from lykta.sim import night
from lykta.sim.radio import REAL
from lykta.vm import environment, find_vm
from tests.core import variants
from tests.sim.nights import people, plan_of
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


def record(site: str, demand: str, lamp: int, path: Path) -> int:
    """Write what reached a lamp in a whole night; returns how many inputs."""
    plan = plan_of(site)
    _, told = people(plan, demand, 3, None if demand.startswith("kungsholms") else 3)  # the night of one lamp is whole in either case
    recorder = Recorder(lamp)
    inputs, _ = night.prepare(plan, told, REAL.row(3), (), "python")
    recorder.kernel.run(*inputs, plan.begin_ms, plan.end_ms)
    head = [plan.blocks[plan.block_of[lamp]], plan.tables.tables[lamp], [plan.tables.own[lamp], lamp, plan.begin_ms]]
    lines = [*head, *recorder.lines, recorder.row]
    path.write_text("".join(" ".join(map(str, line)) + "\n" for line in lines), encoding="ascii")
    return len(recorder.lines)


@pytest.mark.parametrize(("site", "demand", "lamp"), [("kungsholms_strand", "kungsholms", 17), ("valla_torg", "quiet", 6)])
def test_night__on_the_vm_is_the_night_on_cpython(site: str, demand: str, lamp: int, tmp_path: Path):
    """After every input position, target, rate and cause are equal, and in the end the whole row; no step allocates."""
    count = record(site, demand, lamp, tmp_path / "night.txt")
    command = [find_vm(), "-X", "heapsize=1m", str(HERE / "replay.py"), str(tmp_path / "night.txt")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(ROOT / "firmware", HERE), timeout=600)
    assert (run.returncode, run.stdout.strip()) == (0, str(count)), run.stderr
    assert count > 1000
