"""Proposed sensors, and how they get into a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lykta.document import Document
from lykta.errors import InputError
from lykta.site import load, loader, packaged, sensors_plan
from lykta.site.model import Link, Point, Site
from tests.site.streets import lamp, row, street


def equipped(site: Site) -> list[str]:
    """The lamps with sensors."""
    return [one.id for one in site.lamps if one.sensors]


def with_entrances(site: Site) -> Site:
    """The first and the last lamp as entrances."""
    ends = (site.lamps[0], site.lamps[-1])
    return replace(site, lamps=tuple(replace(one, entrance=one in ends) for one in site.lamps), entrances=tuple(one.id for one in ends))


@pytest.mark.parametrize(
    ("choice", "expected"), [("entrances", ["L0", "L6"]), ("every-2nd", ["L0", "L2", "L4", "L6"]), ("all", [f"L{n}" for n in range(7)])]
)
def test_propose__equips_what_the_choice_says(choice: str, expected: list[str]):
    """Seven lamps between two entrances."""
    assert equipped(sensors_plan.propose(with_entrances(row(7)), choice)) == expected


def test_every_2nd__counts_in_every_piece():
    """A street without an entrance is counted from its first lamp."""
    links = [Link("A", "B", 2500, "path"), Link("C", "D", 2500, "path")]
    site = street([lamp(name, 25.0 * number) for number, name in enumerate("ABCD")], links)
    assert equipped(sensors_plan.propose(site, "every-2nd")) == ["A", "C"]


def test_propose__leaves_what_is_there_and_what_is_not_adaptive():
    """A lamp that may not be dimmed, or that nobody can reach, gets no sensor."""
    site = row(4)
    lamps = (*site.lamps[:3], replace(site.lamps[3], adaptive=False), lamp("alone", 500))
    proposed = sensors_plan.propose(replace(site, lamps=lamps), "all")
    assert equipped(proposed) == ["L0", "L1", "L2"]
    assert sensors_plan.propose(load("valla_torg"), "entrances").lamps[0] == load("valla_torg").lamps[0]


def test_propose__gives_streets_radars_that_face_the_longest_way():
    """On ways of cars an LD2451 along the street, elsewhere a PIR."""
    links = [Link("A", "B", 3000, "street"), Link("B", "end", 4000, "street"), Link("B", "P", 2000, "path")]
    site = street([lamp("A", 0), lamp("B", 30), lamp("P", 30, 20)], links, [Point("end", 7000, 0)])
    told = [[(one.kind, one.facing) for one in each.sensors] for each in sensors_plan.propose(site, "all").lamps]
    assert told == [[("ld2451", "B")], [("ld2451", "end")], [("pir", "")]]


@pytest.mark.parametrize("name", packaged())
def test_write_into__changes_nothing_but_the_sensors(name: str):
    """Comments and order stay; what is read back is what was proposed."""
    text = loader.find(name).read_text(encoding="utf-8")
    bare = text.replace(", sensors: [pir]", "").replace(", sensors: [pir, ld2410]", "")
    before = loader.read(Document.read(bare, "site.yaml"), Path())
    after = sensors_plan.propose(before, "all")
    written = sensors_plan.write_into(bare, before, after)
    assert [line for line in written.split("\n") if line.startswith(("#", "  #"))] == [
        line for line in text.split("\n") if line.startswith(("#", "  #"))
    ]
    back = loader.read(Document.read(written, "site.yaml"), Path())
    assert [one.sensors for one in back.lamps] == [one.sensors for one in after.lamps]


def test_write_into__a_block_gets_a_line_of_its_own():
    """Lamps written one key a line are understood too; in braces over several lines they are not, and it is said."""
    text = """\
name: Block
place: {lat: 59.3, lon: 18.0, timezone: Europe/Stockholm}
zones: [path]
fixtures: {post: park_20w}
ways:
  - {id: main, kind: path}
lamps:
  - id: A
    at: [0 m, 0 m]
    zone: path
    fixture: post
  - {id: B, at: [20 m, 0 m], zone: path, fixture: post} # the old one
links:
  - {from: A, to: B, way: main}
"""
    before = loader.read(Document.read(text, "site.yaml"), Path())
    written = sensors_plan.write_into(text, before, sensors_plan.propose(before, "all"))
    assert "  - id: A\n    sensors: [pir]\n    at: [0 m, 0 m]" in written
    assert "{id: B, at: [20 m, 0 m], zone: path, fixture: post, sensors: [pir]} # the old one" in written
    spread = text.replace("{id: B, at: [20 m, 0 m],", "{id: B,\n    at: [20 m, 0 m],")
    before = loader.read(Document.read(spread, "site.yaml"), Path())
    with pytest.raises(InputError, match="put it in one line first"):
        sensors_plan.write_into(spread, before, sensors_plan.propose(before, "all"))
