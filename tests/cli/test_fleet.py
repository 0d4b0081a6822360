"""`lykta fleet` as a person runs it: what it shows, what it says when something is missing, its exit status."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from lykta.cli import fleet_options
from lykta.cli.fleet_view import View
from lykta.errors import InputError
from lykta.fleet import commands, topics
from lykta.fleet.acts import Act, note
from lykta.fleet.clock import FILE, StreetClock, clock_of, now_of
from lykta.fleet.database import Batch, Database
from lykta.fleet.model import Command, Event
from lykta.fleet.people import Person
from lykta.fleet.proposal import Conformity
from lykta.fleet.proposals import Proposals
from lykta.node.street import load_street
from lykta.profiles import load_profile, text_of
from tests.fleet.post import NIGHT, Scene, event, name, topic, until
from tests.fleet.test_database import row

Run = Callable[..., tuple[int, str, str]]
SITE = "kungsholms_strand"


def network(folder: Path) -> Database:
    """The database of a network in the folder."""
    (folder / f"{SITE}.network").mkdir()
    return Database.open(folder / f"{SITE}.network" / "fleet.sqlite")


# --- the table in the terminal ----------------------------------------------------------------------------------------


def drawn(folder: Path, width: int, height: int, lamps: int = 34) -> list[str]:
    """What `watch` shows of a street in which something has happened."""

    async def work() -> str:
        scene = Scene(folder)
        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            for number in range(1, 31):
                scene.state(f"K{number:02}")
            scene.broker.publish(topic("K31", topics.STATE), b'{"v":1,"online":false}', retain=True)
            scene.telemetry("K05", level=730, energy_mwh=3700)
            scene.telemetry("K07", faults=("radar", "memory"))
            scene.broker.publish(topic("K07", topics.EVENT), event(detail="x" * 120))
            await until(lambda: fleet.tally.messages == 34 and scene.broker.kept("record") == 0)
            view = View(fleet, fleet.street.lamps[:lamps], height)
            view.events.append(Event(name("K07"), NIGHT, NIGHT, "fault", "radar", "x" * 120, 3))
            console = Console(width=width, height=height, color_system=None, force_terminal=True)
            with console.capture() as capture:
                console.print(view)
            return capture.get()

    return asyncio.run(work()).rstrip("\n").split("\n")


@pytest.mark.parametrize(("width", "columns"), [(80, 2), (200, 5), (40, 1)])
def test_watch__fits_its_terminal(tmp_path: Path, width: int, columns: int):
    """No line is longer, no more lines than there are; the lamps stand side by side."""
    lines = drawn(tmp_path, width, 50)
    assert max(map(len, lines)) <= width
    assert len(lines) <= 50
    assert sum(lamp in lines[1] for lamp in ("K01", "K08", "K15", "K18", "K22", "K29")) == columns


def test_watch__shows_level_power_faults_and_who_is_away(tmp_path: Path):
    """A bar, its percent, watts; what is wrong in words."""
    lines = drawn(tmp_path, 80, 40)
    shown = {lamp: next(line[at : at + 38] for line in lines if (at := line.find(lamp)) >= 0) for lamp in ("K05", "K07", "K31", "K34")}
    assert "███████▎    73%  15 W now" in shown["K05"]
    assert "stuck-sensor" in shown["K07"]
    assert "offline" in shown["K31"]
    assert "not heard yet" in shown["K34"]
    assert "30 of 34 online" in lines[0]
    assert any("radar" in line and "K07" in line and line.startswith("23:00:00") for line in lines)


def test_watch__in_a_low_terminal_shows_first_what_needs_somebody(tmp_path: Path):
    """And says how many more there are."""
    lines = drawn(tmp_path, 80, 14)
    assert len(lines) <= 14
    assert "K07" in lines[1]
    assert "K31" in lines[2]
    assert any("24 more lamps are well" in line for line in lines)


# --- without a broker -------------------------------------------------------------------------------------------------


def test_fleet__without_a_network_says_how_to_make_one(here: Path, lykta: Run):
    """Every command of it."""
    for words in (
        ("status", SITE),
        ("events", SITE),
        ("alarms", SITE),
        ("simulate", SITE),
        ("restart", SITE, "--lamp", "K05", "--why", "test"),
    ):
        status, _, errors = lykta("fleet", *words)
        assert (status, "lykta broker run kungsholms_strand" in errors) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("override", SITE), "--until 03:00"),
        (("override", SITE, "--until", "03:00"), "say why"),
        (("override", SITE, "--until", "late", "--why", "x"), "no time"),
        (("override", SITE, "--until", "03:00", "--level", "30", "--why", "x"), "30 %"),
        (("restart", SITE, "--why", "x"), "say which lamps"),
        (("window", SITE), "say why"),
        (("emergency", SITE, "--until", "soon"), "no time"),
        (("approve", SITE), "NUMBER"),
    ],
)
def test_command__that_lacks_something_says_what(here: Path, lykta: Run, words: tuple[str, ...], said: str):
    """Before anything is sent, or a broker is asked for."""
    network(here).close()
    status, _, errors = lykta("fleet", *words)
    assert (status, said in errors) == (2, True)


def test_events_and_alarms_and_commands__come_from_the_history(here: Path, lykta: Run):
    """Filtered by kind and lamp; times on the clocks of the site."""
    database = network(here)
    now = int(dt.datetime.now(dt.UTC).timestamp())
    about = {"at": NIGHT, "received": now, "boot": 1, "count": 2}
    rows = [(1, "fault", "radar", "K05"), (2, "security", "stranger", "K06")]
    database.write(
        Batch(
            events=[{**about, "node": name(lamp), "number": n, "kind": kind, "what": what, "detail": ""} for n, kind, what, lamp in rows],
            opened=[{"node": name("K05"), "kind": "lamp-out", "opened": NIGHT, "closed": None, "detail": "dark"}],
        )
    )
    commands.note(database, [Command(now, "anna", "accident", name("K05"), "override", 7, "at least 100 %")])
    _, said, _ = lykta("fleet", "events", SITE, "--kind", "fault")
    assert said.split() == ["2026-12-14", "23:00:00", name("K05"), "fault", "radar", "(2", "times)"]
    _, said, _ = lykta("fleet", "events", SITE, "--lamp", "K06", "--json")
    assert json.loads(said)["kind"] == "security"
    _, said, _ = lykta("fleet", "alarms", SITE)
    assert said.split() == ["2026-12-14", "23:00:00", name("K05"), "lamp-out", "open", "dark"]
    _, said, _ = lykta("fleet", "commands", SITE, "--each")
    assert ("anna" in said, "[not sent]" in said, '"accident"' in said) == (True, True, True)


def test_events_and_alarms__say_when_nobody_keeps_a_history(here: Path, lykta: Run):
    """No alarm in a record that nobody writes is no good news; nor in one that has not been written for half an hour."""
    database = network(here)
    for words in (("events", SITE), ("alarms", SITE)):
        status, _, errors = lykta("fleet", *words)
        assert (status, "nobody has written it yet: `lykta fleet record" in errors) == (0, True)
    now = int(dt.datetime.now(dt.UTC).timestamp())
    late, new = ({**row(name(lamp), NIGHT), "received": now - ago} for lamp, ago in (("K05", 3600), ("K06", 60)))
    database.write(Batch(telemetry=[late]))
    assert "nobody has written it since" in lykta("fleet", "alarms", SITE)[2]
    database.write(Batch(telemetry=[new]))
    assert lykta("fleet", "alarms", SITE)[1:] == ("No alarm is open.\n", "")


def test_record__says_who_did_what_and_how_it_was_before(here: Path, lykta: Run):
    """A name that only a word stands for has a mark; nothing done is said."""
    database = network(here)
    now = int(dt.datetime.now(dt.UTC).timestamp())
    assert "Nothing was done" in lykta("fleet", "commands", SITE)[1]
    act = Act(now, "anna", "word", "override", "34 lamps", "none", "at least 100 % until 03:00", "accident")
    commands.note(database, [Command(now, "anna", "accident", name("K05"), "override", 7, act.after, now + 60)], act)
    note(database, Act(now + 1, "bertil", "certificate", "approve", "proposal 3", "open", "approved"))
    newest, oldest = lykta("fleet", "commands", SITE)[1].splitlines()
    assert newest.split("  ", 1)[1] == "bertil     approve   proposal 3: open -> approved"
    assert oldest.split("  ", 1)[1] == 'anna*      override  34 lamps: none -> at least 100 % until 03:00  "accident"'
    told = [json.loads(line) for line in lykta("fleet", "commands", SITE, "--json")[1].splitlines()]
    assert [(one["who"], one["proof"], one["before"]) for one in told] == [("bertil", "certificate", "open"), ("anna", "word", "none")]
    assert lykta("fleet", "export", SITE, "--out", "out")[0] == 0
    assert pq.read_table(here / "out" / "acts.parquet")["who"].to_pylist() == ["anna", "bertil"]


def test_proposals__are_listed_and_shown(here: Path, lykta: Run):
    """What would change, who proposed it, how certain that is, and what can be done next."""
    database = network(here)
    assert lykta("fleet", "proposals", SITE)[1] == "Nothing was ever proposed.\n"
    street = load_street(SITE)
    winter = replace(street, profile=load_profile(changed(here)))
    board = Proposals(database, street, now=lambda: NIGHT)
    board.propose(winter, Person("anna"), "longer nights", ["K05"], Conformity(False, "service 98 % of 99.9 % asked for"))
    listed = lykta("fleet", "proposals", SITE)[1]
    assert listed.split() == [
        "1", "2026-12-14", "23:00:00", "anna", "open:", "winter,", "1", "difference,", "1", "lamps", '"longer', 'nights"',
    ]  # fmt: skip
    shown = lykta("fleet", "proposals", SITE, "1")[1]
    for words in (
        'proposed by anna (by word only): "longer nights"',
        "BREAKS the requirement: service 98 % of 99.9 % asked for",
        "1 difference from Kungsholms strand, the profile that the site names:",
        "path, all phases: idle 50 % -> 40 %",
        "files of nodes that become others: program of 1, table of 1, adjacent of 1",
    ):
        assert words in shown
    status, _, errors = lykta("fleet", "proposals", SITE, "2")
    assert (status, "there is none of this number" in errors) == (2, True)


def changed(folder: Path) -> Path:
    """A profile of Kungsholms strand that rests lower."""
    text = text_of(load_street(SITE).profile).replace("idle: 50 %", "idle: 40 %").replace("name: Kungsholms strand", "name: winter")
    (folder / "winter.yaml").write_text(text, encoding="utf-8")
    return folder / "winter.yaml"


def test_emergency__has_a_spare_database_where_its_own_is_broken(here: Path):
    """Light does not wait for a database to be mended; it is said where the record went."""
    network(here).close()
    (here / f"{SITE}.network" / "fleet.sqlite").write_bytes(b"no database" * 1000)
    asked, said = fleet_options.Asked(SITE, None, None, "", ""), list[str]()
    spare = fleet_options._spare(asked, said.append)
    assert Path(str(spare.database)).parent == here
    assert "What is ordered now is written into" in said[0]
    spare.open().close()
    assert fleet_options._spare(spare, said.append) == spare


def test_place_of_a_person__has_the_history_of_its_network(here: Path):
    """Not one of its own, in which nobody else would find a proposal; one that was handed on must be told where that is."""
    folder = here / f"{SITE}.network"
    place = folder / "people" / "anna-1"
    place.mkdir(parents=True)
    (place / "access.json").write_text("{}", encoding="utf-8")
    asked = fleet_options.Asked(SITE, place, None, "", "")
    with pytest.raises(InputError, match="not the network's history"):
        asked.must_share()
    (folder / "network.json").write_text("{}", encoding="utf-8")
    assert asked.home == folder
    asked.must_share()


def test_export__says_in_every_file_what_its_columns_are(here: Path, lykta: Run):
    """Names of nodes instead of numbers; only what lies in the time."""
    database = network(here)
    database.write(Batch(telemetry=[row(name("K05"), NIGHT), row(name("K06"), NIGHT + 86_400)]))
    status, _, _ = lykta("fleet", "export", SITE, "--from", "2026-12-14", "--to", "2026-12-15", "--out", "out")
    assert status == 0
    table = pq.read_table(here / "out" / "telemetry.parquet")
    assert table["node"].to_pylist() == [name("K05")]
    assert table.schema.field("level").metadata == {b"meaning": b"mean of the luminous flux [permille of the design flux]"}
    for path in (here / "out").iterdir():
        schema = pq.read_schema(path)
        assert [field.name for field in schema if not (field.metadata or {}).get(b"meaning")] == []


def test_broker_that_does_not_answer_yet__is_waited_for_aloud(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Terminals are opened in any order; a broker that is there needs no words."""

    class Waiting:
        async def wait_connected(self) -> None:
            for _ in range(3):
                await asyncio.sleep(0)

    asyncio.run(fleet_options._connected(Waiting()))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(fleet_options, "_SOON_S", 0)
    asyncio.run(fleet_options._connected(Waiting()))
    assert capsys.readouterr().err == "The broker does not answer yet: waiting for it.\n"


# --- times ------------------------------------------------------------------------------------------------------------


def test_until__is_the_next_such_time_on_the_clocks_of_the_site():
    """Over midnight, and over the change to winter time."""
    evening = dt.datetime(2026, 10, 24, 20, tzinfo=dt.UTC)
    assert fleet_options.moment_of("21:30", "Europe/Stockholm", evening) == dt.datetime(2026, 10, 25, 20, 30, tzinfo=dt.UTC)
    assert fleet_options.moment_of("06:00", "Europe/Stockholm", evening) == dt.datetime(2026, 10, 25, 5, tzinfo=dt.UTC)
    assert fleet_options.moment_of("2026-10-25 01:00", "Europe/Stockholm", evening) == dt.datetime(2026, 10, 24, 23, tzinfo=dt.UTC)


def test_until__with_an_offset_of_its_own_is_what_it_says():
    """Whoever names other clocks than those of the site means them."""
    evening = dt.datetime(2026, 12, 13, 20, tzinfo=dt.UTC)
    for text in ("2026-12-14T02:00Z", "2026-12-14 02:00+00:00", "2026-12-13 21:00-05:00", "2026-12-14 03:00"):
        assert dt.datetime(2026, 12, 14, 2, tzinfo=dt.UTC) == fleet_options.moment_of(text, "Europe/Stockholm", evening)


def test_clock__of_a_simulated_street_is_everybodys(tmp_path: Path):
    """Whoever uses its network, or a place of its people, takes its time; a file that is none changes nothing."""
    place = tmp_path / "people" / "viewer-1"
    place.mkdir(parents=True)
    clock = StreetClock(100.0, NIGHT, 60.0)
    clock.write(tmp_path)
    assert clock_of(place) == clock
    assert now_of(tmp_path)() > NIGHT
    (tmp_path / FILE).write_text("[]")
    assert clock_of(place) is None


def test_clock__of_a_street_that_was_killed_is_nobodys(tmp_path: Path):
    """Its process could not take the file away."""
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    StreetClock(100.0, NIGHT, 60.0, int(gone.stdout)).write(tmp_path)
    assert clock_of(tmp_path) is None
