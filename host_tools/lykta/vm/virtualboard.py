"""A whole board on a cable: flash, loader, program, reset and boot lines, supply. What goes over its cable is bytes and two lines.

              BOOT held, or SYNC where there are no lines
    plugged --------------------------------------------> loader -- told to leave, or EN --> start
       |  after 150 ms                                                                         |
       `---------> start: is there a program in the flash? -- yes --> the VM runs it: boot.py, main.py, prompt
                                                           -- no ---> the ROM complains, and starts again

The cable is its supply: what is not in the flash is gone when it is pulled. The lines DTR and RTS work as on usual boards: RTS alone
holds the chip in reset, DTR alone holds BOOT, both together neither.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable
from pathlib import Path

from lykta.vm.chips import Chip, registers
from lykta.vm.console import Console
from lykta.vm.espimage import TABLE_AT, Partition, parse, partitions_in
from lykta.vm.faults import Faults
from lykta.vm.find import find_vm
from lykta.vm.flashfile import FlashFile
from lykta.vm.romloader import Loader, framed

#: How long after the reset line was let go the chip looks at BOOT: what programs do with the lines arrives late over a network.
_LOOK_S = 0.15
_AGAIN_S = 0.5  # from one vain start to the next
_POWER_ON, _HARD, _WATCHDOG, _SOFT = 1, 2, 3, 5  # causes, as machine.reset_cause() has them
_FILES, _FILES_SUBTYPE = "vfs", 129
_WORDS = {_POWER_ON: "rst:0x1 (POWERON_RESET)", _HARD: "rst:0xc (SW_CPU_RESET)", _WATCHDOG: "rst:0x7 (TG0WDT_SYS_RESET)"}
_UART_BUFFER = 256  # bytes
_EXIT = 100  # of a VM that was reset: 100 and the cause
_SYNC = b"\xc0\x00\x08\x24\x00"
_RAW = b"raw REPL; CTRL-B to exit"
_FRIENDLY = b'Type "help()" for more information.'
_DOG = re.compile(rb"\0dog (\d+)\0")
_CTRL_A, _CTRL_C = b"\x01", b"\x03"
_OTA = 16  # the least subtype of a program that can be updated


def with_files(partitions: list[Partition], flash_bytes: int) -> list[Partition]:
    """The partitions, with one for files: all behind the last one where the table has none, as MicroPython takes it."""
    if not partitions or any(part.label == _FILES for part in partitions):
        return partitions
    start = max(part.start + part.size for part in partitions)
    return [*partitions, Partition(_FILES, 1, _FILES_SUBTYPE, start, flash_bytes - start)]


class BoardFlash(FlashFile):
    """The flash of a board whose supply may break down while it is written."""

    def __init__(self, path: Path, size: int, faults: Faults, on_brown_out: Callable[[], None]) -> None:
        super().__init__(path, size)
        self._faults = faults
        self._on_brown_out = on_brown_out

    def write(self, start: int, data: bytes) -> None:
        """As of any flash; then, or in the middle, the supply may break down. Who holds BOOT lets go of it now."""
        self._faults.left.pop("boot-held", None)
        passes = self._faults.spend("brown-out", len(data))
        super().write(start, data if passes is None else data[:passes])
        if passes is not None:
            self._on_brown_out()


class VirtualBoard:
    """One board. Give it a cable with `plug`; all calls from the thread of its event loop.

    `folder` holds its flash (`flash.bin`); `speed`: virtual ms of the program in a real one (0: as fast as it goes).
    """

    def __init__(
        self,
        folder: Path,
        chip: Chip,
        mac: bytes,
        flash_bytes: int = 4 << 20,
        speed: int = 1,
        faults: Faults | None = None,
        heap: str = "1m",
    ) -> None:
        self.folder = folder
        self.chip = chip
        self.mac = mac
        self.faults = faults or Faults()
        self.flash = BoardFlash(folder / "flash.bin", flash_bytes, self.faults, self._break_down)
        self.baud = 115_200
        self.starts = 0
        self._speed = speed
        self._heap = heap
        self._vm = find_vm()
        self._send: Callable[[bytes], None] | None = None
        self._has_lines = False
        self._lines = (False, False)
        self._loader: Loader | None = None
        self._console: Console | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looking = False  # just out of a reset: BOOT still counts
        self._early = b""  # what came before the program was there to hear it
        self._raw = False
        self._tail = b""  # the last that it said
        self._dog_s = 0.0  # what the watchdog waits, once it is started

    @property
    def state(self) -> str:
        """What it does, in a word."""
        if self._send is None:
            return "unplugged"
        return "loader" if self._loader else "running" if self._console else "starting"

    # --- the cable ----------------------------------------------------------------------------------------------

    def plug(self, send: Callable[[bytes], None], has_lines: bool) -> None:
        """Power; `send` takes what it says; `has_lines`: the cable carries DTR and RTS."""
        self._send = send
        self._has_lines = has_lines
        self._lines = (False, False)
        self._raw = False
        self._early = b""
        self._restart(_POWER_ON)

    def unplug(self) -> None:
        """The cable is gone, and the power with it."""
        self._send = None
        self._stop()

    def receive(self, data: bytes) -> None:
        """What comes over the cable."""
        if self._loader is None and not self._has_lines and _SYNC in data:
            # Nobody can ask for the loader over such a cable: the call for it stands for a finger on BOOT and one on EN.
            data = data[data.index(_SYNC) :]
            self._enter_loader(_POWER_ON)
        if self._loader is not None:
            self._loader.take(data)
            return
        data = data.replace(_CTRL_C, b"") if self.faults.has("deaf") else data
        if self._console is not None:
            self._console.write(data)
        else:
            self._early = (self._early + data)[:_UART_BUFFER]

    def set_lines(self, data_terminal_ready: bool, request_to_send: bool) -> None:
        """DTR and RTS, as a program sets them."""
        was_reset = self._lines == (False, True)
        self._lines = (data_terminal_ready, request_to_send)
        if self._lines == (False, True):
            self._stop()
        elif was_reset:
            self._restart(_POWER_ON)
        if self._lines == (True, False) and self._looking and not self.faults.has("no-boot-line"):
            self._enter_loader(_POWER_ON)

    def hold_boot(self) -> None:
        """A finger on BOOT while EN is pressed, and until it is written."""
        self.faults.add("boot-held")
        if self._send is not None:
            self._enter_loader(_POWER_ON)

    # --- starting -----------------------------------------------------------------------------------------------

    def _say(self, data: bytes) -> None:
        if self._send is not None:
            self._send(data)

    def _stop(self) -> None:
        self._loader = None
        self._looking = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._console is not None:
            self._console.kill()
            self._console = None

    def _restart(self, cause: int) -> None:
        """Start anew after a moment, in which BOOT may be held."""
        self._stop()
        self._looking = True
        self.baud = 115_200
        self._dog_s = 0.0
        self._timer = asyncio.get_running_loop().call_later(_LOOK_S, self._start, cause)

    def _enter_loader(self, cause: int) -> None:
        self._stop()
        self.baud = 115_200
        self._say(f"{self.chip.greeting}\r\n\r\n{_WORDS[cause]},{self.chip.download}\r\nwaiting for download\r\n".encode())
        self._loader = Loader(
            self.chip, registers(self.chip, self.mac, self.faults.has("secure-boot")), self.flash, self._say, self._left, self._set_baud
        )

    def _left(self) -> None:
        self._restart(_HARD)

    def _set_baud(self, baud: int) -> None:
        self.baud = baud

    def _start(self, cause: int) -> None:
        """What the ROM does after a reset: look for a program, and run it."""
        self._timer = None
        self._looking = False
        if self.faults.has("boot-held"):
            self._enter_loader(_POWER_ON)
            return
        self.starts += 1
        self._say(f"{self.chip.greeting}\r\n\r\n{_WORDS.get(cause, _WORDS[_HARD])},{self.chip.normal}\r\n".encode())
        wrong, partitions, running = self._look_for_program()
        if wrong:
            self._say(wrong.encode() + b"\r\n")
            self._timer = asyncio.get_running_loop().call_later(_AGAIN_S, self._start, _WATCHDOG)
        else:
            self._run(partitions, running, cause, main=True)

    def _look_for_program(self) -> tuple[str, list[Partition], str]:
        """(what is wrong, or nothing; the partitions; the label of the program's)."""
        try:
            parse(self.flash.read(self.chip.loader_at, TABLE_AT - self.chip.loader_at))
        except ValueError:
            return f"invalid header: 0x{int.from_bytes(self.flash.read(self.chip.loader_at, 4), 'little'):08x}", [], ""
        partitions = with_files(partitions_in(self.flash.read(TABLE_AT, 0xC00)), self.flash.size)
        apps = [part for part in partitions if part.is_app]
        labels = {part.label for part in partitions}
        if self.faults.has("boot-loop") and apps:
            self.flash.write(apps[0].start + 0x1000, bytes(64))
            self.faults.left.pop("boot-loop")
        for part in apps:
            try:
                parse(self.flash.read(part.start, part.size))
            except ValueError as error:
                wrong = str(error)
            else:
                return ("" if "nvs" in labels else "E (60) boot: no nvs"), partitions, part.label
        return f"E (60) boot: No bootable app partitions in the partition table ({wrong if apps else 'no program'})", [], ""

    def _run(self, partitions: list[Partition], running: str, cause: int, main: bool) -> None:
        about = {
            "flash": str(self.flash.path),
            "mac": self.mac.hex(),
            "cause": cause,
            "speed": self._speed,
            "partitions": [[part.kind, part.subtype, part.start, part.size, part.label, False] for part in partitions],
            "running": running,
            "main": main,
            "junk": self.faults.left.get("full", -1),
        }
        self._console = Console(self._vm, self._heap, self.folder, about, self._heard, self._ended)
        self._console.write((_CTRL_A if self._raw else b"") + self._early)
        self._early = b""

    def _heard(self, data: bytes) -> None:
        """The program says something."""
        dog = _DOG.search(data)
        if dog:
            self._dog_s = int(dog[1]) / 1000
            data = _DOG.sub(b"", data)
        if self._prompt_in(data) and self._dog_s and self._timer is None:
            # Who is at the prompt feeds no watchdog, and it cannot be stopped.
            self._timer = asyncio.get_running_loop().call_later(self._dog_s, self._restart, _WATCHDOG)
        self._say(data)

    def _prompt_in(self, data: bytes) -> bool:
        """Whether it has come to a prompt, and to which; what says so may come in two pieces."""
        heard = self._tail + data
        raw, friendly = heard.rfind(_RAW), heard.rfind(_FRIENDLY)
        self._tail = heard[-len(_FRIENDLY) :] if raw == friendly else b""
        if raw != friendly:
            self._raw = raw > friendly
        return raw != friendly

    def _ended(self, status: int) -> None:
        """The program is over: a soft reset from the prompt, a reset from within, or the VM's own end."""
        console, self._console = self._console, None
        # A Ctrl-C that arrives where nothing runs, before the prompt or after it, ends the VM as a signal would. The chip's
        # buffer would have kept what was typed behind it.
        if status == -signal.SIGINT and console is not None:
            self._early = console.unanswered.rpartition(_CTRL_C)[2]
        if status in (0, -signal.SIGINT, _EXIT + _SOFT):
            self._say(b"MPY: soft reboot\r\n")
            _, partitions, running = self._look_for_program()
            if partitions:
                self._run(partitions, running, _SOFT, main=not self._raw)
                return
        elif status < _EXIT:
            self._say(f"Guru Meditation Error: the VM ended with status {status}\r\n".encode())
        self._raw = False
        self._restart(status - _EXIT if status - _EXIT in _WORDS else _HARD)

    def _break_down(self) -> None:
        """The supply breaks down, and comes back: nothing is in RAM any more."""
        loop = asyncio.get_running_loop()
        loop.call_soon(self._restart, _POWER_ON)
        self._loader = None
        self._say(framed(b"")[:1] + b"\r\nBrownout detector was triggered\r\n\r\n")
