"""Ways laid out straight: nothing lost, everything at its chainage."""

from __future__ import annotations

from dataclasses import replace

from lykta.report.strips import Movements, bands, lines, strips
from lykta.site.model import Lamp, Link, Site, Way
from lykta.tables import TRAJECTORIES
from tests.report import nights


def _site(lamps: dict[str, tuple[int, int]], links: list[tuple[str, str]], **anchors: tuple[str, ...]) -> Site:
    """A site of lamps and links of 20 m on one way."""
    posts = tuple(Lamp(name, x * 100, y * 100, "path", "post-top", anchors=anchors.get(name, ())) for name, (x, y) in lamps.items())
    way = Way("w", "path", frozenset(("pedestrian",)))
    return replace(
        nights.street(2), lamps=posts, junctions=(), links=tuple(Link(a, b, 2000, "w") for a, b in links), ways=(way,), entrances=()
    )


def test_street__is_one_strip_with_every_lamp_at_its_chainage() -> None:
    """34 lamps, 22 m apart, 11 m from the entrances."""
    (strip,) = strips(nights.street())
    assert [stop.chainage_cm for stop in strip.stops] == [1100 + 2200 * n for n in range(34)]
    assert strip.length_cm == 2200 * 34
    assert strip.ends == ("west, K-west", "east, K-east")


def test_branching_way__keeps_every_link_in_exactly_one_strip() -> None:
    """A cross of four arms is a long strip and the arms that are left."""
    arms = {"m": (0, 0), "n": (0, 20), "s": (0, -20), "e": (20, 0), "e2": (40, 0), "w": (-20, 0)}
    site = _site(arms, [("m", "n"), ("m", "s"), ("m", "e"), ("e", "e2"), ("m", "w")])
    found = strips(site)
    assert sorted(leg.link for strip in found for leg in strip.legs) == [0, 1, 2, 3, 4]
    assert found[0].length_cm == 6000
    assert {stop.lamp for strip in found for stop in strip.stops} == set(range(6))


def test_loop__goes_all_the_way_round() -> None:
    """A ring of four links is one strip of 80 m, not two halves."""
    site = _site({"a": (0, 0), "b": (20, 0), "c": (20, 20), "d": (0, 20)}, [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")])
    (strip,) = strips(site)
    assert (strip.length_cm, len(strip.stops)) == (8000, 4)


def test_anchor__shows_a_lamp_where_it_also_lights() -> None:
    """A lamp that has a point of another way among its anchors is a stop there, marked as standing elsewhere."""
    site = _site({"a": (0, 0), "b": (20, 0), "far": (10, 50)}, [("a", "b")], far=("b",))
    stops = strips(site)[0].stops
    assert [(stop.lamp, stop.chainage_cm, stop.anchored) for stop in stops] == [(0, 0, False), (1, 2000, False), (2, 2000, True)]


def test_lamps_on_no_link__stand_on_a_strip_without_measure() -> None:
    """One lamp and nothing else is still shown."""
    (strip,) = strips(nights.one_lamp())
    assert (strip.measured, [stop.lamp for stop in strip.stops]) == (False, [0])


def test_bands__end_half_way_and_claim_nothing_beyond_25_m() -> None:
    """Two lamps 80 m apart leave 30 m between them blank; lamps at one place share."""
    site = _site({"a": (0, 0), "b": (80, 0), "c": (90, 9)}, [("a", "b")], c=("b",))
    site = replace(site, links=(replace(site.links[0], length_cm=8000),))
    found = [(band.lamp, band.from_cm, band.to_cm) for band in bands(strips(site)[0])]
    assert found == [(0, 0, 2500), (1, 5500, 6750), (2, 6750, 8000)]


def test_lines__turn_round_on_links_that_the_strip_runs_backwards() -> None:
    """Chainage rises along the strip whichever way its links are written; a corner stays where the speed changes."""
    site = _site({"a": (0, 0), "b": (20, 0), "c": (40, 0)}, [("b", "a"), ("b", "c")])
    rows = [(5, 0, 5, 0, 1000, 0, 2000, 0, 0), (5, 0, 5, 1000, 2000, 1, 0, 2000, 0), (5, 0, 5, 2000, 9000, 1, 2000, 2000, 0)]
    (line,) = lines(strips(site)[0], Movements(nights.table(TRAJECTORIES, rows)))
    assert (line.user, line.corners) == (5, ((0, 0), (2000, 4000), (9000, 4000)))


def test_lines__break_where_somebody_leaves_and_comes_back() -> None:
    """Nobody is drawn where he was not."""
    site = _site({"a": (0, 0), "b": (20, 0)}, [("a", "b")])
    rows = [(1, 0, 1, 0, 1000, 0, 0, 2000, 0), (1, 0, 1, 5000, 6000, 0, 2000, 0, 0)]
    found = lines(strips(site)[0], Movements(nights.table(TRAJECTORIES, rows)))
    assert [line.corners for line in found] == [((0, 0), (1000, 2000)), ((5000, 2000), (6000, 0))]
