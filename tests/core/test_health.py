"""What may be wrong with a lamp: each fault when it is detected, when it has gone, and that it is bright meanwhile."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from lykta.corehost import health, presence, priority
from lykta.corehost import lamp as row
from tests.core.people import Trip, ideal_readings, walk
from tests.core.single import END_MS, Input, Single, histories, lived
from tests.core.streets import line
from tests.core.world import World

ON, OFF = (int(presence.EDGE_ON), 3, 0, 0), (int(presence.EDGE_OFF), 3, 0, 0)
HOUR_MS = 3_600_000


def beat(one: Single, share: int = 0, lying: int = 0, neighbour: int = 1) -> None:
    """A neighbour's heartbeat, now."""
    one.hand(Input(0, "heartbeat", (neighbour, 0, share, lying)))


def faults(one: Single) -> int:
    return one.row[row.FAULTS]


def bright(one: Single) -> bool:
    """Whether the lamp goes to the fallback of its phase because of a fault."""
    return (one.row[row.TARGET], one.row[row.CAUSE]) == (1000, priority.CAUSE_FAULT)


def pass_time(one: Single, until_ms: int, share: int = 0) -> None:
    """Time until a moment, with a heartbeat every minute."""
    while one.row[row.NOW] < until_ms:
        one.advance(min(60_000, until_ms - one.row[row.NOW]))
        beat(one, share)


def test_clock__is_stale_when_the_settings_have_run_out():
    """At the ms at which the block ends, not before; and only a new block would cure it."""
    one = Single()
    pass_time(one, END_MS - 1)
    assert faults(one) == 0
    one.advance(1)
    assert (faults(one), bright(one)) == (health.CLOCK, True)
    pass_time(one, END_MS + 2 * HOUR_MS)
    assert faults(one) == health.CLOCK


def test_radio__silent_for_three_periods_is_a_fault():
    """180 s after the last neighbour was heard, to the ms; gone as soon as one is heard."""
    one = Single()
    one.advance(30_000)
    beat(one)
    one.advance(179_999)
    assert faults(one) == 0
    one.advance(1)
    assert (faults(one), bright(one)) == (health.RADIO, True)
    beat(one)
    assert (faults(one), one.row[row.TARGET]) == (0, 300)


def test_radio__an_old_heartbeat_counts_from_when_it_was_sent():
    """A heartbeat handed over late does not stretch the time."""
    one = Single()
    one.advance(100_000)
    one.hand(Input(0, "heartbeat", (1, 50_000, 0, 0)))
    one.advance(129_999)
    assert faults(one) == 0
    one.advance(1)
    assert faults(one) == health.RADIO


def test_radio__a_frame_is_a_sign_of_life():
    """Not only heartbeats are heard."""
    one = Single()
    one.advance(179_000)
    one.hand(Input(0, "frame", (0, 1, 1, 0, 255, 0, 0, -1, 1, 0, 800, 800, -1, 1)))
    one.advance(179_999)
    assert faults(one) == 0


def test_radio__a_lamp_without_neighbours_needs_none():
    """A site with one lamp is not in fault for ever."""
    world = World(line([]))
    world.run(1_000_000)
    assert world.lamps[0][row.FAULTS] == 0


def test_stuck__on_for_ten_minutes():
    """600 s after it went on, to the ms; gone when it goes off."""
    one = Single()
    one.hand(Input(0, "reading", ON))
    pass_time(one, 1000 + 599_999)
    assert faults(one) == 0
    one.advance(1)
    assert (faults(one), bright(one)) == (health.STUCK, True)
    one.hand(Input(0, "reading", OFF))
    assert faults(one) == 0


def restless(on_ms: int, share: int) -> Single:
    """An hour in which the sensor was on for so long, in three parts, while a neighbour's was on for a share of it."""
    one = Single()
    for part in range(3):
        pass_time(one, 1000 + part * HOUR_MS // 3, share)
        one.hand(Input(0, "reading", ON))
        pass_time(one, 1000 + part * HOUR_MS // 3 + on_ms // 3, share)
        one.hand(Input(0, "reading", OFF))
    pass_time(one, 1000 + HOUR_MS - 1, share)
    return one


@pytest.mark.parametrize(("on_ms", "share", "expected"), [(1_080_003, 29, True), (1_080_000, 29, False), (1_080_003, 30, False)])
def test_restless__on_for_more_than_30_percent_of_an_hour_while_neighbours_are_quiet(on_ms: int, share: int, expected: bool):
    """Decided at the end of the hour, to the ms and the permille."""
    one = restless(on_ms, share)
    assert faults(one) == 0
    one.advance(1)
    assert faults(one) == (health.RESTLESS if expected else 0)


def test_restless__is_gone_after_a_quiet_hour():
    """Bright through the next hour, and then as before."""
    one = restless(1_500_000, 0)
    pass_time(one, 1000 + 2 * HOUR_MS - 1)
    assert (faults(one), bright(one)) == (health.RESTLESS, True)
    one.advance(1)
    assert faults(one) == 0


def test_blind__five_passes_in_a_row_that_both_neighbours_saw():
    """After the fifth the lamp is bright; the next thing its own sensor says cures it."""
    graph = line([2200] * 4)
    world = World(graph)
    blind = 2
    walkers = [walk(graph, Trip("west", 5000 + 200_000 * number, 140)) for number in range(5)]
    world.read([reading for reading in ideal_readings(graph, walkers) if reading[1] != blind])
    world.run(5000 + 200_000 * 4)
    assert world.lamps[blind][row.FAULTS] == 0
    world.run(5000 + 200_000 * 5)
    assert world.lamps[blind][row.FAULTS] == health.BLIND
    assert [lamp[row.FAULTS] for number, lamp in enumerate(world.lamps) if number != blind] == [0, 0, 0, 0]
    world.read([(world.now + 10, blind, int(presence.ENTER), 0, 0, 0), (world.now + 20, blind, int(presence.LEAVE), 0, 0, 0)])
    world.run(world.now + 1000)
    assert world.lamps[blind][row.FAULTS] == 0


def test_blind__a_sensor_that_sees_every_second_pass_is_not():
    """Only misses in a row count."""
    graph = line([2200] * 4)
    world = World(graph)
    walkers = [walk(graph, Trip("west", 5000 + 200_000 * number, 140)) for number in range(12)]
    seen = [
        reading
        for number, walker in enumerate(walkers)
        for reading in ideal_readings(graph, [walker])
        if number % 3 == 0 or reading[1] != 2
    ]
    world.read(sorted(seen))
    world.run(5000 + 200_000 * 12)
    assert world.lamps[2][row.FAULTS] == 0


def test_blind__a_lamp_without_a_sensor_misses_nobody():
    """It is passed unseen all night, and stays as dark as its phase."""
    graph = line([2200] * 4, [True, True, False, True, True])
    world = World(graph)
    world.read(ideal_readings(graph, [walk(graph, Trip("west", 5000 + 200_000 * number, 140)) for number in range(8)]))
    world.run(5000 + 200_000 * 9)
    assert world.lamps[2][row.MISSES] == 0
    assert world.lights[2].level(world.now) == 500


@pytest.mark.parametrize("bit", [health.SENSOR, health.SETTINGS])
def test_driver__says_when_and_when_not(bit: int):
    """At once, both ways."""
    one = Single()
    one.hand(Input(0, "fault", (bit, 1)))
    assert (faults(one), bright(one)) == (bit, True)
    pass_time(one, 2 * HOUR_MS)
    assert faults(one) == bit
    one.hand(Input(0, "fault", (bit, 0)))
    assert faults(one) == 0


@settings(max_examples=100)
@given(histories(), st.lists(st.integers(0, 400_000), max_size=6))
def test_fault__is_never_dark(history: list[Input], waits: list[int]):
    """In any state with any fault the target is at least the highest presence level of the phase."""
    one = lived(history)
    for wait in waits:
        one.advance(wait)
        if faults(one):
            assert one.row[row.TARGET] == 1000


@pytest.mark.parametrize("lying", [(1, 2, 3), (1, 2, 3, 4), (0, 1, 2, 3, 4)])
def test_gate__of_a_lying_sensor_does_not_hold_the_front(lying: tuple[int, ...]):
    """A healthy silent sensor keeps the light from running ahead of what can be there; those that are known to lie do not."""
    cyclist = Input(0, "frame", (0, 1, 2, 0, 255, 0, 0, -1, 1, 0, 800, 800, -1, 1))
    healthy, unwell = Single(number=5), Single(number=5)
    for neighbour in lying:
        beat(unwell, lying=1, neighbour=neighbour)
    for one in (healthy, unwell):
        one.hand(cyclist)
        one.advance(6000)
    assert (healthy.row[row.TARGET], unwell.row[row.TARGET]) == (300, 1000)


def test_lying__is_forgotten_when_the_neighbour_is_well_again():
    """A neighbour's heartbeat without the flag takes it off the list; the others stay on it."""
    one = Single()
    for neighbour in (0, 1, 3):
        beat(one, lying=1, neighbour=neighbour)
    beat(one, lying=0, neighbour=1)
    known = one.row[row.UNWELL : row.UNWELL + one.row[row.UNWELL_COUNT]]
    assert sorted(known) == [0, 3]
