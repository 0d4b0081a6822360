"""The dimmer: its table is the formula of the CIE, its ways there and back fit, and its ramps are exact."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from lykta.corehost import dimmer
from lykta.corehost import lamp as row

POSITIONS = st.integers(0, dimmer.FULL)
LEVELS = range(1001)


def cie(lightness: int) -> float:
    """CIE 1976: luminous flux [permille] of a perceived lightness L* of 0 to 100."""
    return 1000 * (((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / 903.3)


def test_table__is_the_formula():
    """Every knot is the rounded flux of its lightness, and the ends are dark and full."""
    assert list(dimmer.KNOTS) == [round(cie(lightness)) for lightness in range(101)]
    assert (dimmer.KNOTS[0], dimmer.KNOTS[100]) == (0, 1000)
    assert len(dimmer.KNOTS) == dimmer.FULL // dimmer.SEGMENT + 1


@given(POSITIONS)
def test_level_of__is_linear_between_the_knots(position: int):
    """The level is that of the straight line between its two knots, rounded down."""
    knot, rest = divmod(position, dimmer.SEGMENT)
    below, above = dimmer.KNOTS[knot], dimmer.KNOTS[min(100, knot + 1)]
    assert dimmer.level_of(position) == below + (above - below) * rest // dimmer.SEGMENT


@given(POSITIONS, POSITIONS)
def test_level_of__never_falls_as_the_position_rises(one: int, other: int):
    """Brighter position, brighter light."""
    assert dimmer.level_of(min(one, other)) <= dimmer.level_of(max(one, other))


def test_position_of__is_the_lowest_that_is_bright_enough():
    """There and back again, for every level; one position less is darker."""
    for level in LEVELS:
        position = dimmer.position_of(level)
        assert dimmer.level_of(position) == level
        assert position == 0 or dimmer.level_of(position - 1) < level


def lamp_at(position: int, target: int, up: int, down: int) -> list[int]:
    """A row that is at a position and wants a level."""
    lamp = [0] * row.LAMP
    lamp[row.POSITION] = position
    lamp[row.TARGET] = -1
    dimmer.aim(lamp, target, up, down)
    return lamp


RATES = st.integers(dimmer.rate_of(120_000), dimmer.rate_of(200))


@settings(max_examples=300)
@given(POSITIONS, st.sampled_from(LEVELS), RATES, RATES, st.lists(st.integers(0, 60_000), max_size=5))
def test_move__in_parts_is_move_at_once(position: int, target: int, up: int, down: int, parts: list[int]):
    """A ramp cut anywhere ends where the whole one does."""
    one, other = lamp_at(position, target, up, down), lamp_at(position, target, up, down)
    for part in parts:
        dimmer.move(one, part)
    dimmer.move(other, sum(parts))
    assert one == other


@settings(max_examples=300)
@given(POSITIONS, st.sampled_from(LEVELS), RATES, RATES, st.integers(0, 120_000))
def test_move__is_exact(position: int, target: int, up: int, down: int, ms: int):
    """After so many ms the lamp is so many times the rate on its way, or there; never beyond."""
    lamp = lamp_at(position, target, up, down)
    aim = dimmer.position_of(target)
    expected = min(aim, position + up * ms) if aim >= position else max(aim, position - down * ms)
    dimmer.move(lamp, ms)
    assert lamp[row.POSITION] == expected


@pytest.mark.parametrize("ramp_ms", [200, 1999, 2000, 10_000, 120_000])
def test_ramp__takes_the_time_that_is_set(ramp_ms: int):
    """From dark to full a ramp takes its time, at most one part in a thousand longer: rates are whole numbers."""
    lamp = lamp_at(0, 1000, dimmer.rate_of(ramp_ms), 1)
    dimmer.move(lamp, ramp_ms - 1)
    assert lamp[row.POSITION] < dimmer.FULL
    dimmer.move(lamp, 1 + ramp_ms // 49 + 1)
    assert lamp[row.POSITION] == dimmer.FULL


def test_aim__at_the_same_target_changes_nothing():
    """Aiming again at where the lamp already goes neither restarts nor jumps the ramp."""
    lamp = lamp_at(0, 800, 3000, 600)
    dimmer.move(lamp, 500)
    before = list(lamp)
    dimmer.aim(lamp, 800, 3000, 600)
    assert lamp == before
