"""Demands as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.document import Document
from lykta.errors import InputError
from lykta.tables import ANIMAL
from lykta.traffic import DEFAULT_HABITS, Demand, load_demand, packaged
from lykta.traffic.demand import CAR, CYCLIST, PEDESTRIAN, Normal
from lykta.traffic.reader import read


def demand(text: str) -> Demand:
    """The demand in a text."""
    return read(Document.read(text, "t.yaml"))


def messages(text: str) -> list[str]:
    """What is wrong in a text."""
    with pytest.raises(InputError) as caught:
        demand(text)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("name", packaged())
def test_load_demand__packaged_ones_read(name: str) -> None:
    """Every packaged demand reads, has people, and says where its numbers come from."""
    found = load_demand(name)
    assert not found.empty
    assert found.notes


def test_load_demand__kungsholms_is_as_published() -> None:
    """10 users an hour, 70 % on foot and 30 % cycling, with the laws of the published figures."""
    found = load_demand("kungsholms")
    assert found.rate(PEDESTRIAN, weekend=False, hour=3) == 7
    assert found.rate(CYCLIST, weekend=True, hour=20) == 3
    assert found.rate(CAR, weekend=False, hour=3) == 0
    assert found.habits[PEDESTRIAN].speed == Normal(140, 25, 50, 250)
    assert found.habits[CYCLIST].speed == Normal(450, 100, 200, 900)
    for road_user in (PEDESTRIAN, CYCLIST):
        habits = found.habits[road_user]
        assert (habits.grouped, habits.group_size, habits.pausing, habits.pause_ms, habits.turning) == (100, (2, 4), 100, 120_000, 10)
        assert (habits.loitering, habits.with_dog) == (0, 0)


def test_load_demand__another_rate_behind_the_name() -> None:
    """`kungsholms@30` is the same mix with 30 users an hour."""
    found = load_demand("kungsholms@30")
    assert found.rate(PEDESTRIAN, weekend=False, hour=3) == pytest.approx(21)
    assert found.rate(CYCLIST, weekend=False, hour=3) == pytest.approx(9)
    with pytest.raises(InputError, match=r'"many" users an hour are not possible here\. Write for example "quiet@30"'):
        load_demand("quiet@many")


def test_load_demand__an_unknown_name_proposes_one() -> None:
    """A slip of the pen names the nearest."""
    with pytest.raises(InputError, match=r'there is no traffic of this name\. Did you mean "quiet"\?'):
        load_demand("quiett")


def test_load_demand__a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is in the message."""
    with pytest.raises(InputError, match=r"mine\.yaml.* there is no such file"):
        load_demand(tmp_path / "mine.yaml")
    with pytest.raises(InputError, match=r"mine\.csv.* there is no such file"):
        load_demand(tmp_path / "mine.csv")


def test_read__hours_hold_until_the_next() -> None:
    """Each number holds from its hour on, the last one over midnight."""
    found = demand('name: t\npedestrian:\n  an_hour: {"06:00": 20, "22:00": 5}\n  an_hour_weekend: 3\n')
    work, weekend = found.rates[PEDESTRIAN]
    assert work == (5,) * 6 + (20,) * 16 + (5,) * 2
    assert weekend == (3,) * 24


def test_read__what_is_not_written_keeps_its_default() -> None:
    """Only the mean speed is changed."""
    found = demand("name: t\nanimal: {an_hour: 1, speed: {mean: 2 m/s}}\n")
    assert found.habits[ANIMAL].speed == Normal(200, 50, 60, 400)
    assert found.habits[ANIMAL].lateral == DEFAULT_HABITS[ANIMAL].lateral


def test_read__weights() -> None:
    """Entrances and turns by the ids of points."""
    found = demand("name: t\npedestrian: {an_hour: 1}\nentrances: {tram: 5}\nturns: {square: {tram: 3, park: 1}}\n")
    assert found.entrances == {"tram": 5}
    assert found.turns == {"square": {"tram": 3, "park": 1}}


def test_read__all_problems_at_once() -> None:
    """Units, names, laws and shares, each with its line."""
    text = """name: t
pedestrian:
  an_hour: {"6:30": 20}
  speed: {mean: 1.4}
  pausing: 60 %
  loitering: 60 %
cyclists: {an_hour: 3}
car:
  share: 70 %
animal:
  lateral: {mean: 5 m, highest: 1 m}
"""
    assert messages(text) == [
        "t.yaml:2:1  pedestrian: `pausing`, `turning` and `loitering` exclude each other, so together they are at most 100 %.",
        't.yaml:3:13  pedestrian.an_hour.6:30: "6:30" is no full hour. Write the hour from which the number holds, for example "22:00".',
        't.yaml:4:11  pedestrian.speed.mean: 1.4 has no unit. Did you mean "1.4 m/s"?',
        't.yaml:7:1  cyclists: unknown key "cyclists". Did you mean "cyclist"?',
        "t.yaml:9:3  car.share: a share of what? Add `users_an_hour` at the top of the file.",
        "t.yaml:10:1  animal: how many an hour? Add `an_hour: 10`, or a `share` of `users_an_hour`.",
        "t.yaml:11:3  animal.lateral: the mean is not between `lowest` and `highest`.",
    ]


def test_read__nobody_named() -> None:
    """A file without a class says which there are."""
    assert messages("name: t\n") == [
        "t.yaml:1:1  nobody is named. Add at least one of pedestrian, cyclist, car, animal, for example `pedestrian: {an_hour: 10}`."
    ]


def test_read__groups_have_sizes() -> None:
    """A size of one is no group."""
    assert messages("name: t\npedestrian: {an_hour: 1, group_size: 1-4}\n") == [
        't.yaml:2:26  pedestrian.group_size: "1-4" is no size of groups. Write the smallest and the largest, 2 to 30, for example "2-4".'
    ]
