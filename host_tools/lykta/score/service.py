"""Whether people had the light they were owed: unlit lamps, late and dark time, shortfall, metres lit ahead.

Source: definitions of the project, section 2. Exact to the ms, but for quotients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lykta.score.intervals import EMPTY, SHIFT, Bools, Ints, Spans, common, expand, ints, keys, meet, sums, union
from lykta.score.light import Light
from lykta.score.needs import Owed
from lykta.score.rules import TOLERANCE
from lykta.score.sums import Sums

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lacking:
    """Lamps that somebody needs and that are below a level: when, by lamp, and what is required of them then."""

    spans: Spans  # a set, by lamp
    level: Ints


def lacking(owed: Owed, light: Light, tolerance: int) -> Lacking:
    """When lamps are more than `tolerance` permille below what is required of them."""
    parts = [(level, common(spans, light.below(level - tolerance))) for level, spans in owed.required]
    if not parts:
        return Lacking(EMPTY, ints([]))
    begin = np.concatenate([spans.begin for _, spans in parts])
    end = np.concatenate([spans.end for _, spans in parts])
    level = np.concatenate([np.full(len(spans), level) for level, spans in parts])
    order = np.argsort(begin)
    return Lacking(Spans(begin[order], end[order]), level[order])


@dataclass(frozen=True)
class Unlit:
    """Lamps that are not lit for users who need them, in the order (user, lamp, begin).

    `need_begin`: since when the user has needed the lamp; `level`: what is required of it.
    """

    user: Ints
    lamp: Ints
    begin: Ints
    end: Ints
    level: Ints
    need_begin: Ints

    def __len__(self) -> int:
        return len(self.user)

    def by_user(self) -> Spans:
        """The stretches by user, in any order."""
        return Spans.of(self.user, self.begin, self.end)

    def by_lamp(self) -> Spans:
        """The stretches by lamp, in any order."""
        return Spans.of(self.lamp, self.begin, self.end)

    def take(self, rows: Ints | Bools) -> Unlit:
        """Some of the rows."""
        return Unlit(*(getattr(self, name)[rows] for name in ("user", "lamp", "begin", "end", "level", "need_begin")))


def unlit(owed: Owed, light: Light, tolerance: int = TOLERANCE) -> Unlit:
    """Every lamp of every M_u that is more than `tolerance` below what is required of it."""
    lacks = lacking(owed, light, tolerance)
    pair, begin, end = owed.pairs.group, owed.pairs.begin_ms, owed.pairs.end_ms
    user, lamp = pair // max(light.lamps, 1), pair % max(light.lamps, 1)
    met = meet(Spans.of(lamp, begin, end), lacks.spans)
    row = met.left
    return Unlit(user[row], lamp[row], met.spans.begin_ms, met.spans.end_ms, lacks.level[met.right], begin[row])


def in_near_set(owed: Owed, rows: Unlit, lamps: int) -> Unlit:
    """The parts of unlit rows in which the lamp is in N_u: where each is, its user has a dark second."""
    near = owed.near
    pairs = Spans.of(owed.spans.user[near.span] * lamps + near.lamp, near.begin, near.end)
    met = meet(pairs, Spans.of(rows.user * lamps + rows.lamp, rows.begin, rows.end))
    part = rows.take(met.right)
    return Unlit(part.user, part.lamp, met.spans.begin_ms, met.spans.end_ms, part.level, part.need_begin)


def shortfall_ms(owed: Owed, light: Light, sums_of_light: Sums, users: int) -> Floats:
    """For each user the integral of the mean over M_u of max(0, required - level) / required [ms]."""
    rows = unlit(owed, light, tolerance=0)
    count, lamps_needed = _needed(owed.pairs, light.lamps)
    met = meet(rows.by_user(), count)
    row, span = met.left, met.spans
    lamp, level = rows.lamp[row], rows.level[row]
    given = sums_of_light.between(keys(lamp, span.begin_ms), keys(lamp, span.end_ms))
    missing = (level * span.ms - given) / (level * lamps_needed[met.right])
    return np.asarray(np.bincount(rows.user[row], weights=missing, minlength=users), dtype=np.float64)


def _needed(pairs: Spans, lamps: int) -> tuple[Spans, Ints]:
    """|M_u| over time: stretches by user, and how many lamps are needed in each."""
    user = pairs.group // max(lamps, 1)
    begin, end = keys(user, pairs.begin_ms), keys(user, pairs.end_ms)
    moments, at = np.unique(np.concatenate((begin, end)), return_inverse=True)
    change = np.repeat([1, -1], len(begin))
    count = np.cumsum(sums(at, change, len(moments)))[:-1] if len(moments) else ints([])
    return Spans(moments[:-1], moments[1:]).where(count > 0), count[count > 0]


@dataclass(frozen=True)
class Ahead:
    """Metres lit ahead over the time of those who move: stretches of `ms` in which they go evenly from `high` to `low` [cm]."""

    road_user: Ints
    ms: Ints
    high: Floats
    low: Floats

    def of(self, road_user: int | None) -> Ahead:
        """Those of one class, or of all."""
        own = np.ones(len(self.ms), dtype=bool) if road_user is None else self.road_user == road_user
        return Ahead(self.road_user[own], self.ms[own], self.high[own], self.low[own])

    def mean_cm(self) -> float | None:
        """The mean over time; None where nobody moves."""
        total = int(self.ms.sum())
        return float(((self.high + self.low) / 2 * self.ms).sum()) / total if total else None

    def quantile_cm(self, share: float) -> float | None:
        """The length that is fallen short of for `share` of the time, to the cm; None where nobody moves."""
        total = int(self.ms.sum())
        if not total:
            return None
        low, high = -1, int(self.high.max()) + 1
        while high - low > 1:
            middle = (low + high) // 2
            reach = self.high - self.low
            part = np.where(reach > 0, (middle - self.low) / np.where(reach > 0, reach, 1), middle >= self.low)
            if float((np.clip(part, 0, 1) * self.ms).sum()) >= share * total:
                high = middle
            else:
                low = middle
        return float(high)


def metres_ahead(owed: Owed, light: Light) -> Ahead:
    """How far ahead of everybody light is unbroken: up to the first lamp in front that is not lit, at most A."""
    motion, needs = owed.spans, owed.needs
    front = np.flatnonzero(needs.ahead & ~motion.slow[needs.stretch])
    met = meet(Spans.of(needs.lamp[front], needs.begin[front], needs.end[front]), lacking(owed, light, TOLERANCE).spans)
    need = front[met.left]
    span, offset = needs.stretch[need], needs.offset_cm[need]
    begin, end = keys(needs.user[need], met.spans.begin_ms), keys(needs.user[need], met.spans.end_ms)
    # Between neighbouring begins and ends of broken light, all lamps of a user come nearer at one speed: the nearest stays so.
    moments = np.unique(np.concatenate((begin, end)))
    first = np.searchsorted(moments, begin)
    row, number = expand(np.searchsorted(moments, end) - first)
    element = first[row] + number
    nearest = np.full(len(moments), np.iinfo(np.int64).max)
    np.minimum.at(nearest, element, offset[row])
    owner = np.full(len(moments), -1)
    owner[element] = span[row]
    used = np.flatnonzero(owner >= 0)
    of, t0, t1 = owner[used], moments[used] & ((1 << SHIFT) - 1), moments[used + 1] & ((1 << SHIFT) - 1)
    rest = motion.length_cm[of] + nearest[used]
    high, low = rest - motion.progress_cm(of, t0), rest - motion.progress_cm(of, t1)
    moving = np.flatnonzero(~motion.slow)
    whole = (motion.end - motion.begin - sums(of, t1 - t0, len(motion)))[moving]
    cap = owed.ahead_cm[moving].astype(np.float64)
    return Ahead(
        np.concatenate((motion.road_user[of], motion.road_user[moving])),
        np.concatenate((t1 - t0, whole)),
        np.concatenate((high, cap)),
        np.concatenate((low, cap)),
    )


def lit_share(owed: Owed, light: Light, road_user: Ints, classes: int) -> tuple[Ints, Ints]:
    """By class (fully lit, all) ms of what is owed; `road_user` by user."""
    duty = owed.spans.end - owed.spans.begin
    all_ms = sums(owed.spans.road_user, duty, classes)
    spans = union(unlit(owed, light).by_user())
    missing = sums(road_user[spans.group], spans.ms, classes)
    return all_ms - missing, all_ms
