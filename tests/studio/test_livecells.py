"""What the live map shows of a lamp, and what has changed since a page last looked."""

from __future__ import annotations

from lykta.fleet.model import NodeState
from lykta.studio.livecells import ALARM, EXACT, FAULT, LIVE_S, NO_LEVEL, NO_NODE, OFFLINE, ONLINE, OVERRIDE, Cell, Cells, cell_of

NOW = 1_797_285_600.0
NAMES = {"A": "street.A", "B": "street.B"}


def cells() -> Cells:
    """Three lamps, of which the last has no node."""
    return Cells(["A", "B", "C"], NAMES)


def nobody(name: str) -> bool:
    """No order is in force."""
    return False


def test_node_that_was_never_heard__is_neither_online_nor_offline():
    """Nobody knows: no level, no bit."""
    assert cell_of(NodeState("street.A", "A"), False, NOW) == Cell(NO_LEVEL, 0)


def test_everything_that_is_the_matter__is_a_bit_of_its_own():
    """Told apart on the map by shape."""
    state = NodeState("street.A", "A", online=True, level=400, faults=("radar",), alarms=("stuck-sensor",))
    assert cell_of(state, True, NOW) == Cell(400, ONLINE | FAULT | ALARM | OVERRIDE)
    assert cell_of(NodeState("street.A", "A", online=False, level=400), False, NOW) == Cell(400, OFFLINE)


def test_level_of_the_moment__is_shown_as_such_and_not_for_long():
    """In a window the level is exact; when nothing more comes the mean stands again."""
    state = NodeState("street.A", "A", online=True, level=400, live=900, live_at=NOW)
    assert cell_of(state, False, NOW + 1) == Cell(900, ONLINE | EXACT)
    assert cell_of(state, False, NOW + LIVE_S) == Cell(400, ONLINE)


def test_lamp_without_a_node__says_so_from_the_start():
    """Not as one that was never heard."""
    assert cells()[2] == Cell(NO_LEVEL, NO_NODE)


def test_page__is_told_of_what_has_changed_since_it_looked():
    """Once, however often it changed; a node of another street is nobody's lamp."""
    found = cells()
    assert not found.take([NodeState("street.A", "A"), NodeState("other.A", "A", online=True)], nobody, NOW)
    assert found.take([NodeState("street.A", "A", online=True)], nobody, NOW)
    first = found.revision
    assert found.take([NodeState("street.B", "B", online=True)], nobody, NOW)
    assert found.take([NodeState("street.B", "B", online=False)], nobody, NOW)
    assert (found.since(0), found.since(first), found.since(found.revision)) == ([1, 0], [1], [])


def test_what_is_handed_over__grows_with_what_changed_not_with_the_city():
    """Of 30,000 lamps one that changed is a few bytes."""
    lamps = [f"L{number}" for number in range(30_000)]
    found = Cells(lamps, {lamp: f"city.{lamp}" for lamp in lamps})
    found.take([NodeState("city.L777", "L777", online=True, level=500)], nobody, NOW)
    assert sum(map(len, found.columns(found.since(0)).values())) < 20
