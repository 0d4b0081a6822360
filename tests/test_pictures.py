"""The pictures of the README show what the control law does today."""

from __future__ import annotations

import base64
import importlib.util
import re
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytestmark = pytest.mark.docs

FOLDER = Path(__file__).resolve().parents[1] / "host_tools" / "pictures"
_RASTER = re.compile(r'data:image/png;base64,([^"]+)')


def script(name: str = "make") -> ModuleType:
    """A module of `host_tools/pictures`, which is no part of the package."""
    spec = importlib.util.spec_from_file_location(f"pictures_{name}", FOLDER / f"{name}.py")
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


def test_screenshot__keeps_what_is_seen_most_and_has_few_colours():
    """Grounds and letters stay exactly as they are; of a glow with thousands of colours the others are left, near to what it was."""
    rows, columns = np.mgrid[0:120, 0:200]
    glow = np.stack([rows * 2, columns, (rows * columns) % 251, np.full_like(rows, 255)], axis=2).astype(np.uint8)
    glow[:40] = (15, 20, 27, 255)
    png = script("screens").fewer_colours(glow)
    at = png.index(b"PLTE")
    palette = np.frombuffer(png[at + 4 : at + 4 + int.from_bytes(png[at - 4 : at], "big")], dtype=np.uint8).reshape(-1, 3).astype(int)
    at = png.index(b"IDAT")
    lines = np.frombuffer(zlib.decompress(png[at + 4 : at + 4 + int.from_bytes(png[at - 4 : at], "big")]), dtype=np.uint8)
    shown = palette[lines.reshape(120, 201)[:, 1:]]
    assert len(palette) == 250
    assert (shown[:40] == (15, 20, 27)).all()
    assert np.abs(shown - glow[..., :3]).mean() < 8
