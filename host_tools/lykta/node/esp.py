"""The loader of a chip, through esptool: who is it, write this. esptool is GPL, so it is run as a process and never imported."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lykta.node import ports
from lykta.node.diagnosis import brown_out, garbage
from lykta.node.errors import (
    BoardError,
    BootLoop,
    CableLost,
    NoLoader,
    PortForbidden,
    PortMissing,
    Protected,
    Unplanned,
    WrongChip,
)

BAUD = 460_800
SLOW_BAUD = 115_200
_AGAIN = "run the same command again: it goes on where it stopped."
#: From here on a chip that stops making sense has started anew, or the line is bad.
_BEGUN = re.compile(r"Flash will be erased")
_WRITING = re.compile(r"Writing at 0x([0-9a-f]+)")
_LISTEN_S = 1.5


@dataclass(frozen=True)
class Found:
    """A chip that answered. `chip`: as board files call it, "esp32s3"; `mac`: aa:bb:cc:dd:ee:ff; `flash_bytes`: 0 if unknown."""

    chip: str
    what: str
    mac: str
    flash_bytes: int


@dataclass(frozen=True)
class Piece:
    """Bytes and their place in the flash."""

    at: int
    data: bytes


#: What writes boards at this moment.
_running: set[subprocess.Popen[str]] = set()


def leave() -> None:
    """End whatever writes a board at this moment; the same command repairs what it leaves behind."""
    for run in tuple(_running):
        run.kill()


class Esptool:
    """esptool on one port. `buttons`: what a person presses to bring the board into its loader."""

    def __init__(self, port: str, buttons: str, baud: int = BAUD) -> None:
        self.port = port
        self._buttons = buttons
        self._baud = baud

    def identify(self) -> Found:
        """Which chip there is; it stays in its loader or starts anew, as the port allows. BoardError with the next step."""
        said = self._run("auto", ["flash-id"])
        chip = re.search(r"(?:Chip type|Chip is):?\s+(\S+).*", said)
        family = re.search(r"Connected to (\S+) on", said) or re.search(r"Detecting chip type\W+(ESP\S+)", said)
        mac = re.search(r"MAC:\s+([0-9a-f:]{17})", said)
        if not family or not mac:
            raise Unplanned(self.port, "esptool did not say which chip this is.", f"Plug the board in again and {_AGAIN}", said)
        if family[1].upper() != "ESP32" and "Secure Boot: Enabled" in self._run("auto", ["get-security-info"]):
            raise self._protected(said, family)
        size = re.search(r"Detected flash size: (\d+)([KM])B", said)
        flash = int(size[1]) << (20 if size[2] == "M" else 10) if size else 0
        return Found(family[1].lower().replace("-", ""), chip[0].split(":", 1)[1].strip() if chip else family[1], mac[1], flash)

    def write(self, chip: str, pieces: Sequence[Piece], on_bytes: Callable[[int], None] | None = None) -> None:
        """Write pieces and compare them with what the chip then holds; `on_bytes` hears how many bytes are done so far."""
        total = sum(len(piece.data) for piece in pieces)
        with tempfile.TemporaryDirectory(prefix="lykta-") as folder:
            words = []
            for number, piece in enumerate(pieces):
                file = Path(folder) / f"{number}.bin"
                file.write_bytes(piece.data)
                words += [hex(piece.at), str(file)]
            self._run(chip, ["write-flash", *words], lambda address: on_bytes(_done(pieces, address)) if on_bytes else None)
        if on_bytes:
            on_bytes(total)

    def erase(self, chip: str) -> None:
        """Erase the whole flash."""
        self._run(chip, ["erase-flash"])

    # --- the process --------------------------------------------------------------------------------------------

    def _run(self, chip: str, words: Sequence[str], on_address: Callable[[int], None] | None = None, explain: bool = True) -> str:
        """All that esptool said. Raises what it means where it failed; without looking further where nobody wants to know (`explain`)."""
        if importlib.util.find_spec("esptool") is None:
            raise ports.lacks_serial()
        ports.look(self.port)
        lines = ports.can_reset(self.port)
        before, after = ("default-reset", "hard-reset") if lines else ("no-reset", "no-reset")
        command = [sys.executable, "-m", "esptool", "--chip", chip, "--port", self.port, "--baud", str(self._baud)]
        command += ["--before", before, "--after", after, *words]
        environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "160", "PYTHONUNBUFFERED": "1"}
        said = []
        # A session of its own: Ctrl-C in the terminal is for us, who decide whether a board is finished, not for what writes it.
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment, start_new_session=True
        ) as run:
            assert run.stdout
            _running.add(run)
            try:
                for line in run.stdout:
                    writing = _WRITING.search(line)
                    if writing and on_address:
                        on_address(int(writing[1], 16))
                    elif not writing:
                        said.append(line)
            except BaseException:
                run.kill()
                raise
            finally:
                _running.discard(run)
            status = run.wait()
        text = "".join(said)
        if status:
            raise self._meaning(text) if explain else Unplanned(self.port, "esptool failed.", "", text)
        return text

    def _meaning(self, said: str) -> BoardError:
        """What a failure of esptool means, and what to do."""
        if ports.taken(self.port):
            return ports.busy(self.port, said)
        for pattern, make in _MEANINGS:
            found = re.search(pattern, said, re.IGNORECASE)
            if found:
                return make(self, said, found)
        last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "nothing")
        return Unplanned(self.port, f"esptool failed: {last}", f"Plug the board in again and {_AGAIN}", said)

    def _forbidden(self, said: str, found: re.Match[str]) -> BoardError:
        return PortForbidden(self.port, "you may not open it.", "Add yourself to the group of the port, log in again.", said)

    def _busy(self, said: str, found: re.Match[str]) -> BoardError:
        return ports.busy(self.port, said)

    def _missing(self, said: str, found: re.Match[str]) -> BoardError:
        return PortMissing(self.port, "nothing is there.", ports.how_to_find(self.port), said)

    def _wrong_chip(self, said: str, found: re.Match[str]) -> BoardError:
        return WrongChip(self.port, f"this is an {found[1]}, not an {found[2]}.", "Take the board that the site names for this lamp.", said)

    def _protected(self, said: str, found: re.Match[str]) -> BoardError:
        return Protected(
            self.port,
            "this chip takes signed or encrypted images only (secure boot): somebody else has locked it, and that is for ever.",
            "Take another board.",
            said,
        )

    def _boot_mode(self, said: str, found: re.Match[str]) -> BoardError:
        seen = re.search(r"Wrong boot mode detected \((0x[0-9a-f]+)\)", said)
        what = f"the chip started its program (boot mode {seen[1]}), not its loader." if seen else "the chip does not answer."
        return NoLoader(
            self.port,
            what,
            # Opening the port may reset the chip by its line EN, out of its loader again.
            f"On the board: {self._buttons}; then run the same command. The same again? Keep BOOT held until it writes. "
            "Still nothing? Try another cable, one with data wires.",
            said,
        )

    def _lost(self, said: str, found: re.Match[str]) -> BoardError:
        return CableLost(self.port, "the connection to the board ended.", f"Check the cable and plug it in again, then {_AGAIN}", said)

    def _noise(self, said: str, found: re.Match[str]) -> BoardError:
        """Something came that makes no sense: noise; or the board started anew in the middle, which it does when its supply breaks down."""
        heard = self._listen()
        if heard is None:
            return self._lost(said, found)
        if "Brownout" in said or b"BROWN_OUT" in heard or b"Brownout" in heard or (_BEGUN.search(said) and self._answers()):
            return brown_out(self.port, said)
        return garbage(self.port, said)

    def _answers(self) -> bool:
        """Whether the loader answers again, so that the line is good."""
        try:
            Esptool(self.port, self._buttons, SLOW_BAUD)._run("auto", ["flash-id"], explain=False)
        except BoardError:
            return False
        return True

    def _crashed(self, said: str, found: re.Match[str]) -> BoardError:
        return BootLoop(self.port, "the program on the board crashes over and over.", f"On the board: {self._buttons}; then {_AGAIN}", said)

    def _listen(self) -> bytes | None:
        """What the board says by itself for a moment; None where it is not there any more."""
        import serial

        heard = b""
        try:
            with serial.serial_for_url(self.port, baudrate=SLOW_BAUD, timeout=0.1) as port:
                until = time.monotonic() + _LISTEN_S
                while time.monotonic() < until:
                    heard += port.read(max(1, port.in_waiting))
        except (serial.SerialException, OSError):
            return None
        return heard


def _done(pieces: Sequence[Piece], address: int) -> int:
    """How many bytes of some pieces lie before an address."""
    return sum(max(0, min(address, piece.at + len(piece.data)) - piece.at) for piece in pieces)


_LOST = (
    r"socket disconnected|connection failed|device disconnected|readiness to read|Input/output error|Broken pipe|not configured|"
    r"Connection reset|reader thread died|Write timeout|Errno 5\b|ClearCommError|port is closed"
)
_NOISE = (
    r"Invalid head of packet|serial noise|corrupt|MD5 of file does not match|Packet content transfer stopped|Response doesn't match|"
    r"checksum|Failed to|Unexpected response|No more data"
)
#: What esptool says -> what it means; the first that fits.
_MEANINGS: tuple[tuple[str, Callable[[Esptool, str, re.Match[str]], BoardError]], ...] = (
    (r"This chip is (\S+), not (\S+?)\. Wrong", Esptool._wrong_chip),
    (r"secure boot (?:v\d )?(?:detected|enabled)|Secure Download Mode|Active security features detected", Esptool._protected),
    (r"Errno 13\b|Permission denied", Esptool._forbidden),
    (r"Port already in use|Errno 16\b|Errno 11\b|exclusively lock|Access is denied|Resource busy", Esptool._busy),
    (r"Connection refused|Errno 2\b|No such file|Errno 111|timed out.*Could not open|Could not configure port: \(6", Esptool._missing),
    (r"Guru Meditation", Esptool._crashed),
    (_LOST, Esptool._lost),
    (r"Wrong boot mode|No serial data received|Download mode successfully detected", Esptool._boot_mode),
    (_NOISE, Esptool._noise),
)
