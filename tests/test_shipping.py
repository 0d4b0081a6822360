"""The firmware as it ships: the same program with every constant in its place."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lykta.corehost import firmware_folder
from lykta.errors import LyktaError
from lykta.shipping import constants_of, handed_on, image_of, ship, slot_of
from lykta.vm import environment, find_vm
from tests.plan.streets import PLACES, dates, rich, street_at
from tests.plan.test_program_on_vm import on_the_vm, recorded

FILES = {
    "a.py": """
from micropython import const

ONE = const(1)
_TWO = const(ONE + 1)
plain = 7


def two():
    return _TWO
""",
    "pack/b.py": """
from micropython import const

from . import c
from .c import FOUR, five
from .c import SIX as half_dozen

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import Pin


def all_of(pin: "Pin", c2=c.SEVEN) -> "list[FOUR]":
    return [FOUR, c.SEVEN, half_dozen, five(), c.eight, c2]


def late():
    from . import f
    from .c import SIX, eight

    return [f.NINE, SIX, eight]
""",
    "pack/c.py": """
from micropython import const

FOUR = const(4)
SIX = const(6)
SEVEN = const(7)
eight = 8


def five():
    return 5
""",
    "pack/d.py": """
from . import e, f


def give():
    return e, f.NINE
""",
    "pack/e.py": "from micropython import const\n\nTEN = const(10)\n",
    "pack/f.py": "from micropython import const\n\nNINE = const(9)\n",
}


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """FILES as they ship."""
    for name, source in FILES.items():
        (tmp_path / "made" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "made" / name).write_text(source, encoding="utf-8")
    ship(tmp_path / "shipped", tmp_path / "made")
    return tmp_path / "shipped"


def test_constants__are_worked_out():
    """One may be made of others."""
    assert constants_of(ast.parse(FILES["a.py"])) == {"ONE": 1, "_TWO": 2}


def test_ship__puts_values_in_the_place_of_names(shipped: Path):
    """By their own name, by that of their module, by another name; what is no constant stays."""
    assert (shipped / "a.py").read_text().split() == ["plain", "=", "7", "def", "two():", "return", "2"]
    text = (shipped / "pack/b.py").read_text()
    assert "return [4, 7, 6, five(), c.eight, c2]" in text
    assert "c2=7" in text
    assert [word for word in ("micropython", "Pin", "half_dozen") if word in text] == []
    assert "from .c import eight\n    return [9, 6, eight]" in text


def test_ship__keeps_the_names_of_a_module_that_is_handed_on(shipped: Path):
    """Whoever is given it may ask for any of them."""
    assert "TEN = const(10)" in (shipped / "pack/e.py").read_text()
    assert "NINE" not in (shipped / "pack/f.py").read_text()


@pytest.mark.micropython
def test_ship__runs_as_it_was(shipped: Path, tmp_path: Path):
    """On the VM, the same values before and after."""
    script = "from pack import b, d; import a; print(b.all_of(None), b.late(), a.two(), d.give()[0].TEN, d.give()[1])"
    told = []
    for folder in (tmp_path / "made", shipped):
        run = subprocess.run([find_vm(), "-c", script], env=environment(folder), capture_output=True, text=True, check=True)
        told.append(run.stdout)
    assert told == ["[4, 7, 6, 5, 8, 7] [9, 6, 8] 2 10 9\n"] * 2


@pytest.mark.micropython
def test_ship__takes_no_memory_where_the_source_takes_none(tmp_path: Path):
    """Two values change places on the VM with the heap locked; with brackets behind the sign, as `ast.unparse` writes it, they cannot."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "swap.py").write_text("def swap(a, at):\n    a[at], a[at + 1] = a[at + 1], a[at]\n", encoding="utf-8")
    ship(tmp_path / "ships", tmp_path / "source")
    script = "import swap; from micropython import *; a = [1, 2]; heap_lock(); swap.swap(a, 0); heap_unlock(); print(a)"
    run = subprocess.run([find_vm(), "-c", script], capture_output=True, text=True, check=False, env=environment(tmp_path / "ships"))
    assert (run.returncode, run.stdout.strip()) == (0, "[2, 1]"), run.stdout


def test_ship__leaves_no_constant_by_name(tmp_path: Path):
    """In the project's firmware, but those of modules that are handed on."""
    names = ship(tmp_path)
    assert len(names) == len(list(firmware_folder().rglob("*.py")))
    left = {name for name in names if "const(" in (tmp_path / name).read_text(encoding="utf-8")}
    trees = {name: ast.parse((firmware_folder() / name).read_text(encoding="utf-8")) for name in names}
    modules = {name.removesuffix(".py").replace("/", "."): constants_of(tree) for name, tree in trees.items()}
    kept = {other for name, tree in trees.items() for other in handed_on(tree, name.removesuffix(".py").replace("/", "."), modules)}
    assert left <= {f"{module.replace('.', '/')}.py" for module in kept}


def test_ship__leaves_every_name_that_a_module_takes_from_another(tmp_path: Path):
    """In the project's firmware: what is imported anywhere, of devices that only some boards have too, is there."""
    names = ship(tmp_path)
    trees = {name.removesuffix(".py").replace("/", "."): ast.parse((tmp_path / name).read_text(encoding="utf-8")) for name in names}
    given = {module: _given(tree) for module, tree in trees.items()}
    assert [wanted for module, tree in trees.items() for wanted in _lacking(module, tree, given)] == []


def _given(tree: ast.Module) -> set[str]:
    """The names that a module has when it has been imported."""
    stored = {
        node.id for statement in tree.body for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    defined = {statement.name for statement in tree.body if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    aliases = [alias for statement in tree.body if isinstance(statement, (ast.Import, ast.ImportFrom)) for alias in statement.names]
    return stored | defined | {alias.asname or alias.name for alias in aliases}


def _lacking(module: str, tree: ast.Module, given: dict[str, set[str]]) -> Iterator[str]:
    """What a module wants of the others that they do not have: by import, or as an attribute."""
    called = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = ".".join([*(module.split(".")[: -node.level] if node.level else []), *([node.module] if node.module else [])])
            called |= {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in given}
            names = [alias.name for alias in node.names if f"{base}.{alias.name}" not in given]
            yield from (f"{module}: from {base} import {name}" for name in names if base in given and name not in given[base])
    for node in ast.walk(tree):
        of = called.get(node.value.id) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else None
        if of and node.attr not in given[of]:
            yield f"{module}: {of}.{node.attr}"


@pytest.mark.micropython
def test_ship__makes_the_nights_of_the_plan(tmp_path: Path):
    """The node's program on the VM, as it ships: the blocks of the plan, to the integer."""
    ship(tmp_path / "shipped")
    site = street_at(*PLACES["Lord Howe"])
    programs = [recorded(site, rich(), lamp, dates(301)) for lamp in site.lamps]
    assert on_the_vm(programs, tmp_path, tmp_path / "shipped") == str(len(programs) * len(dates(301)))


PACKAGE = {
    "lykta_node/app.py": b"where = __file__\n",
    "lykta_node/core/lamp.py": b"",
    "lykta_node/core/wave.py": b"",
    "lykta_node/tasks/log.py": b"",
}


def test_slot__is_files_on_an_official_image_and_an_image_where_there_is_rom():
    """By the ROM partitions that the board has: the second slot needs a second one."""
    files = slot_of("b", PACKAGE)
    assert (sorted(files.files), files.image) == ([f"b/{name}" for name in sorted(PACKAGE)], b"")
    assert slot_of("b", PACKAGE, [65_536]) == files
    image = slot_of("b", PACKAGE, [65_536, 65_536])
    assert (image.files, image.segment, image.image) == ({}, 1, image_of(PACKAGE))
    with pytest.raises(LyktaError, match="holds 10\\."):
        slot_of("a", PACKAGE, [10])


@pytest.mark.micropython
@pytest.mark.parametrize("slot", ["a", "b"])
def test_boot__runs_the_slot_from_its_rom_image(tmp_path: Path, slot: str):
    """boot.py mounts the image of the slot in use, and the app comes from there; from the folder of a slot whose partition is empty."""
    (tmp_path / "rom.img").write_bytes(slot_of(slot, PACKAGE, [65_536, 65_536]).image)
    (tmp_path / "slots").write_text(f"{slot} -")
    (tmp_path / slot / "lykta_node").mkdir(parents=True)
    (tmp_path / slot / "lykta_node" / "app.py").write_text("where = __file__\n")
    script = """
import os, sys, vfs
class Rom:  # what a runtime that has ROM partitions adds to this module
    VfsRom, mount = vfs.VfsRom, vfs.mount
    @staticmethod
    def rom_ioctl(operation, number):
        return memoryview(IMAGE) if (operation, number) == (2, WANTED) else -22
with open("rom.img", "rb") as file:
    IMAGE = file.read()
WANTED = int(sys.argv[1])
os.mount(vfs.VfsPosix(os.getcwd()), "/flash")
os.chdir("/flash")
sys.modules["vfs"] = Rom
source = open("boot.py").read().replace('"/slots"', '"slots"').replace('"/" + slot', '"/flash/" + slot')
exec(source)
sys.path.append("/flash")
from lykta_node import app
print(app.where)
"""
    (tmp_path / "boot.py").write_bytes((firmware_folder() / "boot.py").read_bytes())
    (tmp_path / "try.py").write_text(script)
    told = []
    for number in ("ab".index(slot), 7):
        command = [find_vm(), "try.py", str(number)]
        run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment())
        told.append(run.stdout.splitlines()[-1])
    assert told == [f"/rom_{slot}/lykta_node/app.py", f"/flash/{slot}/lykta_node/app.py"]
