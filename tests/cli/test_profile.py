"""`lykta profile`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lykta import profiles
from lykta.cli import main

SITE = """\
name: Two posts
place: {lat: 59.3, lon: 18.0, timezone: Europe/Stockholm}
zones: [path]
fixtures: {post: park_20w}
ways:
  - {id: way, kind: path, name: Park path, design: {class: P4, average: 5.2, minimum: 1.1}}
lamps:
  - {id: A, at: [0 m, 0 m], zone: path, fixture: post}
  - {id: B, at: [20 m, 0 m], zone: path, fixture: post}
links:
  - {from: A, to: B, way: way}
entrances: [A, B]
"""
PROFILE = "phases: {dusk: sunset, night: 23:00}\nend: sunrise\nzones:\n  path:\n    all: {idle: 40 %}\n    night: {idle: 20 %}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a site and a profile, in which the commands run, on a wide terminal."""
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    (tmp_path / "profile.yaml").write_text(PROFILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, output with single spaces, errors."""
    status = main(["profile", *arguments])
    printed = capsys.readouterr()
    return status, "\n".join(" ".join(line.split()) for line in printed.out.splitlines()), printed.err


def test_check__prints_the_class_that_remains_at_every_level(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Level, phases, light and class; below the lowest class is a warning, and no error."""
    status, out, err = run(capsys, "check", "profile.yaml", "--site", "site.yaml")
    assert (status, err) == (0, "")
    assert "profile: 1 zone, 2 phases, 0 calendar entries, no errors." in out
    assert "path Park path idle 20 % night 1.04 lx below P6" in out
    assert "path Park path idle 40 % dusk 2.08 lx P6" in out
    assert "path Park path fault, pedestrian, cyclist 100 % always 5.2 lx P4" in out
    assert "warning: path, Park path: 20 % of P4 (idle; night) leaves 1.04 lx, below P6, the lowest class." in out
    assert "not verified against the standard" in out


def test_check__without_design_values_computes_no_class(folder: Path, capsys: pytest.CaptureFixture[str]):
    """No site, or a site without design values, is said to be not computed."""
    status, out, _ = run(capsys, "check", "profile.yaml")
    assert status == 0
    assert "path idle 40 % dusk not computed" in out
    (folder / "site.yaml").write_text(SITE.replace(", design: {class: P4, average: 5.2, minimum: 1.1}", ""), encoding="utf-8")
    status, out, _ = run(capsys, "check", "profile.yaml", "--site", "site.yaml")
    assert (status, "path Park path idle 40 % dusk not computed" in out) == (0, True)


def test_check__tells_every_mistake_and_ends_with_2(folder: Path, capsys: pytest.CaptureFixture[str]):
    """All problems on stderr, nothing else, no traceback."""
    (folder / "profile.yaml").write_text(PROFILE.replace("40 %", "40").replace("night: {", "nigth: {"), encoding="utf-8")
    status, out, err = run(capsys, "check", "profile.yaml")
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        'profile.yaml:5:11  zones.path.all.idle: 40 has no unit. Did you mean "40 %"?',
        'profile.yaml:6:5  zones.path.nigth: there is no phase "nigth" (all, dusk, night). Did you mean "night"?',
    ]


def test_check__names_the_zones_of_the_site_that_it_lacks(folder: Path, capsys: pytest.CaptureFixture[str]):
    """A zone without profile is an error, with what is near."""
    (folder / "profile.yaml").write_text(PROFILE.replace("  path:", "  paths:"), encoding="utf-8")
    status, _, err = run(capsys, "check", "profile.yaml", "--site", "site.yaml")
    assert status == 2
    assert 'the site has a zone "path", and this profile says nothing about it. Did you mean "paths"?' in err


def test_show__prints_the_night_of_new_years_eve(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Sun, phases in local time, levels, and why this night is as it is."""
    monkeypatch.setenv("COLUMNS", "140")
    status, out, _ = run(capsys, "show", "valla_torg", "--site", "valla_torg", "--date", "2026-12-31")
    assert status == 0
    assert "night of Thursday 2026-12-31: New Year's Eve: crowds on the square until three." in out
    assert "Sunset 14:57:31, sunrise 08:43:52." in out
    assert "14:57 dusk path 40 %" in out
    assert "21:00 feast path 80 %" in out
    assert "08:43 off" in out


def test_show__says_when_the_clocks_change_and_when_there_is_no_light(folder: Path, capsys: pytest.CaptureFixture[str]):
    """The night of a change has its length printed; midnight sun needs no light."""
    _, out, _ = run(capsys, "show", "profile.yaml", "--site", "site.yaml", "--date", "2026-10-24")
    assert "The clocks go back by 60 min at 03:00: the night has 25 h." in out
    (folder / "site.yaml").write_text(SITE.replace("lat: 59.3", "lat: 67.9"), encoding="utf-8")
    status, out, _ = run(capsys, "show", "profile.yaml", "--site", "site.yaml", "--date", "2026-06-20")
    assert status == 0
    assert "The sun does not set." in out
    assert "No light this night" in out


def test_schema__is_printed_as_json(capsys: pytest.CaptureFixture[str]):
    """What is printed is the schema, for a profile and for a requirement."""
    for arguments, schema in (([], profiles.json_schema()), (["--requirement"], profiles.requirement_schema())):
        assert main(["profile", "schema", *arguments]) == 0
        assert json.loads(capsys.readouterr().out) == schema
