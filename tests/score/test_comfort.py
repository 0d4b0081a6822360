"""Changes of target, and neighbours that differ a lot."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lykta.score.comfort import neighbours, uneven_ms
from lykta.score.energy import is_change
from lykta.score.intervals import ints, keys
from lykta.score.light import Light
from lykta.site.graph import Graph
from lykta.site.model import Link, Point
from tests.score.world import lamp, levels, row, site

END = 30_000


@settings(max_examples=40)
@given(st.integers(0, 10**9))
def test_uneven__is_the_time_in_which_levels_differ_more_than_two_to_one(seed):
    """Against every ms; rounding of levels inside a ramp may cost a few ms for each of them."""
    random = Random(seed)
    steps = [sorted((random.randrange(0, END), random.choice((0, 200, 420, 500, 1000)), 3) for _ in range(4)) for _ in range(2)]
    light = Light(levels(2, steps, start=random.choice((200, 1000))), ints([1000, 1000]), 0, END)
    t = np.arange(END)
    one, two = (light.level(keys(np.full(END, number), t)) for number in range(2))
    expected = int(((one > 2 * two) | (two > 2 * one)).sum())
    assert abs(expected - int(uneven_ms(light, ints([0]), ints([1]))[0])) <= 60


def test_neighbours__follow_each_other_along_links_without_a_lamp_between():
    """Through a junction too, but not past a lamp, nor over 100 m."""
    lamps = [lamp("A", 0), lamp("B", 30), lamp("C", 30, 30), lamp("D", 200)]
    links = [Link("A", "X", 2000, "way"), Link("X", "B", 1500, "way"), Link("X", "C", 1500, "way"), Link("B", "D", 17_000, "way")]
    low, high = neighbours(Graph(site(lamps, links, [Point("X", 2000, 0)])))
    assert list(zip(low.tolist(), high.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    low, high = neighbours(Graph(row(3)))
    assert list(zip(low.tolist(), high.tolist(), strict=True)) == [(0, 1), (1, 2)]


def test_changes__count_changes_of_target_but_not_lighting_up():
    """Rows that repeat a target are none, nor is the first light of the evening."""
    steps = [[(100, 500, 4), (200, 1000, 3), (300, 1000, 3), (400, 500, 4)], [(100, 1000, 4)]]
    light = Light(levels(2, steps), ints([1000, 1000]), 0, 1000)
    assert is_change(light).tolist() == [2, 0]
