"""Why a lamp was as bright as it was, by the history alone: what was planned, ordered, reported, and which rule explains it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lykta.errors import InputError, LyktaError
from lykta.fleet import commands
from lykta.fleet.database import Batch, Database
from lykta.fleet.model import Alarm, Command, NodeState
from lykta.fleet.past import Past, Reported, Unrecorded, past, present, rule
from lykta.node.street import Street, load_street
from lykta.studio.pasttelling import PastTeller
from lykta.studio.saying import Plain
from lykta.studio.words import Words
from tests.fleet.post import NIGHT, NOON, name
from tests.fleet.test_database import row

Run = Callable[..., tuple[int, str, str]]
LAMP = "K17"
#: In the middle of the report that ends at NIGHT.
AT = NIGHT - 400


@pytest.fixture(scope="module")
def street() -> Street:
    """Kungsholms strand."""
    return load_street("kungsholms_strand")


def reported(database: Database, **told: object) -> None:
    """A node has told of the quarter of an hour up to NIGHT."""
    database.write(Batch(telemetry=[row(name(LAMP), **told)]))  # type: ignore[arg-type]


def ordered(database: Database, ok: bool | None = True, permille: int = 1000) -> None:
    """Somebody has ordered light, and the node has answered."""
    detail = f"at least {permille / 10:g} % until 2026-12-15 03:00"
    commands.note(database, [Command(AT - 600, "anna", "accident", name(LAMP), "override", 7, detail, NIGHT + 7200)])
    if ok is not None:
        answer = {"to": "command", "number": 7, "ok": ok, "reason": "" if ok else "late"}
        database.write(Batch(answers=[{"node": name(LAMP), "received": AT - 590, **answer}]))


def told(found: Past) -> str:
    """All that is said of it."""
    return "\n".join(PastTeller(Plain(), "Europe/Stockholm").lines(found))


def node(**more: object) -> NodeState:
    """What a node told last, of the same quarter of an hour."""
    return replace(NodeState(name(LAMP), LAMP, online=True, seen=NIGHT, begin=NIGHT - 900, until=NIGHT, level=500), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [node(), node(level=620, detections=7), node(level=1000, faults=("radio",)), node(level=100)])
def test_what_a_node_told_last__is_explained_as_its_history_is(street: Street, tmp_path: Path, state: NodeState):
    """The page says of now what the command line says of then."""
    database = Database.open(tmp_path / "a.sqlite")
    reported(database, level=state.level, detections=state.detections, faults=",".join(state.faults))
    written, now = past(database, street, LAMP, NIGHT - 1, NIGHT), present(street, state, None, (), NIGHT)
    assert (now.rule, now.planned, now.at) == (written.rule, written.planned, written.at)
    assert told(now).splitlines()[:3] == told(written).splitlines()[:3]


def test_order_given_after_the_last_report__is_told_and_explains_nothing_of_it(street: Street):
    """The lamp told of its mean before anybody ordered light; alarms that are open are told."""
    order = Command(NIGHT + 60, "anna", "accident", name(LAMP), "override", 7, "at least 100 % until 03:00", NIGHT + 7200)
    alarm = Alarm(name(LAMP), "silent-node", NIGHT - 60, "")
    for at, expected in ((NIGHT + 60, "presence"), (NIGHT - 600, "override")):
        found = present(street, node(level=990), replace(order, at=at), [alarm], NIGHT + 90)
        assert found.rule == expected
        assert "anna ordered at least 100 %" in told(found)
        assert "nothing has been heard of the node" in told(found)


def test_node_that_has_told_nothing_yet__is_told_what_is_planned_for_now(street: Street):
    """No report explains a level; the plan of this hour stands there."""
    found = present(street, NodeState(name(LAMP), LAMP), None, (), NIGHT)
    assert (found.rule, found.report, found.at) == ("unknown", None, NIGHT)
    assert "phase night, 50 % when nobody comes by" in told(found)


@pytest.mark.parametrize(
    ("level", "detections", "faults", "order", "expected"),
    [
        (500, 0, "", None, "Nobody was expected: the level of the phase night held."),
        (510, 2, "", None, "Nobody was expected"),
        (620, 3, "", None, "It was above what it rests at, since somebody was expected."),
        (1000, 9, "radio", None, "It was bright to be safe: it hears no neighbour."),
        (1000, 0, "", True, "An override asked for at least 100 %: accident."),
        (800, 0, "", True, "An override asked for at least 100 %: accident."),
        (620, 3, "", False, "It was above what it rests at"),
        (100, 0, "lamp", None, "It was darker than it should have been"),
    ],
)
def test_level__is_explained_by_the_strongest_rule(
    street: Street, tmp_path: Path, level: int, detections: int, faults: str, order: bool | None, expected: str
):
    """A fault before an order, an order before presence; what a node has refused explains nothing."""
    database = Database.open(tmp_path / "a.sqlite")
    reported(database, level=level, detections=detections, faults=faults)
    if order is not None:
        ordered(database, order)
    found = past(database, street, LAMP, AT, NIGHT)
    assert told(found).startswith(expected)
    assert "phase night, 50 % when nobody comes by, 100 % for somebody" in told(found)


def test_order__is_told_with_who_when_why_and_whether_the_node_obeyed(street: Street, tmp_path: Path):
    """Before it was given, and after it ended, it explains nothing."""
    database = Database.open(tmp_path / "a.sqlite")
    reported(database, level=1000)
    ordered(database)
    said = told(past(database, street, LAMP, AT, NIGHT))
    assert "anna ordered at least 100 % at 14 Dec 2026 22:43, until 15 Dec 2026 01:00: accident." in said
    for until in (NIGHT - 900, NIGHT + 7200 + 900):
        database.write(Batch(telemetry=[row(name(LAMP), until=until)]))
    for at in (AT - 601, NIGHT + 7200):
        assert past(database, street, LAMP, at, NIGHT + 8000).order is None


def test_counts__of_a_few_are_not_told(street: Street, tmp_path: Path):
    """One detection in a quarter of an hour would be somebody's way home."""
    database = Database.open(tmp_path / "a.sqlite")
    reported(database, level=620, detections=1)
    said = told(past(database, street, LAMP, AT, NIGHT))
    assert "fewer than 5 times" in said
    assert "who came, and when, no node tells" in said
    database.write(Batch(telemetry=[row(name(LAMP), until=NIGHT + 900, detections=12)]))
    assert "saw somebody 12 times" in told(past(database, street, LAMP, NIGHT + 10, NIGHT + 900))


def test_history__that_has_nothing_says_so(street: Street, tmp_path: Path):
    """Never recorded; recorded later; no report of that time; a time to come."""
    database = Database.open(tmp_path / "a.sqlite")
    with pytest.raises(LyktaError, match=r"nothing is recorded of K17. `lykta fleet record kungsholms_strand` keeps the history"):
        past(database, street, LAMP, AT, NIGHT)
    reported(database)
    with pytest.raises(Unrecorded, match="its history begins on 2026-12-14 at 22:45") as refused:
        past(database, street, LAMP, AT - 3600, NIGHT)
    assert refused.value.began == NIGHT - 900
    with pytest.raises(InputError, match="still to come"):
        past(database, street, LAMP, NIGHT + 1, NIGHT)
    found = past(database, street, LAMP, NIGHT + 1800, NIGHT + 1800)
    assert (found.rule, found.seen) == ("unknown", NIGHT)
    assert "No report of that time is in the history" in told(found)
    assert "Last heard at 14 Dec 2026 23:00." in told(found)


def test_settings_alarms_and_absence__are_those_of_that_time(street: Street, tmp_path: Path):
    """Not those of today."""
    database = Database.open(tmp_path / "a.sqlite")
    node = name(LAMP)
    about = {"node": node, "online": True, "software": "1", "slot": "a", "tier": 1, "boots": 1, "started": None}
    database.write(
        Batch(
            states=[{**about, "since": NIGHT - 9000, "settings": 70}, {**about, "since": NIGHT + 60, "settings": 80}],
            opened=[{"node": node, "kind": "silent-node", "opened": NIGHT - 7000, "closed": None, "detail": "offline for 5 min"}],
        )
    )
    database.write(Batch(closed=[{"node": node, "kind": "silent-node", "closed": NIGHT + 30}]))
    reported(database)
    found = past(database, street, LAMP, AT, NIGHT + 100)
    assert (found.settings, found.online, [alarm.kind for alarm in found.alarms]) == (70, True, ["silent-node"])
    assert "Settings version 70; which profile that was is not recorded" in told(found)
    assert "An alarm was open since 14 Dec 2026 21:03: nothing has been heard of the node. (offline for 5 min)" in told(found)
    later = past(database, street, LAMP, NIGHT + 90, NIGHT + 100)
    assert (later.settings, later.alarms) == (80, ())


def test_day__is_off_or_burns(street: Street, tmp_path: Path):
    """A mean over the moment in which the light goes off lies between, and is no fault."""
    found = past(_lit(tmp_path), street, LAMP, NOON - 400, NOON)
    assert found.planned.phase == ""
    for level, expected in ((0, "off"), (700, "burns")):
        assert rule(found.planned, replace(_report(found), level=level), None) == expected
    lit = replace(found.planned, phase="dawn", idle=500, presence=1000)
    assert rule(found.planned, replace(_report(found), level=300), None, [lit, found.planned]) == "off"
    assert rule(lit, replace(_report(found), level=300), None, [lit, found.planned]) == "phase"


def _lit(folder: Path) -> Database:
    database = Database.open(folder / "a.sqlite")
    database.write(Batch(telemetry=[row(name(LAMP), until=NOON)]))
    return database


def _report(found: Past) -> Reported:
    assert found.report is not None
    return found.report


def test_plain_words__are_those_of_the_page(street: Street, tmp_path: Path):
    """The command line and the studio say the same in English; Swedish differs in every sentence."""
    database = Database.open(tmp_path / "a.sqlite")
    reported(database, level=620, detections=3, faults="memory")
    ordered(database, None)
    found = past(database, street, LAMP, AT, NIGHT)
    plain, english, swedish = (PastTeller(say, "Europe/Stockholm").lines(found) for say in (Plain(), Words("en"), Words("sv")))
    assert plain == english
    assert not set(plain) & set(swedish)
    moment = dt.datetime(2026, 12, 4, 3, 5, 9)
    for words in (Plain(), Words("en")):
        assert (words.number(-1234.5, 1), words.number(2, signed=True), words.number(None)) == ("−1,234.5", "+2", "–")
        assert (words.quantity("time", 90_000), words.clock(moment), words.clock(moment, True)) == ("90 s", "03:05", "03:05:09")
        assert (words.date(moment.date()), words.date(moment.date(), "medium")) == ("4 December 2026", "4 Dec 2026")
