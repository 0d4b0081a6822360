"""Chance that depends on what it is about, never on the order in which it is asked.

Every draw is a 64-bit hash (the finaliser of SplitMix64: Steele, Lea and Flood, OOPSLA 2014) of a seed, the name of
a stream and whatever the draw is about: a user, a sensor and a pass, an hour. So two schemes meet the same people and
the same misses, and a whole array of draws costs a few vector operations. Only integers decide: normal and
exponential values come from tables in millionths, so that one seed gives one result on any machine.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Keys = NDArray[np.uint64]
Ints = NDArray[np.int64]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_STEP = np.uint64(_GOLDEN)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
_MILLION = 1_000_000
_TABLE_BITS = 12  # quantile tables have 2**12 intervals
_CHUNK = 16.0  # a Poisson mean above this is drawn as a sum of smaller ones


def mixed(values: Keys) -> Keys:
    """Scramble 64-bit integers (a bijection): the finaliser of SplitMix64."""
    values = (values ^ (values >> _S30)) * _MIX_1
    values = (values ^ (values >> _S27)) * _MIX_2
    return values ^ (values >> _S31)


def stream(seed: int, name: str) -> Keys:
    """The key, an array of one, of a named stream of a seed (any Python integer)."""
    number = seed & _MASK
    for byte in name.encode():
        number = (number * 0x100000001B3 ^ byte) & _MASK
    return mixed(np.array([number], dtype=np.uint64) + _STEP)


def keys(parent: Keys, *about: ArrayLike) -> Keys:
    """Keys of draws below a parent key: hash of the parent and of each further number; shapes broadcast."""
    for number in about:
        parent = mixed((parent ^ np.asarray(number).astype(np.int64).view(np.uint64)) + _STEP)
    return parent


def below(key: Keys, limit: ArrayLike) -> Ints:
    """Uniform integers 0..limit-1, limit below 2**31; the bias is below 2**-32."""
    product = (key >> _S32) * np.asarray(limit, dtype=np.uint64)
    return (product >> _S32).astype(np.int64)


def happens(key: Keys, permille: ArrayLike) -> NDArray[np.bool_]:
    """True with a chance given in permille."""
    return below(key, _MILLION) < np.asarray(permille) * 1000


@lru_cache
def _normal_table() -> Ints:
    steps = 1 << _TABLE_BITS
    law = NormalDist()
    places = [(0.25 if k == 0 else steps - 0.25 if k == steps else k) / steps for k in range(steps + 1)]
    return np.array([round(law.inv_cdf(place) * _MILLION) for place in places], dtype=np.int64)


@lru_cache
def _exponential_table() -> Ints:
    steps = 1 << _TABLE_BITS
    values = [-math.log1p(-min(k, steps - 0.25) / steps) for k in range(steps + 1)]
    return np.array([round(value * _MILLION) for value in values], dtype=np.int64)


def _from_table(key: Keys, table: Ints) -> Ints:
    """The inverse of a distribution, linear between the entries of its table, in millionths."""
    place = key >> np.uint64(64 - _TABLE_BITS - 20)
    index = (place >> np.uint64(20)).astype(np.int64)
    part = (place & np.uint64((1 << 20) - 1)).astype(np.int64)
    low: Ints = table[index]
    rise: Ints = (table[index + 1] - low) * part >> 20
    return low + rise


def normal(key: Keys, mean: ArrayLike, deviation: ArrayLike) -> Ints:
    """Normally distributed integers, within 3.8 standard deviations."""
    spread: Ints = _from_table(key, _normal_table()) * np.asarray(deviation)
    return np.asarray(mean) + (spread + _MILLION // 2) // _MILLION


def exponential(key: Keys, mean: ArrayLike) -> Ints:
    """Exponentially distributed integers, at most 9.7 times the mean."""
    scaled: Ints = _from_table(key, _exponential_table()) * np.asarray(mean)
    return (scaled + _MILLION // 2) // _MILLION


@lru_cache(maxsize=512)
def _poisson_limits(mean_millionths: int) -> Keys:
    """The distribution function of a Poisson law with a mean of at most 16, in units of 2**-63, computed in decimals."""
    with localcontext() as context:
        context.prec = 40
        mean = Decimal(mean_millionths) / _MILLION
        term = (-mean).exp()
        total, limits, count = Decimal(0), [], 0
        while count < 100:
            total += term
            limits.append(min(int(total * 2**63), 2**63))
            count += 1
            term = term * mean / count
    return np.array(limits, dtype=np.uint64)


def poisson(key: Keys, mean: float) -> Ints:
    """Counts with a Poisson law, one for each key; the mean is taken to a millionth."""
    parts = max(1, math.ceil(mean / _CHUNK))
    limits = _poisson_limits(round(mean / parts * _MILLION))
    count = np.zeros(key.shape, dtype=np.int64)
    for part in range(parts):
        count += np.searchsorted(limits, keys(key, part) >> np.uint64(1), side="right")
    return count
