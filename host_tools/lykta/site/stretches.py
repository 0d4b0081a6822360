"""Which ways the lamps of a zone light: what design values and classes of road user a zone has."""

from __future__ import annotations

from lykta.site.model import Site, Way


def lit_ways(site: Site, zone: str) -> list[Way]:
    """The ways on which the lamps of a zone stand, or which they light from elsewhere, in the order of the site."""
    posts = {point for lamp in site.lamps if lamp.zone == zone for point in (lamp.id, *lamp.anchors)}
    lit = {link.way for link in site.links if link.a in posts or link.b in posts}
    return [way for way in site.ways if way.id in lit]
