"""Small sites for tests: drawn by hand, or by Hypothesis."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, dist

from hypothesis import strategies as st

from lykta.site.fixtures import formula
from lykta.site.model import Fixture, Floor, Lamp, Link, Point, Sensor, Site, Way
from lykta.site.sensors import RANGES_CM

POST = Fixture("post", 2600, formula(20_000), 500, 100, 0.85, estimated=True)
WAYS = (
    Way("path", "path", frozenset({"pedestrian", "cyclist"})),
    Way("street", "street", frozenset({"pedestrian", "cyclist", "car"}), 833, name="Long street"),
    Way("stairs", "path", frozenset({"pedestrian"})),
)


def street(lamps: list[Lamp], links: list[Link], junctions: list[Point] | None = None, **more: object) -> Site:
    """A site of these parts at Valla torg."""
    head = {"name": "street", "latitude": 59.295, "longitude": 18.0484, "timezone": "Europe/Stockholm"}
    zones = tuple(dict.fromkeys(lamp.zone for lamp in lamps))
    parts = {"entrances": (), "fixtures": {"post": POST}, "ways": WAYS, "zones": zones, "several_streets": True}
    return Site(lamps=tuple(lamps), links=tuple(links), junctions=tuple(junctions or ()), **{**head, **parts, **more})


def lamp(name: str, x_m: float, y_m: float = 0.0, **more: object) -> Lamp:
    """A lamp at a place in m."""
    return Lamp(**{"id": name, "x_cm": round(x_m * 100), "y_cm": round(y_m * 100), "zone": "path", "fixture": "post", **more})


def row(count: int, pitch_m: float = 25.0) -> Site:
    """Lamps L0, L1, ... in a row along a path."""
    lamps = [lamp(f"L{number}", number * pitch_m) for number in range(count)]
    links = [Link(f"L{number}", f"L{number + 1}", round(pitch_m * 100), "path") for number in range(count - 1)]
    return street(lamps, links)


@st.composite
def graphs(draw: st.DrawFn) -> Site:
    """Up to six lamps and three junctions, joined any which way, with parallel links and ways of different classes."""
    lamps = [lamp(f"L{number}", 10.0 * number) for number in range(draw(st.integers(1, 6)))]
    junctions = [Point(f"J{number}", 500, 1000 * number) for number in range(draw(st.integers(0, 3)))]
    names = [point.id for point in (*lamps, *junctions)]
    ends = st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda pair: pair[0] != pair[1])
    links = st.builds(lambda pair, length, way: Link(*pair, length, way.id), ends, st.integers(1, 60), st.sampled_from(WAYS))
    drawn = draw(st.lists(links, max_size=12)) if len(names) > 1 else []
    anchors = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    lamps[0] = lamp("L0", 0.0, anchors=tuple(name for name in anchors if name != "L0"))
    return street(lamps, drawn, junctions)


_NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")), min_size=1, max_size=8)
_LEVELS = st.integers(1, 1000)
_FLOORS = st.builds(
    Floor,
    permille=_LEVELS,
    reason=st.sampled_from(["first post", "school: 06 to 08", "yes", "it's a crossing, #2"]),
    hours=st.none() | st.tuples(st.integers(0, 700), st.integers(701, 1439)),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
)


@st.composite
def written_sites(draw: st.DrawFn) -> Site:
    """Sites with every kind of thing that can be written down, as the loader would give them."""
    names = draw(st.lists(_NAMES.map(str.strip).filter(bool), min_size=2, max_size=5, unique=True))
    places = draw(st.lists(st.tuples(st.integers(-20_000, 20_000), st.integers(-20_000, 20_000)), min_size=5, max_size=5))
    lamps, points = [], dict(zip(names, places, strict=False))
    length = {pair: ceil(dist(points[pair[0]], points[pair[1]])) + 1 for pair in pairwise(names)}
    links = [
        Link(a, b, far + draw(st.integers(0, 300)), draw(st.sampled_from(WAYS)).id, draw(st.booleans())) for (a, b), far in length.items()
    ]
    for number, name in enumerate(names[:-1]):
        sensors = draw(st.lists(st.sampled_from(["pir", "ld2410", "ideal"]), max_size=2, unique=True))
        radar = [Sensor("ld2451", dict(RANGES_CM["ld2451"]), names[number + 1])] if draw(st.booleans()) else []
        far = [Sensor("pir", {"pedestrian": 900, "cyclist": 700, "car": 0})] if draw(st.booleans()) else []
        lamps.append(
            Lamp(
                id=name,
                x_cm=points[name][0],
                y_cm=points[name][1],
                zone=draw(st.sampled_from(["path", "street"])),
                fixture="post",
                sensors=(*(Sensor(kind, dict(RANGES_CM[kind])) for kind in sensors), *radar, *far),
                floors=tuple(draw(st.lists(_FLOORS, max_size=2, unique=True))),
                board=draw(st.sampled_from(["", "esp32_c3"])),
                adaptive=draw(st.booleans()),
                anchors=(names[number + 1],) if draw(st.booleans()) else (),
                heads=draw(st.integers(1, 4)),
                post_cm=draw(st.none() | st.tuples(st.integers(-500, 500), st.integers(-500, 500))),
            )
        )
    junction = Point(names[-1], *points[names[-1]])
    return street(lamps, links, [junction], zones=("path", "street"), note=draw(st.sampled_from(["", "schematic: no survey", "no"])))
