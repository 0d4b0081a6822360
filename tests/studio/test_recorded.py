"""What the history says is found again, and said in the language of a page."""

from __future__ import annotations

import datetime as dt

import pytest

from lykta.fleet import acts
from lykta.fleet.differences import Difference
from lykta.fleet.proposal import Conformity
from lykta.studio.livechanges import told
from lykta.studio.recorded import detail, reason, recorded
from lykta.studio.saying import Plain
from lykta.studio.words import Words

SWEDISH = Words("sv")
UNTIL = f"until {dt.datetime(2026, 12, 14, 23, 30):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (f"at least 62.5 % {UNTIL}", "minst 62,5 % till 2026-12-14 23:30"),
        (acts.said_of([f"K{number:02}" for number in range(1, 14)], 34), "K01, K02, K03, K04, K05, K06, K07, K08 och 5 till"),
        (
            acts.tallied([("K01", "none"), ("K02", f"at least 50 % {UNTIL}"), ("K03", "none")]),
            "ingen på K01, K03; minst 50 % till 2026-12-14 23:30 på K02",
        ),
        ("all 34 lamps (proposal 3: Winter, dim)", "alla 34 lampor (förslag 3: Winter, dim)"),
        ("proposal 3: Dim, 2 differences from version 7, Winter", "förslag 3: Dim, 2 skillnader mot version 7, Winter"),
        (
            "proposal 3: Dim, no differences from Dim, the profile that the site names",
            "förslag 3: Dim, inga skillnader mot Dim, den profil som platsen anger",
        ),
        ("2026.12 is rolled out", "2026.12 rullas ut"),
        (
            Conformity.judged({"pedestrian": 0.9187, "cyclist": 0.9999}, 0.995, 3, "busy", "Valla Torg").said,
            "fullt ljus gående 91,87 %, cyklister 99,99 % av begärda 99,5 %; 3 simulerade nätter av busy, kravet Valla Torg",
        ),
    ],
)
def test_record__is_said_in_swedish(written: str, said: str):
    """What Lykta writes, as it writes it, with its numbers as the language has them; in English it stays word for word."""
    assert (recorded(SWEDISH, written), recorded(Words(), written), recorded(Plain(), written)) == (said, written, written)


def test_short_word_of_the_record__is_said_in_full():
    """In either language: what it stands for, nobody guesses."""
    assert recorded(SWEDISH, "way back") == "godkänt, som vägen tillbaka till det som gällde"
    assert recorded(Words(), "alone") == "approved, with nobody else to ask"


@pytest.mark.parametrize(
    "own", ["K01, K02", "none of your business", "Holm & Son; the bridge on Tuesday", "2026.12", "", "a on b; none on c"]
)
def test_own_words__are_left_alone(own: str):
    """Names of lamps, of people, of versions, and what somebody wrote."""
    assert recorded(SWEDISH, own) == own


def test_reason__is_only_said_anew_where_lykta_gave_it():
    """A person may write what is a word of ours elsewhere."""
    assert [reason(SWEDISH, one) for one in ("ended by hand", "open", "none")] == ["avslutat för hand", "open", "none"]


def test_alarm__says_its_faults_by_their_names():
    """As the alarm was opened with them: the names that nodes have for them are not for people."""
    assert detail(SWEDISH, "radar, stuck") == "en radar svarar inte, en sensor rapporterar någon hela tiden"
    assert detail(Plain(), "mean level 98 % by day (clock)") == "mean level 98 % by day (its clock is not set)"
    assert detail(SWEDISH, "2.1 Wh instead of 5.0 Wh at 100 %") == "2,1 Wh i stället för 5,0 Wh vid 100 %"


def test_change_of_settings__is_said_by_the_names_of_the_page():
    """Where, what, of whom, from what to what."""
    one = Difference("", ("path",), ("night",), "pedestrian", "hold", "0.5 s", "12 s")
    assert told(Words(), one) == "path, night: Hold (pedestrians) 0.5 s → 12 s"
    assert told(SWEDISH, one) == "path, natt: Hålltid (gående) 0,5 s → 12 s"
    assert (
        told(SWEDISH, Difference("", ("all",), ("all",), "", "idle", "", "40 %")) == "alla zoner, alla faser: Grundnivå finns inte → 40 %"
    )


def test_verdict__is_the_same_whoever_asks_for_it():
    """A share that lacks less than a hair keeps it; nobody is a verdict too; without a night there is none."""
    assert Conformity.judged({"car": 0.995 - 1e-13}, 0.995, 1, "quiet", "R").conforms
    assert Conformity.judged({"car": 0.9949, "cyclist": 1.0}, 0.995, 1, "quiet", "R").conforms is False
    assert Conformity.judged({}, 0.995, 2, "quiet", "R") == Conformity(
        True, "service nobody came by of 99.5 % asked for; 2 simulated nights of quiet, requirement R"
    )
    assert Conformity.judged({}, 0.995, 0, "quiet", "R") == Conformity()
