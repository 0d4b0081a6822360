"""One node: a VM of its own, with a folder as its flash; starts, restarts, and its end of the link to the street."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lykta.errors import LyktaError
from lykta.vm.find import environment, find_vm
from lykta.vm.frames import HEAD, PWRON_RESET, RADIO_IN, RTC_SET, SIZE, SOCKET, UART_IN, Frame

#: Real seconds that a VM may compute between two waits: then its firmware hangs, and only the watchdog ends it.
HANG_S = 20
_READ = 1 << 16


@dataclass
class Board:
    """What a node is, and how it is started. `inputs`: levels on its wires and access points, as they are at a start.

    `rtc_ms`: what its clock shows at the first start [ms since 2000-01-01], None where it was never set; `shift`: what ticks_ms
    shows then; `heap`: of the VM, as MicroPython's option has it; `trace`: "", "targets" or "all" (see `shims/vtrace`).
    """

    folder: Path
    mac: bytes
    rtc_ms: int | None = None
    shift: int = 0
    heap: str = "1m"
    trace: str = ""
    delay_ms: int = 1
    inputs: Mapping[tuple[int, int], Frame] = field(default_factory=dict)


class Hung(Exception):
    """The VM computes on and on."""


class Node:
    """A VM that runs a board's firmware. `folder/root` is its flash; console and NVS lie beside it."""

    def __init__(self, board: Board, vm: str | None = None) -> None:
        """`vm`: the MicroPython to use; by default the one that is found."""
        self.board = board
        self.wires = dict(board.inputs)
        self.starts = 0
        self._vm = vm or find_vm()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._console: IO[bytes] | None = None
        self._rtc_offset = board.rtc_ms
        self._first_start = 0
        self._held = b""

    def start(self, now_ms: int, cause: int = PWRON_RESET) -> None:
        """Start the VM at a time: after power-on, or a reset with another cause. Then `collect` waits for its first message."""
        self.stop()
        if not self.starts:
            self._first_start = now_ms
        self.starts += 1
        ours, theirs = socket.socketpair()
        # A receive timeout of the kernel costs nothing, one of Python a system call for each message.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", HANG_S, 0))
        self._console = (self.board.folder / "console.txt").open("ab")
        with theirs:
            self._process = subprocess.Popen(
                _command(self._vm, self.board.heap, theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=self._console,
                stderr=subprocess.STDOUT,
                env=environment(),
                cwd=self.board.folder,
                pass_fds=(theirs.fileno(),),
            )
        about = json.dumps(self._about(now_ms, cause)).encode()
        ours.sendall(struct.pack("<I", len(about)) + about)
        self._socket = ours
        self._held = b""

    def _about(self, now_ms: int, cause: int) -> dict[str, object]:
        """What `shims/launch` wants to know."""
        board = self.board
        clock = self._rtc_offset
        return {
            "root": str(board.folder.resolve() / "root"),  # the VM itself runs in its folder
            "nvs": str(board.folder.resolve() / "nvs.json"),
            "now": now_ms,
            "shift": board.shift if self.starts == 1 else 0,
            "rtc": None if clock is None else clock + now_ms - self._first_start,
            "cause": cause,
            "mac": board.mac.hex(),
            "delay": board.delay_ms,
            "inputs": [[frame.kind, frame.which, frame.value, frame.data.hex()] for frame in self.wires.values()],
            "trace": board.trace,
        }

    @property
    def alive(self) -> bool:
        """Whether a VM runs."""
        return self._process is not None

    def noted(self, frame: Frame) -> None:
        """Remember what is on a wire, or what the clock was set to, for the next start."""
        if frame.kind == RTC_SET:
            offset = int.from_bytes(frame.data, "little") - frame.t_ms + self._first_start
            self._rtc_offset = None if frame.value else offset
        elif frame.kind not in (UART_IN, RADIO_IN, *SOCKET):  # those pass, the others are states
            self.wires[frame.kind, frame.which] = frame

    def lose_clock(self) -> None:
        """The power was off: the clock has lost its setting."""
        self._rtc_offset = None

    def resume(self, now_ms: int, ahead_ms: int, frames: bytes) -> None:
        """Let it go on at a time, by itself up to `ahead_ms` later; `frames`: all that comes in until then, in order."""
        assert self._socket is not None
        try:
            self._socket.sendall(HEAD.pack(len(frames), ahead_ms, now_ms) + frames)
        except (BrokenPipeError, ConnectionResetError):
            raise self._died() from None

    def collect(self) -> tuple[int, int, bytes]:
        """Wait until it sleeps: (flags, until when, the frames that went out). Hung where it does not; LyktaError if the VM died."""
        assert self._socket is not None
        data = self._held
        while len(data) < SIZE:
            data += self._receive()
        length, flags, until_ms = HEAD.unpack_from(data)
        while len(data) < SIZE + length:
            data += self._receive()
        self._held = data[SIZE + length :]
        return flags, until_ms, data[SIZE : SIZE + length]

    def _receive(self) -> bytes:
        assert self._socket is not None
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            raise Hung from None
        except ConnectionResetError:
            data = b""
        if not data:
            raise self._died()
        return data

    def _died(self) -> LyktaError:
        """The VM itself is gone, not only its firmware: that is our fault, or the machine's."""
        text = self.console()[-2000:]
        status = self._process.wait() if self._process else None
        self.stop()
        return LyktaError(f"{self.board.folder}: the MicroPython VM ended with status {status}. Its last words:\n{text}")

    def console(self) -> str:
        """All that the firmware printed."""
        file = self.board.folder / "console.txt"
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""

    def stop(self) -> None:
        """End the VM, as the loss of power does: nothing more is written."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._console is not None:
            self._console.close()
            self._console = None


def _command(vm: str, heap: str, fd: int) -> Sequence[str]:
    """How the VM is started, with its end of the link as `fd`."""
    return [vm, "-X", f"heapsize={heap}", "-c", f"import launch; launch.run({fd})"]


def prepare(folder: Path, firmware: Path, data: Mapping[str, bytes]) -> None:
    """Make a node's folder: the firmware linked into its flash, and files in `/data` beside it."""
    root = folder / "root"
    (root / "data").mkdir(parents=True, exist_ok=True)
    for item in sorted(firmware.iterdir()):
        if item.name != "README.md" and not (root / item.name).exists():
            (root / item.name).symlink_to(item.resolve())
    for name, content in data.items():
        (root / "data" / name).write_bytes(content)
