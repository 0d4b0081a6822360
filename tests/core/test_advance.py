"""Time in the core: a semigroup, with a next change that can be relied upon, and light that never jumps."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from lykta.corehost import control, dimmer, priority
from lykta.corehost import lamp as row
from tests.core.single import Input, Single, histories, inputs, lived
from tests.core.world import settings_row

_ms = st.one_of(st.integers(0, 200), st.integers(0, 100_000), st.integers(0, 5_000_000))


@settings(max_examples=150)
@given(histories(), st.lists(_ms, max_size=6))
def test_advance__is_a_semigroup(history: list[Input], parts: list[int]):
    """From any state, any way of cutting a time leaves exactly the row that the whole time leaves."""
    one, other = lived(history), lived(history)
    for part in parts:
        one.advance(part)
    other.advance(sum(parts))
    assert one.row == other.row


@settings(max_examples=60)
@given(histories(), st.integers(0, 300_000))
def test_advance__does_not_depend_on_when_it_is_called(history: list[Input], ms: int):
    """Advancing in ticks of 50 ms, as the node does, is the same as in one step."""
    one, other = lived(history), lived(history)
    for _ in range(ms // 500):
        one.advance(500)
    one.advance(ms % 500)
    other.advance(ms)
    assert one.row == other.row


@settings(max_examples=150)
@given(histories())
def test_next_change__is_right(history: list[Input]):
    """Up to the ms before the next change nothing changes but the clock and the position; and there is always a next one."""
    one = lived(history)
    for _ in range(8):
        wait = control.next_change_ms(one.row)
        assert wait > 0
        before = [value for at, value in enumerate(one.row) if at not in (row.NOW, row.POSITION)]
        one.advance(min(wait, 2_000_000) - 1)
        assert [value for at, value in enumerate(one.row) if at not in (row.NOW, row.POSITION)] == before
        one.advance(1)


@settings(max_examples=150)
@given(histories(), inputs())
def test_input__never_makes_the_light_jump(history: list[Input], what: Input):
    """At any input the lamp is where it was, and a ms later at most a ms of ramp away: it turns round from where it is."""
    one = lived(history)
    one.advance(what.after_ms)
    before = one.row[row.POSITION]
    one.hand(what)
    assert one.row[row.POSITION] == before
    one.advance(1)
    assert abs(one.row[row.POSITION] - before) <= one.row[row.RATE]


@settings(max_examples=150)
@given(histories())
def test_level__is_never_above_full_or_below_dark(history: list[Input]):
    """Whatever happens, position, level and target stay within the range of the lamp."""
    one = lived(history)
    for ms in (0, 1, 700, 5000):
        one.advance(ms)
        assert 0 <= one.row[row.POSITION] <= dimmer.FULL
        assert 0 <= dimmer.level_of(one.row[row.POSITION]) <= 1000
        assert 0 <= one.row[row.TARGET] <= 1000
        assert one.row[row.TRACKS] <= row.MAX_TRACKS


@settings(max_examples=100)
@given(histories())
def test_lamp__is_never_stuck(history: list[Input]):
    """When the last evidence has expired, the sensors see nobody, the neighbours are heard and nothing is broken: back to idle."""
    one = lived(history)
    for _ in range(one.row[row.SEEN]):
        one.hand(Input(0, "reading", (4, 3, 0, 0)))
    for bit in (32, 64):
        one.hand(Input(0, "fault", (bit, 0)))
    one.hand(Input(0, "reading", (3, 3, 0, 0)))  # an own reading: not blind
    one.hand(Input(0, "reading", (4, 3, 0, 0)))
    for _ in range(70):
        one.advance(60_000)
        one.hand(Input(0, "heartbeat", (1, 0, 500, 0)))
    assert (one.row[row.TRACKS], one.row[row.CAUSE]) in [(0, priority.CAUSE_PHASE), (0, priority.CAUSE_FLOOR)]
    assert dimmer.level_of(one.row[row.POSITION]) == one.row[row.TARGET] <= 500


@settings(max_examples=100)
@given(histories("reading", "frame", "heartbeat"), st.integers(1, 1_000_000_000))
def test_renumber__changes_nothing_but_the_clock(history: list[Input], ms: int):
    """Setting the clock back for a new night's origin leaves light, tracks and their ages as they were."""
    one = lived(history)
    before = _ages(one)
    control.renumber(one.row, ms)
    assert _ages(one) == before


def _ages(one: Single) -> list[int]:
    lamp = one.row
    times = [row.NEXT, row.HEARD, row.HOUR, row.EVIDENCE, row.PARTY_SINCE]
    found = [lamp[at] - lamp[row.NOW] for at in times]
    for slot in range(row.SLOTS, row.SLOTS + lamp[row.TRACKS] * row.SLOT_LENGTH, row.SLOT_LENGTH):
        aged = (row.SLOT_EVIDENCE, row.SLOT_FIRST, row.SLOT_FROM, row.SLOT_UNTIL, row.SLOT_BRANCH)
        found += [lamp[slot + at] - lamp[row.NOW] for at in aged]
        found += [_age(lamp, slot + at) for at in (row.SLOT_LEFT, row.SLOT_GONE)]
    return [*found, lamp[row.POSITION], lamp[row.TARGET], lamp[row.TRACKS]]


def _age(lamp: list[int], at: int) -> int:
    """How long ago, or NEVER."""
    return lamp[at] if lamp[at] == row.NEVER else lamp[at] - lamp[row.NOW]


def test_wave__turns_round_from_where_it_is():
    """A lamp half way down that is wanted again goes up from there at once, at the rate of the ramp."""
    one = Single()
    one.hand(Input(0, "reading", (3, 0, 0, 0)))
    one.hand(Input(0, "reading", (4, 0, 0, 0)))
    one.advance(5000)
    assert one.row[row.POSITION] == dimmer.FULL
    while one.row[row.TARGET] == 1000:
        one.hand(Input(0, "heartbeat", (1, 0, 0, 0)))
        one.advance(control.next_change_ms(one.row))
    one.advance(1500)
    low = one.row[row.POSITION]
    assert one.row[row.TARGET_POSITION] < low < dimmer.FULL
    one.hand(Input(0, "reading", (3, 0, 0, 0)))
    assert one.row[row.POSITION] == low
    one.advance(10)
    assert one.row[row.POSITION] == low + 10 * dimmer.rate_of(settings_row()[2])


def test_start__is_as_light_as_its_first_target():
    """A lamp switched on in a phase is there at once, not ramping up from dark."""
    one = Single()
    assert (one.row[row.TARGET], dimmer.level_of(one.row[row.POSITION])) == (300, 300)
