"""The search of the page: its best is looked at again over all nights before the page calls it good."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from lykta.studio import seeker
from lykta.studio.saving import Standing
from lykta.studio.seeker import Seeker
from lykta.tune.search import Point

#: By number: (energy, share of people's time without full light) over the few nights of the search; every one keeps what is asked there.
POINTS = [(0, (500.0, 0.001)), (1, (300.0, 0.004)), (2, (400.0, 0.003)), (3, (450.0, 0.004))]


#: A class that has less than it is owed.
SHORT = SimpleNamespace(now=SimpleNamespace(value=0.9))


def found(number: int, spent: float, unserved: float) -> Point:
    """A point of a search that keeps everything on the nights it was tried on."""
    return Point(number, {"idle": number}, spent, unserved, (), (0.0,), "")


def again(keeps: set[int], other_street_after: int | None = None) -> tuple[Seeker, list[int]]:
    """A search that has ended, its best looked at again; and which points were looked at. `keeps`: those that keep it over all nights."""
    looked: list[int] = []

    async def told() -> Seeker:
        async def look(point: Point, over: object) -> Standing:
            looked.append(point.number)
            if point.number == other_street_after:
                one.forget()
            return Standing(0.995, () if point.number in keeps else (SHORT,), 20)

        one = Seeker(lambda: None, look, task=object(), points=[found(number, *both) for number, both in POINTS])
        one._end()
        await one._proving
        return one

    return asyncio.run(told()), looked


def test_lucky_best__is_not_the_one_that_is_marked():
    """The one with least energy falls short over all nights, the next keeps it: that is the one, and no further is looked at."""
    one, looked = again(keeps={2, 0})
    assert (looked, one.proven().number, one.looking_at) == ([1, 2], 2, None)


def test_none_that_keeps_it__is_said():
    """All of the front were looked at, point 3 is not on it; none is called the best."""
    one, looked = again(keeps=set())
    assert (looked, one.proven(), sorted(one.proved)) == ([1, 2, 0], None, [0, 1, 2])


def test_most__is_kept_to(monkeypatch: pytest.MonkeyPatch):
    """A long front is not looked at to its end."""
    monkeypatch.setattr(seeker, "MOST_PROVED", 2)
    assert again(keeps=set())[1] == [1, 2]


def test_other_street__ends_the_looking():
    """What was found of the street before is not noted."""
    one, looked = again(keeps={2}, other_street_after=1)
    assert (looked, one.proved) == ([1], {})
