"""`lykta tune`: what it prints and writes, and how it ends."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lykta.profiles import load_profile
from tests.tune import nights

ALWAYS = ["--date", nights.DATE.isoformat(), "--engine", "python", "--workers", "1", "--sensors", "ideal"]
SEARCH = ["--search", "idle: 20..50 %", "--search", "hold: 5..20 s", "--seeds", "1", "--check", "11", "--trials", "4"]


@pytest.fixture(autouse=True)
def folder(here: Path) -> Path:
    """A folder with a small street, in which the commands run."""
    nights.write(here)
    return here


@pytest.fixture
def ran(lykta):
    """Runs `lykta tune ...` of the small street; gives exit status, output, errors."""
    return lambda *arguments: lykta("tune", "site.yaml", *arguments, *ALWAYS)


def test_tune__writes_the_choice_into_the_profile_and_shows_how_it_was_found(ran, folder: Path):
    """The profile itself, comments kept; the picture, the table, the journal; the check in another night."""
    before = (folder / "profile.yaml").read_text(encoding="utf-8")
    status, out, err = ran(*SEARCH, "--require", "service at least 90 %", "--write", "profile.yaml")
    assert (status, err) == (0, "")
    after = (folder / "profile.yaml").read_text(encoding="utf-8")
    assert before != after
    assert [line.partition("#")[2] for line in after.splitlines()] == [line.partition("#")[2] for line in before.splitlines()]
    load_profile("profile.yaml")
    assert "Profile      profile.yaml: idle " in out
    assert "others" in out
    rows = (folder / "tuning" / "trials.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "number,idle,hold,saving,worst_service,service at least 90 %,keeps_all,front"
    assert rows[1].startswith("0,40 %,12 s,")
    assert len(rows) == 5
    picture = ET.parse(folder / "tuning" / "front.svg").getroot()
    said = " ".join("".join(element.itertext()) for element in picture.iter("{http://www.w3.org/2000/svg}text"))
    assert "Six posts: Dim, tuned" in said


def test_tune__again_goes_on_from_the_journal(ran, folder: Path):
    """More trials with the same command: those that are done are not done again, and the profile is not touched."""
    ran(*SEARCH, "--require", "service at least 90 %")
    first = (folder / "tuning" / "trials.csv").read_text(encoding="utf-8").splitlines()
    status, _, _ = ran(*SEARCH[:-1], "6", "--require", "service at least 90 %")
    again = (folder / "tuning" / "trials.csv").read_text(encoding="utf-8").splitlines()
    assert (status, len(again)) == (0, 7)
    assert [line.split(",")[:5] for line in again[:5]] == [line.split(",")[:5] for line in first]
    assert (folder / "profile.yaml").read_text(encoding="utf-8") == nights.PROFILE
    assert (folder / "tuning" / "profile.yaml").exists()


@pytest.mark.slow
def test_tune__on_a_cluster_of_which_a_worker_dies_finds_and_writes_the_same(ran, lykta, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """A local Dask cluster of two workers, one killed in the middle of a trial: its work is done again by the other."""
    from distributed import LocalCluster

    search = [*SEARCH, "--require", "service at least 90 %"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", ""))))
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local, monkeypatch.context() as patch:
        patch.setattr("lykta.tune.search.try_out", nights.die_once)
        status, out, err = lykta("tune", "site.yaml", *search, *ALWAYS, "--cluster", local.scheduler_address, "--out", "there")
    assert (status, err) == (0, "")
    assert (folder / "profile.died").exists()
    assert f"the Dask cluster at {local.scheduler_address}, 2 threads" in " ".join(out.split())
    assert ran(*search, "--out", "here")[0] == 0
    for name in ("trials.csv", "profile.yaml"):
        assert (folder / "there" / name).read_bytes() == (folder / "here" / name).read_bytes()


def test_tune__with_a_constraint_that_nobody_can_keep_says_which_and_who_is_nearest(ran, folder: Path):
    """Exit status 2; what was tried is written all the same, and no profile is."""
    status, _, err = ran(*SEARCH, "--require", "saving at least 99 %")
    assert status == 2
    assert 'No profile keeps "saving at least 99 %": at best saving ' in err
    assert "Nearest: profile " in err
    assert (folder / "tuning" / "trials.csv").exists()
    assert not (folder / "tuning" / "profile.yaml").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing is to be searched."),
        (["--search", "idle: 20..120 %"], "contradicts the limits of `idle`"),
        (["--search", "idle: 20..50 %", "--seeds", "1-3", "--check", "3-4"], "some of these nights are those of the search"),
        (["--search", "idle: 20..50 %", "--least-class", "P5"], "no way of Six posts has design values"),
        (["--search", "idle: 20..50 %", "--cluster", "tcp://127.0.0.1:9"], "There is no Dask scheduler at tcp://127.0.0.1:9"),
    ],
)
def test_tune__says_what_is_wrong(ran, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch):
    """Exit status 2, before anything is simulated."""
    monkeypatch.setattr("lykta.tune.crew._PATIENCE_S", 0.2)
    status, _, err = ran(*words)
    assert (status, said in " ".join(err.split())) == (2, True), err
