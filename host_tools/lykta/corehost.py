"""Loads the core of the node on the host: the very files of `firmware/lykta_node/core`.

The only place on the host that knows where they lie. It supplies the one line that CPython lacks,
`from micropython import const`, and can load a second copy under another name (`load("lykta_compiled")`), whose
functions the compiled engine replaces.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

_PUBLIC = "lykta.corehost"
_HERE = Path(__file__).resolve().parent
#: In the order in which they use each other.
MODULES = (
    "schema", "lamp", "dimmer", "phases", "settings", "almanac", "repair", "program", "neighbours", "priority", "health", "reach", "slots",
    "leaving", "wave", "match", "telling", "presence", "control", "payload", "telegram", "letter", "airtime", "sealing", "parcel",
)  # fmt: skip


def firmware_folder() -> Path:
    """Where the node's files lie: inside the installed wheel, else in the clone."""
    for folder in (_HERE / "_firmware", _HERE.parents[1] / "firmware"):
        if (folder / "lykta_node" / "core" / "schema.py").is_file():
            return folder
    raise ImportError(f"lykta_node is neither in {_HERE / '_firmware'} nor in {_HERE.parents[1] / 'firmware'}")


def _package(name: str, folder: Path) -> ModuleType:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    return module


_constants: dict[str, dict[str, dict[str, int]]] = {}


class _Folder(ast.NodeTransformer):
    """Puts the values of `const` names where they are used, as mpy-cross does for the node: it halves the time of a step."""

    def __init__(self, constants: dict[str, dict[str, int]]) -> None:
        self.constants = constants  # of the modules seen so far, by their short name
        self.own: dict[str, int] = {}
        self.aliases: dict[str, dict[str, int]] = {}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """Learn what the names of an import stand for."""
        for name in node.names:
            called = name.asname or name.name
            if node.module in self.constants and name.name in self.constants[node.module]:
                self.own[called] = self.constants[node.module][name.name]
            elif (node.level and node.module is None) or node.module == _PUBLIC:
                self.aliases[called] = self.constants.get(name.name, {})
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Learn a constant, or fold what is assigned."""
        value = node.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "const":
            assert isinstance(node.targets[0], ast.Name)
            self.own[node.targets[0].id] = ast.literal_eval(value.args[0])
            return node
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A constant by its own name."""
        if isinstance(node.ctx, ast.Load) and node.id in self.own:
            return ast.copy_location(ast.Constant(self.own[node.id]), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A constant of another module."""
        if isinstance(node.value, ast.Name) and node.attr in self.aliases.get(node.value.id, {}):
            return ast.copy_location(ast.Constant(self.aliases[node.value.id][node.attr]), node)
        return self.generic_visit(node)


def load(name: str = "lykta_node", prepare: Callable[[ast.Module], ast.Module] | None = None) -> dict[str, ModuleType]:
    """The modules of the core by their short name, loaded as a package called `name` (once for each name).

    `prepare` may change the syntax tree of each module before it is run, after its constants are folded: for tests.
    """
    package = f"{name}.core"
    if name not in sys.modules:
        micropython = ModuleType("micropython")
        micropython.const = lambda value: value  # type: ignore[attr-defined]
        sys.modules.setdefault("micropython", micropython)
        folder = firmware_folder() / "lykta_node"
        _package(name, folder)
        _package(package, folder / "core")
        constants: dict[str, dict[str, int]] = {}
        for short in MODULES:
            spec = importlib.util.spec_from_file_location(f"{package}.{short}", folder / "core" / f"{short}.py")
            assert spec is not None and spec.origin is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            setattr(sys.modules[package], short, module)
            folding = _Folder(constants)
            tree = ast.fix_missing_locations(folding.visit(ast.parse(Path(spec.origin).read_bytes())))
            constants[short] = folding.own
            exec(compile(prepare(tree) if prepare else tree, spec.origin, "exec"), vars(module))
        _constants[name] = constants
    return {short: sys.modules[f"{package}.{short}"] for short in MODULES}


def engine(module: ModuleType, name: str = "lykta_node") -> ModuleType:
    """A copy of a module of the host that drives the core, bound to the core loaded under `name`, constants folded."""
    assert module.__file__ is not None
    core = load(name)
    copy = ModuleType(f"{name}_{module.__name__.rpartition('.')[2]}")
    copy.__file__ = module.__file__
    sys.modules[copy.__name__] = copy
    tree = _Folder(_constants[name]).visit(ast.parse(Path(module.__file__).read_bytes()))
    exec(compile(ast.fix_missing_locations(tree), module.__file__, "exec"), vars(copy))
    ours = {id(sys.modules[f"lykta_node.core.{short}"]): short for short in MODULES}
    vars(copy).update({key: core[ours[id(value)]] for key, value in vars(copy).items() if id(value) in ours})
    return copy


def trees(drivers: Sequence[ModuleType]) -> dict[str, ast.Module]:
    """The syntax trees of the core, and of modules of the host that drive it, by their short names, constants folded."""
    files = {short: firmware_folder() / "lykta_node" / "core" / f"{short}.py" for short in MODULES}
    files |= {module.__name__.rpartition(".")[2]: Path(str(module.__file__)) for module in drivers}
    return {short: _Folder(_constants["lykta_node"]).visit(ast.parse(file.read_bytes())) for short, file in files.items()}


_core = load()
schema = _core["schema"]
lamp = _core["lamp"]
dimmer = _core["dimmer"]
phases = _core["phases"]
settings = _core["settings"]
almanac = _core["almanac"]
repair = _core["repair"]
program = _core["program"]
neighbours = _core["neighbours"]
priority = _core["priority"]
health = _core["health"]
reach = _core["reach"]
wave = _core["wave"]
match = _core["match"]
presence = _core["presence"]
slots = _core["slots"]
telling = _core["telling"]
control = _core["control"]
payload = _core["payload"]
telegram = _core["telegram"]
letter = _core["letter"]
airtime = _core["airtime"]
sealing = _core["sealing"]
parcel = _core["parcel"]
