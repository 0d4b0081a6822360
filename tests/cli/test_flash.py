"""`lykta flash` and `lykta virtual-board` as a person or a script runs them."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lykta.cli import flash, main
from lykta.cli.flash import _Printer
from lykta.node import rounds
from lykta.node.flashing import Outcome
from lykta.node.inventory import Inventory, inventory_path
from lykta.progress import Bars
from lykta.vm import espimage, registry
from lykta.vm.bench import Bench
from tests.node.table import SITE, SMALL, Table, image_in, put_runtime, street_with_keys, table

pytestmark = pytest.mark.micropython


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """A board with the runtime; a firmware of few files."""
    monkeypatch.setattr(rounds, "make_payload", lambda: SMALL)
    with table(tmp_path, monkeypatch) as ready:
        put_runtime(ready, ready.wanted())
        yield ready


def run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """What `lykta flash` prints."""
    assert main(["flash", *words]) == status
    said = capsys.readouterr()
    return said.out + said.err


def test_flash__ends_with_a_sentence_and_a_label(made: Table, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """For one lamp: what was done, the code on the terminal, the picture in a folder; then the same command has nothing to do."""
    words = (SITE, "K05", "--port", made.bench.ports[0], "--image", str(made.image), "--no-test")
    said = run(capsys, *words)
    mac = made.bench.boards[0].mac.hex(":")
    assert f"K05: written, not tested ({mac}, " in said
    assert "█" in said
    assert (tmp_path / f"{SITE}.labels" / "K05.png").read_bytes().startswith(b"\x89PNG")
    with Inventory(inventory_path(SITE)) as inventory:
        (event,) = [event for event in inventory.history("K05") if event.kind == "flashed"]
        assert (event.mac, event.who) == (mac, "Alma")
    said += run(capsys, *words)
    assert "everything was right already; nothing was written" in said
    said += run(capsys, *words, "--rewrite", "--dry-run") + run(capsys, *words, "--json")
    assert_no_secret(made, said, tmp_path)


def assert_no_secret(made: Table, said: str, folder: Path) -> None:
    """No key of the street in what was said, nor in any file but the store itself and the flash of the boards."""
    left = [file for file in folder.rglob("*") if file.is_file() and not {"keys", "bench"} & set(file.relative_to(folder).parts)]
    assert {".png", ".sqlite"} <= {file.suffix for file in left}
    content = b"".join([said.encode(), *(file.read_bytes() for file in left)])
    keys = made.street.keys().secrets()
    assert len(keys) == len(made.street.lamps) + 1
    for key in keys:
        assert not any(form in content for form in (key, key.hex().encode(), base64.b64encode(key), repr(key)[2:-1].encode()))


def test_dry_run__says_what_would_be_written(made: Table, capsys: pytest.CaptureFixture[str]):
    """And claims nothing."""
    said = run(capsys, SITE, "K05", "--port", made.bench.ports[0], "--image", str(made.image), "--dry-run")
    assert "would write firmware: 3 files into slot a" in said
    with Inventory(inventory_path(SITE)) as inventory:
        assert inventory.claims() == []


def test_mac__is_shown_as_it_stands(made: Table, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Where its digits are the name of a picture, as `cd` between two colons is of a disc, too."""
    printer = _Printer(made.street, tmp_path, as_json=False, dry_run=False)
    with Bars() as bars:
        printer.outcome(Outcome("K17", "port", mac="02:4c:59:cd:1a:41"), bars, alone=False)
    assert "nothing was written (02:4c:59:cd:1a:41 on port, 0 s)" in capsys.readouterr().out


def test_unknown_image__is_asked_for_once(made: Table, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Refused with its hash and what to do; taken with it; and by itself when a board of the street was flashed with it."""
    digest = hashlib.sha256(made.image.read_bytes()).hexdigest()
    monkeypatch.setattr(espimage, "TRAINING", "no image is for training")
    words = (SITE, "K05", "--port", made.bench.ports[0], "--image", str(made.image), "--dry-run")
    said = run(capsys, *words, status=2)
    assert f"Its SHA-256 is {digest}." in said
    assert "Then say `--sha256` with that number, once" in said
    assert "would write" in run(capsys, *words, "--sha256", digest)
    with Inventory(inventory_path(SITE)) as inventory:
        inventory.note("K04", "flashed", {"image": {"file": made.image.name, "sha256": digest}})
    assert "would write" in run(capsys, *words)


def test_json__is_one_line_for_each_board(made: Table, capsys: pytest.CaptureFixture[str]):
    """With what a script needs: code of the error, what was written, the verdict."""
    words = (SITE, "K05", "--port", made.bench.ports[0], "--image", str(made.image), "--no-test", "--json")
    (line,) = run(capsys, *words).splitlines()
    assert {"lamp": "K05", "tested": False, "error": None}.items() <= json.loads(line).items()
    made.bench.fault(0, "busy")
    (line,) = run(capsys, *words, status=2).splitlines()
    assert json.loads(line)["error"]["code"] == "port-busy"


def test_whole_street__gives_the_boards_that_are_there_to_the_first_lamps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Found by themselves, several at once; the second time each is its lamp again; a third board gets the third lamp."""
    monkeypatch.setattr(rounds, "make_payload", lambda: SMALL)
    street_with_keys(tmp_path, monkeypatch)
    image = image_in(tmp_path)
    with Bench(tmp_path / "bench", count=3, speed=0) as bench:
        for number in range(3):
            one = Table(bench, street_with_keys(tmp_path, monkeypatch), image, None, None)  # type: ignore[arg-type]
            put_runtime(one, one.wanted(), number)
        words = (SITE, "--all", "--image", str(image), "--no-test", "--json")
        with registry.announced(bench.ports[:2], "virtual board"):
            first = {board["mac"]: board["lamp"] for board in map(json.loads, run(capsys, *words).splitlines())}
        assert sorted(first.values()) == ["K01", "K02"]
        with registry.announced([*reversed(bench.ports)], "virtual board"):
            second = {board["mac"]: board["lamp"] for board in map(json.loads, run(capsys, *words).splitlines())}
        assert first.items() <= second.items()
        assert sorted(second.values()) == ["K01", "K02", "K03"]
        with registry.announced(bench.ports, "virtual board"):
            said = run(capsys, *words[:-1]).splitlines()
        assert all(any(f" on {port}, " in line for line in said) for port in bench.ports)  # else nobody knows which board is whose


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((SITE,), "say which lamp, or --all"),
        ((SITE, "K05", "--all"), "say which lamp, or --all"),
        ((SITE, "--all", "--replace"), "is for one lamp"),
        ((SITE, "K5"), 'Did you mean "K05"'),
        ((SITE, "K05"), "no board is plugged in"),
        ((SITE, "K05", "--port", "socket://127.0.0.1:1"), "Is `lykta virtual-board`, or the server of that port, still running?"),
        ((SITE, "K05", "--image", "nowhere.bin"), "there is no such file"),
    ],
)
def test_what_is_wrong_from_the_start__is_said_before_a_board_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
):
    """No lamp, two ways at once, a name that is nearly right, no board, no image."""
    monkeypatch.setattr(rounds, "make_payload", lambda: SMALL)
    street_with_keys(tmp_path, monkeypatch)
    assert said in run(capsys, *words, status=2)


def test_street__in_which_every_lamp_has_a_board_can_be_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Guided: nothing waits, and Enter looks at the boards that are plugged in, of which there are none; q ends it."""
    monkeypatch.setattr(rounds, "make_payload", lambda: SMALL)
    street = street_with_keys(tmp_path, monkeypatch)
    with Inventory(inventory_path(SITE)) as inventory:
        for number, lamp in enumerate(street.lamps):
            inventory.claim(lamp, f"02:4c:59:00:00:{number:02x}", "esp32_devkitc")
    asked: list[str] = []
    answers = iter(("", "q"))

    def prompt(text: str, **_: object) -> str:
        asked.append(text)
        return next(answers)

    monkeypatch.setattr(flash, "asks", lambda: True)
    monkeypatch.setattr("click.prompt", prompt)
    said = run(capsys, SITE, "--all")
    assert [text.strip()[:22] for text in asked] == ["Every lamp has a board"] * 2
    assert "No board is plugged in" in said


def test_street_without_keys__says_how_to_make_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Before anything else is done."""
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "lykta site keys" in run(capsys, SITE, "K05", "--port", "socket://127.0.0.1:1", status=2)


def test_virtual_board__announces_its_ports_and_takes_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As a process of its own: ports and image are printed, found by others while it runs, and gone afterwards."""
    monkeypatch.setenv("LYKTA_VIRTUAL_BOARDS", str(tmp_path / "running"))
    command = [sys.executable, "-m", "lykta", "virtual-board", "--count", "2", "--folder", str(tmp_path / "bench"), "--fault", "deaf"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdin
        lines = [process.stdout.readline().split() for _ in range(2)]
        while "Here:" not in process.stdout.readline():
            pass
        assert [port for port, _ in registry.running()] == [port for _, port in lines]
        assert (tmp_path / "bench" / "esp32_devkitc-training.bin").is_file()
        process.stdin.close()
        process.terminate()
    assert registry.running() == []


def test_virtual_board__refuses_a_fault_that_it_does_not_know(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """With those that there are."""
    assert main(["virtual-board", "--folder", str(tmp_path), "--fault", "flood"]) == 2
    assert "There are: cut" in capsys.readouterr().err
