"""Where sensors see on paper."""

from __future__ import annotations

from lykta.sensing import coverage
from lykta.site.graph import Graph
from lykta.site.model import Sensor, Site
from lykta.traffic.demand import CAR, CYCLIST, PEDESTRIAN
from tests.traffic.streets import PATH, STREET, row_of_posts, site


def stretches(street: Site, road_user: int) -> list[tuple[int, int, int, int]]:
    """(link, from, to, lamp) for a class."""
    found = coverage(street, Graph(street)).of(road_user)
    return list(zip(found.link.tolist(), found.from_cm.tolist(), found.to_cm.tolist(), found.lamp.tolist(), strict=True))


def test_coverage__of_circles_on_a_row() -> None:
    """8 m on either side of each post, cut at the ends of links; for the classes of the way alone."""
    street = row_of_posts(2)
    expected = [(0, 400, 1200, 0), (1, 0, 800, 0), (1, 1400, 2200, 1), (2, 0, 800, 1)]
    assert stretches(street, PEDESTRIAN) == expected
    assert stretches(street, CYCLIST) == expected
    assert stretches(street, CAR) == []


def test_coverage__of_a_radar_looks_one_way() -> None:
    """60 m towards the west for cars, 8 m for walkers; nothing to the east."""
    sensor = Sensor("ld2451", {"pedestrian": 800, "car": 6000}, "west")
    points = {"west": (-10_000, 0), "post": (0, 0), "east": (10_000, 0)}
    street = site(points, [("west", "post", STREET), ("post", "east", STREET)], ("west", "east"), ("post",), (sensor,))
    assert stretches(street, CAR) == [(0, 4000, 10_000, 0)]
    assert stretches(street, PEDESTRIAN) == [(0, 9200, 10_000, 0)]
    assert stretches(street, CYCLIST) == []


def test_coverage__only_of_ways_that_the_lamp_serves() -> None:
    """A street 5 m beside the path lies in the circle of the path's post, and is not covered by it."""
    points = {"a": (-3000, 0), "post": (0, 0), "b": (3000, 0), "c": (-3000, 500), "d": (3000, 500)}
    links = [("a", "post", PATH), ("post", "b", PATH), ("c", "d", STREET)]
    street = site(points, links, ("a", "b", "c", "d"), ("post",), (Sensor("pir", {"pedestrian": 800}),))
    assert [link for link, _, _, _ in stretches(street, PEDESTRIAN)] == [0, 1]


def test_coverage__follows_chainage_where_a_way_winds() -> None:
    """Where 22 m of chainage are drawn as 11 m, a circle of 8 m covers 16 m of chainage."""
    points = {"a": (0, 0), "b": (1100, 0)}
    street = site(points, [("a", "b", PATH)], ("a", "b"), ("a",), (Sensor("pir", {"pedestrian": 800}),), {("a", "b"): 2200})
    assert stretches(street, PEDESTRIAN) == [(0, 0, 1600, 0)]


def test_coverage__without_sensors_is_empty() -> None:
    """No sensors, nothing covered."""
    street = site({"a": (0, 0), "b": (1100, 0)}, [("a", "b", PATH)], ("a", "b"), ("a",))
    assert stretches(street, PEDESTRIAN) == []
