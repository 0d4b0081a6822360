"""Ports: what is wrong with one is said before anything opens it, with who has it and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lykta.node import ports
from lykta.node.errors import PortBusy, PortForbidden, PortMissing


@pytest.fixture
def terminal() -> Iterator[str]:
    """A pseudo-terminal: a port as far as the system is concerned."""
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_good_port__is_passed_in_silence(terminal: str):
    """Neither it nor one on a network, which only opening can tell."""
    ports.look(terminal)
    ports.look("socket://127.0.0.1:1")


def test_missing_port__says_which_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing there, and a file in its place."""
    monkeypatch.setattr(ports, "find_ports", lambda: [ports.Port("/dev/ttyUSB3", "Silicon Labs CP210x")])
    with pytest.raises(PortMissing, match=r"there is no such port. Plug the board in .* Plugged in: /dev/ttyUSB3 \(Silicon Labs CP210x\)"):
        ports.look(str(tmp_path / "ttyUSB0"))
    (tmp_path / "file").touch()
    with pytest.raises(PortMissing, match="this is a file, not a port"):
        ports.look(str(tmp_path / "file"))


def test_forbidden_port__says_group_command_and_that_one_has_to_log_in_again(terminal: str, monkeypatch: pytest.MonkeyPatch):
    """What a person without the right is told; nobody is sent into a group that has no right either, or into root's."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    Path(terminal).chmod(0o600)
    with pytest.raises(PortForbidden, match=rf"Its group may not either: `sudo chmod a\+rw {terminal}` lets everybody"):
        ports.look(terminal)
    Path(terminal).chmod(0o660)
    os.chown(terminal, -1, Path(terminal).stat().st_gid or 1)
    with pytest.raises(PortForbidden, match=r"group \w+: run `sudo usermod -aG \w+ \$USER`, log out, log in again") as raised:
        ports.look(terminal)
    assert (raised.value.code, raised.value.exit_status) == ("port-forbidden", 2)


def test_port_in_a_folder_of_somebody_else__is_forbidden_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One cannot even see whether it is there."""

    def closed(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(PortForbidden, match=r"you may not look into its folder\. Ask whoever owns that folder"):
        ports.look(str(tmp_path / "port"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a port open")
def test_busy_port__names_the_program_that_has_it(terminal: str):
    """By its name and its number."""
    program = "import sys; port = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program, terminal], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin and other.stdout
        other.stdout.readline()
        with pytest.raises(PortBusy, match=rf"python.* \(process {other.pid}\) has it open") as raised:
            ports.look(terminal)
        other.stdin.close()
    assert raised.value.code == "port-busy"


def test_busy_port__names_all_who_have_it():
    """One has it, several have it."""
    assert ports._held(["minicom (process 7)"]) == "minicom (process 7) has it open."
    assert (
        ports._held(["a (process 7)", "b (process 8)", "c (process 9)"]) == "a (process 7), b (process 8) and c (process 9) have it open."
    )


def test_found_ports__are_those_with_a_board(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Known USB chips, named; other serial ports are left out; virtual boards come last."""
    from serial.tools import list_ports, list_ports_common

    def port(name: str, vid: int | None, pid: int | None, product: str | None) -> list_ports_common.ListPortInfo:
        found = list_ports_common.ListPortInfo(name)
        found.vid, found.pid, found.product = vid, pid, product
        return found

    all_ports = [
        port("/dev/ttyUSB1", 0x1A86, 0x7523, None),
        port("/dev/ttyS0", None, None, None),
        port("/dev/ttyACM0", 0x303A, 0x1001, "JTAG"),
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: all_ports)
    monkeypatch.setenv("LYKTA_VIRTUAL_BOARDS", str(tmp_path))
    (tmp_path / f"{os.getpid()}.json").write_text('{"ports": ["socket://127.0.0.1:5000"], "about": "virtual esp32_devkitc"}')
    assert [(one.name, one.about) for one in ports.find_ports()] == [
        ("/dev/ttyACM0", "JTAG"),
        ("/dev/ttyUSB1", "WCH CH34x"),
        ("socket://127.0.0.1:5000", "virtual esp32_devkitc, number 1"),
    ]
    assert [one.name for one in ports.find_ports([(0x303A, 0x1001)])] == ["/dev/ttyACM0"]
