"""What is written down is what is read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from lykta.document import Document
from lykta.site import load, loader, packaged, write
from lykta.site.fixtures import FOLDER, load_fixture
from lykta.site.model import Site
from tests.site.streets import written_sites


def read_back(site: Site) -> Site:
    """The site written and read, without what only a file has."""
    site = loader.read(Document.read(write(site), "site.yaml"), Path())
    return replace(site, positions={}, file="")


@given(written_sites())
def test_written__site_is_read_back_the_same(site: Site):
    """Odd names, texts that mean something in YAML, own sensor ranges, floors with hours, guessed links.

    Floors are grouped by what they are, so their order at one lamp may differ; that means nothing.
    """
    back = read_back(site)
    assert [replace(lamp, floors=()) for lamp in back.lamps] == [replace(lamp, floors=()) for lamp in site.lamps]
    assert [set(lamp.floors) for lamp in back.lamps] == [set(lamp.floors) for lamp in site.lamps]
    assert replace(back, lamps=()) == replace(site, lamps=())


@pytest.mark.parametrize("name", packaged())
def test_packaged__site_is_read_back_the_same(name: str):
    """With its fixtures written out."""
    site = replace(load(name), positions={}, file="")
    assert read_back(site) == site


@pytest.mark.parametrize("name", ["measured_example", "unknown", "park_20w"])
def test_fixture__written_out_is_the_same(name: str):
    """Tables, driver commands, photometry."""
    fixture = replace(load_fixture(FOLDER / f"{name}.yaml"), name="post")
    site = replace(load("kungsholms_strand"), fixtures={"post": fixture})
    assert read_back(site).fixtures == {"post": fixture}


def test_economics__are_written_and_read_back():
    """Prices by hours, carbon with its source, costs, years."""
    economics = {
        "currency": "SEK",
        "tariff": [(1320, 360, 0.9), (360, 1320, 1.8)],
        "metered": False,
        "takes_profile": True,
        "carbon_kg_per_kwh": 0.03,
        "carbon_source": "a source: with a colon",
        "costs": {"a_lamp": 900.0},
        "years": 15,
        "discount_permille": 45,
        "today": "group: hold = 30 s",
    }
    site = replace(load("kungsholms_strand"), economics=economics)
    assert read_back(site).economics == economics
