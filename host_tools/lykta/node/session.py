"""A node on a cable while somebody works at it: without its watchdog, with what it says of itself."""

from __future__ import annotations

import ast
import datetime as dt
import hashlib
import json
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from lykta.errors import InputError
from lykta.node import programs
from lykta.node.device import Device
from lykta.node.errors import BoardError, CableLost
from lykta.node.programs import Happened

#: A node lets a cable in for so long after each start; then its watchdog runs, and cannot be stopped [ms].
_OPEN_MS = 10_000
_TRIES, _AGAIN_S = 3, 1.0
_HEAD = 44  # bytes before the content of a file in the node's store
_MAGIC = b"LYKT"
_CAUSES = {1: "power", 2: "reset", 3: "watchdog", 4: "deep sleep", 5: "soft reset"}
_RUNGS = {0: "as it should be", 1: "with the files before the last change", 2: "the other version", 3: "safe mode: full light"}


class NoFirmware(BoardError):
    """The board runs MicroPython, but not our firmware."""

    code = "no-firmware"


@dataclass(frozen=True)
class Info:
    """What a node says of itself; empty or 0 what it cannot say. Sizes in bytes; `counts`: boots, failed, rung; `versions`: of its
    files, -1 for one that is missing or damaged, none at all without our firmware."""

    mac: str
    runtime: str
    machine: str
    identity: Mapping[str, Any]
    versions: Mapping[str, int]
    counts: Mapping[str, int]
    slots: str
    crash: str
    memory: int
    flash: tuple[int, int]
    cause: str
    up_ms: int

    @property
    def lamp(self) -> str:
        """The lamp that it believes to be; "" if it does not know."""
        return str(self.identity.get("lamp", ""))

    @property
    def rung(self) -> str:
        """How it started, in words."""
        return _RUNGS.get(self.counts.get("rung", 0), "unknown")

    @property
    def firmware(self) -> bool:
        """Whether our firmware is on it: only that can say which version its files have."""
        return bool(self.versions)


@contextmanager
def attended(port: str, attempts: int = 3) -> Iterator[Device]:
    """A node on a cable. Starts that a person at the cable cut short were no failures: they are not counted on its ladder of recovery."""
    with Device(port, attempts=attempts) as board:
        try:
            board.run(programs.SLOT)
            yield board
        finally:
            with suppress(BoardError):
                board.run(programs.ATTENDED)


def info(board: Device) -> Info:
    """Ask a node what it is."""
    found: dict[str, Any] = ast.literal_eval(board.run(programs.INFO).strip().splitlines()[-1])
    digits = found["mac"] or ""
    room, free = found["flash"] or (0, 0)
    return Info(
        mac=":".join(digits[at : at + 2] for at in range(0, len(digits), 2)),
        runtime=found["runtime"] or "",
        machine=found["machine"] or "",
        identity=found["identity"] or {},
        versions={name: version for name, version in found["versions"].items() if version is not None},
        counts={name: count for name, count in found["counts"].items() if count is not None},
        slots=found["slots"] or "",
        crash=found["crash"] or "",
        memory=found["memory"] or 0,
        flash=(room, free if free <= room else 0),  # LittleFS counts some blocks twice: full, it has fewer than none
        cause=_CAUSES.get(found["cause"], "unknown"),
        up_ms=found["up"] or 0,
    )


def is_fresh(board: Device) -> bool:
    """Whether it was caught so soon after its start that its watchdog does not run yet."""
    return bool(board.ask("__import__('time').ticks_ms()") < _OPEN_MS)


def calm(board: Device) -> None:
    """See to it that no watchdog ends what takes longer: one that may run already is ended by a restart, and caught before the next."""
    if is_fresh(board):
        board.soft_reset()
        return
    with suppress(CableLost):
        board.run("import machine\nmachine.reset()", patience_s=1)
    for _ in range(_TRIES):
        try:
            board.interrupt()
            break
        except CableLost:  # the chip's own USB went away with the reset, and comes back as a port of the same name
            board.close()
            time.sleep(_AGAIN_S)
            board.open()
    board.soft_reset()


def set_clock(board: Device, now: dt.datetime) -> None:
    """Set the clock of a node [UTC]: on the cable nobody else tells it the time."""
    utc = now.astimezone(dt.UTC)
    date = (utc.year, utc.month, utc.day, 0, utc.hour, utc.minute, utc.second, 0)
    board.run(f"from machine import RTC\nRTC().datetime({date})")


def described(board: Device) -> dict[str, Any]:
    """What a node was told of its board: its file `board`; empty where there is none."""
    try:
        found: dict[str, Any] = json.loads(unsealed(board.read("/data/board"))[1])
    except FileNotFoundError:
        return {}
    return found


def unsealed(data: bytes) -> tuple[int, bytes]:
    """(version, content) of a file of the node's store. InputError for a damaged one."""
    version, length = struct.unpack_from("<II", data, 4) if len(data) >= _HEAD else (0, -1)
    content = data[_HEAD:]
    if data[:4] != _MAGIC or length != len(content) or hashlib.sha256(data[4:12] + content).digest() != data[12:_HEAD]:
        raise InputError.of("node", "a file on it is damaged. Provision it again: lykta flash SITE LAMP --port PORT")
    return version, content


def perform(board: Device, program: str, patience_s: float, on_event: Callable[[Happened], None], on_line: Callable[[str], None]) -> None:
    """Run one of `programs`: every event, and every other line, as it comes. NoFirmware where the board has none of ours."""
    lines = _Lines(board.port, on_event, on_line)
    board.run(program, patience_s=patience_s, on_output=lines.take)
    lines.take(b"\n")


class _Lines:
    """Cuts what a program prints into lines, and lines into events and others."""

    def __init__(self, port: str, on_event: Callable[[Happened], None], on_line: Callable[[str], None]) -> None:
        self._port = port
        self._on_event = on_event
        self._on_line = on_line
        self._held = b""

    def take(self, data: bytes) -> None:
        """More of it."""
        *whole, self._held = (self._held + data).split(b"\n")
        for raw in whole:
            line = raw.decode("utf-8", errors="replace").rstrip("\r")
            found = next(iter(programs.events([line])), None)
            if found is None:
                if line:
                    self._on_line(line)
            elif found.kind == "!":
                raise no_firmware(self._port)
            else:
                self._on_event(found)


def no_firmware(port: str) -> NoFirmware:
    """The error for a board without our firmware."""
    return NoFirmware(port, "there is no firmware of ours on this board.", f"Make it a node first: lykta flash SITE LAMP --port {port}")
