"""The class that remains: level times design values, never claimed where they are not met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lykta.errors import InputError
from lykta.profiles.en13201 import load_table, remaining


@dataclass(frozen=True)
class Design:
    """Design values of a stretch, as a site has them."""

    lighting_class: str
    average: float
    minimum: float | None = None
    uo: float | None = None
    ul: float | None = None
    fti: float | None = None


@pytest.mark.parametrize(
    ("lighting_class", "average", "level", "left"),
    [
        ("P2", 10, 1000, "P2"),
        ("P2", 10, 500, "P4"),  # figures of the lighting facts
        ("P2", 10, 200, "P6"),
        ("P4", 5, 400, "P6"),
        ("P4", 5, 200, ""),
        ("M4", 0.75, 400, "M6"),
        ("C3", 15, 500, "C5"),
        ("C3", 15, 499, ""),
        ("P2", 10, 0, ""),
        ("P4", 12, 1000, "P4"),  # brighter than designed for is no higher class
        ("P4", 4.9, 1000, "P5"),  # design values that miss their own class
    ],
)
def test_remaining__is_the_class_whose_average_is_met(lighting_class: str, average: float, level: int, left: str):
    """The average at the level decides, and no class above the design class is claimed."""
    assert remaining(Design(lighting_class, average), level).lighting_class == left


def test_remaining__counts_the_minimum_and_uniformity_where_they_are_given():
    """The minimum goes down with the level; uniformity and glare stay, and must meet the class as well."""
    path = Design("P2", 10, minimum=2)
    assert remaining(path, 500).lighting_class == "P4"
    assert remaining(replace(path, minimum=1.9), 500).lighting_class == "P5"
    street = Design("M4", 0.75, uo=0.40, ul=0.60, fti=15)
    assert remaining(street, 700).lighting_class == "M5"
    assert remaining(replace(street, uo=0.36, ul=0.45), 1000).lighting_class == "M5"
    assert remaining(replace(street, fti=18), 1000).lighting_class == "M6"
    assert remaining(replace(street, fti=25), 1000).lighting_class == ""


def test_remaining__says_the_light_and_the_lowest_class():
    """Light is printed with its unit; what falls out of the classes is told the lowest."""
    left = remaining(Design("P4", 5), 200)
    assert (left.average, left.unit, left.lighting_class, left.lowest) == (1.0, "lx", "", "P6")


def test_table__is_marked_as_not_verified():
    """Nobody has compared the packaged table with the standard, and it says so."""
    table = load_table()
    assert table.verified is False
    assert {letter: len(family.classes) for letter, family in table.families.items()} == {"M": 6, "C": 6, "P": 6}


def test_table__edited_wrongly_is_refused_with_its_line(tmp_path: Path):
    """Who edits the table is told what is wrong and where."""
    file = tmp_path / "classes.yaml"
    file.write_text("families:\n  P:\n    unit: lx\n    classes:\n      P1: {average: 5}\n      P2: {avrage: 7}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_table(file)
    assert [str(problem).partition("  ")[2] for problem in caught.value.problems] == [
        "families.P.classes.P2.average: this is missing.",
        'families.P.classes.P2.avrage: unknown key "avrage". Did you mean "average"?',
    ]
