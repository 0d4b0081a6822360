"""The wheel works outside the clone: built, installed into an empty environment, and a night simulated in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, knowing nothing of the clone or of CI; fails with all that it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "MICROPYPATH")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the pinned build backend of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment that holds nothing but the locked base set and the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run([*install, "--require-hashes", "-r", str(ROOT / "locks" / "base.txt")], folder)
    run([*install, "--no-deps", str(wheel)], folder)
    return python


def shipped(folder: Path) -> set[str]:
    """The files below a folder of the clone, caches apart, as paths relative to it."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith(".")
    }


def test_wheel__carries_firmware_boards_and_data(wheel: Path):
    """Every file of the package, the firmware and the boards is in the wheel, and nothing else is."""
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("lykta/")}
    expected = {f"lykta/{file}" for file in shipped(ROOT / "host_tools" / "lykta")}
    expected |= {f"lykta/_firmware/{file}" for file in shipped(ROOT / "firmware")}
    expected |= {f"lykta/_boards/{file}" for file in shipped(ROOT / "boards")}
    assert inside == expected


def test_wheel__simulates_a_night_in_an_empty_folder(installed: Path, tmp_path: Path):
    """`lykta simulate valla_torg --out night` needs nothing of the clone and leaves report, tables and summary."""
    done = run([str(installed.with_name("lykta")), "simulate", "valla_torg", "--out", "night"], tmp_path)
    assert "report.html" in done.stdout
    night = tmp_path / "night"
    wanted = {"report.html", "levels.parquet", "detections.parquet", "trajectories.parquet", "summary.json"}
    assert wanted - {file.name for file in night.iterdir()} == set()
    assert json.loads((night / "summary.json").read_text(encoding="utf-8")) != {}
    assert "<html" in (night / "report.html").read_text(encoding="utf-8")[:2000]


def test_wheel__runs_its_own_firmware(installed: Path, tmp_path: Path):
    """The control law comes out of the wheel, not out of the clone."""
    program = "from lykta import corehost; print(corehost.schema.__file__)"
    file = Path(run([str(installed), "-c", program], tmp_path).stdout.strip())
    assert file.relative_to(installed.parents[1]).parts[-5:] == ("lykta", "_firmware", "lykta_node", "core", "schema.py")


def test_wheel__knows_its_boards(installed: Path, tmp_path: Path):
    """They come out of the wheel, checked as in the clone; a site may name them."""
    program = "from lykta.plan.board_reader import load_board, packaged_boards; print(*(load_board(name).id for name in packaged_boards()))"
    assert run([str(installed), "-c", program], tmp_path).stdout.split() == ["esp32_devkitc", "esp32_poe", "esp32c3_mini", "esp32s3_post"]
