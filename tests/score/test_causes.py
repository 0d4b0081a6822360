"""Why light was missing, or burned for nobody: one small story for every cause."""

from __future__ import annotations

import pytest

from lykta.score import Score, score
from lykta.site.graph import Graph
from lykta.site.model import Link, Point, Site
from tests.score.world import PEDESTRIAN, People, coverage, detections, lamp, levels, row, rules, site

HOUR = 3_600_000
ON = [(0, 1000, 4)]
IDLE = [(0, 500, 4)]


def night(
    of: Site, steps: list[list[tuple[int, int, int]]], seen: list[tuple[int, int, int, int, int]], *, start: int = 1000, **more: object
) -> Score:
    """A walker at 1 m/s along the first links (all of a row), with lamps and detections as given."""
    graph = Graph(of)
    people = People(graph, [])
    if more.get("walk", True):
        people.along(0, PEDESTRIAN, 0, more.get("links", [2 * n for n in range(graph.link_count)]), 100)  # type: ignore[arg-type]
    if "also" in more:
        people.walk(*more["also"])  # type: ignore[misc]
    lit = levels(len(of.lamps), steps, start=start)
    return score(of, graph, rules(), people.table(), lit, detections(seen), coverage(of, graph), 0, HOUR)


#: The first three sensors see him, with speed and direction from the second on.
SEEN = [(0, 100, 0, 0, 255), (1, 12_100, 0, 100, 0), (2, 32_100, 0, 100, 0), (3, 52_100, 0, 100, 0)]


def lost(found: Score) -> dict[str, float]:
    """Late and dark seconds by cause."""
    causes = {}
    for of in (found.everyone.dark_causes, found.everyone.late_causes):
        for cause, seconds in of.items():
            causes[cause] = causes.get(cause, 0) + round(seconds)
    return causes


def test_miss__is_named_where_the_last_sensor_passed_saw_nothing():
    """Lamp 4 is needed from 40 s on; the sensor entered at 32 s did not report."""
    found = night(row(5), [ON, ON, ON, ON, [(0, 500, 4), (52_100, 1000, 3)]], [SEEN[0], SEEN[1], SEEN[3]])
    assert set(lost(found)) == {"miss"}


def test_first_post__is_named_where_duty_had_just_begun():
    """The lamps ahead are told half a second too late."""
    told = [(0, 500, 4), (3500, 1000, 3)]
    assert set(lost(night(row(5), [ON, told, told, ON, ON], SEEN))) == {"first post"}


def test_ramp__is_named_where_the_lamp_was_on_its_way():
    """Lamp 4 was told when it was needed, and takes its time."""
    found = night(row(5), [ON, ON, ON, ON, [(0, 500, 4), (40_000, 1000, 3)]], SEEN)
    assert set(lost(found)) == {"ramp"}


def test_not_raised__is_named_where_all_was_known():
    """Seen with speed and direction, and still not lit."""
    assert set(lost(night(row(5), [ON, ON, ON, ON, IDLE], SEEN))) == {"not raised"}


@pytest.mark.parametrize(("speed", "link", "cause"), [(100, 255, "direction unknown"), (0, 0, "speed unknown")])
def test_what_the_last_detection_did_not_know__is_named(speed, link, cause):
    """The last detection before the need had no direction, or no speed."""
    seen = [SEEN[0], SEEN[1], (2, 32_100, 0, speed, link), SEEN[3]]
    assert set(lost(night(row(5), [ON, ON, ON, ON, [(0, 500, 4), (52_000, 1000, 3)]], seen))) == {cause}


def fork() -> Site:
    """A path that parts after the second lamp."""
    lamps = [lamp("A", 0), lamp("B", 40), lamp("C", 75, 20), lamp("D", 75, -20)]
    links = [Link("A", "B", 4000, "way"), Link("B", "X", 2000, "way"), Link("X", "C", 1500, "way"), Link("X", "D", 1700, "way")]
    return site(lamps, links, [Point("X", 6000, 0)])


def test_branch__is_named_where_he_did_not_go():
    """Lamp D, on the branch that he does not take, is not lit."""
    seen = [(0, 100, 0, 0, 255), (1, 32_100, 0, 100, 0), (2, 67_100, 0, 100, 0)]
    found = night(fork(), [ON, ON, ON, IDLE], seen, links=[0, 2, 4])
    assert set(found.everyone.late_causes) == {"branch"}


def burned(found: Score) -> dict[str, tuple[int, float]]:
    """Lamp-seconds and Wh without need, by cause."""
    return {loss.cause: (round(loss.lamp_s), loss.energy_wh) for loss in found.losses}


def test_waste__knows_hold_after_need_early_light_before_it_and_the_ramp_down():
    """Lamp 4 is needed from 40 s to 80 s; it is raised from 10 s to 100 s and then takes its time."""
    found = burned(night(row(5), [IDLE, IDLE, IDLE, IDLE, [(0, 500, 4), (10_000, 1000, 3), (100_000, 500, 4)]], SEEN, start=500))
    assert {cause: seconds for cause, (seconds, _) in found.items()} == {"speed unknown": 30, "hold": 20, "ramp": 2}
    assert found["hold"][1] == pytest.approx(20 * 11 / 3600, rel=1e-3)


@pytest.mark.parametrize(
    ("user", "link", "cause"), [(-1, 255, "false alarm"), (7, 255, "animal"), (0, 255, "direction unknown"), (0, 0, "branch")]
)
def test_waste__that_nobody_came_to_is_put_on_the_detection_behind_it(user, link, cause):
    """Light that meets no need is explained by the latest detection near it."""
    steps = [IDLE, IDLE, IDLE, IDLE, [(0, 500, 4), (200_100, 1000, 3), (230_000, 500, 4)]]
    dog = (7, 4, 150_000, [(0, 0, 500, 5000)])
    found = burned(night(row(5), steps, [*SEEN, (3, 200_000, user, 0, link)], start=500, also=dog))
    assert found[cause][0] == 30


def test_waste__is_none_where_light_is_never_above_its_phase():
    """Always on is no waste by presence."""
    assert night(row(3), [ON] * 3, SEEN[:3]).losses == ()
