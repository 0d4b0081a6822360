"""The firmware as it goes to a node: every constant in its place, and the names of constants gone.

A name that `const` gives costs a node a place in a dictionary and a string, wherever another module needs it, and its use a search
by name. Here each is replaced by its value in all modules, and what only held or imported such names is left out; nothing
else changes. `mpy-cross` does the same within one module, for names that begin with an underscore.

Compiled, it lies in a slot of the node: as files in the folder `/a` or `/b`, or, where the runtime has ROM partitions, as an image in
the first or the second of them (`slot_of`; firmware/README.md says what that means for the heap).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lykta.corehost import firmware_folder
from lykta.errors import EnvironmentLacks, LyktaError

#: The slots of a node, each with the number of its ROM partition: what `vfs.rom_ioctl(2, number)` is the memory of.
SLOTS: Mapping[str, int] = {"a": 0, "b": 1}
#: By the dotted name of a module: the values of its constants.
Constants = Mapping[str, Mapping[str, int]]


def ship(target: Path, firmware: Path | None = None) -> list[str]:
    """Write the firmware as it ships into a folder; the names of its files. `firmware`: by default the project's own."""
    folder = firmware or firmware_folder()
    files = {file.relative_to(folder): file for file in sorted(folder.rglob("*.py"))}
    trees = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in files.items()}
    known = {_dotted(name): constants_of(tree) for name, tree in trees.items()}
    kept = {module for name, tree in trees.items() for module in handed_on(tree, _dotted(name), known)}
    for name, tree in trees.items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        changed = folded(tree, _dotted(name), known, keep=_dotted(name) in kept)
        place.write_text(text_of(changed), encoding="utf-8")
    return [name.as_posix() for name in files]


def text_of(tree: ast.Module) -> str:
    """The source of a module, which may be changed by that: in `a, b = b, a` without the brackets that `ast.unparse` puts behind the sign.

    With them MicroPython makes a tuple on the heap, without them it needs none.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            node.value = ast.Name(", ".join(map(ast.unparse, node.value.elts)), ast.Load())
    return ast.unparse(tree) + "\n"


def _dotted(name: Path) -> str:
    return ".".join(name.with_suffix("").parts)


def constants_of(tree: ast.Module) -> dict[str, int]:
    """The names that a module gives with `const`, with their values."""
    found: dict[str, int] = {}
    for statement in tree.body:
        target = _constant(statement)
        if target and isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            expression = ast.Expression(_Folder({}, dict(found)).visit(statement.value.args[0]))
            found[target] = eval(compile(ast.fix_missing_locations(expression), target, "eval"), {"__builtins__": {}})
    return found


def _constant(statement: ast.stmt) -> str:
    """The name to which a statement gives a constant; "" if it is none."""
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call) and isinstance(statement.targets[0], ast.Name):
        function = statement.value.func
        if isinstance(function, ast.Name) and function.id == "const":
            return statement.targets[0].id
    return ""


class _Folder(ast.NodeTransformer):
    """Puts values in the place of names. `modules`: by alias, the constants of that module; `names`: constants by their own name."""

    def __init__(self, modules: Mapping[str, Mapping[str, int]], names: Mapping[str, int]) -> None:
        self.modules = modules
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A constant by its own name."""
        if isinstance(node.ctx, ast.Load) and node.id in self.names:
            return ast.copy_location(ast.Constant(self.names[node.id]), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A constant of another module."""
        if isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load) and node.attr in self.modules.get(node.value.id, {}):
            return ast.copy_location(ast.Constant(self.modules[node.value.id][node.attr]), node)
        return self.generic_visit(node)


def folded(tree: ast.Module, module: str, known: Constants, keep: bool) -> ast.Module:
    """A module with all constants folded; imports and assignments that nothing needs any more are left out.

    `keep`: its own constants keep their names, since the module is handed on as a value.
    """
    modules = {called: known[name] for called, name in _modules(tree, module, known).items()}
    names = dict(known[module])
    for statement in _imports(tree):
        of = known.get(_base(statement, module), {})
        names |= {alias.asname or alias.name: of[alias.name] for alias in statement.names if alias.name in of}
    body = [statement for statement in tree.body if (keep or not _constant(statement)) and not _for_types(statement)]
    changed = ast.Module([_Folder(modules, names).visit(statement) for statement in body], [])
    _strip(changed)
    used = {node.id for node in ast.walk(changed) if isinstance(node, ast.Name)}
    pruned = [_Pruner(used).visit(statement) for statement in changed.body]
    changed.body = [statement for statement in pruned if not isinstance(statement, ast.Pass)]
    return ast.fix_missing_locations(changed)


def _imports(tree: ast.Module) -> list[ast.ImportFrom]:
    """Every import by name: those within functions too, of what not every node has."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def _modules(tree: ast.Module, module: str, known: Constants) -> dict[str, str]:
    """The modules of ours that a module imports: what it calls each -> its dotted name."""
    found: dict[str, str] = {}
    for statement in _imports(tree):
        base = _base(statement, module)
        found |= {alias.asname or alias.name: f"{base}.{alias.name}" for alias in statement.names if f"{base}.{alias.name}" in known}
    return found


def handed_on(tree: ast.Module, module: str, known: Constants) -> set[str]:
    """The modules that a module uses otherwise than by the names in them, such as handing them to somebody."""
    modules = _modules(tree, module, known)
    by_name = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {
        modules[node.id] for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in modules and id(node) not in by_name
    } - {module}


def _base(statement: ast.ImportFrom, module: str) -> str:
    """The dotted name of what is imported from."""
    if not statement.level:
        return statement.module or ""
    return ".".join([*module.split(".")[: -statement.level], *([statement.module] if statement.module else [])])


def _for_types(statement: ast.stmt) -> bool:
    """Whether a statement is only for the checker of types."""
    return isinstance(statement, ast.If) and isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING"


def _strip(tree: ast.Module) -> None:
    """Take the annotations of functions away: no node looks at them, so no name in one counts as used."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
            for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
                argument.annotation = None


class _Pruner(ast.NodeTransformer):
    """Takes from every import the names that nothing uses any more."""

    def __init__(self, used: set[str]) -> None:
        self.used = used

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        """What is left of an import."""
        node.names = [alias for alias in node.names if (alias.asname or alias.name) in self.used]
        return node if node.names else ast.copy_location(ast.Pass(), node)


# --- slots ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slot:
    """What is to be written for a slot: either an `image` into ROM partition `segment`, or `files` below the root. The other is empty."""

    name: str
    files: Mapping[str, bytes]
    image: bytes
    segment: int


def slot_of(name: str, package: Mapping[str, bytes], segments: Sequence[int] = ()) -> Slot:
    """Where the compiled modules (by their names in the firmware's folder, `lykta_node/app.mpy`) of a slot go.

    `segments`: the sizes of the board's ROM partitions [bytes], none on an official image. LyktaError where the image is too large.
    """
    number = SLOTS[name]
    if number >= len(segments):
        return Slot(name, {f"{name}/{file}": data for file, data in package.items()}, b"", number)
    image = image_of(package)
    if len(image) > segments[number]:
        raise LyktaError(
            f"the firmware takes {len(image):,} bytes and ROM partition {number} of the board holds {segments[number]:,}. "
            "Use a runtime with larger ROM partitions, or an official image, which takes the firmware as files."
        )
    return Slot(name, {}, image, number)


def image_of(package: Mapping[str, bytes]) -> bytes:
    """The compiled modules as a ROM image, in MicroPython's own format. EnvironmentLacks without mpremote."""
    try:
        from mpremote.romfs import VfsRomWriter
    except ImportError:
        raise EnvironmentLacks("ROM images are made with mpremote: pip install 'lykta[flash]' (in a clone: `make env`).") from None
    writer = VfsRomWriter()
    opened: list[str] = []
    for file in sorted(package):
        folders = file.split("/")[:-1]
        while opened != folders[: len(opened)]:
            writer.closedir()
            opened.pop()
        for folder in folders[len(opened) :]:
            writer.opendir(folder)
            opened.append(folder)
        writer.mkfile(file.split("/")[-1], package[file])
    for _ in opened:
        writer.closedir()
    return bytes(writer.finalise())
