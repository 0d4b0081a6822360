"""The history of a fleet: whole batches or none, each row once, errors that say what to do."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lykta.errors import InputError
from lykta.fleet import history, schema
from lykta.fleet.database import Batch, Database, Full, Gone, url_of
from lykta.fleet.model import Alarm
from tests.fleet.post import NIGHT


def row(node: str = "s.K01", until: int = NIGHT, **told: Any) -> dict[str, Any]:
    """A row of telemetry."""
    about = {"level": 500, "energy_mwh": 2600, "estimated": True, "detections": 1, "faults": "", "heap": 1, "block": 1, "dropped": 0}
    more = {"refused": 0, "boot": 1, "doubt": False, "received": until}
    return {"node": node, "until": until, "begin": until - 900, **about, **more, **told}


def count(database: Database, table: str) -> int:
    """How many rows a table has."""
    (found,) = database.rows(text(f"select count(*) from {table}"))
    return int(found[0])


def test_programs__that_open_a_new_one_at_once_all_have_it(tmp_path: Path):
    """A broker's three terminals are opened together: whoever is second finds the tables made, and makes none."""
    begin = threading.Barrier(6)

    def opened(_: int) -> dict[int, str]:
        begin.wait()
        return Database.open(tmp_path / "a.sqlite", "street").names()

    with ThreadPoolExecutor(6) as programs:
        assert list(programs.map(opened, range(6))) == [{}] * 6


def test_batch__written_twice_is_there_once(tmp_path: Path):
    """A broker may deliver twice."""
    database = Database.open(tmp_path / "a.sqlite")
    batch = Batch(
        telemetry=[row(), row("s.K02")], opened=[{"node": "s.K01", "kind": "lamp-out", "opened": 1, "closed": None, "detail": ""}]
    )
    database.write(batch)
    database.write(batch)
    assert [count(database, table) for table in ("telemetry", "alarms", "nodes")] == [2, 1, 2]


def test_batch__that_cannot_be_written_leaves_nothing(tmp_path: Path):
    """All of a batch, or nothing of it, the numbers of new nodes included."""
    database = Database.open(tmp_path / "a.sqlite")
    with pytest.raises(Gone):
        database.write(Batch(telemetry=[row("s.K09"), row("s.K02", level=None)]))
    assert [count(database, table) for table in ("telemetry", "nodes")] == [0, 0]
    database.write(Batch(telemetry=[row("s.K02")]))
    assert database.names() == {1: "s.K02"}


def test_alarm__closed_may_be_opened_again(tmp_path: Path):
    """One open alarm of a kind for a node; closed ones stay."""
    database = Database.open(tmp_path / "a.sqlite")
    opened = {"node": "s.K01", "kind": "lamp-out", "closed": None, "detail": ""}
    database.write(Batch(opened=[{**opened, "opened": 10}]))
    database.write(Batch(closed=[{"node": "s.K01", "kind": "lamp-out", "closed": 20}]))
    database.write(Batch(opened=[{**opened, "opened": 30}]))
    assert [Alarm("s.K01", "lamp-out", 30, ""), Alarm("s.K01", "lamp-out", 10, "", 20)] == history.alarms(database)
    assert [Alarm("s.K01", "lamp-out", 30, "")] == history.open_alarms(database)


def test_history__older_than_wanted_is_deleted(tmp_path: Path):
    """Telemetry and events have a time each; alarms stay."""
    database = Database.open(tmp_path / "a.sqlite")
    days = [NIGHT - day * 86_400 for day in range(10)]
    about = {"node": "s.K01", "at": None, "boot": 1, "kind": "fault", "what": "radar", "count": 1, "detail": ""}
    database.write(Batch(telemetry=[row(until=day) for day in days]))
    database.write(Batch(events=[{**about, "received": day, "number": number + 1} for number, day in enumerate(days)]))
    assert database.prune(NIGHT - 4 * 86_400 - 1, NIGHT - 6 * 86_400 - 1) == 5 + 3
    assert [count(database, table) for table in ("telemetry", "events")] == [5, 7]


def test_disk_full__is_said_and_nothing_is_half_there(tmp_path: Path):
    """SQLite with a limit of pages runs into the same error as with a full disk."""
    database = Database.open(tmp_path / "a.sqlite")
    with database.using() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
    with pytest.raises(Full, match="disk of the database is full"):
        database.write(Batch(telemetry=[row(f"s.L{number}") for number in range(2000)]))
    assert count(database, "telemetry") == 0


def test_file_taken_away__is_noticed_before_anything_is_lost(tmp_path: Path):
    """SQLite would go on writing into a file that has no name any more."""
    path = tmp_path / "a.sqlite"
    database = Database.open(path)
    database.write(Batch(telemetry=[row()]))
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(Gone, match="taken away"):
        database.write(Batch(telemetry=[row("s.K02")]))
    database.write(Batch(telemetry=[row("s.K02")]))
    assert Database.open(path).names() == {1: "s.K02"}


def test_database_of_another_district__is_refused(tmp_path: Path):
    """Two districts in one file would be mixed up."""
    Database.open(tmp_path / "a.sqlite", "one").close()
    with pytest.raises(InputError, match='history of "one", not of "two"'):
        Database.open(tmp_path / "a.sqlite", "two")


def test_database_of_a_newer_lykta__is_refused(tmp_path: Path):
    """What its tables mean may have changed."""
    database = Database.open(tmp_path / "a.sqlite")
    with database.using() as connection:
        connection.execute(schema.about.update().values(value=str(schema.VERSION + 1)))
    with pytest.raises(InputError, match="newer Lykta"):
        Database.open(tmp_path / "a.sqlite")


@pytest.mark.parametrize("where", ["mysql://x/y", "nonsense://", "://"])
def test_url_of_another_kind__is_refused(where: str):
    """SQLite and PostgreSQL, no other."""
    with pytest.raises(InputError, match="no database that Lykta knows"):
        url_of(where)


def test_file_that_is_none__is_refused_with_a_sentence(tmp_path: Path):
    """Another file of that name."""
    (tmp_path / "a.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(Gone, match="Is it another file"):
        Database.open(tmp_path / "a.sqlite")


def test_password__is_never_said():
    """Messages end up in logs."""
    assert "secret" not in str(Database(url_of("postgresql://me:secret@host/name")))
    assert os.fspath("/x/y.sqlite") == str(Database(url_of("/x/y.sqlite")))
