"""Comparing: who may enter, that all meet the same nights, what is said of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lykta.errors import InputError, LyktaError
from lykta.score import tally
from lykta.tune.contest import Entrant, entrants, play, tune_schemes
from lykta.tune.crew import Alone, Processes
from lykta.tune.standing import Line, difference, lines, to_csv
from tests.tune import nights


def rows(found: list[Entrant], seeds: list[int]) -> np.ndarray:
    """(entrants, nights, quantities) of the small street."""
    return np.array(list(play(nights.scenario(), found, seeds, Alone()))).swapaxes(0, 1)


def standing(words: list[str], seeds: list[int], least: float = 0.99) -> list[Line]:
    """The lines of a comparison."""
    found = entrants(nights.scenario(), words)
    return lines([(one.short, one.said) for one in found], rows(found, seeds), least)


def test_entrants__begin_with_the_profile_of_the_site():
    """Where only schemes are named, there must be something to compare them with."""
    assert [one.short for one in entrants(nights.scenario(), ["group", "alone: hold = 30 s", "group: tuned"])] == [
        "Dim", "group", "alone: hold = 30 s", "group, tuned",
    ]  # fmt: skip


def test_entrants__say_what_there_is():
    """A word that names nothing is told the nearest that does."""
    with pytest.raises(LyktaError, match=r'"gruop" is neither a scheme .* Did you mean "group"\?'):
        entrants(nights.scenario(), ["gruop"])


def test_entrants__refuse_other_ramps(folder: Path):
    """A profile that lights up faster meets another requirement: both values are told, with the zone."""
    (folder / "fast.yaml").write_text(nights.PROFILE.replace("idle: 40 %", "ramp_up: 1 s\n      idle: 40 %"), encoding="utf-8")
    with pytest.raises(InputError) as error:
        entrants(nights.scenario(), ["profile.yaml", "fast.yaml"])
    assert str(error.value) == (
        "fast.yaml  other ramps in zone path than profile.yaml: ramp_up 1 s, ramp_down 10 s instead of ramp_up 2 s, ramp_down 10 s. "
        "Schemes of one comparison share ramps; give both the same ramp_up and ramp_down."
    )


def test_entrants__refuse_a_scenario_with_other_people(folder: Path):
    """Site, requirement and people are shared, or there is no comparison."""
    text = f"name: Nobody there\nsite: site.yaml\ntraffic: nobody.yaml\nsensors: ideal\ndate: {nights.DATE}\n"
    (folder / "other.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"other.yaml  differs from Six posts in more than the profile: people\."):
        entrants(nights.scenario(), ["other.yaml"])


def test_entrants__take_a_scenario_that_differs_in_its_profile_alone(folder: Path):
    """Then its profile enters."""
    (folder / "dark.yaml").write_text(nights.PROFILE.replace("40 %", "20 %"), encoding="utf-8")
    text = f"name: Darker\nsite: site.yaml\nprofile: dark.yaml\nsensors: ideal\ndate: {nights.DATE}\n"
    (folder / "darker.yaml").write_text(text, encoding="utf-8")
    (found,) = entrants(nights.scenario(), ["darker.yaml"])
    assert (found.name, found.profile.name, found.profile.file) == ("Darker", "Dim", "dark.yaml")


def test_play__gives_all_the_same_people_and_the_same_bound():
    """Duty is that of the people, whatever the light."""
    found = rows(entrants(nights.scenario(), ["always-on", "alone"]), [1, 2])
    for name in ("full", "duty everyone", "users everyone", "bound"):
        quantity = found[:, :, tally.AT[name]]
        assert (quantity == quantity[0]).all(), name
    assert (found[:, :, tally.AT["duty everyone"]] > 0).all()


def test_lines__rank_by_saving_whoever_serves_and_no_other():
    """Always-on serves, alone does not: it has no rank however much it saves."""
    found = standing(["always-on", "alone"], [1, 2, 3])
    by_name = {one.name: one for one in found}
    assert by_name["always-on"].saving.value == 0
    assert by_name["always-on"].rank == 2
    assert (by_name["Dim"].met, by_name["Dim"].rank) == (True, 1)
    assert (by_name["alone"].met, by_name["alone"].rank) == (False, None)
    assert found[-1].name == "alone"
    assert by_name["alone"].saving.value > 0


def test_lines__mark_a_share_of_another_bound():
    """Static rests nowhere: its share is of the free bound, and says so."""
    found = {one.name: one for one in standing(["static", "alone"], [1])}
    assert (found["Dim"].same_bound, found["alone"].same_bound, found["static"].same_bound) == (True, True, False)


def test_lines__of_two_equal_profiles_find_no_difference(folder: Path):
    """Night by night there is none, and the sentence says so."""
    (folder / "same.yaml").write_text(nights.PROFILE.replace("name: Dim", "name: Same"), encoding="utf-8")
    first, second = standing(["profile.yaml", "same.yaml"], [1, 2, 3])
    assert difference(second, first.name) == f"{second.name}: saves exactly as much as {first.name}; the same service."


def test_difference__is_said_not_to_be_significant_where_it_is_not(folder: Path):
    """A hold of 12 s or 13 s: less than people differ from night to night in service, and it is said."""
    (folder / "near.yaml").write_text(nights.PROFILE.replace("hold: 12 s", "hold: 13 s"), encoding="utf-8")
    first, second = sorted(standing(["profile.yaml", "near.yaml"], [1, 2, 3]), key=lambda one: one.name, reverse=True)
    said = difference(second, first.name)
    assert "near.yaml: saves " in said
    assert " less [" in said


def test_difference__of_one_night_says_that_it_may_be_chance():
    """There is no interval of one."""
    first, second = sorted(standing(["always-on"], [1]), key=lambda one: one.name)
    assert "too few nights to say whether that is chance" in difference(second, first.name)


def test_csv__has_a_row_for_each_scheme_and_leaves_empty_what_cannot_be_said():
    """One night: values without ends."""
    head, *body = (line.split(",") for line in to_csv(standing(["always-on"], [1])).splitlines())
    assert [row[head.index("scheme")] for row in body] == ["Dim", "always-on"]
    assert {len(row) for row in body} == {len(head)}
    assert [body[1][head.index(key)] for key in ("rank", "saving", "saving_low", "ever_dark")] == ["2", "0", "", "0"]


def test_tune_schemes__finds_settings_that_serve(folder: Path):
    """`group: tuned` gets settings with which all are served in the nights that it is tuned on, and its name says so."""
    found = entrants(nights.scenario(), ["group: tuned"])
    ours, tuned = tune_schemes(nights.scenario(), found, [1, 2], 0.99, Alone())
    assert ours is found[0]
    assert (tuned.short, tuned.said.endswith("(tuned)")) == ("group, tuned", True)
    line = lines([("group", "")], rows([tuned], [1, 2]), 0.99)[0]
    assert line.met


@pytest.mark.slow
def test_play__in_processes_gives_the_same():
    """To the last digit, in the order of the seeds."""
    found = entrants(nights.scenario(), ["group"])
    with Processes(2) as two:
        there = np.array(list(play(nights.scenario(), found, [3, 1, 2], two)))
    assert np.array_equal(there, np.array(list(play(nights.scenario(), found, [3, 1, 2], Alone()))), equal_nan=True)
