"""The lock files pin everything with hashes, name no place to fetch from, and cover what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.docs

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(file: Path) -> dict[str, Requirement]:
    """The pinned requirements of a lock file by their canonical name."""
    lines = re.sub(r"\\\n", " ", file.read_text(encoding="utf-8")).splitlines()
    entries = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    found = [Requirement(line.split("--hash")[0].strip()) for line in entries]
    return {canonicalize_name(pin.name): pin for pin in found}


def wanted(*tables: list[object]) -> list[Requirement]:
    """The requirements written in pyproject.toml, references to other groups left out."""
    return [Requirement(text) for table in tables for text in table if isinstance(text, str)]


def unmet(file: Path, requirements: list[Requirement]) -> list[str]:
    """What a lock file lacks or pins outside of what was asked."""
    locked = pins(file)
    faults = []
    for requirement in requirements:
        pin = locked.get(canonicalize_name(requirement.name))
        version = next(iter(pin.specifier)).version if pin else None
        if version is None or version not in requirement.specifier:
            faults.append(f"{file.name}: {requirement} is locked as {version}; run `make lock`")
    return faults


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_lock__pins_everything_with_hashes(file: Path):
    """Every entry reads `name==version` and has at least one SHA-256."""
    text = re.sub(r"\\\n", " ", file.read_text(encoding="utf-8"))
    entries = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert entries != []
    assert [line for line in entries if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_lock__names_no_place_to_fetch_from(file: Path):
    """No address, no index, no folder of a machine: whoever installs uses the registry of their own machine."""
    text = file.read_text(encoding="utf-8")
    assert re.findall(r".*(?:://|@ |--index|--extra-index|--find-links|(?:^|\s)-[if] |\s/\w).*", text) == []


def test_locks__cover_what_is_asked_for():
    """Each requirement of pyproject.toml is in its lock file, in a version that it allows."""
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    base = wanted(project["dependencies"], groups["build"])
    fast = wanted(project["optional-dependencies"]["fast"])
    faults = unmet(ROOT / "locks" / "base.txt", base)
    faults += unmet(ROOT / "locks" / "fast.txt", base + fast)
    faults += unmet(
        ROOT / "locks" / "fleet.txt", base + wanted(*(project["optional-dependencies"][extra] for extra in ("fleet", "flash", "vm")))
    )
    faults += unmet(ROOT / "locks" / "sumo.txt", base + wanted(project["optional-dependencies"]["sumo"]))
    faults += unmet(ROOT / "locks" / "dev.txt", base + fast + wanted(groups["dev"]))
    assert faults == []


def test_locks__agree_on_versions():
    """The larger set holds the smaller one in the same versions, so that installing it moves nothing."""
    base, fast, fleet, dev = (pins(ROOT / "locks" / f"{name}.txt") for name in ("base", "fast", "fleet", "dev"))
    for small, large in ((base, fast), (fast, dev), (base, fleet), (fleet, dev)):
        assert {name: str(large[name].specifier) for name in small} == {name: str(pin.specifier) for name, pin in small.items()}
    beside = pins(ROOT / "locks" / "sumo.txt")
    assert {name: str(pin.specifier) for name, pin in beside.items() if name in dev} == {
        name: str(dev[name].specifier) for name in beside if name in dev
    }
