"""The lengths of the graph against a brute force that knows nothing of it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lykta.corehost import schema
from lykta.site import load
from lykta.site.graph import ALL_CLASSES, CLASS_BITS, Graph, mask_of
from lykta.site.model import Link, Site
from tests.site.streets import WAYS, graphs, lamp, row, street

MASKS = st.sampled_from([ALL_CLASSES, 1, 2, 4])


def brute_force(site: Site, start: str, mask: int, closed: int = -1) -> dict[str, int]:
    """Shortest lengths from a point by relaxing every link until nothing changes."""
    admitted = {way.id: mask_of(way.classes) & mask for way in WAYS}
    found = {start: 0}
    for _ in range(len(site.points)):
        for number, link in enumerate(site.links):
            for a, b in ((link.a, link.b), (link.b, link.a)):
                if number != closed and admitted[link.way] and a in found:
                    found[b] = min(found.get(b, 10**9), found[a] + link.length_cm)
    return found


@given(graphs(), st.data(), st.integers(0, 150), MASKS)
def test_ahead__is_the_shortest_length_with_the_link_itself_closed(site: Site, data: st.DataObject, limit: int, mask: int):
    """From the far end of a directed link, without a U-turn, along links of the class, up to the limit."""
    graph = Graph(site)
    for directed in range(2 * len(site.links)):
        link = site.links[directed >> 1]
        far_end = link.b if directed % 2 == 0 else link.a
        expected = {
            graph.index[name]: length for name, length in brute_force(site, far_end, mask, directed >> 1).items() if length <= limit
        }
        assert dict(graph.ahead(directed, limit, mask)) == expected


@given(graphs(), st.integers(0, 150), MASKS)
def test_around__is_the_shortest_length_in_any_direction(site: Site, limit: int, mask: int):
    """From a point, nothing closed."""
    graph = Graph(site)
    for number, point in enumerate(site.points):
        expected = {graph.index[name]: length for name, length in brute_force(site, point.id, mask).items() if length <= limit}
        assert dict(graph.around(number, limit, mask)) == expected


@given(graphs())
def test_distance__is_none_where_no_way_leads(site: Site):
    """And the brute force's length elsewhere."""
    graph = Graph(site)
    for a, point in enumerate(site.points):
        lengths = brute_force(site, point.id, ALL_CLASSES)
        assert [graph.distance(a, b) for b in range(graph.point_count)] == [lengths.get(other.id) for other in site.points]


@given(graphs(), st.integers(0, 150))
def test_lamps_ahead__have_the_length_to_the_nearest_of_their_anchors(site: Site, limit: int):
    """Each lamp once, by the least of the lengths to the points that it lights."""
    graph = Graph(site)
    for directed in range(2 * len(site.links)):
        points = dict(graph.ahead(directed, limit))
        expected = {}
        for number, one in enumerate(site.lamps):
            lengths = [points[graph.index[name]] for name in (one.id, *one.anchors) if graph.index[name] in points]
            if lengths:
                expected[number] = min(lengths)
        assert dict(graph.lamps_ahead(directed, limit)) == expected


@given(graphs(), st.integers(0, 150))
def test_reach__is_nearest_first_and_the_same_when_asked_again(site: Site, limit: int):
    """Order by length, then number; an answer kept is the answer given."""
    graph = Graph(site)
    for directed in range(2 * len(site.links)):
        reach = graph.ahead(directed, limit)
        assert list(reach) == sorted(reach, key=lambda found: (found[1], found[0]))
        assert graph.ahead(directed, limit) is reach


def test_ahead__does_not_turn_back_at_a_dead_end():
    """Beyond the last lamp of a street there is nothing, and nothing behind."""
    graph = Graph(row(3))
    assert graph.ahead(2, 100_000) == ((2, 0),)  # from L1 to L2
    assert graph.ahead(3, 100_000) == ((1, 0), (0, 2500))  # from L2 to L1


def test_ahead__goes_round_a_loop_and_stops_before_its_own_link():
    """On a ring of four the lamp behind is three links ahead."""
    lamps = [lamp(name, 0) for name in "ABCD"]
    links = [Link(a, b, 1000, "path") for a, b in ("AB", "BC", "CD", "DA")]
    graph = Graph(street(lamps, links))
    assert graph.ahead(0, 100_000) == ((1, 0), (2, 1000), (3, 2000), (0, 3000))


def test_ahead__keeps_parallel_links_apart():
    """Two ways between the same posts: closing one leaves the other."""
    lamps = [lamp("A", 0), lamp("B", 20)]
    graph = Graph(street(lamps, [Link("A", "B", 2000, "path"), Link("A", "B", 2600, "street")]))
    assert graph.ahead(0, 5000) == ((1, 0), (0, 2600))
    assert graph.ahead(2, 5000) == ((1, 0), (0, 2000))
    assert graph.ahead(0, 5000, CLASS_BITS["car"]) == ((1, 0), (0, 2600))
    assert graph.ahead(2, 5000, CLASS_BITS["car"]) == ((1, 0),)


def test_classes__are_those_of_the_core():
    """The bit of a class is its number in the core's table."""
    assert {name: 1 << number for number, name in enumerate(schema.CLASS_NAMES)} == CLASS_BITS
    assert mask_of(schema.CLASS_NAMES) == ALL_CLASSES


def test_out_links__come_in_rising_order_and_lead_away():
    """The order that numbers `from_link` in the tables is fixed."""
    graph = Graph(load("valla_torg"))
    for point in range(graph.point_count):
        links = graph.out_links(point)
        assert links == sorted(links)
        assert {graph.tail(directed) for directed in links} <= {point}
        assert all(graph.head(directed) == graph.tail(directed ^ 1) for directed in links)


def test_pieces__are_numbered_by_their_first_point():
    """Links and anchors join; the rest is apart."""
    lamps = [lamp("A", 0), lamp("B", 20), lamp("C", 40), lamp("D", 60, anchors=("B",))]
    assert Graph(street(lamps, [Link("A", "C", 4000, "path")])).pieces().tolist() == [0, 1, 0, 1]


def test_place__scales_the_chainage_to_the_length_of_the_link():
    """Half the length of a winding link is drawn at half its straight line."""
    graph = Graph(street([lamp("A", 0), lamp("B", 20, 10)], [Link("A", "B", 4000, "path")]))
    x, y = graph.place(np.array([0, 0], dtype=np.int32), np.array([0, 2000], dtype=np.int32))
    assert (x.tolist(), y.tolist()) == ([0.0, 1000.0], [0.0, 500.0])


def test_graph__of_one_lamp_and_no_link():
    """The smallest street: nowhere to go."""
    graph = Graph(row(1))
    assert (graph.link_count, graph.out_links(0), graph.around(0, 1000)) == (0, [], ((0, 0),))
    assert graph.pieces().tolist() == [0]
