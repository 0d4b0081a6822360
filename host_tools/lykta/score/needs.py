"""Which lamps each user needs, when: M_u and N_u of the definitions, section 2, exact to the ms.

All arrays describe stretches of need [begin, end) of one lamp for one user. While a user moves along a link, the length to a
lamp ahead falls and to one behind rises as fast as he moves, so each lamp is needed in at most two stretches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lykta.corehost import schema
from lykta.profiles.model import Need
from lykta.score.intervals import Bools, Ints, Spans, common, expand, gaps, ints, union
from lykta.score.motion import Motion
from lykta.score.rules import Rules, ahead_cm
from lykta.site.graph import Graph

_STEP_CM = 1000  # distances are asked of the graph in whole multiples, so that its answers can be kept
_FARTHEST_CM = 1_024_000  # no lamp farther than this is "the next one"


@dataclass(frozen=True)
class Needs:
    """Who needs which lamp at what level, in the parts of his motion that `stretch` (of `spans`) names.

    `ahead`: the lamp lies in front, `offset_cm` behind the far end of the link. A lamp may be needed from both sides.
    """

    user: Ints
    lamp: Ints
    begin: Ints
    end: Ints
    level: Ints
    ahead: Bools
    offset_cm: Ints
    stretch: Ints


@dataclass(frozen=True)
class Owed:
    """Everything that is owed in one night, apart from any light.

    `spans`: the motion in duty, cut so that `ahead_cm` and `level` are constant, both by span. `pairs`: the set of needs by
    user * lamps + lamp. `near`: N_u of every span. `required`: (level, when exactly that is required) by lamp.
    """

    spans: Motion
    ahead_cm: Ints
    needs: Needs
    pairs: Spans
    near: Near
    required: tuple[tuple[int, Spans], ...]


def spans(motion: Motion, rules: Rules, t_on: Ints, t_known: Ints, begin_ms: int, end_ms: int) -> tuple[Motion, Ints, Ints, Ints]:
    """The motion in duty, cut at t_known and at the phases: (motion, metres ahead, behind, level), each by span."""
    parts: list[tuple[Motion, Ints, Ints, Ints]] = []
    for begin, end, needs in rules.stretches(begin_ms, end_ms):
        for road_user, need in _by_class(needs):
            own = motion.take(motion.road_user == road_user)
            on, known = np.maximum(t_on[own.user], begin), t_known[own.user]
            for part, has_speed in ((own.within(on, np.minimum(known, end)), False), (own.within(np.maximum(on, known), ints(end)), True)):
                same = np.ones(len(part), dtype=np.int64)
                parts.append((part, ahead_cm(need, road_user, part, has_speed), same * need.behind_cm, same * need.level_permille))
    if not parts:
        nothing = motion.take(ints([]))
        return nothing, ints([]), ints([]), ints([])
    whole = Motion(*(np.concatenate(columns) for columns in zip(*(vars(part[0]).values() for part in parts), strict=True)))
    order = np.lexsort((whole.begin, whole.user))
    ahead, behind, level = (np.concatenate([part[at] for part in parts])[order] for at in (1, 2, 3))
    return whole.take(order), ahead, behind, level


def _by_class(needs: Mapping[str, Need]) -> list[tuple[int, Need]]:
    return [(road_user, needs[name]) for road_user, name in enumerate(schema.CLASS_NAMES) if name in needs]


@dataclass(frozen=True)
class _Table:
    """Lamps with lengths for each of some directed links (of one class), as rows first .. first + count."""

    first: Ints
    count: Ints
    lamp: Ints
    length_cm: Ints

    def of(self, directed: Ints) -> tuple[Ints, Ints, Ints]:
        """(index into `directed`, lamp, length) of every lamp of each."""
        row, number = expand(self.count[directed])
        at = self.first[directed][row] + number
        return row, self.lamp[at], self.length_cm[at]


def _table(graph: Graph, directed: Ints, limit_cm: int, road_user: int) -> _Table:
    """Every lamp at most `limit_cm` ahead of the far end of directed links."""
    first, count = np.zeros(2 * graph.link_count, dtype=np.int64), np.zeros(2 * graph.link_count, dtype=np.int64)
    rows: list[tuple[int, int]] = []
    limit_cm = -(-limit_cm // _STEP_CM) * _STEP_CM
    for one in np.unique(directed).tolist():
        found = graph.lamps_ahead(one, limit_cm, 1 << road_user)
        first[one], count[one] = len(rows), len(found)
        rows += found
    return _Table(first, count, ints([lamp for lamp, _ in rows]), ints([length for _, length in rows]))


def _one_side(graph: Graph, motion: Motion, limit: Ints, ahead: bool) -> tuple[Ints, ...]:
    """(span, lamp, begin, end, offset) of every need on one side of the users, `limit` metres far, by span."""
    found: list[tuple[Ints, ...]] = []
    for road_user in range(schema.CLASSES):
        own = np.flatnonzero(motion.road_user == road_user)
        if not len(own):
            continue
        directed = motion.directed[own] ^ (0 if ahead else 1)
        row, lamp, offset = _table(graph, directed, int(limit[own].max()), road_user).of(directed)
        row = own[row]
        if ahead:  # length to the lamp = what is left of the link + offset
            begin, end = motion.reaches(row, motion.length_cm[row] + offset - limit[row]), motion.end[row]
        else:  # = progress + offset
            begin, end = motion.begin[row], motion.passes(row, limit[row] - offset)
        solid = end > begin
        found.append((row[solid], lamp[solid], begin[solid], end[solid], offset[solid]))
    return tuple(np.concatenate(columns) for columns in zip(*found, strict=True)) if found else (ints([]),) * 5


def needs_of(graph: Graph, motion: Motion, ahead: Ints, behind: Ints, level: Ints) -> Needs:
    """M_u of every span."""
    front = _one_side(graph, motion, ahead, True)
    back = _one_side(graph, motion, behind, False)
    span, lamp, begin, end, offset = (np.concatenate(columns) for columns in zip(front, back, strict=True))
    is_front = np.arange(len(span)) < len(front[0])
    return Needs(motion.user[span], lamp, begin, end, level[span], is_front, offset, span)


def _nearest(graph: Graph, directed: int, road_user: int) -> tuple[int, int, int, int]:
    """The first two lamps ahead of the far end of a directed link: (lamp, length, lamp, length), -1 where there is none."""
    limit, found = 8 * _STEP_CM, graph.lamps_ahead(directed, 8 * _STEP_CM, 1 << road_user)
    while len(found) < 2 and limit < _FARTHEST_CM:
        limit *= 8
        found = graph.lamps_ahead(directed, limit, 1 << road_user)
    lamps = [*found[:2], (-1, 0), (-1, 0)]
    return (*lamps[0], *lamps[1])


@dataclass(frozen=True)
class Near:
    """N_u: the nearest lamp, and the next one ahead of it, as stretches [begin, end) of spans of motion."""

    span: Ints
    lamp: Ints
    begin: Ints
    end: Ints
    nearest: Bools


def near_of(graph: Graph, motion: Motion) -> Near:
    """N_u of every span."""
    lookup = np.full((schema.CLASSES, 2 * graph.link_count, 4), -1)
    both = np.concatenate((motion.directed, motion.directed ^ 1))
    place = np.unique(np.tile(motion.road_user, 2) * (2 * graph.link_count) + both)
    for one in place.tolist():
        road_user, directed = divmod(one, 2 * graph.link_count)
        lookup[road_user, directed] = _nearest(graph, directed, road_user)
    first, first_cm, second, _ = lookup[motion.road_user, motion.directed].T
    behind, behind_cm, _, _ = lookup[motion.road_user, motion.directed ^ 1].T
    every = np.arange(len(motion))
    # The lamp ahead is the nearest from where (length - progress) + first_cm <= progress + behind_cm.
    change = motion.reaches(every, motion.length_cm + first_cm - behind_cm, parts=2)
    change = np.where(behind < 0, motion.begin, np.where(first < 0, motion.end, change))
    next_one = np.where(behind == first, second, first)
    lamp = np.concatenate((behind, next_one, first, second))
    begin = np.concatenate((motion.begin, motion.begin, change, change))
    end = np.concatenate((change, change, motion.end, motion.end))
    nearest = np.repeat([True, False, True, False], len(motion))
    solid = (lamp >= 0) & (end > begin)
    return Near(np.tile(every, 4)[solid], lamp[solid], begin[solid], end[solid], nearest[solid])


def required(needs: Needs, floors: Spans, floor_level: Ints) -> tuple[tuple[int, Spans], ...]:
    """For each level the set of moments, by lamp, at which exactly that is required of a lamp that somebody needs."""
    needed = Spans.of(needs.lamp, needs.begin, needs.end)
    anyone = union(needed)
    found: list[tuple[int, Spans]] = []
    above = union(needed.where(np.zeros(len(needed), dtype=bool)))
    for level in sorted({*np.unique(needs.level).tolist(), *np.unique(floor_level).tolist()}, reverse=True):
        held = common(floors.where(floor_level >= level), anyone)
        at_least = union(needed.where(needs.level >= level), held)
        found.append((level, common(at_least, gaps(above))))
        above = at_least
    return tuple((level, spans) for level, spans in found if len(spans))


def owed(graph: Graph, motion: Motion, rules: Rules, onset: tuple[Ints, Ints], night: tuple[int, int], floors: tuple[Spans, Ints]) -> Owed:
    """What is owed in a night (begin, end) to users whose duty and known speed begin at `onset` (t_on, t_known)."""
    lamps = graph.lamp_count
    part, ahead, behind, level = spans(motion, rules, *onset, *night)
    needs = needs_of(graph, part, ahead, behind, level)
    return Owed(
        spans=part,
        ahead_cm=ahead,
        needs=needs,
        pairs=union(Spans.of(needs.user * lamps + needs.lamp, needs.begin, needs.end)),
        near=near_of(graph, part),
        required=required(needs, *floors),
    )
