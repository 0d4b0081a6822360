"""The kernel and its core as an engine runs them: as they are, or a second copy compiled by Numba to machine code.

Loading takes a moment the first time; the machine code is kept in a cache folder of the user, keyed by the sources.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from lykta import corehost
from lykta.errors import EnvironmentLacks
from lykta.sim import kernel, radio

_CORE = "lykta_compiled"


def available() -> bool:
    """Whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


@cache
def load(engine: str) -> ModuleType:
    """The kernel as an engine runs it: "python", or "compiled". EnvironmentLacks where that needs Numba and it is not there."""
    if engine == "python":
        return _bound("lykta_node")[-1]
    if not available():
        raise EnvironmentLacks('The compiled engine needs Numba: install it with `pip install "lykta[fast]"`, or use `--engine python`.')
    modules = _bound(_CORE)
    _compile([*corehost.load(_CORE).values(), *modules])
    return modules[-1]


def _bound(core: str) -> list[ModuleType]:
    """Copies of radio and kernel that use the core loaded under a name."""
    ears = corehost.engine(radio, core)
    loop = corehost.engine(kernel, core)
    vars(loop)["radio"] = ears
    return [ears, loop]


def _cache_folder() -> Path:
    """Where machine code is kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "lykta" / "numba"


def _compile(modules: list[ModuleType]) -> None:
    """Replace every function of these modules by its compiled form, wherever one of them uses it."""
    from numba import config, njit

    # Numba looks only at the file of a function when it decides whether kept machine code still holds, not at the files
    # of what the function calls: so every state of all the sources has a folder of its own.
    digest = hashlib.sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in modules)).hexdigest()
    vars(config)["CACHE_DIR"] = str(_cache_folder() / digest[:16])
    compiled: dict[Any, Any] = {}
    for module in modules:
        for value in list(vars(module).values()):
            if isinstance(value, FunctionType) and value.__module__ == module.__name__ and value not in compiled:
                compiled[value] = njit(cache=True)(value)
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, FunctionType) and value in compiled:
                setattr(module, name, compiled[value])
