"""The ports of this machine: which there are, what they are called, who has one, and whether it may be opened."""

from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lykta.errors import EnvironmentLacks
from lykta.node.errors import PortBusy, PortForbidden, PortMissing
from lykta.vm import registry

#: USB to serial converters and chips with their own USB, as they are found on boards with an ESP32: vendor -> name.
VENDORS = {0x10C4: "Silicon Labs CP210x", 0x1A86: "WCH CH34x", 0x0403: "FTDI", 0x303A: "Espressif USB", 0x067B: "Prolific PL2303"}
_TAKEN = b"already in use"
_LISTED = 4  # ports in a message
_GROUP = stat.S_IRGRP | stat.S_IWGRP
_NETWORK = ("socket://", "rfc2217://")


@dataclass(frozen=True)
class Port:
    """One port. `name`: what is given as --port; `about`: what is plugged in, for people; `usb`: (vendor, product), None if unknown."""

    name: str
    about: str
    usb: tuple[int, int] | None = None
    serial_number: str = ""


def is_network(name: str) -> bool:
    """Whether a port is reached over a network: nobody there can press its buttons for us unless it is rfc2217."""
    return name.startswith(_NETWORK)


def can_reset(name: str) -> bool:
    """Whether the lines DTR and RTS, by which a program resets a board, go through this port."""
    return not name.startswith("socket://") and not is_pty(name)


def is_pty(name: str) -> bool:
    """Whether a port is a pseudo-terminal: what a virtual board gives."""
    return str(Path(name).resolve()).startswith("/dev/pts/")


def find_ports(wanted: Iterable[tuple[int, int]] = ()) -> list[Port]:
    """The serial ports with a board on them, by their name; virtual boards of this machine follow.

    `wanted`: vendor and product of the USB chips that count; by default all known vendors.
    """
    try:
        from serial.tools import list_ports
    except ImportError:
        raise lacks_serial() from None
    chosen = set(wanted)
    found = []
    for port in list_ports.comports():
        usb = (port.vid, port.pid) if port.vid is not None and port.pid is not None else None
        if usb is not None and (usb in chosen or (not chosen and usb[0] in VENDORS)):
            about = " ".join(word for word in (port.manufacturer, port.product) if word) or VENDORS.get(usb[0], "USB serial")
            found.append(Port(port.device, about, usb, port.serial_number or ""))
    virtual = [] if chosen else [Port(name, about) for name, about in registry.running()]
    return sorted(found, key=lambda port: port.name) + virtual


def lacks_serial() -> EnvironmentLacks:
    """The error where what works with boards is not installed."""
    return EnvironmentLacks("Boards need pyserial, mpremote and esptool: pip install 'lykta[flash]' (in a clone: make env).")


def look(name: str) -> None:
    """Raise what a person can put right before anything opens the port: PortMissing, PortForbidden, PortBusy."""
    if is_network(name) or sys.platform == "win32":
        return
    path = Path(name)
    try:
        there = path.exists()
    except PermissionError as error:
        raise PortForbidden(
            name, "you may not look into its folder.", "Ask whoever owns that folder for the right, or be him.", str(error)
        ) from None
    if not there:
        raise PortMissing(name, "there is no such port.", how_to_find(name))
    if not stat.S_ISCHR(path.stat().st_mode):
        raise PortMissing(name, "this is a file, not a port.", _there_are())
    if not os.access(path, os.R_OK | os.W_OK):
        raise PortForbidden(name, "you may not open it.", _permission(path))
    holders = who_has(path)
    if holders:
        raise PortBusy(name, _held(holders), f"Close {'it' if len(holders) == 1 else 'them'}, then run the same command again.")


def how_to_find(name: str) -> str:
    """The next step where nothing is on a port."""
    if is_network(name):
        return "Is `lykta virtual-board`, or the server of that port, still running? It prints the names of its ports."
    return f"Plug the board in (a cable with data wires) and look again. {_there_are()}"


def taken(name: str) -> bool:
    """Whether the server of a port on a network says that somebody else has it, as ser2net and virtual boards do."""
    if not is_network(name):
        return False
    host, _, number = name.partition("://")[2].rpartition(":")
    try:
        with socket.create_connection((host, int(number.split("/")[0])), timeout=1) as connection:
            connection.settimeout(1)
            return _TAKEN in connection.recv(256)
    except (OSError, ValueError):
        return False


def busy(name: str, why: str = "") -> PortBusy:
    """The error for a port that another program has, naming it where the system tells."""
    holders = [] if is_network(name) else who_has(Path(name))
    whom = _held(holders) if holders else "another program has it open."
    # Of other people's programs the system tells only root.
    which = "" if holders or is_network(name) or sys.platform == "win32" else f"; `sudo lsof {name}` says which"
    return PortBusy(name, whom, f"Close it (a serial monitor, another `lykta`{which}), then run the same command again.", why)


def _held(holders: Sequence[str]) -> str:
    """Who has a port open, as a sentence."""
    if len(holders) == 1:
        return f"{holders[0]} has it open."
    return f"{', '.join(holders[:-1])} and {holders[-1]} have it open."


def _there_are() -> str:
    ports = find_ports()
    if not ports:
        return "No board is plugged in."
    listed = [f"{port.name} ({port.about})" for port in ports[:_LISTED]]
    return f"Plugged in: {', '.join(listed)}{' and others' if len(ports) > _LISTED else ''}."


def _permission(path: Path) -> str:
    """What gives a user the right to open a port."""
    if sys.platform == "darwin":
        return f"Give yourself the right: sudo chmod a+rw {path}"
    import grp

    about = path.stat()
    try:
        group = grp.getgrgid(about.st_gid).gr_name
    except KeyError:
        group = "dialout"
    if not about.st_gid or about.st_mode & _GROUP != _GROUP:  # no group that would help: and nobody shall join root's
        return f"Its group may not either: `sudo chmod a+rw {path}` lets everybody until it is unplugged. Then run the same command."
    return f"It belongs to the group {group}: run `sudo usermod -aG {group} $USER`, log out, log in again, then run the same command."


def who_has(path: Path) -> list[str]:
    """The programs that have a device open, as "name (process 123)"; empty where none has, or the system does not tell."""
    proc = Path("/proc")
    if not proc.is_dir():
        return []
    device = path.resolve()
    found = []
    for process in sorted(proc.glob("[0-9]*")):
        if process.name != str(os.getpid()) and _holds(process, device):
            found.append(f"{_name_of(process)} (process {process.name})")
    return found


def _holds(process: Path, device: Path) -> bool:
    """Whether a process has a device open; False where we may not look."""
    try:
        return any(_target(link) == str(device) for link in (process / "fd").iterdir())
    except OSError:
        return False


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def _name_of(process: Path) -> str:
    try:
        words: Sequence[str] = (process / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return "a program"
    return " ".join(word for word in words[:3] if word) or "a program"
