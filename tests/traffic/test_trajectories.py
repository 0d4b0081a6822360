"""Reading a trajectory table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lykta.site.graph import Graph
from lykta.tables import TRAJECTORIES
from lykta.traffic import Trajectories, on_map
from tests.traffic.streets import row_of_posts


def table(*rows: tuple[int, ...]) -> pa.Table:
    """A trajectory table from rows."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(TRAJECTORIES)
    return pa.table([pa.array(column, type=kind) for column, kind in zip(columns, TRAJECTORIES.types, strict=True)], schema=TRAJECTORIES)


WALK = table(
    (0, 0, -1, 0, 10_000, 1, 0, 1400, 50),
    (0, 0, -1, 10_000, 15_000, 1, 1400, 1400, 50),
    (0, 0, -1, 15_000, 20_000, 1, 1400, 2200, 50),
    (1, 1, -1, 4000, 8000, 1, 2200, 200, -70),
)


def test_at__says_where_everybody_is() -> None:
    """Between the ends of a row in proportion, with sense and speed."""
    found = Trajectories(WALK).at(5000)
    assert found.user.tolist() == [0, 1]
    assert found.chainage_cm.tolist() == [700, 1700]
    assert found.sense.tolist() == [1, -1]
    assert found.speed_cms.tolist() == [140, 500]
    assert Trajectories(WALK).at(12_000).speed_cms.tolist() == [0]
    assert len(Trajectories(WALK).at(20_000).user) == 0


def test_users__have_rows_a_span_and_a_class() -> None:
    """Two users, one after the other in the table."""
    found = Trajectories(WALK)
    assert len(found) == 2
    assert found.span(0) == (0, 20_000)
    assert found.rows_of(1) == slice(3, 4)
    assert found.classes().tolist() == [0, 1]


def test_on_map__right_of_east_is_south() -> None:
    """x grows to the east and y to the north; lateral offsets are to the right of a -> b."""
    graph = Graph(row_of_posts())
    x, y = on_map(graph, Trajectories(WALK).at(5000))
    assert np.allclose(x, [700, 1700])
    assert np.allclose(y, [-50, 70])


def test_trajectories__of_an_empty_night() -> None:
    """No rows, no users."""
    found = Trajectories(table())
    assert len(found) == 0
    assert len(found.at(0).user) == 0
