"""Rolling out: a few first, more when those are well, and nobody any more when they are not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from lykta.errors import InputError, LyktaError
from lykta.fleet.model import NodeState
from lykta.fleet.updates import plan
from lykta.fleet.updates.bundle import Bundle
from lykta.fleet.updates.record import DONE, FAILED, OFFERED, STOPPED, UNDER_WAY, UPDATED, WAITING, Folder, spread, staged
from lykta.fleet.updates.roll import Limits, Roll
from lykta.node.street import load_street
from lykta.plan.nodefiles import node_names
from tests.fleet.updates.fakes import LIMITS, MINUTE, NEW, OLD, Fleet, begun, bundle, roll


def test_roll__goes_through_its_stages_and_leaves_nothing_behind(tmp_path: Path):
    """One node of 34, then three more, then all; the broker keeps neither pieces nor offers afterwards."""
    fleet, seen = Fleet(34), []
    found, said = roll(fleet, bundle(), tmp_path, each=lambda one: seen.append((one.record.stage, len(one.record.of(UPDATED)))))
    assert (found.state, len(found.of(UPDATED))) == (DONE, 34)
    assert {node.software for node in fleet.nodes.values()} == {NEW}
    assert max(count for stage, count in seen if stage == 0) == 1
    assert max(count for stage, count in seen if stage == 1) == 3
    assert fleet.retained == {}
    assert sum("Stage" in line for line in said) == 2


@pytest.mark.parametrize(("count", "stages"), [(1, [1.0]), (2, [0.01, 1.0]), (3, [0.01, 0.1, 1.0])])
def test_roll__over_a_few_has_fewer_stages_and_ends(tmp_path: Path, count: int, stages: list[float]):
    """A stage without a node would never be over."""
    found, said = roll(Fleet(count), bundle(), tmp_path, hours=4)
    assert (found.state, found.stages) == (DONE, stages)
    assert sum("1 node more." in line for line in said) == count - 1


def test_roll__watches_each_stage_before_the_next(tmp_path: Path):
    """Telemetry comes every quarter of an hour: nobody is offered it before the last of a stage was watched for as long as was said."""
    fleet = Fleet(100)
    begins: dict[int, float] = {}
    found, _ = roll(fleet, bundle(), tmp_path, each=lambda one: begins.setdefault(one.record.stage, fleet.now) and None)
    assert found.state == DONE
    assert begins[1] - begins[0] >= LIMITS.soak_s + 6 * MINUTE
    assert begins[2] - begins[1] >= LIMITS.soak_s + 6 * MINUTE


@pytest.mark.security(10, 12)
@pytest.mark.parametrize(
    ("fate", "why"),
    [
        ("went back", "went back"),
        ("no room", "no room"),
        ("faults", "new since the update: radar"),
        ("vanishes", "offline since its update"),
        ("slow", "not updated after 4 h (last said: begun)"),
    ],
)
def test_bad_update__stops_at_the_first_node(tmp_path: Path, fate: str, why: str):
    """Whatever goes wrong there, no other node was ever offered it, and the offer is taken back."""
    fleet = Fleet(34, dict.fromkeys(range(34), fate))
    found, _ = roll(fleet, bundle(), tmp_path)
    first = next(iter(found.nodes))
    assert (found.state, found.why) == (STOPPED, f"1 of 1 nodes are not well: {first}: {why}")
    assert fleet.order == [first]
    assert fleet.retained == {}


def test_few_bad_ones_of_many__stop_it_only_beyond_the_limit(tmp_path: Path):
    """Two of two hundred are a story about two boards; eight are one about the update."""
    order = list(Fleet(200).people)
    turns = spread(order)
    late = [order.index(name) for name in turns[160:]]
    fine, _ = roll(Fleet(200, dict.fromkeys(late[:2], "no room")), bundle(), tmp_path / "two")
    assert (fine.state, len(fine.of(FAILED)), len(fine.of(UPDATED))) == (DONE, 2, 198)
    soon = [order.index(name) for name in turns[60:]]
    bad, _ = roll(Fleet(200, dict.fromkeys(soon, "went back")), bundle(), tmp_path / "many", limits=Limits(1200, at_once=20))
    assert bad.state == STOPPED
    assert len(bad.of(WAITING)) > 80


def test_fault_that_was_there_before__is_not_held_against_it(tmp_path: Path):
    """A stuck sensor is no reason to keep a street from its update."""
    fleet = Fleet(5)
    for state in fleet.nodes.values():
        state.faults = ("stuck",)
    assert roll(fleet, bundle(), tmp_path)[0].state == DONE


def test_nodes_that_are_away__are_last_and_get_it_when_they_come_back(tmp_path: Path):
    """Their offers stay with the broker; the same command later takes note of who has it by then."""
    fleet = Fleet(20, {3: "away", 4: "away"})
    found, _ = roll(fleet, bundle(), tmp_path)
    assert (found.state, len(found.of(UPDATED)), len(found.of(OFFERED))) == (UNDER_WAY, 18, 2)
    assert sum("/n/" in topic for topic in fleet.retained) == 20
    for node in fleet.people.values():
        node.state.online = True
    again, _ = roll(fleet, bundle(), tmp_path)
    assert (again.state, fleet.retained) == (DONE, {})


def test_node_that_goes_away_in_an_early_stage__does_not_hold_up_the_others(tmp_path: Path):
    """Power off at one post of the second stage: the roll-out goes on, and waits for it at the end only."""
    fleet = Fleet(40)

    def cut(one: Roll) -> None:
        if one.record.stage == 1:
            name = one.record.in_stage(1)[0]
            if fleet.people[name].state.software == OLD:
                fleet.people[name].state.online, fleet.people[name].due = False, -1.0

    found, _ = roll(fleet, bundle(), tmp_path, each=cut)
    assert (found.state, len(found.of(UPDATED)), len(found.of(OFFERED))) == (UNDER_WAY, 39, 1)


def test_node_that_starts_anew__is_waited_for_however_long_ago_the_others_had_it(tmp_path: Path):
    """The last one is offline for some minutes, on trial: that is no reason to end, and to say that it cannot be reached."""
    fleet = Fleet(2)

    def trial(one: Roll) -> None:
        for name in one.record.in_stage(1):
            node = fleet.people[name]
            node.state.online = node.due < 0 or node.state.software == NEW

    found, _ = roll(fleet, bundle(), tmp_path, each=trial, shares=(0.5, 1.0), limits=Limits(soak_s=60))
    assert found.state == DONE


def test_at_once__bounds_how_many_fetch(tmp_path: Path):
    """So that a street does not start anew all together."""
    fleet, most = Fleet(100), []
    roll(fleet, bundle(), tmp_path, each=lambda one: most.append(len(one.record.of(OFFERED))), limits=Limits(1200, at_once=7))
    assert max(most) == 7


def test_interrupted_roll__goes_on_where_it_was(tmp_path: Path):
    """At any moment: whoever has it is not offered it again, whoever was under way is asked how far he is."""
    fleet = Fleet(34)
    for _ in range(200):
        found, _ = roll(fleet, bundle(), tmp_path, hours=0.2)
        if found.state == DONE:
            break
    assert found.state == DONE
    assert {node.software for node in fleet.nodes.values()} == {NEW}
    for node in fleet.people.values():
        taken = [number for number, offer in enumerate(node.offers) if offer]
        assert len(taken) <= 3


def test_broker_that_goes_away__is_waited_for(tmp_path: Path):
    """An hour without it in the middle: said once for each try, and nothing is lost."""
    fleet = Fleet(34)
    begin = fleet.now

    def outage(one: Roll) -> None:
        fleet.away = 3000 < fleet.now - begin < 7200

    found, said = roll(fleet, bundle(), tmp_path, each=outage)
    assert found.state == DONE
    assert "No broker answers." in said


def test_spread__puts_neighbours_far_apart():
    """Nobody is left out; the first tenth is all over the street."""
    names = [f"K{number:02}" for number in range(34)]
    order = spread(names)
    assert sorted(order) == names
    numbers = [names.index(name) for name in order]
    assert min(abs(one - other) for one, other in pairwise(numbers)) > 5
    for count in range(1, 60):
        assert len(set(spread(names[:count]))) == min(count, 34)


@pytest.mark.parametrize(("count", "expected"), [(1, [1]), (2, [1, 1]), (3, [1, 1, 1]), (34, [1, 2, 31]), (1000, [10, 90, 900])])
def test_stages__are_shares_of_the_nodes(count: int, expected: list[int]):
    """Each at least one node more than the one before, as far as there are any."""
    nodes = staged([str(number) for number in range(count)], (0.01, 0.1, 1.0))
    counts = [sum(node.stage == stage for node in nodes.values()) for stage in range(3)]
    assert [number for number in counts if number] == expected


def test_record__that_is_damaged_is_said(tmp_path: Path):
    """With what to do."""
    (tmp_path / "roll.json").write_text('{"form": 1, "nodes": ')
    with pytest.raises(InputError, match="Remove the file"):
        Folder(tmp_path).load()
    (tmp_path / "roll.json").write_text('{"form": 9, "nodes": {}}')
    with pytest.raises(InputError, match="newer Lykta"):
        Folder(tmp_path).load()


def test_undo__takes_it_from_all_who_have_it_to_the_version_before(tmp_path: Path):
    """Its bundle is still in the folder, since it was rolled out from here; nodes that never had the update are left alone."""
    fleet, folder = Fleet(20, dict.fromkeys(range(8), "faults")), Folder(tmp_path)
    for node in fleet.people.values():
        node.state.software = "0.9"
    with pytest.raises(LyktaError, match="nothing to undo"):
        plan.undoing(begun(fleet, bundle(OLD), Folder(tmp_path / "other")), folder, None, fleet.now)
    assert roll(fleet, bundle(OLD), tmp_path, limits=Limits(1200, unwell=1.0))[0].state == DONE
    for node in fleet.people.values():
        node.state.faults = ()
    stopped, _ = roll(fleet, bundle(), tmp_path)
    assert stopped.state == STOPPED
    taken = stopped.of(UPDATED)
    back, old = plan.undoing(stopped, folder, None, fleet.now)
    assert (old.head, set(back.nodes), back.undoes) == (bundle(OLD).head, set(taken), bundle().id)
    folder.begin(back, old)
    for node in fleet.people.values():
        node.fate = "well"
    done, _ = roll(fleet, old, tmp_path)
    assert done.state == DONE
    assert {node.software for node in fleet.nodes.values()} == {OLD}
    assert (tmp_path / f"{bundle().id}.json").is_file()


def test_undo__says_which_bundle_is_missing(tmp_path: Path):
    """The nodes had it from somewhere else."""
    fleet = Fleet(3)
    found, _ = roll(fleet, bundle(), tmp_path)
    with pytest.raises(LyktaError, match=r"before it the nodes had 1\.0.*--to"):
        plan.undoing(found, Folder(tmp_path), None, fleet.now)
    assert plan.undoing(found, Folder(tmp_path), bundle(OLD), fleet.now)[0].version == OLD


def test_plan__begins_with_whom_one_can_see_and_leaves_other_chips_out(tmp_path: Path):
    """Then who is online; a street of other boards is told how to build for them."""
    street = load_street("kungsholms_strand")
    names = node_names(street.site)
    states = {name: NodeState(name, lamp, online=lamp != "K07") for lamp, name in names.items()}
    found, foreign = plan.begin(street, states, names, street.lamps, bundle(), (0.1, 1.0), ["K20"], 0.0)
    order = list(found.nodes)
    assert (order[0], order[-1], foreign) == (names["K20"], names["K07"], [])
    assert len(order) == len(street.lamps)
    other = replace(bundle().about, chips=("esp32c3",))
    strange = Bundle(other.signed_part() + bytes(64), {})
    with pytest.raises(InputError, match="--chip"):
        plan.begin(street, states, names, street.lamps, strange, (1.0,), (), 0.0)


def test_folder__is_for_one_program_at_a_time(tmp_path: Path):
    """Two that roll out at once would not know of each other."""
    with Folder(tmp_path).alone(), pytest.raises(InputError, match="Ctrl-C"), Folder(tmp_path).alone():
        pass
