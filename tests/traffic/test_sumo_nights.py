"""Nights with SUMO itself (`make test-sumo`): beside our generator, on nets of one's own, and a real quarter all the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lykta import scenarios, traffic
from lykta.cli import main
from lykta.errors import InputError
from lykta.plan import Plan
from lykta.scenarios import Scenario, Wish, assemble
from lykta.site import load
from lykta.site.graph import Graph
from lykta.traffic import sumo, sumo_net, sumo_tools
from lykta.traffic.sumo import MadeNet, OwnNet

pytestmark = [pytest.mark.sumo, pytest.mark.slow]

#: Percentage points (the facts have 0.9 and 1.0 for another street).
CLOSE = 0.015


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory):
    """A cache of these tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def planned(name: str, demand: str) -> tuple[Scenario, Plan]:
    """A packaged site with ideal sensors, and its plan."""
    scenario = replace(assemble(Wish(name, {"traffic": demand}, sensors="ideal")), engine="python")
    return scenario, scenarios.fit(scenario)[0]


def moved(plan: Plan, demand: traffic.Demand, seed: int = 1):
    """The trajectories of a night."""
    return traffic.generate(plan.site, plan.graph, demand, seed, plan.begin_ms, plan.end_ms, plan.agenda.times.origin_utc_ms)


@pytest.mark.parametrize(("name", "demand"), [("kungsholms_strand", "kungsholms"), ("valla_torg", "quiet")])
def test_cross_check__with_our_generator(name: str, demand: str):
    """The same people moved by SUMO: saving within 1.5 points, service of everyone within half a point, nobody lost."""
    scenario, plan = planned(name, demand)
    by_sumo = replace(scenario, demand=replace(scenario.demand, source=MadeNet()))
    ours, theirs = ([one.score for one in scenarios.run(each, plan, (1,))] for each in (scenario, by_sumo))
    saving = [1 - sum(one.energy.lamps_wh for one in scores) / sum(one.energy.always_on_wh for one in scores) for scores in (ours, theirs)]
    service = [sum(one.everyone.lit_s for one in scores) / sum(one.everyone.duty_s for one in scores) for scores in (ours, theirs)]
    assert abs(saving[0] - saving[1]) <= CLOSE, saving
    assert abs(service[0] - service[1]) <= 0.005, service
    assert [one.everyone.users for one in theirs] == [one.everyone.users for one in ours]


def test_night__is_kept_and_is_the_same_again(monkeypatch: pytest.MonkeyPatch):
    """The second time SUMO is not run; a table without gaps; another seed is another night."""
    scenario, plan = planned("kungsholms_strand", "kungsholms@4")
    demand = replace(scenario.demand, source=MadeNet())
    first = moved(plan, demand)
    with monkeypatch.context() as patch:
        patch.setattr(sumo, "run", lambda *_: pytest.fail("SUMO was run again"))
        assert moved(plan, demand).equals(first)
    assert not moved(plan, demand, seed=2).equals(first)
    columns = {name: first[name].to_numpy().astype(np.int64) for name in first.schema.names}
    same = columns["user"][1:] == columns["user"][:-1]
    assert (columns["t0_ms"][1:][same] == columns["t1_ms"][:-1][same]).all()
    assert (columns["t1_ms"] > columns["t0_ms"]).all()
    speed = np.abs(columns["to_cm"] - columns["from_cm"]) * 1000 / (columns["t1_ms"] - columns["t0_ms"])
    assert speed.max() < 1.7 * 900  # of the fastest cyclist


def test_own_net__with_the_streets_of_the_site_moves_its_people(tmp_path: Path):
    """A net of the same place, made elsewhere: nobody is lost, and the energy is that of the made net within a point."""
    scenario, plan = planned("kungsholms_strand", "kungsholms@4")
    net = sumo_net.make(plan.graph, tmp_path)
    source = OwnNet(net)
    assert source.check(plan.graph) == []
    scores = [
        next(scenarios.run(replace(scenario, demand=replace(scenario.demand, source=one)), plan, (1,))).score for one in (MadeNet(), source)
    ]
    assert scores[0].everyone.users == scores[1].everyone.users
    assert abs(scores[0].energy.saving - scores[1].energy.saving) < 0.01


def test_own_net__without_the_streets_of_the_site_is_refused(tmp_path: Path):
    """A net of another quarter, a file that is no net, and one that is no XML: what it lacks, and what to do."""
    scenario, plan = planned("kungsholms_strand", "kungsholms@4")
    away = replace(plan.site, lamps=tuple(replace(lamp, y_cm=lamp.y_cm + 300_000) for lamp in plan.site.lamps),
                   junctions=tuple(replace(point, y_cm=point.y_cm + 300_000) for point in plan.site.junctions))  # fmt: skip
    net = sumo_net.make(Graph(away), tmp_path)
    with pytest.raises(InputError) as error:
        scenarios.fit(replace(scenario, demand=replace(scenario.demand, source=OwnNet(net))))
    assert "of 0.75 km for pedestrians on Kungsholms strand the net has 0.00 km: these are not its streets." in str(error.value)
    assert "It does not say where on earth it is" in str(error.value)
    for text, said in (("<routes/>", "is no net of SUMO"), ("not XML", "cannot be read as a net")):
        wrong = tmp_path / "wrong.net.xml"
        wrong.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=said):
            OwnNet(wrong).check(Graph(plan.site))


def test_helsinki__goes_all_the_way(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """The real extract: imported, equipped, a SUMO night on a net that SUMO makes of the same extract, simulated, reported."""
    import osmium

    monkeypatch.chdir(tmp_path)
    extract = shared_data / "helsinki_kamppi.osm.pbf"
    with osmium.SimpleWriter("kamppi.osm") as writer:
        for item in osmium.FileProcessor(str(extract)):
            writer.add(item)
    sumo_tools.run("netconvert", ["--osm-files", "kamppi.osm", "-o", "kamppi.net.xml", "--sidewalks.guess", "true"], "making a net")
    assert main(["site", "import", str(extract), "-o", "plain.yaml"]) == 0
    assert main(["site", "plan", "plain.yaml", "--sensors", "every-2nd", "-o", "kamppi.yaml"]) == 0
    # A night of June: five hours of it tell as much as eighteen of December, and take SUMO a third of the time.
    options = ["--profile", "valla_torg", "--requirement", "valla_torg", "--engine", "python", "--date", "2026-06-17", "--out", "night"]
    assert main(["simulate", "kamppi.yaml", "--traffic", "sumo:quiet@4,kamppi.net.xml", *options]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "SUMO moves these people on kamppi.net.xml" in printed
    assert {"report.html", "summary.json", "trajectories.parquet"} <= {file.name for file in (tmp_path / "night").iterdir()}


def test_made_net__of_helsinki_is_one_that_sumo_takes(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Rings, side ways, steps: three thousand links of a real quarter make a net."""
    monkeypatch.chdir(tmp_path)
    assert main(["site", "import", str(shared_data / "helsinki_kamppi.osm.pbf"), "-o", "plain.yaml"]) == 0
    net = sumo_net.make(Graph(load("plain.yaml")), tmp_path)
    assert net.stat().st_size > 1_000_000
