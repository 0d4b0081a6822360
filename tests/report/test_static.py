"""Still pictures: valid, self-contained, true."""

from __future__ import annotations

import struct
import zlib
from xml.etree import ElementTree as ET

import numpy as np

from lykta.report import static
from lykta.report.colour import NO_LAMP, PALETTE
from lykta.report.light import Light
from lykta.report.png import encode
from lykta.report.strips import Movements, lines, strips
from lykta.score import Outage
from tests.report import nights

SVG = "{http://www.w3.org/2000/svg}"


def test_png__decodes_to_the_pixels() -> None:
    """Width, height and every index come back."""
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    png = encode(pixels, PALETTE[:12])
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (4, 3)
    at = png.index(b"IDAT")
    length = struct.unpack(">I", png[at - 4 : at])[0]
    raw = zlib.decompress(png[at + 4 : at + 4 + length])
    assert [list(raw[n * 5 + 1 : n * 5 + 5]) for n in range(3)] == pixels.tolist()


def test_space_time__draws_every_user_and_nothing_that_runs() -> None:
    """Valid XML with two strokes for each line, no script, no address but data."""
    night = nights.night(nights.street(8), 12)
    (strip,) = strips(night.site)
    found = lines(strip, Movements(night.trajectories))
    svg = static.space_time(strip, Light(night.levels), found, nights.CLOCK, title="A <street> & more", agenda=night.agenda)
    root = ET.fromstring(svg)
    assert len(root.findall(f".//{SVG}polyline")) == 2 * len(found)
    assert not root.findall(f".//{SVG}script")
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_raster__leaves_blank_where_no_lamp_stands() -> None:
    """Between bands nothing is drawn, and a dead lamp is dark."""
    site = nights.street(2)
    (strip,) = strips(site)
    night = nights.night(site, 0)
    edges = np.linspace(nights.BEGIN, nights.END, 11)
    out = (Outage(0, nights.BEGIN, nights.BEGIN + 9 * nights.HOUR),)
    pixels = static.raster(strip, Light(night.levels), edges, 44, out)
    assert pixels.shape == (10, 44)
    assert (pixels[0, 0], pixels[-1, 0], pixels[0, -1]) == (0, NO_LAMP - 1, NO_LAMP - 1)


def test_map__shows_every_lamp_once() -> None:
    """Ten ways of six lamps are sixty discs; a lamp without a figure says so."""
    site = nights.many_ways()
    root = ET.fromstring(static.street_map(site, {0: 0.5}, title="Ten ways"))
    titles = [title.text for title in root.findall(f".//{SVG}circle/{SVG}title")]
    assert (len(titles), titles[:2]) == (60, ["A01: 50 %", "A02: not known"])
