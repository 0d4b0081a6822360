"""When many frames arrive at once: `radio.arrival` over arrays, to the integer. For yardsticks, whose every detection is told to many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lykta.sim import radio

Ints = NDArray[np.int64]
_WORD = 0xFFFFFFFF
_FACTOR = 0x45D9F3B
_LOGARITHM = np.array(radio._LOGARITHM, dtype=np.int64)
_ANOTHER_EAR = 1_000_003


def arrivals(link: list[int], sender: Ints, number: Ints, receiver: Ints, hops: Ints, t: Ints) -> Ints:
    """When each frame first reaches its receiver; -1 if no copy does."""
    found = t.copy()
    for hop in range(int(hops.max(initial=0))):
        rows = np.flatnonzero((hops > hop) & (found >= 0))
        found[rows] = _one_hop(link, sender[rows], number[rows], receiver[rows] + hop * _ANOTHER_EAR, found[rows])
    return found


def _one_hop(link: list[int], sender: Ints, number: Ints, ear: Ints, t: Ints) -> Ints:
    through = np.full(len(t), -1, dtype=np.int64)
    waiting = np.arange(len(t))
    for copy in range(link[radio.COPIES]):
        arrives = t[waiting] + link[radio.DELAY] + copy * link[radio.SPACING]
        if link[radio.JITTER]:
            late = draws(link[radio.SEED], sender[waiting], number[waiting], np.int64(copy), ear[waiting])
            arrives += late % (link[radio.JITTER] + 1)
        lost = deaf(link, ear[waiting], arrives)
        through[waiting[~lost]] = arrives[~lost]
        waiting = waiting[lost]
    return through


def deaf(link: list[int], receiver: Ints, t: Ints) -> NDArray[np.bool_]:
    """`radio.deaf` of many receivers and times."""
    found = np.zeros(len(t), dtype=np.bool_)
    cycle = link[radio.CYCLE]
    if cycle == 0:
        return found
    for slot in (t // cycle - 1, t // cycle):
        begins = slot * cycle + draws(link[radio.SEED], receiver, slot, np.int64(1), np.int64(0)) % cycle
        length = link[radio.BURST] * _LOGARITHM[draws(link[radio.SEED], receiver, slot, np.int64(2), np.int64(0)) % 64] // 1000
        found |= (begins <= t) & (t < begins + length)
    return found


def draws(seed: int, a: Ints, b: Ints, c: Ints | np.int64, d: Ints | np.int64) -> Ints:
    """`radio.draw` of many."""
    value: Ints | np.int64 = np.int64(seed & _WORD)
    for word in (a, b, c, d):
        value = (value * 31 + word) & _WORD
        value = ((value >> 16) ^ value) * _FACTOR & _WORD
        value = ((value >> 16) ^ value) * _FACTOR & _WORD
        value = (value >> 16) ^ value
    return np.asarray(value)
