"""What neighbours say can only add light: without evidence that continues a track, no frame ever darkens a lamp."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from lykta.corehost import control, schema
from lykta.corehost import lamp as row
from tests.core.single import Input, Single, frames, histories, lived
from tests.core.world import settings_row

_DEFAULT = settings_row()
FRAME_MAX = _DEFAULT[schema.FRAME_MAX]


def _course(one: Single, steps: int = 40, step_ms: int = 7_500) -> list[int]:
    """The targets of a lamp from now on, if nothing more reaches it but heartbeats."""
    one.hand(Input(0, "heartbeat", (1, 0, 0, 0)))
    found = [one.row[row.TARGET]]
    for _ in range(steps):
        one.advance(step_ms)
        one.hand(Input(0, "heartbeat", (1, 0, 0, 0)))
        found.append(one.row[row.TARGET])
    return found


@settings(max_examples=150)
@given(histories(), frames(previous=st.just(-1)))
def test_frame__never_darkens(history: list[Input], fields: tuple[int, ...]):
    """A lamp that gets a frame is, now and later, at least as bright as the same lamp without it."""
    without, given_it = lived(history), lived(history)
    given_it.hand(Input(0, "frame", fields))
    for now, then in zip(_course(without), _course(given_it), strict=True):
        assert then >= now


@settings(max_examples=150)
@given(histories("frame"))
def test_frames__never_take_a_lamp_below_its_phase(history: list[Input]):
    """Whatever neighbours say, also that they continue tracks, a lamp never goes below what it does when nobody is there."""
    one, alone = Single(), Single()
    for what in history:
        one.take(what)
        alone.advance(what.after_ms)
        alone.hand(Input(0, "heartbeat", (1, 0, 0, 0)))
        assert one.row[row.TARGET] >= alone.row[row.TARGET]


@settings(max_examples=100)
@given(st.lists(frames(), min_size=1, max_size=20))
def test_frames__expire(all_of: list[tuple[int, ...]]):
    """Light that frames asked for ends `frame_max` after the last of them was received."""
    one = Single()
    for fields in all_of:
        one.hand(Input(0, "frame", fields))
    for _ in range(FRAME_MAX // 60_000):
        one.advance(60_000)
        one.hand(Input(0, "heartbeat", (1, 0, 0, 0)))
    assert (one.row[row.TRACKS], one.row[row.TARGET]) == (0, 300)


def test_frame__an_old_copy_that_comes_late_shortens_nothing():
    """A frame that overtook an older one of the same detection is not undone by it."""
    newer, older = (0, 1, 1, 0, 255, 0, 1, -1, 1, 0, 800, 800, -1, 1), (0, 1, 1, 0, 255, 40_000, 0, -1, 1, 0, 800, 800, -1, 1)
    one, other = Single(), Single()
    one.hand(Input(0, "frame", newer))
    other.hand(Input(0, "frame", newer))
    other.hand(Input(0, "frame", older))
    assert _course(other) == _course(one)


def test_frames__full_slots_merge_and_keep_the_light():
    """More tracks than slots: the count stays within the slots, merges are counted, and light lasts as long as the longest."""
    one, single = Single(), Single()
    for number in range(1, 40):
        one.hand(Input(100, "frame", (number % 4, number, 1, 0, 255, 0, 0, -1, 1, 0, 800, 800, -1, 1)))
        one.advance(100)
    single.advance(39 * 100)
    single.hand(Input(0, "frame", (39 % 4, 39, 1, 0, 255, 0, 0, -1, 1, 0, 800, 800, -1, 1)))
    assert one.row[row.TRACKS] <= row.MAX_TRACKS
    assert one.row[row.MERGED] > 0
    assert all(merged >= alone for merged, alone in zip(_course(one), _course(single), strict=True))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3000), frames(previous=st.just(-1))), min_size=13, max_size=40))
def test_frames__merging_only_adds_light(all_of: list[tuple[int, tuple[int, ...]]]):
    """However many tracks there are, the lamp is at least as bright as for each of them alone."""
    crowd = Single()
    ones = []
    for after_ms, fields in all_of:
        for one in ones:
            one.advance(after_ms)
        crowd.take(Input(after_ms, "frame", fields))
        fresh = Single()
        fresh.advance(crowd.row[row.NOW] - fresh.row[row.NOW])
        fresh.hand(Input(0, "frame", fields))
        ones.append(fresh)
    courses = [_course(one, 20) for one in ones]
    for at, level in enumerate(_course(crowd, 20)):
        assert level >= max(course[at] for course in courses)


def test_lying_sensor__is_not_told_to_others():
    """What a sensor says that is known to lie lights its own lamp, and is not sent."""
    one = Single()
    one.hand(Input(0, "reading", (1, 3, 0, 0)))
    assert one.row[row.SEND] == 1
    one.row[row.SEND] = 0
    one.advance(700_000)
    assert one.row[row.FAULTS] & 4
    one.row[row.SEND] = 0
    one.advance(control.next_change_ms(one.row))
    assert one.row[row.SEND] == 0
