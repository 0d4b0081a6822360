"""Which gateway carries for which lamp."""

from __future__ import annotations

from dataclasses import replace

from lykta.plan.gateways import carriers
from lykta.plan.nodefiles import boards_of
from lykta.site.graph import Graph
from lykta.site.model import Site
from tests.site.streets import lamp, row, street


def with_gateways(site: Site, *gateways: str) -> dict[str, str]:
    """Who carries for whom, with these lamps on a board that has Ethernet."""
    site = replace(site, lamps=tuple(replace(one, board="esp32_poe") if one.id in gateways else one for one in site.lamps))
    return carriers(Graph(site), boards_of(site))


def test_site_without_gateway__has_everybody_on_the_network():
    """Nobody carries for anybody."""
    assert with_gateways(row(4)) == {}


def test_lamp__goes_through_the_nearest_gateway():
    """Of seven in a row with gateways at both ends, the one in the middle goes to the first of the site; gateways carry themselves."""
    assert with_gateways(row(7), "L0", "L6") == {"L1": "L0", "L2": "L0", "L3": "L0", "L4": "L6", "L5": "L6"}


def test_lamp_that_no_way_leads_to__goes_through_the_nearest_in_the_air():
    """An island of the net of ways still has a radio."""
    island = street([lamp("L0", 0.0), lamp("L1", 500.0), lamp("far", 400.0)], [])
    assert with_gateways(island, "L0", "L1") == {"far": "L1"}


def test_lamp_that_is_not_adaptive__has_nobody():
    """It has no node."""
    site = row(3)
    site = replace(site, lamps=(site.lamps[0], replace(site.lamps[1], adaptive=False), site.lamps[2]))
    assert with_gateways(site, "L0") == {"L2": "L0"}
