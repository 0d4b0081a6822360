"""The scripts behind the Makefile: one sentence on what to install, and a table with the time of each stage."""

from __future__ import annotations

import os
import subprocess
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytest_plugins = ["pytester"]


def script(folder: Path, name: str, body: str) -> None:
    """An executable shell script."""
    file = folder / name
    file.write_text("#!/bin/sh\n" + textwrap.dedent(body), encoding="utf-8")
    file.chmod(0o755)


def pretend_python(folder: Path, name: str, version: str, complete: bool) -> None:
    """A Python of some version that can or can not make environments, as far as .ci/find-python asks."""
    will_do = 11 <= int(version.split(".")[1]) <= 14
    script(
        folder,
        name,
        f"""
        case "$2" in
            *print*) echo {version} ;;
            *version_info*) exit {0 if will_do else 1} ;;
            *ensurepip*) exit {0 if complete else 1} ;;
        esac
        """,
    )


def find_python(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run .ci/find-python with only the given folder, and a Debian's `uname`, on PATH."""
    script(path, "uname", "echo Linux")
    return subprocess.run(
        ["/bin/sh", str(ROOT / ".ci" / "find-python")], capture_output=True, text=True, check=False, env={"PATH": str(path), **environment}
    )


@pytest.mark.parametrize("old_or_new", ["3.9", "3.15"])
def test_find_python__takes_the_first_that_will_do(tmp_path: Path, old_or_new: str):
    """A `python3` too old, or newer than the lock files know, is passed over."""
    pretend_python(tmp_path, "python3", old_or_new, complete=True)
    pretend_python(tmp_path, "python3.12", "3.12", complete=True)
    assert find_python(tmp_path).stdout == f"{tmp_path}/python3.12\n"


def test_find_python__says_that_python_is_too_old(tmp_path: Path):
    """Only an old Python: the sentence names it, and what to install."""
    pretend_python(tmp_path, "python3", "3.9", complete=True)
    found = find_python(tmp_path)
    assert (found.returncode, found.stdout) == (2, "")
    expected = (
        f"Lykta needs Python 3.11 to 3.14, and found {tmp_path}/python3 (3.9); run `sudo apt install python3 python3-venv`, "
        "or name one: `make PYTHON=/path/to/python3 ...`.\n"
    )
    assert found.stderr == expected


def test_find_python__says_that_venv_is_missing(tmp_path: Path):
    """Debian's Python without its venv: the sentence names the package."""
    pretend_python(tmp_path, "python3", "3.11", complete=False)
    found = find_python(tmp_path)
    assert found.returncode == 2
    expected = (
        f"{tmp_path}/python3 cannot make environments (its venv or ensurepip is missing): "
        "run `sudo apt install python3.11-venv`, then make again.\n"
    )
    assert found.stderr == expected


def test_find_python__tries_only_the_one_named(tmp_path: Path):
    """PYTHON names the only candidate, with its path."""
    pretend_python(tmp_path, "python3", "3.12", complete=True)
    pretend_python(tmp_path, "mine", "3.13", complete=True)
    assert find_python(tmp_path, PYTHON=str(tmp_path / "mine")).stdout == f"{tmp_path}/mine\n"


def test_find_python__says_so_if_there_is_none(tmp_path: Path):
    """No Python at all is no crash of the script."""
    assert find_python(tmp_path).stderr.startswith("Lykta needs Python 3.11 to 3.14, and found none;")


def test_stages__runs_all_and_fails_if_one_did(tmp_path: Path):
    """A stage that fails does not hide those after it; the table has each with its time, the exit status is 1."""
    script(tmp_path, "make", 'echo "ran $2"; [ "$2" != types ]')
    environment = {**os.environ, "MAKE": str(tmp_path / "make")}
    command = [str(ROOT / ".ci" / "stages"), "lint", "types", "test"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    table = [line.split() for line in run.stdout.split("\n\n")[-1].splitlines()]
    assert [(row[0], row[3]) for row in table[:-1]] == [("lint", "ok"), ("types", "FAILED"), ("test", "ok")]
    assert (table[-1][0], run.returncode) == ("total", 1)
    assert run.stderr == "failed: types (run one alone with `make STAGE`)\n"


@pytest.mark.parametrize(
    ("reason", "ci", "expected"), [("no VM", "true", 1), ("no VM", "", 0), ("the shared data are not here: x", "true", 0)]
)
def test_skipping__is_a_failure_in_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, reason: str, ci: str, expected: int):
    """In CI a skipped test fails, unless the shared data are missing."""
    monkeypatch.setenv("CI", ci)
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(f"import pytest\ndef test_it():\n    pytest.skip({reason!r})\n")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(failed=expected, skipped=1 - expected)
