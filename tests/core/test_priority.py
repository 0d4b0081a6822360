"""Who decides how bright a lamp is: fault > max(override, presence, phase), and never below the floor."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from lykta.corehost import health, priority, settings
from lykta.corehost import lamp as row
from lykta.plan.blocks import entries_of, make_block
from tests.core.single import Input, Single, histories, lived
from tests.core.world import settings_row

LEVELS = st.integers(0, 1000)
BITS = (health.CLOCK, health.RADIO, health.STUCK, health.RESTLESS, health.BLIND, health.SENSOR, health.SETTINGS)


def decide(idle: int, floor: int, presence: int, override: int, faults: int = 0, fault: int = 1000, lowest: int = 0) -> tuple[int, int]:
    """Target and cause in a phase with an idle level, a floor and a fault level."""
    asked = settings_row(idle=idle, fault=fault, level=0)
    block = make_block(entries_of([(0, asked), (10_000, settings_row(idle=0, fault=900, level=0))], 100_000, [(0, floor)]), lowest, 100_000)
    lamp = [0] * row.LAMP
    lamp[row.ENTRY] = settings.HEADER
    lamp[row.OVERRIDE] = override
    lamp[row.FAULTS] = faults
    return priority.decide(lamp, block, presence), lamp[row.CAUSE]


@given(LEVELS, LEVELS, LEVELS, LEVELS)
def test_decide__takes_the_brightest(idle: int, floor: int, presence: int, override: int):
    """Without a fault the target is the highest of phase, presence, override and floor, and the cause names one that asks for it."""
    target, cause = decide(idle, floor, presence, override)
    asked = {
        priority.CAUSE_PHASE: idle,
        priority.CAUSE_PRESENCE: presence,
        priority.CAUSE_OVERRIDE: override,
        priority.CAUSE_FLOOR: floor,
    }
    assert target == max(asked.values())
    assert asked[cause] == target


@given(LEVELS, LEVELS, LEVELS, LEVELS, st.sampled_from(BITS), LEVELS)
def test_decide__a_fault_never_darkens(idle: int, floor: int, presence: int, override: int, bit: int, fault: int):
    """With a fault the lamp is at the fallback of its phase or brighter."""
    sound, _ = decide(idle, floor, presence, override, 0, fault)
    target, cause = decide(idle, floor, presence, override, bit, fault)
    assert target >= max(sound, fault, floor)
    assert (cause == priority.CAUSE_FAULT) or target == sound


@pytest.mark.parametrize("bit", BITS)
def test_decide__every_fault_is_bright(bit: int):
    """Each fault bit alone gives the fallback of the phase, with the fault as the cause."""
    assert decide(200, 0, 0, 0, bit, 800) == (900 if bit == health.CLOCK else 800, priority.CAUSE_FAULT)


def test_decide__an_unset_clock_gives_the_brightest_phase():
    """Who does not know the time does not know the phase: the highest fallback of all counts."""
    assert decide(100, 0, 0, 0, health.CLOCK, 300) == (900, priority.CAUSE_FAULT)


def test_decide__raises_to_the_lowest_stable_level():
    """A fixture that flickers below a level is kept at it; off stays off."""
    assert decide(30, 0, 0, 0, lowest=100) == (100, priority.CAUSE_PHASE)
    assert decide(0, 0, 0, 0, lowest=100)[0] == 0


@hypothesis_settings(max_examples=100)
@given(histories(), LEVELS, st.integers(1, 600_000))
def test_override__never_lowers(history: list[Input], level: int, ms: int):
    """A command makes a lamp at most brighter, while it holds and after it has ended."""
    commanded, plain = lived(history), lived(history)
    for one in (commanded, plain):
        one.hand(Input(0, "override", (0, 0)))
    commanded.hand(Input(0, "override", (level, ms)))
    assert commanded.row[row.TARGET] >= max(level, plain.row[row.TARGET])
    for _ in range(10):
        commanded.advance(ms // 5 + 1)
        plain.advance(ms // 5 + 1)
        assert commanded.row[row.TARGET] >= plain.row[row.TARGET]
    assert commanded.row[row.TARGET] == plain.row[row.TARGET]


def test_override__presence_wins_over_less():
    """A command for 40 % does not keep a lamp at 40 % when somebody comes."""
    one = Single()
    one.hand(Input(0, "override", (400, 600_000)))
    assert (one.row[row.TARGET], one.row[row.CAUSE]) == (400, priority.CAUSE_OVERRIDE)
    one.hand(Input(0, "reading", (3, 0, 0, 0)))
    assert (one.row[row.TARGET], one.row[row.CAUSE]) == (1000, priority.CAUSE_PRESENCE)


def test_override__ends_on_time():
    """At the ms at which it ends the phase counts again."""
    one = Single()
    one.hand(Input(0, "override", (700, 5000)))
    one.advance(4999)
    assert one.row[row.TARGET] == 700
    one.advance(1)
    assert (one.row[row.TARGET], one.row[row.CAUSE]) == (300, priority.CAUSE_PHASE)


def test_floor__holds_where_the_phase_idles_below_it():
    """To the ms at which the next phase begins, and then the floor in its place."""
    one = Single()
    for until in (150_000, 300_000, 450_000, 599_999):
        one.advance(until - one.row[row.NOW])
        one.hand(Input(0, "heartbeat", (1, 0, 0, 0)))
    assert (one.row[row.TARGET], one.row[row.CAUSE]) == (500, priority.CAUSE_PHASE)
    for until in (750_000, 899_999):
        one.advance(until - one.row[row.NOW])
        one.hand(Input(0, "heartbeat", (1, 0, 0, 0)))
    assert (one.row[row.TARGET], one.row[row.CAUSE]) == (500, priority.CAUSE_PHASE)
    one.advance(1)  # the next phase idles below the floor
    assert (one.row[row.TARGET], one.row[row.CAUSE]) == (400, priority.CAUSE_FLOOR)
