"""From a blank board to a node, and back to it from whatever went wrong: the real esptool, mpremote and mpy-cross on virtual boards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lykta.errors import InputError
from lykta.node import manifest, releasekeys, steps
from lykta.node.device import Device
from lykta.node.flashing import Options
from lykta.node.releasekeys import NODE_FILE
from lykta.node.verdicts import NOT_CHECKED, PASS
from tests.node.table import LAMP, Table, pull_before, put_runtime, table

pytestmark = pytest.mark.micropython

_PROMPT = Options(test=False)
FIRST = dt.date(2026, 1, 1)


@pytest.fixture
def blank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """A board as it comes out of its bag."""
    with table(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def running(blank: Table) -> Table:
    """A board with the runtime on it, and nothing else."""
    put_runtime(blank, blank.wanted())
    return blank


def test_blank_board__becomes_a_node_and_a_second_run_writes_nothing(blank: Table):
    """Runtime, firmware as it ships, files, self-test, record; then everything is right already, and nothing is written down either."""
    blank.whole = True
    outcome = blank.flash()
    assert outcome.error is None, outcome.error
    assert (outcome.lamp, outcome.verdict) == (LAMP, PASS)
    assert [change.split(":")[0] for change in outcome.changes] == ["runtime", "firmware", "start", "node"]
    assert {"light", "radio"} == {one.part for one in outcome.findings if one.verdict == NOT_CHECKED}
    flash = blank.bench.boards[0].flash.read(0x310000, 0xF0000)
    events = len(blank.inventory.history())
    again = blank.flash()
    assert (again.changes, again.tested, again.error) == ([], False, None)
    assert flash == blank.bench.boards[0].flash.read(0x310000, 0xF0000)
    assert events == len(blank.inventory.history())


def test_port__that_only_one_may_have_open_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A pseudo-terminal, locked by who opens it as a USB port is: from blank to node, and the look afterwards."""
    with table(tmp_path, monkeypatch, kind="pty") as made:
        made.repaired(Options(test=False))


def test_dry_run__says_what_would_be_written_and_writes_nothing(running: Table):
    """Neither board nor inventory changes."""
    with Device(running.bench.ports[0]):
        pass  # the file system is made at the first start
    before = running.bench.boards[0].flash.read(0, 4 << 20)
    outcome = running.flash(Options(dry_run=True))
    assert outcome.error is None
    assert [change.split(":")[0] for change in outcome.changes] == ["firmware", "start", "node"]
    assert before == running.bench.boards[0].flash.read(0, 4 << 20)
    assert running.inventory.history() == []


def test_new_firmware__goes_into_the_other_slot_and_the_old_one_stays(running: Table):
    """An update by cable never touches the version that runs until the new one is whole."""
    assert running.flash(_PROMPT).well
    wanted = running.wanted()
    newer = replace(wanted.payload, package={**wanted.payload.package, "lykta_node/extra.mpy": b"new"})
    outcome = running.flash(_PROMPT, replace(wanted, payload=newer))
    assert outcome.changes == ["firmware: 4 files into slot b"]
    with Device(running.bench.ports[0]) as board:
        assert board.read("/slots") == b"b -"
        found = steps.look(board)
        assert steps.compare(replace_slot(found, "a"), wanted.payload, {}, wanted.light).nothing


def replace_slot(found: steps.Contents, slot: str) -> steps.Contents:
    """The same contents, with another slot in use."""
    return steps.Contents(found.files, found.heads, slot, found.manifests)


def test_old_settings__stay_as_the_previous_ones(running: Table):
    """The rung of the ladder that takes the files before the last change has something to take."""
    assert running.flash(_PROMPT).well
    wanted = running.wanted()
    changed = {**wanted.files, "adjacent": b"\x07\0\0\0"}
    outcome = running.flash(_PROMPT, replace(wanted, files=changed))
    assert outcome.changes == ["node: adjacent"]
    with Device(running.bench.ports[0]) as board:
        assert board.read("/data/adjacent") == steps.sealed(changed["adjacent"], 2)
        assert board.read("/data/adjacent.old") == steps.sealed(wanted.files["adjacent"], 1)


@pytest.mark.parametrize("message", [6, 12])
def test_cable_pulled_between_two_writes__is_repaired_by_the_same_command(running: Table, monkeypatch: pytest.MonkeyPatch, message: int):
    """`make bench` does it between all of them."""
    with monkeypatch.context() as patched:
        pull_before(patched, running.bench, message)
        assert running.failed(_PROMPT).code == "cable-lost"
    running.bench.plug(0)
    running.repaired(_PROMPT)


@pytest.mark.parametrize("message", [14, 24, 33, 35])
def test_cable_pulled_while_files_change_places__is_repaired_by_the_same_command(
    running: Table, monkeypatch: pytest.MonkeyPatch, message: int
):
    """At the renames, too: of the node's files, of the record of slots, of boot.py."""
    with monkeypatch.context() as patched:
        pull_before(patched, running.bench, message)
        assert running.failed(_PROMPT).code == "cable-lost"
    running.bench.plug(0)
    running.repaired(_PROMPT)


def test_cable_pulled_while_the_runtime_is_written__is_repaired_by_the_same_command(blank: Table):
    """In the middle of esptool's work: half a program is in the flash."""
    blank.bench.fault(0, "cut=30000")
    assert blank.failed(_PROMPT).code == "cable-lost"
    blank.bench.plug(0)
    blank.repaired(_PROMPT)


def test_brown_out_while_flashing__says_what_the_supply_needs_and_is_repaired(blank: Table):
    """The chip starts anew in the middle, and answers again: that is no noise."""
    blank.bench.fault(0, "brown-out=20000")
    error = blank.failed(_PROMPT)
    assert error.code == "brown-out"
    assert "500 mA" in error.remedy
    blank.repaired(_PROMPT)


def test_boot_loop__is_found_and_repaired_without_being_asked(running: Table):
    """The program in flash is damaged: the runtime is written again, firmware and files are right."""
    assert running.flash(_PROMPT).well
    running.bench.fault(0, "boot-loop")
    outcome = running.flash(_PROMPT)
    assert outcome.error is None, outcome.error
    assert [change.split(":")[0] for change in outcome.changes] == ["runtime"]


@pytest.mark.parametrize(
    ("fault", "code", "remedy"),
    [
        ("deaf", "no-prompt", "Press the button EN"),
        ("busy", "port-busy", "Close it"),
        ("unplugged", "cable-lost", "plug it in again"),
    ],
)
def test_fault_at_the_prompt__has_a_name_and_a_next_step(running: Table, fault: str, code: str, remedy: str):
    """What keeps the program from answering, and how it is repaired: the same command, once the fault is gone."""
    assert running.flash(_PROMPT).well
    running.bench.fault(0, fault)
    error = running.failed(_PROMPT)
    assert (code, 2) == (error.code, error.exit_status)
    assert remedy in error.remedy
    running.bench.heal(0)
    assert running.flash(_PROMPT).changes == []


@pytest.mark.parametrize(
    ("fault", "code", "remedy"),
    [
        ("garbage=700", "cable-lost", "slower speed"),
        ("secure-boot", "secure-boot", "another board"),
    ],
)
def test_fault_in_the_loader__has_a_name_and_a_next_step(blank: Table, fault: str, code: str, remedy: str):
    """What keeps the runtime from being written."""
    blank.bench.fault(0, fault)
    error = blank.failed(replace(_PROMPT, rewrite=True))
    assert (code, 2) == (error.code, error.exit_status)
    assert remedy in error.remedy
    if code == "secure-boot":
        assert blank.inventory.board_of(LAMP) is None  # what can never be the lamp's does not keep it
    blank.bench.heal(0)
    blank.repaired(_PROMPT)


def test_garbled_answer__is_no_error_of_the_boards():
    """The line is bad, whatever the letters that are left of it say."""
    board = Device("port")
    said = ("Sy\ufffdtaxError: invalid syntax", "SyntaxError: invalid syntax", "ValueError: no")
    assert [board._said(one).code for one in said] == ["cable-lost", "cable-lost", "unplanned"]


def test_full_file_system__says_so_and_is_repaired_when_there_is_room(running: Table):
    """Junk has taken the room for the firmware."""
    running.bench.fault(0, "full=20000")
    error = running.failed(_PROMPT)
    assert (error.code, error.exit_status) == ("disk-full", 2)
    assert "--erase" in error.remedy
    running.bench.heal(0)
    running.repaired(_PROMPT)


def test_board_of_another_lamp__is_refused_before_anything_is_written(running: Table):
    """The inventory knows the board: nothing on it changes."""
    mac = running.bench.boards[0].mac.hex(":")
    running.inventory.claim("K04", mac, "esp32_devkitc")
    error = running.failed(_PROMPT)
    assert (error.code, error.exit_status) == ("claimed", 2)
    assert "--replace" in error.remedy
    with Device(running.bench.ports[0]) as board:
        assert list(board.files()) == ["/boot.py"]


def test_replacement__takes_the_lamp_over(running: Table):
    """With --replace the lamp keeps its history, and the other board is free."""
    running.inventory.claim(LAMP, "a0:b1:c2:00:11:22", "esp32_devkitc")
    assert running.failed(_PROMPT).code == "claimed"
    assert running.flash(replace(_PROMPT, replace=True)).well
    claim = running.inventory.board_of(LAMP)
    assert claim is not None
    assert running.bench.boards[0].mac.hex(":") == claim.mac


def test_wrong_chip__is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The site wants an ESP32; on the cable is an ESP32-S3."""
    with table(tmp_path, monkeypatch, chip="esp32s3") as made:
        error = made.failed(_PROMPT)
        assert (error.code, error.exit_status) == ("wrong-chip", 2)
        assert "ESP32-S3" in error.what
        assert "ESP32" in error.what.split(";")[1]


def test_too_little_flash__is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The board file says 4 MB; the chip has 2."""
    with table(tmp_path, monkeypatch, flash_bytes=2 << 20) as made:
        error = made.failed(_PROMPT)
        assert error.code == "wrong-chip"
        assert "2 MB" in error.what


def test_no_image_for_a_blank_board__says_where_to_get_one(blank: Table, monkeypatch: pytest.MonkeyPatch):
    """Nothing is downloaded; the message names the source."""
    monkeypatch.setattr("lykta.node.flashing.Esptool.identify", lambda self: found("esp32"))
    error = blank.failed(_PROMPT, blank.wanted(image=False))
    assert error.code == "wrong-image"
    assert error.what == "the board has no runtime that starts, and no image was given."
    assert "micropython.org" in error.remedy


def test_chip_that_waits_in_its_loader__is_written_and_goes_on(running: Table, monkeypatch: pytest.MonkeyPatch):
    """Somebody has held BOOT, as he was told: that is the loader which is wanted; without an image he is told to let go."""
    written: list[str] = []
    monkeypatch.setattr("lykta.node.flashing.Esptool.identify", lambda self: found("esp32"))

    def write(_: object, chip: str, *__: object) -> None:
        written.append(chip)
        put_runtime(running, running.wanted())  # then whoever holds BOOT lets go of it

    monkeypatch.setattr("lykta.node.flashing.Esptool.write", write)
    running.bench.hold_boot(0)
    error = running.failed(_PROMPT, running.wanted(image=False))
    assert error.code == "boot-mode"
    assert "with BOOT released" in error.remedy
    outcome = running.flash(_PROMPT)
    assert outcome.error is None, outcome.error
    assert (written, [change.split(":")[0] for change in outcome.changes]) == (["esp32"], ["runtime", "firmware", "start", "node"])


def test_board_that_nobody_could_write_down__is_written_down_by_the_same_command(running: Table, monkeypatch: pytest.MonkeyPatch):
    """The disk of the inventory was full when the board was done: the board is right, and the inventory must come to know it."""
    with monkeypatch.context() as patched:
        patched.setattr(running.inventory, "note", full)
        assert "disk is full" in str(running.flash(_PROMPT).error)
    assert [event.kind for event in running.inventory.history(LAMP)] == ["claimed"]
    outcome = running.flash(_PROMPT)
    assert (outcome.changes, outcome.error) == ([], None)
    event = running.inventory.last(LAMP, "flashed")
    assert event is not None
    assert steps.fingerprints(running.wanted().files) == event.about["files"]
    assert running.flash(_PROMPT).well
    assert [event.kind for event in running.inventory.history(LAMP)] == ["claimed", "flashed"]


def full(*_: object, **__: object) -> None:
    """What a full disk makes of an entry."""
    raise InputError.of("x.sqlite", "database or disk is full")


def test_settings_changed_and_put_back_at_the_post__are_as_planned_again(running: Table):
    """Nothing has to be written, but the record must not say for ever that they were changed."""
    assert running.flash(_PROMPT).well
    running.inventory.note(LAMP, "settings", {"changed": ["idle 50 % -> 30 %"]})
    assert running.flash(_PROMPT).changes == []
    assert running.inventory.history(LAMP)[-1].kind == "flashed"


def test_disk_of_this_computer_that_is_full__is_told_from_the_boards(running: Table, monkeypatch: pytest.MonkeyPatch):
    """esptool's files have no room: a sentence, not a fault of ours."""

    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/tmp/lykta-1")

    monkeypatch.setattr("lykta.node.flashing.Esptool.identify", no_room)
    error = running.flash(replace(_PROMPT, rewrite=True)).error
    assert error is not None and error.exit_status == 2
    assert "this computer cannot go on ([Errno 28] No space left on device: '/tmp/lykta-1'). Is its disk full?" in str(error)


def found(chip: str) -> object:
    """What esptool says of a chip."""
    from lykta.node.esp import Found

    return Found(chip, "ESP32-D0WD-V3", "02:4c:59:00:00:01", 4 << 20)


def test_slot__that_the_cable_filled_says_that_it_is_whole(running: Table):
    """Its manifest is of what lies there, goes before anything is changed and comes last; boot.py takes no slot without it."""
    assert running.flash(_PROMPT).well
    wanted = running.wanted()
    with Device(running.bench.ports[0]) as board:
        told = manifest.read_head(board.read("/a/manifest"))
        assert told is not None
        assert told.list_hash == manifest.head_of(wanted.payload.package, "", ()).list_hash
        board.remove(["/a/manifest"])
    assert running.flash(_PROMPT).changes == ["firmware: 0 files into slot a"]
    assert running.flash(_PROMPT).changes == []


def test_release_keys__go_to_every_node_where_they_are_known(running: Table, tmp_path: Path):
    """So the board knows whose updates to take; without keys there is no such file, and it takes none."""
    without = running.street.files(FIRST)[LAMP]
    assert NODE_FILE not in without
    known = releasekeys.draw(tmp_path / "release", tmp_path / "safe", "four words of mine")
    files = running.street.files(FIRST)[LAMP]
    assert files == {**without, NODE_FILE: known.node_file()}
    assert running.flash(_PROMPT, replace(running.wanted(), files=files)).well
    with Device(running.bench.ports[0]) as board:
        assert board.read("/data/release")[44:] == known.node_file()
