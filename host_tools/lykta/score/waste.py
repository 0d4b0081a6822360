"""Light that nobody needed: how long lamps were raised without need, the energy of it, and the likely cause.

Light is raised while presence holds a lamp above the level of its phase, and while it goes down from there. It is needed
while anybody's M_u holds the lamp, from his entry on (before his duty begins it serves his arrival).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lykta.score.causes import BEAST, BRANCH, DIRECTION, FALSE_ALARM, HOLD, NO_LINK, OTHER, RAMP, SPEED, Seen
from lykta.score.intervals import SHIFT, Bools, Ints, Spans, at_or_before, expand, ints, union, without
from lykta.score.light import Light
from lykta.score.sums import Sums
from lykta.site.graph import Graph

_PRESENCE = 3  # causes of LEVELS: the codes of `core/priority`
_PHASES = (0, 4, 5)
_BACK_MS = 60_000  # a detection may raise a lamp so much later
_REACH_CM = 30_000  # and so far away: the farthest a profile may ask for
_LATEST = 32  # so many detections before it are looked at


@dataclass(frozen=True)
class Waste:
    """Stretches by lamp in which it was lit without need; `surplus` is the sum of weights above the level of the phase."""

    spans: Spans
    cause: Ints
    surplus: Ints


def waste(graph: Graph, light: Light, energy: Sums, power: Ints, needed: Spans, seen: Seen, animals: Ints) -> Waste:
    """All of it. `power[lamp, level]` are the weights of `energy`; `needed` a set by lamp; `animals` numbers of users."""
    raised, base, falling = _raised(light)
    unneeded = without(raised, needed)
    row, spans = unneeded.left, unneeded.spans
    cause = np.where(falling[row], RAMP, _causes(graph, raised, spans, falling[row], needed, seen, animals))
    lamp = spans.group
    surplus = energy.between(spans.begin, spans.end) - power[lamp, base[row]] * spans.ms
    return Waste(spans, cause, surplus)


def _raised(light: Light) -> tuple[Spans, Ints, Bools]:
    """(stretches above the level of the phase in order, that level, whether on the way down)."""
    seg = light.segments
    count = len(seg.span)
    number = np.arange(count)
    phase = np.isin(seg.cause, _PHASES)
    after = np.minimum.accumulate(np.where(phase, number, count)[::-1])[::-1] if count else number
    before = np.maximum.accumulate(np.where(phase, number, -1)) if count else number
    base = seg.level
    for source in (before, after):  # where it falls to next, else where it came from
        at = np.clip(source, 0, max(count - 1, 0))
        own = (source >= 0) & (source < count) & (seg.lamp[at] == seg.lamp)
        base = np.where(own, seg.level[at], base)
    falling = phase & (seg.rate < 0) & (seg.ramp_ms > 0)
    end = np.where(falling, np.minimum(seg.span.end, seg.span.begin + seg.ramp_ms), seg.span.end)
    kept = (falling | ((seg.cause == _PRESENCE) & (seg.level > base))) & (end > seg.span.begin)
    return Spans(seg.span.begin, end).where(kept), base[kept], falling[kept]


def _causes(graph: Graph, raised: Spans, spans: Spans, falling: Bools, needed: Spans, seen: Seen, animals: Ints) -> Ints:
    """Lit after a need: hold. Lit before one: speed unknown. Else whatever raised it turned out to need it nowhere here."""
    whole = union(raised)
    episode = at_or_before(whole.begin, spans.begin)
    begin, end = whole.begin[episode], whole.end[episode]
    last = at_or_before(needed.end, spans.begin)
    followed = np.searchsorted(needed.begin, spans.end)
    padded_end = np.concatenate((needed.end, [-1]))
    padded_begin = np.concatenate((needed.begin, [np.iinfo(np.int64).max]))
    cause = np.where(padded_begin[followed] < end, SPEED, OTHER)
    cause = np.where(padded_end[last] > begin, HOLD, cause)
    alone = np.flatnonzero((cause == OTHER) & ~falling)
    cause[alone] = _raised_by(graph, begin[alone], seen, animals)
    return np.asarray(cause)


def _raised_by(graph: Graph, moment: Ints, seen: Seen, animals: Ints) -> Ints:
    """The cause behind the latest detection near a lamp before keys of (lamp, ms)."""
    cause = np.full(len(moment), OTHER)
    if not len(seen) or not len(moment):
        return cause
    own = np.where(seen.from_link == NO_LINK, DIRECTION, BRANCH)
    own = np.where(np.isin(seen.user, animals), BEAST, np.where(seen.user < 0, FALSE_ALARM, own))
    lamp, t = moment >> SHIFT, moment & ((1 << SHIFT) - 1)
    near = _near_pairs(graph, np.unique(lamp))
    newest = np.searchsorted(seen.t, t, side="right")
    oldest = np.maximum(np.searchsorted(seen.t, t - _BACK_MS), newest - _LATEST)
    row, number = expand(newest - oldest)
    at = oldest[row] + number
    close = np.isin(lamp[row] * graph.lamp_count + seen.lamp[at], near)
    cause[row[close]] = own[at[close]]  # in the order of time, so that the latest one stays
    return cause


def _near_pairs(graph: Graph, lamps: Ints) -> Ints:
    """lamp * lamps + other for every other lamp from which a detection could raise it."""
    return ints([one * graph.lamp_count + other for one in lamps.tolist() for other, _ in graph.lamps_around(one, _REACH_CM)])
