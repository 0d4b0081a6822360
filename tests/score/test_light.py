"""Light and energy in closed form are the sums over every ms, to the unit."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lykta.corehost import dimmer
from lykta.score import Outage
from lykta.score.energy import Plant, power_uw
from lykta.score.intervals import ints, keys
from lykta.score.light import POSITIONS, Light, level_of
from lykta.score.sums import Sums
from tests.score.world import FIXTURE, levels, row

BEGIN, END = 137, 20_000


def drawn(seed: int, lamps: int = 2) -> tuple[object, list[list[int]]]:
    """LEVELS of some lamps with interrupted ramps, and the level of each at every ms, moved by the core's dimmer itself."""
    random = Random(seed)
    steps = [
        sorted((random.randrange(0, END), random.choice((0, 3, 200, 500, 703, 1000)), random.choice((0, 3, 4))) for _ in range(7))
        for _ in range(lamps)
    ]
    up, down, start = random.choice((3000, 2999, 700)), random.choice((600, 313, 30_000)), random.choice((0, 500, 1000))
    every = []
    for own in steps:
        moving = [0] * 200
        dimmer.aim(moving, start, up, down)
        dimmer.move(moving, 10**7)
        found, lit = [], False
        for t in range(END):
            for t_ms, level, _ in own:
                if t_ms == t:
                    dimmer.aim(moving, level, up, down)
                    lit = True
            found.append(dimmer.level_of(moving[dimmer.POSITION]) if lit else 0)
            dimmer.move(moving, 1)
        every.append(found)
    return levels(lamps, steps, up, down, start), every


def test_level_of__is_the_level_of_the_core():
    """The array form gives the core's level at every position of the knots and around the lowest position of every level."""
    positions = sorted({p for at in POSITIONS.tolist() for p in (at - 1, at, at + 1) if 0 <= p <= dimmer.FULL})
    assert [dimmer.level_of(position) for position in positions] == level_of(ints(positions)).tolist()
    assert list(range(1001)) == level_of(POSITIONS).tolist()


@settings(max_examples=15)
@given(st.integers(0, 10**9))
def test_light__in_closed_form_is_the_sum_over_every_ms_to_the_unit(seed):
    """Level, light and energy at and up to every ms are those of a lamp moved ms by ms, output cap included."""
    table, every = drawn(seed)
    cap = ints([1000, 640])
    light = Light(table, cap, BEGIN, END)
    power = power_uw(FIXTURE)
    weights = np.stack((np.arange(1001), np.minimum(np.arange(1001), 640), power, power[np.minimum(np.arange(1001), 640)]))
    of_light, of_energy = Sums(light, weights, ints([0, 1])), Sums(light, weights, ints([2, 3]))
    for lamp in range(2):
        expected = np.minimum(every[lamp][BEGIN:], cap[lamp])
        t = np.arange(BEGIN, END)
        assert (expected == light.level(keys(np.full(len(t), lamp), t))).all()
        ends = keys(np.full(len(t) + 1, lamp), np.arange(BEGIN, END + 1))
        first = np.full(len(ends), ends[0])
        assert (np.concatenate(([0], np.cumsum(expected))) == of_light.between(first, ends)).all()
        assert (np.concatenate(([0], np.cumsum(power[expected]))) == of_energy.between(first, ends)).all()
    assert [int(np.minimum(every[0][BEGIN:], 1000).sum()), int(np.minimum(every[1][BEGIN:], 640).sum())] == of_light.by_lamp().tolist()
    assert min(min(every[0][BEGIN:]), min(every[1][BEGIN:])) == light.lowest()


@settings(max_examples=15)
@given(st.integers(0, 10**9), st.sampled_from((1, 480, 500, 640, 641, 980, 1000)))
def test_below__is_every_ms_at_which_the_level_is_less(seed, level):
    """The set of moments below a level, to the ms."""
    table, every = drawn(seed)
    cap = ints([1000, 640])
    below = Light(table, cap, BEGIN, END).below(level)
    for lamp in range(2):
        found = np.zeros(END, dtype=bool)
        own = below.group == lamp
        for begin, end in zip(below.begin_ms[own], below.end_ms[own], strict=True):
            found[begin:end] = True
        assert ((np.minimum(every[lamp], cap[lamp]) < level)[BEGIN:] == found[BEGIN:]).all()


def test_outage__gives_no_light_and_the_ramp_goes_on_behind_it():
    """A dead lamp has level 0 while it is dead; afterwards it is as bright as its node made it meanwhile."""
    table, every = drawn(4)
    light = Light(table, ints([1000, 1000]), BEGIN, END, [Outage(1, 3000, 9000)])
    t = np.arange(BEGIN, END)
    expected = np.where((t >= 3000) & (t < 9000), 0, every[1][BEGIN:])
    assert (expected == light.level(keys(np.full(len(t), 1), t))).all()
    assert light.dead().ms.tolist() == [6000]


@pytest.mark.parametrize(("level", "watts"), [(0, 0.3), (1, 1), (250, 5.25), (500, 9), (625, 11.5), (1000, 20)])
def test_power__is_linear_between_the_points_of_the_table_and_standby_when_off(level, watts):
    """Power at the points of the fixture's table, between them, and off."""
    assert power_uw(FIXTURE)[level] == round(watts * 1_000_000)


def test_power__stays_at_the_output_cap():
    """A fixture capped at 64 % draws no more than at 64 %."""
    capped = power_uw(replace(FIXTURE, trim_permille=640))
    assert (capped[640:] == power_uw(FIXTURE)[640]).all()
    assert Plant.of(row(2)).cap.tolist() == [1000, 1000]
