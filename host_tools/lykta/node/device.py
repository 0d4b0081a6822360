"""A MicroPython board on a port, through mpremote's Python interface: run code, read and write files, restart.

    with Device("/dev/ttyUSB0") as board:
        board.ask("__import__('sys').implementation.version")
        board.write("/data/identity", sealed)

Whatever fails is a `BoardError` with the next step; after it the same command can be run again. A file is written beside the old one,
read back by its SHA-256, then renamed: a cable pulled at any moment leaves the old file or the new one.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

from lykta.node import ports
from lykta.node.diagnosis import from_console, garbage
from lykta.node.errors import BoardError, CableLost, DiskFull, NoPrompt, NotKept, PortMissing, Unplanned

BAUD = 115_200
#: Bytes of a file in one message: 4/3 of it in base64 is what the board's compiler must hold.
_PIECE = 1_536
_SILENCE_S = 10.0
#: The prompt is asked for again after so long, or when the board has been silent for so long in between.
_ASK_S, _QUIET_S = 1.0, 0.4
_PROMPT = b"raw REPL; CTRL-B to exit\r\n"
_EOT = b"\x04"

#: Bytes of a SHA-256 by which files are told apart in a list: all of it would be half of what a look takes, on a line of 115,200 baud.
_SHORT = 15

#: What the board is told once for each connection; short names, since all of it goes over the cable. `_l` prints a folder in quotes, then
#: its files: size, beginning of the SHA-256, name.
_HELPERS = f"""
import os,sys
from binascii import a2b_base64 as _d,b2a_base64 as _e,hexlify as _x
from hashlib import sha256 as _s
def _r(p):
 h=_s();b=bytearray(512);m=memoryview(b)
 with open(p,'rb') as f:
  while 1:
   n=f.readinto(b)
   if not n:break
   h.update(m[:n])
 return h.digest()
def _h(p):
 return _x(_r(p)).decode()
def _l(p):
 print(repr(p));q=p.rstrip('/')+'/';d=[]
 for e in os.ilistdir(p):
  if e[1]&0x4000:d.append(e[0])
  else:print(e[3] if len(e)>3 else 0,_e(_r(q+e[0])[:{_SHORT}])[:-1].decode(),repr(e[0]))
 for n in d:_l(q+n)
"""


def digest_of(data: bytes) -> str:
    """By what a file is known in a list of the board's: the beginning of its SHA-256, in base64."""
    return base64.b64encode(hashlib.sha256(data).digest()[:_SHORT]).decode()


class Device:
    """A board at its raw REPL. Use it in a `with`; leaving it lets go of the port and starts the board's own program."""

    def __init__(self, port: str, *, baudrate: int = BAUD, attempts: int = 3, patience_s: float = _SILENCE_S) -> None:
        """`attempts`: how often to ask for the prompt; each is more patient than the one before, and the last restarts the board.

        `patience_s`: of the last.
        """
        self.port = port
        self._patience_s = patience_s
        self._baudrate = baudrate
        self._attempts = attempts
        self._link: Any = None
        self._ready = False
        self._made: set[str] = set()  # folders that are there

    def __enter__(self) -> Device:
        if self._link is None:  # a port can be opened only once
            self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # --- the connection -----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the port and interrupt what runs, until the board is at its raw REPL. PortMissing, PortBusy, NoPrompt, ..."""
        ports.look(self.port)
        self._link = _open(self.port, self._baudrate)
        heard = b""
        try:
            for attempt in range(self._attempts):
                with self._guarded():
                    if attempt and attempt == self._attempts - 1 and ports.can_reset(self.port):
                        self._pulse_reset()
                    done, heard = self._prompt(self._patience_s * (attempt + 1) / self._attempts)
                if done:
                    return
                if from_console(self.port, heard):
                    break
            raise self._no_prompt(heard)
        except CableLost:
            self._shut()
            if ports.taken(self.port):
                raise ports.busy(self.port) from None
            raise
        except BaseException:
            self._shut()
            raise

    def close(self) -> None:
        """Let the board's own program start, and let go of the port."""
        if self._link is None:
            return
        try:
            with self._guarded():
                self._link.serial.write(b"\r\x02\x04")  # out of the raw REPL, then a soft reset: boot.py and main.py run
        except BoardError:
            pass  # the cable is gone: then there is nothing to let go of
        self._shut()

    def abandon(self) -> None:
        """Let go of the port and leave the board as it is."""
        self._shut()

    def _shut(self) -> None:
        link, self._link, self._ready = self._link, None, False
        self._made.clear()
        if link is not None:
            try:
                link.close()
            except Exception:  # noqa: BLE001  whatever a driver says about a port that is gone, it is closed
                return

    def _prompt(self, patience_s: float) -> tuple[bool, bytes]:
        """Whether the board came to its raw REPL, and what it said."""
        serial = self._link.serial
        until = time.monotonic() + patience_s
        heard = b""
        while time.monotonic() < until:
            serial.write(b"\r\x03\x03\r\x01")
            said = self._link.read_until(1, _PROMPT, timeout=_QUIET_S, timeout_overall=_ASK_S)
            heard = (heard + said)[-4096:]
            if said.endswith(_PROMPT):
                # Two interrupts may give two prompts: an empty program takes up all that is still on its way.
                self._link.in_raw_repl = True
                if self._settled():
                    return True, heard
            if from_console(self.port, heard):
                break
        return False, heard

    def _settled(self) -> bool:
        self._link.serial.write(b"print('lyk'+'ta')\x04")
        settled = bool(self._link.read_until(1, b"lykta\r\n\x04\x04>", timeout=2).endswith(b"lykta\r\n\x04\x04>"))
        if settled:
            self._link.put_back(b">")  # the prompt that the next command looks for
        return settled

    def _no_prompt(self, heard: bytes) -> BoardError:
        found = from_console(self.port, heard)
        return found or NoPrompt(
            self.port,
            "MicroPython does not give its prompt.",
            "Press the button EN (or RST) on the board and run the same command within ten seconds; "
            "if that does not help, write the runtime again: `lykta flash SITE LAMP --image IMAGE --rewrite`.",
            repr(heard[-400:]),
        )

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turns what pyserial and mpremote raise into a BoardError."""
        from mpremote.transport import TransportError, TransportExecError
        from serial import SerialException

        try:
            yield
        except TransportExecError as error:
            raise self._said(error.error_output) from None
        except (TransportError, SerialException, OSError) as error:
            raise CableLost(
                self.port,
                "the connection to the board ended.",
                "Check the cable and plug it in again, then run the same command: it goes on where it stopped.",
                str(error),
            ) from error

    def _said(self, text: str) -> BoardError:
        """The error for an exception on the board."""
        last = text.strip().splitlines()[-1] if text.strip() else "nothing"
        if "ENOSPC" in last or last.startswith("OSError: 28"):
            return DiskFull(
                self.port,
                "its file system is full.",
                "Clear the board and write everything: `lykta flash SITE LAMP --image IMAGE --erase`.",
                text,
            )
        if "\ufffd" in text or last.startswith("SyntaxError"):  # a board's own errors are plain letters, and our programs are right
            return garbage(self.port, text)
        return Unplanned(self.port, f"the board says: {last.rstrip('.')}.", "Run the same command with --debug to see all of it.", text)

    # --- running ------------------------------------------------------------------------------------------------

    def run(self, code: str, *, patience_s: float = _SILENCE_S, on_output: Callable[[bytes], None] | None = None) -> str:
        """Run a program on the board: what it printed. `patience_s`: how long it may be silent; `on_output` hears it as it comes."""
        self._prepare()
        return self._exec(code, patience_s, on_output)

    def ask(self, expression: str, *, patience_s: float = _SILENCE_S) -> Any:
        """The value of an expression on the board: numbers, texts, bytes, tuples, lists and dicts of them."""
        return ast.literal_eval(self.run(f"print(repr({expression}))", patience_s=patience_s).strip() or "None")

    def printed(self, code: str, *, patience_s: float = _SILENCE_S) -> Any:
        """What a program prints, as a value: as `ask`, for more than an expression."""
        return ast.literal_eval(self.run(code, patience_s=patience_s).strip())

    def _prepare(self) -> None:
        if not self._ready:
            self._exec(_HELPERS, _SILENCE_S, None)
            self._ready = True

    def _exec(self, code: str, patience_s: float, on_output: Callable[[bytes], None] | None) -> str:
        from mpremote.transport import TransportExecError

        with self._guarded():
            self._link.exec_raw_no_follow(code)
            kept = bytearray()

            def take(data: bytes) -> None:
                kept.extend(data.replace(_EOT, b""))
                if on_output:
                    on_output(data.replace(_EOT, b""))

            _, error = self._link.follow(patience_s, data_consumer=take)
            if error:
                raise TransportExecError(kept, error.decode(errors="replace"))
        return kept.decode("utf-8", errors="replace").replace("\r\n", "\n")

    def lines(self) -> Iterator[str]:
        """What the board prints, line by line, until the caller stops; for a board whose own program runs (see `restart`)."""
        held = b""
        while True:
            with self._guarded():
                held += self._link.serial.read(max(1, self._link.serial.inWaiting()))
            *whole, held = held.split(b"\n")
            for line in whole:
                yield line.decode("utf-8", errors="replace").rstrip("\r")

    # --- files --------------------------------------------------------------------------------------------------

    def read(self, path: str) -> bytes:
        """The content of a file. FileNotFoundError where there is none."""
        text = self.run(
            f"try:\n f=open({path!r},'rb')\nexcept OSError:\n print('-')\nelse:\n while 1:\n  b=f.read(768)\n  if not b:break\n"
            "  print(_e(b).decode(),end='')\n f.close()"
        )
        if text.startswith("-"):
            raise FileNotFoundError(path)
        return b"".join(base64.b64decode(line) for line in text.splitlines())

    def files(self, folder: str = "/") -> dict[str, tuple[int, str]]:
        """All files below a folder: {path: (size [bytes], `digest_of` its content)}; empty where there is no such folder."""
        return {path: (size, digest) for path, size, digest in self._walk(folder) if size >= 0}

    def folders(self, folder: str = "/") -> list[str]:
        """All folders below a folder, the outer ones first."""
        return [path for path, size, _ in self._walk(folder) if size < 0][1:]

    def _walk(self, folder: str) -> Iterator[tuple[str, int, str]]:
        """(path, size [bytes], digest) of the folder and all below it; a folder has the size -1."""
        text = self.run(f"try:\n _l({folder!r})\nexcept OSError:pass", patience_s=60)
        inside = ""
        for line in text.splitlines():
            if line[:1].isdigit():
                size, digest, name = line.split(" ", 2)
                yield f"{inside.rstrip('/')}/{ast.literal_eval(name)}", int(size), digest
            elif line:
                inside = ast.literal_eval(line)
                yield inside, -1, ""

    def write(self, path: str, data: bytes, on_bytes: Callable[[int], None] | None = None) -> None:
        """Put a file in place, whole or not at all; folders are made. DiskFull, NotKept, CableLost: then the old one is still there."""
        self.write_beside(path, data, on_bytes)
        self.rename(path + ".new", path)

    def write_beside(self, path: str, data: bytes, on_bytes: Callable[[int], None] | None = None) -> None:
        """Write `path`.new and check it; folders are made."""
        self.put(path + ".new", data, on_bytes)

    def put(self, path: str, data: bytes, on_bytes: Callable[[int], None] | None = None) -> None:
        """Write a file in its place and check it; folders are made. A cut leaves a part of it: only for what nobody uses yet."""
        for folder in _parents(path):
            self.make_folder(folder)
        begin = f"_f=open({path!r},'wb')\n"
        try:
            for start in range(0, max(1, len(data)), _PIECE):
                piece = data[start : start + _PIECE]
                end = f"\n_f.close()\nprint(_h({path!r}))" if start + _PIECE >= len(data) else ""
                said = self.run(f"{begin if not start else ''}_f.write(_d({base64.b64encode(piece)!r})){end}")
                if on_bytes:
                    on_bytes(len(piece))
        except DiskFull:
            with suppress(BoardError):  # where not even the folder has room, there is no file to remove
                self.run(f"_f.close()\nos.remove({path!r})")
            raise
        if said.strip().splitlines()[-1:] != [hashlib.sha256(data).hexdigest()]:
            raise NotKept(
                self.port,
                f"{path} reads back differently from what was written.",
                "Run the same command again; if it happens again, the flash of this board is worn out: take another.",
            )

    def make_folder(self, folder: str) -> None:
        """Make a folder, where there is none yet."""
        if folder not in self._made:
            self.run(f"try:\n os.mkdir({folder!r})\nexcept OSError as e:\n if e.errno!=17:raise")  # 17: it is there
            self._made.add(folder)

    def rename(self, old: str, new: str) -> None:
        """Rename a file; what had the new name is gone."""
        self.run(f"os.rename({old!r},{new!r})")

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files and empty folders, where they are there."""
        for path in paths:
            self.run(f"try:\n os.remove({path!r})\nexcept OSError:\n try:\n  os.rmdir({path!r})\n except OSError:pass")

    # --- restarting ---------------------------------------------------------------------------------------------

    def soft_reset(self) -> None:
        """Restart MicroPython without running main.py: at the raw REPL again, with nothing of the old program left."""
        with self._guarded():
            self._link.serial.write(_EOT)
            self._link.put_back(b"")
            said = self._link.read_until(1, _PROMPT, timeout=_SILENCE_S)
        self._ready = False
        if not said.endswith(_PROMPT):
            self.interrupt()  # it came to another prompt, or runs main.py after all

    def restart(self) -> None:
        """Restart MicroPython with boot.py and main.py, as after power-on: the board's own program runs, `lines` hears it."""
        with self._guarded():
            self._link.serial.write(b"\r\x02\x04")
            self._link.put_back(b"")
        self._ready = False

    def interrupt(self) -> None:
        """Stop what runs, and be at the raw REPL again."""
        done, heard = self._prompt(_SILENCE_S)
        self._ready = False
        if not done:
            raise self._no_prompt(heard)

    def _pulse_reset(self) -> None:
        """Reset the chip by its line EN, into its program: a node is open to the cable for some seconds then."""
        self._link.serial.lines(False, True)
        time.sleep(0.1)
        self._link.serial.lines(False, False)
        time.sleep(0.3)


def _parents(path: str) -> list[str]:
    parts = path.strip("/").split("/")[:-1]
    return ["/" + "/".join(parts[: count + 1]) for count in range(len(parts))]


def _open(port: str, baudrate: int) -> Any:
    """mpremote's transport on a port, with waiting that blocks in place of polling."""
    try:
        from lykta.node.link import Link
    except ImportError:
        raise ports.lacks_serial() from None
    from mpremote.transport import TransportError
    from serial import SerialException

    try:
        return Link(port, baudrate)
    except (TransportError, SerialException, OSError) as error:
        text = str(error)
        if re.search(r"Errno 1[16]\b|exclusively lock|Access is denied", text):
            raise ports.busy(port, text) from error
        raise PortMissing(port, "it cannot be opened.", ports.how_to_find(port), text) from error
