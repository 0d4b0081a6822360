"""Words that claim no more than was counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lykta.report import words
from lykta.report.figures import view
from lykta.score.model import Moment
from tests.report import nights

NIGHT = nights.night(nights.street(8), 30)
EMPTY = nights.night(nights.street(8), 0)


@pytest.mark.parametrize(
    ("share", "said"), [(1.0, "100 %"), (0.999999, "99.999 %"), (0.9994, "99.940 %"), (0.9979, "99.7 %"), (0.0, "0.0 %"), (None, "n/a")]
)
def test_service__is_rounded_down(share: float | None, said: str) -> None:
    """Only every second is 100 %."""
    assert words.service(share) == said


def test_sentences__say_saving_service_dark_and_lowest() -> None:
    """A council reads four sentences, the first says that it is simulated."""
    said = words.sentences(NIGHT.score)
    assert len(said) == 4
    assert said[0].startswith("In this simulated night the 8 lamps used ")
    assert "counted in" in said[0]
    assert said[1].startswith("People on foot had full light ")
    assert "30 road users" in said[2]
    assert said[3] == "The light of no lamp was ever below 50 % of full."


def test_sentences__of_an_empty_night_claim_no_service() -> None:
    """Nobody came: nothing is said of service or of the dark."""
    said = words.sentences(EMPTY.score)
    assert said[1] == "Nobody came by to whom light was owed, so nothing can be said about service."
    assert not any("dark" in sentence for sentence in said)


def test_sentences__without_known_power_claim_no_saving() -> None:
    """No energy, no saving."""
    score = replace(NIGHT.score, energy=replace(NIGHT.score.energy, saving=None, net_saving=None, power_known=False))
    assert "cannot be said" in words.sentences(score)[0]
    page = view(score, nights.CLOCK)
    assert not any("kWh" in cell for sheet in page.sheets for row in sheet.rows for cell in row)
    assert all(lamp.share_permille is None for lamp in page.lamps.values())


def test_more_than_always_on__is_said_as_it_is() -> None:
    """A net saving below 0 is more, not less."""
    score = replace(NIGHT.score, energy=replace(NIGHT.score.energy, saving=0.01, net_saving=-0.03))
    assert words.sentences(score)[0].endswith(
        "1 % less electricity than the same lamps always on; with what nodes and sensors take counted in, 3 % more."
    )


def test_moment__names_user_time_lamp_and_cause() -> None:
    """What one needs to look for it in the diagram."""
    moment = Moment(0, 9000, 9.0, 3.2, 17, "pedestrian", "K07", 3, 100, 0, 0, "miss")
    assert words.moment_title(moment, "03:12:04") == "03:12:04: pedestrian 17 in the dark for 3.2 s"
    assert words.moment_said(moment) == (
        "The lamp most missed was K07. Likely cause: the last sensor on the way had not seen the user; dark or late for 9 s in all."
    )


def test_causes__are_all_explained() -> None:
    """Every cause that the score knows has words."""
    from lykta.score.causes import CAUSES

    assert set(words.CAUSES) == set(CAUSES)


def test_losses__add_up_to_the_time_lost() -> None:
    """The bars hold all late and dark time, most first."""
    everyone = NIGHT.score.everyone
    bars = view(NIGHT.score, nights.CLOCK).losses
    assert sum(bar.hatched + bar.plain for bar in bars) == pytest.approx(everyone.dark_s + everyone.late_s)
    assert [bar.hatched + bar.plain for bar in bars] == sorted((bar.hatched + bar.plain for bar in bars), reverse=True)
