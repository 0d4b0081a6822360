"""The files of a node: each complete, in the form the firmware reads, and different where the nodes are."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from lykta.cli import main
from lykta.corehost import almanac, neighbours
from lykta.errors import InputError
from lykta.plan import make_plan
from lykta.plan.board_reader import load_board, packaged_boards
from lykta.plan.keys import Keys, key_file, segments_of, simulated_keys
from lykta.plan.nodefiles import (
    _BLIND_MS,
    _WARM_UP_MS,
    board_of,
    boards_of,
    curve_of,
    district_of,
    node_files,
    node_name,
    node_names,
    relays,
)
from lykta.plan.tables import Reach, make_tables
from lykta.sensing.models import MODELS
from lykta.sim.radio import Radio
from lykta.site import load
from lykta.site.graph import Graph
from lykta.site.model import Lamp, Sensor
from lykta.site.sensors import RANGES_CM
from lykta.site.template import template
from tests.plan.streets import FIRST, packaged
from tests.site.streets import POST, lamp, row

SITES = ["kungsholms_strand", "valla_torg"]
NAMES = {"identity", "board", "program", "table", "adjacent", "keys"}
STRAPPING = {0, 2, 5, 12, 15}
CONSOLE = {1, 3}


def numbers(data: bytes) -> list[int]:
    """The integers of a file."""
    return list(struct.unpack(f"<{len(data) // 4}i", data))


def with_sensors(*sensors: Sensor) -> Lamp:
    """A lamp with these sensors."""
    return lamp("L0", 0.0, sensors=sensors)


def sensor(kind: str) -> Sensor:
    """A sensor as a site has it."""
    return Sensor(kind, RANGES_CM[kind])


@pytest.mark.parametrize("name", SITES)
def test_files__are_all_there_for_every_node(name: str):
    """Six files each, named by lamp; no two nodes are given the same identity or key of their own."""
    site, graph, profile = packaged(name)
    files = node_files(site, graph, profile, FIRST, 7)
    assert set(files) == {one.id for one in site.lamps}
    assert {frozenset(of_node) for of_node in files.values()} == {frozenset(NAMES)}
    assert len({of_node["identity"] for of_node in files.values()}) == len(site.lamps)
    assert len({of_node["keys"][-32:] for of_node in files.values()}) == len(site.lamps)
    assert all(almanac.usable(numbers(of_node["program"])) for of_node in files.values())


@pytest.mark.parametrize("name", SITES)
def test_tables__are_those_of_the_plan(name: str):
    """Neighbours by the reach of any night are those by the reach of an ordinary one; where own rows begin stands at the end."""
    site, graph, profile = packaged(name)
    plan = make_plan(site, graph, profile, FIRST)
    files = node_files(site, graph, profile, FIRST, 7)
    for number, one in enumerate(site.lamps):
        *table, own, rows = numbers(files[one.id]["table"])
        assert (plan.tables.tables[number], plan.tables.own[number]) == (table, own)
        assert len(table) == neighbours.HEADER + rows * neighbours.ROW_LENGTH
        assert neighbours.find(table, rows, number) == own
        assert plan.tables.adjacent[number] == numbers(files[one.id]["adjacent"])


@pytest.mark.parametrize("name", SITES)
def test_boards__have_every_sensor_on_pins_of_its_own(name: str):
    """In the order of the site; no pin twice, none that decides how the chip starts, none of the console."""
    site, graph, profile = packaged(name)
    files = node_files(site, graph, profile, FIRST, 7)
    for one in site.lamps:
        board = json.loads(files[one.id]["board"])
        assert [each["kind"] for each in board["sensors"]] == [each.kind for each in one.sensors]
        pins = [board["fixture"]["pin"], board["led"]["pin"]]
        pins += [value for each in board["sensors"] for key, value in each.items() if key in ("pin", "tx", "rx")]
        assert len(set(pins)) == len(pins)
        assert not set(pins) & (STRAPPING | CONSOLE)
        assert json.loads(files[one.id]["identity"])["number"] == site.lamps.index(one)


def test_board__has_the_times_of_the_sensors_twin():
    """Warm-up and blindness of the simulated PIR are what the node is told of it."""
    assert (MODELS["pir"].warm_up_ms, MODELS["pir"].blind_ms) == (_WARM_UP_MS, _BLIND_MS)


@pytest.mark.parametrize("kinds", [["pir"] * 5, ["ld2410", "ld2451", "ld2451"], ["ideal"]])
def test_board__is_refused_for_sensors_that_it_has_no_room_for(kinds: list[str]):
    """The message names the lamp, and what to do."""
    with pytest.raises(InputError, match=r"L0  (a board esp32_devkitc has room for 4 PIRs and 2 radars|an ideal sensor)"):
        board_of(load_board("esp32_devkitc"), with_sensors(*map(sensor, kinds)), POST, 0)


@pytest.mark.parametrize("name", packaged_boards())
def test_board__of_every_kind_drives_what_it_says(name: str):
    """As many sensors as it has room for, each on its own pins; its light, LED, bus, meter and Ethernet as the file has them."""
    board = load_board(name)
    kinds = ["pir"] * len(board.pir_pins) + ["ld2451"] * len(board.radar_uarts)
    told = board_of(board, with_sensors(*map(sensor, kinds)), POST, 0)
    assert [each["kind"] for each in told["sensors"]] == kinds
    assert [each["pin"] for each in told["sensors"] if "pin" in each] == list(board.pir_pins)
    assert (told["chip"], told["fixture"]["pin"], told["fixture"]["freq"]) == (board.chip.name, board.light.pin, board.light.frequency_hz)
    assert (told["light_sensor"] is None, told["meter"] is None) == (board.light_sensor is None, board.meter is None)
    assert ("ethernet" in told) == board.gateway
    assert json.loads(json.dumps(told)) == told


def test_board__with_a_meter_knows_what_its_lamp_should_take():
    """Where the fixture was measured; an estimated table is no reason to say that a lamp is broken."""
    board = load_board("esp32s3_post")
    measured = replace(POST, estimated=False)
    power = board_of(board, with_sensors(), measured, 0)["fixture"]["power"]
    assert power[0] == [0, POST.standby_mw]
    assert power[-1] == [1000, POST.max_mw]
    assert "power" not in board_of(board, with_sensors(), replace(POST, estimated=True), 0)["fixture"]
    assert "draws" not in board_of(board, with_sensors(), measured, 0)["fixture"]
    assert "power" not in board_of(load_board("esp32_devkitc"), with_sensors(), measured, 0)["fixture"]


def test_board__without_a_meter_estimates_what_its_lamp_takes():
    """By the fixture's table, measured or not; where nobody has said what it takes, nothing is made up."""
    board = load_board("esp32_devkitc")
    draws = board_of(board, with_sensors(), replace(POST, estimated=True), 0)["fixture"]["draws"]
    assert [[0, POST.standby_mw], *map(list, POST.power_mw)] == draws
    assert "draws" not in board_of(board, with_sensors(), replace(POST, power_known=False), 0)["fixture"]


def test_boards__are_those_that_the_site_names(tmp_path: Path):
    """A name for each lamp, the DevKitC where there is none; one's own file beside the site."""
    (tmp_path / "ours.yaml").write_text("like: esp32_devkitc\nname: Ours\nled: none\n", encoding="utf-8")
    site = replace(row(3), file=str(tmp_path / "site.yaml"))
    lamps = [replace(one, board=board) for one, board in zip(site.lamps, ("", "esp32_poe", "ours"), strict=True)]
    boards = boards_of(replace(site, lamps=tuple(lamps)))
    assert [boards[lamp.id].id for lamp in lamps] == ["esp32_devkitc", "esp32_poe", "ours"]
    assert boards["L2"].led is None


def test_board__that_nobody_knows_is_told_at_the_lamp(tmp_path: Path):
    """File, line and column of the site, and what was probably meant."""
    text = template("Path", "x", kind="path", lamps=2, pitch_cm=2500, latitude=59.3, longitude=18.0, timezone="Europe/Stockholm")
    (tmp_path / "site.yaml").write_text(text.replace("{id: L02,", "{id: L02, board: esp32_pow,"), encoding="utf-8")
    site = load(tmp_path / "site.yaml")
    with pytest.raises(InputError) as caught:
        boards_of(site)
    (problem,) = caught.value.problems
    assert (problem.line > 0, problem.column > 0, problem.path) == (True, True, "lamps.L02.board")
    assert problem.message.startswith('"esp32_pow" is neither a board file nor a packaged board')
    assert problem.message.endswith('Did you mean "esp32_poe"?')


def test_check__tells_every_lamp_whose_board_has_no_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """`lykta site check` says it at its line, before anybody stands on a ladder; an ideal sensor is only for simulation."""
    text = template("Path", "x", kind="path", lamps=3, pitch_cm=2500, latitude=59.3, longitude=18.0, timezone="Europe/Stockholm")
    many = text.replace("sensors: [pir]", "sensors: [pir, pir, ld2410], board: esp32_poe").replace("[pir, pir, ld2410]", "[ideal]", 1)
    (tmp_path / "site.yaml").write_text(many, encoding="utf-8")
    assert main(["site", "check", str(tmp_path / "site.yaml")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all("a board esp32_poe has room for 1 PIR and 1 radar. Take the pir away" in line for line in said)
    assert ["lamps.L02.sensors" in said[0], "lamps.L03.sensors" in said[1]] == [True, True]


def test_curve__is_a_line_where_nothing_was_measured():
    """From nothing to full."""
    assert curve_of(POST) == [[0, 0], [1000, 1000]]


def test_curve__turns_the_drivers_table_round():
    """The fixture's file says command by light, the node wants light by command, each command once."""
    fixture = replace(POST, driver=((100, 90), (300, 300), (400, 300), (1000, 950)))
    assert curve_of(fixture) == [[0, 0], [90, 100], [300, 400], [950, 1000], [1000, 1000]]


@pytest.mark.parametrize(("pitch_m", "expected"), [(50, 0), (100, 0), (101, 1), (250, 2)])
def test_relays__are_as_many_as_the_farthest_receiver_needs(pitch_m: float, expected: int):
    """Posts along the straight line, each in reach of the one before: as the simulated radio has it."""
    site = row(3, pitch_m)
    site = replace(site, lamps=tuple(replace(one, sensors=(sensor("pir"),)) for one in site.lamps))
    graph = Graph(site)
    tables = make_tables(graph, [Reach(60_000, 2000, 1)] * 3)
    assert relays(graph, tables, 0) == expected
    assert Radio().range_cm == 20_000


# --- keys ---------------------------------------------------------------------------------------------------------


def long_street(count: int) -> Graph:
    """A row of lamps, each with a sensor."""
    site = row(count)
    return Graph(replace(site, lamps=tuple(replace(one, sensors=(sensor("pir"),)) for one in site.lamps)))


def test_keys__are_shared_by_segments_of_at_most_64_lamps():
    """A lamp at the border holds those of both sides, its own first; all that it can hear it can check."""
    graph = long_street(150)
    tables = make_tables(graph, [Reach(6600, 2200, 1)] * 150)
    segments = segments_of(graph, tables)
    assert [segments.of.count(segment) for segment in range(3)] == [64, 64, 22]
    keys = simulated_keys(graph, segments, 1)
    for number in range(150):
        assert segments.heard[number][0] == segments.of[number]
        numbers_heard = [segments.number[segment] for segment in segments.heard[number]]
        assert len(set(numbers_heard)) == len(numbers_heard)
        assert {segments.of[other] for other in tables.adjacent[number]} <= set(segments.heard[number])
        assert len(key_file(f"L{number}", number, segments, keys)) == 33 * len(segments.heard[number]) + 32
    assert {len(heard) for heard in segments.heard} == {1, 2}
    assert set(segments.number) == {0, 1}


def test_keys__of_one_seed_are_always_the_same_and_of_another_others():
    """Simulated keys are derived, not drawn."""
    site, graph, profile = packaged("kungsholms_strand")
    one, again, other = (node_files(site, graph, profile, FIRST, seed)["K05"]["keys"] for seed in (1, 1, 2))
    assert one == again
    assert one[1:33] != other[1:33]
    assert one[33:] != other[33:]


def test_keys__handed_in_are_those_written():
    """While keys are changed there are two; the one to sign with comes first."""
    graph = long_street(2)
    segments = segments_of(graph, make_tables(graph, [Reach(6600, 2200, 1)] * 2))
    keys = Keys([[(1, b"n" * 32), (0, b"o" * 32)]], {"L0": b"a" * 32, "L1": b"b" * 32})
    assert key_file("L1", 1, segments, keys) == b"\x01" + b"n" * 32 + b"\0" + b"o" * 32 + b"b" * 32


def test_keys__that_are_missing_or_short_are_refused():
    """With the lamp that lacks them."""
    graph = long_street(2)
    segments = segments_of(graph, make_tables(graph, [Reach(6600, 2200, 1)] * 2))
    for keys in (Keys([[(0, b"x" * 31)]], {"L0": b"a" * 32}), Keys([[]], {"L0": b"a" * 32}), Keys([[(0, b"x" * 32)]], {})):
        with pytest.raises(InputError, match="L0"):
            key_file("L0", 0, segments, keys)


@pytest.mark.parametrize(
    ("site", "lamp", "name"),
    [
        ("Kungsholms strand", "K05", "kungsholms_strand.K05"),
        ("Årsta: Svärdlångsvägen", "Ö 7", "arsta_svardlangsvagen.O_7"),
        ("a.b", "node/12.3", "a_b.node_12.3"),
        ("S" * 30, "L" * 33, f"{'s' * 30}.{'L' * 33}"),
    ],
)
def test_node_name__is_in_the_alphabet_of_topics(site: str, lamp: str, name: str):
    """Letters, digits and three signs; the first dot ends the part of the site, so that no two sites share a name."""
    assert node_name(site, lamp) == name
    assert district_of(site) == name.partition(".")[0]


@pytest.mark.parametrize(("site", "lamp"), [("S" * 30, "L" * 34), ("Strand", "#+"), ("$", "L1"), ("Strand", "...")])
def test_node_name__that_cannot_be_is_refused(site: str, lamp: str):
    """Too long for a certificate, or nothing left of the site or the lamp."""
    with pytest.raises(InputError, match="cannot be the name of a node"):
        node_name(site, lamp)


def test_node_names__that_would_be_the_same_are_refused():
    """Two posts that only an accent tells apart would share a certificate."""
    site = row(2)
    assert list(node_names(site)) == [one.id for one in site.lamps]
    same = replace(site, lamps=tuple(replace(one, id=name) for one, name in zip(site.lamps, ("Å1", "A1"), strict=True)))
    with pytest.raises(InputError, match="A1 and Å1 would both be"):
        node_names(same)


def test_files__of_a_network_are_added_as_they_are():
    """Nodes for which somebody made them get them; the others have none."""
    site, graph, profile = packaged("valla_torg")
    first, second = site.lamps[0].id, site.lamps[1].id
    files = node_files(site, graph, profile, FIRST, 7, {first: {"uplink": b"{}", "ca": b"a", "cert": b"b", "certkey": b"c"}})
    assert set(files[first]) == {*NAMES, "uplink", "ca", "cert", "certkey"}
    assert files[first]["certkey"] == b"c"
    assert set(files[second]) == NAMES
