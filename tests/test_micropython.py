"""Runs each test function of tests/micropython/ on a real MicroPython VM, with the firmware as it ships."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.micropython

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "tests" / "micropython"
OLDEST = (1, 25)
#: Objects of this 64-bit VM take up to twice the room of those on the node, and it compiles sources besides.
HEAP = "1m"
HOW_TO_GET_ONE = (
    "No MicroPython VM: `make env` installs one on Linux x86-64 and macOS arm64; elsewhere install the package `micropython` "
    f"{OLDEST[0]}.{OLDEST[1]} or newer (Debian 13, Ubuntu 24.04, Homebrew), or name one in LYKTA_MICROPYTHON."
)


def version_of(vm: str) -> tuple[int, ...]:
    """The version that a VM says it has; () if it does not run."""
    command = [vm, "-c", "import sys; print(*sys.implementation.version[:2])"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return tuple(int(word) for word in run.stdout.split()) if run.returncode == 0 else ()


def find_vm() -> str:
    """The VM: the one named in LYKTA_MICROPYTHON, the one of the environment, or one on PATH that is new enough."""
    named = os.environ.get("LYKTA_MICROPYTHON")
    if named:
        if not shutil.which(named):
            raise FileNotFoundError(f"LYKTA_MICROPYTHON names {named}, which is not there. {HOW_TO_GET_ONE}")
        return named
    for vm in (str(Path(sys.executable).with_name("micropython")), shutil.which("micropython")):
        if vm and Path(vm).is_file() and version_of(vm) >= OLDEST:
            return vm
    raise FileNotFoundError(HOW_TO_GET_ONE)


def claims() -> list[object]:
    """One parameter for each test function in tests/micropython/."""
    found = []
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marks = [pytest.mark.slow] if node.name.endswith("__slow") else []
                found.append(pytest.param(file.stem, node.name, id=f"{file.stem}-{node.name}", marks=marks))
    return found


@pytest.fixture(scope="session")
def vm() -> str:
    """The VM; a test that finds none fails with how to get one: CPython is never the silent substitute."""
    try:
        return find_vm()
    except FileNotFoundError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.mark.parametrize(("module", "claim"), claims())
def test_on_the_vm(vm: str, module: str, claim: str):
    """The claim holds on MicroPython, each in a VM of its own with a small heap."""
    paths = os.pathsep.join([str(ROOT / "firmware"), str(HERE), ".frozen"])
    command = [vm, "-X", f"heapsize={HEAP}", "-c", f"import {module}; {module}.{claim}()"]
    environment = {**os.environ, "MICROPYPATH": paths, "TZ": "UTC"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=600)
    if run.returncode != 0:
        pytest.fail(f"{module}.{claim} on {vm}:\n{run.stdout}{run.stderr}", pytrace=False)


def test_runner__finds_the_claims():
    """There is something to run, and it is found by reading, not by importing it on CPython."""
    assert len(claims()) > 0


def test_runner__sees_a_claim_fail(vm: str):
    """A failed assertion on the VM is an exit status, not silence."""
    assert subprocess.run([vm, "-c", "assert False"], capture_output=True, check=False).returncode != 0


def test_vm__missing_one_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Without a VM the message names what to install."""
    monkeypatch.setenv("LYKTA_MICROPYTHON", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="install the package `micropython`"):
        find_vm()
