"""The night of one lamp as a picture: its corners are the levels of the night, ramps bend as the dimmer does."""

from __future__ import annotations

import pytest

from lykta.scenarios import Outcome, fit, run
from lykta.studio import day
from tests.tune import nights


@pytest.fixture
def outcome(folder) -> Outcome:  # type: ignore[no-untyped-def]
    """A short night of the small street."""
    nights.write(folder)
    scenario = nights.scenario()
    plan, _ = fit(scenario)
    return next(run(scenario, plan))


def test_corners__begin_with_every_row_of_the_night(outcome: Outcome):
    """At each change of target the course is at the level that was written down, and time never runs back."""
    plan = outcome.night.plan
    course = day.courses(outcome, 2)
    assert [t for t, _ in course] == sorted(t for t, _ in course)
    at = dict(course)
    rows = [row for row in outcome.night.levels.to_pylist() if row["lamp"] == 2 and plan.begin_ms <= row["t_ms"] <= plan.end_ms]
    assert rows
    for row in rows:
        assert abs(at[row["t_ms"]] - row["level_permille"]) <= 1


def test_picture__has_the_course_and_no_markup_of_anybody(outcome: Outcome):
    """One polyline through all corners, a tick for each own detection, and what it shows as words."""
    found = day.picture(outcome, 2, "Level over the night")
    points = found.split('<polyline points="')[1].split('"')[0].split()
    assert len(points) == len(day.courses(outcome, 2))
    assert found.count("v10") == len(day.seen_at(outcome, 2))
    assert 'aria-label="Level over the night"' in found
