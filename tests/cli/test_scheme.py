"""`lykta simulate --scheme`: a yardstick lights the street instead of the nodes, and everything printed says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lykta.cli import main
from tests.tune import nights

ALWAYS = ["simulate", "site.yaml", "--date", nights.DATE.isoformat(), "--engine", "python", "--sensors", "ideal", "--seed", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small street, in which the commands run, 80 columns wide."""
    nights.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def simulate(capsys: pytest.CaptureFixture[str], scheme: str, *more: str) -> tuple[int, str, str]:
    """Run a night with a scheme; blanks of the output made one."""
    status = main([*ALWAYS, "--scheme", scheme, *more])
    printed = capsys.readouterr()
    return status, " ".join(printed.out.split()), printed.err


def test_scheme__lights_the_night_and_is_named_in_all_that_is_written(capsys: pytest.CaptureFixture[str], folder: Path):
    """Always on saves nothing; the summary has the scheme."""
    status, out, err = simulate(capsys, "always-on", "--out", "night")
    assert (status, err) == (0, "")
    assert "not the nodes but the yardstick always-on" in out
    assert "Saving 0.0 % of the lamps" in out
    summary = json.loads((folder / "night" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["about"]["scheme"], summary["energy"]["saving"]) == ("always-on", 0)


def test_scheme__takes_settings_and_says_them(capsys: pytest.CaptureFixture[str]):
    """A longer hold of the same scheme takes more energy, and the line above the figures has it."""
    found = {}
    for hold in ("10 s", "300 s"):
        status, out, _ = simulate(capsys, f"group: hold = {hold}", "--require", "saving at least 0 %")
        assert status == 0
        found[hold] = float(out.partition("saving at least 0 %: met, ")[2].partition(" %")[0])
        assert "yardstick group: lamps = 3, hold = " in out
    assert found["10 s"] > found["300 s"]


def test_scheme__that_is_tuned_says_on_which_seeds_and_what_it_reached(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """The settings are looked for, not given, and the service that they reached there is told."""
    monkeypatch.setattr("lykta.scenarios.yardsticks.tuned.__defaults__", ((1, 2),))
    status, out, _ = simulate(capsys, "alone: tuned")
    assert status == 0
    assert "yardstick alone: hold = " in out
    assert "(tuned on seeds 1-2: service " in out


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("gruop", 'There is no scheme "gruop". Did you mean "group"?'),
        ("group: hodl = 3 s", 'Scheme group: "hodl = 3 s" is no setting of it.'),
        ("group: hold = 3", 'Scheme group, hold: 3 has no unit. Did you mean "3 s"?'),
        ("static: level = 120 %", "is not within 0 to 100 %."),
    ],
)
def test_scheme__that_is_written_wrong_says_what_to_write(capsys: pytest.CaptureFixture[str], scheme: str, said: str):
    """Exit status 2."""
    status, _, err = simulate(capsys, scheme)
    assert (status, said in " ".join(err.split())) == (2, True), err
