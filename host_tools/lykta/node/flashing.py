"""One board from blank to a working node of a named lamp: look, runtime, firmware, files, self-test, record.

Each step asks what is right already and writes only the rest, so that the same command repairs whatever a lost cable or a power cut
left. A board that answers at its prompt is asked there for all of it, its runtime too; its loader is used only where the runtime has to be
written.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from lykta.errors import LyktaError
from lykta.node import esp, selftest, steps
from lykta.node.boards import Board
from lykta.node.device import Device
from lykta.node.errors import BoardError, BootLoop, NoLoader, NoPrompt, Protected, Unplanned, WrongChip, WrongImage
from lykta.node.esp import Esptool
from lykta.node.image import RuntimeImage
from lykta.node.inventory import Inventory
from lykta.node.payload import Payload
from lykta.node.session import calm, is_fresh
from lykta.node.verdicts import FAIL, NOT_CHECKED, PASS, Finding, overall

#: What a bench cannot tell: no neighbour is on, no lamp and no sensor is connected. It is judged on the post.
ON_THE_POST = ("light", "radio", "radar", "sensors")
#: Events after which a board holds something else.
ON_THE_BOARD = ("flashed", "settings", "reset", "claimed")
_INVERTED = 256
_FIRST_LOOK_S = 8.0
_AGAIN = "run the same command again: it goes on where it stopped."

#: The MAC, and the version of the runtime.
_WHO = "import machine\nprint(repr((_x(machine.unique_id()).decode(),'.'.join([str(x) for x in sys.implementation.version[:3]]))))"
#: The SHA-256 of so many bytes of the program that runs; nothing where the runtime cannot tell.
_PROGRAM = """
import esp32
def _p(n):
 p=esp32.Partition(esp32.Partition.RUNNING)
 h=_s();b=bytearray(4096);m=memoryview(b);k=0
 while n>0:
  p.readblocks(k,b);h.update(m[:min(n,4096)]);n-=4096;k+=1
 return _x(h.digest()).decode()
try:
 print(_p(%d))
except (OSError,AttributeError):
 print()
"""
#: The clock of the node is that of the machine; a start that we interrupted is none that failed.
_SET_CLOCK = """
import machine
machine.RTC().datetime(%r)
"""
_FORGIVE = """
from esp32 import NVS
_n=NVS('lykta')
_n.set_i32('failed',0)
_n.commit()
"""


@dataclass(frozen=True)
class Wanted:
    """What a board is to become. `files`: the node's, by name; `image`: None where the runtime that it has is to stay."""

    lamp: str
    board: Board
    files: Mapping[str, bytes]
    payload: Payload
    image: RuntimeImage | None

    @property
    def light(self) -> int:
        """Where the lamp's output is, as boot.py reads it."""
        return self.board.light.pin + (_INVERTED if self.board.light.inverted else 0)


@dataclass(frozen=True)
class Options:
    """How it is done. `rewrite`: the runtime, even if it is right; `erase`: everything first; `replace`: the lamp's board is another one;
    `dry_run`: nothing is written; `test`: run the self-test; `baud`: of the loader."""

    rewrite: bool = False
    erase: bool = False
    replace: bool = False
    dry_run: bool = False
    test: bool = True
    baud: int = esp.BAUD


@dataclass
class Outcome:
    """What came of it. `changes`: what was (or, in a dry run, would be) written; `work_s`: seconds."""

    lamp: str
    port: str
    mac: str = ""
    chip: str = ""
    runtime: str = ""
    changes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    tested: bool = False
    work_s: float = 0.0
    error: LyktaError | None = None

    @property
    def verdict(self) -> str:
        """PASS, FAIL or NOT CHECKED, of the board itself: what can be judged only on the post counts where it is good or is not checked."""
        judged = [one.verdict for one in self.findings if one.part.split()[0] not in ON_THE_POST]
        return overall(judged)

    @property
    def well(self) -> bool:
        """Whether the board is as it should be."""
        return self.error is None and self.verdict != FAIL


class Watcher(Protocol):
    """Who is told how it goes."""

    def step(self, title: str, total: int = 0) -> None:
        """A new step, of so many bytes (0: nobody knows)."""

    def done(self, amount: int) -> None:
        """So many of its bytes are done so far."""

    def say(self, text: str) -> None:
        """Something a person should know."""

    def name(self, lamp: str) -> None:
        """The board has said who it is: it is for this lamp."""


#: Which lamp a board is for: asked with its MAC, and its chip as board files call it ("" if that is not known). LyktaError for none.
Choose = Callable[[str, str], Wanted]


def flash(port: str, choose: Choose, buttons: str, options: Options, inventory: Inventory, watcher: Watcher) -> Outcome:
    """Make a board the node of a lamp. Never raises what a person can put right: it is in the outcome.

    `buttons`: what to hold and press, should the board not enter its loader.
    """
    begun = time.monotonic()
    outcome = Outcome("", port)
    try:
        _Flashing(port, choose, buttons, options, inventory, watcher, outcome).run()
    except LyktaError as error:
        outcome.error = error
    except OSError as error:  # of this computer: those of the board are BoardErrors
        outcome.error = LyktaError(f"{port}: this computer cannot go on ({error}). Is its disk full? Put it right, then {_AGAIN}")
    outcome.work_s = time.monotonic() - begun
    return outcome


class _Flashing:
    """One board on its way."""

    def __init__(
        self, port: str, choose: Choose, buttons: str, options: Options, inventory: Inventory, watcher: Watcher, outcome: Outcome
    ) -> None:
        self.port = port
        self.options = options
        self._choose = choose
        self.inventory = inventory
        self.watcher = watcher
        self.outcome = outcome
        self._esptool = Esptool(port, buttons, options.baud)
        self._wanted: Wanted | None = None
        self._silent: BoardError | None = None  # why it gave no prompt
        self._written = 0

    @property
    def wanted(self) -> Wanted:
        """What the board is to become, once it has said who it is."""
        assert self._wanted is not None
        return self._wanted

    def run(self) -> None:
        """All steps."""
        self.watcher.step("looking")
        device = None if self.options.rewrite or self.options.erase else self._at_prompt()
        if device is None:
            if not self._write_runtime():
                return
            self.watcher.step("starting")
            device = Device(self.port, attempts=4)
            device.open()
        with device:
            self._provision(device)

    # --- the runtime --------------------------------------------------------------------------------------------

    def _at_prompt(self) -> Device | None:
        """The board at its prompt, with the right runtime; None where its loader has to be used."""
        device = Device(self.port, attempts=1, patience_s=_FIRST_LOOK_S)
        try:
            device.open()
        except (NoPrompt, BootLoop, NoLoader) as error:
            self._silent = error
            self.watcher.say(f"no MicroPython answers: {error.what}")
            return None
        try:
            if self._is_right(device):
                return device
        except BoardError:
            device.abandon()
            raise
        device.abandon()
        return None

    def _is_right(self, device: Device) -> bool:
        """Whether the runtime that answers is the one that is wanted; the board's MAC is known from then on."""
        mac, version = device.printed(_WHO)
        self._meet(":".join(mac[at : at + 2] for at in range(0, 12, 2)), "")
        image = self.wanted.image
        digest = device.run(_PROGRAM % len(image.program), patience_s=30).strip() if image else ""
        self.outcome.runtime = image.version if image else version
        return image is None or digest == hashlib.sha256(image.program).hexdigest()

    def _meet(self, mac: str, chip: str) -> None:
        """The board has said who it is: which lamp is it for, and may it be that?"""
        self.outcome.mac = mac
        self._wanted = self._choose(mac, chip)
        self.outcome.lamp = self.wanted.lamp
        self.watcher.name(self.wanted.lamp)
        if self.wanted.image:
            self.wanted.image.refuse_real(self.port, mac)

    def _claim(self) -> None:
        """From now on the lamp has this board; before anything is written to it."""
        if not self.options.dry_run:
            self.inventory.claim(self.wanted.lamp, self.outcome.mac, self.wanted.board.id, replace=self.options.replace)

    def _write_runtime(self) -> bool:
        """Identify the chip, refuse the wrong one, write the runtime and compare. False in a dry run: there is nothing more to ask."""
        self.watcher.step("asking the chip who it is")
        found = self._esptool.identify()
        self.outcome.chip = found.what
        self._meet(found.mac, found.chip)
        image, board = self.wanted.image, self.wanted.board
        if image is None:
            if isinstance(self._silent, NoLoader | NoPrompt):
                raise self._silent  # somebody holds BOOT, or its program does not let go: nobody knows that its runtime is wrong
            why = "the board has no runtime that starts" if self._silent else "MicroPython has to be written to this board"
            source = f"Say `--image FILE_OR_FOLDER`. Where to get it: {board.runtime.source}."
            raise WrongImage(self.port, f"{why}, and no image was given.", source)
        if found.chip != board.chip.name:
            remedy = f"Take the board that the site names for {self.wanted.lamp}, or name this one in the site (`board:`)."
            raise WrongChip(self.port, f"this is an {found.what}; {board.id} has an {board.chip.esptool_name}.", remedy)
        if found.flash_bytes and found.flash_bytes < board.flash_bytes:
            what = f"it has {found.flash_bytes >> 20} MB of flash; {board.id} has {board.flash_bytes >> 20} MB."
            raise WrongChip(self.port, what, "Take a board with as much flash as the board file says.")
        self._claim()
        self.outcome.runtime = image.version
        self.outcome.changes.append(f"runtime: {image.path.name}, {image.size} bytes")
        if self.options.dry_run:
            self.outcome.changes.append("firmware and files: as much as is not right already")
            return False
        try:
            if self.options.erase:
                self.watcher.step("erasing")
                self._esptool.erase(board.chip.name)
            self.watcher.step("writing the runtime", image.size)
            self._esptool.write(board.chip.name, image.pieces, self.watcher.done)
        except Protected as error:
            # Only now did the chip say so. It will never be this lamp's: the next board need not take its place.
            self.inventory.release(self.wanted.lamp, self.outcome.mac, error.what)
            raise
        return True

    # --- firmware and files -------------------------------------------------------------------------------------

    def _provision(self, device: Device) -> None:
        """At the prompt: write what is not right, test, record."""
        self.watcher.step("reading what is there")
        if not self.outcome.mac:
            self._is_right(device)
        found = _look(device)
        todo = steps.compare(found, self.wanted.payload, self.wanted.files, self.wanted.light)
        self.outcome.changes += todo.said()
        if self.options.dry_run:
            return
        self._claim()
        if not todo.nothing:
            calm(device)
            self.watcher.step("writing the firmware and the node's files", todo.size)
            steps.carry_out(device, todo, found, self._count)
        self._record_written()
        self._test(device)

    def _count(self, amount: int) -> None:
        self._written += amount
        self.watcher.done(self._written)

    def _test(self, device: Device) -> None:
        """The self-test, where something is new or the last one was not good."""
        last = self.inventory.last(self.wanted.lamp, "selftest", self.outcome.mac)
        if not self.options.test or (not self.outcome.changes and last is not None and last.about.get("verdict") == PASS):
            return
        self.watcher.step("self-test")
        device.soft_reset()
        now = dt.datetime.now(dt.UTC)
        device.run(_SET_CLOCK % ((now.year, now.month, now.day, 0, now.hour, now.minute, now.second, 0),))
        self.outcome.findings = [_on_the_bench(one) for one in selftest.own(device, lambda one: None)]
        self.outcome.tested = True
        device.run(_FORGIVE)
        self._record_tested()

    def _record_written(self) -> None:
        """What the board holds now, into the inventory; where it says so already, nothing is written down."""
        if self.outcome.changes or not self._is_recorded():
            image = self.wanted.image
            about = {
                "board": self.wanted.board.id,
                "runtime": self.outcome.runtime,
                "image": {"file": image.path.name, "sha256": image.sha256} if image else None,
                "firmware": self.wanted.payload.version,
                "files": steps.fingerprints(self.wanted.files),
                "changes": self.outcome.changes,
            }
            self.inventory.note(self.wanted.lamp, "flashed", about, mac=self.outcome.mac)

    def _is_recorded(self) -> bool:
        """Whether the inventory knows what is on the board: not where it was written by another machine, or nobody could write it down."""
        mine = [event for event in self.inventory.history(self.wanted.lamp, self.outcome.mac) if event.kind in ON_THE_BOARD]
        if not mine or mine[-1].kind != "flashed":
            return False  # or it was changed at the post, and put back there
        about = mine[-1].about
        return (about.get("files"), about.get("firmware")) == (steps.fingerprints(self.wanted.files), self.wanted.payload.version)

    def _record_tested(self) -> None:
        found = [{"part": one.part, "verdict": one.verdict, "text": one.text} for one in self.outcome.findings]
        tested = {"verdict": self.outcome.verdict, "where": "bench", "findings": found}
        self.inventory.note(self.wanted.lamp, "selftest", tested, mac=self.outcome.mac)


def _look(device: Device) -> steps.Contents:
    """What the board holds: asked beside the program that was interrupted, if that has left room and no watchdog, since to start anew
    would be a third of the time of a second run."""
    if is_fresh(device):
        with suppress(Unplanned):
            return steps.look(device)
    calm(device)
    return steps.look(device)


def _on_the_bench(found: Finding) -> Finding:
    """What a bench cannot tell is not checked."""
    if found.verdict == FAIL and found.part.split()[0] in ON_THE_POST:
        return Finding(found.part, NOT_CHECKED, f"on the post: {found.text}")
    return found


def first_day(today: dt.date) -> dt.date:
    """The day from which the nights of a node are planned: the same all year, so that a second run finds nothing to write."""
    return dt.date(today.year, 1, 1)
