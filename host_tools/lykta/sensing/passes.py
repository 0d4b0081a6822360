"""Who is seen by which sensor, from when until when: trajectories cut with the fields of sensors.

A *piece* is a stretch of a trajectory inside the field of a sensor. Pieces of one user that follow each other are a
*pass*; the draw that decides whether a sensor misses somebody is made once for a pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lykta.sensing.geometry import Field, Floats, Ints, visible
from lykta.traffic.journeys import ranges

_SAME_PASS_MS = 200  # a shorter gap, as at a bend, is none


@dataclass(frozen=True)
class Columns:
    """The trajectory table as arrays."""

    user: Ints
    road_user: Ints
    t0_ms: Ints
    t1_ms: Ints
    link: Ints
    from_cm: Ints
    to_cm: Ints
    lateral_cm: Floats

    @classmethod
    def of(cls, trajectories: pa.Table) -> Columns:
        """The columns that sensing needs."""
        names = ("user", "road_user", "t0_ms", "t1_ms", "link", "from_cm", "to_cm")
        whole = (trajectories[name].to_numpy().astype(np.int64) for name in names)
        lateral = trajectories["lateral_cm"].to_numpy().astype(np.float64)
        user, road_user, t0, t1, link, start, stop = whole
        return cls(user, road_user, t0, t1, link, start, stop, lateral)


@dataclass(frozen=True)
class Pieces:
    """Pieces in the order (user, sensor, time). `number` counts the passes of a user at a sensor; `opens` marks a pass's first piece."""

    row: Ints
    pair: Ints
    sensor: Ints
    user: Ints
    road_user: Ints
    number: Ints
    opens: NDArray[np.bool_]
    moving: NDArray[np.bool_]
    t0_ms: Ints
    t1_ms: Ints


@dataclass(frozen=True)
class Spans:
    """Times during which a sensor has something to see: whole passes, or the motions within them."""

    sensor: Ints
    user: Ints
    road_user: Ints
    number: Ints
    t0_ms: Ints
    t1_ms: Ints

    def chosen(self, which: NDArray[np.bool_]) -> Spans:
        """Some of them."""
        return Spans(*(column[which] for column in (self.sensor, self.user, self.road_user, self.number, self.t0_ms, self.t1_ms)))


def pieces(seen: Field, table: Columns, slopes: Sequence[float]) -> Pieces:
    """All pieces of all users, in closed form: no step of time. `slopes` are those of `models.Model`."""
    row, pair = ranges(seen.first[table.link], seen.count[table.link])
    sensor = seen.sensor[pair]
    link, start, stop = table.link[row], table.from_cm[row], table.to_cm[row]
    reach = seen.range_cm[sensor, table.road_user[row]]
    slope = np.asarray(slopes)[table.road_user[row]] if slopes else None
    low, high = visible(seen, pair, reach, table.lateral_cm[row], slope)
    scale = seen.scale[link]
    low, high = np.rint(low / scale), np.rint(high / scale)
    first, last = np.maximum(np.minimum(start, stop), low), np.minimum(np.maximum(start, stop), high)
    hit = np.flatnonzero(first <= last)
    row, pair, sensor, start, stop = row[hit], pair[hit], sensor[hit], start[hit], stop[hit]
    first, last = first[hit].astype(np.int64), last[hit].astype(np.int64)
    forth = stop >= start
    t0, t1 = table.t0_ms[row], table.t1_ms[row]
    length, duration = np.abs(stop - start), t1 - t0
    moving = length > 0
    safe = np.where(moving, length, 1)
    entered = t0 + np.where(forth, first - start, start - last) * duration // safe
    left = np.where(moving, t0 + np.where(forth, last - start, start - first) * duration // safe, t1)
    return _in_order(seen, table, (row, pair, sensor, moving, entered, left))


def _in_order(seen: Field, table: Columns, found: tuple[Ints, Ints, Ints, NDArray[np.bool_], Ints, Ints]) -> Pieces:
    row, pair, sensor, moving, entered, left = found
    user = table.user[row]
    key = user * max(1, len(seen.lamp)) + sensor
    order = np.argsort(key, kind="stable")
    row, pair, sensor, entered, left = (column[order] for column in (row, pair, sensor, entered, left))
    key = key[order]
    same = np.zeros(len(key), dtype=np.bool_)
    same[1:] = key[1:] == key[:-1]
    opens = ~same
    opens[1:] |= entered[1:] > left[:-1] + _SAME_PASS_MS
    pass_id = np.cumsum(opens)
    first_of_key = np.maximum.accumulate(np.where(same, 0, pass_id))
    return Pieces(row, pair, sensor, user[order], table.road_user[row], pass_id - first_of_key, opens, moving[order], entered, left)


def presences(found: Pieces) -> Spans:
    """Whole passes, with the time that somebody stands still."""
    return _spans(found, found.opens)


def motions(found: Pieces) -> Spans:
    """The times during which somebody moves in the field."""
    breaks = found.opens.copy()
    breaks[1:] |= found.moving[1:] != found.moving[:-1]
    return _spans(found, breaks, found.moving)


def _spans(found: Pieces, breaks: NDArray[np.bool_], kept: NDArray[np.bool_] | None = None) -> Spans:
    """The pieces from one break to the next as spans; only those that begin with a piece that is `kept`."""
    first = np.flatnonzero(breaks)
    last = np.append(first[1:], len(breaks)) - 1 if len(first) else first
    spans = Spans(
        found.sensor[first], found.user[first], found.road_user[first], found.number[first], found.t0_ms[first], found.t1_ms[last]
    )
    wanted = spans.t1_ms > spans.t0_ms
    return spans.chosen(wanted if kept is None else wanted & kept[first])
