"""Hostile telegrams against the node's gate, on a real MicroPython VM: none gets in, none raises, the heap stays as it is.

The kinds are those of `tests/micropython/test_telegram.py`: random, truncated, bit-flipped, replayed, stale, under a foreign key.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from lykta.vm.find import environment, find_vm

ROOT = Path(__file__).resolve().parents[2]
COUNT = 1_000_000
_VERDICTS = ("taken", "length", "version or type", "segment", "stranger", "old", "stale", "busy", "forged")


def verdicts(count: int) -> list[int]:
    """How many telegrams met each verdict. CalledProcessError, with what the VM printed, if one got in, raised, or left memory behind."""
    script = f"import test_telegram as t; print(*t.hostile({count}))"
    paths = environment(ROOT / "firmware", ROOT / "tests" / "micropython")
    with tempfile.TemporaryDirectory() as folder:
        command = [find_vm(), "-X", "heapsize=1m", "-c", script]
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=paths, cwd=folder)
    return [int(word) for word in run.stdout.split()]


def report(count: int = COUNT) -> Iterator[str]:
    """The lines of the figure. Two of those taken are authentic: one before and one after the hostile ones."""
    begin = perf_counter()
    found = verdicts(count)
    spent = perf_counter() - begin
    each = 1e6 * spent / count
    yield f"   {count:,} hostile telegrams in {spent:.1f} s ({each:.1f} us each): {found[0] - 2} accepted (aim 0), 0 exceptions"
    yield "   refused: " + ", ".join(f"{name} {number:,}" for name, number in zip(_VERDICTS[1:], found[1:], strict=True) if number)


if __name__ == "__main__":
    for line in report():
        print(line)
