"""Settings of a node one by one: named, checked and changed as those of a profile, in a program as it lies on the node."""

from __future__ import annotations

import datetime as dt
import struct

import pytest

from lykta.corehost import almanac, repair, schema
from lykta.errors import InputError
from lykta.node.nodesettings import NodeProgram, apply, shown, wish
from lykta.plan.program import make_program
from lykta.profiles.table import BY_KEY, value
from tests.plan.streets import packaged


@pytest.fixture
def program() -> NodeProgram:
    """That of K05, of the packaged street."""
    site, _, profile = packaged("kungsholms_strand")
    lamp = next(one for one in site.lamps if one.id == "K05")
    return NodeProgram(make_program(site, profile, lamp, dt.date(2026, 1, 1)))


def changed(program: NodeProgram, *texts: str) -> list[str]:
    """What a command says that it changed."""
    return apply(program, [wish(text, program, needs_value=True) for text in texts])


class Room:
    """What `repair.check` works in."""

    def __init__(self) -> None:
        self.row = [0] * schema.ROW


def test_change__of_one_phase_leaves_the_others(program: NodeProgram):
    """Phases that shared a row do so no longer; what is written is a program that a node need not mend."""
    assert {phase.row for phase in program.phases()} == {0}
    assert changed(program, "2.pedestrian.hold=25 s") == ["phase 2: pedestrian.hold 10 s -> 25 s"]
    holds = {phase.number: value(program.row(phase.row), "hold", 0) for phase in program.phases()}
    assert holds == {1: 10_000, 2: 25_000, 3: 10_000}
    assert almanac.usable(program.numbers)
    assert repair.check(list(program.numbers), Room()) == 0


def test_change__and_back_is_the_program_of_before(program: NodeProgram):
    """Rows that nobody needs any more are gone."""
    before = list(program.numbers)
    changed(program, "2.idle=60 %")
    assert program.numbers != before
    assert changed(program, "2.idle=50 %") == ["phase 2: idle 60 % -> 50 %"]
    assert program.numbers == before
    assert changed(program, "2.idle=50 %") == []


def test_change__of_everyone_is_that_of_each_class(program: NodeProgram):
    """`hold` without a class is everyone's, in every phase."""
    told = changed(program, "hold=20 s")
    assert len(told) == 9
    assert told[0] == "phase 1: pedestrian.hold 10 s -> 20 s"


def test_change__of_two_that_depend_on_each_other_is_judged_together(program: NodeProgram):
    """Lower presence and lower idle at once, in whatever order they are named."""
    told = changed(program, "level=40 %", "idle=30 %")
    assert "phase 1: idle 50 % -> 30 %" in told
    assert "phase 1: car.level 100 % -> 40 %" in told


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("hold", 'say to what, as in "hold=30 s".'),
        ("pedestrian.hold=20", 'pedestrian.hold  20 has no unit. Did you mean "20 s"?'),
        ("pedestrain.hold=20 s", '"pedestrain" is no class. Did you mean "pedestrian"?'),
        ("holt=20 s", 'no setting is called "holt". Did you mean "hold"?'),
        ("7.hold=20 s", "this node has the phases 1 to 3"),
        ("=20 s", 'no setting is called "".'),
        ("1.2.hold=20 s", '"2" is no class.'),
        ("idle=200 %", "200 % is above the highest, 100 %."),
        ("idle=", "idle  this is missing."),
        ("idle=[1, 2]", "a list stands where a single value is needed."),
        ("pedestrian.idle=30 %", "`idle` is one for all classes: leave out `pedestrian`."),
        ("hold=1 s", "hold of pedestrian, cyclist, car, 1 s, is shorter than ramp_up, 2 s (on the node)"),
        ("cyclist.level=20 %", "idle, 50 % (on the node), is above the presence level of cyclist, 20 %"),
        ("2.fault=60 %", "fault, 60 %, is below the presence level of pedestrian, cyclist, car, 100 % (on the node)"),
    ],
)
def test_change__is_refused_as_a_profile_refuses_it(program: NodeProgram, setting: str, message: str):
    """The words of the profile's own reader; nothing is changed."""
    before = list(program.numbers)
    with pytest.raises(InputError) as caught:
        changed(program, setting)
    assert message in str(caught.value)
    assert str(caught.value).count("\n") == 0
    assert program.numbers == before


def test_shown__is_what_differs_or_what_is_asked_for(program: NodeProgram):
    """Full names, values as people write them."""
    assert shown(program)["1.pedestrian.linger"] == "6 min"
    assert not any(name.endswith(".hold") for name in shown(program))
    asked = shown(program, [wish("2.hold", program, needs_value=False), wish("idle", program, needs_value=False)])
    assert asked == {
        "1.idle": "50 %", "2.idle": "50 %", "2.pedestrian.hold": "10 s", "2.cyclist.hold": "10 s", "2.car.hold": "10 s", "3.idle": "50 %",
    }  # fmt: skip


@pytest.mark.parametrize("key", list(BY_KEY))
def test_every_setting__can_be_set_to_what_it_is(program: NodeProgram, key: str):
    """Each row of the table is known by its key, its value read back from the words in which it is shown."""
    told = shown(program, [wish(key, program, needs_value=False)])
    for name, text in told.items():
        assert changed(program, f"{name}={text}") == []


def test_program__that_is_none_is_told_from_one():
    """What a torn file leaves."""
    with pytest.raises(InputError, match=r"is damaged\. Provision it again"):
        NodeProgram(struct.unpack("<20i", bytes(80)))
