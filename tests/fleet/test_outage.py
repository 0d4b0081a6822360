"""A broker that was away: nodes come back spread out, and soon; without drawing they would come all at once."""

from __future__ import annotations

from lykta.fleet.simulate_outage import LONGEST_S, outage

DAY_S = 86_400


def test_outage_of_a_day__is_over_within_a_quarter_of_an_hour():
    """1,000 nodes, a broker that shakes hands with 30 in a second: nobody gives up, no second has more than it bears."""
    found = outage(1_000, DAY_S, handshakes_s=30)
    assert (found.nodes, found.given_up) == (1_000, 0)
    assert found.back_s <= LONGEST_S
    assert found.peak < 30


def test_outage__without_drawing_comes_back_in_one_second():
    """The yardstick: all at once, more than the broker can take, so that most give up and come again together."""
    found = outage(1_000, DAY_S, jittered=False, handshakes_s=30)
    assert found.peak == 1_000
    assert found.given_up > 200


def test_outage__keeps_what_a_node_may_keep():
    """Nothing grows with the length of it."""
    assert outage(10, DAY_S).most_letters == outage(10, 30 * DAY_S).most_letters


def test_outage__of_one_seed_is_always_the_same():
    """Another seed is another one."""
    assert outage(200, 3_600) == outage(200, 3_600)
    assert outage(200, 3_600) != outage(200, 3_600, seed=2)
