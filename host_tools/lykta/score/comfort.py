"""How quiet the light is: changes of target, and neighbouring lamps whose levels differ a lot."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from lykta.score.intervals import SHIFT, Bools, Ints, expand, ints, keys
from lykta.score.light import Light
from lykta.score.model import Comfort
from lykta.site.graph import Graph

_NEAR_CM = 10_000  # lamps farther apart are seen one after the other, not beside each other
_MS_PER_H = 3_600_000


def neighbours(graph: Graph) -> tuple[Ints, Ints]:
    """Pairs of lamps (lower, higher number) that follow each other along links, at most 100 m apart, no lamp between them."""
    pairs: set[tuple[int, int]] = set()
    for lamp in range(graph.lamp_count):
        waiting, visited = [(0, lamp)], set[int]()
        while waiting:
            length, point = heappop(waiting)
            if point in visited:
                continue
            visited.add(point)
            if point < graph.lamp_count and point != lamp:
                pairs.add((min(lamp, point), max(lamp, point)))
                continue
            for directed in graph.out_links(point):
                further = length + int(graph.length_cm[directed >> 1])
                if further <= _NEAR_CM:
                    heappush(waiting, (further, graph.head(directed)))
    ordered = sorted(pairs)
    return ints([low for low, _ in ordered]), ints([high for _, high in ordered])


def _breaks(light: Light) -> Ints:
    """Where a lamp starts or stops moving: keys of (lamp, ms), sorted; between two of them a level is monotone."""
    seg = light.segments
    stops = (seg.span.begin + seg.ramp_ms)[(seg.ramp_ms > 0) & (seg.ramp_ms < seg.span.ms)]
    return np.sort(np.concatenate((seg.span.begin, stops)))


def uneven_ms(light: Light, low: Ints, high: Ints) -> Ints:
    """For each pair of lamps how long their levels differ more than 2:1.

    Between breaks of both lamps the relation changes at most once: ratios of perceived lightness do, since positions are linear
    in time; rounding of levels to whole permille may move that moment by some ms.
    """
    if not len(low):
        return ints([])
    moments = _breaks(light)
    pair = np.tile(np.arange(len(low)), 2)
    lamp = np.concatenate((low, high))
    first = np.searchsorted(moments, lamp << SHIFT)
    row, number = expand(np.searchsorted(moments, (lamp + 1) << SHIFT) - first)
    begin = np.unique(keys(pair[row], moments[first[row] + number] & ((1 << SHIFT) - 1)))
    of, t0 = begin >> SHIFT, begin & ((1 << SHIFT) - 1)
    same = np.concatenate((of[1:] == of[:-1], [False]))
    t1 = np.where(same, np.concatenate((t0[1:], [0])), light.end_ms)

    moving = np.flatnonzero((t1 - t0 > 1) & _moves(light, low[of], high[of], t0))
    total = _ms_above(light, low[of], high[of], t0, t1, moving) + _ms_above(light, high[of], low[of], t0, t1, moving)
    return np.bincount(of, weights=total, minlength=len(low)).astype(np.int64)


def _ms_above(light: Light, one: Ints, two: Ints, t0: Ints, t1: Ints, moving: Ints) -> Ints:
    """For how long in each [t0, t1) lamp `one` has more than twice the level of `two`; it changes at most once, in `moving`."""

    def above(rows: Ints, t: Ints) -> Bools:
        return np.asarray(light.level(keys(one[rows], t)) > 2 * light.level(keys(two[rows], t)))

    at_begin = above(np.arange(len(t0)), t0)
    at_end = at_begin.copy()
    at_end[moving] = above(moving, t1[moving] - 1)
    total = np.where(at_begin & at_end, t1 - t0, 0)
    turning = np.flatnonzero(at_begin != at_end)
    still, other = t0[turning], t1[turning] - 1  # the relation of the begin holds at `still`, no longer at `other`
    while len(turning) and int((other - still).max()) > 1:
        middle = (still + other) // 2
        as_begin = above(turning, middle) == at_begin[turning]
        still, other = np.where(as_begin, middle, still), np.where(as_begin, other, middle)
    total[turning] = np.where(at_begin[turning], other - t0[turning], t1[turning] - other)
    return total


def _moves(light: Light, one: Ints, two: Ints, t: Ints) -> Bools:
    """Whether either lamp is on its way at a moment."""
    seg = light.segments
    moves = np.zeros(len(t), dtype=bool)
    for lamp in (one, two):
        row = light.segment(keys(lamp, t))
        moves |= keys(lamp, t) - seg.span.begin[row] < seg.ramp_ms[row]
    return moves


def comfort(graph: Graph, light: Light, changes: Ints, adaptive: Bools) -> Comfort:
    """The comfort of a night."""
    hours = (light.end_ms - light.begin_ms) / _MS_PER_H
    low, high = neighbours(graph)
    controlled = int(adaptive.sum())
    return Comfort(
        changes_per_lamp_hour=int(changes[adaptive].sum()) / controlled / hours if controlled else None,
        uneven_share=int(uneven_ms(light, low, high).sum()) / (len(low) * (light.end_ms - light.begin_ms)) if len(low) else None,
        neighbours=len(low),
    )
