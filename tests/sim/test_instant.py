"""A lamp asked about one moment says what the night itself wrote down."""

from __future__ import annotations

import numpy as np
import pytest

from lykta.corehost import priority
from lykta.sim.instant import Instant, instant
from lykta.sim.night import Night
from tests.sim.nights import lit


@pytest.fixture(scope="module")
def night() -> Night:
    """Three hours of the busy square with the real radio."""
    return lit("valla_torg", "busy", 3, "auto", hours=3)


def written(night: Night) -> list[dict[str, int]]:
    """Some changes of target all over the night and the street."""
    levels = night.levels
    inside = np.flatnonzero(levels["t_ms"].to_numpy() < night.plan.begin_ms + 3 * 3_600_000)
    own = [row for row in inside.tolist() if night.plan.tables.own[int(levels["lamp"][row].as_py())] >= 0]
    return [levels.slice(own[at], 1).to_pylist()[0] for at in range(5, len(own), len(own) // 12)]


def test_moment_of_a_change__has_the_target_and_the_rule_that_were_written_down(night: Night) -> None:
    """The nodes that are run again come to the same."""
    for row in written(night):
        found = instant(night, row["lamp"], row["t_ms"])
        assert found is not None
        assert (row["target_permille"], row["cause"]) == (found.target, found.cause)


def test_presence__is_explained_by_a_track_that_asks_for_that_level(night: Night) -> None:
    """Whoever is expected is named, with a level no lower than the target."""
    rows = [row for row in written(night) if row["cause"] == priority.CAUSE_PRESENCE]
    assert rows
    for row in rows:
        found = instant(night, row["lamp"], row["t_ms"])
        assert found is not None
        assert row["target_permille"] == max(track.level for track in found.tracks if track.lights)


def test_level_of_the_phase__means_that_no_track_asks_for_more(night: Night) -> None:
    """Where nobody is expected no track lights."""
    rows = [row for row in written(night) if row["cause"] == priority.CAUSE_PHASE]
    assert rows
    for row in rows:
        found = instant(night, row["lamp"], row["t_ms"])
        assert found is not None
        assert [track for track in found.tracks if track.lights and track.level > found.target] == []


def test_before_a_change__the_lamp_says_when_it_comes_by_itself(night: Night) -> None:
    """`next_ms` is never later than the next change that needed no input: the end of a track."""
    row = next(one for one in written(night) if one["cause"] == priority.CAUSE_PHASE)
    found = instant(night, row["lamp"], row["t_ms"] - 2)
    assert found is not None
    assert found.next_ms <= row["t_ms"]


def test_lamp_without_a_node__has_nothing_to_tell() -> None:
    """No link, no node: the answer is None, not a guess."""
    from dataclasses import replace

    night = lit("kungsholms_strand", "kungsholms", 1, "auto", hours=0.2)
    own = [*night.plan.tables.own]
    own[4] = -1
    alone = replace(night, plan=replace(night.plan, tables=replace(night.plan.tables, own=own)))
    assert instant(alone, 4, night.plan.begin_ms) is None
    assert isinstance(instant(night, 4, night.plan.begin_ms), Instant)
