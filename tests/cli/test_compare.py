"""`lykta compare`: what it prints and writes, and how it ends."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.tune import nights

ALWAYS = ["--date", nights.DATE.isoformat(), "--engine", "python", "--workers", "1", "--sensors", "ideal"]


@pytest.fixture(autouse=True)
def folder(here: Path) -> Path:
    """A folder with a small street, in which the commands run."""
    nights.write(here)
    return here


@pytest.fixture
def ran(lykta):
    """Runs `lykta compare ...` of the small street; gives exit status, output, errors."""
    return lambda *arguments: lykta("compare", "site.yaml", *arguments, *ALWAYS)


def test_compare__prints_ranks_and_differences_and_writes_table_and_picture(ran, folder: Path):
    """Whoever serves is ranked; the others stand below, with a dash."""
    status, out, err = ran("always-on", "alone", "--seeds", "1-3", "--service", "99 %", "--out", "found")
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert [row[:2] for row in rows if row[:1] and row[0] in ("1", "2", "-")][:3] == [["1", "Dim"], ["2", "always-on"], ["-", "alone"]]
    assert "-: some class has less than 99 % service: not ranked." in out
    assert "always-on: saves " in out
    assert (folder / "found" / "comparison.csv").read_text(encoding="utf-8").startswith("rank,scheme,settings,")
    picture = ET.parse(folder / "found" / "comparison.svg").getroot()
    said = " ".join("".join(element.itertext()) for element in picture.iter("{http://www.w3.org/2000/svg}text"))
    assert "1. Dim" in said
    assert "Grey: below the service asked for, not ranked." in said


def test_compare__of_one_night_says_that_it_is_one_sample(ran):
    """No interval, no significance."""
    status, out, _ = ran("always-on", "--seed", "1")
    assert status == 0
    assert "One night is one sample: no interval can be given." in out
    assert "[" not in "".join(line for line in out.splitlines() if line.startswith(" 1"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], '"nothing" is neither a scheme'),
        (["group: hodl = 3 s"], 'Scheme group: "hodl = 3 s" is no setting of it.'),
        (["group", "--service", "99"], "99 has no unit"),
        (["group", "--service", "120 %"], "120 % is not within 0 % to 100 %."),
        (["group", "--cluster", "tcp://127.0.0.1:9"], "There is no Dask scheduler at tcp://127.0.0.1:9"),
    ],
)
def test_compare__says_what_is_wrong(ran, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch):
    """Exit status 2, and what to write instead."""
    monkeypatch.setattr("lykta.tune.crew._PATIENCE_S", 0.2)
    status, _, err = ran(*words)
    assert (status, said in " ".join(err.split())) == (2, True), err


def test_compare__where_the_sun_does_not_set_has_nothing_to_compare(ran, folder: Path):
    """Said, with what to do."""
    site = folder / "site.yaml"
    site.write_text(site.read_text(encoding="utf-8").replace("lat: 65.0", "lat: 70.0"), encoding="utf-8")
    status, _, err = ran("group", "--seed", "1")
    assert (status, "there is no night. Choose another with --date." in err) == (2, True)
