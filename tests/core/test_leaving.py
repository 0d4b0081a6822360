"""What sensors that tell users apart add: who has left a field, on which side, and who may therefore be where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lykta.corehost import presence, schema
from tests.core.people import LATENCY_MS, STOP, Incident, Trip, ideal_readings, walk
from tests.core.streets import END_CM, PITCH_CM, RANGE_CM, line
from tests.core.world import World

POSTS = 8
SPEED = 140
BEGIN_MS = 5000
#: Of a pedestrian, by the defaults.
SLOWEST, LINGER_MS = 50, 180_000


def enters_ms(post: int) -> int:
    """When a walker from the west comes into the field of a post, as its lamp is told."""
    return BEGIN_MS + (END_CM + post * PITCH_CM - RANGE_CM) * 1000 // SPEED + LATENCY_MS


def leaves_ms(post: int) -> int:
    """When he goes out of it."""
    return enters_ms(post) + 2 * RANGE_CM * 1000 // SPEED


def street(*trips: Trip, lost: Callable[[int, int, int], bool] | None = None) -> World:
    """A line of posts on which these people have been."""
    graph = line([PITCH_CM] * (POSTS - 1))
    users = [walk(graph, trip) for trip in trips]
    world = World(graph, lost=lost)
    world.read(ideal_readings(graph, users))
    world.run(max(user.end_ms for user in users) + 1)
    return world


WALKER = Trip("west", BEGIN_MS, SPEED)


def test_passing__lets_the_lamp_behind_go_before_the_next_post():
    """Who has come out on the other side is more than BEHIND from the post before: its lamp goes down at once, not 14 m later."""
    behind = street(WALKER).lights[2]
    assert behind.level(leaves_ms(3) - 100) == 1000
    assert behind.level(enters_ms(4) - 500) < 980


def test_passing__that_nobody_was_told_keeps_the_light():
    """Where the frame that tells of leaving is lost, he is thought to be there still: the lamp behind stays on."""
    behind = street(WALKER, lost=lambda sender, number, receiver: (sender, number, receiver) == (3, 1, 2)).lights[2]
    assert behind.level(enters_ms(4) - 500) == 1000


def test_front__is_held_by_a_sensor_that_misses_nobody():
    """The lamp that is wanted from post 4 on waits for post 4 to speak, however fast he might have gone."""
    ahead = street(WALKER).lights[7]
    assert ahead.level(enters_ms(4) - 100) == 500
    assert ahead.level(enters_ms(4) + RANGE_CM * 1000 // SPEED) == 1000


def test_inside__is_not_at_the_next_post():
    """Who stands in the field of a post cannot be the one whom the next post sees: that is somebody else, known as such."""
    stands = Trip("west", BEGIN_MS, SPEED, incidents=(Incident(END_CM + 3 * PITCH_CM, STOP, 120_000),))
    world = street(stands, Trip("east", enters_ms(3), SPEED))
    first = next(delivery.frame for delivery in world.made if delivery.frame.origin == 4)
    assert (first.previous, first.perhaps) == (5, 0)


@pytest.mark.parametrize("after_ms", [0, 800])
def test_meeting__both_are_joined_when_both_have_come(after_ms: int):
    """The first of two from two sides may be either; when the second has come, both tracks are continued, and named."""
    length = 2 * END_CM + (POSTS - 1) * PITCH_CM
    place = END_CM + 4 * PITCH_CM  # at a post
    late = (length - 2 * place) * 1000 // SPEED
    west, east = Trip("west", BEGIN_MS + max(0, late), SPEED), Trip("east", BEGIN_MS + max(0, -late) + after_ms, SPEED)
    told = [delivery.frame for delivery in street(west, east).made if delivery.frame.origin == 4 and delivery.frame.left == 1]
    assert [frame.also >= 0 for frame in told] == [False, True]
    assert {told[1].previous, told[1].also} == {3, 5}


def test_stopping__between_two_fields_leaves_light_on_both_sides_of_the_next_post():
    """Who goes on after two minutes in nobody's sight has the lamp before him, and the one after that."""
    place = END_CM + 4 * PITCH_CM - RANGE_CM - 100
    stops = Trip("west", BEGIN_MS, SPEED, incidents=(Incident(place, STOP, 120_000),))
    lights = street(stops).lights
    goes_on = BEGIN_MS + place * 1000 // SPEED + 120_000
    assert [lights[post].level(goes_on) for post in (3, 4, 5, 6)] == [1000, 1000, 1000, 500]


def test_one_output__a_way_not_taken_is_let_go_when_its_sensor_has_been_silent():
    """A PIR cannot count: who has gone one way leaves the other lit until the slowest would have passed its first sensor, no longer."""
    world = World(line([PITCH_CM] * (POSTS - 1), kind="pir"), apart=False)
    on, off = ((int(edge), int(schema.UNKNOWN), 0, 0) for edge in (presence.EDGE_ON, presence.EDGE_OFF))
    world.read([(BEGIN_MS, 3, *on), (BEGIN_MS + 11_000, 3, *off), (BEGIN_MS + 16_000, 4, *on), (BEGIN_MS + 27_000, 4, *off)])
    slowest_ms = (PITCH_CM + 2 * RANGE_CM) * 1000 // SLOWEST
    world.run(BEGIN_MS + LINGER_MS)
    other = world.lights[2]
    assert other.below(980, BEGIN_MS + 3000, BEGIN_MS + slowest_ms) is None
    assert other.level(BEGIN_MS + slowest_ms + 20_000) == 500
