"""Light of every lamp as an exact function of time, and its mean over any stretch: what the rasters show.

A pixel of a whole night is about a minute; a wave of light is over in less. A picture of samples would show some waves
and lose others, so every pixel is the mean over its time. Source of the ramp law: `core/dimmer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lykta.corehost import dimmer
from lykta.site.model import Site

Floats = NDArray[np.float64]

_KNOTS: Floats = np.asarray(dimmer.KNOTS, dtype=np.float64)
_AREA: Floats = np.concatenate(([0.0], np.cumsum((_KNOTS[1:] + _KNOTS[:-1]) * dimmer.SEGMENT / 2)))


def level_of(position: Floats) -> Floats:
    """Level [permille] of positions, without the rounding down of the node."""
    return np.interp(position, np.arange(_KNOTS.size) * dimmer.SEGMENT, _KNOTS)


def _area(position: Floats, cap: Floats) -> Floats:
    """The integral of level over position, from 0; above the position `cap` the level rises no more."""
    below = np.minimum(position, cap)
    knot = np.minimum(below // dimmer.SEGMENT, _KNOTS.size - 2).astype(np.int64)
    part = below - knot * dimmer.SEGMENT
    slope = (_KNOTS[knot + 1] - _KNOTS[knot]) / dimmer.SEGMENT
    return np.asarray(_AREA[knot] + part * (_KNOTS[knot] + slope * part / 2) + (position - below) * level_of(below))


def caps(site: Site) -> dict[int, int]:
    """The output caps [permille] of the lamps that have one."""
    trims = ((number, site.fixtures[lamp.fixture].trim_permille) for number, lamp in enumerate(site.lamps))
    return {number: trim for number, trim in trims if trim < 1000}


class Light:
    """The breakpoints of LEVELS of one night, by lamp. `caps`: output caps of lamps [permille] where they have one."""

    def __init__(self, levels: pa.Table, caps: Mapping[int, int] | None = None) -> None:
        self._caps = caps or {}
        lamp = levels["lamp"].to_numpy()
        self._t: Floats = levels["t_ms"].to_numpy().astype(np.float64)
        self._position: Floats = levels["position"].to_numpy().astype(np.float64)
        self._rate: Floats = np.maximum(1, levels["rate"].to_numpy()).astype(np.float64)
        targets, which = np.unique(levels["target_permille"].to_numpy(), return_inverse=True)
        positions = np.asarray([dimmer.position_of(int(target)) for target in targets], dtype=np.float64)
        self._target: Floats = positions[which] if targets.size else np.zeros(0)
        lamps, first, count = np.unique(lamp, return_index=True, return_counts=True)
        self._rows = {int(number): slice(int(f), int(f + c)) for number, f, c in zip(lamps, first, count, strict=True)}

    def lamps(self) -> list[int]:
        """The lamps that the table knows."""
        return list(self._rows)

    def mean(self, lamp: int, edges_ms: Floats) -> Floats:
        """Mean level [permille] of a lamp between each two edges [ms]; 0 before its first row and where it has none."""
        return np.asarray(self.means([lamp], edges_ms)[0])

    def means(self, lamps: Sequence[int], edges_ms: Floats) -> Floats:
        """`mean` of several lamps, a row for each: what is worked out element by element is so for all of them at once."""
        found = np.zeros((len(lamps), edges_ms.size))
        known = [(place, self._rows[lamp]) for place, lamp in enumerate(lamps) if lamp in self._rows]
        if known:
            caps = [float(dimmer.position_of(self._caps.get(lamps[place], 1000))) for place, _ in known]
            found[[place for place, _ in known]] = self._sums([rows for _, rows in known], edges_ms, caps)
        return np.asarray(np.diff(found) / np.maximum(1, np.diff(edges_ms)))

    def _sums(self, parts: Sequence[slice], at: Floats, caps: Sequence[float]) -> Floats:
        """Light from the first row of each lamp until each moment of `at` [permille ms]; `caps` are positions."""
        inner = np.concatenate([np.arange(part.start, part.stop - 1) for part in parts])
        stretches = self._stretch(
            inner, self._t[inner + 1] - self._t[inner], np.repeat(caps, [part.stop - 1 - part.start for part in parts])
        )
        before, row, first = np.zeros((len(parts), at.size)), np.zeros((len(parts), at.size), dtype=np.int64), 0
        for number, part in enumerate(parts):
            count = part.stop - part.start
            whole = np.concatenate(([0.0], np.cumsum(stretches[first : first + count - 1])))
            last = np.searchsorted(self._t[part], at, side="right") - 1
            row[number] = part.start + np.maximum(last, 0)
            before[number] = np.where(last >= 0, whole[np.maximum(last, 0)], 0.0)
            first += count - 1
        since = np.maximum(0.0, at - self._t[row])
        return before + self._stretch(row, since, np.asarray(caps)[:, None])

    def _stretch(self, row: NDArray[np.int64], ms: Floats, cap: Floats) -> Floats:
        """Light of the first `ms` after breakpoints [permille ms]: the ramp, then the plateau."""
        start, target, rate = self._position[row], self._target[row], self._rate[row]
        signed = np.where(target >= start, rate, -rate)
        ramp = np.clip(ms, 0, np.abs(target - start) / rate)
        ramped = (_area(np.clip(start + signed * ramp, 0, dimmer.FULL), cap) - _area(start, cap)) / signed
        return np.asarray(ramped + level_of(np.minimum(target, cap)) * np.maximum(0.0, ms - ramp))
