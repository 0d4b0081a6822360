"""Streets, people, faults and nights of the strategies: what they make is possible, and shrinks to what one sees at a glance."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from lykta.plan import make_plan
from lykta.profiles import load_profile
from lykta.site.graph import Graph
from lykta.testing import Broke, Person, SimulatedNight, Street, strategies
from lykta.testing.night import DATE, PROFILE
from lykta.testing.street import Given, broken

FEW = settings(max_examples=200, phases=strategies.SETTINGS.phases)


def smallest(strategy: st.SearchStrategy, claim) -> object:
    """The example to which a strategy shrinks for which something holds."""
    return find(strategy, claim, settings=settings(FEW, derandomize=True, database=None))


@given(data=st.data())
@settings(max_examples=40)
def test_worlds__are_possible(data: st.DataObject):
    """Every street gives a plan; everybody drawn for it finds a way; every fault concerns lamps that there are."""
    street = data.draw(strategies.streets())
    site = street.site()
    graph = Graph(site)
    plan = make_plan(site, graph, load_profile(PROFILE), DATE)
    source = Given(tuple(data.draw(strategies.people(street))))
    assert source.check(graph) == []
    table = source.trajectories(graph, None, 1, plan.begin_ms, plan.end_ms, 0)
    assert len(set(table["user"].to_pylist())) == len(source.people)
    found = data.draw(strategies.faults(street, kinds=strategies.ALL_FAULTS))
    broken(site, found, plan.begin_ms, plan.end_ms)


def test_streets__shrink_to_two_posts():
    """The smallest street is one pitch of 20 m with the simplest sensor, and no side way."""
    assert smallest(strategies.streets(), lambda _: True) == Street(sensor="ideal")


def test_people__shrink_to_one_walker():
    """At 1.4 m/s, from west to east, without a rest."""
    assert smallest(strategies.people(Street()), lambda _: True) == [Person()]


def test_faults__shrink_to_none_and_to_the_one_that_matters():
    """Nothing broken, or only what the claim is about, all night."""
    assert smallest(strategies.faults(Street(), kinds=strategies.ALL_FAULTS), lambda _: True) == []
    dead = smallest(strategies.faults(Street(), kinds=strategies.ALL_FAULTS), lambda found: any(one.what == "dead_lamp" for one in found))
    assert dead == [Broke("dead_lamp", ("P1",))]


@pytest.mark.slow
def test_nights__shrink_to_the_smallest_that_breaks_a_claim():
    """That nobody is ever late where posts may go dark: one walker, one dead lamp of a row of two."""

    def broken_claim(night: SimulatedNight) -> bool:
        return night.dark_seconds().max() > 3

    rows = strategies.nights(strategies.streets(branches=False), kinds=("dead_lamp",), turning=False, stopping_s=0)
    assert (
        repr(smallest(rows, broken_claim))
        == "night_of(Street(sensor='ideal'), [Person()], [Broke(what='dead_lamp', lamps=('P1',))], seed=1)"
    )


def test_sensors_that_look_one_way__are_refused():
    """A made-up street does not say where a radar looks."""
    with pytest.raises(ValueError, match="looks one way"):
        strategies.streets(sensors=("ld2451",))
