"""When light is owed to whom: geometry alone, so that no scheme, miss or fault can move it.

Duty of a user begins at t_on: the first moment inside the nominal coverage of a sensor that serves his way, plus tau. Before
t_known, the first moment inside a second nominal coverage (of another lamp) plus tau, nobody can know his speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lykta.score.intervals import SHIFT, WIDTH, Ints, Spans, expand, ints, keys, union
from lykta.score.motion import Motion

NEVER = WIDTH - 1


class Coverage(Protocol):
    """Where sensors see on paper, as `sensing.coverage` has it: stretches of links, by class, as equal arrays."""

    @property
    def road_user(self) -> Ints: ...
    @property
    def link(self) -> Ints: ...
    @property
    def from_cm(self) -> Ints: ...
    @property
    def to_cm(self) -> Ints: ...
    @property
    def lamp(self) -> Ints: ...


@dataclass(frozen=True)
class Passes:
    """Every pass of a user through the nominal coverage of a lamp, in the order (user, enter)."""

    user: Ints
    lamp: Ints
    enter: Ints
    leave: Ints

    def __len__(self) -> int:
        return len(self.user)


def passes(motion: Motion, coverage: Coverage, lamps: int) -> Passes:
    """The passes of everybody in `motion`. Coverages of one lamp that touch or overlap make one pass."""
    links = int(max(motion.link.max(initial=0), ints(coverage.link).max(initial=0))) + 1
    place = ints(coverage.road_user) * links + ints(coverage.link)
    order = np.argsort(place, kind="stable")
    wanted = motion.road_user * links + motion.link
    low = np.searchsorted(place[order], wanted, side="left")
    row, number = expand(np.searchsorted(place[order], wanted, side="right") - low)
    at = order[low[row] + number]
    against = (motion.directed[row] & 1).astype(bool)
    near, far, length = ints(coverage.from_cm)[at], ints(coverage.to_cm)[at], motion.length_cm[row]
    enter = motion.reaches(row, np.where(against, length - far, near))
    leave = motion.passes(row, np.where(against, length - near, far))
    met = union(Spans.of(motion.user[row] * lamps + ints(coverage.lamp)[at], enter, leave))
    user, lamp, begin, end = met.group // max(lamps, 1), met.group % max(lamps, 1), met.begin_ms, met.end_ms
    order = np.argsort(keys(user, begin), kind="stable")
    return Passes(user[order], lamp[order], begin[order], end[order])


def onsets(found: Passes, users: int) -> tuple[Ints, Ints]:
    """For each user the first moment inside a first and inside a second lamp's coverage; NEVER where there is none."""
    first, second = np.full(users, NEVER), np.full(users, NEVER)
    if not len(found):
        return first, second
    _, starts = np.unique(found.user, return_index=True)
    first[found.user[starts]] = found.enter[starts]
    home = np.zeros(users, dtype=np.int64)
    home[found.user[starts]] = found.lamp[starts]
    other = np.flatnonzero(found.lamp != home[found.user])
    owner, at = np.unique(found.user[other], return_index=True)
    second[owner] = found.enter[other[at]]
    return first, second


def covered(found: Passes) -> Spans:
    """When each user is inside any nominal coverage, as a set by user."""
    return union(Spans.of(found.user, found.enter, found.leave))


def standing(motion: Motion, linger_ms: Ints) -> Spans:
    """When each user has been slower than 0.2 m/s for longer than his class's `linger`, as a set by user."""
    slow = np.flatnonzero(motion.slow)
    still = union(Spans.of(motion.user[slow], motion.t0[slow], motion.t1[slow]))
    linger = np.zeros(int(motion.user.max(initial=0)) + 1, dtype=np.int64)
    linger[motion.user] = linger_ms[motion.road_user]
    begin = still.begin + linger[still.begin >> SHIFT]
    return union(Spans(begin, still.end))
