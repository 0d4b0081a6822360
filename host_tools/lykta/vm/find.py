"""Where a MicroPython VM is on this machine, and what to do where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lykta.errors import EnvironmentLacks

OLDEST = (1, 25)
HOW_TO_GET_ONE = (
    "No MicroPython VM: `make env` installs one on Linux x86-64 and macOS arm64; elsewhere install the package `micropython` "
    f"{OLDEST[0]}.{OLDEST[1]} or newer (Debian 13, Ubuntu 24.04, Homebrew), or name one in LYKTA_MICROPYTHON."
)
SHIMS = Path(__file__).with_name("shims")


def version_of(vm: str) -> tuple[int, ...]:
    """The version that a VM says it has; () if it does not run."""
    command = [vm, "-c", "import sys; print(*sys.implementation.version[:2])"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return tuple(int(word) for word in run.stdout.split()) if run.returncode == 0 else ()


def find_vm() -> str:
    """The VM: the one named in LYKTA_MICROPYTHON, the one of the environment, or one on PATH that is new enough.

    EnvironmentLacks where there is none; CPython is never the substitute.
    """
    named = os.environ.get("LYKTA_MICROPYTHON")
    if named:
        if not shutil.which(named):
            raise EnvironmentLacks(f"LYKTA_MICROPYTHON names {named}, which is not there. {HOW_TO_GET_ONE}")
        return named
    for vm in (str(Path(sys.executable).with_name("micropython")), shutil.which("micropython")):
        if vm and Path(vm).is_file() and version_of(vm) >= OLDEST:
            return vm
    raise EnvironmentLacks(HOW_TO_GET_ONE)


def environment(*folders: Path) -> dict[str, str]:
    """The environment of a VM that finds modules in these folders, then the shims, then what is frozen into it."""
    paths = [*(str(folder) for folder in folders), str(SHIMS), ".frozen"]
    return {**os.environ, "MICROPYPATH": os.pathsep.join(paths), "TZ": "UTC"}
