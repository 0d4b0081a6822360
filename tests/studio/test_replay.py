"""The payload of a night holds the night: levels, people and detections come out of it as they went in."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lykta.report.pack import unpack
from lykta.scenarios import Outcome, fit, run
from lykta.scenarios.assemble import Wish, assemble
from lykta.score import Outage
from lykta.studio import replay
from lykta.studio.night import liveliest


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """The example night."""
    scenario = assemble(Wish(site="valla_torg"))
    plan, _ = fit(scenario)
    return next(run(scenario, plan))


def test_levels__are_all_there_in_the_order_of_lamps_and_time(outcome: Outcome) -> None:
    """One row for one row."""
    found = replay.payload(outcome)["levels"]
    levels = outcome.night.levels
    assert sorted(zip(levels["lamp"].to_pylist(), levels["t_ms"].to_pylist(), strict=True)) == list(
        zip(unpack(found["lamp"]).tolist(), unpack(found["t"]).tolist(), strict=True)
    )
    assert sum(levels["target_permille"].to_pylist()) == int(unpack(found["target"]).sum())


def test_people__move_as_the_trajectories_say(outcome: Outcome) -> None:
    """Rows of a user follow each other, and his class is known."""
    found = replay.payload(outcome)
    users = unpack(found["moves"]["user"])
    assert np.all(np.diff(users) >= 0)
    moves = outcome.night.trajectories
    assert moves.num_rows == len(users)
    first = moves.slice(0, 1).to_pylist()[0]
    assert first["road_user"] == int(unpack(found["users"]["road_user"])[first["user"]])


def test_detections__are_in_the_order_of_time(outcome: Outcome) -> None:
    """The page looks back from a moment, so times must rise."""
    times = unpack(replay.payload(outcome)["detections"]["t"])
    assert np.all(np.diff(times) >= 0)
    assert outcome.night.detections.num_rows == len(times)


def test_payload__is_json_and_small(outcome: Outcome) -> None:
    """A night of 64 lamps travels in less than half a megabyte."""
    assert len(json.dumps(replay.payload(outcome))) < 500_000


def test_dead_lamps__are_handed_on(outcome: Outcome) -> None:
    """A dead lamp is drawn as such."""
    assert replay.payload(outcome, [Outage(3, 10, 20)])["outages"] == [(3, 10, 20)]


def test_moment__begins_some_seconds_before_it_but_not_before_the_night(outcome: Outcome) -> None:
    """One sees how it comes about."""
    moment = outcome.score.worst[0]
    assert moment.begin_ms - replay.LEAD_MS == replay.begin_of(moment, 0)
    assert moment.begin_ms == replay.begin_of(moment, moment.begin_ms)


def test_replay__begins_where_there_is_something_to_see(outcome: Outcome) -> None:
    """In the minute after the begin more is detected than in the median minute."""
    begin = liveliest(outcome)
    times = outcome.night.detections["t_ms"].to_numpy()
    within = int(((times >= begin) & (times < begin + 120_000)).sum())
    minutes = (outcome.night.plan.end_ms - outcome.night.plan.begin_ms) / 60_000
    assert within > 4 * len(times) / minutes
