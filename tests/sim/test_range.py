"""How far a frame carries: what lies beyond the range of the radio is reached over posts in between."""

from __future__ import annotations

from lykta.scenarios import Wish, assemble, fit
from lykta.sim.night import hops_between
from lykta.sim.radio import REAL, arrival


def test_hops__are_the_straight_line_in_steps_of_the_range():
    """Posts 22 m apart: the next one hears directly; the fifth, 110 m away, over three posts of a radio that carries 50 m."""
    plan, _ = fit(assemble(Wish("kungsholms_strand")))
    assert [hops_between(plan, 10, 11, 5_000), hops_between(plan, 10, 15, 5_000), hops_between(plan, 10, 15, 20_000)] == [1, 3, 1]


def test_arrival__over_posts_in_between_takes_longer():
    """Each hop costs at least the delay of one."""
    link = REAL.row(3)
    for number in range(50):
        near, far = arrival(link, 1, number, 2, 1, 0), arrival(link, 1, number, 2, 3, 0)
        assert far == -1 or far >= near + 2 * REAL.delay_ms
