"""City runs: the same totals as of each corridor alone, whatever the number of processes, and only the levels asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lykta import traffic
from lykta.errors import InputError
from lykta.plan import make_plan
from lykta.profiles import load_profile
from lykta.score import Rules, score, totals
from lykta.score.totals import TOTALS
from lykta.sensing import coverage
from lykta.sim import city
from lykta.sim.city import Corridor
from lykta.sim.night import Night, simulate
from lykta.site import load
from lykta.site.graph import Graph
from lykta.site.model import Lamp, Link, Point, Site
from lykta.traffic import Demand
from tests.sim.nights import DATE

POSTS = 5
STREETS = ("A", "B", "C")


def streets(names: tuple[str, ...] = STREETS, entrances: bool = True) -> Site:
    """A site of several paths that nothing joins, five posts each with a PIR, and a lamp that stands alone."""
    like = load("kungsholms_strand")
    lamps: list[Lamp] = []
    points: list[Point] = []
    links: list[Link] = []
    for number, name in enumerate(names):
        own = [replace(like.lamps[3], id=f"{name}{n}", x_cm=2200 * n, y_cm=50_000 * number) for n in range(POSTS)]
        ends = [Point(f"{name}.west", -1200, 50_000 * number), Point(f"{name}.east", 2200 * POSTS - 1000, 50_000 * number)]
        line = [ends[0].id, *(lamp.id for lamp in own), ends[1].id]
        lamps += own
        points += ends
        links += [Link(a, b, 1200 if "." in a + b else 2200, like.ways[0].id) for a, b in pairwise(line)]
    lamps.append(replace(like.lamps[3], id="alone", x_cm=0, y_cm=900_000, sensors=()))
    return replace(
        like, lamps=tuple(lamps), junctions=tuple(points), links=tuple(links), several_streets=True, positions={},
        entrances=tuple(point.id for point in points) if entrances else (),
    )  # fmt: skip


def demand(an_hour: float = 12) -> Demand:
    """People for the whole site."""
    return traffic.load_demand(f"kungsholms@{an_hour:g}")


def corridors(seed: int = 4) -> list[Corridor]:
    """The pieces of the site."""
    return list(city.split(streets(), load_profile("kungsholms_strand"), demand(), seed, DATE))


def alone(corridor: Corridor) -> Night:
    """A corridor simulated by itself."""
    return simulate(make_plan(corridor.site, Graph(corridor.site), corridor.profile, corridor.date), corridor.demand, corridor.seed)


def test_split__gives_every_piece_its_own_points():
    """Three streets and the lone lamp, named after their first lamps; nothing is lost and nothing is there twice."""
    found = corridors()
    assert [corridor.name for corridor in found] == ["A0", "B0", "C0", "alone"]
    assert [lamp.id for corridor in found for lamp in corridor.site.lamps] == [lamp.id for lamp in streets().lamps]
    assert sum(len(corridor.site.links) for corridor in found) == len(streets().links)
    assert [corridor.site.entrances for corridor in found[1:]] == [("B.west", "B.east"), ("C.west", "C.east"), ()]


def test_split__shares_the_people_by_entrances():
    """The rates of the pieces add up to those of the site, by the weights of their entrances."""
    weighted = replace(demand(), entrances={"A.west": 5})
    found = list(city.split(streets(), load_profile("kungsholms_strand"), weighted, 1, DATE))
    rate = [sum(corridor.demand.rate(road_user, False, 0) for road_user in corridor.demand.rates) for corridor in found]
    assert rate == pytest.approx([12 * 6 / 10, 12 * 2 / 10, 12 * 2 / 10, 0])
    assert [corridor.demand.entrances for corridor in found] == [{"A.west": 5}, {}, {}, {}]


def test_split__gives_every_piece_a_seed_of_its_own():
    """Seeds differ, and depend on name and seed alone: another street in the site changes none."""
    first = {corridor.name: corridor.seed for corridor in corridors()}
    more = city.split(streets(("Z", *STREETS)), load_profile("kungsholms_strand"), demand(), 4, DATE)
    assert len(set(first.values())) == 4
    assert {corridor.name: corridor.seed for corridor in more if corridor.name != "Z0"} == first
    assert {corridor.seed for corridor in corridors(5)}.isdisjoint(first.values())


def test_split__of_a_site_without_entrances_says_so():
    """People are to come and nobody can: the same error as for one street."""
    with pytest.raises(InputError, match="no entrance"):
        list(city.split(streets(entrances=False), load_profile("kungsholms_strand"), demand(), 1, DATE))


def test_totals__are_those_of_each_corridor_alone(tmp_path: Path):
    """Energy, light, changes and detections of every lamp equal those of the score of the corridor by itself."""
    found = corridors()
    tally = city.simulate(found, tmp_path, totals, workers=1)
    rows = pq.read_table(tmp_path / "totals.parquet").to_pylist()
    expected = []
    for corridor in found:
        night = alone(corridor)
        plan = night.plan
        judged = score(
            corridor.site, plan.graph, Rules(3000, [(0, {})]), night.trajectories, night.levels, night.detections,
            coverage(corridor.site, plan.graph), plan.begin_ms, plan.end_ms,
        )  # fmt: skip
        for number, lamp in enumerate(judged.lamps):
            seen = night.detections["lamp"].to_pylist().count(number)
            expected.append((corridor.name, lamp.lamp, lamp.energy_wh, lamp.always_on_wh, lamp.light_permille_ms, lamp.changes, seen))
    names = ("corridor", "lamp", "energy_wh", "always_on_wh", "light_permille_ms", "changes", "detections")
    assert [tuple(row[name] for name in names) for row in rows] == expected
    assert (tally.corridors, tally.lamps, tally.detections) == (4, 16, sum(row["detections"] for row in rows))
    assert tally.users > 20


def test_workers__change_nothing(tmp_path: Path):
    """One process and two write the same bytes."""
    for workers in (1, 2):
        city.simulate(corridors(), tmp_path / str(workers), totals, workers=workers, engine="python", levels_of=["B2"])
    for name in ("totals.parquet", "levels.parquet"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_levels__are_kept_of_the_lamps_asked_for(tmp_path: Path):
    """Only those, and they are the levels of the corridor alone."""
    city.simulate(corridors(), tmp_path, totals, workers=1, levels_of=["B2", "C0"])
    kept = pq.read_table(tmp_path / "levels.parquet")
    assert set(zip(kept["corridor"].to_pylist(), kept["lamp"].to_pylist(), strict=True)) == {("B0", "B2"), ("C0", "C0")}
    night = alone(corridors()[1])
    own = kept.filter(pc.equal(kept["lamp"], "B2")).drop_columns(["corridor", "lamp"])
    assert own.to_pylist() == night.levels.filter(pc.equal(night.levels["lamp"], 2)).drop_columns(["lamp"]).to_pylist()


def test_levels__of_nobody_are_not_written(tmp_path: Path):
    """No file, and none left from a run before."""
    (tmp_path / "levels.parquet").write_bytes(b"old")
    city.simulate(corridors()[3:], tmp_path, totals, workers=1)
    assert [file.name for file in tmp_path.iterdir()] == ["totals.parquet"]


def test_corridors__are_taken_as_they_are_due(tmp_path: Path):
    """An endless supply would not be read ahead: at most a few wait, so that memory stays that of a street."""
    taken = []

    def supply() -> Iterator[Corridor]:
        for number in range(12):
            taken.append(number)
            yield replace(corridors()[3], name=str(number), seed=number)

    written: list[int] = []

    class Watched(city._Writer):
        def write(self, table: pa.Table) -> None:
            if "detections" in table.column_names:
                written.append(len(taken))
            super().write(table)

    original, city._Writer = city._Writer, Watched  # type: ignore[misc]
    try:
        city.simulate(supply(), tmp_path, totals, workers=1)
    finally:
        city._Writer = original  # type: ignore[misc]
    assert max(ahead - done for done, ahead in enumerate(written, 1)) <= 1


def test_totals__have_the_documented_columns(tmp_path: Path):
    """Corridor first, then those of the account, then detections."""
    city.simulate(corridors()[3:], tmp_path, totals, workers=1)
    assert pq.read_schema(tmp_path / "totals.parquet").names == ["corridor", *TOTALS.names, "detections"]


def test_no_corridor__writes_nothing(tmp_path: Path):
    """An empty city is no error."""
    assert city.simulate([], tmp_path, totals).lamps == 0
    assert list(tmp_path.iterdir()) == []
