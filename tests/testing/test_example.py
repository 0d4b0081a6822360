"""The repository that the README of `lykta.testing` shows: made from the page, and every step of its job run in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[2] / "host_tools" / "lykta" / "testing" / "README.md"
JOB = ".github/workflows/light.yml"


def blocks() -> dict[str, str]:
    """The files of the page: a line that begins with the name in back-quotes, then a fenced block."""
    found = re.findall(r"^`([\w./]+)`:[^\n]*\n\n```\w+\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return dict(found)


def run(command: str, folder: Path) -> None:
    """Run a line of the page in a folder, as its reader does; all that it printed is told where it fails."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_example__holds_what_its_job_checks(tmp_path: Path):
    """The site is made by the command on the page, all files are those of the page, and each `run` of the job ends well."""
    (made_by,) = re.findall(r"made once: (lykta site new .*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    run(made_by, tmp_path)
    for name, text in blocks().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    job = YAML(typ="safe").load((tmp_path / JOB).read_text(encoding="utf-8"))
    steps = [step["run"] for step in job["jobs"]["nights"]["steps"] if "run" in step]
    assert steps[0] == 'pip install "lykta[testing]"'
    for step in steps[1:]:
        run(step, tmp_path)
    assert {"winter.xml", "claims.xml"} <= {file.name for file in (tmp_path / "results").iterdir()}
    assert not (tmp_path / "lykta-failures").exists()
