"""The people of a night as SUMO reads them: one person or vehicle for each leg, with the speed that he would like to go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

from lykta.corehost import schema
from lykta.site.graph import CLASS_BITS, Graph
from lykta.traffic.sumo_fit import Fit
from lykta.traffic.sumo_legs import Leg
from lykta.traffic.sumo_net import VCLASS, chains

_PEDESTRIAN = "pedestrian"


@dataclass(frozen=True)
class Route:
    """Where a leg goes in a net: its edges, all of them or (`whole` False) those over which SUMO finds the way; positions [m] on the first
    and the last."""

    edges: tuple[str, ...]
    from_m: float
    to_m: float
    whole: bool = True


#: From a leg to its route; None where the net has no way for it.
Router = Callable[[Leg], Route | None]


def on_made_net(graph: Graph) -> Router:
    """Routes on the net that is made of a site: every leg has one."""
    length = graph.length_cm.tolist()
    edge_of: dict[int, tuple[str, int]] = {}  # directed link -> edge, and where on it the link begins [cm]
    for edge in chains(graph):
        at = 0
        for directed in edge.links:
            edge_of[directed] = edge.name, at
            at += length[directed >> 1]

    def route(leg: Leg) -> Route:
        edges = tuple(name for name, _ in groupby(edge_of[directed][0] for directed in leg.links))
        first, last = edge_of[leg.links[0]][1], edge_of[leg.links[-1]][1]
        return Route(edges, (first + leg.from_cm) / 100, (last + leg.to_cm) / 100)

    return route


def on_own_net(graph: Graph, found: Fit) -> Router:
    """Routes on a net of one's own: from the edge nearest to where a leg begins over those along its links to the one where it ends."""

    def route(leg: Leg) -> Route | None:
        bit = CLASS_BITS[schema.CLASS_NAMES[leg.road_user]]
        begin, end = found.place(leg.links[0], leg.from_cm, bit), found.place(leg.links[-1], leg.to_cm, bit)
        if begin is None or end is None:
            return None
        middles = [found.place(link, float(graph.length_cm[link >> 1]) / 2, bit) for link in leg.links[1:-1]]
        names = [begin[0], *(middle[0] for middle in middles if middle is not None), end[0]]
        edges = tuple(name for name, _ in groupby(names))
        if len(edges) == 1 and end[1] <= begin[1]:
            return None
        return Route(edges, begin[1], end[1], whole=False)

    return route


def write(file: Path, legs: Sequence[Leg], router: Router, length_cm: Sequence[int], begin_ms: int) -> Mapping[str, Leg]:
    """Write the legs that the net has a way for, in the order in which they set out; returns them by the names they have there."""
    root = ET.Element("routes")
    placed = {}
    for leg in sorted(legs, key=lambda leg: (leg.from_ms, leg.user, leg.number)):
        route = router(leg)
        if route is None:
            continue
        name = f"{leg.user}.{leg.number}"
        placed[name] = leg
        speed = f"{leg.length_cm(length_cm) / max(1, leg.to_ms - leg.from_ms) * 10:.3f}"
        kind = schema.CLASS_NAMES[leg.road_user]
        own = {"id": f"t{name}", "vClass": VCLASS[kind], "maxSpeed": speed, "desiredMaxSpeed": speed, "speedFactor": "1", "speedDev": "0"}
        ET.SubElement(root, "vType", own)
        depart = {"id": name, "type": f"t{name}", "depart": f"{(leg.from_ms - begin_ms) / 1000:.3f}", "departPos": f"{route.from_m:.2f}"}
        _add(root, kind == _PEDESTRIAN, depart, route)
    ET.ElementTree(root).write(file)
    return placed


def _add(root: ET.Element, walks: bool, depart: dict[str, str], route: Route) -> None:
    edges, arrival = " ".join(route.edges), {"arrivalPos": f"{route.to_m:.2f}"}
    ends = {"from": route.edges[0], "to": route.edges[-1]}
    if walks:
        person = ET.SubElement(root, "person", depart)
        ET.SubElement(person, "walk", {**({"edges": edges} if route.whole else ends), **arrival})
        return
    ways = {"departSpeed": "max", "departLane": "best", **arrival}
    if route.whole:
        vehicle = ET.SubElement(root, "vehicle", {**depart, **ways})
        ET.SubElement(vehicle, "route", {"edges": edges})
    else:
        via = {"via": " ".join(route.edges[1:-1])} if len(route.edges) > 2 else {}
        ET.SubElement(root, "trip", {**depart, **ways, **ends, **via})
