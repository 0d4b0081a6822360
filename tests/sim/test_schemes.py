"""The yardsticks: what always-on and the fixed group do, and that they do it with the plan's floors, idle, ramps and the node's dimmer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pyarrow as pa
import pytest

from lykta.corehost import dimmer, presence, schema
from lykta.plan import Plan, make_plan
from lykta.score import totals
from lykta.sim import schemes
from lykta.sim.night import run
from lykta.sim.radio import IDEAL, REAL
from lykta.site import load
from lykta.site.graph import Graph
from lykta.tables import DETECTIONS, LEVELS, READINGS
from tests.sim.nights import DATE, people, plan_of

NAME = "kungsholms_strand"
LAMP = 17
SEEN, GONE = int(presence.EDGE_ON), int(presence.EDGE_OFF)
HOLD_MS, DELAY_MS = 60_000, 20


def plan() -> Plan:
    """Kungsholms strand: idle 50 %, the posts at its two ends always at full."""
    return plan_of(NAME)


def told(rows: Sequence[tuple[int, int, int]]) -> pa.Table:
    """Readings (ms after dusk, lamp, kind) of one PIR each."""
    begin = plan().begin_ms
    columns = {"t_ms": [begin + t for t, _, _ in rows], "lamp": [lamp for _, lamp, _ in rows], "kind": [kind for _, _, kind in rows]}
    other = {"road_user": int(schema.UNKNOWN), "user": 0}
    return pa.table(
        {field.name: pa.array(columns.get(field.name, [other.get(field.name, 0)] * len(rows)), field.type) for field in READINGS}
    )


def course(levels: pa.Table, lamp: int) -> list[tuple[int, int]]:
    """(ms after dusk, target) of a lamp, from dusk on."""
    rows = zip(*(levels[name].to_pylist() for name in ("lamp", "t_ms", "target_permille")), strict=True)
    return [(t_ms - plan().begin_ms, target) for own, t_ms, target in rows if own == lamp]


def lit(levels: pa.Table, lamp: int) -> list[tuple[int, int]]:
    """The stretches (ms after dusk) in which a lamp aims at full."""
    steps = course(levels, lamp)
    return [(t, until) for (t, target), (until, _) in pairwise(steps) if target == 1000]


def test_always_on__is_full_from_light_on_to_light_off():
    """Every lamp aims at full when the light goes on, and at nothing when it goes off; so it saves nothing."""
    light = schemes.always_on(plan())
    night_ms = plan().end_ms - plan().begin_ms
    assert {tuple(course(light.levels, lamp)) for lamp in range(34)} == {((0, 1000), (night_ms, 0))}
    table = totals(plan().site, light.levels, plan().begin_ms, plan().end_ms)
    assert table["energy_wh"].to_pylist() == table["always_on_wh"].to_pylist()


def test_group__is_three_posts_on_either_side_for_a_minute():
    """A detection lights its own lamp at once and three on either side after the radio's delay; idle again 60 s after it ends."""
    light = schemes.group(plan(), told([(100_000, LAMP, SEEN), (102_500, LAMP, GONE)]), 1)
    late = {lamp: DELAY_MS * (lamp != LAMP) for lamp in range(LAMP - 3, LAMP + 4)}
    assert {lamp: lit(light.levels, lamp) for lamp in range(1, 33) if lit(light.levels, lamp)} == {
        lamp: [(100_000 + delay, 102_500 + HOLD_MS + delay)] for lamp, delay in late.items()
    }


def test_group__restarts_with_every_detection():
    """Somebody else 50 s later makes one long stretch; after more than 60 s there are two."""
    near = told([(0, LAMP, SEEN), (1_000, LAMP, GONE), (50_000, LAMP, SEEN), (51_000, LAMP, GONE)])
    far = told([(0, LAMP, SEEN), (1_000, LAMP, GONE), (62_000, LAMP, SEEN), (63_000, LAMP, GONE)])
    assert lit(schemes.group(plan(), near, 1).levels, LAMP) == [(0, 51_000 + HOLD_MS)]
    assert lit(schemes.group(plan(), far, 1).levels, LAMP) == [(0, 1_000 + HOLD_MS), (62_000, 63_000 + HOLD_MS)]


def test_group__keeps_the_light_of_who_stays_in_view():
    """Seen for five minutes on end, all seven lamps stay lit, and for a minute more."""
    light = schemes.group(plan(), told([(0, LAMP, SEEN), (300_000, LAMP, GONE)]), 1)
    assert lit(light.levels, LAMP + 3) == [(DELAY_MS, 300_000 + HOLD_MS + DELAY_MS)]


def test_group__ends_where_the_street_does():
    """The first post has neighbours on one side only, and none beyond the third."""
    graph = plan().graph
    assert schemes.group_of(graph, 0, 3) == [1, 2, 3]
    assert sorted(schemes.group_of(graph, 1, 3)) == [0, 2, 3, 4]


def test_group__takes_every_branch_and_counts_posts_not_metres():
    """At Valla Torg a lamp is in the group of each lamp of its own group, and at junctions groups are larger than seven."""
    graph = Graph(load("valla_torg"))
    groups = [schemes.group_of(graph, lamp, 3) for lamp in range(graph.lamp_count)]
    assert all(lamp not in members and len(members) == len(set(members)) for lamp, members in enumerate(groups))
    assert all(lamp in groups[other] for lamp, members in enumerate(groups) for other in members)
    assert max(map(len, groups)) > 6


def test_group__keeps_floors_and_idle():
    """The posts at the ends stay at full whoever comes; others never go below idle while the light is on."""
    light = schemes.group(plan(), told([(100_000, 1, SEEN), (101_000, 1, GONE)]), 1)
    night_ms = plan().end_ms - plan().begin_ms
    assert course(light.levels, 0) == [(0, 1000), (night_ms, 0)]
    assert [target for _, target in course(light.levels, 1)] == [500, 1000, 500, 0]


def test_group__moves_as_the_node_does():
    """Ramps are those of the settings: each row begins where the dimmer of the node is by then, never elsewhere."""
    _, readings = people(plan(), "kungsholms@60", 3, 1.0)
    table = schemes.group(plan(), readings, 3).levels
    ramps = {dimmer.rate_of(schema.SETTINGS[setting][3][0]) for setting in (schema.RAMP_UP, schema.RAMP_DOWN)}
    rows = list(zip(*(table[name].to_pylist() for name in ("lamp", "t_ms", "position", "target_permille", "rate")), strict=True))
    assert {rate for *_, rate in rows} == ramps
    turned = 0
    for (lamp, t, position, target, rate), (other, until, reached, _, _) in pairwise(rows):
        if lamp == other:
            aim = dimmer.position_of(target)
            way = min(abs(aim - position), rate * (until - t))
            assert reached == position + (way if aim > position else -way)
            turned += reached != aim
    assert turned > 0  # some turned round on their way


def test_group__loses_frames_as_the_nodes_do():
    """With the real radio some members are told late or not at all; the lamp that sees somebody needs no radio."""
    rows = told([(10_000 * n, LAMP, kind) for n in range(0, 3000, 10) for kind in (SEEN, GONE)])
    ideal, real = (schemes.group(plan(), rows, 5, radio) for radio in (IDEAL, REAL))
    assert lit(ideal.levels, LAMP) == lit(real.levels, LAMP)
    assert lit(ideal.levels, LAMP + 2) != lit(real.levels, LAMP + 2)


def test_tables__are_those_of_a_night():
    """Same schemas, same first moment, same order."""
    valla = plan_of("valla_torg")
    moves, readings = people(valla, "quiet", 2, 0.5)
    night = run(valla, moves, readings, 2)
    for light in (schemes.always_on(valla), schemes.group(valla, readings, 2)):
        assert (light.levels.schema, light.detections.schema) == (LEVELS, DETECTIONS)
        assert light.levels.slice(0, 1).to_pylist()[0]["t_ms"] == night.levels.slice(0, 1).to_pylist()[0]["t_ms"]
        keys = list(zip(light.levels["lamp"].to_pylist(), light.levels["t_ms"].to_pylist(), strict=True))
        assert keys == sorted(keys)


@pytest.mark.parametrize("hold_ms", [30_000, 120_000])
def test_group__holds_as_long_as_it_is_told(hold_ms: int):
    """Another hold, another stretch."""
    light = schemes.group(plan(), told([(0, LAMP, SEEN), (1_000, LAMP, GONE)]), 1, hold_ms=hold_ms)
    assert lit(light.levels, LAMP) == [(0, 1_000 + hold_ms)]


def test_night_without_anybody__stays_idle():
    """No readings: idle all night, and no detection."""
    light = schemes.group(plan(), told([]), 1)
    night_ms = plan().end_ms - plan().begin_ms
    assert course(light.levels, LAMP) == [(0, 500), (night_ms, 0)]
    assert light.detections.num_rows == 0


def test_lamp_without_control__burns_full():
    """In every scheme, as for the nodes: from light on to light off, and no wish changes it."""
    fixed = plan_of(NAME).site
    lamps = tuple(replace(lamp, adaptive=number != LAMP) for number, lamp in enumerate(fixed.lamps))
    site = replace(fixed, lamps=lamps)
    own = make_plan(site, Graph(site), plan().profile, DATE)
    light = schemes.group(own, told([(0, LAMP - 1, SEEN), (1_000, LAMP - 1, GONE)]), 1)
    assert course(light.levels, LAMP)[-2:] == [(0, 1000), (own.end_ms - own.begin_ms, 0)]
    assert lit(light.levels, LAMP + 1) == [(DELAY_MS, 1_000 + HOLD_MS + DELAY_MS)]
