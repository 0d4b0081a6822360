"""How sure a figure over several nights is: one night is one replicate, shares are ratios of sums.

    nights                               rows of additive quantities, one for each night (`score.tally`)
    interval(nights, saving)             95 % of a bootstrap over nights
    paired(ours, theirs, saving)         the difference of two schemes in the same nights, drawn together
    clopper_pearson(0, 30_000)           what "0 of 30,000" leaves open

Source: B. Efron, Bootstrap methods: another look at the jackknife, 1979 (percentiles); C. Clopper and E. Pearson, 1934.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: A figure of sums: takes quantities along the last axis, gives one number for each of the other axes.
Figure = Callable[[Floats], Floats]

CONFIDENCE = 0.95
#: Fewer nights than these say nothing about how nights differ.
LEAST_NIGHTS = 3
_DRAWS = 4000
_SEED = 1


@dataclass(frozen=True)
class Interval:
    """A figure with the ends of its interval; these are None where there are too few nights, or the figure cannot be said in some draw."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def significant(self) -> bool:
        """Whether 0 lies outside, for a difference."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@cache
def _draws(nights: int) -> Floats:
    """How often each night is in each draw: the same for every scheme, so that differences are paired."""
    chosen = np.random.default_rng(_SEED).integers(0, nights, (_DRAWS, nights))
    return np.apply_along_axis(np.bincount, 1, chosen, minlength=nights).astype(np.float64)


def drawn(nights: Floats) -> Floats:
    """Sums over nights drawn with replacement: (draws, quantities) of (nights, quantities)."""
    return np.asarray(_draws(len(nights)) @ nights)


def interval(nights: Floats, figure: Figure) -> Interval:
    """A figure over all nights, with 95 % of a bootstrap over nights."""
    return _interval(len(nights), figure(nights.sum(axis=0)), lambda: figure(drawn(nights)))


def intervals(nights: Floats, figures: Sequence[Figure]) -> list[Interval]:
    """Many figures at once, each as `interval` has it: the nights are drawn once for all of them."""
    sums = nights.sum(axis=0)
    draws = drawn(nights) if len(nights) >= LEAST_NIGHTS else sums
    return [_interval(len(nights), figure(sums), partial(figure, draws)) for figure in figures]


def paired_all(one: Floats, other: Floats, figures: Sequence[Figure]) -> list[Interval]:
    """Many differences at once, each as `paired` has it. ValueError where the nights are not as many."""
    if len(one) != len(other):
        raise ValueError(f"{len(one)} nights cannot be paired with {len(other)}")
    enough = len(one) >= LEAST_NIGHTS
    mine, theirs = (drawn(nights) if enough else nights for nights in (one, other))
    sums = one.sum(axis=0), other.sum(axis=0)
    return [_interval(len(one), figure(sums[0]) - figure(sums[1]), partial(_difference, figure, mine, theirs)) for figure in figures]


def _difference(figure: Figure, one: Floats, other: Floats) -> Floats:
    return np.asarray(figure(one) - figure(other))


def paired(one: Floats, other: Floats, figure: Figure) -> Interval:
    """How much a figure of one scheme exceeds that of another in the same nights. ValueError where the nights are not as many."""
    if len(one) != len(other):
        raise ValueError(f"{len(one)} nights cannot be paired with {len(other)}")
    value = figure(one.sum(axis=0)) - figure(other.sum(axis=0))
    return _interval(len(one), value, lambda: figure(drawn(one)) - figure(drawn(other)))


def _interval(nights: int, value: Floats, draws: Callable[[], Floats]) -> Interval:
    if not np.isfinite(value):
        return Interval(None)
    if nights < LEAST_NIGHTS:
        return Interval(float(value))
    found = draws()
    if not np.isfinite(found).all():
        return Interval(float(value))
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(found, (tail, 100 - tail))
    return Interval(float(value), float(low), float(high))


def clopper_pearson(found: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact interval of a share of which `found` of `of` were seen. ValueError unless 0 <= found <= of and of > 0."""
    if not 0 <= found <= of or of <= 0:
        raise ValueError(f"{found} of {of} is no share")
    tail = (1 - confidence) / 2
    low = 0.0 if found == 0 else _root(lambda share: tail - (1 - _at_most(found - 1, of, share)))
    high = 1.0 if found == of else _root(lambda share: _at_most(found, of, share) - tail)
    return low, high


@cache
def _log_factorials(of: int) -> Floats:
    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, of + 1)))))


def _at_most(found: int, of: int, share: float) -> float:
    """The chance of at most `found` of `of`."""
    if share <= 0 or share >= 1:
        return float(share <= 0 or found >= of)
    ways = _log_factorials(of)
    k = np.arange(found + 1)
    chance = ways[of] - ways[k] - ways[of - k] + k * np.log(share) + (of - k) * np.log1p(-share)
    return float(np.exp(chance).sum())


def _root(falls: Callable[[float], float]) -> float:
    """Where a function that falls from above 0 to below it, between 0 and 1, is 0."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) > 0 else (low, middle)
    return low
