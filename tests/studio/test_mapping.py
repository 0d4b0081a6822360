"""What the map is given says the same as the site."""

from __future__ import annotations

from dataclasses import replace

from lykta import site as sites
from lykta.report.pack import unpack
from lykta.studio import mapping


def test_drawing__has_every_lamp_at_its_post_and_every_link_between_its_points() -> None:
    """Columns unpack to the places of the site."""
    site = sites.load("valla_torg")
    found = mapping.drawing(site)
    assert [lamp.x_cm for lamp in site.lamps] == unpack(found["post_x"]).tolist()
    names = [(site.points[a].id, site.points[b].id) for a, b in zip(unpack(found["links"]["a"]), unpack(found["links"]["b"]), strict=True)]
    assert [(link.a, link.b) for link in site.links] == names
    assert [point.id for point in site.points] == found["ids"]


def test_post_beside_the_way__is_drawn_where_it_stands() -> None:
    """The post moves on the map, its place on the way does not."""
    site = sites.load("valla_torg")
    moved = replace(site, lamps=(replace(site.lamps[0], post_cm=(7, 9)), *site.lamps[1:]))
    found = mapping.drawing(moved)
    assert (7, 9, site.lamps[0].x_cm) == (int(unpack(found["post_x"])[0]), int(unpack(found["post_y"])[0]), int(unpack(found["x"])[0]))


def test_what_lamps_are__is_told_in_bits() -> None:
    """Entrance, floor and control of a lamp; kinds of its sensors."""
    site = sites.load("valla_torg")
    at = {lamp.id: lamp for lamp in site.lamps}
    assert mapping.what(at["S01"]) & mapping.ENTRANCE
    assert mapping.what(at["C01"]) & mapping.FLOOR
    assert mapping.what(replace(at["S02"], adaptive=False)) & mapping.FIXED
    assert mapping.SENSOR_BITS["pir"] | mapping.SENSOR_BITS["ld2410"] == mapping.sensor_bits(at["P01"])
    assert mapping.sensor_bits(at["S02"]) == 0


def test_radar__faces_the_point_that_the_site_names() -> None:
    """A beam is (lamp, point, range for cars)."""
    site = sites.load("valla_torg")
    ids = [point.id for point in site.points]
    assert (ids.index("S01"), ids.index("west_end"), 6000) == mapping.drawing(site)["beams"][0]


def test_neighbours__are_told_with_length_and_way_the_nearest_first() -> None:
    """Both directions of a link count."""
    site = sites.load("valla_torg")
    lamp = [one.id for one in site.lamps].index("P09")
    found = mapping.neighbours_of(site, lamp)
    assert {"P08", "P10", "P23"} == {name for name, _, _ in found}
    assert [length for _, length, _ in found] == sorted(length for _, length, _ in found)
    assert next(way for name, _, way in found if name == "P23") == "Park path to the east"


def test_absurdly_long_name__is_cut_and_never_dropped() -> None:
    """10,000 characters become a hundred and twenty."""
    assert mapping.shortened("short") == "short"
    assert len(mapping.shortened("x" * 10_000)) == 120
