"""`lykta simulate`: what it prints, what it writes, how it ends; for every odd night a clear answer, never a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest

from lykta import scenarios, tables
from lykta.scenarios import Outcome
from lykta.sim import engines
from tests.cli import street

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(autouse=True)
def folder(here: Path) -> Path:
    """A folder with a small street, in which the commands run."""
    street.write(here)
    return here


@pytest.fixture
def ran(lykta):
    """Runs `lykta simulate ...` in pure Python; gives exit status, output without trailing spaces, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        status, out, err = lykta("simulate", *arguments, *(() if "--engine" in arguments else ("--engine", "python")))
        return status, "".join(f"{line.rstrip()}\n" for line in out.splitlines()), err

    return run


def golden(name: str, printed: str) -> str:
    """The golden output of a name; written anew where LYKTA_RENEW_GOLDEN is set, to be read by a person."""
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("LYKTA_RENEW_GOLDEN"):
        file.write_text(printed, encoding="utf-8")
    return file.read_text(encoding="utf-8")


def test_simulate__without_traffic_says_that_nobody_came(ran):
    """The whole output: how it was simulated, then energy, and no word of service."""
    status, out, err = ran("site.yaml", "--traffic", "nobody.yaml", "--sensors", "ideal", "--radio", "real")
    assert (status, err) == (0, "")
    assert out == golden("nobody", out)


def test_simulate__of_a_scenario_that_fails_explains_why(ran, folder: Path):
    """Every lamp is dead: what holds and what fails, with the shortest explanation; exit status 1; JUnit says the same."""
    status, out, err = ran("scenario.yaml", "--junit", "found/results.xml")
    assert (status, err) == (1, "")
    assert out == golden("dead_lamps", out)
    suite = ET.parse(folder / "found" / "results.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    (failure,) = suite.iter("failure")
    assert failure.get("message") in " ".join(out.split())


def test_simulate__of_a_scenario_that_holds_ends_well(ran):
    """What failed taken out: exit status 0."""
    text = street.FILES["scenario.yaml"].replace("  - dark seconds per pedestrian at most 0\n", "")
    Path("holds.yaml").write_text(text, encoding="utf-8")
    status, out, err = ran("holds.yaml")
    assert (status, err) == (0, "")
    assert "failed" not in out


def test_simulate__where_the_sun_does_not_set_has_no_night(ran, folder: Path):
    """At 67.9 N in June: said so, nothing written; a requirement that cannot be judged fails."""
    status, out, err = ran("north.yaml", "--date", "2026-06-21", "--out", "night")
    assert (status, err) == (0, "")
    assert out == golden("midnight_sun", out)
    assert list((folder / "night").iterdir()) == []
    status, out, _ = ran("north.yaml", "--date", "2026-06-21", "--require", "saving at least 1 %")
    assert status == 1
    assert "FAILED       saving at least 1 %: cannot be judged, since there is no night.\n" in out


def test_simulate__where_the_sun_does_not_rise_lights_from_noon_to_noon(ran):
    """At 67.9 N in December."""
    status, out, err = ran("north.yaml", "--date", "2026-12-21", "--traffic", "nobody.yaml")
    assert (status, err) == (0, "")
    assert "Night        21 December 2026, light on from 12:00 to 12:00, Europe/Stockholm\n" in out


def test_simulate__of_one_lamp(ran, folder: Path):
    """A single post between two ends of a path is a site as any other, report and all."""
    status, out, err = ran("one_post.yaml", "--out", "night")
    assert (status, err) == (0, "")
    assert "Site         One post, 1 lamp\n" in out
    assert "the one lamp used" in out
    assert "Report       night/report.html\n" in out
    assert "One post" in (folder / "night" / "report.html").read_text(encoding="utf-8")


def test_simulate__of_a_lamp_without_a_link_says_what_that_means(ran):
    """Nobody can come to it: it burns at full, and a warning says so."""
    status, out, err = ran("lonely.yaml")
    assert status == 0
    assert "1 of 1 lamps lies on no link, so nobody can come to it, and it burns at full all night." in err
    assert "Nobody came by" in out


def test_simulate__of_counts_with_a_gap_tells_of_it(ran):
    """The gap is no reason to stop, and nothing to hide."""
    status, out, err = ran("site.yaml", "--traffic", "gap.csv")
    assert (status, err) == (0, "")
    said = " ".join(out.split())
    assert "Traffic gap.csv, seed 1" in said
    assert "96 hours" in said


def test_simulate__of_broken_counts_names_every_line(ran):
    """Each line that is wrong, what is wrong, what to do; exit status 2."""
    Path("broken.csv").write_text("time,pedestrians\n2026-12-01T00:00,3\n2026-12-01T01:00,three\n2026-12-01T02:00\n", encoding="utf-8")
    status, out, err = ran("site.yaml", "--traffic", "broken.csv")
    assert (status, out) == (2, "")
    assert err == (
        'broken.csv:3:1  pedestrians: "three" is no count. Leave the cell empty where nothing was counted.\n'
        "broken.csv:4:1  1 cell stands here, but the header has 2.\n"
    )


def test_simulate__of_a_wrong_profile_tells_all_of_it_at_once(ran):
    """Every mistake of the profile, and that of the traffic besides; exit status 2."""
    Path("bad.yaml").write_text("phases: {night: sunset}\nend: sunrise\nzones:\n  path:\n    all: {idle: 0.4, idel: 3}\n", encoding="utf-8")
    status, out, err = ran("site.yaml", "--profile", "bad.yaml", "--traffic", "quit")
    assert (status, out) == (2, "")
    assert err == (
        'bad.yaml:5:11  zones.path.all.idle: 0.4 has no unit. Did you mean "40 %"?\n'
        'bad.yaml:5:22  zones.path.all.idel: unknown key "idel". Did you mean "idle"?\n'
        'quit  there is no traffic of this name. Did you mean "quiet"? Packaged: busy, kungsholms, kungsholms_dogs, quiet. '
        "A file of your own ends in .yaml or .csv.\n"
    )


def test_simulate__of_a_profile_for_another_site_says_which_zone_is_missing(ran):
    """Profile and site are right, each for itself."""
    Path("other.yaml").write_text(street.FILES["profile.yaml"].replace("  path:", "  street:"), encoding="utf-8")
    status, out, err = ran("site.yaml", "--profile", "other.yaml")
    assert (status, out) == (2, "")
    assert "path" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["vala_torg"], 'Did you mean "valla_torg"?'),
        (["sit.yaml"], 'sit.yaml  there is no such file. Did you mean "site.yaml"?'),
        (["gap.csv"], "gap.csv  is no site yet: make one of it with `lykta site import`."),
        (["site.yaml", "--seed", "1-x"], '"1-x" is no seed. Write a number, or several: 1-20, or 1, 5, 9-12.'),
        (["site.yaml", "--date", "monday"], "monday"),
        (["site.yaml", "--require", "savings at least 4 %"], '"savings" is no quantity that the score knows. Did you mean "saving"?'),
        (["scenario.yaml", "--radio", "real", "--profile", "x"], "write it there, and leave out --profile, --radio."),
        (["site.yaml", "--out", "profile.yaml"], "profile.yaml"),
        (["site.yaml", "--out", "profile.yaml/night"], "profile.yaml/night  cannot be written: Not a directory. Choose another place with"),
        (
            ["site.yaml", "--junit", "profile.yaml/x.xml"],
            "profile.yaml  is a file where a folder is needed. Choose another place with --junit.",
        ),
    ],
)
def test_simulate__ends_with_2_and_a_sentence(ran, arguments: list[str], said: str):
    """What somebody got wrong on the command line: before anything is simulated or written."""
    status, out, err = ran(*arguments)
    assert (status, out) == (2, "")
    assert said in " ".join(err.split()).replace(" - ", "-") or said in err


def test_simulate__says_what_the_compiled_engine_needs(ran, monkeypatch: pytest.MonkeyPatch):
    """Asked for and not there: what to install, exit status 2."""
    monkeypatch.setattr(engines, "available", lambda: False)
    status, out, err = ran("site.yaml", "--engine", "compiled")
    assert (status, out) == (2, "")
    assert "Numba" in err
    assert "--engine python" in err


def test_simulate__without_numba_runs_in_pure_python(ran, monkeypatch: pytest.MonkeyPatch):
    """`auto` asks for nothing that is not there."""
    monkeypatch.setattr(engines, "available", lambda: False)
    status, out, _ = ran("site.yaml", "--engine", "auto", "--traffic", "nobody.yaml")
    assert status == 0
    assert "in pure Python" in out


def test_simulate__interrupted_keeps_what_is_finished(ran, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Ctrl-C in the second of three nights: the first is there, exit status 130."""
    whole = scenarios.run

    def first_only(*arguments: object) -> Iterator[Outcome]:
        yield next(whole(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(scenarios, "run", first_only)
    status, _, err = ran("site.yaml", "--seed", "1-3", "--out", "nights")
    assert (status, err.split("\n")[0], err.split()[-1]) == (130, "1 of 3 nights are finished, and are in nights.", "interrupted")
    assert (folder / "nights" / "seed_1" / "report.html").is_file()


def test_simulate__writes_report_tables_and_summary(ran, folder: Path):
    """Every table has its schema, the summary says where it comes from, the report what it was made by."""
    status, out, _ = ran("site.yaml", "--seed", "7", "--out", "night/seven")
    assert status == 0
    assert "Report       night/seven/report.html\n" in out
    written = folder / "night" / "seven"
    for name in ("levels", "detections", "trajectories", "readings"):
        assert pq.read_schema(written / f"{name}.parquet").equals(getattr(tables, name.upper()))
    about = json.loads((written / "summary.json").read_text(encoding="utf-8"))["about"]
    expected = {
        "site": "Six posts",
        "kind": "simulated",
        "seeds": [7],
        "date": "2026-12-14",
        "note": "made up",
        "timezone": "Europe/Stockholm",
    }
    assert {key: about[key] for key in expected} == expected
    report = (written / "report.html").read_text(encoding="utf-8")
    for said in ("lykta simulate site.yaml --seed 7 --out night/seven --engine python", "6 PIR", "nothing is lost"):
        assert said in report


def test_simulate__gives_each_of_several_seeds_a_folder(ran, folder: Path):
    """One row for each night and one for all; each has its own seed."""
    status, out, _ = ran("site.yaml", "--seed", "1,3", "--out", "nights")
    assert status == 0
    assert "Traffic      A few, seeds 1, 3\n" in out
    assert "Report       nights/seed_*/report.html\n" in out
    assert sorted(entry.name for entry in (folder / "nights").iterdir()) == ["seed_1", "seed_3"]


def test_simulate__writes_the_same_night_twice(ran, folder: Path):
    """One seed is one night, to the byte."""
    for _ in range(2):
        ran("site.yaml", "--out", "night")
        files = {file.name: file.read_bytes() for file in sorted((folder / "night").iterdir())}
        Path("first").mkdir(exist_ok=True)
        before = {file.name: file.read_bytes() for file in sorted(Path("first").iterdir())}
        for name, data in files.items():
            (Path("first") / name).write_bytes(data)
    assert files == before


def test_simulate__prints_the_schema_of_a_scenario(ran):
    """For editors; needs no site."""
    status, out, _ = ran("--schema")
    assert (status, json.loads(out)["title"]) == (0, "Lykta scenario")
