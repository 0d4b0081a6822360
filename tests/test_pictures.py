"""The pictures of the README show what the control law does today."""

from __future__ import annotations

import base64
import importlib.util
import re
import zlib
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.docs

FOLDER = Path(__file__).resolve().parents[1] / "host_tools" / "pictures"
_RASTER = re.compile(r'data:image/png;base64,([^"]+)')


def script() -> ModuleType:
    """The module `host_tools/pictures/make.py`, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("pictures", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def drawn(svg: str) -> tuple[str, list[bytes]]:
    """A picture as what is drawn: the lines as they stand, and the pixels out of their compression, which differs between machines."""
    pixels = []
    for coded in _RASTER.findall(svg):
        png = base64.b64decode(coded)
        at = png.index(b"IDAT")
        pixels.append(zlib.decompress(png[at + 4 : at + 4 + int.from_bytes(png[at - 4 : at], "big")]))
    return _RASTER.sub("", svg), pixels


def test_pictures__are_those_of_the_control_law_as_it_is():
    """Where this fails, the light has changed: run `make pictures`, look at them, and keep them with the change."""
    pictures = script()
    for look in pictures.LOOKS:
        assert drawn((FOLDER / f"hour_{look}.svg").read_text(encoding="utf-8").rstrip("\n")) == drawn(pictures.drawing(look))


def test_pictures__are_small():
    """A README is read over thin lines too."""
    assert [file.name for file in FOLDER.glob("*.svg") if file.stat().st_size > 40_000] == []
