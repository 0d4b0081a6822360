"""The lighting class of EN 13201-2 that remains at a level: the design values of the stretch, times the level.

It holds for all lamps of the stretch alike, and not during a transition. The classes are data, `data/en13201.yaml`:
they come from public sources and are marked as not verified against the standard.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lykta.document import Document, Node
from lykta.profiles.loader import DATA

FILE = DATA / "en13201.yaml"
_LIMITS = ("minimum", "uo", "ul", "fti")
_TINY = 1e-9  # so that 10 lx x 50 % counts as 5 lx


class DesignValues(Protocol):
    """Design values of a stretch at full level; `site.model.Design` is such."""

    @property
    def lighting_class(self) -> str: ...
    @property
    def average(self) -> float: ...
    @property
    def minimum(self) -> float | None: ...
    @property
    def uo(self) -> float | None: ...
    @property
    def ul(self) -> float | None: ...
    @property
    def fti(self) -> float | None: ...


@dataclass(frozen=True)
class LightingClass:
    """A class and what it asks for; None where it asks for nothing."""

    name: str
    average: float
    minimum: float | None
    uo: float | None
    ul: float | None
    fti: float | None


@dataclass(frozen=True)
class Family:
    """A family of classes, the most demanding first."""

    unit: str
    classes: tuple[LightingClass, ...]


@dataclass(frozen=True)
class Table:
    """The classes by the letter of their family; whether anybody has compared them with the standard."""

    verified: bool
    families: dict[str, Family]


@dataclass(frozen=True)
class Remaining:
    """What remains at a level: average light, its unit, and the class ("" below the lowest, which is then named)."""

    average: float
    unit: str
    lighting_class: str
    lowest: str


def remaining(design: DesignValues, level_permille: int, table: Table | None = None) -> Remaining:
    """The class that remains when all lamps of a stretch stand at a level; never above the class it was designed for."""
    family = (table or load_table()).families[design.lighting_class[:1]]
    average = design.average * level_permille / 1000
    names = [entry.name for entry in family.classes]
    first = names.index(design.lighting_class) if design.lighting_class in names else 0
    met = [entry.name for entry in family.classes[first:] if _meets(design, level_permille, entry)]
    return Remaining(average, family.unit, met[0] if met else "", names[-1])


def _meets(design: DesignValues, level_permille: int, wanted: LightingClass) -> bool:
    """Whether the light at a level meets a class. Dimming all lamps alike leaves uniformity and glare as they are."""
    share = level_permille / 1000
    at_least = [
        (design.average * share, wanted.average),
        (None if design.minimum is None else design.minimum * share, wanted.minimum),
        (design.uo, wanted.uo),
        (design.ul, wanted.ul),
    ]
    if any(is_so is not None and asked is not None and is_so < asked - _TINY for is_so, asked in at_least):
        return False
    return design.fti is None or wanted.fti is None or design.fti <= wanted.fti + _TINY


@functools.cache
def load_table(file: Path = FILE) -> Table:
    """The table of classes. Raises InputError where somebody edited it into something else."""
    document = Document.load(file, file.name)
    root = document.root
    root.unknown_keys(("verified", "families"))
    table = Table(root.get("verified").flag(default=False), {letter: _family(node) for letter, node in root.get("families").items()})
    document.finish()
    return table


def _family(node: Node) -> Family:
    node.unknown_keys(("unit", "classes"))
    classes = tuple(_lighting_class(name, child) for name, child in node.get("classes").items())
    for above, below in itertools.pairwise(classes):
        if below.average >= above.average:
            node.get("classes").get(below.name).problem(f"{below.name} must ask for less than {above.name}: list the most demanding first.")
    return Family(node.get("unit").text(), classes)


def _lighting_class(name: str, node: Node) -> LightingClass:
    node.unknown_keys(("average", *_LIMITS))
    limits = [node.get(key).number(lowest=0, default=None) for key in _LIMITS]
    return LightingClass(name, node.get("average").number(lowest=0), *limits)
