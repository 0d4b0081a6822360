"""The report as one file: complete, without network, the same every time."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lykta import report
from lykta.corehost import schema
from lykta.report import settings
from lykta.report.pack import unpack
from tests.report import nights

VENDOR = Path(report.__file__).parent / "vendor"
STREET = nights.night(nights.street())
PAGE = report.render(STREET)


class _Reader(HTMLParser):
    """Collects tags with their attributes, and ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember every element."""
        self.tags.append((tag, dict(attrs)))


def _data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    return dict(json.loads(found[1]))


def test_page__needs_no_network() -> None:
    """No element loads anything but data, and the policy of the page forbids the rest."""
    for tag, attributes in _Reader(PAGE).tags:
        assert tag not in {"link", "iframe", "object", "embed", "img", "base"}
        assert not (tag == "script" and "src" in attributes)
        for name in ("href", "src", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    assert "default-src 'none'" in PAGE
    assert "@import" not in PAGE
    assert "url(http" not in PAGE


def test_page__says_what_it_is() -> None:
    """Simulated, site, date, seed, version, and the command that makes it again."""
    head = PAGE[: PAGE.index('id="short"')]
    for said in ("simulated", "Kungsholms strand", "14 to 15 December 2026", "<dd>7</dd>", "Lykta 0.1.0", STREET.command, "schematic"):
        assert said in head


def test_page__has_every_part() -> None:
    """Summary, numbers, diagram, level, worst moments, losses, map, settings, limits."""
    ids = [attributes["id"] for _, attributes in _Reader(PAGE).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {"short", "numbers", "diagram", "level", "worst", "losses", "map", "settings", "limits", "strip-0", "moment-0"} <= set(ids)


def test_page__is_small_and_the_same_every_time() -> None:
    """Under 2 MB for a night of a street; nothing in it depends on when or where it was written."""
    assert len(PAGE.encode()) < 2_000_000
    assert report.render(STREET) == PAGE


def test_page__carries_the_tables_unchanged() -> None:
    """The levels in the page are the rows of the table."""
    data = _data(PAGE)
    for name, column in (("lamp", "lamp"), ("t", "t_ms"), ("position", "position"), ("target", "target_permille"), ("rate", "rate")):
        assert unpack(data["levels"][name]).tolist() == STREET.levels[column].to_pylist()
    assert np.bincount(unpack(data["users"]["road_user"]))[0] > 0


def test_page__of_an_empty_night_says_that_nobody_came() -> None:
    """No users: no moments, no losses, but the diagram and the energy."""
    page = report.render(nights.night(nights.street(), 0))
    assert "Nobody came by to whom light was owed" in page
    assert "There were none." in page
    assert _data(page)["moments"] == []


def test_page__of_one_lamp_and_of_no_link() -> None:
    """A single lamp on no way has its column, its level and its place on the map."""
    page = report.render(nights.night(nights.one_lamp(), 0))
    assert "the one lamp used" in page
    assert [strip["measured"] for strip in _data(page)["strips"]] == [False]


def test_page__of_ten_ways_has_a_diagram_for_each() -> None:
    """Each way is there once, and every moment lies on one of them."""
    data = _data(report.render(nights.night(nights.many_ways())))
    assert [strip["title"] for strip in data["strips"]] == [f"Way {n + 1}" for n in range(10)]
    assert all(0 <= moment["strip"] < 10 for moment in data["moments"])


def test_page__keeps_names_from_becoming_markup() -> None:
    """A site, lamp or way may be called anything."""
    site = nights.street(3)
    nasty = '</script><script>alert("x")</script>'
    site = replace(site, name=nasty, ways=(replace(site.ways[0], name=nasty),), note=nasty)
    page = report.render(nights.night(site, 2))
    assert "<script>alert" not in page
    assert _data(page)["strips"][0]["title"] == nasty


def test_page__without_recorded_levels_draws_nothing_and_says_so() -> None:
    """A city run that kept no levels still has its figures."""
    night = nights.night(nights.street(4), 3)
    page = report.render(replace(night, levels=night.levels.slice(0, 0)))
    assert "there is nothing to draw" in page


@pytest.mark.parametrize("file", ["d3.min.js"])
def test_vendored__is_what_the_readme_says(file: str) -> None:
    """The library is whole and unchanged; its licence lies beside it."""
    digest = hashlib.sha256((VENDOR / file).read_bytes()).hexdigest()
    assert f"| `{file}` |" in (VENDOR / "README.md").read_text()
    assert digest in (VENDOR / "README.md").read_text()
    assert "Permission to use, copy, modify" in (VENDOR / "d3.LICENSE").read_text()
    assert f"v{report.page.D3_VERSION} " in (VENDOR / file).read_text(encoding="utf-8")[:60]


def test_settings__have_a_name_for_every_key() -> None:
    """A new setting needs words before it can be reported."""
    assert set(settings.NAMES) == {setting[0] for setting in schema.SETTINGS}


def test_settings__share_a_column_where_phases_agree() -> None:
    """Dusk and dawn are alike in this night; night differs in its idle level."""
    (sheet,) = settings.sheets(STREET.settings)
    assert sheet.head == ("setting", "dusk, dawn", "night")
    assert sheet.rows[0] == ("idle level", "50 %", "40 %")
