"""Why somebody had no light: the likely cause of every unlit lamp, and of every late and dark moment.

A cause is a reading of what happened, in this order: the lamp was dead; the user stood longer than `linger`; the last sensor
that he passed had not seen him; the lamp had been told and was still on its way up; his duty had just begun (first post);
his speed had just become knowable; the lamp stands on a branch that he did not take; the last detection of him had no
direction, or no speed. What is left was simply not raised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lykta.score.duty import Passes
from lykta.score.intervals import EMPTY, SHIFT, Bools, Ints, Spans, at_or_before, common, gaps, ints, keys, meet, sums, union, without
from lykta.score.light import Light
from lykta.score.needs import Owed
from lykta.score.rules import TOLERANCE
from lykta.score.service import Unlit, in_near_set

#: Names of the causes, in the order in which a moment with several goes to one. The last four cost light only.
CAUSES = (
    "dead lamp",
    "stationary",
    "miss",
    "first post",
    "speed unknown",
    "direction unknown",
    "branch",
    "ramp",
    "not raised",
    "hold",
    "false alarm",
    "animal",
    "other",
)
(DEAD_LAMP, STATIONARY, MISS, FIRST_POST, SPEED, DIRECTION, BRANCH, RAMP, NOT_RAISED, HOLD, FALSE_ALARM, BEAST, OTHER) = range(13)
NO_LINK = 255  # `from_link` of a detection without direction


@dataclass(frozen=True)
class Seen:
    """The detections of a night: DETECTIONS as arrays, in the order of time. `user` is the truth, -1 nobody."""

    lamp: Ints
    t: Ints
    speed: Ints
    from_link: Ints
    user: Ints

    @classmethod
    def of(cls, detections: pa.Table) -> Seen:
        """The detections of a table."""
        t = ints(detections["t_ms"].to_numpy())
        order = np.argsort(t, kind="stable")
        lamp, speed, link, user = (ints(detections[name].to_numpy())[order] for name in ("lamp", "speed_cms", "from_link", "user"))
        return cls(lamp, t[order], speed, link, user)

    def __len__(self) -> int:
        return len(self.t)


@dataclass(frozen=True)
class Circumstances:
    """What is known of a night when causes are sought. `t_on`, `t_known` by user; `standing` a set by user."""

    passes: Passes
    seen: Seen
    t_on: Ints
    t_known: Ints
    standing: Spans
    tau_ms: int


@dataclass(frozen=True)
class Lost:
    """Time without light: disjoint stretches by user; every one is dark or late and has one cause."""

    spans: Spans
    dark: Bools
    cause: Ints

    def by_user(self, users: int, dark: bool) -> Ints:
        """ms of dark (or late) time by user and cause, shape (users, causes)."""
        own = self.dark == dark
        place = self.spans.group[own] * len(CAUSES) + self.cause[own]
        return sums(place, self.spans.ms[own], users * len(CAUSES)).reshape(users, len(CAUSES))


@dataclass(frozen=True)
class Caused:
    """Unlit rows, cut so that each has one cause, and those of them that make a second dark."""

    rows: Unlit
    cause: Ints
    near: Unlit
    near_cause: Ints


def caused(owed: Owed, rows: Unlit, light: Light, around: Circumstances) -> Caused:
    """The likely cause of every unlit row."""
    cause = _of_wave(owed, rows, light, around)
    rows, cause = _marked(rows, cause, rows.by_lamp(), light.dead(), DEAD_LAMP)
    rows, cause = _marked(rows, cause, rows.by_user(), around.standing, STATIONARY)
    # Sorted by pair again, as `in_near_set` needs it.
    order = np.argsort(keys(rows.user * light.lamps + rows.lamp, rows.begin), kind="stable")
    rows, cause = rows.take(order), cause[order]
    near_parts = [(in_near_set(owed, rows.take(cause == one), light.lamps), int(one)) for one in np.unique(cause)]
    still = rows.take(cause == STATIONARY)  # who stands longer than `linger` without light counts as dark whichever lamp it is
    near_parts.append((still, STATIONARY))
    columns = zip(*(vars(part).values() for part, _ in near_parts), strict=True)
    near = Unlit(*(np.concatenate(column) for column in columns))
    return Caused(rows, cause, near, np.concatenate([np.full(len(part), one) for part, one in near_parts]))


def _marked(rows: Unlit, cause: Ints, spans: Spans, where: Spans, mark: int) -> tuple[Unlit, Ints]:
    """The rows cut at the set `where`; the parts inside it get another cause."""
    if not len(where):
        return rows, cause
    inside, outside = meet(spans, where), without(spans, where)
    found = np.concatenate((inside.left, outside.left))
    part = rows.take(found)
    begin = np.concatenate((inside.spans.begin_ms, outside.spans.begin_ms))
    end = np.concatenate((inside.spans.end_ms, outside.spans.end_ms))
    marked = np.concatenate((np.full(len(inside.left), mark), cause[outside.left]))
    return Unlit(part.user, part.lamp, begin, end, part.level, part.need_begin), marked


def _of_wave(owed: Owed, rows: Unlit, light: Light, around: Circumstances) -> Ints:
    """Causes that lie in what the wave knew. Without any detection nothing is known, and the lamp was not raised."""
    cause = np.full(len(rows), NOT_RAISED)
    moment = keys(rows.user, rows.begin)
    told = light.aims_at(keys(rows.lamp, rows.begin)) >= rows.level - TOLERANCE
    if len(around.seen):
        speed, link = _last_known(around.seen, moment)
        cause[(speed == 0) & (link != -1)] = SPEED
        cause[link == NO_LINK] = DIRECTION
        cause[~_on_his_way(owed, rows, light.lamps)] = BRANCH
        cause[rows.begin == around.t_known[rows.user]] = SPEED
        cause[rows.begin == around.t_on[rows.user]] = FIRST_POST
    cause[told] = RAMP
    if len(around.seen):
        cause[_missed(around, moment)] = MISS
    return cause


def _last_known(seen: Seen, moment: Ints) -> tuple[Ints, Ints]:
    """(speed, from_link) of the last detection of a user before keys of (user, ms); (0, -1) where there is none."""
    order = np.argsort(keys(seen.user, seen.t), kind="stable")
    known = keys(seen.user, seen.t)[order]
    at = at_or_before(known, moment)
    own = (at >= 0) & (known[at] >> SHIFT == moment >> SHIFT)
    return np.where(own, seen.speed[order][at], 0), np.where(own, seen.from_link[order][at], -1)


def _on_his_way(owed: Owed, rows: Unlit, lamps: int) -> Bools:
    """Whether the lamp of each row was ever the nearest one to its user: he came to it."""
    span, lamp = owed.near.span[owed.near.nearest], owed.near.lamp[owed.near.nearest]
    return np.isin(rows.user * lamps + rows.lamp, np.unique(owed.spans.user[span] * lamps + lamp))


def _missed(around: Circumstances, moment: Ints) -> Bools:
    """Whether the last coverage that a user had entered, tau before a key of (user, ms), made no detection."""
    passes, seen = around.passes, around.seen
    if not len(passes):
        return np.zeros(len(moment), dtype=bool)
    # A PIR knows only that somebody passed: what it said of another at the same post counts.
    known = np.sort(keys(seen.lamp, seen.t))
    next_one = np.searchsorted(known, keys(passes.lamp, passes.enter))
    until = keys(passes.lamp, passes.leave + around.tau_ms)
    missed = (next_one == len(known)) | (known[np.minimum(next_one, len(known) - 1)] > until)
    entered = keys(passes.user, passes.enter)
    at = at_or_before(entered, moment - around.tau_ms)
    return np.asarray((at >= 0) & (entered[at] >> SHIFT == moment >> SHIFT) & missed[at], dtype=np.bool_)


def lost(found: Caused) -> Lost:
    """Late and dark time: dark first, each moment to the first of its causes in the order of CAUSES."""
    taken, parts = EMPTY, []
    for rows, causes, dark in ((found.near, found.near_cause, True), (found.rows, found.cause, False)):
        for one in np.unique(causes):
            own = union(rows.take(causes == one).by_user())
            fresh = common(own, gaps(taken)) if len(taken) else own
            taken = union(taken, fresh)
            parts.append((fresh, dark, int(one)))
    if not parts:
        return Lost(EMPTY, np.zeros(0, dtype=bool), ints([]))
    spans = Spans(np.concatenate([part.begin for part, _, _ in parts]), np.concatenate([part.end for part, _, _ in parts]))
    dark_of = np.concatenate([np.full(len(part), dark, dtype=bool) for part, dark, _ in parts])
    cause = np.concatenate([np.full(len(part), one) for part, _, one in parts])
    order = np.argsort(spans.begin, kind="stable")
    return Lost(Spans(spans.begin[order], spans.end[order]), dark_of[order], cause[order])
