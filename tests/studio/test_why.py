"""Why a lamp was so bright: rule, tracks and detections fit together, and are said in both languages."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lykta.sim.night import Night
from lykta.studio.telling import Teller
from lykta.studio.why import Why, why
from lykta.studio.words import Words
from tests.sim.nights import lit

PRESENCE = 3


@pytest.fixture(scope="module")
def night() -> Night:
    """Three hours of the example, with real sensors and radio."""
    return lit("valla_torg", "quiet", 5, "auto", hours=3)


@pytest.fixture(scope="module")
def lit_for_somebody(night: Night) -> Why:
    """A lamp on the path in the moment in which it goes up for somebody seen elsewhere."""
    levels = night.levels
    rows = np.flatnonzero((levels["cause"].to_numpy() == PRESENCE) & (levels["t_ms"].to_numpy() < night.plan.begin_ms + 9_000_000))
    for row in rows.tolist():
        found = why(night, int(levels["lamp"][row].as_py()), int(levels["t_ms"][row].as_py()))
        if found.reasons and len(found.reasons[0].sightings) > 1 and found.reasons[0].track.distance_cm:
            return found
    raise AssertionError("nobody was followed in this night")


def test_track__leads_back_over_the_detections_that_it_was_followed_over(lit_for_somebody: Why) -> None:
    """Each earlier sighting lies earlier, at another post."""
    chain = lit_for_somebody.reasons[0].sightings
    assert [one.t_ms for one in chain] == sorted((one.t_ms for one in chain), reverse=True)
    assert lit_for_somebody.reasons[0].track.origin == chain[0].lamp
    assert all(one.lamp_id != other.lamp_id for one, other in itertools.pairwise(chain))


def test_steps__surround_the_moment(lit_for_somebody: Why) -> None:
    """Changes before lead up to it, those after follow."""
    assert lit_for_somebody.before[-1].t_ms == lit_for_somebody.t_ms
    assert "presence" == lit_for_somebody.before[-1].rule == lit_for_somebody.rule
    assert all(step.t_ms > lit_for_somebody.t_ms for step in lit_for_somebody.after)


def test_nobody_expected__says_so_with_the_phase(night: Night) -> None:
    """At light on nobody has been seen yet."""
    lamp = [one.id for one in night.plan.site.lamps].index("P12")
    found = why(night, lamp, night.plan.begin_ms + 1)
    tell = Teller(Words("en"), night.plan.agenda.times.origin_utc_ms, night.plan.site.timezone)
    assert (found.rule, tell.rule(found)) == ("phase", "Nobody is expected: the level of the phase dusk holds.")


def test_explanation__is_told_in_swedish_too(night: Night, lit_for_somebody: Why) -> None:
    """Every sentence differs from the English one, and has the same times in it."""
    origin, zone = night.plan.agenda.times.origin_utc_ms, night.plan.site.timezone
    english, swedish = (Teller(Words(language), origin, zone) for language in ("en", "sv"))
    reason = lit_for_somebody.reasons[0]
    for said in ("place", "track", "span"):
        assert getattr(english, said)(reason) != getattr(swedish, said)(reason)
    assert english.rule(lit_for_somebody) != swedish.rule(lit_for_somebody)
    assert english.truth(reason.sightings[0]) != swedish.truth(reason.sightings[0])
    assert english.clock(reason.track.evidence_ms) in swedish.place(reason)
