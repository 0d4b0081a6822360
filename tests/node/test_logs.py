"""What a node prints, with what it means; and the boards that are plugged in, by what their ports say of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from lykta.cli import cable, main, node_tests
from lykta.cli import node as cli_node
from lykta.errors import InputError
from lykta.node import selftest
from lykta.node.logs import _WORDS, explained, follow
from lykta.node.ports import Port
from lykta.node.programs import Happened, events
from lykta.node.verdicts import FAIL, NOT_CHECKED, PASS
from tests.node import provisioned

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "text", "meaning"),
    [
        ("      2 s  wrong: clock, warm-up", "wrong: clock, warm-up", "the time is not known; a PIR has power for less than a minute"),
        ("     62 s  right again: warm-up", "right again: warm-up", ""),
        ("      0 s  lamp K05, number 4, start 1", "lamp K05, number 4, start 1", ""),
        ("rst:0x1 (POWERON_RESET),boot:0x13", "rst:0x1 (POWERON_RESET),boot:0x13", "the board starts"),
        ("Brownout detector was triggered", "Brownout detector was triggered", "the supply broke down: thicker cable, stronger supply"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):", ""),
        ("", "", ""),
    ],
)
def test_line__is_explained_where_it_is_terse(line: str, text: str, meaning: str):
    """The node's own words for what is wrong, and those of the chip."""
    assert explained(line) == (text, meaning)


def test_words__of_the_node_all_have_a_meaning():
    """Each reason that the firmware knows by name is explained here."""
    source = (ROOT / "firmware" / "lykta_node" / "tasks" / "reasons.py").read_text(encoding="utf-8")
    listed = [part.split(")")[0] for part in source.split("NAMES = (")[1:]]
    names = {name.strip(' "\n') for part in listed for name in part.split(",")} - {""}
    assert len(listed) == 2
    assert names - set(_WORDS) == set()


def test_follow__hears_a_board_without_stopping_it(tmp_path: Path):
    """What the chip says at its start comes line by line."""
    provisioned.blank(tmp_path)
    with provisioned.Bench(tmp_path, "esp32") as bench:
        lines = follow(bench.ports[0])
        heard = [next(lines) for _ in range(3)]
        lines.close()
    assert any("rst:0x1" in line for line in heard)


def test_events__are_told_from_the_nodes_own_lines():
    """A letter, then numbers; everything else is the log."""
    lines = ["S 0 1 250 -120", "      2 s  wrong: clock", "F warm-up", "D 3 0 255 1", "Something else", "E", "! no firmware"]
    assert list(events(lines)) == [
        Happened("S", "0 1 250 -120", (0, 1, 250, -120)), Happened("F", "warm-up", ()), Happened("D", "3 0 255 1", (3, 0, 255, 1)),
        Happened("E", "", ()), Happened("!", "no firmware", ()),
    ]  # fmt: skip


def test_luxmeter__is_read_again_where_what_was_typed_is_no_number():
    """A slip of the finger is no darkness; Enter means that there is no instrument."""
    answers: list[str | None] = ["1oo", "dark", "12,5 lx", None]
    assert [selftest._read_off(lambda question, choices: answers.pop(0), 500) for _ in range(2)] == [12.5, None]


def test_watched__tells_passes_ranges_and_neighbours():
    """A radar that sees somebody come and go, a PIR that sees nobody, neighbours by their median."""
    watched = selftest.Watched(["PIR 1", "LD2451 1"])
    said = [watched.take(event) for event in events(["S 1 3 850 140", "S 1 3 200 -130", "H 3 -60", "H 3 -70", "H 3 -62", "H 9 -80"])]
    assert said == [
        "LD2451 1 sees somebody at 8.5 m, coming 1.4 m/s", "LD2451 1 sees somebody at 2.0 m, going 1.3 m/s",
        "neighbour 3 heard, -60 dBm", "", "", "neighbour 9 heard, -80 dBm",
    ]  # fmt: skip
    assert [(one.part, one.verdict) for one in watched.findings()] == [("PIR 1", FAIL), ("LD2451 1", PASS)]
    assert watched.neighbours() == {"3": -62, "9": -80}


@pytest.mark.parametrize(
    ("speeds", "answer", "verdict"),
    [
        ([140, 130, -120], "yes", PASS),
        ([140, -120], "no", FAIL),
        ([140], "skip", NOT_CHECKED),
        ([140], None, NOT_CHECKED),
        ([], "yes", NOT_CHECKED),
    ],
)
def test_direction__of_a_radar_is_right_only_if_a_person_says_so(
    monkeypatch: pytest.MonkeyPatch, speeds: list[int], answer: str | None, verdict: str
):
    """No answer, or no pass, is not checked; a radar that says the opposite has failed."""
    watched = selftest.Watched(["LD2451 1"])
    for speed in speeds:
        watched.take(Happened("S", "", (0, 5, 800, speed)))
    monkeypatch.setattr(node_tests, "ask", lambda question, choices: answer)
    assert node_tests._direction(0, "LD2451 1", watched).verdict == verdict


def points(*measured: float, unit: str = "lx") -> list[dict[str, object]]:
    """A curve as it is measured."""
    return [{"level": level, "measured": value, "unit": unit} for level, value in zip(selftest.LEVELS, measured, strict=False)]


@pytest.mark.parametrize(
    ("curve", "verdict", "word"),
    [
        (points(20, 15, 10, 5, 2), PASS, "100 %: 20 lx"),
        (points(20, 16.5, 11, 6, 3.5), PASS, "10 %: 3.5 lx"),
        (points(20, 19.5, 18, 12, 5), FAIL, "far from the level"),
        (points(20, 15, 16, 5, 2), FAIL, "does not fall with the level"),
        (points(20, 20, 20, 20, 20), FAIL, "does not fall with the level"),
        (points(0, 0, 0, 0, 0), FAIL, "does not fall with the level"),
        (points(41, 30, 20, 11, 6, unit="W"), PASS, "41 W"),
        (points(20, 15, 10), NOT_CHECKED, "3 of 5 points"),
        (points(), NOT_CHECKED, "0 of 5 points"),
    ],
)
def test_curve__is_judged_by_what_was_measured(curve, verdict: str, word: str):
    """Light in proportion to the level, give or take 10 points; power at least falling; half a curve is none."""
    finding = selftest.judged(curve)
    assert (finding.verdict, word in finding.text) == (verdict, True)


def test_list__names_the_boards_that_a_port_may_be(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """By USB numbers; with none plugged in it says what to do."""
    found = [Port("/dev/ttyUSB0", "Silicon Labs CP2102N", (0x10C4, 0xEA60)), Port("/dev/ttyACM0", "Espressif USB", (0x303A, 0x1001))]
    monkeypatch.setattr(cli_node, "find_ports", lambda: found)
    assert main(["node", "list"]) == 0
    assert capsys.readouterr().out == (
        "/dev/ttyUSB0  Silicon Labs CP2102N\n    USB 10c4:ea60; may be esp32_devkitc, esp32c3_mini\n"
        "/dev/ttyACM0  Espressif USB\n    USB 303a:1001; may be esp32c3_mini, esp32s3_post\n"
    )
    assert main(["node", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1]["boards"] == "esp32c3_mini, esp32s3_post"
    monkeypatch.setattr(cli_node, "find_ports", list)
    assert main(["node", "list"]) == 0
    assert "No board is plugged in. Use a cable with data wires" in capsys.readouterr().out


def test_port__is_found_where_there_is_one(monkeypatch: pytest.MonkeyPatch):
    """One: that. None, or several: a sentence that says what to give."""
    one, other = Port("/dev/ttyUSB0", "CP2102N"), Port("/dev/ttyUSB1", "CH340")
    monkeypatch.setattr(cable, "find_ports", lambda: [one])
    assert cable.the_port(None) == "/dev/ttyUSB0"
    assert cable.the_port("/dev/ttyS0") == "/dev/ttyS0"
    monkeypatch.setattr(cable, "find_ports", lambda: [one, other])
    with pytest.raises(InputError, match=r"2 boards are plugged in: /dev/ttyUSB0 \(CP2102N\), .* --port /dev/ttyUSB0"):
        cable.the_port(None)
    monkeypatch.setattr(cable, "find_ports", lambda: [one, other] * 17)
    with pytest.raises(InputError, match=r"34 boards are .*\(CP2102N\) and 31 more \(`lykta node list` has all\)"):
        cable.the_port(None)
    monkeypatch.setattr(cable, "find_ports", list)
    with pytest.raises(InputError, match="no board is plugged in"):
        cable.the_port(None)


def test_ask__takes_a_first_letter_and_asks_again_otherwise(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Enter is no answer; where nobody sits there is none either."""
    answers = iter(["maybe", "Y", "", "12,5 lx"])
    monkeypatch.setattr(cable, "asks", lambda: True)
    monkeypatch.setattr(click, "prompt", lambda *words, **options: next(answers))
    assert cable.ask("Full?", ("yes", "no")) == "yes"
    assert "Write one of: yes, no; or Enter." in capsys.readouterr().err
    assert cable.ask("Full?", ("yes", "no")) is None
    assert cable.ask("How bright?", ()) == "12,5 lx"
    monkeypatch.setattr(cable, "asks", lambda: False)
    assert cable.ask("Full?", ("yes", "no")) is None
