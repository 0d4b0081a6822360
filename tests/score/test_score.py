"""The score of small nights that one can work out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lykta.score import Outage, Score, prepare, score
from lykta.score.model import plain
from lykta.score.night import Night
from lykta.site.graph import Graph
from lykta.site.model import Link, Point, Sensor, Site
from tests.score.world import (
    CAR,
    CYCLIST,
    FIXTURE,
    PEDESTRIAN,
    People,
    always,
    coverage,
    detections,
    lamp,
    levels,
    row,
    rules,
    site,
)

HOUR = 3_600_000


def graph_and_people(of: Site) -> tuple[Graph, People]:
    """The graph of a site, and nobody yet."""
    graph = Graph(of)
    return graph, People(graph, [])


def walker(of: Site, speed_cms: int = 100, links: int = 4, start_ms: int = 0, road_user: int = PEDESTRIAN) -> People:
    """One user along the first links of a row."""
    people = graph_and_people(of)[1]
    people.along(0, road_user, start_ms, [2 * link for link in range(links)], speed_cms)
    return people


def judged(of: Site, people: People, lit: object, end_ms: int = HOUR, **more: object) -> Score:
    """The score of a night from 0."""
    need = more.pop("rules", rules())
    seen = more.pop("detections", detections())
    cover = more.pop("coverage", coverage(of, people.graph))
    return score(of, people.graph, need, people.table(), lit, seen, cover, 0, end_ms, **more)  # type: ignore[arg-type]


def owed(of: Site, people: People, **more: object) -> Night:
    """What is owed in a night from 0."""
    cover = more.pop("coverage", coverage(of, people.graph))
    return prepare(of, people.graph, more.pop("rules", rules()), people.table(), cover, 0, HOUR, more.pop("floors", ()))  # type: ignore[arg-type]


def needs(night: Night) -> dict[int, list[tuple[int, int]]]:
    """When the only user needs which lamp."""
    found: dict[int, list[tuple[int, int]]] = {}
    pairs = night.duty.pairs
    for number, begin, end in zip(pairs.group.tolist(), pairs.begin_ms.tolist(), pairs.end_ms.tolist(), strict=True):
        found.setdefault(number, []).append((begin, end))
    return found


# Duty


def test_duty__begins_tau_after_the_first_nominal_coverage_and_ends_on_leaving():
    """A walker at 1 m/s who enters the circle of the only sensor at 12 s is owed light from 15 s to the end of his way."""
    of = row(5)
    people = walker(of)
    night = owed(of, people, coverage=coverage(of, people.graph, without=[0, 2, 3, 4]))
    assert (int(night.t_on[0]), int(night.duty.spans.end.max())) == (15_000, 80_000)


def test_duty__is_not_moved_by_misses():
    """Nothing that a controller did or saw has a say in when duty begins."""
    of = row(5)
    people = walker(of)
    lit = [judged(of, people, always(5), detections=seen) for seen in (detections(), detections([(0, 500, 0, 0, 255)]))]
    assert lit[0].everyone.duty_s == lit[1].everyone.duty_s == 77


def test_nobody_is_owed_light__where_no_sensor_looks():
    """Who crosses no nominal coverage is counted apart, with all his metres unserved."""
    of = row(5)
    people = walker(of)
    found = judged(of, people, always(5), coverage=coverage(of, people.graph, without=range(5)))
    assert (
        found.everyone.users,
        found.everyone.never_covered,
        found.everyone.duty_s,
        found.everyone.service,
        found.everyone.unserved_m.worst,
    ) == (0, 1, 0.0, None, 80.0)


def test_m_u__is_what_lies_within_ahead_and_behind_along_the_links():
    """40 m ahead and 20 m behind at 1 m/s: each lamp from 40 s before he is at it until 20 s after."""
    of = row(5)
    assert needs(owed(of, walker(of))) == {
        0: [(3000, 20_001)],
        1: [(3000, 40_001)],
        2: [(3000, 60_001)],
        3: [(20_000, 80_000)],
        4: [(40_000, 80_000)],
    }


def test_ahead__is_the_minimum_until_a_second_coverage_was_crossed():
    """A cyclist at 5 m/s with 8 s of preview is owed 20 m at first, 40 m from tau after the second circle on."""
    of = row(6)
    people = walker(of, 500, 5, road_user=CYCLIST)
    found = needs(owed(of, people, rules=rules(ahead_m=20, preview_ms=8000)))
    # Second circle at 12 m: 2.4 s, + 3 s: at 5.4 s he is at 27 m and is owed light up to 67 m.
    assert found[3] == [(5400, 16_001)]
    assert found[4] == [(8000, 20_000)]


def test_ahead__of_a_car_is_its_stopping_distance():
    """At 50 km/h 62.8 m; 20 m before its speed can be known."""
    of = row(12)
    people = walker(of, 1389, 11, road_user=CAR)
    night = owed(of, people, rules=rules(ahead_m=20))
    assert {2000, 6281} == set(night.duty.ahead_cm.tolist())


def test_slow_user__needs_what_lies_within_behind_both_ways():
    """Who stands at 30 m of a row needs the lamps at most 20 m off, not 40 m ahead."""
    of = row(5)
    people = graph_and_people(of)[1]
    people.walk(0, PEDESTRIAN, 0, [(0, 0, 2000, 20_000), (1, 0, 1000, 10_000), (1, 1000, 1000, 60_000)])
    found = needs(owed(of, people))
    assert {0, 1, 2, 3} == set(found)
    assert (found[0], found[3]) == ([(3000, 20_001)], [(20_000, 30_000)])


def test_limits__are_inclusive_for_who_stands_on_them():
    """Who stands exactly 20 m behind one lamp and 20 m before another needs both."""
    of = row(3)
    people = graph_and_people(of)[1]
    people.walk(0, PEDESTRIAN, 0, [(0, 0, 2000, 20_000), (0, 2000, 2000, 60_000)])
    found = needs(owed(of, people))
    assert (found[0], found[2]) == ([(3000, 80_000)], [(3000, 80_000)])


def test_n_u__holds_two_lamps_where_one_lights_both_ends_of_the_link():
    """The nearest lamp stands behind and lights the point ahead too: the next one ahead is the one beyond."""
    links = [Link("A", "Y", 2000, "way"), Link("Y", "B", 1000, "way")]
    of = site([lamp("A", 0, anchors=("Y",)), lamp("B", 30)], links, [Point("Y", 2000, 0)])
    found = judged(of, walker(of, links=2), levels(2, [[(0, 1000, 4)], [(0, 500, 4)]], start=1000))
    assert (found.everyone.dark_s, found.everyone.late_s) == (27.0, 0.0)


def test_m_u__holds_every_branch_of_a_junction_and_lamps_with_a_second_anchor():
    """Before a junction both branches are needed; a lamp whose second anchor is the junction is needed from there."""
    lamps = [lamp("A", 0), lamp("B", 40, 20), lamp("C", 40, -20), lamp("D", 100, 0, anchors=("X",))]
    links = [Link("A", "X", 2000, "way"), Link("X", "B", 1500, "way"), Link("X", "C", 1500, "way"), Link("B", "D", 9000, "way")]
    of = site(lamps, links, [Point("X", 2000, 0)])
    people = walker(of, 100, 2)
    found = needs(owed(of, people, rules=rules(ahead_m=20)))
    assert found[1] == [(15_000, 35_000)]
    assert found[2] == [(15_000, 25_001)]
    assert found[3] == [(3000, 35_000)]


def test_required__is_the_highest_that_anybody_needs_and_never_below_the_floor():
    """A floor counts where somebody needs the lamp; another class raises what is required for all."""
    of = row(3)
    people = walker(of, links=2)
    half = rules(level=500)
    lit = always(3, 500)
    assert judged(of, people, lit, rules=half).everyone.service == 1
    floored = judged(of, people, lit, rules=half, floors=[[], [(0, 0), (10_000, 800)], []])
    assert floored.everyone.lit_s == 7
    need = dict(half.phases[0][1])
    need["cyclist"] = replace(need["cyclist"], level_permille=1000)
    people.along(1, CYCLIST, 20_000, [0, 2], 400)
    both = judged(of, people, lit, rules=replace(half, phases=[(0, need)]))
    assert both.classes["pedestrian"].service is not None
    assert both.classes["pedestrian"].service < 1


# Lit, late, dark


def test_every_second_of_duty__is_lit_late_or_dark():
    """Lamp 4 is out of the near set while it is unlit: late; the lamp at his side: dark."""
    of = row(5)
    people = walker(of)
    on = [[(0, 1000, 4)] for _ in range(5)]
    late = judged(of, people, levels(5, [*on[:4], [(0, 500, 4), (45_000, 1000, 3)]], up=10**7, start=1000))
    # Needed from 40 s on; next ahead only from 50 s on, when lamp 3 becomes the nearest.
    assert (late.everyone.late_s, late.everyone.dark_s) == (5.001, 0.0)
    dark = judged(of, people, levels(5, [*on[:2], [(0, 500, 4)], *on[3:]], start=1000))
    # Lamp 2 is needed from 3 s to 60 s: next ahead from 10 s on, nearest from 30 s to 50 s.
    assert (dark.everyone.late_s, dark.everyone.dark_s) == (17.001, 40.0)
    total = dark.everyone
    assert total.duty_s == total.lit_s + total.late_s + total.dark_s


def test_lit__allows_20_permille():
    """979 permille is unlit where 1000 are required, 980 is lit."""
    of = row(3)
    people = walker(of, links=2)
    assert [judged(of, people, always(3, level)).everyone.service for level in (979, 980)] == [0.0, 1.0]


def test_shortfall__is_the_mean_of_what_is_missing():
    """All lamps at half for 37 s of duty: half of each second is missing."""
    of = row(3)
    assert judged(of, walker(of, links=2), always(3, 500)).everyone.shortfall.worst == 18.5


def test_standing_longer_than_linger__is_dark_with_cause_stationary():
    """Ten minutes on a bench without light: 3 min dark or late as ever, then dark as stationary."""
    of = row(3)
    people = graph_and_people(of)[1]
    people.walk(0, PEDESTRIAN, 0, [(0, 0, 500, 5000), (0, 500, 500, 600_000)])
    found = judged(of, people, always(3, 500)).everyone
    assert 420.0 == found.stationary_s == found.dark_causes["stationary"]
    assert found.dark_s == 602.0


def test_dead_lamp__counts_and_is_named():
    """A lamp that is out makes the seconds dark, with that cause, though its node does all it can."""
    of = row(5)
    found = judged(of, walker(of), always(5), outages=[Outage(2, 0, HOUR)]).everyone
    assert (found.dark_s, found.late_s, found.dead_lamp_s) == (40.0, 17.001, 57.001)
    assert found.dark_causes == {"dead lamp": 40.0}


def test_strict_service_and_arrival__are_told_apart_from_service():
    """Dark until duty begins: service is whole, strict service is not, and arrival light says how bright it was."""
    of = row(5)
    people = walker(of)
    lit = levels(5, [[(0, 300, 4), (2999, 1000, 3)]] * 5, up=10**7, start=300)
    found = judged(of, people, lit).everyone
    assert (found.service, found.strict_service, found.arrival_permille, found.unserved_m.worst) == (1.0, 77 / 80, 300.0, 3.0)


def test_metres_ahead__are_unbroken_up_to_the_first_unlit_lamp():
    """With lamp 3 out of 5 unlit, light ahead is broken at it while it lies in front."""
    of = row(5)
    on = [(0, 1000, 4)]
    found = judged(of, walker(of), levels(5, [on, on, on, [(0, 500, 4)], on], start=1000)).everyone
    # 40 m from 3 s to 20 s, then from 40 m down to 0 until 60 s, then 40 m (capped) until 80 s.
    assert pytest.approx(found.ahead_mean_m) == (17 * 40 + 40 * 20 + 20 * 40) / 77
    assert pytest.approx(found.ahead_p5_m, abs=0.01) == 3.85


def test_covered_share__is_the_part_of_duty_inside_nominal_coverage():
    """Circles of 8 m every 20 m: 16 of 20 m."""
    of = row(5)
    assert pytest.approx(judged(of, walker(of), always(5)).everyone.covered_share, abs=1e-3) == (80 - 3 - 4 * 4) / 77


def test_animals__are_owed_nothing():
    """A dog alone makes an empty night."""
    of = row(3)
    people = graph_and_people(of)[1]
    people.walk(0, 4, 0, [(0, 0, 2000, 20_000)])
    found = judged(of, people, always(3))
    assert (found.everyone.users, dict(found.classes), found.everyone.service) == (0, {}, None)


# The whole


def test_empty_night__has_energy_and_no_service():
    """Nobody came by: saving is told, service cannot be."""
    of = row(3)
    found = judged(of, graph_and_people(of)[1], always(3, 500))
    assert (found.energy.saving, found.everyone.service, found.users.num_rows, found.worst) == (0.55, None, 0, ())


def test_site_with_one_lamp__can_be_scored():
    """One lamp, one link to an entrance."""
    of = site([lamp("A", 0)], [Link("A", "X", 3000, "way")], [Point("X", 3000, 0)])
    found = judged(of, walker(of, links=1), always(1))
    assert (found.everyone.service, len(found.lamps), found.comfort.uneven_share) == (1.0, 1, None)


def test_night_without_length__is_refused():
    """A night that ends before it begins is a mistake of the caller."""
    of = row(2)
    with pytest.raises(ValueError, match="ends"):
        judged(of, graph_and_people(of)[1], always(2), end_ms=0)


def test_energy__of_full_light_saves_nothing_and_nodes_are_told_apart():
    """Always on: saving 0; net saving is minus what the nodes take; standby and lamps without control count."""
    of = row(3)
    nobody = graph_and_people(of)[1]
    full = judged(of, nobody, always(3)).energy
    assert (full.lamps_wh, full.always_on_wh, full.saving) == (60.0, 60.0, 0.0)
    assert full.net_saving == -(full.nodes_wh + full.sensors_wh) / 60
    assert pytest.approx(full.nodes_wh) == 3 * 9.6
    off = judged(of, nobody, levels(3, [[(0, 0, 4)]] * 3)).energy
    assert pytest.approx(off.saving) == (1 - 0.3 / 20)
    fixed = replace(of, lamps=(replace(of.lamps[0], adaptive=False, heads=2), *of.lamps[1:]))
    found = judged(fixed, nobody, always(3))
    assert pytest.approx((found.energy.fixed_wh, found.energy.always_on_wh, found.energy.nodes_wh)) == (40.0, 80.0, 19.2)
    assert pytest.approx(found.energy.lumen_hours) == 3000 * 4


def test_dead_lamp__takes_no_power_not_even_standby():
    """Out for half the hour, at full for the rest; it still counts in what always-on would take."""
    of = row(1)
    found = judged(of, graph_and_people(of)[1], always(1), outages=[Outage(0, 0, HOUR // 2)])
    assert (found.energy.lamps_wh, found.energy.always_on_wh, found.lamps[0].dead_s) == (10.0, 20.0, 1800.0)


def test_radar__is_powered_only_at_night():
    """A LD2451 takes 0.535 W for the hours of the night, a LD2410 0.4 W all day."""
    kinds = [Sensor("ld2451", {}), Sensor("ld2410", {})]
    of = row(1)
    of = replace(of, lamps=(replace(of.lamps[0], sensors=tuple(kinds)),), links=())
    found = judged(of, graph_and_people(of)[1], always(1))
    assert pytest.approx(found.energy.sensors_wh) == 0.535 + 9.6


def test_users__add_up_to_the_classes():
    """The table of users and the figures of everyone tell the same."""
    of = row(5)
    people = walker(of)
    people.along(1, CYCLIST, 1000, [0, 2, 4, 6], 500)
    found = judged(of, people, always(5, 500))
    assert found.users["duty_ms"].to_pylist() == [77_000, 13_000]
    assert found.everyone.dark_s == sum(found.users["dark_ms"].to_pylist()) / 1000
    assert {"pedestrian", "cyclist"} == set(found.classes)


def test_worst_moments__say_who_when_where_and_why():
    """One dark lamp: one moment, with the place where it began."""
    of = row(5)
    found = judged(of, walker(of), always(5), outages=[Outage(2, 0, HOUR)]).worst
    assert [(one.begin_ms, one.end_ms, one.road_user, one.lamp, one.cause, one.link, one.x_cm) for one in found] == [
        (3000, 60_001, "pedestrian", "L2", "dead lamp", 0, 1000)
    ]


def test_json__is_plain_and_every_key_of_it_is_documented():
    """`to_json` survives JSON, and the README of the score names every key."""
    of = row(5)
    found = judged(of, walker(of), always(5, 500)).to_json()
    assert found == json.loads(json.dumps(found))
    text = (Path(__file__).resolve().parents[2] / "host_tools/lykta/score/README.md").read_text(encoding="utf-8")
    keys: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            keys.update(key for key in value if key not in ("pedestrian", "not raised", "first post"))
            for item in value.values():
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    collect(found)
    assert sorted(key for key in keys if f"`{key}`" not in text) == []


def test_plain__keeps_whole_numbers_and_shortens_others():
    """Floats to nine digits, so that texts are the same on any machine."""
    assert plain({"a": (1, 1 / 3, None)}) == {"a": [1, 0.333333333, None]}


def test_floors__are_clipped_to_the_night_and_coverage_may_be_empty():
    """Floors may begin at the origin; a site without sensors has no coverage at all."""
    of = row(2)
    empty = SimpleNamespace(**{name: np.zeros(0, dtype=np.int64) for name in ("road_user", "link", "from_cm", "to_cm", "lamp")})
    found = judged(of, walker(of, links=1), always(2), coverage=empty, floors=[[(0, 1000)], []])
    assert found.everyone.never_covered == 1


def test_lamp_scores__stand_in_the_order_of_the_site():
    """Every lamp with its energy and light."""
    of = row(2)
    found = judged(of, graph_and_people(of)[1], levels(2, [[(0, 1000, 4)], [(0, 500, 4)]], up=10**7, start=500)).lamps
    assert [one.lamp for one in found] == ["L0", "L1"]
    assert found[1].mean_permille == pytest.approx(500)
    assert (FIXTURE.max_mw / 1000, 9.0) == pytest.approx((found[0].always_on_wh, found[1].energy_wh))


def test_score__needs_no_lamps():
    """A way without lamps: nothing to save, nothing to light."""
    of = site([], [Link("X", "Y", 3000, "way")], [Point("X", 0, 0), Point("Y", 3000, 0)])
    found = judged(of, graph_and_people(of)[1], always(0))
    assert (found.energy.saving, len(found.lamps)) == (None, 0)
