"""Columns survive being packed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lykta.report.pack import column, unpack

INTEGERS = st.lists(st.integers(-(2**31), 2**31 - 1))


@given(INTEGERS)
def test_pack__gives_back_every_integer(values: list[int]) -> None:
    """Any 32-bit integers, in any order, also none."""
    assert unpack(column(np.asarray(values, dtype=np.int64))).tolist() == values


def test_pack__is_short_for_neighbouring_values() -> None:
    """A thousand times a minute apart take three bytes each, as text four letters."""
    assert len(column(np.arange(1000) * 60_000)) <= 4000
