"""`lykta explain`: what it prints and writes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lykta.cli import main
from tests.tune import nights

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small street, in which the commands run, 80 columns wide."""
    nights.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def explain(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run `lykta explain` on the small street."""
    status = main(["explain", "site.yaml", "--date", nights.DATE.isoformat(), "--engine", "python", "--workers", "1", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_explain__shows_settings_with_their_tornado(capsys: pytest.CaptureFixture[str], folder: Path):
    """Idle weighs most; what does nothing is said to do nothing; the picture has a bar for what weighs."""
    status, out, err = explain(capsys, "--only", "settings", "--sensors", "ideal", "--seeds", "1-3", "--out", "why")
    assert (status, err) == (0, "")
    assert "Settings, each a quarter less and more" in out
    assert "Without a significant effect: " in out
    rows = (folder / "why" / "settings.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "name,change,side,saving,saving_low,saving_high,service,service_low,service_high"
    picture = ET.parse(folder / "why" / "settings.svg").getroot()
    said = [element.text for element in picture.iter(f"{SVG}text")]
    assert "Six posts: which setting matters" in said
    assert "idle" in said


def test_explain__shows_sensors_and_where_one_more_would_bring_most(capsys: pytest.CaptureFixture[str], folder: Path):
    """One night: no interval, so nobody can say what is chance, and no sensor is called useless."""
    status, out, _ = explain(capsys, "--only", "sensors", "--only", "lamps", "--seeds", "1", "--out", "why")
    assert status == 0
    assert "Fewer than 3 nights: which of these are chance cannot be told. Take --seeds 1-5." in out
    assert "significant" not in out
    assert "One more sensor, ld2410, on each post alone: where it brings most" in out
    assert "most energy" in out
    assert {file.name for file in (folder / "why").iterdir()} == {"sensors.csv", "sensors.svg", "lamps.csv"}


def test_explain__of_one_night_draws_what_it_found(capsys: pytest.CaptureFixture[str], folder: Path):
    """Nobody can say what is chance; the picture shows every effect all the same."""
    status, out, _ = explain(capsys, "--only", "settings", "--sensors", "ideal", "--seeds", "1", "--out", "why")
    assert status == 0
    assert "cannot be told. Take --seeds 1-5." in out
    assert "Without a significant effect" not in out
    picture = (folder / "why" / "settings.svg").read_text(encoding="utf-8")
    assert "nothing to show" not in picture
    assert ">idle<" in picture


def test_explain__says_what_is_wrong(capsys: pytest.CaptureFixture[str]):
    """A part that there is not: exit status 2."""
    status, _, err = explain(capsys, "--only", "weather")
    assert status == 2
    assert "weather" in err
