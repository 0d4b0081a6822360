"""Columns of integers as short text: what the page unpacks into typed arrays.

A column is its differences, each as a zigzag number in bytes of seven bits (least first, the eighth bit says that more
follow), in base64. It needs no decompressor in the browser, and neighbouring times and places differ by little.
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray


def column(values: NDArray[np.integer]) -> str:
    """Pack integers of at most 32 bits."""
    wide = values.astype(np.int64)
    steps = np.diff(wide, prepend=np.int64(0))
    zigzag = ((steps << 1) ^ (steps >> 63)).astype(np.uint64)
    rows = np.zeros((zigzag.size, 5), dtype=np.uint8)
    for place in range(5):
        rows[:, place] = (zigzag >> np.uint64(7 * place)) & np.uint64(0x7F)
    lengths = np.ones(zigzag.size, dtype=np.int64)
    for place in range(1, 5):
        lengths[zigzag >= np.uint64(1 << (7 * place))] = place + 1
    places = np.arange(5)
    rows[places[None, :] < (lengths - 1)[:, None]] |= 0x80
    return base64.b64encode(rows[places[None, :] < lengths[:, None]].tobytes()).decode("ascii")


def unpack(text: str) -> NDArray[np.int64]:
    """The integers of a packed column: what the page does, for tests."""
    values, value, shift, last = [], 0, 0, 0
    for byte in base64.b64decode(text):
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            last += (value >> 1) ^ -(value & 1)
            values.append(last)
            value = shift = 0
    return np.asarray(values, dtype=np.int64)
