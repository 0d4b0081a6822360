"""Sets of stretches of time, for many lamps or users at once, on one long line.

A *key* puts a moment of one group (a lamp, a user, or a pair of both) on a common line: `group * 2**28 + t_ms`, with
0 <= t_ms < 2**28 (74 h). A stretch [begin, end) never leaves its group, so that plain sorting and searching of int64
answers for all groups together. A *set* is sorted and its stretches do not touch; `Spans` may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SHIFT = 28
WIDTH = 1 << SHIFT


def ints(values: object) -> Ints:
    """Anything array-like as int64."""
    return np.asarray(values, dtype=np.int64)


def keys(group: Ints, t_ms: Ints) -> Ints:
    """Moments on the common line."""
    return (group << SHIFT) + t_ms


@dataclass(frozen=True)
class Spans:
    """Stretches [begin, end) as keys."""

    begin: Ints
    end: Ints

    @classmethod
    def of(cls, group: Ints, begin_ms: Ints, end_ms: Ints) -> Spans:
        """Stretches of groups; those without length are kept (`solid` drops them)."""
        return cls(keys(group, begin_ms), keys(group, end_ms))

    @property
    def group(self) -> Ints:
        """The group of each stretch."""
        return self.begin >> SHIFT

    @property
    def begin_ms(self) -> Ints:
        """When each stretch begins."""
        return self.begin & (WIDTH - 1)

    @property
    def end_ms(self) -> Ints:
        """When each stretch ends."""
        return self.end - (self.group << SHIFT)

    @property
    def ms(self) -> Ints:
        """How long each stretch is."""
        return self.end - self.begin

    def __len__(self) -> int:
        return len(self.begin)

    def where(self, mask: Bools) -> Spans:
        """The stretches that a mask keeps."""
        return Spans(self.begin[mask], self.end[mask])

    def total(self, groups: int) -> Ints:
        """Sum of the lengths of each group's stretches [ms], for groups 0 .. groups - 1."""
        return sums(self.group, self.ms, groups)


EMPTY = Spans(ints([]), ints([]))


def sums(group: Ints, values: Ints, groups: int) -> Ints:
    """Sum of integer values by group, exact below 2**53."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.int64)


def union(*parts: Spans) -> Spans:
    """The set of all moments in any of the stretches. Stretches that touch become one.

    With begins and ends each sorted, a gap lies after the i-th end exactly where it comes before the begin i + 1.
    """
    begin = np.concatenate([part.begin for part in parts])
    end = np.concatenate([part.end for part in parts])
    solid = end > begin
    begin, end = np.sort(begin[solid]), np.sort(end[solid])
    if not len(begin):
        return EMPTY
    gap = end[:-1] < begin[1:]
    return Spans(begin[np.concatenate(([True], gap))], end[np.concatenate((gap, [True]))])


@dataclass(frozen=True)
class Meeting:
    """Where stretches of two families meet: `left` and `right` are indices into them, `spans` what they share."""

    left: Ints
    right: Ints
    spans: Spans


def expand(counts: Ints) -> tuple[Ints, Ints]:
    """For rows repeated `counts` times: the row of each copy, and its number within the row."""
    row = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    return row, np.arange(len(row)) - first[row]


def meet(left: Spans, right: Spans) -> Meeting:
    """Every pair of a stretch of `left` (any) and one of `right` (sorted, not overlapping) that share a moment."""
    low = np.searchsorted(right.end, left.begin, side="right")
    high = np.searchsorted(right.begin, left.end, side="left")
    row, number = expand(np.maximum(high - low, 0))
    at = low[row] + number
    spans = Spans(np.maximum(left.begin[row], right.begin[at]), np.minimum(left.end[row], right.end[at]))
    solid = spans.end > spans.begin
    return Meeting(row[solid], at[solid], spans.where(solid))


def common(left: Spans, right: Spans) -> Spans:
    """The stretches of `left` as far as they lie in the set `right`."""
    return meet(left, right).spans


def gaps(spans: Spans) -> Spans:
    """Everything on the common line that is not in a set; its stretches run across groups."""
    far = np.iinfo(np.int64).max
    return Spans(np.concatenate(([0], spans.end)), np.concatenate((spans.begin, [far])))


def without(left: Spans, right: Spans) -> Meeting:
    """What is left of the stretches of `left` outside the set `right`; `Meeting.left` says of which."""
    return meet(left, gaps(right))


def at_or_before(moments: Ints, wanted: Ints) -> Ints:
    """For each wanted key the index of the last of the sorted `moments` that is not later, -1 where there is none.

    The found moment may be of another group; compare `key >> SHIFT` of both.
    """
    return np.searchsorted(moments, wanted, side="right") - 1
