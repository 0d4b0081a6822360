"""Where SUMO is on this machine, running its programs, and what to do where there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lykta.errors import EnvironmentLacks, LyktaError

HOW_TO_GET_IT = (
    'Traffic by SUMO needs Eclipse SUMO: install it with `pip install "lykta[sumo]"` (in a clone: `make sumo`), or name the folder of an '
    "installed one in SUMO_HOME."
)
_SAID_LINES = 4


def home() -> Path:
    """The folder of SUMO: the one that SUMO_HOME names, or that of the package. EnvironmentLacks where there is none."""
    named = os.environ.get("SUMO_HOME")
    if named and _program(Path(named), "sumo"):
        return Path(named)
    spec = find_spec("sumo")
    if spec is not None and spec.origin and _program(Path(spec.origin).parent, "sumo"):
        return Path(spec.origin).parent
    raise EnvironmentLacks(HOW_TO_GET_IT if not named else f"SUMO_HOME names {named}, where no bin/sumo is. {HOW_TO_GET_IT}")


def _program(folder: Path, name: str) -> str | None:
    return shutil.which(name, path=str(folder / "bin"))


@cache
def version() -> str:
    """The version of SUMO, such as 1.28.0; it is part of what its results are cached under."""
    said = run("sumo", ["--version"], "asking for its version")
    found = re.search(r"sumo (?:Version )?v?(\d[\w.+-]*)", said)
    return found.group(1) if found else said.strip()[:40]


def run(program: str, options: Sequence[str], doing: str) -> str:
    """Run one of SUMO's programs; returns what it printed. LyktaError with its first complaints where it fails."""
    folder = home()
    path = _program(folder, program)
    if path is None:
        raise EnvironmentLacks(f"{folder} has no {program}. {HOW_TO_GET_IT}")
    proj = folder / "data" / "proj"
    extra = {"SUMO_HOME": str(folder), **({"PROJ_LIB": str(proj), "PROJ_DATA": str(proj)} if proj.is_dir() else {})}
    done = subprocess.run([path, *options], capture_output=True, text=True, check=False, env={**os.environ, **extra})
    if done.returncode != 0:
        lines = [line.removeprefix("Error: ") for line in (done.stderr or done.stdout).splitlines() if line.startswith("Error")]
        said = " ".join(lines[:_SAID_LINES]) or f"exit status {done.returncode}"
        raise LyktaError(f"SUMO's {program} failed while {doing}: {said}")
    return done.stdout
