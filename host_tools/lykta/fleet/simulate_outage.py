"""A broker that is away for a day, and comes back to thousands of nodes: in virtual time, event by event.

Each node is what `tasks/uplink` and `tasks/reports` make of it: it tries after a pause drawn from all of 0 to a limit that doubles, keeps
so many letters, and then makes longer reports instead of more. The broker shakes hands with so many in a second, in the order in which
they come; who waits too long gives up, and has made it work for nothing.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass

#: As in the firmware [s]: from what the first pause after a good connection is drawn, then the first limit, and the longest; and how long
#: a connection may take to open.
SPREAD_S, FIRST_S, LONGEST_S, PATIENCE_S = 20.0, 1.0, 850.0, 25.0
#: Letters of telemetry that a node keeps; its events, at most.
TELEMETRY, EVENTS = 8, 16
PERIOD_S = 900


@dataclass(frozen=True)
class Outage:
    """What came of it. Times in s after the broker was back: when all were there, and half of them. `peak`: attempts in the busiest second.

    `given_up`: attempts that took too long; `tried`: attempts in the busiest second while it was away; `most_letters`: that one node had
    kept, `letters` all of them.
    """

    nodes: int
    back_s: float
    half_s: float
    peak: int
    given_up: int
    most_letters: int
    letters: int
    tried: int


def outage(nodes: int, length_s: float, jittered: bool = True, handshakes_s: float = 300.0, seed: int = 1) -> Outage:
    """The broker goes at 0 and is back after `length_s`. `jittered` False: the yardstick, which waits for the whole limit each time."""
    draw = random.Random(seed)
    waiting = [(_pause(draw, SPREAD_S, jittered), node) for node in range(nodes)]
    limits = [FIRST_S] * nodes
    heapq.heapify(waiting)
    away: Counter[int] = Counter()
    attempts: Counter[int] = Counter()
    back: list[float] = []
    free_s, given_up = length_s, 0
    while waiting:
        t_s, node = heapq.heappop(waiting)
        if t_s < length_s:
            away[int(t_s)] += 1
        else:
            attempts[int(t_s - length_s)] += 1
            begin = max(free_s, t_s)
            # The handshake is paid for whether its node still waits for it or not.
            free_s = begin + 1 / handshakes_s
            if free_s - t_s <= PATIENCE_S:
                back.append(free_s - length_s)
                continue
            given_up += 1
            t_s += PATIENCE_S
        heapq.heappush(waiting, (t_s + _pause(draw, limits[node], jittered), node))
        limits[node] = min(2 * limits[node], LONGEST_S)
    kept = min(TELEMETRY, int(length_s // PERIOD_S)) + min(EVENTS, 2)
    return Outage(nodes, back[-1], back[len(back) // 2], max(attempts.values()), given_up, kept, kept * nodes, max(away.values()))


def _pause(draw: random.Random, limit: float, jittered: bool) -> float:
    return draw.uniform(0, limit) if jittered else limit
