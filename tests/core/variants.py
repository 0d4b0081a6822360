"""Loads the core with its sources changed on the way: mutants, and the debug build with checked arithmetic."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

from lykta import corehost

#: (module, source) -> what is run in its place.
Change = Callable[[str, str], str | ast.Module]


def load(name: str, change: Change, **extra: Any) -> dict[str, ModuleType]:
    """The modules of the core by their short name, as a package `name`, each run as `change` returns it.

    `extra`: names that every module finds beside its own.
    """
    folder = corehost.firmware_folder() / "lykta_node" / "core"
    package = ModuleType(f"{name}.core")
    package.__path__ = []  # nothing is looked for on disk: every module is put in place here
    sys.modules[name], sys.modules[f"{name}.core"] = ModuleType(name), package
    found: dict[str, ModuleType] = {}
    for short in corehost.MODULES:
        full = f"{name}.core.{short}"
        module = ModuleType(full)
        module.__package__ = f"{name}.core"
        module.__file__ = str(folder / f"{short}.py")
        vars(module).update(extra)
        code = compile(change(short, (folder / f"{short}.py").read_text(encoding="utf-8")), f"<{full}>", "exec")
        sys.modules[full] = module
        setattr(package, short, module)
        _run(code, module)
        found[short] = module
    return found


def _run(code: CodeType, module: ModuleType) -> None:
    exec(code, vars(module))


def kernel_with(core: dict[str, ModuleType], name: str) -> ModuleType:
    """A copy of the kernel engine that runs another core, and hands every frame to everybody who hears it: the core is to decide."""
    from lykta.sim import kernel

    assert kernel.__file__ is not None
    spec = importlib.util.spec_from_file_location(name, Path(kernel.__file__))
    assert spec is not None and spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    names = {"control": "control", "dimmer": "dimmer", "health": "health", "priority": "priority", "row": "lamp"}
    vars(copy).update({name: core[module] for name, module in names.items()})
    vars(copy)["concern"] = SimpleNamespace(has_track_of=lambda *_: True, may_change=lambda *_: True)
    return copy
