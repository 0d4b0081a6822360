"""Chance keyed by what it is about."""

from __future__ import annotations

import numpy as np
import pytest

from lykta.traffic.keyed import below, exponential, happens, keys, mixed, normal, poisson, stream

MANY = np.arange(200_000)


def test_keys__do_not_depend_on_what_else_is_asked() -> None:
    """The draw of one user is the same alone, among others, and in another order."""
    together = keys(stream(7, "a"), MANY[:100])
    assert keys(stream(7, "a"), 42).tolist() == [together[42]]
    assert keys(stream(7, "a"), MANY[:100][::-1]).tolist() == together[::-1].tolist()


def test_keys__differ_by_seed_stream_and_subject() -> None:
    """No two of a hundred thousand keys are equal, nor do neighbouring seeds or streams share any."""
    drawn = [keys(stream(seed, name), MANY[:25_000]) for seed in (1, 2) for name in ("a", "b")]
    assert len(np.unique(np.concatenate(drawn))) == 100_000


def test_keys__are_the_same_on_every_machine() -> None:
    """SplitMix64's first output for seed 0 (as published), and draws as they always were: only integers decide."""
    assert mixed(np.array([0x9E3779B97F4A7C15], dtype=np.uint64)).tolist() == [0xE220A8397B1DCDAF]
    assert keys(stream(7, "arrivals"), 0, 5).tolist() == [11176050999226614965]
    assert normal(keys(stream(1, "n"), MANY[:5]), 140, 25).tolist() == [167, 143, 179, 169, 149]
    assert exponential(keys(stream(1, "n"), MANY[:5]), 120_000).tolist() == [238927, 96097, 337255, 254900, 123858]


def test_below__is_uniform() -> None:
    """Each of ten values comes up about as often as the others."""
    found = np.bincount(below(keys(stream(3, "u"), MANY), 10), minlength=10)
    assert len(found) == 10
    assert abs(found - 20_000).max() < 500


def test_happens__has_its_chance() -> None:
    """37 of a thousand, give or take."""
    assert happens(keys(stream(3, "h"), MANY), 37).mean() == pytest.approx(0.037, abs=0.001)
    assert not happens(keys(stream(3, "h"), MANY), 0).any()
    assert happens(keys(stream(3, "h"), MANY), 1000).all()


def test_normal__has_mean_and_deviation() -> None:
    """The moments of a normal law, and no value beyond four deviations."""
    drawn = normal(keys(stream(5, "n"), MANY), 1000, 100)
    assert drawn.mean() == pytest.approx(1000, abs=1)
    assert drawn.std() == pytest.approx(100, abs=1)
    assert 600 <= drawn.min() <= drawn.max() <= 1400


def test_exponential__has_its_mean_and_tail() -> None:
    """The mean, and e^-3 of the draws beyond three times the mean."""
    drawn = exponential(keys(stream(5, "e"), MANY), 120_000)
    assert drawn.mean() == pytest.approx(120_000, rel=0.01)
    assert (drawn > 360_000).mean() == pytest.approx(0.0498, abs=0.002)


@pytest.mark.parametrize("mean", [0.0, 0.2, 7.0, 60.0, 900.0])
def test_poisson__has_mean_and_variance_alike(mean: float) -> None:
    """Small means from a table, large ones as sums of small ones."""
    drawn = poisson(keys(stream(5, "p"), MANY[:20_000]), mean)
    assert drawn.mean() == pytest.approx(mean, rel=0.02)
    assert drawn.var() == pytest.approx(mean, rel=0.04)
