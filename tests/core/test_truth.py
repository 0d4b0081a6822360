"""Claim (b), truth: ideal sensors, nothing lost, speeds within bounds: nobody is in the dark, and late at most tau."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from lykta.corehost import lamp as row
from tests.core.judge import Verdict, judge, owed_by
from tests.core.mutants import MUTANTS, Mutant, core_of
from tests.core.people import PACE, STOP, TURN, Incident, Trip, walk
from tests.core.scenes import Plan, Scene, lines, plans, scenes
from tests.core.world import REAL, Core, World

TAU_MS = 3000


def failures(scene: Scene, core: Core = REAL) -> list[tuple[Trip, Verdict]]:
    """The users of a scene who were in the dark; and those late for longer than tau, if their speed stayed within bounds.

    Who stops between two posts is slower between them than half of what he walks afterwards: his front is not within bounds.
    """
    found = zip(scene.trips, scene.play(core), strict=True)
    return [(trip, verdict) for trip, verdict in found if verdict.dark_ms or (_steady(trip) and verdict.late_ms > TAU_MS)]


def _steady(trip: Trip) -> bool:
    return all(incident.what == PACE for incident in trip.incidents)


@settings(max_examples=60)
@given(scenes(plans))
def test_truth__people_who_keep_going(scene: Scene):
    """Walkers and cyclists, alone and in groups, overtaking and meeting, on lines, junctions and rings."""
    assert failures(scene) == []


def test_truth__two_pairs_from_two_arms_of_a_small_junction():
    """Pairs that come 19 s apart from different arms and leave by the third: who may have turned off proves nothing of who comes in."""
    pairs = [Trip(entrance, t_ms, 183, 1, (0,)) for entrance, t_ms in (("B", 5000), ("C", 24_000)) for _ in range(2)]
    assert failures(Scene(Plan("star", ((900,), (900, 1700), (900,)), (True,), 0), tuple(pairs))) == []


@settings(max_examples=50, phases=[Phase.explicit, Phase.generate])
@given(scenes(plans, habits=(STOP, TURN)))
def test_truth__people_who_stop_and_turn_round(scene: Scene):
    """The whole claim, as the rules have it: on any street, people who stop anywhere for up to 140 s or turn round anywhere."""
    assert failures(scene) == []


@settings(max_examples=50, phases=[Phase.explicit, Phase.generate])
@given(scenes(lines, habits=(STOP,)))
def test_truth__people_who_stop(scene: Scene):
    """The same, and some stop anywhere for up to 140 s."""
    assert failures(scene) == []


@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(scenes(lambda: lines(4, 7), most=25, within_ms=40_000))
def test_truth__a_crowd(scene: Scene):
    """More users than any lamp has slots."""
    assert failures(scene) == []


@st.composite
def fast_and_sparse(draw: st.DrawFn) -> Scene:
    """Cyclists on a line where only every third post sees."""
    pitches = tuple(draw(st.lists(st.integers(2200, 3400), min_size=7, max_size=10)))
    trip = Trip("west", 5000, draw(st.integers(300, 1040)), 1)
    return Scene(Plan("line", (pitches,), (True, False, False)), (trip,))


@st.composite
def side_arrivals(draw: st.DrawFn) -> Scene:
    """Two people at a junction at about the same time, one of whom no sensor has seen before, and each goes his way."""
    plan = Plan("star", ((2200, 2200, 2200),) * 3, (True,), 1500)
    one = Trip("A", 5000, draw(st.integers(100, 200)), 0, (draw(st.integers(0, 2)),))
    other = Trip(
        draw(st.sampled_from(plan.entrances)),
        5000 + 500 * draw(st.integers(0, 160)),
        draw(st.integers(100, 200)),
        0,
        (draw(st.integers(0, 2)),),
    )
    return Scene(plan, (one, other))


def stragglers() -> st.SearchStrategy[Scene]:
    """A slow walker behind a bunch of cyclists that fills every slot, on a line where only every third post sees."""
    plan = Plan("line", ((2200,) * 6,), (True, False, False))
    bunch = tuple(Trip("west", 5000 + 100 * number, 500, 1) for number in range(row.MAX_TRACKS + 2))
    return st.integers(65, 90).map(lambda speed: Scene(plan, (*bunch, Trip("west", 9000 - 400_000 // speed, speed))))


#: Where each mutant shows: scenes in which what it forgets matters.
WHERE = {"front_at_v_lo": fast_and_sparse(), "released_by_another_branch": side_arrivals(), "dropped_on_full_slots": stragglers()}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_truth__catches_the_mutant(mutant: Mutant):
    """The same judge finds somebody in the dark, or late, under each committed mutant, and nobody under the core as it is."""
    core = core_of(mutant)
    caught = find(
        WHERE[mutant.name],
        lambda scene: bool(failures(scene, core)),
        settings=settings(
            max_examples=100, phases=[Phase.generate], derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert failures(caught) == []


def test_judge__sees_a_dark_street():
    """Where no sensor ever tells the lamps of somebody who is in duty, he is in the dark all the way: the judge is not blind."""
    graph = Plan("line", ((2200,) * 5,), (True,)).graph()
    user = walk(graph, Trip("west", 5000, 140))
    world = World(graph)
    world.run(user.end_ms)
    verdict = judge(graph, user, world.lights, owed_by(world.row, 0))
    on = next(t for t in range(user.begin_ms, user.end_ms) if t >= user.begin_ms + round((1200 - 800) * 1000 / 140)) + TAU_MS
    assert verdict.dark_ms + verdict.late_ms == pytest.approx(user.end_ms - on, abs=200)
    assert verdict.late_ms == 0


def test_judge__forgives_only_what_nobody_can_know():
    """Who turns round is owed A again once a sensor could tell; who walks straight is owed it all the time."""
    plan = Plan("line", ((2200,) * 6,), (True,))
    turning = Trip("west", 5000, 140, incidents=(Incident(7000, TURN),))
    assert failures(Scene(plan, (turning,))) == []
