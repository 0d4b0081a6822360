"""What a site file means once it is loaded."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lykta.document import Document
from lykta.errors import InputError
from lykta.site import check, load, loader, packaged
from lykta.site.graph import Graph
from lykta.site.model import Site

HEAD = """\
name: Test
place: {lat: 59.295, lon: 18.0484, timezone: Europe/Stockholm}
zones: [path]
fixtures: {post: park_20w}
ways:
  - {id: main, kind: path}
"""
TWO_LAMPS = """\
lamps:
  - {id: A, at: [0 m, 0 m], zone: path, fixture: post}
  - {id: B, at: [25 m, 0 m], zone: path, fixture: post}
"""
LINK = "links:\n  - {from: A, to: B, way: main}\n"


def read(text: str, folder: Path = Path()) -> Site:
    """The site in a text."""
    return loader.read(Document.read(text, "test.yaml"), folder)


def test_packaged__sites_are_two():
    """Those that the documents name."""
    assert packaged() == ["kungsholms_strand", "valla_torg"]


@pytest.mark.parametrize("name", packaged())
def test_packaged__has_no_warning_but_estimated_power(name: str):
    """Nothing doubtful ships, except that nobody measured the fixtures, which is said."""
    assert [one.message for one in check(load(name)) if "estimated, not measured" not in one.message] == []


def test_kungsholms_strand__has_34_lamps_over_750_m():
    """33 links of 22 m, short ends to two entrances, a PIR of 8 m on every post, first posts always full."""
    site = load("kungsholms_strand")
    assert Counter(link.length_cm for link in site.links) == {2200: 33, 1200: 2}
    assert sum(link.length_cm for link in site.links) == 75_000
    assert {tuple((sensor.kind, sensor.range_cm["pedestrian"]) for sensor in lamp.sensors) for lamp in site.lamps} == {(("pir", 800),)}
    assert [lamp.id for lamp in site.lamps if lamp.entrance] == ["K01", "K34"]
    assert [lamp.id for lamp in site.lamps if lamp.floors] == ["K01", "K34"]
    assert {floor.permille for lamp in site.lamps for floor in lamp.floors} == {1000}


def test_valla_torg__is_what_the_schematic_says():
    """About 1 km of path, a square, streets at 30 km/h; 64 lamps; floors at crossings and at the ends of the park."""
    site = load("valla_torg")
    assert Counter(lamp.zone for lamp in site.lamps) == {"path": 38, "street": 16, "square": 6, "crossing": 4}
    kinds = {way.id: way.kind for way in site.ways}
    path_cm = sum(link.length_cm for link in site.links if kinds[link.way] == "path")
    assert 98_000 <= path_cm <= 105_000
    assert {way.speed_limit_cms for way in site.ways if way.kind == "street"} == {833}
    assert all(lamp.floors for lamp in site.lamps if lamp.zone == "crossing")


def test_valla_torg__has_the_sensors_of_the_definitions():
    """PIR on every post of the paths, presence radar on every second; radar at both ends of streets and on every third post."""
    lamps = {lamp.id: [sensor.kind for sensor in lamp.sensors] for lamp in load("valla_torg").lamps}
    path = [kinds for name, kinds in lamps.items() if name.startswith("P")]
    assert all("pir" in kinds for kinds in path)
    assert sum("ld2410" in kinds for kinds in path) == len(path) // 2
    assert [name for name, kinds in lamps.items() if "ld2451" in kinds] == ["S01", "S04", "S07", "S10", "N01", "N03", "N06"]


def test_valla_torg__crossing_posts_light_the_carriageway():
    """A crossing's posts have the point on the street among their anchors."""
    graph = Graph(load("valla_torg"))
    assert [graph.site.lamps[lamp].id for lamp in graph.lamps_at(graph.index["X1"])] == ["C01", "C02"]


def test_one_lamp__is_a_site():
    """No link is needed where there is nowhere to go."""
    site = read(HEAD + "lamps:\n  - {id: A, at: [0 m, 0 m], zone: path, fixture: post}\n")
    assert (len(site.lamps), site.links) == (1, ())


def test_position__in_degrees_is_metres_from_the_place():
    """A thousandth of a degree of latitude is 111 m to the north."""
    lamp = "lamps:\n  - {id: A, lat: 59.296, lon: 18.0484, zone: path, fixture: post}\n"
    assert [(one.x_cm, one.y_cm) for one in read(HEAD + lamp).lamps] == [(0, 11_140)]


def test_far_neighbour__is_right_where_its_length_is_written():
    """300 m is a mistake unless somebody confirms it; then it is a warning."""
    text = HEAD + TWO_LAMPS.replace("25 m", "300 m")
    with pytest.raises(InputError, match="300 m apart, too far for neighbours"):
        read(text + LINK)
    site = read(text + LINK.replace("way: main", "way: main, length: 300 m"))
    assert [one.message for one in check(site) if "neighbour" in one.message] == [
        "A is 300 m from its neighbour B: a wave takes long over it. Is a lamp missing between them?"
    ]


@pytest.mark.parametrize("more", ["several_streets: yes\n", ""])
def test_pieces__are_allowed_where_declared(more: str):
    """Two lamps without link: several streets, or a mistake."""
    if more:
        assert len(read(more + HEAD + TWO_LAMPS).lamps) == 2
    else:
        with pytest.raises(InputError, match="B has no link"):
            read(HEAD + TWO_LAMPS)


def test_guessed_link__is_a_warning_and_forgives_pieces():
    """An imported site with guesses loads, and the check speaks of them."""
    third = "  - {id: C, at: [90 m, 0 m], zone: path, fixture: post}\n"
    site = read(HEAD + TWO_LAMPS + third + LINK.replace("main}", "main, guessed: yes}"))
    assert [one.message.split(":")[0] for one in check(site) if "guessed" in one.message] == ["1 link guessed between near neighbours"]
    assert any("without any link" in one.message for one in check(site))


def test_floors__hold_for_zones_lamps_entrances_and_hours():
    """Each lamp gets those that are meant for it, in the order of the file."""
    floors = """\
floors:
  - {level: 100 %, for: entrances, reason: first post}
  - {level: 60 %, for: zone path, reason: stairs, hours: 22:00-05:30}
  - {level: 80 %, for: [B], reason: school road, hours: 06:30-08:30, weekdays: [mon-wed, fri]}
entrances: [A]
"""
    first, second = read(HEAD + TWO_LAMPS + LINK + floors).lamps
    assert [(floor.permille, floor.hours) for floor in first.floors] == [(1000, None), (600, (1320, 330))]
    assert [(floor.permille, floor.hours) for floor in second.floors] == [(600, (1320, 330)), (800, (390, 510))]
    assert second.floors[1].weekdays == {0, 1, 2, 4}
    assert (first.entrance, second.entrance) == (True, False)


def test_entrance__is_every_first_lamp_from_where_people_come():
    """From a junction without lamp, the next lamp along each way."""
    text = HEAD + TWO_LAMPS + "junctions:\n  - {id: gate, at: [10 m, 5 m]}\nentrances: [gate]\n"
    links = "links:\n  - {from: A, to: gate, way: main}\n  - {from: gate, to: B, way: main}\n"
    assert [lamp.entrance for lamp in read(text + links).lamps] == [True, True]


def test_positions__name_the_line_of_each_lamp_and_link():
    """So that whoever judges the site later can say where."""
    site = read(HEAD + TWO_LAMPS + LINK)
    assert (site.positions["lamps.B"], site.positions["links.0"], site.positions["ways.main"]) == ((9, 5), (11, 5), (6, 5))


def test_fixture__may_be_a_file_beside_the_site(tmp_path: Path):
    """Before a packaged one of the same name; its mistakes are told with its own name and lines."""
    (tmp_path / "mine.yaml").write_text("flux: 1000 lm\nmax_power: 12\n", encoding="utf-8")
    with pytest.raises(InputError, match=r'mine.yaml:2:1  max_power: 12 has no unit. Did you mean "12 W"\?'):
        read(HEAD.replace("park_20w", "mine.yaml") + TWO_LAMPS + LINK, tmp_path)


def test_economics__are_read_with_hours_and_nothing_made_up():
    """Prices by hours of the day; what is not written is None."""
    money = "economics: {currency: SEK, tariff: {22:00-06:00: 0.9, 06:00-22:00: 1.8}, metered: no}\n"
    economics = read(HEAD + TWO_LAMPS + LINK + money).economics
    assert economics is not None
    assert economics["tariff"] == [(1320, 360, 0.9), (360, 1320, 1.8)]
    assert (economics["metered"], economics["carbon_kg_per_kwh"], economics["years"]) == (False, None, None)
