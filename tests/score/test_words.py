"""What is said to a council: all of it, and nothing that was not counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lykta.score import About, Score, score
from lykta.score import words as w
from lykta.score.causes import CAUSES
from lykta.score.model import Moment
from lykta.site.graph import Graph
from tests.score.world import PEDESTRIAN, People, always, coverage, detections, row, rules


def night(level: int, users: int = 1) -> Score:
    """Walkers along five lamps that stay at one level."""
    of = row(5)
    graph = Graph(of)
    people = People(graph, [])
    for user in range(users):
        people.along(user, PEDESTRIAN, 0, [0, 2, 4, 6], 100)
    about = About("Test", seeds=(7, 8), version="1.2", date="2026-12-14", timezone="Europe/Stockholm", note="schematic")
    lit, seen = always(5, level), detections()
    return score(of, graph, rules(), people.table(), lit, seen, coverage(of, graph), 0, 3_600_000, about=about)


def test_sentences__say_saving_service_dark_and_lowest():
    """A saving never alone; the first sentence says that the night is simulated."""
    less = "less electricity than the same lamps always on"
    electricity = f"In this simulated night the 5 lamps used 55 % {less}; with what nodes and sensors take counted in, 6 % less"
    most = "60 % is the most any controller could save that gives everyone full light and keeps these lowest levels"
    assert w.sentences(night(500), today=night(1000), bound=0.6) == (
        f"{electricity}; today's scheme 0 % less; {most}.",
        "Walkers had full light 0.0 % of the time it was owed to them.",
        "In the dark at some time, with a lamp beside or just ahead of them not lit: 1 of 1 walkers (at worst for 1 min 17 s in all).",
        "The light of no lamp was ever below 50 % of full.",
    )


def test_sentences__of_full_light_claim_no_dark_second():
    """Nobody late, nobody dark: no sentence but the one that says so."""
    said = w.sentences(night(1000, users=3))
    assert said[1:3] == (
        "Walkers had full light 100 % of the time it was owed to them.",
        "Nobody was left in the dark: 0 of 3 road users had a lamp beside or just ahead of them that was not lit.",
    )
    assert len(said) == 4


def test_sentences__name_those_who_stood_still_and_those_whose_light_came_late():
    """Stationary and late time are told apart from the dark."""
    found = night(500)
    everyone = replace(found.everyone, users_late=1, late=replace(found.everyone.late, worst=2.5), stationary_s=70.0)
    assert w.sentences(replace(found, everyone=everyone))[3:5] == (
        "Of all time without full light, 1 min 10 s befell people who stood still longer than the light waits.",
        "Light farther ahead was late at some time for 1 of 1 road users, at worst for 2.5 s in all.",
    )


def test_sentences__of_an_empty_night_claim_no_service():
    """Nobody came: nothing is said of service or of the dark."""
    said = w.sentences(night(500, users=0))
    assert said[1:] == (
        "Nobody came by to whom light was owed, so nothing can be said about service.",
        "The light of no lamp was ever below 50 % of full.",
    )


def test_sentences__without_known_energy_claim_no_saving():
    """No energy, no saving."""
    found = night(500)
    unknown = replace(found, energy=replace(found.energy, saving=None, net_saving=None))
    assert w.sentences(unknown)[0] == (
        "How much electricity was saved cannot be said: the power of the 5 lamps is not known, or nothing was lit."
    )


def test_sentences__say_more_than_always_on_as_it_is():
    """A net saving below 0 is more, not less, and is not made smaller by rounding."""
    found = night(500)
    worse = replace(found, energy=replace(found.energy, saving=0.0194, net_saving=-0.0309))
    assert w.sentences(worse)[0].endswith(
        "1 % less electricity than the same lamps always on; with what nodes and sensors take counted in, 4 % more."
    )


def test_reservations__warn_where_power_is_unknown_or_lamps_are_dead():
    """What a reader must know before he believes the figures."""
    found = night(500)
    doubtful = replace(found, energy=replace(found.energy, power_known=False), lamps=(replace(found.lamps[0], dead_s=3.0),))
    assert w.reservations(doubtful) == (
        "Nobody has said what some of these lamps draw: no saving in kWh may be claimed from these figures.",
        "Dead lamps count as dark: L0.",
    )


@pytest.mark.parametrize(
    ("share", "said"), [(1.0, "100 %"), (0.999999, "99.999 %"), (0.9994, "99.940 %"), (0.9979, "99.7 %"), (0.0, "0.0 %"), (None, "n/a")]
)
def test_service__is_rounded_down(share: float | None, said: str):
    """Only every ms is 100 %."""
    assert w.service(share) == said


def test_service__in_a_sentence_has_one_digit():
    """99.94 % of the time is no 100 % there either."""
    assert [w.service(share, fine=False) for share in (1.0, 0.99999, 0.5)] == ["100 %", "99.9 %", "50.0 %"]


@pytest.mark.parametrize(
    ("ms", "said"),
    [(0, "0 s"), (400, "0.4 s"), (12_000, "12 s"), (185_000, "3 min 05 s"), (51_600_000, "14 h 20 min"), (3_599_900, "1 h 00 min")],
)
def test_duration__is_said_in_the_unit_that_fits(ms: int, said: str):
    """Never more than two units."""
    assert w.duration(ms) == said


@pytest.mark.parametrize(("value", "said"), [(None, "n/a"), (0.0, "0 s"), (0.02, "under 0.1 s"), (12.4, "12 s"), (9000.0, "2 h 30 min")])
def test_seconds__are_never_0_for_something_that_was(value: float | None, said: str):
    """Seconds as people say them."""
    assert w.seconds(value) == said


def test_moment__names_user_time_lamp_and_cause():
    """What one needs to look for it in the diagram."""
    moment = Moment(0, 9000, 9.0, 3.2, 17, "pedestrian", "K07", 3, 100, 0, 0, "miss")
    assert w.moment_title(moment, "03:12:04") == "03:12:04: pedestrian 17 in the dark for 3.2 s"
    assert w.moment_said(moment) == (
        "The lamp most missed was K07. Likely cause: the last sensor on the way had not seen the user; dark or late for 9 s in all."
    )


def test_causes__are_all_explained():
    """Every cause that the score knows has words."""
    assert set(w.CAUSES) == set(CAUSES)


def test_clock__shows_local_time_and_knows_summer_time():
    """3 h 12 min 4 s after local midnight; the clocks go back on 25 October 2026."""
    winter = About("Test", date="2026-12-14", timezone="Europe/Stockholm")
    assert winter.clock(((12 + 3) * 3600 + 12 * 60 + 4) * 1000) == "03:12:04"
    autumn = About("Test", date="2026-10-24", timezone="Europe/Stockholm")
    assert autumn.clock(16 * 3_600_000) == "03:00:00"
    assert About("Test").clock(15 * 3_600_000) == "03:00:00"
