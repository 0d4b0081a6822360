"""Many arrivals at once are those of the radio, one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lykta.sim import radio
from lykta.sim.arrivals import arrivals
from lykta.sim.radio import IDEAL, REAL

LINKS = st.sampled_from([IDEAL, REAL, replace(REAL, loss=0.5), replace(REAL, jitter_ms=0), replace(IDEAL, jitter_ms=7)])
FRAMES = st.tuples(st.integers(0, 5000), st.integers(1, 10**6), st.integers(0, 5000), st.integers(1, 4), st.integers(0, 10**8))


@given(LINKS, st.integers(0, 2**31 - 1), st.lists(FRAMES, max_size=30))
def test_arrivals__are_those_of_the_radio(link: radio.Radio, seed: int, frames: list[tuple[int, int, int, int, int]]):
    """Sender, number, receiver, hops, time: with losses, jitter and relays, to the ms."""
    row = link.row(seed)
    columns = np.array(frames, dtype=np.int64).reshape(-1, 5).T
    expected = [radio.arrival(row, *frame) for frame in frames]
    assert arrivals(row, *columns).tolist() == expected
