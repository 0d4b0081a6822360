"""What sensors report of who comes by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import compute

from lykta.corehost import presence, schema
from lykta.document import Document
from lykta.errors import InputError
from lykta.sensing import MODELS, Fault, Model, read_fault, readings
from lykta.site import load as load_site
from lykta.site.graph import Graph
from lykta.site.model import Sensor, Site
from lykta.tables import ANIMAL, READINGS, TRAJECTORIES
from lykta.traffic import DEFAULT_HABITS, Demand, generate, load_demand
from lykta.traffic.demand import CAR, CYCLIST, PEDESTRIAN
from tests.sensing import oracle
from tests.traffic.streets import HOUR, NOON, PATH, STREET, row_of_posts, site

BEGIN, END = 4 * HOUR, 19 * HOUR
ON, OFF, ENTER, LEAVE, TARGET = (int(getattr(presence, name)) for name in ("EDGE_ON", "EDGE_OFF", "ENTER", "LEAVE", "TARGET"))
SURE = {kind: replace(model, detects=1000, false_per_hour=0.0) for kind, model in MODELS.items()}


def walks(*rows: tuple[int, ...]) -> pa.Table:
    """Trajectories from rows (user, class, t0, t1, link, from, to, lateral), times from BEGIN on."""
    whole = [(user, of, -1, BEGIN + t0, BEGIN + t1, link, start, stop, lateral) for user, of, t0, t1, link, start, stop, lateral in rows]
    columns = list(zip(*whole, strict=True)) if whole else [()] * len(TRAJECTORIES)
    return pa.table([pa.array(column, type=kind) for column, kind in zip(columns, TRAJECTORIES.types, strict=True)], schema=TRAJECTORIES)


def along(user: int, t0: int, speed_cms: int, *, road_user: int = PEDESTRIAN, lateral: int = 0) -> list[tuple[int, ...]]:
    """Somebody who passes the single post of `one_post` at a constant speed, from the west."""
    whole = 10_000 * 1000 // speed_cms
    return [(user, road_user, t0, t0 + whole, 0, 0, 10_000, lateral), (user, road_user, t0 + whole, t0 + 2 * whole, 1, 0, 10_000, lateral)]


def one_post(kind: str, ranges: dict[str, int] | None = None, facing: str = "") -> Site:
    """One post in the middle of 200 m of path."""
    sensor = Sensor(kind, ranges or {"pedestrian": 800, "cyclist": 800, "car": 800}, facing)
    points = {"west": (-10_000, 0), "post": (0, 0), "east": (10_000, 0)}
    return site(points, [("west", "post", STREET), ("post", "east", STREET)], ("west", "east"), ("post",), (sensor,))


def seen(
    street: Site, table: pa.Table, *faults: Fault, models: dict[str, Model] | None = None, seed: int = 1, powered_ms: int | None = None
) -> list[tuple[int, int, int]]:
    """(ms after BEGIN, kind, user) of each reading."""
    found = readings(street, Graph(street), table, seed, faults, BEGIN, END, models=models or SURE, powered_ms=powered_ms)
    assert found.schema == READINGS
    return [(row["t_ms"] - BEGIN, row["kind"], row["user"]) for row in found.to_pylist()]


def demand(rate: float, road_user: int = PEDESTRIAN) -> Demand:
    """Walkers alone, who do not pause."""
    plain = replace(DEFAULT_HABITS[PEDESTRIAN], grouped=0, pausing=0, turning=0)
    return Demand("t", {road_user: ((rate,) * 24,) * 2}, habits={**DEFAULT_HABITS, PEDESTRIAN: plain})


def night(street: Site, wanted: Demand, seed: int = 1) -> pa.Table:
    """The trajectories of a night."""
    return generate(street, Graph(street), wanted, seed, BEGIN, END, NOON)


# -- the ideal sensor


def test_ideal__tells_users_apart_with_their_class() -> None:
    """Entering and leaving the 8 m circle, 50 ms late, each of two users who overlap."""
    street = one_post("ideal")
    table = walks(*along(0, 0, 100), *along(1, 1000, 100, road_user=CYCLIST))
    found = readings(street, Graph(street), table, 1, (), BEGIN, END)
    assert [(row["t_ms"] - BEGIN, row["kind"], row["user"], row["road_user"]) for row in found.to_pylist()] == [
        (92_050, ENTER, 0, PEDESTRIAN),
        (93_050, ENTER, 1, CYCLIST),
        (108_050, LEAVE, 0, PEDESTRIAN),
        (109_050, LEAVE, 1, CYCLIST),
    ]


def test_ideal__lateral_offset_counts() -> None:
    """At 4.8 m to the side the circle is 12.8 m long; at 8 m it is missed."""
    assert [t for t, _, _ in seen(one_post("ideal"), walks(*along(0, 0, 100, lateral=480)))] == [93_650, 106_450]
    assert seen(one_post("ideal"), walks(*along(0, 0, 100, lateral=-800))) == []


def test_ideal__knows_animals_and_leaves_them_out() -> None:
    """A dog sets off a PIR, not the ideal sensor."""
    table = walks(*along(0, 0, 100, road_user=ANIMAL))
    assert seen(one_post("ideal"), table) == []
    assert len(seen(one_post("pir"), table)) == 2


def test_ideal__keeps_who_stands_and_who_comes_back() -> None:
    """Standing in the circle is no leaving; turning round outside is."""
    rows = [(0, 0, 0, 10_000, 1, 0, 500, 50), (0, 0, 10_000, 70_000, 1, 500, 500, 50), (0, 0, 70_000, 90_000, 1, 500, 2500, 50)]
    rows += [(0, 0, 90_000, 115_000, 1, 2500, 0, -50)]
    assert [(t, kind) for t, kind, _ in seen(one_post("ideal"), walks(*rows))] == [
        (50, ENTER),
        (73_030, LEAVE),
        (107_070, ENTER),
        (115_050, LEAVE),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_ideal__agrees_with_the_oracle(seed: int) -> None:
    """Bends, chainage longer than the line, lateral offsets, pauses: every crossing within a step of the oracle's."""
    points = {"west": (-2000, 500), "a": (0, 0), "b": (1800, 900), "c": (3000, -800), "east": (4500, -800)}
    links = [("west", "a", PATH), ("b", "a", PATH), ("b", "c", PATH), ("c", "east", STREET)]
    street = site(points, links, ("west", "east"), ("a", "b", "c"), one_post("ideal").lamps[0].sensors, {("b", "a"): 2300})
    table = night(street, load_demand("kungsholms@4"), seed)
    found: dict[tuple[int, int], list[int]] = {}
    for row in readings(street, Graph(street), table, seed, (), 0, 2 * END).to_pylist():
        found.setdefault((row["user"], row["lamp"]), []).append(row["t_ms"] - 50)
    expected: dict[tuple[int, int], list[int]] = {}
    for user in range(table["user"][-1].as_py() + 1):
        for lamp, stays in oracle.stays(street, table, 800, user).items():
            expected[user, lamp] = [t for stay in stays for t in stay]
    assert found.keys() == expected.keys()
    whole = [key for key in found if len(found[key]) == len(expected[key])]
    assert len(whole) > 0.98 * len(found)  # the rest graze the circle, or leave it at a bend for less than 200 ms
    assert max(abs(a - b) for key in whole for a, b in zip(found[key], expected[key], strict=True)) <= 2 * oracle.STEP_MS


# -- PIR


def test_pir__output_goes_on_once_and_off_after_the_last_motion() -> None:
    """16 m at 1 m/s, then 2.5 s; 100 ms late."""
    assert seen(one_post("pir"), walks(*along(0, 0, 100))) == [(92_100, ON, 0), (110_600, OFF, 0)]


def test_pir__sees_nobody_who_stands_still() -> None:
    """Off 2.5 s after he stopped; on again when he moves on; nothing between."""
    rows = [(0, 0, 0, 5000, 1, 0, 500, 0), (0, 0, 5000, 65_000, 1, 500, 500, 0), (0, 0, 65_000, 85_000, 1, 500, 2500, 0)]
    assert [(t, kind) for t, kind, _ in seen(one_post("pir"), walks(*rows))] == [(100, ON), (7600, OFF), (65_100, ON), (70_600, OFF)]


def test_pir__two_people_are_one_pulse() -> None:
    """Who follows within the output is not told apart."""
    table = walks(*along(0, 0, 100), *along(1, 10_000, 100))
    assert seen(one_post("pir"), table) == [(92_100, ON, 0), (120_600, OFF, 0)]


def test_pir__is_blind_after_its_output_fell() -> None:
    """Off at 110.5 s, blind to 113 s: who enters at 112 s is seen at 113 s; one who has left by then is not seen."""
    assert seen(one_post("pir"), walks(*along(0, 0, 100), *along(1, 20_000, 100)))[2:] == [(113_100, ON, 1), (130_600, OFF, 1)]
    late = (1, 0, 110_800, 111_800, 1, 300, 400, 0)
    assert len(seen(one_post("pir"), walks(*along(0, 0, 100), late))) == 2
    later = (2, 0, 114_500, 115_500, 1, 300, 400, 0)  # what was not seen makes nobody blind
    assert seen(one_post("pir"), walks(*along(0, 0, 100), late, later))[2:] == [(114_600, ON, 2), (118_100, OFF, 2)]


def test_pir__misses_one_pass_in_twenty() -> None:
    """Of each pass the same draw, whatever the order and number of the other users."""
    street = row_of_posts(20, kind="pir")
    table = night(street, demand(10))
    models = {"pir": replace(MODELS["pir"], false_per_hour=0.0)}
    found = {(lamp, user) for lamp, user in _who(street, table, models)}
    everybody = {(lamp, user) for lamp, user in _who(street, table, SURE)}
    assert 1 - len(found) / len(everybody) == pytest.approx(0.05, abs=0.012)
    last = table["user"][-1].as_py()
    few = table.filter(compute.greater(table["user"], last // 2))
    again = {(lamp, user) for lamp, user in _who(street, few, models)}
    alone = {(lamp, user) for lamp, user in _who(street, few, SURE)}
    assert again == {pass_ for pass_ in alone if pass_ in found or pass_ not in everybody}


def _who(street: Site, table: pa.Table, models: dict[str, Model]) -> list[tuple[int, int]]:
    """(lamp, user) of every ENTER: passes that were noticed, told apart by making the sensor an ideal one that misses."""
    apart = replace(street, lamps=tuple(replace(lamp, sensors=(Sensor("ideal", lamp.sensors[0].range_cm),)) for lamp in street.lamps))
    as_ideal = {"ideal": replace(MODELS["ideal"], detects=models["pir"].detects)}
    found = readings(apart, Graph(apart), table, 1, (), BEGIN, END, models=as_ideal).to_pylist()
    return [(row["lamp"], row["user"]) for row in found if row["kind"] == ENTER]


def test_pir__each_pass_is_a_draw_of_its_own() -> None:
    """Somebody who walks to and fro is missed now and then, not always or never."""
    rows = [(0, 0, k * 60_000, k * 60_000 + 20_000, 1, *((0, 2000) if k % 2 == 0 else (2000, 0)), 0) for k in range(600)]
    rows = [row for k in range(600) for row in (rows[k], (0, 0, k * 60_000 + 20_000, (k + 1) * 60_000, 1, rows[k][6], rows[k][6], 0))]
    models = {"pir": replace(MODELS["pir"], false_per_hour=0.0)}
    street = one_post("pir")
    sure = [t for t, kind, _ in seen(street, walks(*rows)) if kind == ON]
    real = [t for t, kind, _ in seen(street, walks(*rows), models=models) if kind == ON]
    assert set(real) < set(sure)
    assert 1 - len(real) / len(sure) == pytest.approx(0.05, abs=0.025)


def test_pir__false_alarms_are_nobody() -> None:
    """0.2 an hour for each sensor, user -1, and the same whoever comes by."""
    street = row_of_posts(60, kind="pir")
    empty = readings(street, Graph(street), walks(), 1, (), BEGIN, END).to_pylist()
    on = [row for row in empty if row["kind"] == ON]
    assert {row["user"] for row in empty} == {-1}
    assert {row["road_user"] for row in empty} == {schema.UNKNOWN}
    assert len(on) == pytest.approx(0.2 * 15 * 60, abs=40)
    busy = readings(street, Graph(street), night(street, demand(1)), 1, (), BEGIN, END).to_pylist()
    assert len([row for row in busy if row["kind"] == ON and row["user"] == -1]) > 0.9 * len(on)


def test_pir__warms_up_after_it_got_power() -> None:
    """With power at dusk it sees nothing for a minute; who is there then is seen at its end."""
    rows = [(0, 0, 59_000, 64_000, 1, 0, 500, 0)]
    assert seen(one_post("pir"), walks(*rows), powered_ms=BEGIN) == [(60_100, ON, 0), (66_600, OFF, 0)]
    assert seen(one_post("pir"), walks(*rows))[0] == (59_100, ON, 0)


# -- presence radar


def test_ld2410__keeps_who_stands_still() -> None:
    """On while anybody is there, moving or not; off 5 s after the last has left."""
    rows = [(0, 0, 0, 5000, 1, 0, 500, 0), (0, 0, 5000, 65_000, 1, 500, 500, 0), (0, 0, 65_000, 85_000, 1, 500, 2500, 0)]
    assert [(t, kind) for t, kind, _ in seen(one_post("ld2410"), walks(*rows))] == [(200, ON), (73_200, OFF)]


# -- ranging radar

FAR = {"pedestrian": 800, "cyclist": 1500, "car": 6000}


def targets(street: Site, table: pa.Table) -> list[tuple[int, int, int]]:
    """(ms after BEGIN, distance, speed) of each target."""
    found = readings(street, Graph(street), table, 1, (), BEGIN, END, models=SURE).to_pylist()
    assert {row["kind"] for row in found} <= {TARGET}
    return [(row["t_ms"] - BEGIN, row["distance_cm"], row["speed_cms"]) for row in found]


def test_ld2451__ranges_a_car_that_comes() -> None:
    """From 60 m on, once a second, in metres and km/h; positive towards the sensor."""
    found = targets(one_post("ld2451", FAR, "west"), walks(*along(0, 0, 1000, road_user=CAR)))
    assert found == [(4150 + 1000 * k, 6000 - 1000 * k, 1000) for k in range(6)]


def test_ld2451__sees_who_goes_away_before_it() -> None:
    """Negative speed, in front of it only: behind its back nothing."""
    found = targets(one_post("ld2451", FAR, "east"), walks(*along(0, 0, 1000, road_user=CAR)))
    assert [distance for _, distance, _ in found] == [0, 1000, 2000, 3000, 4000, 5000]
    assert {speed for _, distance, speed in found if distance} == {-1000}


def test_ld2451__its_wedge_is_forty_degrees_wide_for_vehicles() -> None:
    """Who passes 3 m to the side leaves the wedge 3 m / tan 20 = 8.2 m before the post."""
    found = targets(one_post("ld2451", FAR, "west"), walks(*along(0, 0, 1000, road_user=CAR, lateral=300)))
    assert found[-1][0] - 150 <= (10_000 - 824) // 10 * 10
    assert len(found) == 6


def test_ld2451__sees_walkers_beside_it_but_not_far_to_the_side() -> None:
    """On a pavement 3.5 m aside from 8 m off until 3.5 m / tan 55 = 2.5 m before the post; at 6.9 m aside, 60 degrees and more, never."""
    street = one_post("ld2451", FAR, "west")
    found = targets(street, walks(*along(0, 0, 100, lateral=350)))
    assert [distance for _, distance, _ in found] == [800, 700, 600, 500, 500]
    assert targets(street, walks(*along(0, 0, 100, lateral=690))) == []


def test_ld2451__sees_no_one_who_stands() -> None:
    """It needs motion."""
    street = one_post("ld2451", FAR, "east")
    rows = [(0, CAR, 0, 2000, 1, 6000, 4000, 0), (0, CAR, 2000, 30_000, 1, 4000, 4000, 0), (0, CAR, 30_000, 31_000, 1, 4000, 3000, 0)]
    assert [t for t, _, _ in targets(street, walks(*rows))] == [150, 1150, 30_150]


# -- faults


def fault(kind: str, from_s: int = 0, until_s: int = 1000, **chosen: frozenset[str]) -> Fault:
    """A fault in seconds after BEGIN."""
    return Fault(kind, BEGIN + from_s * 1000, BEGIN + until_s * 1000, **chosen)


def test_stuck_high__is_one_long_output() -> None:
    """On from the beginning of the fault, off after its end; who comes by in between changes nothing."""
    found = seen(one_post("pir"), walks(*along(0, 0, 100)), fault("stuck_high", 50, 200))
    assert [(t, kind) for t, kind, _ in found] == [(50_100, ON), (202_600, OFF)]
    radar = seen(one_post("ld2451", FAR, "west"), walks(), fault("stuck_high", 50, 60))
    assert radar == [(50_150 + 1000 * k, TARGET, -1) for k in range(10)]


def test_stuck_low_and_silent__report_nobody() -> None:
    """Nothing during the fault; a sensor that was silent warms up afterwards."""
    table = walks(*along(0, 0, 100))
    assert seen(one_post("pir"), table, fault("stuck_low", 0, 200)) == []
    assert seen(one_post("pir"), table, fault("stuck_low", 0, 100)) == [(100_100, ON, 0), (110_600, OFF, 0)]
    assert seen(one_post("pir"), table, fault("silent", 0, 100)) == []
    assert seen(one_post("ideal"), table, fault("silent", 0, 100))[0] == (100_050, ENTER, 0)


def test_hot__makes_a_pir_miss_more_and_never_see_more() -> None:
    """Who is missed in cool air is missed in hot air; a presence radar does not mind."""
    table = walks(*(row for user in range(250) for row in along(user, user * 200_000, 200)))
    cool, hot = (_switched_on(one_post("pir"), table, faults) for faults in ((), (fault("hot", 0, 54_000),)))
    assert hot < cool
    assert len(cool) / 250 == pytest.approx(0.95, abs=0.03)
    assert len(hot) / len(cool) == pytest.approx(0.4, abs=0.07)
    radar = one_post("ld2410")
    assert _switched_on(radar, table, (fault("hot", 0, 54_000),)) == _switched_on(radar, table, ())


def _switched_on(street: Site, table: pa.Table, faults: tuple[Fault, ...]) -> set[int]:
    """The users who switched an output on."""
    found = readings(street, Graph(street), table, 1, faults, BEGIN, END).to_pylist()
    return {row["user"] for row in found if row["kind"] == ON and row["user"] >= 0}


@pytest.mark.parametrize(("kind", "sensor", "an_hour"), [("foliage", "pir", 4.2), ("rain", "ld2451", 12.1), ("foliage", "ld2410", 12.2)])
def test_weather__adds_false_alarms(kind: str, sensor: str, an_hour: float) -> None:
    """Leaves and rain: readings of nobody, only while and where they are."""
    street = row_of_posts(40, kind=sensor)
    found = readings(street, Graph(street), walks(), 1, (fault(kind, 0, 36_000),), BEGIN, END).to_pylist()
    during = [row for row in found if row["t_ms"] < BEGIN + 36_000_000 and row["kind"] in (ON, TARGET)]
    assert len(during) == pytest.approx(an_hour * 10 * 40, rel=0.07)
    assert {row["user"] for row in found} == {-1}
    after = [row for row in found if row["t_ms"] > BEGIN + 36_010_000 and row["kind"] in (ON, TARGET)]
    assert len(after) < 0.05 * len(during) + 60
    one = readings(street, Graph(street), walks(), 1, (fault(kind, 0, 36_000, lamps=frozenset({"P3"})),), BEGIN, END).to_pylist()
    assert np.bincount([row["lamp"] for row in one], minlength=40).argmax() == 3


def test_faults__must_fit_the_site() -> None:
    """A lamp that is not there, a kind that is none, a time that ends before it begins: all at once."""
    wrong = (fault("stuck_hi"), fault("hot", 9, 3), fault("rain", lamps=frozenset({"pots"})))
    with pytest.raises(InputError) as caught:
        seen(one_post("pir"), walks(), *wrong)
    known = "stuck_high, stuck_low, silent, hot, rain, foliage"
    assert str(caught.value).splitlines() == [
        f'test street  faults[0]: "stuck_hi" is no fault. Did you mean "stuck_high"? Known: {known}.',
        "test street  faults[1]: the fault ends before it begins. Check `from` and `until`.",
        'test street  faults[2]: there is no lamp "pots". Did you mean "post"?',
    ]


def test_read_fault__from_a_scenario() -> None:
    """Clock times and choices, with near-misses; without times it lasts the whole night."""
    document = Document.read('[{fault: stuck_high, lamps: [P7], sensors: [pir], from: "22:00"}, {fault: rian}]', "s.yaml")
    first, second = document.root.list()
    assert read_fault(first, BEGIN, END, lambda minutes: (minutes - 720) * 60_000) == Fault(
        "stuck_high", 10 * HOUR, END, frozenset({"P7"}), frozenset({"pir"})
    )
    read_fault(second, BEGIN, END, lambda minutes: minutes)
    assert [problem.message for problem in document.errors] == [
        '"rian" is not known here. Did you mean "rain"? Choose one of: stuck_high, stuck_low, silent, hot, rain, foliage.'
    ]


# -- all together


def test_readings__are_sorted_and_lie_in_the_night() -> None:
    """By time, lamp and sensor, from the beginning on and before the end; the same again."""
    street = row_of_posts(8, kind="pir")
    both = (*street.lamps[0].sensors, Sensor("ld2410", {"pedestrian": 600, "cyclist": 600}), Sensor("ideal", {"pedestrian": 800}))
    street = replace(street, lamps=tuple(replace(lamp, sensors=both) for lamp in street.lamps))
    table = night(street, demand(40))
    found = readings(street, Graph(street), table, 1, (), BEGIN + HOUR, END - HOUR)
    keys = [(row["t_ms"], row["lamp"], row["sensor"]) for row in found.to_pylist()]
    assert keys == sorted(keys)
    assert keys[0][0] >= BEGIN + HOUR
    assert keys[-1][0] < END - HOUR
    assert {sensor for _, _, sensor in keys} == {0, 1, 2}
    assert found.equals(readings(street, Graph(street), table, 1, (), BEGIN + HOUR, END - HOUR))


def test_readings__outputs_alternate() -> None:
    """Every output of a busy night goes on, off, on, off."""
    street = row_of_posts(8, kind="pir")
    table = night(street, demand(300))
    states: dict[int, int] = {}
    for row in readings(street, Graph(street), table, 1, (), BEGIN, END).to_pylist():
        assert row["kind"] != states.get(row["lamp"], OFF)
        states[row["lamp"]] = row["kind"]
    assert len(states) == 8


def test_readings__without_sensors_or_links() -> None:
    """No sensor: no reading. A lamp alone: false alarms at most."""
    street = row_of_posts(3)
    bare = replace(street, lamps=tuple(replace(lamp, sensors=()) for lamp in street.lamps))
    assert readings(bare, Graph(bare), night(bare, demand(5)), 1, (), BEGIN, END).num_rows == 0
    alone = site({"P": (0, 0)}, [], ("P",), ("P",), (Sensor("pir", {"pedestrian": 800}),))
    found = readings(alone, Graph(alone), walks(), 1, (), BEGIN, END)
    assert set(found["user"].to_pylist()) <= {-1}


def test_readings__a_site_with_other_sensors_on_the_same_graph() -> None:
    """The fields belong to the site, not to the graph: another sensor is another answer."""
    street = one_post("pir")
    graph = Graph(street)
    table = walks(*along(0, 0, 100))
    assert set(readings(street, graph, table, 1, (), BEGIN, END)["kind"].to_pylist()) == {ON, OFF}
    ideal = replace(street, lamps=one_post("ideal").lamps)
    assert readings(ideal, graph, table, 1, (), BEGIN, END)["kind"].to_pylist() == [ENTER, LEAVE]


def test_readings__somebody_who_stops_on_the_very_edge_of_a_field_does_no_harm():
    """A pause that begins at the ms at which somebody leaves a field leaves no span of no length behind (busy night, seed 7)."""
    street = load_site("valla_torg")
    graph = Graph(street)
    table = generate(street, graph, load_demand("busy"), 7, BEGIN, END, NOON)
    assert readings(street, graph, table, 7, (), BEGIN, END).num_rows > 10_000
