"""The radio between the posts: delay, losses in bursts, repeats, relays. Every draw is a hash, so all engines meet the same.

A receiver is deaf in bursts: one in each cycle, so long on average and so often that the share of lost frames comes out
as asked. Repeats of a frame a few hundred ms later are what gets through a burst.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Positions in the row of parameters that the kernel is handed.
LOSSY = 0
DELAY = 1  # ms from one post to the next, at the least
JITTER = 2  # ms more, at the most
BURST = 3  # mean length of a burst [ms]
CYCLE = 4  # one burst in so many ms [ms]; 0: none
COPIES = 5
SPACING = 6  # ms between two copies of a frame
SEED = 7
RANGE = 8  # farther than this along the straight line, frames are relayed [cm]

#: A list of integers, or an array of them where it is compiled.
Row = Any

HEARTBEAT_MS = 60_000
_APART = 7_919  # ms between the heartbeats of two neighbours: they do not all come at once

#: -1000 ln((k + 1/2) / 64): lengths of bursts are exponential.
_LOGARITHM = (
    4852, 3753, 3243, 2906, 2655, 2454, 2287, 2144, 2019, 1908, 1807, 1716, 1633, 1556, 1485, 1418, 1355, 1297, 1241, 1189,
    1139, 1091, 1046, 1002, 960, 920, 882, 845, 809, 774, 741, 708, 677, 647, 617, 589, 561, 534, 508, 482, 457, 433, 409,
    386, 363, 341, 320, 298, 278, 257, 237, 218, 199, 180, 161, 143, 125, 107, 90, 73, 56, 40, 24, 8,
)  # fmt: skip


@dataclass(frozen=True)
class Radio:
    """A radio between posts. The default is ideal: every frame reaches everybody in the table after 20 ms."""

    delay_ms: int = 20
    jitter_ms: int = 0
    loss: float = 0.0  # share of frames lost at a receiver
    burst_ms: int = 300
    copies: int = 1
    spacing_ms: int = 100
    range_cm: int = 20_000  # farther than this along the straight line, frames are relayed

    def row(self, seed: int) -> list[int]:
        """The parameters as the kernel takes them."""
        cycle = round(self.burst_ms / self.loss) if self.loss > 0 else 0
        lossy = int(self.loss > 0 or self.jitter_ms > 0)
        return [lossy, self.delay_ms, self.jitter_ms, self.burst_ms, cycle, self.copies, self.spacing_ms, seed & 0x7FFFFFFF, self.range_cm]


#: "Real" of `definitions.md`, section 4: 10 % of frames lost per receiver in bursts of 300 ms; copies as a node sends them.
REAL = Radio(delay_ms=10, jitter_ms=20, loss=0.1, burst_ms=300, copies=5, spacing_ms=100)
IDEAL = Radio()


def draw(seed: int, a: int, b: int, c: int, d: int) -> int:
    """A hash of five integers, 0 to 2^32 - 1, the same in Python and compiled."""
    return _mix(_mix(_mix(_mix(seed & 0xFFFFFFFF, a), b), c), d)


def _mix(value: int, word: int) -> int:
    value = (value * 31 + word) & 0xFFFFFFFF
    # The factor is small enough that no product exceeds 2^63: compiled integers have 64 bits.
    value = ((value >> 16) ^ value) * 0x45D9F3B & 0xFFFFFFFF
    value = ((value >> 16) ^ value) * 0x45D9F3B & 0xFFFFFFFF
    return (value >> 16) ^ value


def deaf(link: Row, receiver: int, t: int) -> bool:
    """Whether a receiver is in a burst of losses at time `t`."""
    cycle = link[CYCLE]
    if cycle == 0:
        return False
    number = t // cycle
    for slot in range(number - 1, number + 1):
        begins = slot * cycle + draw(link[SEED], receiver, slot, 1, 0) % cycle
        length = link[BURST] * _LOGARITHM[draw(link[SEED], receiver, slot, 2, 0) % 64] // 1000
        if begins <= t < begins + length:
            return True
    return False


def arrival(link: Row, sender: int, number: int, receiver: int, hops: int, t: int) -> int:
    """When frame `number` of a sender first reaches a receiver `hops` posts away by radio; -1 if no copy does."""
    for hop in range(hops):
        # A relay is another receiver with bursts of its own.
        ear = receiver + hop * 1_000_003
        through = -1
        for copy in range(link[COPIES]):
            late = draw(link[SEED], sender, number, copy, ear) % (link[JITTER] + 1)
            arrives = t + link[DELAY] + late + copy * link[SPACING]
            if not deaf(link, ear, arrives):
                through = arrives
                break
        if through < 0:
            return -1
        t = through
    return t


def last_heartbeat(link: Row, sender: int, receiver: int, t: int, window_ms: int) -> int:
    """How long ago [ms] the last heartbeat of a sender that got through came in, within a window; -1 if none did."""
    ago = (t - sender * _APART) % HEARTBEAT_MS
    while ago < window_ms:
        if not deaf(link, receiver, t - ago):
            return ago
        ago += HEARTBEAT_MS
    return -1
