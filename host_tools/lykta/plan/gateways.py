"""Which lamp reaches the network through which other one.

A lamp whose board has Ethernet is a gateway. Where a site has gateways, every other node speaks only by radio, with the nearest of them;
where it has none, every node is on the network by itself (Wi-Fi).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from lykta.plan.board import Board
from lykta.site.graph import Graph

#: How many lamps a gateway carries for, at most, with messages of at least 15 minutes' distance and updates in one night.
GATEWAY_LAMPS = 30
_ANYWHERE_CM = 10_000_000


def carriers(graph: Graph, boards: Mapping[str, Board]) -> dict[str, str]:
    """The gateway of every lamp that has a node and no network of its own: {lamp: gateway}, in the order of the site.

    The nearest along the ways; where no way leads to one, the nearest through the air. Of two equally near, the first of the site.
    """
    lamps = graph.site.lamps
    gateways = [number for number, lamp in enumerate(lamps) if lamp.adaptive and boards[lamp.id].gateway]
    away = {gateway: dict(graph.lamps_around(gateway, _ANYWHERE_CM)) for gateway in gateways}

    def farness(lamp: int, gateway: int) -> tuple[bool, float]:
        along = away[gateway].get(lamp)
        if along is not None:
            return False, along
        return True, math.dist((lamps[lamp].x_cm, lamps[lamp].y_cm), (lamps[gateway].x_cm, lamps[gateway].y_cm))

    carried = [number for number, lamp in enumerate(lamps) if lamp.adaptive and gateways and number not in gateways]
    return {lamps[number].id: lamps[min(gateways, key=lambda gateway: farness(number, gateway))].id for number in carried}
