"""The worst moments of a night: who lacked light longest, when, where, and which lamp should have shone."""

from __future__ import annotations

import numpy as np

from lykta.corehost import schema
from lykta.score.causes import CAUSES, Caused, Lost
from lykta.score.intervals import SHIFT, Ints, Spans, at_or_before, keys, meet, sums, union
from lykta.score.model import Moment
from lykta.score.motion import Motion
from lykta.site.graph import Graph

MOMENTS = 12
_EACH = 2  # moments of one user, so that the list shows more than one story


def worst(motion: Motion, graph: Graph, found: Caused, gone: Lost, moments: int = MOMENTS) -> tuple[Moment, ...]:
    """The worst moments: darkest first, then latest, at most two of each user; of every class its darkest and its latest."""
    episodes = union(gone.spans)
    if not len(episodes):
        return ()
    owner = at_or_before(episodes.begin, gone.spans.begin)
    dark = sums(owner, np.where(gone.dark, gone.spans.ms, 0), len(episodes))
    late = episodes.ms - dark
    order = np.lexsort((episodes.begin, -episodes.ms, -dark))
    road_user = motion.road_user[np.searchsorted(motion.user, episodes.group)]
    told: dict[int, int] = {}
    chosen: list[int] = []
    for row, user in zip(order.tolist(), episodes.group[order].tolist(), strict=True):
        told[user] = told.get(user, 0) + 1
        if told[user] <= _EACH:
            chosen.append(row)
        if len(chosen) == moments:
            break
    for own in (np.flatnonzero(road_user == number) for number in np.unique(road_user)):
        chosen += [int(own[dark[own].argmax()]), int(own[late[own].argmax()])]
    rows = sorted(set(chosen), key=np.argsort(order).tolist().__getitem__)
    return tuple(_moment(motion, graph, found, gone, owner, episodes, row, int(dark[row])) for row in rows)


def _moment(motion: Motion, graph: Graph, found: Caused, gone: Lost, owner: Ints, episodes: Spans, row: int, dark_ms: int) -> Moment:
    own = np.flatnonzero(owner == row)
    # What tells the story is the dark part, where there is one.
    told = own[gone.dark[own]] if dark_ms else own
    cause = int(np.bincount(gone.cause[told], weights=gone.spans.ms[told]).argmax())
    user, begin, end = (int(value[row]) for value in (episodes.group, episodes.begin_ms, episodes.end_ms))
    rows, causes = (found.near, found.near_cause) if dark_ms else (found.rows, found.cause)
    mine = np.flatnonzero((rows.user == user) & (causes == cause))
    met = meet(rows.take(mine).by_user(), Spans(episodes.begin[row : row + 1], episodes.end[row : row + 1]))
    lamp = int(np.bincount(rows.lamp[mine][met.left], weights=met.spans.ms).argmax())
    at = int(gone.spans.begin[told[0]] & ((1 << SHIFT) - 1))
    stretch = at_or_before(keys(motion.user, motion.t0), keys(np.full(1, user), np.full(1, at)))
    link, chainage = motion.link[stretch], motion.chainage_cm(stretch, np.full(1, at))
    x, y = graph.place(link.astype(np.int32), np.rint(chainage).astype(np.int32))
    return Moment(
        begin_ms=begin,
        end_ms=end,
        seconds=(end - begin) / 1000,
        dark_s=dark_ms / 1000,
        user=user,
        road_user=schema.CLASS_NAMES[int(motion.road_user[stretch[0]])],
        lamp=graph.site.lamps[lamp].id,
        link=int(link[0]),
        chainage_cm=round(float(chainage[0])),
        x_cm=round(float(x[0])),
        y_cm=round(float(y[0])),
        cause=CAUSES[cause],
    )
