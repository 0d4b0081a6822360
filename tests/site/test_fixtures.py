"""Power and light of fixtures, measured or by the default formula."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lykta.document import Document
from lykta.site.fixtures import FOLDER, formula, load_fixture, read_fixture
from lykta.site.model import Fixture


def read(text: str) -> Fixture:
    """The fixture in a text."""
    document = Document.read(text, "fixture.yaml")
    fixture = read_fixture(document.root, "post")
    document.finish()
    return fixture


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_packaged__tables_rise_from_1_permille_to_full(name: str):
    """At least five points; and nobody has measured any of them, which is said."""
    fixture = load_fixture(FOLDER / f"{name}.yaml")
    levels = [level for level, _ in fixture.power_mw]
    assert (levels[0], levels[-1], len(levels) >= 5) == (1, 1000, True)
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(fixture.power_mw))
    assert fixture.estimated


@given(st.integers(100, 2_000_000))
def test_formula__is_5_percent_and_the_rest_in_proportion(max_mw: int):
    """P0 + (Pmax - P0) * level, to the mW, and exactly Pmax at full."""
    p0 = max_mw * 50 // 1000
    assert formula(max_mw)[-1] == (1000, max_mw)
    assert all(abs(power - (p0 + (max_mw - p0) * level / 1000)) < 1 for level, power in formula(max_mw))


def test_measured__table_is_kept_and_carried_on_below_its_first_point():
    """From 10 % down to 1 permille along the first stretch; nothing is estimated."""
    fixture = read("flux: 2600 lm\npower: {10 %: 3 W, 20 %: 5 W, 40 %: 9 W, 60 %: 13 W, 100 %: 21 W}\nstandby: 0.4 W\n")
    assert fixture.power_mw == ((1, 1020), (100, 3000), (200, 5000), (400, 9000), (600, 13000), (1000, 21000))
    assert (fixture.estimated, fixture.max_mw, fixture.standby_mw) == (False, 21_000, 400)


def test_measured__is_never_carried_on_below_standby():
    """A steep first stretch would end below what the driver takes at rest."""
    fixture = read("flux: 1 lm\npower: {10 %: 1 W, 20 %: 5 W, 40 %: 9 W, 60 %: 13 W, 100 %: 21 W}\nstandby: 0.4 W\n")
    assert fixture.power_mw[0] == (1, 400)


def test_unknown__power_says_so():
    """A stand-in, so that shares can be computed, and a flag, so that no kWh is claimed."""
    fixture = load_fixture(FOLDER / "unknown.yaml")
    assert (fixture.power_known, fixture.estimated) == (False, True)


def test_example__shows_every_key_of_a_measured_fixture():
    """Driver commands and photometry with its hash."""
    fixture = load_fixture(FOLDER / "measured_example.yaml")
    assert fixture.driver == ((100, 90), (500, 480), (1000, 1000))
    assert fixture.photometry.startswith("example.ldt sha256:")
    assert fixture.power_known
