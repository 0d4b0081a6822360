"""An oracle for crossings: walks users over the map in small steps and measures distances there. Slow and simple."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lykta.site.graph import Graph
from lykta.site.model import Site
from lykta.traffic import Trajectories, on_map

STEP_MS = 20


def stays(site: Site, table: pa.Table, range_cm: int, user: int) -> dict[int, list[tuple[int, int]]]:
    """When a user is within a range of each lamp, to STEP_MS: lamp -> (first, last) moments inside."""
    graph, found = Graph(site), Trajectories(table)
    begin, end = found.span(user)
    times = np.arange(begin, end, STEP_MS)
    rows = found.rows_of(user)
    row = rows.start + np.searchsorted(found.t1_ms[rows], times, side="right")
    x, y = on_map(graph, found.positions(row, times))
    inside: dict[int, list[tuple[int, int]]] = {}
    for lamp, post in enumerate(site.lamps):
        near = (x - post.x_cm) ** 2 + (y - post.y_cm) ** 2 <= range_cm**2
        edges = np.flatnonzero(np.diff(np.concatenate(([False], near, [False])).astype(np.int8)))
        for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
            inside.setdefault(lamp, []).append((int(times[first]), int(times[last])))
    return inside
