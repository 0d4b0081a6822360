"""The light of the pictures is the light of the control law."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lykta import report
from lykta.corehost import dimmer
from lykta.report.light import Light, caps
from lykta.tables import LEVELS
from tests.report import nights

TEMPLATES = Path(report.__file__).parent / "templates"


def _levels() -> pa.Table:
    """A lamp that goes up, turns round half way, and comes down to 40 %."""
    low = dimmer.position_of(400)
    half = low + 3000 * 500
    rows = [
        (0, 1000, low, 400, 400, 3000, 4),
        (0, 2000, low, 400, 1000, 3000, 3),
        (0, 2500, half, dimmer.level_of(half), 400, 600, 4),
    ]
    return nights.table(LEVELS, rows)


def _every_ms(until: int, cap: int = 1000) -> list[int]:
    """The levels of that lamp ms by ms, by the node's own arithmetic."""
    low, found, position = dimmer.position_of(400), [], 0
    for t in range(until):
        if t < 1000:
            found.append(0)
            continue
        position = low if t < 2000 else position + 3000 if 2000 <= t < 2500 else max(low, position - 600)
        found.append(min(cap, dimmer.level_of(position)))
    return found


@pytest.mark.parametrize("cap", [1000, 500])
def test_mean__is_the_integral_of_the_ramp(cap: int) -> None:
    """Pixel means agree with a sum over every ms to less than one permille, with and without an output cap."""
    edges = np.asarray([0, 900, 1500, 2100, 2450, 2600, 4000, 6000], dtype=np.float64)
    exact = np.asarray(_every_ms(6000, cap))
    expected = [exact[int(a) : int(b)].mean() for a, b in pairwise(edges)]
    assert np.abs(Light(_levels(), {0: cap}).mean(0, edges) - expected).max() < 1.0


def test_mean__loses_no_light_whatever_the_pixels() -> None:
    """Coarse and fine pixels hold the same light."""
    light = Light(_levels())
    fine, coarse = np.linspace(0, 6000, 601), np.linspace(0, 6000, 7)
    assert np.allclose((light.mean(0, fine) * 10).sum(), (light.mean(0, coarse) * 1000).sum())


def test_mean__of_a_lamp_without_rows_is_dark() -> None:
    """Nothing is invented for a lamp that was not recorded."""
    assert Light(_levels()).mean(7, np.asarray([0.0, 1000.0])).tolist() == [0.0]


def _in_the_page(night: report.ReportInput, edges: list[int]) -> list[list[float]]:
    """The means that the scripts of the page compute, by Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: the scripts of the page were not run")
    page = report.render(night)
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    scripts = "".join((TEMPLATES / name).read_text() for name in ("unpack.js", "data.js", "light.js"))
    means = "edges.slice(1).map((to, i) => (lightUntil(rows, to) - lightUntil(rows, edges[i])) / (to - edges[i]))"
    program = (
        f"globalThis.document = {{getElementById: () => ({{textContent: {json.dumps(found[1])}}})}};\n{scripts}\n"
        f"const edges = {json.dumps(edges)};\n"
        f"console.log(JSON.stringify([...LEVELS.rows.values()].map((rows) => {means})));"
    )
    return list(json.loads(subprocess.run([node, "-e", program], capture_output=True, text=True, check=True).stdout))


def test_page__computes_the_same_light() -> None:
    """The scripts and the host agree on every lamp of a night to a millionth."""
    site = nights.street(8)
    night = nights.night(site, 12)
    edges = list(range(nights.BEGIN, nights.END + 1, nights.HOUR // 4))
    light = Light(night.levels, caps(site))
    expected = [light.mean(lamp, np.asarray(edges, dtype=np.float64)).tolist() for lamp in range(8)]
    assert np.allclose(_in_the_page(night, edges), expected, atol=1e-6)
