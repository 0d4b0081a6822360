"""Exact sums over the light of a night: of any whole-numbered weight of the level, over any stretch of time.

With weight = level this is the light [permille ms]; with weight = power at a level it is the energy. On a ramp from level
l0 whose m-th step of level comes K_m ms after its begin, the sum of the first n ms is
    w(l0) n + sum over K_m < n of (w(l0 +- m) - w(l0 +- (m - 1))) (n - K_m)  =  w(l_last) n - sum of (step of w) K_m,
so that one table of running sums for each different ramp (start, rate, weight) gives any part of it in one look.
"""

from __future__ import annotations

import numpy as np

from lykta.score.intervals import SHIFT, Ints, expand, ints
from lykta.score.light import Light, level_of


class Sums:
    """Sums of `weights[which[lamp], level]` over ms; `weights` has 1001 columns of integers."""

    def __init__(self, light: Light, weights: Ints, which: Ints) -> None:
        self._light = light
        self._weights, self._which = weights, which
        seg = light.segments
        self._start = level_of(seg.position)
        self._ramp, self._first, self._table = self._tables()
        every, ramps = np.arange(len(seg.span)), light.ramps
        # Sums of a whole city may pass 2**63; differences within a lamp stay right, since int64 wraps around.
        self._before = _running(self._sum(every, seg.span.ms, ramps.moving, ramps.last))

    def _tables(self) -> tuple[Ints, Ints, Ints]:
        """(weighted ramp of each segment, where each one's running sums begin, the running sums of step x time)."""
        ramps, steps = self._light.ramps, self._light.steps
        if len(self._weights) == 1:
            weights = self._weights[0]
            return ramps.of, steps.first, _running((weights[steps.level] - weights[steps.before]) * steps.ms)
        count = len(ramps.rate)
        moves = ramps.of >= 0
        weighted = np.full(len(ramps.of), -1)
        numbers = self._which[self._light.segments.lamp[moves]] * count + ramps.of[moves]
        pairs, weighted[moves] = np.unique(numbers, return_inverse=True)
        which, ramp = np.divmod(pairs, max(count, 1))
        most = ramps.steps[ramp]
        owner, number = expand(most)
        row, which = steps.first[ramp][owner] + number, which[owner]
        change = self._weights[which, steps.level[row]] - self._weights[which, steps.before[row]]
        return weighted, np.cumsum(most) - most, _running(change * steps.ms[row])

    def _part(self, row: Ints, ms: Ints) -> Ints:
        """Sums over the first `ms` of segments."""
        seg = self._light.segments
        moving = np.minimum(ms, seg.ramp_ms[row])
        last = np.where(moving > 0, level_of(seg.after(row, np.maximum(moving, 1) - 1)), self._start[row])
        return self._sum(row, ms, moving, last)

    def _sum(self, row: Ints, ms: Ints, moving: Ints, last: Ints) -> Ints:
        """The same, where it is known how long each of them moves, and at which level it is at the end of that."""
        seg = self._light.segments
        which = self._which[seg.lamp[row]]
        first = self._first[self._ramp[row]] if len(self._first) else np.zeros(len(row), dtype=np.int64)
        steps = np.where(self._ramp[row] >= 0, self._table[first + np.abs(last - self._start[row])] - self._table[first], 0)
        return np.asarray(self._weights[which, last] * moving - steps + self._weights[which, seg.level[row]] * (ms - moving))

    def until(self, moment: Ints) -> Ints:
        """Sums from some fixed moment until keys of (lamp, ms), which must lie in the night or at its end."""
        row = self._light.segment(moment)
        return np.asarray(self._before[row] + self._part(row, moment - self._light.segments.span.begin[row]))

    def between(self, begin: Ints, end: Ints) -> Ints:
        """Sums over [begin, end), keys of one lamp each."""
        return self.until(end) - self.until(begin)

    def by_lamp(self) -> Ints:
        """The sum of the whole night of every lamp."""
        every = ints(np.arange(self._light.lamps)) << SHIFT
        return self.between(every + self._light.begin_ms, every + self._light.end_ms)


def _running(values: Ints) -> Ints:
    """Sums of the values before each place, and of all."""
    return np.concatenate(([0], np.cumsum(values)))
