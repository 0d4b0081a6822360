"""Finds places for the names of lamps on a map: beside the lamp, away from its ways, and not over another name or lamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import atan2, cos, pi, sin, tau

_WIDTH, _HEIGHT = 5.4, 9.0  # of a letter of a name, in units of the drawing
_TURNS = (0.0, 0.6, -0.6, 1.2, -1.2, 1.9, -1.9, pi)


@dataclass(frozen=True)
class Spot:
    """What wants a name: where it is on the drawing, how far off the name must stay, where its links lead."""

    name: str
    x: float
    y: float
    off: float
    towards: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Label:
    """A placed name: the base point of the text and the end of it that is there ("start", "middle", "end")."""

    x: float
    y: float
    anchor: str


def place(spots: Sequence[Spot]) -> Mapping[str, Label]:
    """A label for every spot; of eight directions the first that is free, else the best-looking one."""
    taken = [(spot.x - 4, spot.y - 4, spot.x + 4, spot.y + 4) for spot in spots]
    labels: dict[str, Label] = {}
    for spot in spots:
        best = _free_angle(spot)
        tries = [_label(spot, best + turn) for turn in _TURNS]
        label = next((label for label in tries if not _overlaps(_box(label, spot.name), taken)), tries[0])
        taken.append(_box(label, spot.name))
        labels[spot.name] = label
    return labels


def _free_angle(spot: Spot) -> float:
    """The direction in which most room is left between the links; y points down on the drawing."""
    turns = sorted(atan2(spot.y - y, x - spot.x) % tau for x, y in spot.towards)
    if not turns:
        return pi / 2
    gaps = [((later - turn) % tau or tau, turn) for turn, later in zip(turns, [*turns[1:], turns[0]], strict=True)]
    widest = max(gap for gap, _ in gaps)
    # Of gaps about as wide, the one that looks upwards: names then stay on one side of a straight way.
    gap, turn = max((gap for gap in gaps if gap[0] > widest - 0.3), key=lambda gap: sin(gap[1] + gap[0] / 2))
    return turn + gap / 2


def _label(spot: Spot, angle: float) -> Label:
    x, y = spot.x + spot.off * cos(angle), spot.y - spot.off * sin(angle) + 3 - 3 * sin(angle)
    return Label(x, y, "start" if cos(angle) > 0.4 else "end" if cos(angle) < -0.4 else "middle")


def _box(label: Label, name: str) -> tuple[float, float, float, float]:
    width = _WIDTH * len(name)
    left = label.x - {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    return left, label.y - _HEIGHT, left + width, label.y


def _overlaps(box: tuple[float, float, float, float], taken: Sequence[tuple[float, float, float, float]]) -> bool:
    return any(box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in taken)
