"""`lykta node`, verb by verb, on a virtual board: the firmware as it ships, on the real MicroPython VM, behind a port."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lykta.cli import main, node_tests
from lykta.corehost import payload, telegram
from lykta.node import nodesettings, programs, session
from lykta.node.device import Device
from lykta.node.inventory import Inventory, inventory_path
from lykta.node.keys import KeyStore
from lykta.node.street import load_street
from tests.node import provisioned
from tests.node.provisioned import LAMP, SITE

pytestmark = pytest.mark.micropython

MINUTE_MS = 60_000
COMES = 1  # how an LD2451 says it
#: What happens on the wires of the board while a program runs: levels on PIR 1, after the minute in which it warms up.
WALKS_PAST = f"""
from vboard import board, PIN
for q_t in (2000, 12000):
 board.at(board.now + {MINUTE_MS} + q_t, PIN, 27, 1)
 board.at(board.now + {MINUTE_MS} + q_t + 2500, PIN, 27, 0)
"""


#: From here on the board remembers what it does on the pins of lamp and LED.
NOTE_OUTPUTS = """
from vboard import board as q_b
q_out={25:[],13:[]}
q_emit=q_b.emit
def q_note(kind,which,value,data=b''):
 if which in q_out:
  q_out[which].append(value)
 q_emit(kind,which,value,data)
q_b.emit=q_note
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KeyStore]:
    """The board of K05, made once, and the keys of its street."""
    folder = tmp_path_factory.mktemp("template")
    return folder, provisioned.made(folder)[1]


@pytest.fixture
def port(template: tuple[Path, KeyStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The port of a copy of it; the test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("LYKTA_WHO", "Eva")
    calm = session.calm

    def and_hurry(board: Device) -> None:
        calm(board)
        provisioned.hurry(board)

    monkeypatch.setattr(session, "calm", and_hurry)
    with provisioned.plugged(template[0], tmp_path) as name:
        monkeypatch.setenv("LYKTA_PORT", name)
        yield name


def run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """What a command says, both ways; fails if it ends otherwise than expected."""
    assert main(["node", *words]) == status, capsys.readouterr()
    told = capsys.readouterr()
    return told.out + told.err


def test_info__says_who_it_is_and_how(port: str, capsys: pytest.CaptureFixture[str]):
    """Lamp, MAC, versions, memory; as text and as JSON."""
    said = run(capsys, "info")
    assert "K05 of Kungsholms strand, number 4, board esp32_devkitc" in said
    assert "adjacent 1, board 1, identity 1, keys 1, program 1, table 1" in said
    about = json.loads(run(capsys, "info", "--json"))
    assert (about["identity"]["lamp"], about["slots"], about["crash"]) == (LAMP, "a -", "")


def test_visits__are_no_failed_starts(port: str, capsys: pytest.CaptureFixture[str]):
    """A person at the cable cuts starts short, eight times and more: the node does not go down its ladder of recovery for that."""
    for _ in range(8):  # a visit may take a start or two more than it asks for: three failed ones would be a step down
        with session.attended(port) as board:
            board.soft_reset()
            about = session.info(board)
    assert about.counts["rung"] == 0
    assert about.counts["boots"] >= 8


def test_calm__starts_a_node_anew_whose_watchdog_may_run(port: str):
    """Ten seconds after its start a watchdog cannot be stopped any more: the chip itself is reset, and caught in time."""
    with session.attended(port) as board:
        provisioned.hurry(board)
        board.run("import time\ntime.sleep_ms(11_000)")
        assert session.info(board).up_ms > 10_000
        session.calm(board)
        about = session.info(board)
    assert about.up_ms < 10_000
    assert about.lamp == LAMP


def test_self_test__tells_every_part_and_is_written_down(port: str, capsys: pytest.CaptureFixture[str]):
    """Alone on a bench no neighbour is heard: that fails, and says so; what nobody looked at is not checked."""
    said = run(capsys, "selftest", "--site", SITE, "--quick", status=1)
    assert "FAIL         radio        no neighbour was heard" in said
    assert "PASS         clock        set" in said
    assert "NOT CHECKED  light seen   nobody looked" in said
    with Inventory(inventory_path(SITE)) as inventory:
        event = inventory.last(LAMP, "selftest")
    assert (event.who, event.about["verdict"]) == ("Eva", "FAIL")
    verdicts = {part["part"]: part["verdict"] for part in event.about["parts"]}
    assert (verdicts["keys"], verdicts["memory"], verdicts["radio"]) == ("PASS", "PASS", "FAIL")


def test_self_test__as_json_says_the_same(port: str, capsys: pytest.CaptureFixture[str]):
    """One object on stdout, the lines for people beside it."""
    assert main(["node", "selftest", "--quick", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["lamp"], told["verdict"]) == (LAMP, "FAIL")
    assert {"part": "clock", "verdict": "PASS", "text": "set"} in told["parts"]


def test_walk_test__shows_each_pass_and_ends_by_itself(port: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Two passes in front of the PIR, after its minute; two minutes of the node's time, and it is over."""
    calm = session.calm

    def and_somebody_walks(board: Device) -> None:
        calm(board)
        board.run(WALKS_PAST)

    monkeypatch.setattr(session, "calm", and_somebody_walks)
    said = run(capsys, "walktest", "--site", SITE, "--minutes", "2")
    assert said.index("a PIR sees nothing for its first minute") < said.index("now: walk past") < said.index("PIR 1 sees somebody")
    assert said.count("PIR 1 sees somebody") == 2
    assert said.count("-> noticed: walker or cyclist") == 2
    assert "PASS         PIR 1        2 passes" in said
    with Inventory(inventory_path(SITE)) as inventory:
        assert inventory.last(LAMP, "walktest").about["parts"][0]["verdict"] == "PASS"


def test_walk_test__has_a_radars_direction_confirmed_by_who_walked(
    port: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """A target comes from 30 m, at 5 km/h: the radar says coming; whether that is right only the person knows."""
    with session.attended(port) as board:
        about = {**session.described(board), "sensors": [{"kind": "ld2451", "uart": 2, "tx": 17, "rx": 16}]}
        nodesettings.keep(board, "board", json.dumps(about).encode(), 2)
    calm = session.calm

    def and_somebody_comes(board: Device) -> None:
        calm(board)
        for second in range(4):
            target = bytes([1, 1, 0x80, 30 - second, COMES, 5, 40])
            frame = b"\xf4\xf3\xf2\xf1" + len(target).to_bytes(2, "little") + target + b"\xf8\xf7\xf6\xf5"
            board.run(f"from vboard import board, UART_IN\nboard.at(board.now + {5000 + 1000 * second}, UART_IN, 2, 115200, {frame!r})")

    monkeypatch.setattr(session, "calm", and_somebody_comes)
    monkeypatch.setattr(node_tests, "ask", lambda question, choices: "yes")
    said = run(capsys, "walktest", "--site", SITE, "--minutes", "1")
    assert "LD2451 1 sees somebody at 30.0 m, coming 1.4 m/s" in said
    with Inventory(inventory_path(SITE)) as inventory:
        found = inventory.last(LAMP, "walktest").about
    assert {part["part"]: part["verdict"] for part in found["parts"]} == {"LD2451 1": "PASS", "LD2451 1 way": "PASS"}
    assert found["range_m"] == {"LD2451 1": 30.0}


def test_walk_test__says_how_strongly_neighbours_are_heard(
    template: tuple[Path, KeyStore], port: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """A heartbeat of K06 under the street's key comes at -67 dBm, one under a key of nobody does not count."""
    street = load_street(SITE)
    identity, secret = template[1].keys(street.segments).segments[0][0]
    calm = session.calm

    def and_k06_is_on(board: Device) -> None:
        calm(board)
        for number, key in ((5, secret), (6, bytes(32))):
            frame = heartbeat(number, telegram.Key(identity, key, hashlib.sha256))
            board.run(f"from vboard import board, RADIO_IN\nboard.at(board.now + 5000, RADIO_IN, 1, -67, {b'from06' + frame!r})")

    monkeypatch.setattr(session, "calm", and_k06_is_on)
    said = run(capsys, "walktest", "--site", SITE, "--minutes", "1", status=1)  # nobody passes the PIR
    assert said.count("neighbour") == 1
    assert "neighbour 5 heard, -67 dBm" in said
    with Inventory(inventory_path(SITE)) as inventory:
        assert inventory.last(LAMP, "walktest").about["neighbours"] == {"K06": -67}


def heartbeat(number: int, key: telegram.Key) -> bytes:
    """A sign of life of a node, as it goes over the air."""
    frame = bytearray(telegram.LONGEST)
    wire = payload.Wire(frame)
    wire.open(telegram.HEADER, telegram.LONGEST - telegram.TAG)
    assert wire.put([0, 0], 0, payload.HEARTBEAT)
    telegram.head(frame, telegram.HEARTBEAT, number, 1, 1, 0, 60, 0)
    return bytes(frame[: telegram.seal(frame, wire.at, 0, key)])


def test_walk_test__without_anybody_says_that_nobody_was_seen(port: str, capsys: pytest.CaptureFixture[str]):
    """It fails on a planted fault: a PIR that is not connected."""
    said = run(capsys, "walktest", "--minutes", "2", status=1)
    assert "FAIL         PIR 1        it saw nobody: was it passed?" in said
    assert "not written down: give the site with --site" in said


def test_identify__blinks_led_and_lamp(port: str, capsys: pytest.CaptureFixture[str]):
    """For as long as is asked, then it goes on as before."""
    assert "blinking for 3 s" in run(capsys, "identify", "--seconds", "3")
    with session.attended(port) as board:
        session.calm(board)
        board.run(NOTE_OUTPUTS)
        board.run(programs.identify(4))
        duties, leds = board.ask("(len(set(q_out[25])), len(q_out[13]))")
    assert duties >= 2
    assert leds >= 10


def test_get__lists_what_differs_from_the_defaults(port: str, capsys: pytest.CaptureFixture[str]):
    """The phases by when they begin, each setting as people write it."""
    said = run(capsys, "get")
    assert "phase 1 from sunset\n" in said
    assert "phase 2 from 22:00\n" in said
    assert "  pedestrian.linger       6 min" in said
    assert "hold" not in said
    assert "  cyclist.hold            10 s" in run(capsys, "get", "hold")
    told = json.loads(run(capsys, "get", "--json", "2.idle"))
    assert (told["version"], told["settings"]) == (1, {"2.idle": "50 %"})


def test_set__changes_one_phase_and_no_other(port: str, capsys: pytest.CaptureFixture[str]):
    """The node has a new version, starts with it, and the old one lies beside it; the inventory knows."""
    said = run(capsys, "set", "2.pedestrian.hold=25 s", "--site", SITE)
    assert "phase 2: pedestrian.hold 10 s -> 25 s\nK05 has version 2 of its settings" in said
    told = json.loads(run(capsys, "get", "--json", "pedestrian.hold"))
    assert told == {
        "version": 2,
        "until": told["until"],
        "settings": {"1.pedestrian.hold": "10 s", "2.pedestrian.hold": "25 s", "3.pedestrian.hold": "10 s"},
    }
    with session.attended(port) as board:
        assert "/data/program.old" in board.files("/data")
    with Inventory(inventory_path(SITE)) as inventory:
        assert inventory.last(LAMP, "settings").about["changed"] == ["phase 2: pedestrian.hold 10 s -> 25 s"]
    assert "nothing to change" in run(capsys, "set", "2.pedestrian.hold=25 s")


def test_set__refuses_as_a_profile_does_and_writes_nothing(port: str, capsys: pytest.CaptureFixture[str]):
    """The sentence of the profile's own reader, exit status 2 (`test_nodesettings` has all of them)."""
    assert 'pedestrian.hold  20 has no unit. Did you mean "20 s"?' in run(capsys, "set", "pedestrian.hold=20", status=2)
    assert json.loads(run(capsys, "get", "--json"))["version"] == 1


@pytest.mark.security(2)
def test_backup__brings_back_what_was_and_holds_no_key(template: tuple[Path, KeyStore], port: str, capsys: pytest.CaptureFixture[str]):
    """Kept, changed, put back, twice; none of the street's keys is in the file."""
    assert "identity, board, program, table, adjacent of K05. No keys are in it." in run(capsys, "backup", "-o", "k05.zip")
    run(capsys, "set", "idle=70 %")
    assert "put back: program." in run(capsys, "restore", "k05.zip")
    assert "nothing to put back" in run(capsys, "restore", "k05.zip")
    assert json.loads(run(capsys, "get", "--json", "2.idle"))["settings"] == {"2.idle": "50 %"}
    with zipfile.ZipFile("k05.zip") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert not any(key in content for key in template[1].secrets())


def test_restore__of_another_lamps_backup_is_refused(port: str, capsys: pytest.CaptureFixture[str]):
    """Unless it is meant; and a file that is none is told from one."""
    run(capsys, "backup", "-o", "k05.zip")
    with zipfile.ZipFile("k05.zip") as old, zipfile.ZipFile("k06.zip", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"K05"', b'"K06"'))
    said = run(capsys, "restore", "k06.zip", status=2)
    assert "this is the backup of K06 (" in said and "but the node is K05" in said
    with Inventory(inventory_path(SITE), "Kim") as inventory:
        inventory.claim("K06", "a0:b1:c2:00:00:01", "esp32_devkitc")
        said = run(capsys, "restore", "k06.zip", "--other-lamp", "--site", SITE, status=2)
        assert "K06: this lamp has the board a0:b1:c2:00:00:01" in said
        assert "put back: identity." in run(capsys, "restore", "k06.zip", "--other-lamp")
        run(capsys, "set", "idle=70 %")
        inventory.release("K06", "a0:b1:c2:00:00:01", "broken")
        assert "put back: program." in run(capsys, "restore", "k06.zip", "--site", SITE)
        assert inventory.last("K06", "settings").about["changed"][0].startswith("program as on 20")
    Path("none.zip").write_text("no zip")
    assert "this is no backup of a node" in run(capsys, "restore", "none.zip", status=2)
    assert "there is no such file" in run(capsys, "restore", "nowhere.zip", status=2)


@pytest.mark.security(24)
def test_factory_reset__wants_the_name_and_leaves_nobody(port: str, capsys: pytest.CaptureFixture[str]):
    """The wrong name removes nothing; the right one all that made it K05, the keys among it; firmware and light stay."""
    assert '"K04" is not "K05": nothing was removed.' in run(capsys, "factory-reset", "--confirm", "K04", status=2)
    assert "K05 is nobody now" in run(capsys, "factory-reset", "--confirm", "K05", "--site", SITE)
    with session.attended(port) as board:
        files = board.files("/")
        about = session.info(board)
    assert [name for name in files if name.startswith("/data/")] == []
    assert {"/boot.py", "/main.py", "/light", "/slots"} <= set(files)
    assert (about.lamp, set(about.versions.values()), about.firmware) == ("", {-1}, True)
    with Inventory(inventory_path(SITE)) as inventory:
        assert [event.kind for event in inventory.history(LAMP)] == ["claimed", "reset"]
    assert "nobody yet" in run(capsys, "info")
    assert "this node is nobody yet, so it has no settings" in run(capsys, "get", status=2)
    assert "nobody already: there is nothing to remove" in run(capsys, "factory-reset")


def test_board_without_firmware__is_told_to_be_flashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A runtime and nothing else: each verb that needs more says the same."""
    provisioned.blank(tmp_path / "bench")
    with provisioned.Bench(tmp_path / "bench", "esp32", speed=0) as bench:
        monkeypatch.setenv("LYKTA_PORT", bench.ports[0])
        for words in (("selftest", "--quick"), ("get",)):
            said = run(capsys, *words, status=2)
            assert "there is no firmware of ours on this board. Make it a node first: lykta flash SITE LAMP --port" in said
        assert "firmware    none of ours" in run(capsys, "info")


def test_node_of_another_site__is_not_written_down_here(port: str, capsys: pytest.CaptureFixture[str]):
    """A board from another street, on the wrong site's list."""
    said = run(capsys, "selftest", "--quick", "--site", "valla_torg", status=2)
    assert 'the board is K05 of "Kungsholms strand", not of "Valla torg". Give that site.' in said


def test_second_board_that_says_it_is_the_same_lamp__is_explained(port: str, capsys: pytest.CaptureFixture[str]):
    """Somebody has flashed K05 twice: the inventory knows the other board, and nothing is written down for this one."""
    with Inventory(inventory_path(SITE), "Kim") as inventory:
        inventory.claim(LAMP, "a0:b1:c2:00:00:01", "esp32_devkitc")
        for words in (("selftest", "--quick"), ("set", "idle=60 %")):
            said = run(capsys, *words, "--site", SITE, status=2)
            assert (
                "K05: this lamp has the board a0:b1:c2:00:00:01 since" in said and "(by Kim), and the one on the cable is 02:4c:59:" in said
            )
        assert [event.kind for event in inventory.history(LAMP)] == ["claimed"]


def test_verbs__say_nothing_that_is_secret(template: tuple[Path, KeyStore], port: str, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """What verbs print and leave behind, searched for every key of the street: as bytes, in hexadecimal, in base64, as Python writes it."""
    verbs = [
        (("info", "--json"), 0), (("selftest", "--quick", "--site", SITE), 1), (("get",), 0), (("set", "idle=60 %", "--site", SITE), 0),
        (("backup", "-o", "b.zip"), 0), (("factory-reset", "--confirm", LAMP, "--site", SITE), 0),
    ]  # fmt: skip
    said = "".join(run(capsys, *words, status=status) for words, status in verbs)
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    for key in template[1].secrets():
        forms = (key.hex(), base64.b64encode(key).decode(), repr(key)[2:-1])
        assert not any(form in said for form in forms)
        assert not any(form.encode() in left for form in forms)
        assert key not in left
