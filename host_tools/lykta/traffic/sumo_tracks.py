"""From where SUMO had somebody every half second to rows of trajectories: along links, at constant speeds, within a hand's breadth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lykta.site.graph import Graph
from lykta.tables import ANIMAL, TRAJECTORIES
from lykta.traffic.sumo_legs import Leg

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: A stretch is straight in time and way as long as nobody is farther than this from it.
TOLERANCE_CM = 15.0
#: Who is farther than this from his way is on another one (a net of one's own may have a shorter way).
ASTRAY_CM = 2000.0
#: So many times as fast as he likes to go, at most.
HASTE = 1.6

#: (t0_ms, t1_ms, link, from_cm, to_cm, lateral_cm).
Row = tuple[int, int, int, int, int, int]


@dataclass(frozen=True)
class Samples:
    """Where somebody was, on the plane of the site, in the order of time; ms since SUMO began."""

    t_ms: Floats
    x_cm: Floats
    y_cm: Floats


@dataclass(frozen=True)
class Track:
    """Somebody's way along directed links: `along_cm` from the beginning of the first link, rising with `t_ms`; `side_cm` to the right."""

    links: tuple[int, ...]
    t_ms: Floats
    along_cm: Floats
    side_cm: int


def corners(t_ms: Floats, along_cm: Floats) -> Ints:
    """The samples between which a track is straight (Douglas and Peucker, 1973, across the way)."""
    kept = {0, len(t_ms) - 1}
    waiting = [(0, len(t_ms) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        line = np.interp(t_ms[first : last + 1], t_ms[[first, last]], along_cm[[first, last]])
        apart = np.abs(along_cm[first : last + 1] - line)
        worst = int(np.argmax(apart))
        if apart[worst] > TOLERANCE_CM:
            kept.add(first + worst)
            waiting += [(first, first + worst), (first + worst, last)]
    return np.array(sorted(kept), dtype=np.int64)


def rows(track: Track, length_cm: Sequence[int]) -> list[Row]:
    """The rows of a track: one for each straight stretch on one link, whole ms and cm.

    Standing is a row with `from_cm` equal to `to_cm`. Each row begins where and when the one before ends.
    """
    edges = np.cumsum([0, *(length_cm[link >> 1] for link in track.links)]).astype(np.float64)
    at = corners(track.t_ms, track.along_cm)
    t_ms, along = track.t_ms[at], np.maximum.accumulate(track.along_cm[at])
    inner = edges[(edges > along[0]) & (edges < along[-1])]
    after = np.searchsorted(along, inner)
    share = (inner - along[after - 1]) / (along[after] - along[after - 1])
    crossing = t_ms[after - 1] + share * (t_ms[after] - t_ms[after - 1])
    order = np.lexsort((np.concatenate((t_ms, crossing)), np.concatenate((along, inner))))
    place, when = np.concatenate((along, inner))[order], np.concatenate((t_ms, crossing))[order]
    whole_t, whole_s = np.rint(when).astype(np.int64), np.rint(place).astype(np.int64)
    found: list[Row] = []
    for step in range(len(place) - 1):
        t0, t1 = int(whole_t[step]), int(whole_t[step + 1])
        if t1 <= t0:
            continue
        middle = (place[step] + place[step + 1]) / 2
        number = int(np.clip(np.searchsorted(edges, middle, side="right") - 1, 0, len(track.links) - 1))
        directed, begin = track.links[number], int(edges[number])
        length = length_cm[directed >> 1]
        a, b = (int(np.clip(value - begin, 0, length)) for value in (whole_s[step], whole_s[step + 1]))
        if directed & 1:
            found.append((t0, t1, directed >> 1, length - a, length - b, -track.side_cm))
        else:
            found.append((t0, t1, directed >> 1, a, b, track.side_cm))
    return found


def whole_way(leg: Leg, t_ms: Floats, along_cm: Floats, length_cm: Sequence[int]) -> tuple[Floats, Floats]:
    """A leg's samples from its very begin to its very end: SUMO first tells of somebody up to a step after he sets out, and last before
    he arrives. He goes on at the speed that he had; `along_cm` from the beginning of the leg's first link.

    Who cuts a corner on the pavement would seem to leap along the middle of the way: he follows at HASTE times his own speed.
    """
    begin, end = float(leg.from_cm), float(leg.from_cm + leg.length_cm(length_cm))
    speed = (end - begin) / max(1, leg.to_ms - leg.from_ms)  # cm per ms
    along = np.clip(np.maximum.accumulate(along_cm), begin, end)
    limit = HASTE * speed * np.diff(t_ms)
    for step, most in enumerate(limit.tolist()):
        along[step + 1] = min(along[step + 1], along[step] + most)
    head = t_ms[0] - (along[0] - begin) / speed
    tail = t_ms[-1] + (end - along[-1]) / speed
    return np.concatenate(([head], t_ms, [tail])), np.concatenate(([begin], along, [end]))


def project(graph: Graph, links: Sequence[int], samples: Samples) -> tuple[Floats, Floats, Floats]:
    """How far along a path of directed links places are, how far from it, and how far to its right [cm]."""
    best = np.full(len(samples.x_cm), np.inf)
    along, side = np.zeros(len(best)), np.zeros(len(best))
    begin = 0.0
    for directed in links:
        a, b = graph.tail(directed), graph.head(directed)
        dx, dy = float(graph.x_cm[b] - graph.x_cm[a]), float(graph.y_cm[b] - graph.y_cm[a])
        drawn, length = max(1.0, (dx * dx + dy * dy) ** 0.5), float(graph.length_cm[directed >> 1])
        from_x, from_y = samples.x_cm - graph.x_cm[a], samples.y_cm - graph.y_cm[a]
        share = np.clip((from_x * dx + from_y * dy) / drawn**2, 0.0, 1.0)
        off_x, off_y = from_x - share * dx, from_y - share * dy
        apart = np.hypot(off_x, off_y)
        nearer = apart < best
        best = np.where(nearer, apart, best)
        along = np.where(nearer, begin + share * length, along)
        side = np.where(nearer, (off_x * dy - off_y * dx) / drawn, side)
        begin += length
    return along, best, side


def track(graph: Graph, leg: Leg, samples: Samples | None, begin_ms: int, length_cm: Sequence[int]) -> Track:
    """A leg as SUMO moved it; at the speed that was meant where SUMO never moved him (no way, or a leg of less than a step)."""
    if samples is not None:
        along, apart, side = project(graph, leg.links, samples)
        near = apart <= ASTRAY_CM
        if near.sum() >= 2:
            t_ms, along = whole_way(leg, begin_ms + samples.t_ms[near], along[near], length_cm)
            return Track(leg.links, t_ms, along, int(np.rint(np.median(side[near]))))
    times = np.array([leg.from_ms, leg.to_ms], dtype=np.float64)
    return Track(leg.links, times, np.array([leg.from_cm, leg.from_cm + leg.length_cm(length_cm)], dtype=np.float64), leg.side_cm)


def joined(graph: Graph, asked: pa.Table, wanted: Sequence[Leg], samples: Mapping[str, Samples], begin_ms: int, end_ms: int) -> pa.Table:
    """The table of all users: legs as SUMO moved them, rests between them as long as they were meant; animals as they were in `asked`."""
    length_cm = graph.length_cm.tolist()
    own: dict[int, list[Row]] = {}
    late: defaultdict[int, int] = defaultdict(int)  # user -> by how much he is behind the generator [ms]
    for leg in wanted:
        found = rows(track(graph, leg, samples.get(f"{leg.user}.{leg.number}"), begin_ms, length_cm), length_cm)
        before = own.setdefault(leg.user, [])
        if not found:
            continue
        shift = 0
        if before:
            begin, (t0, _, link, at, _, side) = before[-1][1], found[0]
            planned = max(leg.from_ms + late[leg.user], begin)
            shift = planned - t0
            if planned > begin:
                before.append((begin, planned, link, at, at, side))
        before += [(row[0] + shift, row[1] + shift, *row[2:]) for row in found]
        late[leg.user] = max(0, before[-1][1] - leg.to_ms)
    return _table(asked, own, begin_ms, end_ms)


def _table(asked: pa.Table, own: Mapping[int, Sequence[Row]], begin_ms: int, end_ms: int) -> pa.Table:
    """The table of the night: users numbered as before, cut at its ends; animals and groups as the generator has them."""
    columns = [asked[name].to_numpy().astype(np.int64) for name in TRAJECTORIES.names]
    every = np.stack(columns, axis=1)
    kept = every[columns[1] == ANIMAL].tolist()
    of_user = {user: (road_user, group) for user, road_user, group in every[::-1, :3].tolist()}
    for user, found in own.items():
        for t0, t1, link, a, b, side in found:
            start, stop = max(t0, begin_ms), min(t1, end_ms)
            if stop > start:
                first, last = (a + (b - a) * (when - t0) // (t1 - t0) for when in (start, stop))
                kept.append([user, *of_user[user], start, stop, link, first, last, side])
    kept.sort(key=lambda row: (row[0], row[3]))
    numbers = np.array(kept, dtype=np.int64).reshape(-1, len(TRAJECTORIES))
    return pa.table([pa.array(numbers[:, at], field.type) for at, field in enumerate(TRAJECTORIES)], schema=TRAJECTORIES)
