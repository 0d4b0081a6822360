"""Reads a trajectory table: who is where at a time, and the stretches of one user."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lykta.site.graph import Graph

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Positions:
    """Where users are: equal arrays. `sense`: 1 when they move from a to b, -1 from b to a, 0 when they stand; `row` of the table."""

    row: Ints
    user: Ints
    road_user: Ints
    link: Ints
    chainage_cm: Ints
    lateral_cm: Ints
    sense: Ints
    speed_cms: Ints


class Trajectories:
    """A trajectory table as arrays (int64, in the order of the table), with the questions that one asks of it."""

    def __init__(self, table: pa.Table) -> None:
        columns = {name: table[name].to_numpy().astype(np.int64) for name in table.schema.names}
        self.user: Ints = columns["user"]
        self.road_user: Ints = columns["road_user"]
        self.group: Ints = columns["group"]
        self.t0_ms: Ints = columns["t0_ms"]
        self.t1_ms: Ints = columns["t1_ms"]
        self.link: Ints = columns["link"]
        self.from_cm: Ints = columns["from_cm"]
        self.to_cm: Ints = columns["to_cm"]
        self.lateral_cm: Ints = columns["lateral_cm"]
        self._count = int(self.user[-1]) + 1 if len(self.user) else 0
        self._first = np.searchsorted(self.user, np.arange(self._count + 1))

    def __len__(self) -> int:
        """The number of users."""
        return self._count

    def rows_of(self, user: int) -> slice:
        """The rows of one user, in the order of time."""
        return slice(int(self._first[user]), int(self._first[user + 1]))

    def span(self, user: int) -> tuple[int, int]:
        """When a user enters and leaves [ms]."""
        rows = self.rows_of(user)
        return int(self.t0_ms[rows.start]), int(self.t1_ms[rows.stop - 1])

    def classes(self) -> Ints:
        """The class of each user."""
        return self.road_user[self._first[:-1]]

    def at(self, t_ms: int) -> Positions:
        """Where everybody who is on the site at a time is (a user is there from his t0 on and before his last t1)."""
        return self.positions(np.flatnonzero((self.t0_ms <= t_ms) & (t_ms < self.t1_ms)), t_ms)

    def positions(self, row: Ints, t_ms: Ints | int) -> Positions:
        """Positions in given rows at given times, within each row's time."""
        way, duration = self.to_cm[row] - self.from_cm[row], self.t1_ms[row] - self.t0_ms[row]
        moved = (2 * way * (np.asarray(t_ms) - self.t0_ms[row]) + duration) // (2 * duration)
        return Positions(
            row=row,
            user=self.user[row],
            road_user=self.road_user[row],
            link=self.link[row],
            chainage_cm=self.from_cm[row] + moved,
            lateral_cm=self.lateral_cm[row],
            sense=np.sign(way),
            speed_cms=np.abs(way) * 1000 // duration,
        )


def on_map(graph: Graph, where: Positions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions on the map [cm], sideways offsets included."""
    link = where.link.astype(np.int32)
    x, y = graph.place(link, where.chainage_cm.astype(np.int32))
    dx = (graph.x_cm[graph.b[link]] - graph.x_cm[graph.a[link]]).astype(np.float64)
    dy = (graph.y_cm[graph.b[link]] - graph.y_cm[graph.a[link]]).astype(np.float64)
    length = np.maximum(np.sqrt(dx * dx + dy * dy), 1.0)
    return x + where.lateral_cm * dy / length, y - where.lateral_cm * dx / length
