"""Scenario files: found by path or name, and read into what decides a night."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lykta import scenarios, sensing
from lykta.document import Document
from lykta.scenarios import DeadLamp, Wish, assemble, find_scenario, json_schema, load_scenario, packaged
from lykta.scenarios.about import conditions, sentence
from lykta.scenarios.reader import FAULTS, FOLDER, KEYS
from lykta.sim.night import Breakdown

HOUR = 3_600_000


def scenario(folder: Path, text: str) -> scenarios.Scenario:
    """The scenario in a text."""
    file = folder / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    return load_scenario(file)


def test_find__knows_scenarios_from_sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file is a scenario if it names a site; a packaged site is none; a file goes before a packaged name."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("name: Mine\nsite: valla_torg\n", encoding="utf-8")
    Path("street.yaml").write_text("name: Street\n# site: none\nlamps: []\n", encoding="utf-8")
    assert find_scenario("mine.yaml") == Path("mine.yaml")
    assert find_scenario("quiet_night") == FOLDER / "quiet_night.yaml"
    assert [find_scenario(name) for name in ("street.yaml", "valla_torg", "missing.yaml")] == [None, None, None]


def test_load__of_a_bare_scenario_takes_everything_from_the_site(tmp_path: Path):
    """Only the site is needed: the demo's night, seed 1, the sensors of the site, nothing broken, nothing required."""
    found = scenario(tmp_path, "site: kungsholms_strand\n")
    assert (found.name, found.profile.name, found.requirement.name, found.demand.name) == ("scenario", *["Kungsholms strand"] * 3)
    assert (found.date, found.seeds, found.sensors, found.radio) == (dt.date(2026, 12, 14), (1,), "site", "ideal")
    assert (found.require, found.broken) == ((), scenarios.Broken())
    assert {sensor.kind for lamp in found.site.lamps for sensor in lamp.sensors} == {"pir"}


def test_load__reads_everything_that_is_written(tmp_path: Path):
    """Names of files are looked for beside the scenario, rates stay with the name of a demand."""
    (tmp_path / "people.yaml").write_text("name: People\npedestrian: {an_hour: 1}\n", encoding="utf-8")
    found = scenario(
        tmp_path,
        "name: All of it\nsite: kungsholms_strand\nprofile: valla_torg\nrequirement: valla_torg\ntraffic: people.yaml@30\n"
        "date: 2026-06-01\nseeds: 3-4\nsensors: ideal\nradio: real\nrequire: [saving at least 4 %]\n",
    )
    assert (found.name, found.profile.name, found.requirement.name, found.date) == (
        "All of it",
        "Valla Torg",
        "Valla Torg",
        dt.date(2026, 6, 1),
    )
    assert sum(found.demand.rates[0][0]) / 24 == pytest.approx(30)
    assert (found.seeds, found.link, [one.text for one in found.require]) == ((3, 4), scenarios.RADIOS["real"], ["saving at least 4 %"])
    assert {sensor.kind for lamp in found.site.lamps for sensor in lamp.sensors} == {"ideal"}


def test_load__turns_times_of_day_into_the_time_of_the_night(tmp_path: Path):
    """The night's origin is local noon; without times a fault lasts all night; each is told in words."""
    broken = scenario(
        tmp_path,
        'site: kungsholms_strand\nfaults:\n  - {fault: stuck_high, lamps: [K02], from: "22:00", until: "02:30"}\n  - {fault: rain}\n'
        '  - {fault: dead_node, lamps: [K01, K03], from: "00:00"}\n  - {fault: dead_lamp, lamps: [K34]}\n',
    ).broken
    assert broken.faults == (
        sensing.Fault("stuck_high", 10 * HOUR, 29 * HOUR // 2, frozenset({"K02"})),
        sensing.Fault("rain", 0, 24 * HOUR),
    )
    assert broken.breakdowns == (Breakdown(0, "node", 12 * HOUR, 24 * HOUR), Breakdown(2, "node", 12 * HOUR, 24 * HOUR))
    assert broken.dead_lamps == (DeadLamp(33, 0, 24 * HOUR),)
    assert broken.said == (
        "stuck high: K02, from 22:00, until 02:30",
        "rain: everywhere",
        "dead node: K01, K03, from 00:00",
        "dead lamp: K34",
    )


def test_load__counts_hours_over_a_change_of_the_clocks(tmp_path: Path):
    """In the night to 29 March 2026 there are 15 hours between 12:00 and 04:00, not 16."""
    broken = scenario(
        tmp_path, 'site: kungsholms_strand\ndate: 2026-03-28\nfaults:\n  - {fault: dead_radio, lamps: [K05], from: "04:00"}\n'
    ).broken
    assert broken.breakdowns == (Breakdown(4, "radio", 15 * HOUR, 23 * HOUR),)


def test_assemble__with_ideal_sensors_leaves_posts_without_one_as_they_are():
    """Where the site has no sensor, none is made up."""
    plain, ideal = (assemble(Wish("valla_torg", sensors=kind)) for kind in ("site", "ideal"))
    assert [bool(lamp.sensors) for lamp in plain.site.lamps] == [bool(lamp.sensors) for lamp in ideal.site.lamps]


@pytest.mark.parametrize("name", packaged())
def test_packaged__is_read_and_uses_only_known_keys(name: str):
    """What comes with Lykta is right, and its parts fit."""
    plan, doubtful = scenarios.fit(load_scenario(FOLDER / f"{name}.yaml"))
    assert (plan.end_ms > plan.begin_ms, doubtful) == (True, [])


def test_schema__knows_every_key_and_every_fault():
    """The schema says what the reader reads."""
    schema = json_schema()
    assert set(schema["properties"]) == set(KEYS)
    kinds = [kind for item in schema["properties"]["faults"]["items"]["anyOf"] for kind in item["properties"]["fault"]["enum"]]
    assert set(kinds) == set(FAULTS)
    written = Document.load(FOLDER / "quiet_night.yaml").root
    assert set(written.keys()) <= set(schema["properties"])


def test_conditions__say_what_else_decides_the_figures():
    """Requirement, sensors, radio; what is broken only where something is."""
    said = dict(conditions(assemble(Wish("kungsholms_strand"))))
    assert said == {
        "Requirement": "Kungsholms strand: light is owed 3 s after somebody comes within reach of a sensor",
        "Sensors": "34 PIR",
        "Radio": "ideal: nothing is lost, every frame arrives after 20 ms",
    }


@pytest.mark.parametrize(("note", "said"), [("schematic", "Schematic."), ("It is so.", "It is so."), (" is it? ", "Is it?"), ("", ".")])
def test_sentence__begins_and_ends_as_one(note: str, said: str):
    """A note as a sentence."""
    assert sentence(note) == said
