"""What is said to a council, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lykta.score import About, Score, score
from lykta.score.words import amount, percent, words
from lykta.site.graph import Graph
from tests.score.world import PEDESTRIAN, People, always, coverage, detections, row, rules


def night(level: int) -> Score:
    """A walker along five lamps that stay at one level."""
    of = row(5)
    graph = Graph(of)
    people = People(graph, [])
    people.along(0, PEDESTRIAN, 0, [0, 2, 4, 6], 100)
    about = About("Test", seeds=(7, 8), version="1.2", date="2026-12-14", timezone="Europe/Stockholm", note="schematic")
    lit, seen = always(5, level), detections()
    return score(of, graph, rules(), people.table(), lit, seen, coverage(of, graph), 0, 3_600_000, about=about)


def test_words__say_where_the_figures_come_from_and_then_all_of_it():
    """Simulated, site, seeds, version first; saving never without service."""
    less = "less electricity than the same lamps always on"
    assert words(night(500), today=night(1000), bound=0.6) == [
        "Simulated: Test (schematic); the night that begins on 2026-12-14; seeds 7, 8; Lykta 1.2.",
        f"The light uses 55 % {less}; today's scheme 0 % less; 60 % is the most any controller could save.",
        "With what nodes and sensors take day and night, it uses 6 % less.",
        "Had full light, of the time in which it was owed to them: walkers 0.0 %.",
        "1 of 1 walkers had dark seconds, at worst 77.0 s in all; light came late for 0.",
        "The light is never below 50 %.",
    ]


def test_words__of_full_light_claim_no_dark_second():
    """Nobody late, nobody dark."""
    assert "No second was late or dark for any of 1 walkers." in words(night(1000))


def test_words__warn_where_power_is_unknown_or_lamps_are_dead():
    """What a reader must know before he believes the figures."""
    found = night(500)
    doubtful = replace(found, energy=replace(found.energy, power_known=False), lamps=(replace(found.lamps[0], dead_s=3.0),))
    said = words(doubtful)
    assert said[-2:] == [
        "Nobody has said what some of these lamps draw: no saving in kWh may be claimed from these figures.",
        "Dead lamps count as dark: L0.",
    ]


@pytest.mark.parametrize(("share", "said"), [(0.99999, "99.9 %"), (1.0, "100.0 %"), (0.41, "41.0 %"), (0.0, "0.0 %")])
def test_percent__never_rounds_up(share, said):
    """100 % means every ms."""
    assert percent(share, 1) == said


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (0.02, "less than 0.1 s"), (12.34, "12.3 s"), (600, "10 min"), (9000, "2.5 h")])
def test_amount__is_never_0_for_something_that_was(seconds, said):
    """Seconds as people say them."""
    assert amount(seconds) == said


def test_clock__shows_local_time_and_knows_summer_time():
    """3 h 12 min 4 s after local midnight; the clocks go back on 25 October 2026."""
    winter = About("Test", date="2026-12-14", timezone="Europe/Stockholm")
    assert winter.clock(((12 + 3) * 3600 + 12 * 60 + 4) * 1000) == "03:12:04"
    autumn = About("Test", date="2026-10-24", timezone="Europe/Stockholm")
    assert autumn.clock(16 * 3_600_000) == "03:00:00"
    assert About("Test").clock(15 * 3_600_000) == "03:00:00"
