"""Hostile telegrams, letters and packets: none gets in, none raises, memory stays as it is.

On a real MicroPython VM: telegrams against the node's gate (the kinds of `tests/micropython/test_telegram.py`), letters from a broker that
lies (`test_hostile_letters.py`), frames of an opened neighbour at both ends of the post (`test_tasks_post.py`), and the packets
themselves, cut, lengthened or random (`test_mqtt.py`). On the host: what a node could send, under any topic (`tests/fleet/hostile.py`).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

from lykta.vm.find import environment, find_vm

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.fleet import hostile  # noqa: E402

COUNT = 1_000_000
_VERDICTS = ("taken", "length", "version or type", "segment", "stranger", "old", "stale", "busy", "forged")


def on_the_vm(script: str) -> list[int]:
    """The integers that a script prints on the VM. CalledProcessError, with what it printed, where anything got in, raised or grew."""
    paths = environment(ROOT / "firmware", ROOT / "tests" / "micropython")
    with tempfile.TemporaryDirectory() as folder:
        command = [find_vm(), "-X", "heapsize=2m", "-c", script]
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=paths, cwd=folder)
    return [int(word) for word in run.stdout.splitlines()[-1].split()]


def timed(count: int, what: str, run: Callable[[], list[int]]) -> tuple[str, list[int]]:
    """(so many of what in which time, what came of it)."""
    begin = perf_counter()
    found = run()
    spent = perf_counter() - begin
    return f"   {count:,} hostile {what} in {spent:.1f} s ({1e6 * spent / count:.1f} us each): ", found


def report(count: int = COUNT) -> Iterator[str]:
    """The lines of the figure. Two of the telegrams taken are authentic: one before and one after the hostile ones."""
    said, found = timed(count, "telegrams at a node", lambda: on_the_vm(f"import test_telegram as t; print(*t.hostile({count}))"))
    yield f"{said}{found[0] - 2} accepted (aim 0), 0 exceptions"
    yield "   refused: " + ", ".join(f"{name} {number:,}" for name, number in zip(_VERDICTS[1:], found[1:], strict=True) if number)
    script = f"import hooks; hooks.install(); import test_tasks_post as t; print(t.insider({count}))"
    said, found = timed(count, "frames of the post, of an insider, at a lamp and its gateway", lambda: on_the_vm(script))
    yield f"{said}0 letters accepted (aim 0), 0 exceptions, heap within 16 kB; {found[0]:,} were whole and not sealed by anybody"
    script = f"import hooks; hooks.install(); import test_hostile_letters as t; print(*t.hostile({count}))"
    said, found = timed(count, "letters at a node", lambda: on_the_vm(script))
    yield f"{said}0 obeyed (aim 0), 0 exceptions, heap within 4 kB; {found[0]:,} for nobody, {found[1]:,} refused"
    said, found = timed(count, "packets of a broker at a node", lambda: on_the_vm(f"import test_mqtt as t; print(t.measured({count}))"))
    yield f"{said}0 exceptions, heap within 256 bytes; {found[0]:,} were packets"
    said, found = timed(count, "messages and topics at the host", lambda: list(hostile.hostile(count)))
    yield f"{said}0 exceptions, {found[2]:,} blocks of memory kept (aim 0); {found[0]:,} topics of nobody, {found[1]:,} messages refused"


if __name__ == "__main__":
    for line in report():
        print(line)
