"""A plugin of pytest, `-p gauges.plugin`: wherever a VM would get the firmware, it gets the one that LYKTA_INSTRUMENTED names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import lykta.vm
from lykta.corehost import firmware_folder
from lykta.vm import find, node


def _instead(folder: Path) -> Path:
    return Path(os.environ["LYKTA_INSTRUMENTED"]) if folder.resolve() == firmware_folder().resolve() else folder


def _environment(real: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    def environment(*folders: Path) -> dict[str, str]:
        return real(*map(_instead, folders))

    return environment


def _prepare(real: Callable[[Path, Path, Mapping[str, bytes]], None]) -> Callable[[Path, Path, Mapping[str, bytes]], None]:
    def prepare(folder: Path, firmware: Path, data: Mapping[str, bytes]) -> None:
        real(folder, _instead(firmware), data)

    return prepare


# Loaded before any test: who imports these names later gets the changed ones.
for _module in (lykta.vm, find, node):
    for _name, _change in (("environment", _environment), ("prepare", _prepare)):
        if hasattr(_module, _name):
            setattr(_module, _name, _change(getattr(_module, _name)))
