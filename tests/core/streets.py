"""Small sites for tests of the control law: lines, junctions and rings of posts, as `lykta.site` has them."""

from __future__ import annotations

from collections.abc import Sequence

from lykta.site.graph import Graph
from lykta.site.model import Fixture, Lamp, Link, Point, Sensor, Site, Way

#: How far the sensors of these streets see [cm].
RANGE_CM = 800
PITCH_CM = 2200
END_CM = 1200
CLASSES = frozenset({"pedestrian", "cyclist"})
_FIXTURE = Fixture("post", 2000, ((1, 1000), (250, 6000), (500, 11000), (750, 15000), (1000, 20000)), 0, 0, 0.8, True)


def _lamp(name: str, x_cm: int, y_cm: int, seeing: bool, kind: str) -> Lamp:
    sensor = Sensor(kind, {"pedestrian": RANGE_CM, "cyclist": RANGE_CM, "car": RANGE_CM})
    return Lamp(name, x_cm, y_cm, "path", "post", (sensor,) if seeing else ())


def street(
    lamps: Sequence[tuple[str, int, int, bool]],
    junctions: Sequence[tuple[str, int, int]],
    links: Sequence[tuple[str, str, int]],
    entrances: Sequence[str],
    kind: str = "ideal",
    classes: frozenset[str] = CLASSES,
) -> Graph:
    """A site from lamps (id, x, y, whether it has a sensor), junctions (id, x, y) and links (a, b, length), all in cm."""
    site = Site(
        name="test",
        latitude=59.3,
        longitude=18.0,
        timezone="Europe/Stockholm",
        lamps=tuple(_lamp(*lamp, kind) for lamp in lamps),
        junctions=tuple(Point(*junction) for junction in junctions),
        links=tuple(Link(a, b, length, "way") for a, b, length in links),
        ways=(Way("way", "path", classes),),
        fixtures={"post": _FIXTURE},
        entrances=tuple(entrances),
    )
    return Graph(site)


def line(pitches: Sequence[int], seeing: Sequence[bool] = (), kind: str = "ideal", classes: frozenset[str] = CLASSES) -> Graph:
    """Posts L0, L1, ... along a line with these distances, an entrance (west, east) END_CM beyond each end."""
    places = [0]
    for pitch in pitches:
        places.append(places[-1] + pitch)
    sees = list(seeing) or [True] * len(places)
    lamps = [(f"L{number}", x, 0, sees[number]) for number, x in enumerate(places)]
    links = [("west", "L0", END_CM)]
    links += [(f"L{number}", f"L{number + 1}", pitch) for number, pitch in enumerate(pitches)]
    links.append((f"L{len(pitches)}", "east", END_CM))
    return street(lamps, [("west", -END_CM, 0), ("east", places[-1] + END_CM, 0)], links, ["west", "east"], kind, classes)


_DIRECTIONS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def star(arms: Sequence[Sequence[int]], seeing: Sequence[bool] = (), side_cm: int = 0, kind: str = "ideal") -> Graph:
    """Arms of posts (A0, A1, ..., B0, ...) around a junction "centre", each by its distances from the centre outwards.

    Every arm ends with an entrance (A, B, ...). `side_cm`: a further arm without posts ends in the entrance "side".
    """
    lamps, links = [], []
    ends = [("centre", 0, 0)]
    for arm, pitches in enumerate(arms):
        name = "ABCD"[arm]
        dx, dy = _DIRECTIONS[arm]
        before, out = "centre", 0
        for number, pitch in enumerate(pitches):
            out += pitch
            sees = seeing[len(lamps) % len(seeing)] if seeing else True
            lamps.append((f"{name}{number}", dx * out, dy * out, sees))
            links.append((before, f"{name}{number}", pitch))
            before = f"{name}{number}"
        links.append((before, name, END_CM))
        ends.append((name, dx * (out + END_CM), dy * (out + END_CM)))
    entrances = ["ABCD"[arm] for arm in range(len(arms))]
    if side_cm:
        ends.append(("side", side_cm, side_cm))
        links.append(("centre", "side", side_cm))
        entrances.append("side")
    return street(lamps, ends, links, entrances, kind)


def ring(pitches: Sequence[int], seeing: Sequence[bool] = (), kind: str = "ideal") -> Graph:
    """Posts R0, R1, ... in a ring with these distances; R0 has a way in ("gate")."""
    count = len(pitches)
    sees = list(seeing) or [True] * count
    lamps = [(f"R{number}", 1000 * number, 1000 * (number % 2), sees[number]) for number in range(count)]
    links = [(f"R{number}", f"R{(number + 1) % count}", pitch) for number, pitch in enumerate(pitches)]
    links.append(("gate", "R0", END_CM))
    return street(lamps, [("gate", -END_CM, 0)], links, ["gate"], kind)
