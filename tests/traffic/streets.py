"""Small streets, drawn in code, for the tests of traffic and sensing."""

from __future__ import annotations

from itertools import pairwise

from lykta.site.model import Lamp, Link, Point, Sensor, Site, Way

ALL_AROUND = {"pedestrian": 800, "cyclist": 800, "car": 800}
PATH = Way("path", "path", frozenset({"pedestrian", "cyclist"}))
STREET = Way("street", "street", frozenset({"pedestrian", "cyclist", "car"}), speed_limit_cms=833)
HOUR = 3_600_000
NOON = 1_797_332_400_000  # 2026-12-15 12:00 in Stockholm, a Tuesday


def site(
    points: dict[str, tuple[int, int]],
    links: list[tuple[str, str, Way]],
    entrances: tuple[str, ...],
    lamps: tuple[str, ...] = (),
    sensors: tuple[Sensor, ...] = (),
    lengths: dict[tuple[str, str], int] | None = None,
) -> Site:
    """A site from named points in cm; those named in `lamps` carry sensors. Links are straight unless a length is given."""
    straight = {(a, b): round(((points[a][0] - points[b][0]) ** 2 + (points[a][1] - points[b][1]) ** 2) ** 0.5) for a, b, _ in links}
    return Site(
        name="test street",
        latitude=59.3,
        longitude=18.0,
        timezone="Europe/Stockholm",
        lamps=tuple(Lamp(name, *points[name], "zone", "fixture", sensors) for name in lamps),
        junctions=tuple(Point(name, *where) for name, where in points.items() if name not in lamps),
        links=tuple(Link(a, b, (lengths or straight).get((a, b), straight[a, b]), way.id) for a, b, way in links),
        ways=tuple({way.id: way for _, _, way in links}.values()) or (PATH,),
        fixtures={},
        entrances=entrances,
    )


def row_of_posts(count: int = 10, pitch_cm: int = 2200, way: Way = PATH, kind: str = "ideal") -> Site:
    """Posts on a straight line to the east, with an entrance 12 m before the first and behind the last."""
    names = [f"P{number}" for number in range(count)]
    points = {name: (number * pitch_cm, 0) for number, name in enumerate(names)}
    points |= {"west": (-1200, 0), "east": ((count - 1) * pitch_cm + 1200, 0)}
    chain = ["west", *names, "east"]
    links = [(a, b, way) for a, b in pairwise(chain)]
    return site(points, links, ("west", "east"), tuple(names), (Sensor(kind, ALL_AROUND),))


def fork() -> Site:
    """A path from the west that parts at `middle` into `north` and `south`."""
    points = {"west": (-10_000, 0), "middle": (0, 0), "north": (7000, 7000), "south": (7000, -7000)}
    links = [("west", "middle", PATH), ("middle", "north", PATH), ("south", "middle", PATH)]
    return site(points, links, ("west", "north", "south"), ("middle",))
