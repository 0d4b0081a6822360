"""What goes wrong with a board on a cable: where, what, why as far as can be told, and the next step.

    BoardError               `code` is for scripts; the message is "PORT: what. What to do."
    |-- PortMissing          port-missing     no such port, or nothing plugged in
    |-- PortForbidden        port-forbidden   the user may not open it
    |-- PortBusy             port-busy        another program has it
    |-- NoLoader             boot-mode        the chip does not enter its loader: wrong boot mode, or no answer at all
    |-- WrongChip            wrong-chip       another chip than the board file says, or too little flash
    |-- WrongImage           wrong-image      the image is not the one that the board file names, or is none
    |-- Protected            secure-boot      the chip takes only signed or encrypted images
    |-- BrownOut             brown-out        the supply broke down
    |-- BootLoop             boot-loop        the board starts over and over
    |-- CableLost            cable-lost       the connection ended, or only garbage comes
    |-- NoPrompt             no-prompt        MicroPython gives no raw REPL
    |-- DiskFull             disk-full        no room in the board's file system
    |-- NotKept              not-kept         what was written reads back differently
    |-- Unplanned            unplanned        the board said an error of its own
    `-- Claimed              claimed          this lamp is another board's, or this board is another lamp's

All end with exit status 2, as everything that a person can put right; the same command goes on where it stopped.
"""

from __future__ import annotations

from lykta.errors import LyktaError


class BoardError(LyktaError):
    """Something went wrong with one board. `port`: where; `what`: what happened; `remedy`: the next step; `detail`: for --debug."""

    code = "board"

    def __init__(self, port: str, what: str, remedy: str, detail: str = "") -> None:
        self.port = port
        self.what = what
        self.remedy = remedy
        self.detail = detail
        super().__init__(f"{port}: {what} {remedy}")


class PortMissing(BoardError):
    """No such port, or nothing is plugged in."""

    code = "port-missing"


class PortForbidden(BoardError):
    """The user may not open the port."""

    code = "port-forbidden"


class PortBusy(BoardError):
    """Another program has the port open."""

    code = "port-busy"


class NoLoader(BoardError):
    """The chip does not enter its loader."""

    code = "boot-mode"


class WrongChip(BoardError):
    """Another chip than the board file says, or less flash."""

    code = "wrong-chip"


class WrongImage(BoardError):
    """The image of the runtime is not the right one, or none at all."""

    code = "wrong-image"


class Protected(BoardError):
    """The chip takes only signed or encrypted images."""

    code = "secure-boot"


class BrownOut(BoardError):
    """The supply broke down."""

    code = "brown-out"


class BootLoop(BoardError):
    """The board starts over and over."""

    code = "boot-loop"


class CableLost(BoardError):
    """The connection ended, or only garbage comes through it."""

    code = "cable-lost"


class NoPrompt(BoardError):
    """MicroPython gives no raw REPL."""

    code = "no-prompt"


class DiskFull(BoardError):
    """No room in the file system of the board."""

    code = "disk-full"


class NotKept(BoardError):
    """What was written reads back differently."""

    code = "not-kept"


class Unplanned(BoardError):
    """The board said an error of its own."""

    code = "unplanned"


class Claimed(BoardError):
    """The lamp is another board's, or the board is another lamp's."""

    code = "claimed"
