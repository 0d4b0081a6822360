"""Traffic by SUMO, as far as it needs no SUMO: names, legs, tracks, and what is said where SUMO is missing."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lykta.errors import EnvironmentLacks, InputError
from lykta.scenarios import Wish, assemble
from lykta.site.graph import Graph
from lykta.tables import TRAJECTORIES
from lykta.traffic import load_demand, sumo_tools
from lykta.traffic.reader import is_sumo, parts_of_sumo
from lykta.traffic.sumo import MadeNet, OwnNet
from lykta.traffic.sumo_legs import Leg, legs
from lykta.traffic.sumo_net import chains
from lykta.traffic.sumo_tracks import Samples, Track, corners, joined, rows, whole_way
from tests.traffic import streets

LENGTH_CM = [1000, 2000, 1500]


def table(*found: tuple[int, ...]) -> pa.Table:
    """Trajectories of (user, road_user, t0, t1, link, from, to)."""
    full = [(user, kind, -1, t0, t1, link, a, b, 0) for user, kind, t0, t1, link, a, b in found]
    columns = zip(*full, strict=True)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, TRAJECTORIES, strict=True)], schema=TRAJECTORIES)


def test_names__say_whose_people_and_which_net():
    """`sumo` alone leaves both to the site; a name that only begins so is an ordinary one."""
    assert [is_sumo(name) for name in ("sumo", "sumo:quiet", "sumo.yaml", "quiet")] == [True, True, False, False]
    assert [parts_of_sumo(name) for name in ("sumo", "sumo:quiet@30", "sumo:my.net.xml", "sumo:quiet,my.net.xml")] == [
        ("", ""), ("quiet@30", ""), ("", "my.net.xml"), ("quiet", "my.net.xml"),
    ]  # fmt: skip
    with pytest.raises(InputError, match="more than one"):
        parts_of_sumo("sumo:quiet,busy")


def test_names__take_the_people_of_the_site(tmp_path: Path):
    """`--traffic sumo` moves the people whom the site names; SUMO itself is not yet needed."""
    demand = assemble(Wish("kungsholms_strand", {"traffic": "sumo"})).demand
    assert (demand.name, demand.source) == ("Kungsholms strand, moved by SUMO", MadeNet())
    net = tmp_path / "my.net.xml"
    net.write_text("<net/>", encoding="utf-8")
    assert load_demand(f"sumo:busy,{net}").source == OwnNet(net)
    for name, said in (
        ("sumo:busy,none.net.xml", "there is no such file"),
        ("sumo:bussy", 'Did you mean "busy"'),
        ("sumo", "whose people"),
    ):
        with pytest.raises(InputError, match=said):
            load_demand(name)


def test_missing__is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    """What to install, and what to name where SUMO stands elsewhere."""
    monkeypatch.setattr(sumo_tools, "find_spec", lambda _: None)
    monkeypatch.delenv("SUMO_HOME", raising=False)
    with pytest.raises(EnvironmentLacks, match=r'pip install "lykta\[sumo\]"'):
        sumo_tools.home()
    monkeypatch.setenv("SUMO_HOME", "/nowhere")
    with pytest.raises(EnvironmentLacks, match="/nowhere, where no bin/sumo is"):
        sumo_tools.home()


def test_legs__end_where_somebody_rests_turns_or_comes_by_again():
    """A walker rests on link 1, goes on, turns round on link 2; a second one goes round three links and passes the first again."""
    found = legs(
        table(
            (0, 0, 0, 10, 0, 0, 1000), (0, 0, 10, 20, 1, 0, 800), (0, 0, 20, 90, 1, 800, 800), (0, 0, 90, 100, 1, 800, 2000),
            (0, 0, 100, 110, 2, 0, 700), (0, 0, 110, 120, 2, 700, 0),
            (1, 1, 0, 10, 0, 0, 1000), (1, 1, 10, 20, 1, 0, 2000), (1, 1, 20, 30, 2, 0, 1500), (1, 1, 30, 40, 0, 0, 1000),
            (2, 4, 0, 10, 0, 0, 1000),
        ),
        LENGTH_CM,
    )  # fmt: skip
    assert [(leg.user, leg.number, leg.links, leg.from_cm, leg.to_cm, leg.from_ms) for leg in found] == [
        (0, 0, (0, 2), 0, 800, 0), (0, 1, (2, 4), 800, 700, 90), (0, 2, (5,), 800, 1500, 110),
        (1, 0, (0, 2, 4), 0, 1500, 0), (1, 1, (0,), 0, 1000, 30),
    ]  # fmt: skip
    assert [leg.length_cm(LENGTH_CM) for leg in found] == [1800, 1900, 700, 4500, 1000]


def test_corners__are_few_where_somebody_goes_straight():
    """A stop in the middle of an even walk is four corners, whatever the number of samples."""
    t_ms = np.arange(0, 30_001, 500, dtype=np.float64)
    along = np.interp(t_ms, [0, 10_000, 20_000, 30_000], [0, 1400, 1400, 2800])
    assert corners(t_ms, along).tolist() == [0, 20, 40, 60]


def test_rows__follow_the_links_and_leave_no_gap():
    """Forwards over link 0, backwards over link 1; a rest of 2 s on the latter; whole ms and cm, each begins where the last ended."""
    track = Track((0, 3), np.array([0.0, 15_000, 17_000, 32_000]), np.array([0.0, 1500, 1500, 3000]), 50)
    assert rows(track, LENGTH_CM) == [
        (0, 10_000, 0, 0, 1000, 50), (10_000, 15_000, 1, 2000, 1500, -50), (15_000, 17_000, 1, 1500, 1500, -50),
        (17_000, 32_000, 1, 1500, 0, -50),
    ]  # fmt: skip


def test_crossing__is_timed_within_the_stretch_in_which_it_happens():
    """Who waits before a post and then passes it passes it after waiting."""
    track = Track((0, 2), np.array([0.0, 9_000, 60_000, 62_000]), np.array([0.0, 900, 900, 1100]), 0)
    assert rows(track, LENGTH_CM)[-1] == (61_000, 62_000, 1, 0, 100, 0)


def test_way__is_whole_and_without_leaps():
    """Half a second is missing at both ends; a leap of 10 m along the way (a corner cut) is followed at 1.6 times the walker's speed."""
    leg = Leg(0, 0, 0, (0, 2), 0, 2000, 0, 30_000)
    t_ms = np.arange(500.0, 29_501, 500)
    along = np.where(t_ms < 10_000, t_ms / 10, np.minimum(t_ms / 10 + 1000, 3000))
    times, way = whole_way(leg, t_ms, along, LENGTH_CM)
    assert (way[0], way[-1], times[0]) == (0, 3000, 0)
    assert np.diff(way).max() <= 1.6 * 500 / 10 + 1e-6


def test_joined__keeps_rests_and_users_whom_sumo_never_let_in():
    """A late first leg shifts the rest; a leg without samples goes as it was meant; animals stay."""
    graph = Graph(streets.row_of_posts())
    length = graph.length_cm.tolist()
    asked = table((0, 0, 0, 10_000, 0, 0, length[0]), (0, 0, 10_000, 40_000, 1, 0, 0), (0, 0, 40_000, 60_000, 1, 0, length[1]),
                  (1, 4, 0, 5_000, 0, 0, length[0]))  # fmt: skip
    found = joined(graph, asked, legs(asked, length), {}, 0, 100_000)
    assert found.equals(asked)
    line = np.linspace(0, length[0], 41)
    a, b = graph.tail(0), graph.head(0)
    x, y = (np.interp(line, [0, length[0]], [float(axis[a]), float(axis[b])]) for axis in (graph.x_cm, graph.y_cm))
    slow = {"0.0": Samples(np.arange(0.0, 20_001, 500), x, y)}
    late = joined(graph, asked, legs(asked, length), slow, 0, 100_000)
    walker = [row for row in late.to_pylist() if row["user"] == 0]
    rest = [row["t1_ms"] - row["t0_ms"] for row in walker if row["from_cm"] == row["to_cm"]]
    assert sum(rest) == pytest.approx(30_000, abs=600)
    assert walker[-1]["t1_ms"] == pytest.approx(70_000, abs=1000)
    assert all(before["t1_ms"] == after["t0_ms"] for before, after in pairwise(walker))


def test_chains__hold_every_link_once_in_each_direction():
    """From end to end; no edge leads from a point to itself."""
    for site in (streets.row_of_posts(), streets.fork(), assemble(Wish("valla_torg")).site):
        graph = Graph(site)
        found = list(chains(graph))
        assert sorted(link for edge in found for link in edge.links) == list(range(2 * graph.link_count))
        assert all(graph.tail(edge.links[0]) != graph.head(edge.links[-1]) for edge in found)
        assert len({edge.name for edge in found}) == len(found)
