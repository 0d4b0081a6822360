"""The clairvoyant bound: that it serves everybody, keeps the ramps, and that nothing which does the same uses less."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lykta import sensing
from lykta.corehost import dimmer
from lykta.plan import Plan
from lykta.plan.rest import rests
from lykta.profiles import load_requirement, resolve_requirement
from lykta.score import Night, Outage, Rules, judge, prepare
from lykta.score.bound import Envelope, bounds, envelope, least
from lykta.score.energy import Plant
from lykta.score.intervals import Ints, Spans, ints
from lykta.score.light import POSITIONS, Light, level_of
from lykta.score.night import share_of_possible
from lykta.sim import schemes
from lykta.tables import RESTS, TRAJECTORIES
from tests.score.oracle import Oracle
from tests.score.world import World, detections, draw, table
from tests.sim.nights import plan_of

NJ_PER_WH = 3.6e12


def ramp_rates(random: Random) -> tuple[int, int]:
    """Up and down, in positions per ms."""
    return random.choice((3000, 700, 2999)), random.choice((600, 123))


def resting(world: World, seed: int) -> pa.Table:
    """RESTS of a drawn night: two phases with idle levels and ramps of their own, and the floors of the site."""
    random = Random(seed)
    phases = [(t, random.choice((0, 200, 500, 1000)), *ramp_rates(random)) for t in (0, random.randrange(20_000, 70_000))]
    rows = []
    for lamp, floors in enumerate(world.floors):
        for t in sorted({*(begin for begin, *_ in phases), *(begin for begin, _ in floors)}):
            _, idle, up, down = [phase for phase in phases if phase[0] <= t][-1]
            floor = ([0] + [level for begin, level in floors if begin <= t])[-1]
            rows.append((lamp, t, idle, floor, up, down, True))
    return table(RESTS, rows)


def owed(world: World) -> Night:
    """What a drawn night owes."""
    night = (world.begin_ms, world.end_ms)
    return prepare(world.site, world.graph, world.rules, world.trajectories, world.coverage, *night, world.floors)


def nobody(plan: Plan) -> Night:
    """What a night of a packaged site owes in which nobody comes."""
    needs = load_requirement(plan.site.requirement)
    rules = Rules(needs.tau_ms, resolve_requirement(needs, plan.agenda.times))
    covered = sensing.coverage(plan.site, plan.graph)
    return prepare(plan.site, plan.graph, rules, TRAJECTORIES.empty_table(), covered, plan.begin_ms, plan.end_ms, plan.floors)


def positions(levels: pa.Table, lamp: int, begin_ms: int, end_ms: int) -> Ints:
    """The position of a lamp at every ms of a night."""
    found = np.zeros(end_ms - begin_ms, dtype=np.int64)
    rows = [row for row in levels.to_pylist() if row["lamp"] == lamp]
    for row, until in zip(rows, [*(row["t_ms"] for row in rows[1:]), end_ms], strict=True):
        ms, goal = np.arange(until - row["t_ms"]), POSITIONS[row["target_permille"]]
        way = row["position"] + np.where(goal >= row["position"], 1, -1) * row["rate"] * ms
        found[row["t_ms"] - begin_ms : until - begin_ms] = np.minimum(way, goal) if goal >= row["position"] else np.maximum(way, goal)
    return found


def by_ms(lamp: int, rest: pa.Table, begin_ms: int, end_ms: int) -> tuple[Ints, Ints, Ints]:
    """(what the dimmer makes of the resting levels, up, down) of a lamp at every ms, in plain steps."""
    steps = [row for row in rest.to_pylist() if row["lamp"] == lamp]
    position, at, found = None, 0, []
    for t in range(end_ms):
        while at + 1 < len(steps) and steps[at + 1]["t_ms"] <= t:
            at += 1
        step = steps[at]
        goal = dimmer.position_of(max(step["idle_permille"], step["floor_permille"]))
        position = goal if position is None else position
        found.append((position, step["up"], step["down"]))
        position = min(position + step["up"], goal) if goal > position else max(position - step["down"], goal)
    base, up, down = ints(found[begin_ms:]).T
    return base, up, down


def least_by_ms(needed: Ints, up: Ints, down: Ints) -> Ints:
    """The least admissible positions, ms by ms: once backward, once forward."""
    found = needed.tolist()
    for t in range(len(found) - 2, -1, -1):
        found[t] = max(found[t], found[t + 1] - int(up[t]))
    for t in range(1, len(found)):
        found[t] = max(found[t], found[t - 1] - int(down[t - 1]))
    return ints(found)


def drawn_pieces(random: Random, length: int, highest: int) -> tuple[Spans, Ints, Ints, Ints]:
    """A short line in pieces, with what each needs and its rates."""
    cuts = sorted({0, length, *(random.randrange(1, length) for _ in range(random.randrange(0, 5)))})
    begin, end = ints(cuts[:-1]), ints(cuts[1:])
    columns = [[random.randrange(low, high) for _ in begin] for low, high in ((0, highest + 1), (1, 4), (1, 4))]
    columns[0] = [need if random.random() < 0.5 else 0 for need in columns[0]]
    return Spans(begin, end), *(ints(column) for column in columns)  # type: ignore[return-value]


def spread(pieces: Spans, found: Envelope, needed: Ints, up: Ints, down: Ints) -> list[int]:
    """An envelope, ms by ms, from its parts."""
    said = []
    for i, length in enumerate(pieces.ms.tolist()):
        for n in range(length):
            if n < found.falls[i]:
                said.append(int(found.fall[i] - down[i] * n))
            elif n >= found.rises[i]:
                said.append(int(found.rise[i] - up[i] * (length - n)))
            else:
                said.append(int(needed[i]))
    return said


def each_ms(pieces: Spans, values: Ints) -> list[int]:
    """A value of each piece, ms by ms."""
    return np.repeat(values, pieces.ms).tolist()


def is_admissible(p: Sequence[int], needed: list[int], up: list[int], down: list[int]) -> bool:
    """Whether positions meet what is needed and keep the ramps."""
    ways = zip(p, p[1:], up, down, strict=False)
    return all(a >= b for a, b in zip(p, needed, strict=True)) and all(-d <= b - a <= u for a, b, u, d in ways)


@pytest.mark.parametrize("seed", range(60))
def test_envelope__is_the_least_of_every_admissible_sequence(seed: int):
    """Of all sequences of positions of a short night none that is admissible lies below it anywhere, and it is one of them."""
    random = Random(seed)
    length, highest = 6, 4
    pieces, needed, up, down = drawn_pieces(random, length, highest)
    found = spread(pieces, envelope(pieces, needed, up, down), needed, up, down)
    limits = each_ms(pieces, needed), each_ms(pieces, up), each_ms(pieces, down)
    every = [p for p in product(range(highest + 1), repeat=length) if is_admissible(p, *limits)]
    assert tuple(found) in every
    assert [min(column) for column in zip(*every, strict=True)] == found
    price = sorted(random.randrange(100) for _ in range(highest + 1))
    assert min(sum(price[p] for p in one) for one in every) == sum(price[p] for p in found)


@pytest.mark.parametrize("seed", range(40))
def test_envelope__costs_what_dynamic_programming_finds(seed: int):
    """In a longer night no admissible sequence has less energy, for power that rises with the position in any way."""
    random = Random(1000 + seed)
    length, highest = 80, 24
    pieces, needed, up, down = drawn_pieces(random, length, highest)
    found = spread(pieces, envelope(pieces, needed, up, down), needed, up, down)
    need, rise, sink = each_ms(pieces, needed), each_ms(pieces, up), each_ms(pieces, down)
    price = sorted(random.choice((0, 1, 7, 50, 51, 400)) for _ in range(highest + 1))
    never = 10**9
    cost = [price[p] if p >= need[0] else never for p in range(highest + 1)]
    for t in range(1, length):
        came = [min(cost[max(p - rise[t - 1], 0) : p + sink[t - 1] + 1]) for p in range(highest + 1)]
        cost = [price[p] + came[p] if p >= need[t] else never for p in range(highest + 1)]
    assert min(cost) == sum(price[p] for p in found)


def test_envelope__keeps_lamps_apart():
    """Several lamps on one line come out as each does alone."""
    random = Random(5)
    alone = [drawn_pieces(random, 50, 6_000_000) for _ in range(4)]
    alone = [(spans, needed, up * 1000, down * 200) for spans, needed, up, down in alone]
    together = Spans(
        *(np.concatenate([getattr(spans, end) + (n << 28) for n, (spans, *_) in enumerate(alone)]) for end in ("begin", "end"))
    )
    needed, up, down = (np.concatenate([one[at] for one in alone]) for at in (1, 2, 3))
    found = spread(together, envelope(together, needed, up, down), needed, up, down)
    assert [p for one in alone for p in spread(one[0], envelope(*one), *one[1:])] == found


@pytest.mark.parametrize("seed", range(12))
def test_least__is_what_plain_steps_ms_by_ms_come_to(seed: int):
    """In drawn nights with phases, floors, forks and pauses every lamp is where two plain passes over every ms put it.

    Ramps between resting levels may come out lower, within the ms that the bound leaves out.
    """
    world = draw(seed)
    night, rest = owed(world), resting(world, seed)
    found = least(night, rest)
    for lamp in range(len(world.site.lamps)):
        base, up, down = by_ms(lamp, rest, world.begin_ms, world.end_ms)
        needed = np.zeros_like(base)
        for level, spans in night.duty.required:
            own = spans.where(spans.group == lamp)
            for begin, end in zip(own.begin_ms.tolist(), own.end_ms.tolist(), strict=True):
                part = slice(begin - world.begin_ms, end - world.begin_ms)
                needed[part] = np.maximum(needed[part], dimmer.position_of(level))
        p = positions(found, lamp, world.begin_ms, world.end_ms)
        expected = least_by_ms(np.maximum(needed, base), up, down)
        assert (p >= needed).all()
        assert (np.diff(p) <= up[:-1]).all() and (np.diff(p) >= -down[:-1]).all()
        assert (p <= expected).all()
        resting_still = np.concatenate((base[1:] == base[:-1], [True]))
        above_base = expected > base + np.maximum(up, down)
        assert (p == expected)[resting_still | above_base].all()


@pytest.mark.parametrize("seed", range(12))
def test_least__lights_all_that_the_oracle_says_is_required(seed: int):
    """At moments of a drawn night every lamp that somebody in duty needs is at what is required of it, without tolerance."""
    world = draw(seed)
    oracle = Oracle(World(**{**vars(world), "levels": least(owed(world), resting(world, seed))}))
    random = Random(seed)
    for t in [random.randrange(world.begin_ms, world.end_ms) for _ in range(60)]:
        assert all(oracle.level(lamp, t) >= level for lamp, level in oracle.required(t).items())
        assert set(oracle.status(t).values()) <= {"lit"}


@pytest.mark.parametrize("seed", range(6))
def test_bounds__is_the_energy_of_the_least_light(seed: int):
    """The energy is that of its levels as the score sums them, and their service is full."""
    world = draw(seed)
    night, rest = owed(world), resting(world, seed)
    score = judge(night, least(night, rest), detections())
    found = bounds(night, rest)
    assert found.bound_wh == pytest.approx(score.energy.lamps_wh, rel=1e-12)
    assert found.saving == pytest.approx(score.energy.saving, rel=1e-12)
    judged = judge(night, least(night, rest), detections(), bounds=found).bounds
    assert judged is not None
    assert judged.share == (None if found.saving is None or found.saving < 0.05 else pytest.approx(1.0, rel=1e-9))
    assert score.everyone.late_s == score.everyone.dark_s == 0
    assert score.everyone.service in (1.0, None)


@given(st.integers(0, 10_000), st.integers(0, 2**32), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_bounds__nothing_that_serves_everyone_and_keeps_the_ramps_uses_less(seed: int, noise: int, kind: int):
    """Schemes made from the bound by raising it, earlier, longer or anywhere, as far as ramps allow, use at least as much."""
    world = draw(seed, until_ms=20_000)
    night, rest = owed(world), resting(world, seed)
    random = Random(noise)
    plant = Plant.of(world.site)
    spent = 0
    for lamp in range(len(world.site.lamps)):
        base, up, down = by_ms(lamp, rest, world.begin_ms, world.end_ms)
        p = np.maximum(positions(least(night, rest), lamp, world.begin_ms, world.end_ms), base)
        raised = admissible(random, p, up, down, kind)
        assert (np.diff(raised) <= up[:-1]).all() and (np.diff(raised) >= -down[:-1]).all() and (raised >= p).all()
        spent += int(plant.power_of[plant.kind[lamp], level_of(raised)].sum() * plant.heads[lamp])
    assert spent >= bounds(night, rest).bound_wh * NJ_PER_WH * (1 - 1e-12)


def admissible(random: Random, p: Ints, up: Ints, down: Ints, kind: int) -> Ints:
    """A scheme made from the bound: as it is; raised at single moments; at least at one level; or raised at every ms by some noise."""
    raised = p.copy()
    if kind == 1:
        for _ in range(random.randrange(1, 6)):
            at = random.randrange(len(p))
            raised[at] = max(raised[at], random.randrange(dimmer.FULL + 1))
    elif kind == 2:
        raised = np.maximum(raised, random.randrange(dimmer.FULL + 1))
    elif kind == 3:
        width = random.choice((1, 300, 50_000, 2_000_000))
        raised = np.minimum(raised + np.random.default_rng(random.randrange(2**32)).integers(0, width, len(p)), dimmer.FULL)
    return least_by_ms(raised, up, down)


def test_free_bound__is_no_higher_and_keeps_the_floors():
    """Without idle, but not below floors: posts that must be full still are."""
    plan = plan_of("kungsholms_strand")
    night = nobody(plan)
    found = bounds(night, rests(plan))
    full = plan.site.fixtures[plan.site.lamps[0].fixture]
    hours = (plan.end_ms - plan.begin_ms) / 3_600_000
    always = [any(floor.permille == 1000 for floor in lamp.floors) for lamp in plan.site.lamps]
    standby = full.standby_mw / 1000 * hours * always.count(False)
    assert found.free_wh == pytest.approx(sum(always) * 20 * hours + standby, rel=1e-9)
    assert found.bound_wh > found.free_wh
    light = Light(least(night, rests(plan), idle=False), Plant.of(plan.site).cap, plan.begin_ms, plan.end_ms)
    assert light.level(ints(np.flatnonzero(always) << 28) + plan.end_ms - 1).tolist() == [1000] * sum(always)


def test_bounds__of_a_night_without_people_is_the_resting_light():
    """When nobody comes, the bound is what the dimmer makes of idle and floors, but for the ms of ramps."""
    plan = plan_of("kungsholms_strand")
    night = nobody(plan)
    rest = judge(night, schemes.drive(plan, [[]] * len(plan.site.lamps)), detections())
    assert bounds(night, rests(plan)).bound_wh == pytest.approx(rest.energy.lamps_wh, rel=1e-4)
    assert bounds(night, rests(plan)).bound_wh <= rest.energy.lamps_wh


def test_bounds__dead_lamps_take_nothing():
    """An outage lowers the bound by what the lamp would have taken."""
    world = draw(3)
    night, rest = owed(world), resting(world, 3)
    outage = Outage(0, world.begin_ms, world.end_ms)
    spent = judge(night, least(night, rest), detections()).lamps[0].energy_wh
    assert bounds(night, rest, outages=[outage]).bound_wh == pytest.approx(bounds(night, rest).bound_wh - spent, rel=1e-9)


def test_tolerance__makes_a_lower_bound():
    """Who lives on the 20 permille that service forgives can use a little less."""
    world = draw(4)
    night, rest = owed(world), resting(world, 4)
    assert bounds(night, rest, tolerance=20).bound_wh < bounds(night, rest).bound_wh


def test_share_of_possible__is_not_said_where_next_to_nothing_is_possible():
    """Below 5 % the share says nothing; nor is there one without energy."""
    assert share_of_possible(0.3, 0.4) == pytest.approx(0.75)
    assert [share_of_possible(0.04, 0.049), share_of_possible(None, 0.4), share_of_possible(0.1, None)] == [None] * 3
