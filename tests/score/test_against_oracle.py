"""The score against the definitions taken literally, on many drawn nights."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from lykta.score import prepare
from lykta.score.causes import Circumstances, Lost, Seen, caused, lost
from lykta.score.energy import Plant
from lykta.score.intervals import EMPTY, Spans, union
from lykta.score.light import Light
from lykta.score.night import Night, judge
from lykta.score.service import metres_ahead, shortfall_ms, unlit
from lykta.score.sums import Sums
from tests.score.oracle import Oracle
from tests.score.world import World, draw

SEEDS = st.integers(0, 10**9)
STEP_MS = 100


def fast(world: World) -> tuple[Night, Light, Lost]:
    """What the score makes of a drawn night."""
    night = prepare(world.site, world.graph, world.rules, world.trajectories, world.coverage, world.begin_ms, world.end_ms, world.floors)
    light = Light(world.levels, Plant.of(world.site).cap, world.begin_ms, world.end_ms)
    around = Circumstances(night.passes, Seen.of(world.detections), night.t_on, night.t_known, EMPTY, world.rules.tau_ms)
    return night, light, lost(caused(night.duty, unlit(night.duty, light), light, around))


def finder(spans: Spans) -> Callable[[int, int], int]:
    """Which of some stretches by user holds a moment, -1 for none."""
    rows = list(zip(spans.group.tolist(), spans.begin_ms.tolist(), spans.end_ms.tolist(), strict=True))
    return lambda user, t: next((n for n, (group, begin, end) in enumerate(rows) if group == user and begin <= t < end), -1)


def moments(world: World, *families: Spans) -> list[int]:
    """Every moment at which something changes, the ms before it, and some others, within the night."""
    found = {*range(world.begin_ms, world.end_ms, 3137)}
    for spans in families:
        for t in (*spans.begin_ms.tolist(), *spans.end_ms.tolist()):
            found |= {t - 1, t}
    return sorted(t for t in found if world.begin_ms <= t < world.end_ms)


@settings(max_examples=120)
@given(SEEDS)
def test_service__is_what_the_definitions_say_at_every_change_and_the_ms_before(seed):
    """Lit, late, dark or not in duty: the same for every user at every boundary that the score found, to the ms."""
    world = draw(seed)
    night, _, gone = fast(world)
    spans = night.duty.spans
    in_duty = union(Spans.of(spans.user, spans.begin, spans.end))
    oracle, duty_at, lost_at = Oracle(world), finder(in_duty), finder(gone.spans)
    for t in moments(world, in_duty, gone.spans):
        expected = oracle.status(t)
        actual = {}
        for user in oracle.stretches:
            if duty_at(user, t) >= 0:
                at = lost_at(user, t)
                actual[user] = "lit" if at < 0 else "dark" if gone.dark[at] else "late"
        assert expected == actual, t


@settings(max_examples=60)
@given(SEEDS)
def test_strict_service__is_what_the_definitions_say_with_tau_0_from_entry(seed):
    """At every boundary of strict duty the score and the definitions agree who is fully lit."""
    world = draw(seed)
    night, light, _ = fast(world)
    missing = union(unlit(night.strict, light).by_user())
    oracle, missing_at = Oracle(world), finder(missing)
    for t in moments(world, missing):
        expected = {user for user, status in oracle.status(t, strict=True).items() if status != "lit"}
        assert expected == {user for user in oracle.stretches if missing_at(user, t) >= 0}, t


@settings(max_examples=40)
@given(SEEDS)
def test_times__agree_with_sampling_within_its_error(seed):
    """Late and dark time summed over samples every 100 ms differ by at most one step for each change of status."""
    world = draw(seed, until_ms=40_000)
    found = judge(fast(world)[0], world.levels, world.detections, linger_ms=(10**6,) * 3)
    oracle = Oracle(world)
    sampled: dict[tuple[int, str], int] = {}
    changes: dict[int, int] = {}
    before: dict[int, str] = {}
    for t in range(world.begin_ms, world.end_ms, STEP_MS):
        now = oracle.status(t)
        for user in oracle.stretches:
            changes[user] = changes.get(user, 0) + (before.get(user) != now.get(user))
        for user, status in now.items():
            sampled[user, status] = sampled.get((user, status), 0) + STEP_MS
        before = now
    for entry in found.users.to_pylist():
        # A status may also come and go between two samples; brief ones are counted from the exact result.
        error = STEP_MS * (2 * changes[entry["user"]] + 12)
        for status in ("late", "dark"):
            assert abs(entry[f"{status}_ms"] - sampled.get((entry["user"], status), 0)) <= error


@settings(max_examples=40)
@given(SEEDS)
def test_shortfall_and_metres_ahead__agree_with_sampling(seed):
    """Integral of the shortfall and mean of the metres lit ahead are those of samples every 100 ms, to the sampling error."""
    world = draw(seed, until_ms=40_000)
    night, light, _ = fast(world)
    plant = Plant.of(world.site)
    users = len(night.road_user)
    exact = shortfall_ms(night.duty, light, Sums(light, plant.light_of, plant.kind), users)
    ahead = metres_ahead(night.duty, light)
    oracle = Oracle(world)
    shortfall, metres, count = [0.0] * users, 0.0, 0
    for t in range(world.begin_ms, world.end_ms, STEP_MS):
        for user, missing in oracle.shortfall(t).items():
            shortfall[user] += missing * STEP_MS
        for cm in oracle.metres(t).values():
            metres += cm * STEP_MS
            count += 1
    for user in range(users):
        assert abs(exact[user] - shortfall[user]) <= 40 * STEP_MS
    total = float(((ahead.high + ahead.low) / 2 * ahead.ms).sum())
    assert abs(total - metres) <= 40 * users * STEP_MS * 11_000
    assert abs(int(ahead.ms.sum()) - count * STEP_MS) <= 20 * users * STEP_MS
