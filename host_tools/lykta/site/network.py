"""Makes the graph of an imported site: lamps matched to ways, links along the ways from lamp to lamp and junction.

A lamp belongs to the nearest way within 25 m and stands, for the graph, at its foot on it. It lights ways that run beside it
(the carriageway along the pavement) as well: their feet within 12 m are its further anchors. Of a way without lamps only what
lies within reach of light stays: a link over which one comes from light to light in at most 120 m.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise
from math import pi

import numpy as np
from numpy.typing import NDArray

from lykta.progress import Progress, track
from lykta.site.gridding import Foot, SegmentGrid, chainages
from lykta.site.osm import Street
from lykta.site.projection import Projection

MATCH_M = 25.0
BESIDE_M = 12.0
_PARALLEL = pi / 6  # ways that differ by less run beside each other
_BESIDE_MOST = 2
_SPACING_M = 0.5  # least length between two points of a way, so that no link has none
DARK_M = 120.0

Floats = NDArray[np.float64]


@dataclass
class Edge:
    """A stretch of a way between two nodes where ways meet or end."""

    street: int
    ends: tuple[int, int]  # OSM nodes
    x: Floats
    y: Floats
    chainage: Floats
    stations: list[tuple[float, str]] = field(default_factory=list)  # (chainage, id of the point)

    @property
    def length_m(self) -> float:
        """From end to end, along the way."""
        return float(self.chainage[-1])

    def at(self, chainage_m: float) -> tuple[float, float]:
        """The place at a chainage."""
        return float(np.interp(chainage_m, self.chainage, self.x)), float(np.interp(chainage_m, self.chainage, self.y))


@dataclass
class Network:
    """The graph: points by id with their place [m], links as (a, b, length in m, street), and what each lamp got."""

    places: dict[str, tuple[float, float]]
    links: list[tuple[str, str, float, int]]
    street_of: dict[str, int]  # lamp -> street
    anchors: dict[str, tuple[str, ...]]
    away_m: dict[str, float]  # lamp -> how far it stands from its way
    unmatched: list[str]


def build(streets: Sequence[Street], lamps: Sequence[tuple[str, float, float]], projection: Projection) -> Network:
    """The network of lamps, given as (id, x, y) in m, on the ways of an extract."""
    edges = _edges(streets, lamps, projection)
    return _Matcher(streets, edges).run(lamps)


def _edges(streets: Sequence[Street], lamps: Sequence[tuple[str, float, float]], projection: Projection) -> list[Edge]:
    """The ways cut where they meet, only those near any lamp."""
    uses = Counter(node for street in streets for node in street.nodes)
    xs = np.array([x for _, x, _ in lamps])
    ys = np.array([y for _, _, y in lamps])
    box = (xs.min() - 500, xs.max() + 500, ys.min() - 500, ys.max() + 500)
    edges: list[Edge] = []
    for number, street in enumerate(streets):
        places = np.array(street.places)
        x, y = projection.to_metres(places[:, 0], places[:, 1])
        if x.max() < box[0] or x.min() > box[1] or y.max() < box[2] or y.min() > box[3]:
            continue
        first = 0
        for index in range(1, len(street.nodes)):
            if index == len(street.nodes) - 1 or uses[street.nodes[index]] > 1:
                part = slice(first, index + 1)
                along = chainages(x[part], y[part])
                if along[-1] > 0:
                    edges.append(Edge(number, (street.nodes[first], street.nodes[index]), x[part], y[part], along))
                first = index
    return edges


class _Matcher:
    """Puts lamps on edges and makes links of the edges."""

    def __init__(self, streets: Sequence[Street], edges: list[Edge]) -> None:
        self.streets = streets
        self.edges = edges
        self.grid = SegmentGrid([(edge.x, edge.y) for edge in edges], 2 * MATCH_M)
        self.node_names: dict[int, str] = {}  # OSM node -> the lamp that took its place
        self.network = Network({}, [], {}, {}, {}, [])
        self.beside: list[tuple[str, Foot]] = []

    def run(self, lamps: Sequence[tuple[str, float, float]]) -> Network:
        for name, x, y in track(lamps, "matching lamps to ways"):
            feet = self.grid.feet(x, y, MATCH_M)
            if not feet:
                self.network.unmatched.append(name)
                self.network.places[name] = (x, y)
                continue
            self._stand(name, feet[0])
            self.beside.extend((name, foot) for foot in self._feet_beside(feet))
        for name, foot in self.beside:
            self._light_beside(name, foot)
        with Progress("making links", len(self.edges)) as bar:
            for edge in self.edges:
                self._link(edge)
                bar.advance()
        self._leave_out_dark()
        return self.network

    def _stand(self, name: str, foot: Foot) -> None:
        """The lamp stands at its foot; at an end of the edge it becomes the junction there."""
        edge = self.edges[foot.line]
        self.network.street_of[name] = edge.street
        self.network.away_m[name] = foot.away_m
        self.network.places[name] = (foot.x, foot.y)
        node = _end_near(edge, foot.chainage_m)
        if node is not None and node not in self.node_names:
            self.node_names[node] = name
        else:
            edge.stations.append((foot.chainage_m, name))

    def _feet_beside(self, feet: Sequence[Foot]) -> list[Foot]:
        """The feet on other ways that run beside the nearest one: parallel, near, and not its own continuation."""
        own = self.edges[feet[0].line]
        found: list[Foot] = []
        streets = {own.street}
        for foot in feet[1:]:
            edge = self.edges[foot.line]
            turn = abs(foot.direction - feet[0].direction)
            inside = _SPACING_M < foot.chainage_m < edge.length_m - _SPACING_M
            if foot.away_m <= BESIDE_M and min(turn, pi - turn) < _PARALLEL and inside and edge.street not in streets:
                found.append(foot)
                streets.add(edge.street)
        return found[:_BESIDE_MOST]

    def _light_beside(self, name: str, foot: Foot) -> None:
        """A further anchor for a lamp, on a way beside its own."""
        before = self.network.anchors.get(name, ())
        anchor = f"{name}.{'ab'[len(before)]}"
        self.network.anchors[name] = (*before, anchor)
        self.network.places[anchor] = (foot.x, foot.y)
        self.edges[foot.line].stations.append((foot.chainage_m, anchor))

    def _node(self, node: int, place: tuple[float, float]) -> str:
        """The id of the point at a node."""
        name = self.node_names.setdefault(node, f"j{node}")
        self.network.places[name] = place
        return name

    def _link(self, edge: Edge) -> None:
        """Links from station to station along an edge; stations too near each other are moved apart."""
        along = _apart([chainage for chainage, _ in sorted(edge.stations)], edge.length_m)
        names = [name for _, name in sorted(edge.stations)]
        for name, chainage in zip(names, along, strict=True):
            self.network.places[name] = edge.at(chainage)
        first = self._node(edge.ends[0], edge.at(0.0))
        last = self._node(edge.ends[1], edge.at(edge.length_m))
        stops = [(0.0, first), *zip(along, names, strict=True), (edge.length_m, last)]
        for (from_m, a), (to_m, b) in pairwise(stops):
            if a != b:
                self.network.links.append((a, b, to_m - from_m, edge.street))

    def _leave_out_dark(self) -> None:
        """Drop the links that lead nowhere near light, and junctions that no link reaches any more."""
        network = self.network
        lit = set(network.street_of) | {anchor for anchors in network.anchors.values() for anchor in anchors}
        away = _lengths_to(lit, network.links)
        far = float("inf")
        links = [link for link in network.links if away.get(link[0], far) + link[2] + away.get(link[1], far) <= DARK_M]
        network.links = _without_dark_ends(links, lit)
        linked = {name for link in network.links for name in link[:2]} | set(network.street_of) | set(network.unmatched)
        network.places = {name: place for name, place in network.places.items() if name in linked or name in lit}
        for name, anchors in list(network.anchors.items()):
            network.anchors[name] = tuple(anchor for anchor in anchors if anchor in linked)
        network.places = {name: place for name, place in network.places.items() if name in linked}


def _end_near(edge: Edge, chainage_m: float) -> int | None:
    """The node at the end of an edge that a chainage is at, if any."""
    if chainage_m < _SPACING_M:
        return edge.ends[0]
    return edge.ends[1] if chainage_m > edge.length_m - _SPACING_M else None


def _apart(along: Sequence[float], length_m: float) -> list[float]:
    """Rising chainages moved apart to the least spacing, inside the edge; evenly spread where there is no room."""
    room = min(_SPACING_M, length_m / (len(along) + 1))
    moved: list[float] = []
    for chainage in along:
        moved.append(max(chainage, (moved[-1] if moved else 0.0) + room))
    highest = length_m - room
    for index in range(len(moved) - 1, -1, -1):
        moved[index] = min(moved[index], highest)
        highest = moved[index] - room
    return moved


def _lengths_to(lit: set[str], links: Sequence[tuple[str, str, float, int]]) -> dict[str, float]:
    """The length from every point to the nearest lit one, as far as it matters."""
    near: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for a, b, length, _ in links:
        near[a].append((b, length))
        near[b].append((a, length))
    done: dict[str, float] = {}
    queue = [(0.0, name) for name in sorted(lit)]
    while queue:
        length, name = heappop(queue)
        if name in done:
            continue
        done[name] = length
        for other, step in near[name]:
            if other not in done and length + step <= DARK_M:
                heappush(queue, (length + step, other))
    return done


def _without_dark_ends(links: list[tuple[str, str, float, int]], lit: set[str]) -> list[tuple[str, str, float, int]]:
    """The links without dead ends that have no light at either end of their last link."""
    while True:
        degree = Counter(name for link in links for name in link[:2])
        kept = [link for link in links if link[0] in lit or link[1] in lit or (degree[link[0]] > 1 and degree[link[1]] > 1)]
        if len(kept) == len(links):
            return kept
        links = kept
