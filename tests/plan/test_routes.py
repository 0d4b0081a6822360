"""How the post goes from lamp to lamp: directly where the radio reaches, by few relays else, and everybody on the way can read it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from lykta.corehost import firmware_folder
from lykta.errors import InputError
from lykta.plan.gateways import carriers
from lykta.plan.keys import Keys, key_file, segments_of, simulated_keys
from lykta.plan.nodefiles import behind_file, boards_of, node_files, node_names
from lykta.plan.routes import MOST_RELAYS, RADIO_RANGE_CM, Route, hearers, routes_of
from lykta.plan.tables import Reach, make_tables
from lykta.site.graph import Graph
from lykta.site.model import Link, Site
from tests.plan.streets import FIRST, packaged
from tests.site.streets import lamp, row, street


def gated(site: Site, *gateways: int) -> tuple[Graph, dict[int, Route]]:
    """A site in which these lamps have a board with Ethernet, and its routes."""
    lamps = tuple(replace(one, board="esp32_poe") if at in gateways else one for at, one in enumerate(site.lamps))
    graph = Graph(replace(site, lamps=lamps))
    return graph, routes_of(graph, carriers(graph, boards_of(graph.site)))


def line(*places_m: int) -> Site:
    """Lamps L0, L1, ... at these places along a path."""
    lamps = [lamp(f"L{number}", float(place)) for number, place in enumerate(places_m)]
    return street(lamps, [Link(a.id, b.id, b.x_cm - a.x_cm, "path") for a, b in pairwise(lamps)])


def walked(routes: dict[int, Route], lamp: int) -> list[int]:
    """The way of a lamp to its gateway."""
    found = [lamp]
    while found[-1] != routes[lamp].gateway:
        found.append(routes[found[-1]].next)
    return found


def test_site_without_gateway__has_no_routes():
    """Nobody carries for anybody, and nothing changes in the files of its nodes."""
    _, routes = gated(row(4))
    assert routes == {}


@settings(max_examples=30)
@given(st.integers(2, 30), st.integers(10, 190), st.integers(0, 29))
def test_lamps__reach_their_gateway_by_leaps_that_the_radio_can(count: int, pitch_m: int, at: int):
    """A row of lamps: every leap within reach, the fewest relays that do, and the gateway finds back by the same lamps."""
    gateway = at % count
    _, routes = gated(row(count, pitch_m=float(pitch_m)), gateway)
    for one in range(count):
        ways = abs(one - gateway) * pitch_m
        least = max(0, -(-ways // (RADIO_RANGE_CM // 100 // pitch_m * pitch_m)) - 1)
        assert (one in routes) == (least <= MOST_RELAYS)
        if one in routes and one != gateway:
            way = walked(routes, one)
            assert len(way) - 2 == routes[one].relays == least
            assert all(abs(a - b) * pitch_m * 100 <= RADIO_RANGE_CM for a, b in pairwise(way))
            assert all(routes[nearer].below[one] == farther for farther, nearer in pairwise(way))


def test_relay__is_the_one_with_the_shortest_long_leap():
    """150 m and 100 m are better than 200 m and 50 m."""
    _, routes = gated(line(0, 100, 150, 200, 250), 0)
    assert routes[4].next in (1, 2) and routes[4].relays == 1


def test_lamp_out_of_reach__has_no_route_and_disturbs_nobody():
    """500 m from everybody: it works without a network."""
    _, routes = gated(line(0, 50, 550), 0)
    assert sorted(routes) == [0, 1] and routes[0].below == {1: 1}


def test_keys__let_everybody_on_the_way_read_what_passes():
    """Two segments, relays between: sender, relays and gateway hold each other's keys."""
    graph, routes = gated(row(70, pitch_m=11.0), 60)
    segments = segments_of(graph, make_tables(graph, [Reach(100, 100, 1)] * 70), hearers(routes))
    assert len(set(segments.of)) == 2
    for one in routes:
        for other in walked(routes, one):
            assert segments.of[one] in segments.heard[other]
            assert segments.of[routes[one].gateway] in segments.heard[other]


def test_files__tell_the_way_and_the_gateway_its_lamps():
    """At Kungsholms strand with its 17th lamp as gateway: parts of the board, and the file with keys and names."""
    site, _, profile = packaged("kungsholms_strand")
    graph, _ = gated(site, 16)
    files = node_files(graph.site, graph, profile, FIRST, 7)
    names = node_names(graph.site)
    posts = {one.id: json.loads(files[one.id]["board"])["radio"]["post"] for one in site.lamps}
    assert all(post["gateway"] == 16 for post in posts.values())
    assert posts[site.lamps[15].id] == {"gateway": 16, "next": 16}
    assert sum("behind" in of_node for of_node in files.values()) == 1
    behind, found = files[site.lamps[16].id]["behind"], {}
    while behind:
        number, key, length = int.from_bytes(behind[:2], "big"), behind[2:34], behind[34]
        found[number] = (key, behind[35 : 35 + length].decode())
        behind = behind[35 + length :]
    assert sorted(found) == [number for number in range(34) if number != 16]
    for number, (key, name) in found.items():
        one = site.lamps[number].id
        assert (files[one]["keys"][-32:], names[one]) == (key, name)


def test_behind__needs_the_keys_of_all_lamps():
    """One that is missing is said, with what to do."""
    graph, routes = gated(row(3), 0)
    with pytest.raises(InputError, match="Make the keys of the site anew"):
        behind_file(graph.site, routes[0], Keys([[(0, bytes(32))]], {"L1": bytes(32)}))


def test_file_of_a_lamp__has_no_key_of_another():
    """Only the gateway holds others' own keys."""
    graph, routes = gated(row(5), 2)
    segments = segments_of(graph, make_tables(graph, [Reach(100, 100, 1)] * 5), hearers(routes))
    keys = simulated_keys(graph, segments, 7)
    for number in (0, 1, 3, 4):
        own = key_file(f"L{number}", number, segments, keys)
        assert not any(key in own for other, key in keys.nodes.items() if other != f"L{number}")


def test_relays__are_as_many_as_the_firmware_passes_on():
    """The plan and `tasks/airmail` agree."""
    source = (firmware_folder() / "lykta_node" / "tasks" / "airmail.py").read_text(encoding="utf-8")
    assert f"HOPS = const({MOST_RELAYS})" in source
