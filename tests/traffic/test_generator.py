"""Who comes by in a night."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from lykta.corehost import schema
from lykta.errors import InputError
from lykta.site.graph import Graph
from lykta.site.model import Site
from lykta.tables import ANIMAL, TRAJECTORIES
from lykta.traffic import DEFAULT_HABITS, Demand, Trajectories, check, generate
from lykta.traffic.demand import CAR, CYCLIST, PEDESTRIAN
from tests.traffic.streets import HOUR, NOON, PATH, STREET, fork, row_of_posts, site

PLAIN = replace(DEFAULT_HABITS[PEDESTRIAN], grouped=0, pausing=0, turning=0)


def demand(rates: dict[int, float], **habits: int) -> Demand:
    """Constant rates by class; the habits of pedestrians as given, else none."""
    walkers = replace(PLAIN, **habits)
    days = {road_user: ((rate,) * 24, (rate,) * 24) for road_user, rate in rates.items()}
    return Demand("test demand", days, habits={**DEFAULT_HABITS, PEDESTRIAN: walkers})


def night(street: Site, wanted: Demand, seed: int = 1, begin: int = 4 * HOUR, end: int = 19 * HOUR) -> pa.Table:
    """The trajectories of a night."""
    return generate(street, Graph(street), wanted, seed, begin, end, NOON)


def ends(street: Site, found: Trajectories, user: int) -> tuple[str, str]:
    """The ids of the points where a user enters and leaves."""
    rows = found.rows_of(user)
    first, last = rows.start, rows.stop - 1
    enters, leaves = street.links[found.link[first]], street.links[found.link[last]]
    assert found.from_cm[first] in (0, enters.length_cm)
    assert found.to_cm[last] in (0, leaves.length_cm)
    return (enters.b if found.from_cm[first] else enters.a), (leaves.b if found.to_cm[last] else leaves.a)


def test_generate__same_seed_same_people() -> None:
    """One seed gives one table, another seed another."""
    street = row_of_posts()
    wanted = demand({PEDESTRIAN: 20, CYCLIST: 10}, grouped=200, pausing=100)
    assert night(street, wanted).equals(night(street, wanted))
    assert not night(street, wanted).equals(night(street, wanted, seed=2))
    assert night(street, wanted).schema == TRAJECTORIES


def test_generate__is_the_same_on_every_machine() -> None:
    """The first rows of a seed, as they always were."""
    rows = night(row_of_posts(), demand({PEDESTRIAN: 20})).slice(0, 2).to_pylist()
    assert rows == GOLDEN


def test_generate__rows_follow_each_other_in_time_and_place() -> None:
    """Nobody jumps: each row begins when and where the one before ended."""
    street = fork()
    found = Trajectories(night(street, demand({PEDESTRIAN: 40, CYCLIST: 20}, pausing=200, turning=100, loitering=100)))
    graph = Graph(street)
    same = np.flatnonzero(found.user[1:] == found.user[:-1])
    assert (found.t0_ms[same + 1] == found.t1_ms[same]).all()
    assert (found.t1_ms > found.t0_ms).all()
    x, y = graph.place(found.link.astype(np.int32), found.from_cm.astype(np.int32))
    to_x, to_y = graph.place(found.link.astype(np.int32), found.to_cm.astype(np.int32))
    assert np.abs(x[same + 1] - to_x[same]).max() < 3
    assert np.abs(y[same + 1] - to_y[same]).max() < 3


def test_generate__people_come_and_go_at_entrances() -> None:
    """Whoever is not cut off by the end of the night enters and leaves at an entrance."""
    street = fork()
    found = Trajectories(night(street, demand({PEDESTRIAN: 30}, turning=100)))
    whole = [user for user in range(len(found)) if found.span(user)[1] < 19 * HOUR]
    assert len(whole) > 300
    assert {place for user in whole for place in ends(street, found, user)} == {"west", "north", "south"}


def test_generate__has_the_rate_and_both_directions_alike() -> None:
    """30 an hour for 15 hours, members of groups counted; half of them each way."""
    counts, eastward = [], 0
    for seed in range(20):
        found = Trajectories(night(row_of_posts(), demand({PEDESTRIAN: 30}, grouped=300), seed))
        counts.append(len(found))
        eastward += sum(found.from_cm[found.rows_of(user).start] == 0 for user in range(len(found)))
    assert np.mean(counts) == pytest.approx(450, rel=0.03)
    assert eastward / sum(counts) == pytest.approx(0.5, abs=0.03)


def test_generate__hour_and_day_choose_the_rate() -> None:
    """A rate at 22 on working days only: nobody at other hours, nobody on a Saturday."""
    hours = tuple(60.0 if hour == 22 else 0.0 for hour in range(24))
    wanted = Demand("late", {PEDESTRIAN: (hours, (0.0,) * 24)})
    found = Trajectories(night(row_of_posts(), wanted))
    assert len(found) > 30
    entered = [found.span(user)[0] for user in range(len(found))]
    assert min(entered) >= 10 * HOUR
    assert max(entered) < 11 * HOUR + 2000
    street = row_of_posts()
    saturday = generate(street, Graph(street), wanted, 1, 4 * HOUR, 19 * HOUR, NOON + 4 * 24 * HOUR)
    assert saturday.num_rows == 0


def test_generate__local_hours_follow_summer_time() -> None:
    """In the night of 25 October 2026 the clock goes back at three: 02:00 comes twice, 14 and 15 hours after noon."""
    hours = tuple(60.0 if hour == 2 else 0.0 for hour in range(24))
    wanted = Demand("two o'clock", {PEDESTRIAN: (hours, hours)})
    noon = 1_792_836_000_000  # 2026-10-24 12:00 in summer time
    street = row_of_posts()
    found = Trajectories(generate(street, Graph(street), wanted, 1, 4 * HOUR, 19 * HOUR, noon))
    entered = {found.span(user)[0] // HOUR for user in range(len(found))}
    assert entered == {14, 15}


def test_generate__a_longer_night_or_another_class_leaves_people_as_they_are() -> None:
    """Who walks by at ten is the same whether the night ends at eleven or six, and whether there are cyclists."""
    street = row_of_posts()
    whole = night(street, demand({PEDESTRIAN: 20})).to_pylist()
    part = night(street, demand({PEDESTRIAN: 20}), end=11 * HOUR).to_pylist()
    assert part[:-60] == whole[: len(part) - 60]
    mixed = night(street, demand({PEDESTRIAN: 20, CYCLIST: 20})).to_pylist()
    walkers = [row["t0_ms"] for row in mixed if row["road_user"] == PEDESTRIAN]
    assert sorted(walkers) == sorted(row["t0_ms"] for row in whole)


def test_generate__nothing_lies_beyond_the_end() -> None:
    """Who is still there at the end is cut off at that moment, where he then is."""
    table = Trajectories(night(row_of_posts(), demand({PEDESTRIAN: 60}), end=5 * HOUR))
    cut = np.flatnonzero(table.t1_ms == 5 * HOUR)
    assert len(cut)
    assert table.t1_ms.max() == 5 * HOUR
    assert (table.t0_ms >= 4 * HOUR).all()


def test_generate__speeds_have_the_law_of_their_class() -> None:
    """Pedestrians N(1.4, 0.25), clipped to 0.5-2.5 m/s."""
    found = Trajectories(night(row_of_posts(), demand({PEDESTRIAN: 200})))
    speed = [
        np.abs(found.to_cm - found.from_cm)[rows].sum() * 1000 / (found.t1_ms[rows][-1] - found.t0_ms[rows][0])
        for rows in map(found.rows_of, range(len(found)))
        if found.t1_ms[rows][-1] < 19 * HOUR
    ]
    assert np.mean(speed) == pytest.approx(140, abs=1.5)
    assert np.std(speed) == pytest.approx(25, abs=1.5)
    assert min(speed) >= 49.9
    assert max(speed) <= 250.1


def test_generate__classes_keep_to_their_ways() -> None:
    """Cars never take the path that branches off a street; walkers do."""
    points = {"west": (-5000, 0), "middle": (0, 0), "east": (5000, 0), "park": (0, 5000)}
    links = [("west", "middle", STREET), ("middle", "east", STREET), ("middle", "park", PATH)]
    street = site(points, links, ("west", "east", "park"))
    found = Trajectories(night(street, demand({PEDESTRIAN: 30, CAR: 30})))
    assert set(found.link[found.road_user == CAR].tolist()) == {0, 1}
    assert set(found.link[found.road_user == PEDESTRIAN].tolist()) == {0, 1, 2}


def test_generate__cars_go_by_the_limit() -> None:
    """Where the limit is 60 km/h cars are twice as fast as where it is 30."""

    def mean_speed(limit_cms: int) -> float:
        found = Trajectories(night(row_of_posts(way=replace(STREET, speed_limit_cms=limit_cms)), demand({CAR: 100})))
        return float((np.abs(found.to_cm - found.from_cm) * 1000 / (found.t1_ms - found.t0_ms)).mean())

    assert mean_speed(1666) / mean_speed(833) == pytest.approx(2, abs=0.01)


def test_generate__turns_have_their_weights() -> None:
    """With three to one, three of four from the west go north."""
    street = fork()
    wanted = replace(demand({PEDESTRIAN: 200}), turns={"middle": {"north": 3, "south": 1}})
    found = Trajectories(night(street, wanted))
    routes = [ends(street, found, user) for user in range(len(found)) if found.span(user)[1] < 19 * HOUR]
    from_west = [leaves for enters, leaves in routes if enters == "west"]
    assert from_west.count("north") / len(from_west) == pytest.approx(0.75, abs=0.04)


def test_generate__entrances_have_their_weights() -> None:
    """An entrance of weight 0 lets nobody in, but out."""
    street = fork()
    found = Trajectories(night(street, replace(demand({PEDESTRIAN: 60}), entrances={"west": 0, "north": 3})))
    routes = [ends(street, found, user) for user in range(len(found)) if found.span(user)[1] < 19 * HOUR]
    assert {enters for enters, _ in routes} == {"north", "south"}
    assert "west" in {leaves for _, leaves in routes}
    assert sum(enters == "north" for enters, _ in routes) / len(routes) == pytest.approx(0.75, abs=0.04)


def test_generate__a_dead_end_turns_people_round() -> None:
    """A way that ends at no entrance is walked to its end and back."""
    points = {"west": (0, 0), "end": (5000, 0)}
    street = site(points, [("west", "end", PATH)], ("west",))
    found = Trajectories(night(street, demand({PEDESTRIAN: 20})))
    assert {ends(street, found, user) for user in range(len(found)) if found.span(user)[1] < 19 * HOUR} == {("west", "west")}


def test_generate__nobody_wanders_for_ever() -> None:
    """On a grid with one far way out everybody leaves within the hour."""
    points = {f"{x}.{y}": (x * 5000, y * 5000) for x in range(6) for y in range(6)}
    links = [(f"{x}.{y}", f"{x + 1}.{y}", PATH) for x in range(5) for y in range(6)]
    links += [(f"{x}.{y}", f"{x}.{y + 1}", PATH) for x in range(6) for y in range(5)]
    street = site(points, links, ("0.0",))
    found = Trajectories(night(street, demand({PEDESTRIAN: 20})))
    stays = [found.span(user)[1] - found.span(user)[0] for user in range(len(found))]
    assert max(stays) < HOUR


def test_generate__groups_keep_together() -> None:
    """Members enter within a few seconds, go the same way, and name the first of them."""
    found = Trajectories(night(row_of_posts(), demand({PEDESTRIAN: 60}, grouped=400)))
    leaders = {user: int(found.group[found.rows_of(user).start]) for user in range(len(found))}
    members: dict[int, list[int]] = {}
    for user, leader in leaders.items():
        if leader >= 0:
            members.setdefault(leader, []).append(user)
    assert {len(group) for group in members.values()} == {2, 3, 4}
    assert all(leader == group[0] for leader, group in members.items())
    assert max(found.span(group[-1])[0] - found.span(group[0])[0] for group in members.values()) < 3100
    assert sum(leader >= 0 for leader in leaders.values()) / len(found) == pytest.approx(0.4, abs=0.06)


def test_generate__dogs_go_with_walkers_or_alone() -> None:
    """A dog is an ANIMAL in its walker's group; one alone has no group. Neither is counted among the users wanted."""
    found = Trajectories(night(row_of_posts(), demand({PEDESTRIAN: 60, ANIMAL: 3}, with_dog=300)))
    classes, group = found.classes(), np.array([found.group[found.rows_of(user).start] for user in range(len(found))])
    assert set(classes.tolist()) == {PEDESTRIAN, ANIMAL}
    assert (classes == PEDESTRIAN).sum() == pytest.approx(900, abs=90)
    assert ((classes == ANIMAL) & (group >= 0)).sum() == pytest.approx(270, abs=50)
    assert ((classes == ANIMAL) & (group < 0)).sum() == pytest.approx(45, abs=20)


def test_generate__pauses_and_loiterers_stand_still() -> None:
    """A pause is one long stand; a loiterer stands often, within a few metres."""
    pausing = Trajectories(night(row_of_posts(), demand({PEDESTRIAN: 20}, pausing=1000)))
    stands = np.bincount(pausing.user, weights=pausing.from_cm == pausing.to_cm)
    assert set(stands.tolist()) <= {0, 1}
    assert stands.mean() > 0.95
    still = pausing.t1_ms - pausing.t0_ms
    assert still[pausing.from_cm == pausing.to_cm].mean() == pytest.approx(120_000, rel=0.15)
    loitering = Trajectories(night(row_of_posts(), demand({PEDESTRIAN: 20}, loitering=1000)))
    stands = np.bincount(loitering.user, weights=loitering.from_cm == loitering.to_cm)
    assert stands.max() == 12


def test_generate__one_who_turns_round_leaves_where_he_came() -> None:
    """Out to a place on the way, and back on the other side of the path."""
    street = row_of_posts()
    found = Trajectories(night(street, demand({PEDESTRIAN: 20}, turning=1000)))
    whole = [user for user in range(len(found)) if found.span(user)[1] < 19 * HOUR]
    assert all(enters == leaves for enters, leaves in (ends(street, found, user) for user in whole))
    rows = found.rows_of(whole[0])
    assert found.lateral_cm[rows][0] == -found.lateral_cm[rows][-1]


def test_generate__people_keep_to_their_right() -> None:
    """`lateral_cm` is to the right of a -> b: positive on average for who goes that way, negative for who comes."""
    found = Trajectories(night(row_of_posts(), demand({PEDESTRIAN: 60})))
    forth = found.to_cm > found.from_cm
    assert found.lateral_cm[forth].mean() == pytest.approx(50, abs=8)
    assert found.lateral_cm[~forth].mean() == pytest.approx(-50, abs=8)
    beside_cars = Trajectories(night(row_of_posts(way=STREET), demand({PEDESTRIAN: 60})))
    assert np.abs(beside_cars.lateral_cm).min() > 150


def test_generate__an_empty_night_is_an_empty_table() -> None:
    """Nobody wanted, nobody there: a table without rows, not an error."""
    table = night(row_of_posts(), demand({PEDESTRIAN: 0}))
    assert table.num_rows == 0
    assert table.schema == TRAJECTORIES
    assert night(row_of_posts(), demand({PEDESTRIAN: 9}), begin=4 * HOUR, end=4 * HOUR).num_rows == 0


def test_generate__a_lamp_alone_has_no_traffic_and_says_so() -> None:
    """Without a link nobody can move: a warning, and an empty table."""
    street = site({"P": (0, 0)}, [], ("P",), ("P",))
    wanted = demand({PEDESTRIAN: 9})
    assert night(street, wanted).num_rows == 0
    assert [str(problem) for problem in check(street, Graph(street), wanted)] == [
        "test street  links: warning: there is no link, so nobody can move: the night will be without traffic."
    ]


def test_generate__one_lamp_between_two_entrances_has_traffic() -> None:
    """A site with one lamp is a street like any other."""
    assert night(row_of_posts(count=1), demand({PEDESTRIAN: 9})).num_rows > 100


def test_generate__no_entrance_is_an_error() -> None:
    """Traffic is wanted and nobody can come: say what to write."""
    street = replace(row_of_posts(), entrances=())
    with pytest.raises(InputError) as caught:
        night(street, demand({PEDESTRIAN: 9}))
    assert str(caught.value) == (
        "test street  entrances: there is no entrance, so nobody can come. "
        "Name the points where people come and go: `entrances: [west, east]`."
    )


def test_check__says_who_cannot_come() -> None:
    """Cars are wanted on a footpath: a warning; weights of points that are not there: errors."""
    street = row_of_posts()
    wanted = replace(demand({PEDESTRIAN: 9, CAR: 20}), entrances={"nord": 2})
    assert [str(problem) for problem in check(street, Graph(street), wanted)] == [
        "test demand  entrances.nord: test street has no point with this id.",
        "test demand  car: warning: up to 20 an hour are wanted, but no entrance of test street lies on a way for cars: none will come.",
    ]


def test_classes__have_the_codes_of_the_core() -> None:
    """Animals are none of the core's classes."""
    assert (PEDESTRIAN, CYCLIST, CAR) == (schema.PEDESTRIAN, schema.CYCLIST, schema.CAR)
    assert ANIMAL > schema.UNKNOWN


GOLDEN = [
    {
        "user": 0,
        "road_user": 0,
        "group": -1,
        "t0_ms": 14829781,
        "t1_ms": 14837944,
        "link": 0,
        "from_cm": 0,
        "to_cm": 1200,
        "lateral_cm": 101,
    },
    {
        "user": 0,
        "road_user": 0,
        "group": -1,
        "t0_ms": 14837944,
        "t1_ms": 14852910,
        "link": 1,
        "from_cm": 0,
        "to_cm": 2200,
        "lateral_cm": 101,
    },
]
