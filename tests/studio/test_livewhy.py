"""Why a real lamp has its level: what was planned, and which rule explains what its node told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lykta.fleet.model import Command, NodeState
from lykta.node.street import Street, load_street
from lykta.studio.live import groups
from lykta.studio.liveorders import Orders
from lykta.studio.livepicture import picture
from lykta.studio.livewhy import FAULT, OFF, ORDER, PHASE, PRESENCE, Planned, planned, rule
from lykta.studio.livewords import Tells
from lykta.studio.words import Words
from tests.cli import street as small

NIGHT, NOON = (dt.datetime(2026, 12, day, hour, tzinfo=ZoneInfo("Europe/Stockholm")).timestamp() for day, hour in ((14, 23), (15, 12)))
DIM = Planned("night", 400, 1000, 0)


@pytest.fixture
def street(folder: Path) -> Street:
    """Six posts, dimmed to 40 %."""
    small.write(folder)
    return load_street("site.yaml")


def told(level: int, detections: int = 0, faults: tuple[str, ...] = ()) -> NodeState:
    """What a node told last."""
    return NodeState("s.A", "A", online=True, level=level, detections=detections, faults=faults)


def test_plan__is_that_of_the_hour(street: Street):
    """Idle and presence at night; nothing by day."""
    assert (planned(street, "A", NIGHT), planned(street, "A", NOON)) == (DIM, Planned("", 0, 0, 0))


@pytest.mark.parametrize(
    ("state", "plan", "ordered", "expected"),
    [
        (told(400), DIM, None, PHASE),
        (told(620, detections=3), DIM, None, PRESENCE),
        (told(620), DIM, None, PRESENCE),  # its neighbours saw somebody
        (told(1000), DIM, 1000, ORDER),
        (told(1000), Planned("", 0, 0, 0), 1000, ORDER),
        (told(1000, faults=("radar",)), DIM, 1000, FAULT),
        (told(400, faults=("memory",)), DIM, None, PHASE),  # told of, and the light is as ever
        (told(0), Planned("", 0, 0, 0), None, OFF),
    ],
)
def test_rule__is_the_strongest_that_explains_the_level(state: NodeState, plan: Planned, ordered: int | None, expected: str):
    """Fault before order before presence before phase."""
    assert rule(state, plan, ordered) == expected


def test_orders_of_one_person_for_one_reason__are_one():
    """The largest first; another reason is another order."""
    given = [
        Command(1, "anna", why, f"s.{lamp}", "override", 7, "at least 80 % until 03:00", 99)
        for lamp, why in zip("ABC", ("x", "y", "y"), strict=True)
    ]
    assert [[one.node for one in group] for group in groups({one.node: one for one in given})] == [["s.B", "s.C"], ["s.A"]]
    assert Orders.level_of(given[0]) == 800


def test_picture__has_a_bar_for_each_report_of_the_day_and_a_mark_for_a_fault():
    """Older ones are left out; a gap stays empty."""
    reports = [
        {"begin": NIGHT - ago - 900, "until": NIGHT - ago, "level": 500, "detections": 2, "faults": faults}
        for ago, faults in ((90_000, ""), (3600, "radar"), (0, ""))
    ]
    drawn = picture(reports, NIGHT, Tells(Words(), "Europe/Stockholm"), "a day")
    assert (drawn.count("<rect"), drawn.count("l4,7h-8z")) == (2, 1)


def test_times__have_a_date_only_where_it_is_not_clear():
    """In Swedish as in English; how long ago in the largest unit that tells something."""
    tells = Tells(Words("sv"), "Europe/Stockholm")
    assert (tells.moment(NIGHT + 7200, NIGHT), tells.moment(NIGHT - 2 * 86_400, NIGHT)) == ("01:00", "12 dec. 2026 23:00")
    assert [tells.ago(age) for age in (None, 2, 90, 600, 9000, 300_000)] == [
        "aldrig", "nyss", "för 90 s sedan", "för 10 min sedan", "för 2 h sedan", "för 3 dagar sedan",
    ]  # fmt: skip
