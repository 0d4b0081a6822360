"""Road users in motion: TRAJECTORIES as arrays, and the exact moment at which a place on the way is reached.

A *stretch* is one row: at constant speed along one link in one direction. `progress` is the length from the link's end
behind the user. Positions are rational numbers between whole cm at whole ms, so that crossings are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from lykta.corehost import schema
from lykta.score.intervals import Bools, Ints, ints
from lykta.site.graph import Graph

SLOW_CMS = 20  # who is slower than this has no direction (0.2 m/s)


@dataclass(frozen=True)
class Motion:
    """Stretches in the order (user, t0). [begin, end) is the part looked at, within [t0, t1)."""

    user: Ints
    road_user: Ints
    link: Ints
    directed: Ints  # of `site.graph`: 2 * link, + 1 against the link
    t0: Ints
    t1: Ints
    start_cm: Ints  # progress at t0
    way_cm: Ints  # progress made until t1
    length_cm: Ints  # of the link
    begin: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.user)

    @property
    def speed_cms(self) -> Ints:
        """Speed, rounded down to whole cm/s."""
        return self.way_cm * 1000 // (self.t1 - self.t0)

    @property
    def slow(self) -> Bools:
        """Whether each is slower than 0.2 m/s."""
        return self.way_cm * 1000 < SLOW_CMS * (self.t1 - self.t0)

    def take(self, rows: Ints | Bools) -> Motion:
        """Some of the stretches."""
        return Motion(*(getattr(self, column.name)[rows] for column in fields(self)))

    def within(self, begin: Ints, end: Ints) -> Motion:
        """The parts in [begin, end), one for each stretch or the same for all; empty ones dropped."""
        low, high = np.maximum(self.begin, begin), np.minimum(self.end, end)
        solid = high > low
        columns = {column.name: getattr(self, column.name)[solid] for column in fields(self)}
        return Motion(**{**columns, "begin": low[solid], "end": high[solid]})

    def reaches(self, row: Ints, cm: Ints, parts: int = 1) -> Ints:
        """The first ms in [begin, end] at which progress is at least `cm / parts`; `end` where that never is."""
        ahead = (cm - parts * self.start_cm[row]) * (self.t1 - self.t0)[row]
        return self._moment(row, -(-ahead // np.maximum(parts * self.way_cm[row], 1)), ahead <= 0)

    def passes(self, row: Ints, cm: Ints) -> Ints:
        """The first ms in [begin, end] at which progress is more than `cm`; `end` where that never is."""
        ahead = (cm - self.start_cm[row]) * (self.t1 - self.t0)[row]
        return self._moment(row, ahead // np.maximum(self.way_cm[row], 1) + 1, ahead < 0)

    def _moment(self, row: Ints, after_ms: Ints, always: Bools) -> Ints:
        begin, end = self.begin[row], self.end[row]
        moving = np.clip(self.t0[row] + after_ms, begin, end)
        return np.where(self.way_cm[row] > 0, moving, np.where(always, begin, end))

    def progress_cm(self, row: Ints, t: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Progress at some moment of each stretch."""
        share = (t - self.t0[row]) / (self.t1 - self.t0)[row]
        return np.asarray(self.start_cm[row] + self.way_cm[row] * share, dtype=np.float64)

    def chainage_cm(self, row: Ints, t: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Length from the link's end `a` at some moment of each stretch."""
        progress = self.progress_cm(row, t)
        return np.where(self.directed[row] & 1, self.length_cm[row] - progress, progress)


def read(trajectories: pa.Table, graph: Graph) -> Motion:
    """The stretches of everyone who is owed light; animals are not."""
    table = {name: ints(trajectories[name].to_numpy()) for name in ("user", "road_user", "link", "t0_ms", "t1_ms", "from_cm", "to_cm")}
    kept = (table["road_user"] < schema.CLASSES) & (table["t1_ms"] > table["t0_ms"])
    order = np.flatnonzero(kept)[np.lexsort((table["t0_ms"][kept], table["user"][kept]))]
    user, road_user, link, t0, t1, start, stop = (column[order] for column in table.values())
    length = ints(graph.length_cm)[link]
    against = _headings(user, link, start, stop, length)
    begin = np.where(against, length - start, start)
    return Motion(user, road_user, link, 2 * link + against, t0, t1, begin, np.abs(stop - start), length, t0, t1)


def _headings(user: Ints, link: Ints, start: Ints, stop: Ints, length: Ints) -> Bools:
    """Whether each stretch heads from b to a; who stands keeps the heading he came with on this link, else he will leave with.

    Who does neither heads into the link.
    """
    moving = start != stop
    number = np.arange(len(user))
    before = np.maximum.accumulate(np.where(moving, number, -1)) if len(user) else number
    after = np.minimum.accumulate(np.where(moving, number, len(user))[::-1])[::-1] if len(user) else number
    against = np.where(moving, stop < start, start >= length)
    for source in (after, before):
        valid = ~moving & (source >= 0) & (source < len(user))
        at = np.where(valid, source, 0)
        same = valid & (user[at] == user) & (link[at] == link) if len(user) else valid
        against = np.where(same, stop[at] < start[at], against) if len(user) else against
    return np.asarray(against, dtype=np.bool_)
