"""Finds what is near in the plane: points and segments sorted into square cells, so that a city needs seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, floor, hypot, pi

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class PointGrid:
    """Points in cells of a given size [m]."""

    def __init__(self, x: Floats, y: Floats, cell_m: float) -> None:
        self.x, self.y, self.cell_m = x, y, cell_m
        cells: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        columns = np.floor(x / cell_m).astype(np.int64).tolist()
        rows = np.floor(y / cell_m).astype(np.int64).tolist()
        for number, cell in enumerate(zip(columns, rows, strict=True)):
            cells[cell].append(number)
        self._cells = dict(cells)

    def near(self, x: float, y: float, radius_m: float) -> tuple[NDArray[np.int64], Floats]:
        """The points within a radius (at most the size of a cell), and how far they are."""
        column, row = floor(x / self.cell_m), floor(y / self.cell_m)
        found = [
            number
            for across in (column - 1, column, column + 1)
            for up in (row - 1, row, row + 1)
            for number in self._cells.get((across, up), ())
        ]
        numbers = np.array(found, dtype=np.int64)
        away = np.hypot(self.x[numbers] - x, self.y[numbers] - y)
        inside = away <= radius_m
        return numbers[inside], away[inside]


@dataclass(frozen=True)
class Foot:
    """Where a place meets a line: how far it is, the line, the length along it, the point, the direction of the line there."""

    away_m: float
    line: int
    chainage_m: float
    x: float
    y: float
    direction: float


class SegmentGrid:
    """Segments of lines in cells; each segment knows its line and where on it it begins."""

    def __init__(self, lines: Sequence[tuple[Floats, Floats]], cell_m: float) -> None:
        self.cell_m = cell_m
        empty = np.empty(0)
        self.line = np.repeat(np.arange(len(lines)), [len(x) - 1 for x, _ in lines])
        self.ax = np.concatenate([x[:-1] for x, _ in lines] or [empty])
        self.ay = np.concatenate([y[:-1] for _, y in lines] or [empty])
        self.dx = np.concatenate([np.diff(x) for x, _ in lines] or [empty])
        self.dy = np.concatenate([np.diff(y) for _, y in lines] or [empty])
        self.length = np.hypot(self.dx, self.dy)
        self.start = np.concatenate([chainages(x, y)[:-1] for x, y in lines] or [empty])
        cells: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for segment in range(len(self.line)):
            for cell in self._touched(segment):
                cells[cell].append(segment)
        self._cells = dict(cells)

    def _touched(self, segment: int) -> set[tuple[int, int]]:
        """The cells that a segment runs through, with some to spare."""
        steps = int(self.length[segment] / (self.cell_m / 2)) + 1
        share = np.linspace(0.0, 1.0, steps + 1)
        columns = np.floor((self.ax[segment] + share * self.dx[segment]) / self.cell_m).astype(int).tolist()
        rows = np.floor((self.ay[segment] + share * self.dy[segment]) / self.cell_m).astype(int).tolist()
        return set(zip(columns, rows, strict=True))

    def feet(self, x: float, y: float, radius_m: float) -> list[Foot]:
        """The nearest foot on every line within a radius (at most half a cell), nearest first."""
        column, row = floor(x / self.cell_m), floor(y / self.cell_m)
        around = [(across, up) for across in (column - 1, column, column + 1) for up in (row - 1, row, row + 1)]
        near = sorted({segment for cell in around for segment in self._cells.get(cell, ())})
        if not near:
            return []
        at = np.array(near)
        squared = np.maximum(self.length[at] ** 2, 1e-12)
        share = np.clip(((x - self.ax[at]) * self.dx[at] + (y - self.ay[at]) * self.dy[at]) / squared, 0.0, 1.0)
        fx, fy = self.ax[at] + share * self.dx[at], self.ay[at] + share * self.dy[at]
        away = np.hypot(fx - x, fy - y)
        found: dict[int, Foot] = {}
        for index in np.argsort(away, kind="stable").tolist():
            line = int(self.line[at[index]])
            if away[index] > radius_m:
                break
            if line not in found:
                segment = at[index]
                direction = atan2(self.dy[segment], self.dx[segment]) % pi
                chainage = float(self.start[segment] + share[index] * self.length[segment])
                found[line] = Foot(float(away[index]), line, chainage, float(fx[index]), float(fy[index]), direction)
        return list(found.values())


def chainages(x: Floats, y: Floats) -> Floats:
    """The length along a line up to each of its points."""
    return np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))


def relative_neighbours(x: Floats, y: Floats, reach_m: float) -> list[tuple[int, int, float]]:
    """Pairs of near points with no third one nearer to both (the relative neighbourhood graph), with their distance.

    It follows rows of lamps without short cuts between them, and leaves no point alone that has one within reach.
    """
    grid = PointGrid(x, y, reach_m)
    pairs: list[tuple[int, int, float]] = []
    for i in range(len(x)):
        near, away = grid.near(float(x[i]), float(y[i]), reach_m)
        for j, length in zip(near.tolist(), away.tolist(), strict=True):
            if j <= i:
                continue
            from_j = np.hypot(x[near] - x[j], y[near] - y[j])
            if not bool(np.any(np.maximum(away, from_j) < length)):
                pairs.append((i, j, hypot(x[i] - x[j], y[i] - y[j])))
    return pairs
