"""Where sensors see on paper: the stretches of way on which somebody is first known, whether or not a sensor fires."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lykta.corehost import schema
from lykta.sensing.geometry import Ints, field, visible
from lykta.sensing.models import KINDS, MODELS
from lykta.site.graph import Graph
from lykta.site.model import Site


@dataclass(frozen=True)
class Coverage:
    """Stretches `from_cm .. to_cm` of links (chainages from `a`) that a sensor of a lamp covers for a class, as equal arrays.

    In the order (road_user, link, from_cm, lamp). Geometry on the line of the link alone: no lateral offset, miss or fault moves it.
    Only sensors of lamps that serve the way: those that stand at, or light, a point of it.
    """

    road_user: Ints
    link: Ints
    from_cm: Ints
    to_cm: Ints
    lamp: Ints
    sensor: Ints

    def of(self, road_user: int) -> Coverage:
        """The stretches for one class."""
        return self._chosen(np.flatnonzero(self.road_user == road_user))

    def _chosen(self, which: NDArray[np.intp]) -> Coverage:
        columns = (self.road_user, self.link, self.from_cm, self.to_cm, self.lamp, self.sensor)
        return Coverage(*(column[which] for column in columns))


def coverage(site: Site, graph: Graph) -> Coverage:
    """The nominal coverage of every sensor of a site, for each class that may use the link."""
    serves = _ways_served(graph)
    rows: list[tuple[Ints, ...]] = [(np.zeros(0, dtype=np.int64),) * 6]
    for kind in KINDS:
        seen = field(site, graph, kind)
        link = np.repeat(np.arange(graph.link_count), seen.count)
        pair = np.arange(len(link))
        lamp, way = seen.lamp[seen.sensor], graph.way[link].astype(np.int64)
        served = np.isin(lamp * (len(site.ways) + 1) + way, serves)
        for road_user in range(int(schema.CLASSES)):
            reach = seen.range_cm[seen.sensor, road_user]
            slope = np.full(len(pair), MODELS[kind].slopes[road_user]) if MODELS[kind].slopes else None
            low, high = visible(seen, pair, reach, np.zeros(len(pair)), slope)
            begin = np.maximum(np.rint(low / seen.scale[link]), 0).astype(np.int64)
            end = np.minimum(np.rint(high / seen.scale[link]), graph.length_cm[link]).astype(np.int64)
            kept = served & (begin < end) & ((graph.classes[link] >> road_user & 1) == 1)
            columns = (np.full(len(pair), road_user), link, begin, end, lamp, seen.number[seen.sensor])
            rows.append(tuple(column[kept] for column in columns))
    found = Coverage(*(np.concatenate(column) for column in zip(*rows, strict=True)))
    return found._chosen(np.lexsort((found.sensor, found.lamp, found.from_cm, found.link, found.road_user)))


def _ways_served(graph: Graph) -> Ints:
    """lamp * (ways + 1) + way for every way that a lamp stands at, or lights."""
    site = graph.site
    keys = {
        lamp * (len(site.ways) + 1) + int(graph.way[directed >> 1])
        for lamp, points in enumerate(graph.anchors)
        for point in points
        for directed in graph.out_links(point)
    }
    return np.array(sorted(keys), dtype=np.int64)
