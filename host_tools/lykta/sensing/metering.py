"""The twin of a BL0942, the energy meter between a post's mains and its lamp: what it answers when the node asks.

Asked with 58 AA it sends 23 bytes, little-endian (data sheet): 55, current (3), voltage (3), fast current (3), power (3), pulses (3),
frequency (2), 00, status, 00 00, and the inverted sum of 58 and all before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from lykta.sensing.wire import flux_of

ASK = b"\x58\xaa"
BAUD = 4_800
#: From the question to the last byte of the answer [ms]: 23 bytes of 10 bits at 4800 baud, and a little.
ANSWER_MS = 55
#: What a common module counts for 10 W; a board's file may say otherwise.
COUNTS_FOR_10_W = 5_960
_PULSE = 1638.4 * 256  # counts of power times seconds
_VOLTAGE, _FREQUENCY = 3_450_000, 20_000  # 230 V and 50 Hz on that module


class Meter:
    """One meter. `curve`: pairs (duty, flux) of the lamp's driver, `power`: pairs (flux, mW), both as the board's file has them."""

    def __init__(self, curve: Sequence[Sequence[int]], power: Sequence[Sequence[int]], begin_ms: int, counts_for_10_w: int) -> None:
        self._curve = curve
        self._power = power
        self._counts = counts_for_10_w
        self._duty = 65_535  # the output idles at full
        self._since = begin_ms
        self._energy = 0.0  # counts of power times seconds

    def change(self, t_ms: int, duty: int) -> None:
        """The duty of the lamp's output changes."""
        self._energy += self._taken() * (t_ms - self._since) / 1_000
        self._since = t_ms
        self._duty = duty

    def answer(self, t_ms: int, out: bool) -> bytes:
        """What it sends when it is asked at a time; `out`: the lamp does not light, whatever its driver is told."""
        self.change(t_ms, self._duty)
        taken = round(self._of(self._power[0][1]) if out else self._taken())
        current = taken * 2
        parts = ((0x55, 1), (current, 3), (_VOLTAGE, 3), (current, 3), (taken, 3), (int(self._energy / _PULSE) & 0xFFFFFF, 3))
        packet = b"".join(value.to_bytes(size, "little") for value, size in (*parts, (_FREQUENCY, 2), (0, 4)))
        return packet + bytes((~(ASK[0] + sum(packet)) & 255,))

    def _taken(self) -> float:
        """Counts of the power that the lamp takes now."""
        flux = flux_of(self._curve, self._duty)
        for (low, below), (high, above) in pairwise(self._power):
            if flux <= high:
                return self._of(below + (above - below) * (flux - low) / (high - low))
        return self._of(self._power[-1][1])

    def _of(self, milliwatts: float) -> float:
        return milliwatts * self._counts / 10_000
