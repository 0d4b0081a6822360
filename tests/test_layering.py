"""Who may import whom: data flows down the list and never back up. Reads the imports, imports nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.layering

ROOT = Path(__file__).resolve().parents[1]
HOST = ROOT / "host_tools" / "lykta"
FIRMWARE = ROOT / "firmware" / "lykta_node"

#: Modules at the root of the package that anyone may import; they import only each other.
LEAVES = {"errors", "tables", "corehost", "document", "units", "flowlines", "progress", "shipping", "wholefile"}

#: Area of the host -> the areas it builds on. Whoever may import an area may import what that builds on, too.
HOST_RULES = {
    "site": set(),
    "profiles": set(),
    "plan": {"site", "profiles"},
    "traffic": {"site"},
    "sensing": {"site", "traffic"},
    "vm": set(),
    "sim": {"plan", "traffic", "sensing", "vm"},
    "score": {"site", "profiles"},
    "report": {"score", "sim"},
    "scenarios": {"sim", "score", "report"},
    "node": {"plan", "vm"},
    "fleet": {"node"},
    "testing": {"scenarios"},
    "tune": {"scenarios"},
    "cli": {"site", "profiles", "plan", "traffic", "sensing", "sim", "score", "report", "scenarios", "tune", "node", "fleet", "studio"},
    "studio": {"site", "profiles", "plan", "traffic", "sensing", "sim", "score", "report", "scenarios", "tune", "node", "fleet"},
    "__main__": {"cli"},
}

#: Area of the node -> the areas it may import. Drivers are handed to the tasks by `app`.
NODE_RULES = {
    "core": {"core"},
    "drivers": {"drivers"},
    "tasks": {"tasks", "core"},
    "lib": {"lib"},
    "app": {"app", "devices", "online", "core", "drivers", "tasks", "lib"},
    "devices": {"drivers", "tasks"},
    "online": {"core", "devices", "drivers", "tasks"},
}

#: What single modules of an area may import besides, by how their names begin.
BESIDES = {"lykta.fleet.simulate": {"sim"}}

#: Modules of the core that an area of the host may use; others may use all. Score judges levels, it never decides them.
CORE_SEEN = {"score": {"dimmer", "schema"}}

#: Modules of the host's package that run on the VM, as the firmware does: they are no part of the host.
ON_THE_VM = HOST / "vm" / "shims"

#: What the core may import from outside: it has no clock, no I/O and no asyncio.
CORE_OUTSIDE = {"micropython"}


def imports(source: str, module: str, package: bool = False) -> Iterator[tuple[int, str]]:
    """The dotted names that a module imports, relative ones resolved: (line, name). `from a import b` gives a.b."""
    parts = module.split(".") if package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parts[: len(parts) - node.level + 1] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


def built_on(area: str) -> set[str]:
    """The areas of the host that an area may import: those it builds on, what they build on, and itself."""
    return {area}.union(*(built_on(below) for below in HOST_RULES[area]))


def allowed_to(module: str, area: str) -> set[str]:
    """The areas of the host that a module may import."""
    besides = (below for start, areas in BESIDES.items() if module.startswith(start) for below in areas)
    return built_on(area).union(*(built_on(below) for below in besides))


def modules(folder: Path) -> list[tuple[Path, str, str]]:
    """Every module below a package's folder: (file, dotted name, area)."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder).with_suffix("").parts
        name = ".".join([folder.name, *(part for part in parts if part != "__init__")])
        found.append((file, name, parts[0]))
    return found


def host_faults(file: str, source: str, module: str, area: str) -> list[str]:
    """What one module of the host imports and may not."""
    faults = []
    for line, name in imports(source, module, package=file.endswith("__init__.py")):
        top, _, rest = name.partition(".")
        wanted = rest.partition(".")[0]
        if top in ("lykta_node", "firmware") or (top == "micropython" and area != "corehost"):
            faults.append(f"{file}:{line} imports {name}: on the host only corehost loads the core")
        if top != "lykta" or wanted in ("", "__version__"):
            continue
        if area == "__init__" or (wanted not in LEAVES and (area in LEAVES or wanted not in allowed_to(module, area))):
            faults.append(f"{file}:{line} imports {name}: {area} may not know of it")
    return faults


def core_faults(file: str, source: str, area: str) -> list[str]:
    """The modules of the core that one module of the host uses and may not."""
    if area not in CORE_SEEN:
        return []
    faults = []
    for node in ast.walk(ast.parse(source)):
        used: list[str] = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("corehost"):
            used = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "corehost":
            used = [node.attr]
        faults += [f"{file}:{node.lineno} uses core's {name}" for name in used if name not in CORE_SEEN[area]]
    return faults


def node_faults(file: str, source: str, module: str, area: str) -> list[str]:
    """What one module of the node imports and may not."""
    faults = []
    for line, name in imports(source, module, package=file.endswith("__init__.py")):
        top, _, rest = name.partition(".")
        if top == "lykta_node":
            if rest.partition(".")[0] not in NODE_RULES[area]:
                faults.append(f"{file}:{line} imports {name}: {area} may not know of it")
        elif area == "core" and top not in CORE_OUTSIDE:
            faults.append(f"{file}:{line} imports {name}: the core is pure")
    return faults


def test_host__imports_only_what_lies_below():
    """Every module of the host imports only leaf modules and the areas it builds on."""
    faults = []
    for file, module, area in modules(HOST):
        if ON_THE_VM in file.parents:
            continue
        source, where = file.read_text(encoding="utf-8"), str(file.relative_to(ROOT))
        faults += host_faults(where, source, module, area) + core_faults(where, source, area)
    assert faults == []


def test_host__has_no_area_without_a_rule():
    """A new folder of the host gets its place in the list before it gets code."""
    areas = {area for _, _, area in modules(HOST)} - LEAVES - {"__init__", "_firmware", "_boards"}
    assert areas - set(HOST_RULES) == set()


def test_node__imports_only_what_lies_below():
    """Every module of the node imports only what its area may; the core nothing but `micropython`."""
    found = modules(FIRMWARE)
    assert {area for _, _, area in found} - set(NODE_RULES) == set()
    faults = []
    for file, module, area in found:
        faults += node_faults(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8"), module, area)
    assert faults == []


@pytest.mark.parametrize(
    ("area", "line", "allowed"),
    [
        ("site", "from lykta.profiles import load_profile", False),
        ("site", "from .. import profiles", False),
        ("site", "from lykta.errors import Problem", True),
        ("sim", "import lykta.site.model", True),
        ("sim", "from lykta import report", False),
        ("plan", "from ..sim.kernel import night", False),
        ("report", "from lykta.site.model import Site", True),
        ("report", "from lykta.scenarios import Scenario", False),
        ("scenarios", "from lykta.report import write_html", True),
        ("scenarios", "from lykta.cli import main", False),
        ("fleet", "from lykta.node.keys import KeyStore", True),
        ("fleet", "from lykta.sim import kernel", False),
        ("fleet", "from lykta.studio import app", False),
        ("fleet.simulate", "from lykta.sim import kernel", True),
        ("errors", "from lykta.site.model import Site", False),
        ("plan", "import lykta_node.core.wave", False),
        ("score", "from lykta.corehost import wave", False),
        ("score", "from lykta.corehost import dimmer", True),
        ("score", "from lykta import corehost\ncorehost.wave.step()", False),
    ],
)
def test_rules__tell_good_from_bad(area: str, line: str, allowed: bool):
    """The reader of imports catches each forbidden form, absolute, relative and by attribute."""
    module = f"lykta.{area}" if area in LEAVES or "." in area else f"lykta.{area}.anything"
    area = area.partition(".")[0]
    faults = host_faults("anything.py", line, module, area) + core_faults("anything.py", line, area)
    assert (faults == []) == allowed


@pytest.mark.parametrize(
    ("area", "line", "allowed"),
    [
        ("core", "from .schema import ROW", True),
        ("core", "from micropython import const", True),
        ("core", "import time", False),
        ("core", "from ..drivers import pir", False),
        ("drivers", "from ..core import schema", False),
        ("tasks", "from lykta_node.drivers import pir", False),
        ("app", "from .drivers import pir", True),
        ("devices", "from .drivers import pir", True),
        ("devices", "from .core import lamp", False),
        ("tasks", "from .. import online", False),
    ],
)
def test_node_rules__tell_good_from_bad(area: str, line: str, allowed: bool):
    """The same for the node."""
    module = f"lykta_node.{area}" if area in ("app", "devices", "online") else f"lykta_node.{area}.anything"
    assert (node_faults("anything.py", line, module, area) == []) == allowed
