"""A bad version on trial, in whole firmwares and virtual time: after three failed starts the old one is back; the light was full."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from lykta.corehost import firmware_folder
from lykta.plan import Plan, make_plan
from lykta.sim import loop
from lykta.sim.breakdowns import Oddity
from lykta.sim.radio import IDEAL
from lykta.site.graph import Graph
from lykta.site.model import Link, Point
from lykta.vm.frames import HARD_RESET, WDT_RESET
from tests.fleet.updates.fakes import bundle
from tests.sim.nights import people, plan_of

pytestmark = pytest.mark.micropython

SEED = 1
_LAMP = 1
_LONG = [pytest.mark.slow, pytest.mark.soak]
_HEAD = "import machine, time\n"
#: What may be wrong with a version: (app.py, cause of the resets, minutes until the old one is back).
BAD = {
    "crashes while it is imported": ("raise ValueError('bad')\n", HARD_RESET, 1),
    "crashes in its first second": ("def run(trace=None):\n    raise ValueError('bad')\n", HARD_RESET, 1),
    "hangs while it is imported": (_HEAD + "while True:\n    time.sleep(1)\n", WDT_RESET, 4),
    "hangs as soon as it runs": (_HEAD + "def run(trace=None):\n    while True:\n        time.sleep(1)\n", WDT_RESET, 4),
    "returns at once": ("def run(trace=None):\n    pass\n", HARD_RESET, 1),
}


def on_trial(folder: Path, app: str) -> Path:
    """A firmware in slots: a has ours and is in use, b a version with another app, on trial; the manifests say that both are whole."""
    ours = firmware_folder()
    folder.mkdir()
    for name in ("boot.py", "main.py"):
        shutil.copy(ours / name, folder / name)
    for slot in ("a", "b"):
        shutil.copytree(ours / "lykta_node", folder / slot / "lykta_node", ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
        (folder / slot / "manifest").write_bytes(bundle(f"{slot}.0").head)
    if app:
        (folder / "b" / "lykta_node" / "app.py").write_text(app)
    (folder / "slots").write_text("a b")
    return folder


def street() -> Plan:
    """The first two posts of Kungsholms strand, by themselves."""
    whole = plan_of("kungsholms_strand")
    lamps = whole.site.lamps[:2]
    west, east = (Point(name, lamp.x_cm + off, lamp.y_cm) for name, lamp, off in (("west", lamps[0], -1_200), ("east", lamps[1], 1_200)))
    way = whole.site.ways[0].id
    names = ("west", lamps[0].id, lamps[1].id, "east")
    links = tuple(Link(one, other, 2_500, way) for one, other in pairwise(names))
    site = replace(whole.site, name="two posts", lamps=lamps, junctions=(west, east), links=links, entrances=("west", "east"))
    return make_plan(site, Graph(site), whole.profile, whole.date)


def lived(plan: Plan, firmware: Path, minutes: float) -> loop.Lit:
    """The street, in which one lamp has this firmware and nobody comes."""
    end_ms = plan.begin_ms + round(minutes * 60_000)
    _, told = people(plan, "kungsholms@60", SEED, minutes / 60)
    return loop.run(
        plan, told.slice(0, 0), SEED, IDEAL.row(SEED), end_ms=end_ms, trace="", oddities=[Oddity(_LAMP, firmware=firmware)]
    )  # fmt: skip


@pytest.mark.parametrize("what", [next(iter(BAD)), *(pytest.param(what, marks=_LONG) for what in list(BAD)[1:])])
def test_bad_version__gives_way_after_three_starts(tmp_path: Path, what: str):
    """The fourth start is that of the old version, which stays: no further reset, and it confirms itself. Full light until then."""
    app, cause, minutes = BAD[what]
    lit = lived(street(), on_trial(tmp_path / "firmware", app), minutes + 2)
    falls = [(lamp, why) for lamp, _, why in lit.falls]
    assert falls == [(_LAMP, cause)] * 3
    assert "this start is confirmed" in lit.consoles[_LAMP]
    assert (tmp_path / "firmware" / "slots").read_text() == "a b"  # the node has a record of its own: this one is only linked
    last = max(t_ms for _, t_ms, _ in lit.falls)
    assert last - lit.falls[0][1] <= minutes * 60_000
    dark = [duty for t_ms, duty in lit.duties[_LAMP] if t_ms <= last and duty < 65_535]
    assert dark == []


@pytest.mark.slow
def test_good_version__is_confirmed_and_stays(tmp_path: Path):
    """It has heard a neighbour and run for a minute: no reset at all."""
    lit = lived(street(), on_trial(tmp_path / "firmware", ""), 4)
    assert lit.falls == []
    assert "this start is confirmed" in lit.consoles[_LAMP]


@pytest.mark.soak
@pytest.mark.slow
def test_version_that_never_hears_anybody__is_never_confirmed(tmp_path: Path):
    """Its radio does not work: after ten minutes it starts anew, three times; then the old version is back."""
    deaf = "from .drivers import radio\nradio.Radio.receive = lambda self, *about: 0\n"
    ours = (firmware_folder() / "lykta_node" / "app.py").read_text(encoding="utf-8")
    lit = lived(street(), on_trial(tmp_path / "firmware", ours + "\n" + deaf), 34)
    assert [lamp for lamp, _, _ in lit.falls] == [_LAMP] * 3
    times = [t_ms for _, t_ms, _ in lit.falls]
    assert all(600_000 <= later - before <= 640_000 for before, later in pairwise(times))
    assert "this version did not prove itself" in lit.consoles[_LAMP]
    assert "this start is confirmed" in lit.consoles[_LAMP].rpartition("did not prove itself")[2]
