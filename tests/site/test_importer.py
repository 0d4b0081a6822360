"""Imports of small inventories drawn for the purpose: lists of lamps, extracts, both."""

from __future__ import annotations

import json
from itertools import pairwise
from math import cos, radians
from pathlib import Path

import pytest

from lykta.document import Document
from lykta.errors import InputError
from lykta.site import loader, write
from lykta.site.graph import Graph
from lykta.site.importer import Imported, import_site
from lykta.site.inventory import is_adaptive, read_inventory
from lykta.site.model import Site

NORTH, EAST = 59.3, 18.0
_M_NORTH, _M_EAST = 1 / 111_400, 1 / (111_600 * cos(radians(NORTH)))


def place(x: float, y: float) -> tuple[float, float]:
    """Latitude and longitude of a place in m from the origin, to a few cm."""
    return round(NORTH + y * _M_NORTH, 7), round(EAST + x * _M_EAST, 7)


def csv_of(folder: Path, rows: list[tuple[float, float, str]]) -> Path:
    """A list of lamps as CSV."""
    lines = [f"{number},{place(x, y)[0]},{place(x, y)[1]},{kind}" for number, (x, y, kind) in enumerate(rows)]
    path = folder / "lamps.csv"
    path.write_text("\n".join(["nr,Latitude,Longitude,Type", *lines]) + "\n", encoding="utf-8")
    return path


class Osm:
    """An extract in XML, built node by node."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self.ways: list[str] = []

    def node(self, x: float, y: float, **tags: str) -> int:
        """A node at a place in m; returns its number."""
        number = len(self.nodes) + 1
        latitude, longitude = place(x, y)
        inner = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        self.nodes.append(f'<node id="{number}" version="1" lat="{latitude}" lon="{longitude}">{inner}</node>')
        return number

    def way(self, nodes: list[int], **tags: str) -> None:
        """A way through nodes."""
        inner = "".join(f'<nd ref="{node}"/>' for node in nodes) + "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        self.ways.append(f'<way id="{1000 + len(self.ways)}" version="1">{inner}</way>')

    def save(self, folder: Path) -> Path:
        """Write the extract."""
        path = folder / "town.osm"
        path.write_text(f'<osm version="0.6">{"".join(self.nodes + self.ways)}</osm>', encoding="utf-8")
        return path


def again(imported: Imported) -> Site:
    """The imported site as a person gets it: written and loaded."""
    return loader.read(Document.read(write(imported.site), "site.yaml"), Path())


def pairs(site: Site) -> set[frozenset[str]]:
    """The ends of every link."""
    return {frozenset((link.a, link.b)) for link in site.links}


def test_list__alone_gets_guessed_links_between_near_neighbours(tmp_path: Path):
    """A row of lamps becomes a chain without short cuts; what is 60 m off stays alone."""
    imported = import_site(csv_of(tmp_path, [(0, 0, ""), (18, 0, ""), (36, 1, ""), (96, 0, "")]))
    site = again(imported)
    assert pairs(site) == {frozenset(("L0", "L1")), frozenset(("L1", "L2"))}
    assert all(link.guessed for link in site.links)
    assert (imported.guessed_links, site.several_streets) == (2, True)


def test_heads__within_3_m_are_one_post(tmp_path: Path):
    """Two heads on one post are counted; a ground light beside it is a light of its own."""
    site = import_site(csv_of(tmp_path, [(0, 0, "mast"), (2, 0, "mast"), (20, 0, "mast"), (1, 0, "ground light")])).site
    assert [(lamp.id, lamp.heads, lamp.adaptive) for lamp in site.lamps] == [("L0", 2, True), ("L2", 1, True), ("L3", 1, False)]


@pytest.mark.parametrize("kind", ["ENCASTRE", "PROJECTEUR", "Ground spot", "floodlight", "Markstrålkastare"])
def test_ground_and_flood_lights__are_not_adaptive(kind: str):
    """Whatever the language of the list."""
    assert not is_adaptive(kind)


@pytest.mark.parametrize("kind", ["LANTERNE", "BORNE COLONNE", "Luminaire en applique", "LED 4000K", ""])
def test_other_lamps__are_adaptive(kind: str):
    """Lanterns, bollards, wall lamps, and what nobody named."""
    assert is_adaptive(kind)


def test_imported__site_has_no_sensors_and_unknown_power(tmp_path: Path):
    """Nothing is made up."""
    site = again(import_site(csv_of(tmp_path, [(0, 0, ""), (18, 0, "")])))
    assert not any(lamp.sensors for lamp in site.lamps)
    assert not any(fixture.power_known for fixture in site.fixtures.values())


def test_extract__links_lamps_along_the_way(tmp_path: Path):
    """Lamps beside a bent path become stations on it; lengths run along the way; the posts keep their place."""
    town = Osm()
    nodes = [town.node(0, 0), town.node(60, 0), town.node(60, 60)]
    town.way(nodes, highway="footway", name="King's walk")
    for x, y in ((5, 3), (45, 3), (63, 30)):
        town.node(x, y, highway="street_lamp")
    site = again(import_site(town.save(tmp_path)))
    lamps = [lamp.id for lamp in site.lamps]
    assert [(lamp.x_cm // 100, lamp.y_cm // 100) for lamp in site.lamps] != [lamp.post_cm for lamp in site.lamps]
    graph = Graph(site)
    assert graph.distance(graph.index[lamps[0]], graph.index[lamps[1]]) == pytest.approx(4000, abs=25)
    assert graph.distance(graph.index[lamps[1]], graph.index[lamps[2]]) == pytest.approx(4500, abs=25)
    assert {way.classes for way in site.ways} == {frozenset({"pedestrian"})}
    assert [way.name for way in site.ways] == ["King’s walk"]


def test_extract__meets_at_junctions(tmp_path: Path):
    """Where two ways share a node, one can turn."""
    town = Osm()
    middle = town.node(30, 0)
    town.way([town.node(0, 0), middle, town.node(60, 0)], highway="residential", name="Main")
    town.way([middle, town.node(30, 40)], highway="cycleway")
    for x, y in ((8, 1), (52, 1), (31, 32)):
        town.node(x, y, highway="street_lamp")
    graph = Graph(again(import_site(town.save(tmp_path))))
    assert [graph.distance(0, 1), graph.distance(0, 2)] == [pytest.approx(4400, abs=25), pytest.approx(5400, abs=25)]
    assert graph.distance(0, 2, 4) is None  # no car on the cycle way


def test_lamp__at_a_node_becomes_the_junction(tmp_path: Path):
    """No link of no length beside it."""
    town = Osm()
    corner = town.node(30, 0)
    town.way([town.node(0, 0), corner], highway="footway")
    town.way([corner, town.node(30, 30)], highway="footway")
    town.node(31, -0.2, highway="street_lamp")
    site = again(import_site(town.save(tmp_path)))
    assert len(site.lamps) == 1
    assert [site.lamps[0].id in (link.a, link.b) for link in site.links] == [True, True]


def test_opposite_lamps__keep_a_length_between_them(tmp_path: Path):
    """Two posts across the street from each other are half a metre apart along it, never nothing."""
    town = Osm()
    town.way([town.node(0, 0), town.node(60, 0)], highway="residential")
    town.node(30, 5, highway="street_lamp")
    town.node(30, -5, highway="street_lamp")
    graph = Graph(again(import_site(town.save(tmp_path))))
    assert graph.distance(0, 1) == pytest.approx(50, abs=10)


def test_lamp__lights_the_carriageway_beside_its_pavement(tmp_path: Path):
    """Matched to the pavement, it has a further anchor on the street that runs along it."""
    town = Osm()
    town.way([town.node(0, 0), town.node(60, 0)], highway="residential")
    town.way([town.node(0, 6), town.node(60, 6)], highway="footway", footway="sidewalk")
    town.node(30, 5, highway="street_lamp")
    site = again(import_site(town.save(tmp_path)))
    graph = Graph(site)
    kinds = {site.ways[graph.way[directed >> 1]].kind for point in graph.anchors[0] for directed in graph.out_links(point)}
    assert kinds == {"path", "street"}


def test_lamp__far_from_any_way_is_listed(tmp_path: Path):
    """More than 25 m off: kept, without link."""
    town = Osm()
    town.way([town.node(0, 0), town.node(60, 0)], highway="footway")
    town.node(30, 5, highway="street_lamp")
    far = town.node(30, 40, highway="street_lamp")
    imported = import_site(town.save(tmp_path))
    assert [post.head.id for post in imported.unmatched] == [f"n{far}"]
    assert not any(f"n{far}" in (link.a, link.b) for link in again(imported).links)


def test_dark_ways__are_left_out(tmp_path: Path):
    """Of a path with one lamp at its end, what leads 200 m into the dark goes."""
    town = Osm()
    nodes = [town.node(x, 0) for x in (0, 40, 120, 240)]
    for a, b in pairwise(nodes):
        town.way([a, b], highway="footway")
    town.node(5, 2, highway="street_lamp")
    site = again(import_site(town.save(tmp_path)))
    assert max(point.x_cm for point in site.points) - min(point.x_cm for point in site.points) == pytest.approx(4000, abs=50)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"highway": "steps"}, "steps"),
        ({"highway": "footway", "tunnel": "yes"}, "underpass"),
        ({"highway": "footway", "footway": "crossing"}, "pedestrian crossing"),
    ],
)
def test_floors__are_proposed_where_people_need_light(tmp_path: Path, tags: dict[str, str], reason: str):
    """Steps, underpasses and crossings."""
    town = Osm()
    town.way([town.node(0, 0), town.node(60, 0)], **tags)
    town.node(30, 2, highway="street_lamp")
    lamp = again(import_site(town.save(tmp_path))).lamps[0]
    assert [(floor.permille, floor.reason) for floor in lamp.floors] == [(1000, f"{reason} (proposed at import)")]


def test_floor__is_proposed_beside_a_crossing_node(tmp_path: Path):
    """And not at the next lamp."""
    town = Osm()
    town.way([town.node(0, 0), town.node(20, 0, highway="crossing"), town.node(80, 0)], highway="residential")
    town.node(24, 4, highway="street_lamp")
    town.node(60, 4, highway="street_lamp")
    assert [len(lamp.floors) for lamp in again(import_site(town.save(tmp_path))).lamps] == [1, 0]


def test_list__takes_its_ways_from_an_extract(tmp_path: Path):
    """`--ways`: lamps of the city, ways of the map; ground lights stay outside the street."""
    town = Osm()
    town.way([town.node(0, 0), town.node(60, 0)], highway="cycleway")
    lamps = csv_of(tmp_path, [(10, 2, "mast"), (40, 2, "mast"), (45, 2, "ground")])
    site = again(import_site(lamps, ways=town.save(tmp_path)))
    assert frozenset(("L0", "L1")) in pairs(site)
    assert not any("L2" in pair for pair in pairs(site))
    assert not any(link.guessed for link in site.links)


def test_geojson__is_read_with_its_properties(tmp_path: Path):
    """Points and their kinds; a line is no lamp and is listed."""
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [18.0, 59.3]}, "properties": {"ref": "A 1", "lamp_type": "spot"}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [18.001, 59.3]}, "properties": {"ref": "A 2"}},
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[18.0, 59.3], [18.1, 59.3]]}, "properties": {}},
    ]
    path = tmp_path / "lamps.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    imported = import_site(path)
    assert [(lamp.id, lamp.adaptive) for lamp in imported.site.lamps] == [("A_1", False), ("A_2", True)]
    assert [problem.message for problem in imported.skipped] == ["feature 3 is a LineString, not a Point."]


@pytest.mark.parametrize("text", ["x;Breite;LAT ;lon\n1;2;59,3;18,0\n", "lon|lat\n18.0|59.3\n", "﻿lat\tlng\n59.3\t18.0\n", "Y,X\n59.3,18\n"])
def test_columns__are_found_by_their_names(tmp_path: Path, text: str):
    """Whatever the separator, the decimal sign, the case, and a byte-order mark."""
    path = tmp_path / "lamps.csv"
    path.write_text(text, encoding="utf-8")
    assert [(head.latitude, head.longitude) for head in read_inventory(path).heads] == [(59.3, 18.0)]


def test_columns__can_be_named(tmp_path: Path):
    """What is not found by itself, with a near miss proposed."""
    path = tmp_path / "lamps.csv"
    path.write_text("breadth,length\n59.3,18.0\n", encoding="utf-8")
    assert len(read_inventory(path, {"lat": "breadth", "lon": "length"}).heads) == 1
    with pytest.raises(InputError, match=r'no column is called "bredth".*"breadth"'):
        read_inventory(path, {"lat": "bredth", "lon": "length"})


def test_bad_rows__are_listed_and_the_rest_kept(tmp_path: Path):
    """With line and reason."""
    path = tmp_path / "lamps.csv"
    path.write_text("lat,lon\n59.3,18.0\n,\n59.3001,18.0\nnorth,18\n59.3002,18.0\n", encoding="utf-8")
    inventory = read_inventory(path)
    assert len(inventory.heads) == 3
    assert [problem.line for problem in inventory.skipped] == [5]


def test_repeated_ids__become_different_ones(tmp_path: Path):
    """A number that is there twice gets a suffix."""
    path = tmp_path / "lamps.csv"
    path.write_text("id,lat,lon\n7,59.3,18.0\n7,59.3002,18.0\n", encoding="utf-8")
    assert [lamp.id for lamp in import_site(path).site.lamps] == ["L7", "L7_2"]


def test_extract__without_lamps_says_what_to_give(tmp_path: Path):
    """The ways alone are no site."""
    town = Osm()
    town.way([town.node(0, 0), town.node(60, 0)], highway="footway")
    with pytest.raises(InputError, match=r"no lamp \(highway=street_lamp\).*--ways town.osm"):
        import_site(town.save(tmp_path))


def test_extract__of_another_place_is_refused(tmp_path: Path):
    """No lamp lies near any of its ways."""
    town = Osm()
    town.way([town.node(9000, 0), town.node(9060, 0)], highway="footway")
    with pytest.raises(InputError, match="Is it of the same place"):
        import_site(csv_of(tmp_path, [(0, 0, "")]), ways=town.save(tmp_path))


def test_broken_extract__is_said_to_be_none(tmp_path: Path):
    """Not a traceback of the reader."""
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(b"no extract at all")
    with pytest.raises(InputError, match="this is no OpenStreetMap extract"):
        import_site(path)
