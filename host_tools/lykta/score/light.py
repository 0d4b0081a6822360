"""The light of a night as an exact function of time: LEVELS compiled into segments.

Between two rows of LEVELS a lamp's position moves by a whole number per ms towards its target and stays there
(`core/dimmer`). Everything here is exact to the ms and the permille: a level at ms t holds for [t, t + 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from lykta.corehost import dimmer
from lykta.score.intervals import EMPTY, SHIFT, Ints, Spans, at_or_before, expand, ints, keys, meet, union, without

FULL_LEVEL = 1000
DEAD = -1  # cause of the segments of a dead lamp

_KNOTS = ints(dimmer.KNOTS)
#: The lowest position of every level 0..1000.
POSITIONS = ints([dimmer.position_of(level) for level in range(FULL_LEVEL + 1)])


def level_of(position: Ints) -> Ints:
    """Levels [permille] of positions: `core/dimmer.level_of` for arrays."""
    knot = np.minimum(position // dimmer.SEGMENT, len(_KNOTS) - 2)
    below = _KNOTS[knot]
    return np.asarray(below + (_KNOTS[knot + 1] - below) * (position - knot * dimmer.SEGMENT) // dimmer.SEGMENT, dtype=np.int64)


@dataclass(frozen=True)
class Outage:
    """A lamp that gives no light and takes no power from `from_ms` until `until_ms`, whatever its node wants."""

    lamp: int
    from_ms: int
    until_ms: int


@dataclass(frozen=True)
class Segments:
    """Stretches in which a lamp moves towards one target. `rate` is signed; `ramp_ms`: until the target is reached."""

    span: Spans
    position: Ints  # at the begin
    target: Ints  # position
    rate: Ints
    level: Ints  # of the target [permille]
    cause: Ints

    @property
    def lamp(self) -> Ints:
        """Whose segment it is."""
        return self.span.group

    @cached_property
    def ramp_ms(self) -> Ints:
        """How long each would move if nothing came between."""
        return -((self.position - self.target) // self.rate)

    def after(self, row: Ints, ms: Ints) -> Ints:
        """The positions `ms` after the begin of segments."""
        return np.where(ms < self.ramp_ms[row], self.position[row] + self.rate[row] * ms, self.target[row])

    def clipped(self, row: Ints, span: Spans) -> Segments:
        """Parts of segments, the position moved on to where each part begins."""
        position = self.after(row, span.begin - self.span.begin[row])
        return Segments(span, position, self.target[row], self.rate[row], self.level[row], self.cause[row])


class Ramps(NamedTuple):
    """The different ramps of a night's segments: `of` each segment (-1: it rests), then by ramp its rate, start, and most steps of level.

    `moving`: how long each segment moves [ms]; `last`: its level at the end of that [permille].
    """

    of: Ints
    rate: Ints
    start: Ints
    steps: Ints
    moving: Ints
    last: Ints


class Steps(NamedTuple):
    """Every step of level of every ramp, those of one after those of another; `first`: where each ramp's begin.

    A step leads to `level` from `before` [permille], `ms` after the begin of its ramp.
    """

    first: Ints
    level: Ints
    before: Ints
    ms: Ints


class Light:
    """A night's segments: every lamp from `begin_ms` to `end_ms` without gaps, in the order (lamp, time).

    A lamp is dark before its first row. `cap` is the output cap of each lamp [permille]; rows at or after `end_ms` do
    not count.
    """

    def __init__(self, levels: pa.Table, cap: Ints, begin_ms: int, end_ms: int, outages: Sequence[Outage] = ()) -> None:
        self.lamps, self.begin_ms, self.end_ms, self.cap = len(cap), begin_ms, end_ms, cap
        rows = _rows(levels, self.lamps)
        every = np.arange(self.lamps)
        night = Spans.of(every, np.full(self.lamps, begin_ms), np.full(self.lamps, max(begin_ms, end_ms)))
        met = meet(rows.span, night)
        self.segments = _with_outages(rows.clipped(met.left, met.spans), outages)

    @cached_property
    def ramps(self) -> Ramps:
        """The ramps of its segments."""
        seg = self.segments
        moving = np.minimum(seg.ramp_ms, seg.span.ms)
        start = level_of(seg.position)
        last = np.where(moving > 0, level_of(seg.after(np.arange(len(moving)), np.maximum(moving, 1) - 1)), start)
        rows = np.flatnonzero(moving > 0)
        # One number for (rate, start): a position has 23 bits, a signed rate 24.
        number = ((seg.rate[rows] + (1 << 23)) << 23) + seg.position[rows]
        _, one, ramp = np.unique(number, return_index=True, return_inverse=True)
        of = np.full(len(moving), -1)
        of[rows] = ramp
        steps = np.zeros(len(one), dtype=np.int64)
        np.maximum.at(steps, ramp, np.abs(last - start)[rows])
        return Ramps(of, seg.rate[rows[one]], seg.position[rows[one]], steps, moving, last)

    @cached_property
    def steps(self) -> Steps:
        """The steps of its ramps."""
        ramps = self.ramps
        owner, step = expand(ramps.steps)
        up = ramps.rate[owner] > 0
        start = ramps.start[owner]
        level = level_of(start) + np.where(up, step + 1, -step - 1)
        before = np.where(up, level - 1, level + 1)
        way = start - POSITIONS[np.where(up, level, before)]
        speed = np.abs(ramps.rate)[owner]
        return Steps(np.cumsum(ramps.steps) - ramps.steps, level, before, np.where(up, -(way // speed), way // speed + 1))

    def segment(self, moment: Ints) -> Ints:
        """The segments in which keys of (lamp, ms) lie; each must lie inside the night."""
        return at_or_before(self.segments.span.begin, moment)

    def level(self, moment: Ints) -> Ints:
        """Levels [permille] at keys of (lamp, ms), capped."""
        row = self.segment(moment)
        at = self.segments.after(row, moment - self.segments.span.begin[row])
        return np.asarray(np.minimum(level_of(at), self.cap[moment >> SHIFT]), dtype=np.int64)

    def below(self, level: int) -> Spans:
        """When each lamp is below a level [permille], as a set by lamp."""
        seg = self.segments
        if level <= 0:
            return EMPTY
        wanted = int(POSITIONS[min(level, FULL_LEVEL)])
        length = seg.span.ms
        # A segment is monotone, so it is below at most once: until it has risen to `wanted`, or once it has fallen.
        ends_below = seg.target < wanted
        rising = np.minimum(-((seg.position - wanted) // np.abs(seg.rate)), length)
        falling = np.minimum((seg.position - wanted) // np.abs(seg.rate) + 1, length)
        up = seg.rate > 0
        begin = np.where(up, 0, np.where(ends_below, np.maximum(falling, 0), length))
        end = np.where(up & ~ends_below, np.maximum(rising, 0), length)
        capped = self.cap[seg.lamp] < level
        begin, end = np.where(capped, 0, begin), np.where(capped, length, end)
        return union(Spans(seg.span.begin + begin, seg.span.begin + end))

    def lowest(self) -> int:
        """The lowest level [permille] that any lamp had in the night; outages do not count."""
        alive = np.flatnonzero(self.segments.cause != DEAD)
        seg = self.segments.clipped(alive, self.segments.span.where(self.segments.cause != DEAD))
        last = seg.after(np.arange(len(alive)), np.maximum(seg.span.ms - 1, 0))
        lowest = np.minimum(level_of(np.minimum(seg.position, last)), self.cap[seg.lamp])
        return int(lowest.min(initial=FULL_LEVEL)) if len(alive) else 0

    def aims_at(self, moment: Ints) -> Ints:
        """The targets [permille] that hold at keys of (lamp, ms), capped."""
        return np.asarray(np.minimum(self.segments.level[self.segment(moment)], self.cap[moment >> SHIFT]), dtype=np.int64)

    def dead(self) -> Spans:
        """When lamps are dead, as a set by lamp."""
        return union(self.segments.span.where(self.segments.cause == DEAD))


def _rows(levels: pa.Table, lamps: int) -> Segments:
    """LEVELS as segments, one for each row, with a dark one before the first row of each lamp."""
    lamp, t, position, level, rate, cause = (
        ints(levels[name].to_numpy()) for name in ("lamp", "t_ms", "position", "target_permille", "rate", "cause")
    )
    dark = np.zeros(lamps, dtype=np.int64)
    begin = np.concatenate((keys(np.arange(lamps), dark), keys(lamp, t)))
    order = np.argsort(begin, kind="stable")
    begin = begin[order]
    line_end = ((begin >> SHIFT) + 1) << SHIFT
    end = np.minimum(np.concatenate((begin[1:], line_end[-1:])), line_end)
    position, level, rate, cause = (np.concatenate((dark, column))[order] for column in (position, level, rate, cause))
    target = POSITIONS[level]
    signed = np.where(target >= position, np.maximum(rate, 1), -np.maximum(rate, 1))
    return Segments(Spans(begin, end), position, target, signed, level, cause)


def _with_outages(segments: Segments, outages: Sequence[Outage]) -> Segments:
    """The segments, dark and marked DEAD while their lamp is out."""
    if not outages:
        return segments
    out = union(Spans.of(*(ints(column) for column in zip(*((o.lamp, o.from_ms, o.until_ms) for o in outages), strict=True))))
    kept, lost = without(segments.span, out), meet(segments.span, out)
    alive = segments.clipped(kept.left, kept.spans)
    dead = segments.clipped(lost.left, lost.spans)
    zero = np.zeros(len(dead.span), dtype=np.int64)
    dead = replace(dead, position=zero, target=zero, rate=zero + 1, level=zero, cause=zero + DEAD)
    order = np.argsort(np.concatenate((alive.span.begin, dead.span.begin)), kind="stable")
    columns = (
        np.concatenate((getattr(alive, name), getattr(dead, name)))[order] for name in ("position", "target", "rate", "level", "cause")
    )
    both = Spans(*(np.concatenate((getattr(alive.span, name), getattr(dead.span, name)))[order] for name in ("begin", "end")))
    return Segments(both, *columns)
