"""Intervals and pairs: what many nights allow to say."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lykta.score.statistics import clopper_pearson, interval, intervals, paired, paired_all


def ratio(sums: np.ndarray) -> np.ndarray:
    """The first quantity per second."""
    return np.asarray(sums[..., 0] / sums[..., 1])


def nights(seed: int, count: int = 40) -> np.ndarray:
    """Nights with a share of about one half, of different weight."""
    random = np.random.default_rng(seed)
    whole = random.uniform(1, 3, count)
    return np.stack((whole * random.normal(0.5, 0.05, count), whole), axis=1)


def test_interval__is_of_the_ratio_of_sums_and_holds_it():
    """Not the mean of ratios; the bounds lie on both sides, about two standard errors away."""
    found = nights(1)
    one = interval(found, ratio)
    assert one.value == pytest.approx(found[:, 0].sum() / found[:, 1].sum())
    assert one.low is not None and one.high is not None
    assert one.low < one.value < one.high
    assert one.high - one.low == pytest.approx(4 * 0.05 / 40**0.5, rel=0.35)


def test_interval__covers_the_truth_about_as_often_as_it_says():
    """Of 200 samples of 40 nights about 95 % of the intervals hold the mean that they were drawn from."""
    found = [interval(nights(seed), ratio) for seed in range(200)]
    assert 0.89 <= np.mean([one.low <= 0.5 <= one.high for one in found]) <= 0.99  # type: ignore[operator]


def test_paired__tells_a_small_difference_that_single_intervals_hide():
    """Two schemes 1 point apart in every night: their intervals overlap, their difference is certain."""
    one = nights(2)
    other = one.copy()
    other[:, 0] += 0.01 * other[:, 1]
    first, second, apart = interval(one, ratio), interval(other, ratio), paired(other, one, ratio)
    assert second.low is not None and first.high is not None
    assert second.low < first.high
    assert apart.significant
    assert (apart.value, apart.low, apart.high) == (pytest.approx(0.01),) * 3


def test_paired__of_the_same_scheme_is_not_significant():
    """Nothing is found where there is nothing."""
    assert not paired(nights(3), nights(3), ratio).significant


def test_paired__wants_the_same_nights():
    """As many on both sides."""
    with pytest.raises(ValueError, match="40 nights cannot be paired with 39"):
        paired(nights(1), nights(1, 39), ratio)


@pytest.mark.parametrize("count", [1, 2])
def test_interval__of_too_few_nights_has_no_ends(count: int):
    """One night is one sample."""
    one = interval(nights(1, count), ratio)
    assert (one.low, one.high, one.significant) == (None, None, False)
    assert one.value is not None


def test_interval__of_what_cannot_be_said_has_no_value():
    """0 of 0."""
    assert interval(np.zeros((5, 2)), lambda sums: np.full(sums.shape[:-1], np.nan)).value is None


def test_clopper_pearson__of_nobody_in_many_leaves_little_open():
    """0 of n: the upper end is 1 - (alpha / 2) ** (1 / n); all of n mirrors it."""
    assert clopper_pearson(0, 30_000) == (0.0, pytest.approx(1 - 0.025 ** (1 / 30_000)))
    assert clopper_pearson(30, 30) == (pytest.approx(0.025 ** (1 / 30)), 1.0)


@given(st.integers(1, 40), st.data())
def test_clopper_pearson__ends_have_the_tails_they_promise(of: int, data: st.DataObject):
    """At the lower end as many or more have a chance of 2.5 %, at the upper end as few or fewer."""
    found = data.draw(st.integers(0, of))
    low, high = clopper_pearson(found, of)

    def chance(share: float, counts: range) -> float:
        return sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in counts)

    if found:
        assert chance(low, range(found, of + 1)) == pytest.approx(0.025, rel=1e-6)
    if found < of:
        assert chance(high, range(found + 1)) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize(("found", "of"), [(-1, 3), (4, 3), (0, 0)])
def test_clopper_pearson__refuses_what_is_no_share(found: int, of: int):
    """More than all, fewer than none, of nothing."""
    with pytest.raises(ValueError, match="is no share"):
        clopper_pearson(found, of)


def test_many_figures__are_those_one_by_one():
    """Drawn once for all of them, intervals and differences are to the last bit those of each alone."""
    random = np.random.default_rng(7)
    ours, theirs = random.uniform(1, 2, (5, 4)), random.uniform(1, 2, (5, 4))
    figures = [lambda sums: sums[..., 0] / sums[..., 1], lambda sums: sums[..., 2] - sums[..., 3]]
    assert intervals(ours, figures) == [interval(ours, figure) for figure in figures]
    assert paired_all(ours, theirs, figures) == [paired(ours, theirs, figure) for figure in figures]
    assert intervals(ours[:2], figures) == [interval(ours[:2], figure) for figure in figures]
    with pytest.raises(ValueError, match="5 nights cannot be paired with 4"):
        paired_all(ours, theirs[:4], figures)
