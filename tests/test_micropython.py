"""Runs each test function of tests/micropython/ on a real MicroPython VM, with the firmware as it ships."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from gauges import security
from lykta.errors import EnvironmentLacks
from lykta.vm import environment, find_vm

pytestmark = pytest.mark.micropython

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "tests" / "micropython"
#: Objects of this 64-bit VM take up to twice the room of those on the node, it compiles sources and the shims besides, and
#: the virtual world outside the node (a flood on its way to the antenna) lives here too. The gate of the real heap is test-fetch.
HEAP = "2m"


def claims() -> list[object]:
    """One parameter for each test function in tests/micropython/."""
    found = []
    for file in sorted(HERE.glob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marks = [pytest.mark.slow] if node.name.endswith(("__slow", "__soak")) else []
                marks += [pytest.mark.soak] if node.name.endswith("__soak") else []
                said = security.MARK.match(lines[node.lineno - 2])
                marks += [pytest.mark.security(*map(int, said[1].split(", ")))] if said else []
                found.append(pytest.param(file.stem, node.name, id=f"{file.stem}-{node.name}", marks=marks))
    return found


@pytest.fixture(scope="session")
def vm() -> str:
    """The VM; a test that finds none fails with how to get one: CPython is never the silent substitute."""
    try:
        return find_vm()
    except EnvironmentLacks as error:
        pytest.fail(str(error), pytrace=False)


@pytest.mark.parametrize(("module", "claim"), claims())
def test_on_the_vm(vm: str, module: str, claim: str, tmp_path: Path):
    """The claim holds on MicroPython, each in a VM of its own with a small heap, on a virtual board and in an empty folder."""
    script = f"import hooks; hooks.install(); import {module}; {module}.{claim}()"
    command = [vm, "-X", f"heapsize={HEAP}", "-c", script]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(ROOT / "firmware", HERE), cwd=tmp_path, timeout=7_200
    )
    if run.returncode != 0:
        pytest.fail(f"{module}.{claim} on {vm}:\n{run.stdout}{run.stderr}", pytrace=False)


def test_runner__finds_the_claims():
    """There is something to run, and it is found by reading, not by importing it on CPython."""
    assert len(claims()) > 0


def test_runner__sees_a_claim_fail(vm: str):
    """A failed assertion on the VM is an exit status, not silence."""
    assert subprocess.run([vm, "-c", "assert False"], capture_output=True, check=False).returncode != 0
