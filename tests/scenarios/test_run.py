"""Running a scenario: every seed its night, everything in it used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lykta import scenarios
from lykta.errors import InputError
from lykta.scenarios import Scenario, Wish, assemble, fit, run
from tests.cli import street


@pytest.fixture
def six(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """Six posts and a few walkers, in pure Python."""
    street.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return replace(assemble(Wish("site.yaml")), engine="python")


def test_run__gives_a_night_for_every_seed(six: Scenario):
    """In the order of the seeds, with other people in each; the score says which."""
    plan, _ = fit(six)
    nights = list(run(replace(six, seeds=(2, 1)), plan))
    assert [(night.night.seed, night.score.about.seeds) for night in nights] == [(2, (2,)), (1, (1,))]
    assert not nights[0].night.trajectories.equals(nights[1].night.trajectories)


def test_run__meets_the_same_people_whatever_breaks(six: Scenario, tmp_path: Path):
    """Faults and radio change what is seen and lit, not who comes."""
    plan, _ = fit(six)
    (tmp_path / "broken.yaml").write_text("site: site.yaml\nradio: real\nfaults: [{fault: dead_node, lamps: [C]}]\n", encoding="utf-8")
    broken = replace(scenarios.load_scenario(tmp_path / "broken.yaml"), engine="python")
    (whole,), (worse,) = run(six, plan), run(broken, fit(broken)[0])
    assert whole.night.trajectories.equals(worse.night.trajectories)
    burns = [one.mean_permille for one in worse.score.lamps if one.lamp == "C"]
    assert burns == [pytest.approx(1000, abs=1)]


def test_run__forgets_what_is_mended_before_dark(six: Scenario, tmp_path: Path):
    """A node that was dead in the afternoon works in the night."""
    text = 'site: site.yaml\nfaults: [{fault: dead_node, lamps: [C], from: "13:00", until: "13:30"}]\n'
    (tmp_path / "mended.yaml").write_text(text, encoding="utf-8")
    mended = replace(scenarios.load_scenario(tmp_path / "mended.yaml"), engine="python")
    (whole,), (same,) = run(six, fit(six)[0]), run(mended, fit(mended)[0])
    assert same.night.levels.equals(whole.night.levels)


def test_run__counts_a_dead_lamp_as_dark_and_as_using_nothing(six: Scenario, tmp_path: Path):
    """Whatever its node does."""
    (tmp_path / "dead.yaml").write_text("site: site.yaml\nfaults: [{fault: dead_lamp, lamps: [C]}]\n", encoding="utf-8")
    dead = replace(scenarios.load_scenario(tmp_path / "dead.yaml"), engine="python")
    (night,) = run(dead, fit(dead)[0])
    (lamp,) = (one for one in night.score.lamps if one.lamp == "C")
    assert (lamp.energy_wh, lamp.dead_s > 0) == (0, True)
    assert "dead lamp" in night.score.everyone.dark_causes


def test_fit__tells_what_does_not_fit_of_profile_and_traffic_at_once(six: Scenario):
    """A zone without settings, an entrance that is not there: both, in one error."""
    with pytest.raises(InputError) as error:
        fit(replace(assemble(Wish("valla_torg")), profile=six.profile, demand=replace(six.demand, entrances={"gate": 2})))
    assert "street" in str(error.value)
    assert "gate" in str(error.value)


def test_fit__finds_doubtful_what_still_can_be_simulated(six: Scenario):
    """Cars are wanted where no car may drive: a warning."""
    _, doubtful = fit(replace(six, demand=assemble(Wish("site.yaml", {"traffic": "quiet"})).demand))
    assert [problem.path for problem in doubtful] == ["car"]
