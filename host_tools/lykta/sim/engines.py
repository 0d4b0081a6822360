"""The kernel and its core as an engine runs them: as they are, or a second copy compiled by Numba to machine code.

Loading takes a moment the first time; the machine code is kept in a cache folder of the user, keyed by the sources.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dis import get_instructions
from functools import cache
from pathlib import Path
from threading import Lock
from types import FunctionType, ModuleType
from typing import Any

from lykta import corehost
from lykta.errors import EnvironmentLacks
from lykta.sim import concern, kernel, radio
from lykta.sim.linking import link

_CORE = "lykta_compiled"
_SMALL = 100  # instructions of bytecode; more of them cost time to compile and win little
_loading = Lock()


def available() -> bool:
    """Whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


def load(engine: str) -> ModuleType:
    """The kernel as an engine runs it: "python", or "compiled". EnvironmentLacks where that needs Numba and it is not there."""
    with _loading:  # two threads may want their first night at the same time
        return _load(engine)


@cache
def _load(engine: str) -> ModuleType:
    if engine == "python":
        return link([radio, concern, kernel], "run")
    if not available():
        raise EnvironmentLacks('The compiled engine needs Numba: install it with `pip install "lykta[fast]"`, or use `--engine python`.')
    modules = _bound(_CORE)
    _compile([*corehost.load(_CORE).values(), *modules])
    return modules[-1]


def _bound(core: str) -> list[ModuleType]:
    """Copies of the modules that drive the core, the kernel last, that use the core loaded under a name."""
    ears = corehost.engine(radio, core)
    concerned = corehost.engine(concern, core)
    loop = corehost.engine(kernel, core)
    vars(loop).update(radio=ears, concern=concerned)
    return [ears, concerned, loop]


def _cache_folder() -> Path:
    """Where machine code is kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "lykta" / "numba"


def _compile(modules: list[ModuleType]) -> None:
    """Replace every function that the last module, the kernel, reaches by its compiled form, wherever one of them uses it.

    Only `run` is kept in the cache: its machine code holds that of all the others.
    """
    from llvmlite.binding import get_host_cpu_name
    from numba import __version__, config, njit

    # Numba looks only at the file of a function when it decides whether kept machine code still holds, not at the files
    # of what the function calls: so every state of all the sources has a folder of its own.
    sources = [Path(str(module.__file__)).read_bytes() for module in modules]
    made_for = f"{__version__} {get_host_cpu_name()}".encode()
    folder = _cache_folder() / hashlib.sha256(b"".join([*sources, made_for])).hexdigest()[:16]
    vars(config)["CACHE_DIR"] = str(folder)
    kept = any(folder.rglob("*.nbi"))
    run: FunctionType = modules[-1].run
    reached = _reached(run)
    calls = Counter(called for function in reached for called in _called(function))
    for function in reached:
        compiled = njit(cache=True)(function) if function is run else _inner(function, not kept, calls[function] == 1)
        for module in modules:
            for name, value in list(vars(module).items()):
                if value is function:
                    setattr(module, name, compiled)


def _inner(function: FunctionType, typed: bool, once: bool) -> Callable[..., Any]:
    """A function that `run` uses, compiled. `once`: it is called at one place only.

    Where it takes rows and integers only, it is typed here: Numba would compile it anew for every constant that it is called with,
    which takes twice the time. And where it makes nothing and takes no list, it does without the runtime of NumPy arrays, which
    counts references at every call: a third of a night. What is small, or called at one place only, is put where it is called, since
    handing over a row takes seven words: another third.
    """
    from numba import njit, types

    row = types.Array(types.int64, 1, "C")
    kinds = {"int": types.int64, "bool": types.boolean, "Row": row, "_empty": row}  # the node's files name only integers
    named = [getattr(item.annotation, "__name__", item.annotation) for item in inspect.signature(function).parameters.values()]
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    if sum(1 for _ in get_instructions(function)) <= _SMALL or once:
        options["forceinline"] = True
    if function.__name__ != "_roomy" and not any("list" in name for name in named):
        options["_nrt"] = False
    signature = tuple(kinds[name] for name in named) if typed and all(name in kinds for name in named) else None
    compiled: Callable[..., Any] = njit(signature, **options)(function)
    return compiled


def _reached(function: FunctionType, found: dict[FunctionType, None] | None = None) -> list[FunctionType]:
    """A function and what it calls of the copy of core, radio and kernel, each after what it calls itself."""
    found = {} if found is None else found
    for value in _called(function):
        if value is not function and value not in found:
            _reached(value, found)
    found[function] = None
    return list(found)


def _called(function: FunctionType) -> Iterator[FunctionType]:
    """The functions of the copy that a function names, once for every place where it does."""
    value: Any = None
    for instruction in get_instructions(function):
        if instruction.opname == "LOAD_GLOBAL":
            value = function.__globals__.get(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(value, ModuleType):
            value = getattr(value, instruction.argval, None)
        else:
            value = None
        if isinstance(value, FunctionType) and value.__module__.startswith(_CORE):
            yield value
