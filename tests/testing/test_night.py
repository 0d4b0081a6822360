"""Nights with people whom one writes down, and what they answer."""

from __future__ import annotations

import numpy as np
import pytest

from lykta.errors import InputError, LyktaError
from lykta.testing import Broke, Person, Street, night_of

ROW = Street((20, 20, 20, 20), sensor="ideal")


def rows(night):
    """The trajectories as (user, ms since sunset, ms until, link, from, to)."""
    names = ("user", "t0_ms", "t1_ms", "link", "from_cm", "to_cm")
    columns = [night.trajectories[name].to_numpy().astype(np.int64) for name in names]
    begin = night.plan.begin_ms
    return [(user, t0 - begin, t1 - begin, *rest) for user, t0, t1, *rest in zip(*(column.tolist() for column in columns), strict=True)]


def test_person__goes_from_end_to_end_at_his_speed():
    """15 m, a pitch of 20 m, 15 m, at 2 m/s from a minute after sunset."""
    found = rows(night_of(Street((20,)), [Person(enters_s=60, speed_cms=200)]))
    assert found == [(0, 60_000, 67_500, 0, 0, 1500), (0, 67_500, 77_500, 1, 0, 2000), (0, 77_500, 85_000, 2, 0, 1500)]


def test_person__turns_round_and_rests_where_it_is_written():
    """To P1 and back, with ten seconds of rest 5 m after the beginning; the second row of standing has no length."""
    found = rows(night_of(Street((20,)), [Person(enters_s=0, speed_cms=100, way=("west", "P1", "west"), stops=((5, 10),))]))
    assert found == [
        (0, 0, 5000, 0, 0, 500),
        (0, 5000, 15_000, 0, 500, 500),
        (0, 15_000, 25_000, 0, 500, 1500),
        (0, 25_000, 40_000, 0, 1500, 0),
    ]


def test_people__are_numbered_by_their_entry():
    """Who comes first is user 0, however they were written down."""
    night = night_of(ROW, [Person(enters_s=900), Person("cyclist", enters_s=600, speed_cms=450)])
    assert night.users["road_user"].to_pylist() == [1, 0]


def test_person__who_would_leave_after_the_night_is_cut_off_at_its_end():
    """Whoever enters a minute before sunrise is still there at sunrise, and no longer."""
    night = night_of(ROW)
    length = night.plan.end_ms - night.plan.begin_ms
    assert max(until for _, _, until, *_ in rows(night_of(ROW, [Person(enters_s=length // 1000 - 60)]))) == length


def test_side_way__is_walked_where_the_way_says_so():
    """From the west to the north, over the post where the side way leaves."""
    street = Street((20, 20), side_at=2, side_m=(30,), sensor="ideal")
    site = street.site()
    gone = [site.links[link] for _, _, _, link, *_ in rows(night_of(street, [Person(way=("west", "north"))]))]
    assert [(link.a, link.b) for link in gone] == [("west", "P1"), ("P1", "P2"), ("P2", "S1"), ("S1", "north")]


def test_seconds__of_nobody_are_none():
    """A claim about walkers holds where only a cyclist came."""
    night = night_of(ROW, [Person("cyclist", speed_cms=450)])
    walkers = night.dark_seconds("pedestrian")
    assert (len(walkers), walkers.max(), walkers.mean(), walkers.sum(), walkers.quantile(0.95)) == (0, 0.0, 0.0, 0.0, 0.0)
    assert night.service("pedestrian") == 1.0
    assert repr(walkers) == "<dark seconds of each pedestrian, seed 1: nobody came>"


def test_dead_lamps__leave_walkers_in_the_dark():
    """All lamps dead: every owed second is dark, and service is 0; the picture is drawn."""
    night = night_of(ROW, [Person()], [Broke("dead_lamp", ("P1", "P2", "P3", "P4", "P5"))])
    assert night.dark_seconds("pedestrian").sum() == night.owed_seconds("pedestrian").sum() > 60
    assert night.service("pedestrian") == 0
    assert night.picture().startswith("<svg ")


def test_standing__can_be_left_out():
    """Who rests for twenty minutes is in the dark after `linger`, by his own choice; without that nobody is."""
    night = night_of(ROW, [Person(stops=((45, 1200),))])
    assert night.dark_seconds().max() > 300
    assert night.dark_seconds(standing=False).max() < 30


def test_require__speaks_the_language_of_scenarios():
    """What holds is silent, what does not says why; a text that is no requirement is a fault of its writer."""
    night = night_of(ROW, [Person()])
    night.require("saving at least 20 %", "dark seconds per pedestrian at most 0")
    with pytest.raises(AssertionError, match="saving at least 90 %: failed"):
        night.require("saving at least 90 %")
    with pytest.raises(InputError, match="no requirement"):
        night.require("more light")


def test_text__makes_the_same_night_again():
    """What a failure prints is Python: run, it gives the same levels."""
    night = night_of(ROW, [Person(way=("east", "P2", "east"))], [Broke("silent", ("P3",), until_s=900)], seed=7, radio="real")
    again = eval(repr(night), {"night_of": night_of, "Street": Street, "Person": Person, "Broke": Broke})
    assert again.levels.equals(night.levels)
    assert repr(night).startswith("night_of(Street(pitches_m=(20, 20, 20, 20), sensor='ideal'), [Person(way=('east', 'P2', 'east'))]")


@pytest.mark.parametrize(
    ("people", "broke", "said"),
    [
        ([Person("rider")], [], 'there is no class "rider"'),
        ([Person("car")], [], "no way for a car leads there"),
        ([Person(way=("west", "P9"))], [], "the site has no P9"),
        ([Person(speed_cms=0)], [], "moves, by 1 cm/s"),
        ([], [Broke("dead", ("P1",))], "no such fault"),
        ([], [Broke("dead_lamp", ("P9",))], "no such lamp"),
    ],
)
def test_mistakes__are_told(people: list[Person], broke: list[Broke], said: str):
    """What a world says that cannot be is an error with the words that were written."""
    with pytest.raises(InputError, match=said):
        night_of(ROW, people, broke)


def test_unknown_figures__are_refused():
    """A class or a figure that does not exist is no zero."""
    night = night_of(ROW)
    for ask in (lambda: night.dark_seconds("walkers"), lambda: night.service("dogs"), lambda: night.quantity("joy")):
        with pytest.raises(LyktaError, match="There is no"):
            ask()
