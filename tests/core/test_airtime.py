"""How much of the air the post takes, and when it is silent."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from lykta.corehost import airtime

MINUTE_MS = 60_000


def spent(times: list[tuple[int, int]], begin: int) -> int:
    """What was on the air in the minute from `begin` [us]; times: (ms, bytes)."""
    return sum(airtime.frame_us(length) for now, length in times if begin <= now < begin + MINUTE_MS)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 250), st.integers(0, 3_000)), min_size=50, max_size=300))
def test_post__that_wants_to_send_all_the_time_takes_one_percent_of_any_minute(wishes: list[tuple[int, int]]):
    """Frames of any length, as soon as each is allowed or later: never more than 1 % of 60 s, wherever they begin."""
    budget, now, sent = airtime.Budget(), 0, []
    for length, idle in wishes:
        now += idle
        budget.pass_time(idle)
        wait = budget.wait(length)
        budget.pass_time(wait)
        now += wait
        assert budget.wait(length) == 0
        budget.spend(length)
        sent.append((now, length))
    assert all(spent(sent, begin) <= 600_000 for begin, _ in sent)
    assert not budget.over


def test_light__is_paid_for_by_the_post_and_never_withheld():
    """Two seconds of telegrams of the light: the post waits until they are earned, a minute's worth at most."""
    budget = airtime.Budget()
    for _ in range(1_000):
        budget.spend(100)
    assert 60_000 < budget.wait(250) < 61_000


def test_alarm__above_two_percent_of_a_minute_and_until_a_whole_one_is_below():
    """1,200 ms on the air in a minute: over at once; right again when a minute with less has passed."""
    budget = airtime.Budget()
    frames = 1_200_000 // airtime.frame_us(250)
    for _ in range(frames):
        budget.spend(250)
    assert not budget.over
    budget.spend(250)
    assert budget.over
    budget.pass_time(60_000)
    assert budget.over
    budget.pass_time(60_000)
    assert not budget.over


def test_frame__takes_what_the_standard_says():
    """250 bytes at 1 Mbit/s: 192 us of preamble, and 8 us for each of 293 bytes."""
    assert airtime.frame_us(250) == 192 + 8 * 293


def test_wave__silences_the_post_until_nobody_is_known():
    """Somebody is known, or a detection was told less than 3 s ago: silence; by day nothing of it counts."""
    silence = airtime.Silence()
    silence.pass_time(10_000, False)
    assert not silence.holds(False, False)
    assert silence.holds(True, False)
    silence.told()
    assert silence.holds(False, False) and not silence.holds(True, True)
    silence.pass_time(airtime.QUIET_MS - 1, False)
    assert silence.holds(False, False)
    silence.pass_time(1, False)
    assert not silence.holds(False, False)


def test_busy_street__is_left_its_detections_and_no_more():
    """Somebody has been about for ten minutes on end: the post goes between detections; nobody for a moment, and patience begins anew."""
    silence = airtime.Silence()
    for _ in range(599):
        silence.pass_time(1_000, True)
    assert silence.holds(True, False)
    silence.pass_time(1_000, True)
    assert not silence.holds(True, False)
    silence.told()
    assert silence.holds(True, False)
    silence.pass_time(1_000, False)
    silence.pass_time(5_000, True)
    assert silence.holds(True, False)
