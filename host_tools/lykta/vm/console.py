"""The program of a virtual board: a MicroPython VM at the end of a pseudo-terminal, with its prompt, until it ends or is killed."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import signal
import subprocess
import termios
import tty
from collections.abc import Callable, Mapping
from pathlib import Path

from lykta.vm.find import environment

_READ = 1 << 16
#: What `shims/cable` prints before anything of the board's: until then a Ctrl-C would end the VM itself.
_UP = b"\0up\0"
_CTRL_C = b"\x03"
_FREE = b"0"  # what `shims/vdisk` writes where the file system does nothing
_AGAIN_S = 0.001
_LONE_NEWLINE = re.compile(rb"(?<!\r)\n")


class Console:
    """One life of the VM: `on_output(bytes)` hears it, `on_end(status)` is called when it is over, but not after `kill`."""

    def __init__(
        self,
        vm: str,
        heap: str,
        folder: Path,
        about: Mapping[str, object],
        on_output: Callable[[bytes], None],
        on_end: Callable[[int], None],
    ) -> None:
        """`about`: what `shims/cable` wants to know; `folder`: of the board."""
        self._on_output = on_output
        self._on_end = on_end
        self._last = b""
        self._unsent = bytearray()
        self.unanswered = b""  # what was typed since it last said anything
        self._up = False
        self._early = b""  # what it said before it was up: nothing, unless it failed
        self._loop = asyncio.get_running_loop()
        self._master, slave = os.openpty()
        _as_a_uart(slave)
        self._working = folder / "working"
        self._working.write_bytes(_FREE)
        self._asking: asyncio.TimerHandle | None = None
        code = f"import cable; cable.live({json.dumps({**about, 'working': str(self._working)})!r}, globals())"
        self._process = subprocess.Popen(
            [vm, "-i", "-X", f"heapsize={heap}", "-c", code],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(),
            preexec_fn=_own_terminal,  # without a terminal of its own, an interrupt would not reach it
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self._loop.add_reader(self._master, self._readable)

    def write(self, data: bytes) -> None:
        """Type something; the chip's buffer keeps what comes before it is up."""
        self._unsent += data
        self.unanswered += data
        if self._up:
            self._writable()

    def _writable(self) -> None:
        if self._asking is not None:
            return  # a Ctrl-C waits, and all that was typed behind it
        typed, interrupt, _ = self._unsent.partition(_CTRL_C)
        sent = self._type(typed)
        if interrupt and sent == len(typed):
            sent += self._interrupt()
        del self._unsent[:sent]
        if self._unsent and self._asking is None:
            self._loop.add_writer(self._master, self._writable)
        else:
            self._loop.remove_writer(self._master)

    def _type(self, data: bytes | bytearray) -> int:
        """How many of some bytes the terminal takes."""
        try:
            return os.write(self._master, data) if data else 0
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)  # the VM has ended

    def _interrupt(self) -> int:
        """Type a Ctrl-C, unless the file system works: the VM raises it in the middle of LittleFS, as no chip would. 1 if it is typed.

        The VM stands still while it is asked, so that the answer holds.
        """
        pid = self._process.pid
        if self._process.returncode is None:
            os.kill(pid, signal.SIGSTOP)
            _, status = os.waitpid(pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                self._process.returncode = os.waitstatus_to_exitcode(status)
        if self._process.returncode is not None:
            return 1  # nobody is there to hear it
        try:
            if self._working.read_bytes() == _FREE:
                return self._type(_CTRL_C)
            self._asking = self._loop.call_later(_AGAIN_S, self._ask_again)
            return 0
        finally:
            os.kill(pid, signal.SIGCONT)

    def _ask_again(self) -> None:
        self._asking = None
        self._writable()

    def _readable(self) -> None:
        try:
            data = os.read(self._master, _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close()
            self._on_output(self._early if not self._up else b"")
            self._on_end(self._process.wait())
            return
        if not self._up:
            data = self._early = self._early + data
            if _UP not in data:
                return
            self._up = True
            data = data.replace(_UP, b"")
            self._writable()
        else:
            self.unanswered = b""
        before = b"\r" if self._last == b"\r" else b""
        self._last = data[-1:]
        self._on_output(_LONE_NEWLINE.sub(b"\r\n", before + data)[len(before) :])

    def _close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        os.close(self._master)

    def kill(self) -> None:
        """End it, as the loss of power does: nothing more is written, nothing more is said."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._close()


def _own_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _as_a_uart(slave: int) -> None:
    """Bytes pass as they are; only Ctrl-C interrupts what runs, and throws nothing away."""
    tty.setraw(slave)
    modes = termios.tcgetattr(slave)
    modes[3] |= termios.ISIG | termios.NOFLSH
    for character in (termios.VQUIT, termios.VSUSP):
        modes[6][character] = b"\0"
    termios.tcsetattr(slave, termios.TCSANOW, modes)
