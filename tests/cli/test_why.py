"""`lykta why` as a person runs it: the history of a real street, a simulated night, and what it says when there is neither."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from lykta.cli import why as module
from lykta.errors import InputError
from lykta.fleet.database import Batch, Database
from lykta.sim.night import Night
from tests.fleet.post import name
from tests.fleet.test_database import row
from tests.sim.nights import lit

Run = Callable[..., tuple[int, str, str]]
SITE = "kungsholms_strand"


@pytest.fixture(scope="module")
def night() -> Night:
    """Three hours of the example, with real sensors and radio."""
    return lit("valla_torg", "quiet", 5, "auto", hours=3)


def test_history__is_asked_where_the_street_has_a_network(here: Path, lykta: Run):
    """The rule first, then what was reported, planned and set; a lamp of which nothing is recorded is no error of the program."""
    (here / f"{SITE}.network").mkdir()
    database = Database.open(here / f"{SITE}.network" / "fleet.sqlite")
    now = int(dt.datetime.now(dt.UTC).timestamp())
    database.write(Batch(telemetry=[row(name("K17"), until=now, faults="radio", level=1000)]))
    at = dt.datetime.fromtimestamp(now - 300, dt.UTC)
    _, said, _ = lykta("why", SITE, "K17", "--at", _local(at))
    first, *rest = said.splitlines()
    assert first.startswith("K17 of Kungsholms strand, zone path, at ")
    assert rest[0] == "  It was bright to be safe: it hears no neighbour."
    assert any("100 % in the mean from" in line for line in rest)
    status, _, errors = lykta("why", SITE, "K18", "--at", _local(at))
    assert (status, "nothing is recorded of K18" in errors, "lykta fleet record" in errors) == (2, True, True)
    status, _, errors = lykta("why", SITE, "K17", "--at", "soon")
    assert (status, "03:12" in errors) == (2, True)


def _local(at: dt.datetime) -> str:
    return f"{at.astimezone(ZoneInfo('Europe/Stockholm')):%Y-%m-%d %H:%M:%S}"


def test_history_and_simulation__are_not_mixed(here: Path, lykta: Run):
    """What was, or what would be."""
    status, _, errors = lykta("why", SITE, "K17", "--at", "03:12", "--network", "x", "--seed", "3")
    assert (status, "give options of one of them" in errors) == (2, True)


@pytest.mark.slow
def test_simulated_night__is_told_with_tracks_and_detections(night: Night, monkeypatch: pytest.MonkeyPatch, lykta: Run):
    """In the words of the studio: rule, track, detection, who it was in truth, and the changes around."""
    levels = night.levels
    rows = [at for at in range(levels.num_rows) if levels["cause"][at].as_py() == 3 and levels["target_permille"][at].as_py() == 1000]
    number, t_ms = levels["lamp"][rows[0]].as_py(), levels["t_ms"][rows[0]].as_py()
    lamp = night.plan.site.lamps[number].id
    monkeypatch.setattr(module, "_night", lambda *words: (night, number))
    moment = dt.datetime.fromtimestamp((night.plan.agenda.times.origin_utc_ms + t_ms) / 1000, dt.UTC) + dt.timedelta(seconds=1)
    _, said, _ = lykta("why", "valla_torg", lamp, "--at", _local(moment), "--simulated")
    assert f"{lamp} of Valla torg" in said
    for words in ("simulated: night of", "Somebody is expected here", "●", "In truth:", "Changes of this lamp:", "  > "):
        assert words in said
    status, _, errors = lykta("why", "valla_torg", lamp, "--at", "12:00", "--simulated")
    assert (status, "is not in that night: it is simulated from" in errors) == (2, True)


@pytest.mark.slow
def test_folder_of_a_night__must_be_that_of_the_night(night: Night, tmp_path: Path):
    """With other options it would be another night, and every answer wrong."""
    pq.write_table(night.levels, tmp_path / "levels.parquet")
    module._must_be(night, tmp_path)
    pq.write_table(night.levels.slice(1), tmp_path / "levels.parquet")
    with pytest.raises(InputError, match="another night than the one simulated now"):
        module._must_be(night, tmp_path)
    with pytest.raises(InputError, match="is not the folder of one night"):
        module._about(tmp_path)
    (tmp_path / "summary.json").write_text(json.dumps({"about": {"seeds": [7], "date": "2026-12-14"}}), encoding="utf-8")
    assert module._about(tmp_path)["seeds"] == [7]


def test_time_of_day__is_the_last_such_time():
    """On the clocks of the site."""
    now = dt.datetime(2026, 12, 14, 21, 30, tzinfo=dt.UTC)
    shown = [f"{module.last_moment(text, 'Europe/Stockholm', now):%d %H:%M}" for text in ("22:30", "22:31", "3:12", "2026-11-02 03:12")]
    assert shown == ["14 22:30", "13 22:31", "14 03:12", "02 03:12"]


def test_telling__needs_nothing_of_the_page():
    """Who has no extra for the studio is told why, too."""
    hidden = "import sys; sys.modules['babel'] = sys.modules['nicegui'] = None"
    code = f"{hidden}; import lykta.cli.why, lykta.studio.telling, lykta.studio.pasttelling, lykta.studio.why"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).stderr == b""
