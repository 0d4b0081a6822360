"""The named cases of definitions section 5, one by one, as they happen on a street: nobody in the dark, late at most tau."""

from __future__ import annotations

from itertools import product

import pytest

from lykta.corehost import lamp as row
from lykta.corehost import presence, schema
from tests.core.judge import Verdict, judge, owed_by
from tests.core.people import STOP, TURN, Incident, Trip, ideal_readings, pir_readings, walk
from tests.core.scenes import Plan, Scene
from tests.core.streets import END_CM, PITCH_CM, line
from tests.core.world import World, settings_row

STRAND = Plan("line", ((PITCH_CM,) * 9,), (True,))
LENGTH_CM = 9 * PITCH_CM + 2 * END_CM
CYCLIST = int(schema.CYCLIST)
WALKER_MS = 5000


def at_post(number: int) -> int:
    """How far from the western entrance a post stands [cm]."""
    return END_CM + number * PITCH_CM


def between(number: int) -> int:
    """Half way between a post and the next."""
    return at_post(number) + PITCH_CM // 2


def meeting(place_cm: int, speed: int = 140) -> tuple[Trip, Trip]:
    """Two who come from both ends and meet at a place."""
    one = round(place_cm * 1000 / speed)
    other = round((LENGTH_CM - place_cm) * 1000 / speed)
    late = max(one, other)
    return Trip("west", WALKER_MS + late - one, speed), Trip("east", WALKER_MS + late - other, speed)


def verdicts(*trips: Trip, plan: Plan = STRAND) -> list[Verdict]:
    return Scene(plan, trips).play()


def fine(found: list[Verdict]) -> bool:
    """Nobody in the dark, nobody late for more than tau."""
    return all(verdict.dark_ms == 0 and verdict.late_ms <= 3000 for verdict in found)


def test_walkers__meeting_between_two_posts():
    """Both keep their light, before and after."""
    assert fine(verdicts(*meeting(between(4))))


def test_walkers__meeting_at_a_post():
    """Both are at the same sensor at the same moment."""
    assert fine(verdicts(*meeting(at_post(4))))


@pytest.mark.parametrize("offset_cm", range(-1000, 1001, 200))
def test_walkers__meeting_anywhere_near_a_post(offset_cm: int):
    """There is no place where it goes wrong."""
    assert fine(verdicts(*meeting(at_post(4) + offset_cm)))


@pytest.mark.parametrize("place_cm", [at_post(4), between(4)])
def test_cyclist__overtaking_a_walker(place_cm: int):
    """The faster one takes nothing from the slower."""
    reaches_ms = WALKER_MS + round(place_cm * 1000 / 140)
    cyclist = Trip("west", reaches_ms - round(place_cm * 1000 / 550), 550, CYCLIST)
    assert fine(verdicts(Trip("west", WALKER_MS, 140), cyclist))


def test_crowd__of_thirty_in_a_minute():
    """Thirty people in 60 s, from both ends, at different speeds: nobody is forgotten."""
    crowd = [Trip("west" if number % 3 else "east", WALKER_MS + 2000 * number, 90 + 5 * number) for number in range(30)]
    assert fine(verdicts(*crowd))


def test_walker__and_dog():
    """The dog runs to and fro and sets off the sensors; its owner is never in the dark for it."""
    owner = Trip("west", WALKER_MS, 120)
    turns = tuple(Incident(at, TURN) for at in range(4000, 30_000, 2500))
    dog = Trip("west", WALKER_MS + 1000, 260, incidents=turns)
    graph = STRAND.graph()
    users = [walk(graph, owner), walk(graph, dog, 150_000)]
    world = World(graph)
    world.read([(t, lamp, kind, int(schema.UNKNOWN), 0, 0) for t, lamp, kind, *_ in ideal_readings(graph, users)])
    world.run(users[0].end_ms + 1)
    verdict = judge(graph, users[0], world.lights, owed_by(world.row, 0))
    assert (verdict.dark_ms, verdict.late_ms <= 3000) == (0, True)


def like_passing(turn_cm: int) -> bool:
    """Whether he turns so near a post that he is in its field for as long as if he went on: that no sensor can tell."""
    return min(abs(turn_cm - at_post(post)) for post in range(10)) <= 120


@pytest.mark.parametrize("turn_cm", [cm for cm in range(at_post(4) - 700, at_post(5) + 700, 100) if not like_passing(cm)])
def test_walker__turning_round_between_posts(turn_cm: int):
    """Wherever he turns, the lamps near him stay lit, and those he comes back to are lit as soon as a sensor can tell."""
    assert fine(verdicts(Trip("west", WALKER_MS, 140, incidents=(Incident(turn_cm, TURN),))))


@pytest.mark.parametrize("stop_cm", [at_post(4), at_post(4) + 900, between(4)])
@pytest.mark.parametrize("stops_ms", [20_000, 100_000, 150_000])
def test_two_together__one_stops(stop_cm: int, stops_ms: int):
    """The one who goes on does not take the light of the one who stays."""
    goes = Trip("west", WALKER_MS, 140)
    stays = Trip("west", WALKER_MS, 140, incidents=(Incident(stop_cm, STOP, stops_ms),))
    assert fine(verdicts(goes, stays))
    assert fine(verdicts(goes.later(1500), stays))


JUNCTION = Plan("star", ((PITCH_CM,) * 3,) * 4, (True,))
SPLITS = sorted({tuple(sorted(split)) for split in product((0, 1, 2), repeat=3)})


@pytest.mark.parametrize("split", SPLITS, ids=lambda split: "".join("LSR"[way] for way in split))
@pytest.mark.parametrize("apart_ms", [0, 1500, 12_000])
def test_group__parting_at_a_junction(split: tuple[int, ...], apart_ms: int):
    """Three come together and part: every way of parting, everybody keeps his light."""
    group = [Trip("A", WALKER_MS + number * apart_ms, 140, choices=(way,)) for number, way in enumerate(split)]
    assert fine(verdicts(*group, plan=JUNCTION))


@pytest.mark.parametrize("split", [(0, 1), (0, 2), (1, 2)])
def test_group__seen_as_one_parts_at_a_junction(split: tuple[int, int]):
    """A PIR sees two who walk together as one: when they part, neither branch is released by the other."""
    graph = JUNCTION.graph("pir")
    users = [walk(graph, Trip("A", WALKER_MS, 140, choices=(way,))) for way in split]
    world = World(graph, apart=False)
    world.read(pir_readings(graph, users, ()))
    world.run(users[0].end_ms + 60_000)
    found = [judge(graph, user, world.lights, owed_by(world.row, 0)) for user in users]
    assert [verdict.dark_ms for verdict in found] == [0, 0]


def test_crowd__of_more_users_than_slots():
    """Forty people within sight of one lamp: its slots are full, tracks are merged, and only light is added."""
    graph = STRAND.graph()
    crowd = [Trip("west" if number % 2 else "east", WALKER_MS + 700 * number, 100 + 3 * number) for number in range(40)]
    users = [walk(graph, trip) for trip in crowd]
    world = World(graph)
    world.read(ideal_readings(graph, users))
    world.run(max(user.end_ms for user in users))
    assert fine([judge(graph, user, world.lights, owed_by(world.row, 0)) for user in users])
    assert max(lamp[row.MERGED] for lamp in world.lamps) > 0
    assert max(lamp[row.TRACKS] for lamp in world.lamps) <= row.MAX_TRACKS


def test_pedestrian__who_stays_is_told_as_one_when_a_cyclist_has_passed():
    """The renewal for somebody who stands at a post speaks of him, not of who came last and has gone."""
    world = World(line([PITCH_CM] * 4))
    enter, leave = int(presence.ENTER), int(presence.LEAVE)
    world.read([(5000, 2, enter, 0, 0, 0), (7000, 2, enter, CYCLIST, 0, 0), (9000, 2, leave, CYCLIST, 0, 0)])
    world.run(200_000)
    renewals = [delivery.frame for delivery in world.made if delivery.frame.still]
    assert renewals
    assert all(frame.classes & 1 for frame in renewals)
    assert [light.level(200_000) for light in world.lights] == [1000] * 5


def test_street__goes_back_to_idle_when_all_have_gone():
    """After everybody has left and the last evidence has expired, no lamp is stuck."""
    graph = STRAND.graph()
    users = [walk(graph, trip) for trip in meeting(between(4))]
    world = World(graph)
    world.read(ideal_readings(graph, users))
    world.run(max(user.end_ms for user in users) + 400_000)
    assert {light.level(world.now) for light in world.lights} == {500}


@pytest.mark.parametrize(
    ("seen", "lit_s"),
    [
        (((5, 98, 100),), 200),  # once, by one post: it may have been nobody
        (((4, 82, 84), (5, 98, 100)), 360),  # followed there from the post before
        (((5, 70, 100),), 360),  # he stood there
        (((4, 82, 84), (5, 98, 100), (9, 110, 112)), 360),  # what is seen elsewhere takes nothing from him
    ],
)
def test_rest_between_posts__is_lit_for_linger__and_less_where_one_post_saw_him_once(seen: tuple[tuple[int, int, int], ...], lit_s: int):
    """PIRs on a line, `linger` 6 min, `linger_once` 200 s: how long the post that saw him last is lit from then on."""
    world = World(
        line((PITCH_CM,) * 9, kind="pir"), settings_row(linger=360_000, linger_once=200_000, frame_max=600_000, idle=300), apart=False
    )
    for post, *edges in seen:
        for edge, at_s in zip((presence.EDGE_ON, presence.EDGE_OFF), edges, strict=True):
            world.read([(at_s * 1000, post, int(edge), int(schema.UNKNOWN), 0, 0)])
    world.run(800_000)
    fell_ms = world.lights[5].below(1000, 110_000, 790_000)
    assert fell_ms is not None
    assert lit_s == pytest.approx(fell_ms / 1000 - 100, abs=3)
