"""How the post goes between lamps without a network and their gateway: directly where the radio reaches, else from lamp to lamp.

A gateway hears RADIO_RANGE_CM far, like any post. Who stands farther away has his frames passed on by lamps of the same gateway, by
as few as possible, MOST_RELAYS at most: each lamp knows the next one towards the gateway, and for each lamp behind it the next one to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lykta.site.graph import Graph

#: From post to post in the open, on the safe side: farther along the straight line, telegrams are relayed [cm].
RADIO_RANGE_CM = 20_000
#: How often a frame of the post is passed on at most; as `HOPS` of the firmware's `tasks/airmail`.
MOST_RELAYS = 3


@dataclass
class Route:
    """The way of one node, by numbers of lamps: its gateway, the next one towards it (itself at the gateway), how many relays are between,
    and who is next on the way to each lamp behind it."""

    gateway: int
    next: int
    relays: int
    below: dict[int, int] = field(default_factory=dict)


def routes_of(graph: Graph, carriers: Mapping[str, str]) -> dict[int, Route]:
    """The ways of all lamps that a gateway carries for, and of the gateways. `carriers`: as `gateways.carriers` makes them.

    A lamp that too many relays would be needed for, or that no lamp of its gateway hears, has none: it works without a network.
    """
    number = {lamp.id: at for at, lamp in enumerate(graph.site.lamps)}
    groups: dict[int, set[int]] = {}
    for lamp, carrier in carriers.items():
        groups.setdefault(number[carrier], set()).add(number[lamp])
    found: dict[int, Route] = {}
    for gateway, lamps in groups.items():
        found |= _from(graph, gateway, lamps)
    return found


def _from(graph: Graph, gateway: int, lamps: set[int]) -> dict[int, Route]:
    """The ways of the lamps of one gateway, ring by ring outwards: through that lamp with which the longest of its leaps is shortest."""

    def leap(lamp: int, other: int) -> float:
        return max(_apart(graph, lamp, other), _apart(graph, other, found[other].next))

    found = {gateway: Route(gateway, gateway, 0)}
    ring = [gateway]
    left = set(lamps)
    for relays in range(MOST_RELAYS + 1):
        reached: dict[int, int] = {}
        for lamp in sorted(left):
            heard = [(leap(lamp, other), other) for other in ring if _apart(graph, lamp, other) <= RADIO_RANGE_CM]
            if heard:
                reached[lamp] = min(heard)[1]
        for lamp, near in reached.items():
            found[lamp] = Route(gateway, near, relays)
            step, other = lamp, near
            while step != gateway:
                found[other].below[lamp] = step
                step, other = other, found[other].next
        left -= set(reached)
        ring = list(reached)
    return found


def _apart(graph: Graph, one: int, other: int) -> float:
    """How far two lamps are apart through the air [cm]."""
    return math.dist((graph.x_cm[one], graph.y_cm[one]), (graph.x_cm[other], graph.y_cm[other]))


def hearers(routes: Mapping[int, Route]) -> Iterator[tuple[int, int]]:
    """(node, who must be able to read what it signs): along the way of each lamp everybody, both ways."""
    for lamp, route in routes.items():
        other = lamp
        while other != route.gateway:
            other = routes[other].next
            yield lamp, other
            yield route.gateway, lamp
