"""The site as one class of road user may use it: chains of links between the places where one can choose.

A *chain* is a run of directed links through points that leave no choice. A journey is a sequence of chains, so drawing
one costs a step for each choice, not for each post.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from lykta.site.graph import Graph
from lykta.tables import ANIMAL
from lykta.traffic.demand import NAMES, Demand

LEAVE = -1
_SPLIT = 27720  # divisible by 1..12, so that an entrance's weight can be split evenly between its ways in

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Network:
    """Chains, numbered; `links[first[c] : first[c] + count[c]]` are the directed links of chain c, `length_cm[c]` its length.

    `starts` are chains that begin at an entrance, `start_limits` their weights summed up. At the end of chain c one goes on
    to `options[c, k]` (a chain, or LEAVE) with k drawn by `limits[c]`, weights summed up; unused options are never drawn.
    `home[c]` is the choice that leads out soonest.
    """

    first: Indices
    count: Indices
    links: Indices
    length_cm: Indices
    starts: Indices
    start_limits: Indices
    options: Indices
    limits: Indices
    home: Indices


def usable_as(road_user: int) -> str:
    """The class whose ways a road user takes: animals walk where people do."""
    return "pedestrian" if road_user == ANIMAL else NAMES[road_user]


class _Builder:
    def __init__(self, graph: Graph, demand: Demand, road_user: int) -> None:
        self.graph, self.demand = graph, demand
        site = graph.site
        usable = [usable_as(road_user) in site.ways[way].classes for way in graph.way.tolist()]
        self.out = [[directed for directed in graph.out_links(point) if usable[directed >> 1]] for point in range(graph.point_count)]
        self.entrances = {graph.index[name] for name in site.entrances}
        self.of_first: dict[int, int] = {}  # chain by its first directed link
        self.chains: list[list[int]] = []
        self._make_chains()

    def _make_chains(self) -> None:
        for point, ways_out in enumerate(self.out):
            if point in self.entrances or len(ways_out) != 2:
                for directed in ways_out:
                    self.of_first[directed] = len(self.chains)
                    self.chains.append(self._follow(directed))

    def _follow(self, directed: int) -> list[int]:
        chain = [directed]
        while True:
            point = self.graph.head(chain[-1])
            if point in self.entrances or len(self.out[point]) != 2:
                return chain
            back = chain[-1] ^ 1
            onward = [candidate for candidate in self.out[point] if candidate != back]
            chain.append(onward[0])

    def starts(self) -> tuple[list[int], list[int]]:
        chains, weights = [], []
        for point in sorted(self.entrances):
            name = self.graph.site.points[point].id
            for directed in self.out[point]:
                chains.append(self.of_first[directed])
                weights.append(self.demand.entrances.get(name, 1) * _SPLIT // len(self.out[point]))
        return chains, weights

    def choices(self, chain: list[int]) -> tuple[list[int], list[int]]:
        """Where one can go at the end of a chain, with weights: on, out, and back only where nothing else is left."""
        last, point = chain[-1], self.graph.head(chain[-1])
        points, way = self.graph.site.points, self.graph.way
        turns = self.demand.turns.get(points[point].id, {})
        chains, weights = [], []
        for directed in self.out[point]:
            if directed != last ^ 1:
                stay = self.demand.stay_on_way if way[directed >> 1] == way[last >> 1] and not turns else 1
                chains.append(self.of_first[directed])
                weights.append(stay * turns.get(points[self.graph.head(directed)].id, 1))
        if point in self.entrances:
            chains.append(LEAVE)
            weights.append(1)
        return (chains, weights) if sum(weights) else ([self.of_first[last ^ 1]], [1])


def _homeward(options: list[list[int]], lengths: list[int]) -> list[int]:
    """For each chain the choice at its end that leads out over the least length (Dijkstra, from the ways out inwards)."""
    before: list[list[int]] = [[] for _ in options]
    queue: list[tuple[int, int, int]] = []
    for chain, choices in enumerate(options):
        for choice in choices:
            if choice == LEAVE:
                queue.append((0, chain, LEAVE))
            else:
                before[choice].append(chain)
    queue.sort()
    home: dict[int, int] = {}
    while queue:
        cost, chain, choice = heappop(queue)
        if chain not in home:
            home[chain] = choice
            for earlier in before[chain]:
                heappush(queue, (cost + lengths[chain], earlier, chain))
    return [home.get(chain, choices[0]) for chain, choices in enumerate(options)]


def network(graph: Graph, demand: Demand, road_user: int) -> Network:
    """Compile the network of a class; without `starts` where no entrance lets it in."""
    builder = _Builder(graph, demand, road_user)
    chains = builder.chains
    found = [builder.choices(chain) for chain in chains]
    lengths = [sum(int(graph.length_cm[directed >> 1]) for directed in chain) for chain in chains]
    width = max((len(options) for options, _ in found), default=1)
    options = np.full((len(chains), width), LEAVE, dtype=np.int64)
    limits = np.zeros((len(chains), width), dtype=np.int64)
    for chain, (choices, weights) in enumerate(found):
        options[chain, : len(choices)] = choices
        limits[chain, : len(choices)] = np.cumsum(weights)
        limits[chain, len(choices) :] = sum(weights)
    starts, start_weights = builder.starts()
    count = _int64([len(chain) for chain in chains])
    return Network(
        first=np.cumsum(count) - count,
        count=count,
        links=_int64([directed for chain in chains for directed in chain]),
        length_cm=_int64(lengths),
        starts=_int64(starts),
        start_limits=np.cumsum(_int64(start_weights)),
        options=options,
        limits=limits,
        home=_int64(_homeward([choices for choices, _ in found], lengths)),
    )


def _int64(values: list[int]) -> Indices:
    return np.array(values, dtype=np.int64)
