"""The image of the runtime (MicroPython): found, checked, cut into what is written. It is the technician's file; nothing is downloaded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lykta.node.boards import TABLE_AT, Board, partition_table, same_table, table_in
from lykta.node.errors import WrongImage
from lykta.node.esp import Piece
from lykta.plan import chips
from lykta.plan.partitions import TABLE_SIZE
from lykta.vm import espimage
from lykta.vm.chips import CHIPS

#: Bit of the first byte of a MAC that no maker was given: a virtual board.
_LOCAL = 0x02


@dataclass(frozen=True)
class RuntimeImage:
    """A runtime that may be written to boards of one kind. `program`: its app as it stands in its slot; `pieces`: what is written.

    `training`: it stands in for MicroPython on virtual boards, and starts nothing on a real chip.
    """

    path: Path
    sha256: str
    version: str
    program: bytes
    program_at: int
    pieces: tuple[Piece, ...]
    training: bool

    @property
    def size(self) -> int:
        """How many bytes are written."""
        return sum(len(piece.data) for piece in self.pieces)

    def refuse_real(self, port: str, mac: str) -> None:
        """WrongImage where an image for training is about to go to a chip that somebody made."""
        if self.training and not int(mac[:2], 16) & _LOCAL:
            raise WrongImage(
                port, f"{self.path.name} is for virtual boards only; this one is real.", "Give MicroPython's image with --image."
            )


def load_image(path: Path, board: Board, sha256: str = "", compared: Collection[str] = ()) -> RuntimeImage:
    """The image in a file, or the newest fitting one in a folder. `sha256`: what the person says it has, where the board file has none;
    `compared`: what was said so before.

    WrongImage where there is none, it is damaged, for another chip, too long, or not the one that was asked for.
    """
    try:
        file = _file(path, board)
        data = file.read_bytes()
    except OSError as error:
        raise WrongImage(str(path), f"it cannot be read: {error.strerror or error}.", "Whose file is it, and may you read it?") from None
    digest = hashlib.sha256(data).hexdigest()
    try:
        _refuse_other(file, espimage.parse(data), board)  # first: on another chip the program lies elsewhere, too
        program_at = next(one.at for one in board.partitions if one.kind == "app")
        program = espimage.parse(data[program_at - board.runtime.at :])
        _refuse_other(file, program, board)
    except ValueError as error:
        raise WrongImage(
            str(file), f"this is no image that a board can start: {error}.", f"Get it again: {board.runtime.source}. `sha256sum` compares."
        ) from None
    if program.length > board.slot_bytes():
        raise WrongImage(
            str(file),
            f"its program has {program.length} bytes, more than the {board.slot_bytes()} of a slot.",
            "Take a smaller variant of the image, or a board with more flash.",
        )
    training = program.name == espimage.TRAINING
    if sha256 or not training:
        _check_hash(file, digest, board, sha256, compared)
    start = program_at - board.runtime.at
    body = data[start : start + program.length]
    version = _version(file, program.version)
    return RuntimeImage(file, digest, version, body, program_at, _pieces(data, board, program_at, body), training)


def _refuse_other(file: Path, found: espimage.Image, board: Board) -> None:
    """WrongImage for that of another chip."""
    if found.chip == CHIPS[board.chip.name].image_id:
        return
    names = {chip.image_id: chips.CHIPS[name].esptool_name for name, chip in CHIPS.items()}
    its = names.get(found.chip, f"chip number {found.chip}")
    what = f"this image is for {its}; {board.id} has an {board.chip.esptool_name}."
    raise WrongImage(str(file), what, f"Get {board.runtime.file}, or give a folder that has one for each kind of board.")


def _version(file: Path, said: str) -> str:
    """What the image calls itself, else the version in the name of its file."""
    named = re.search(r"\d+\.\d+(?:\.\d+)?(?:-preview[.\d]*)?", file.name.rpartition("-v")[2])
    return said or (named[0] if named else "")


def _file(path: Path, board: Board) -> Path:
    if path.is_dir():
        names = [file.name for file in path.iterdir() if file.is_file()]
        found = board.runtime.named(names) or sorted((name for name in names if name == training_name(board)), reverse=True)
        if not found:
            raise WrongImage(
                str(path), f"there is no image for {board.id} in this folder: {board.runtime.file}.", f"Get it: {board.runtime.source}."
            )
        return path / found[0]
    if not path.is_file():
        raise WrongImage(str(path), "there is no such file.", f"Get the image: {board.runtime.source}. Then give its file or folder.")
    return path


def _check_hash(file: Path, digest: str, board: Board, given: str, compared: Collection[str]) -> None:
    """The image must be one that the board file knows, or one whose hash a person has compared."""
    if board.runtime.known(digest) or (not given and digest in compared):
        return
    if given:
        if given.lower() == digest:
            return
        what = f"its SHA-256 is {digest}, not the {given.lower()} that was given."
        raise WrongImage(str(file), what, "The file is damaged or another one: get it again.")
    raise WrongImage(
        str(file),
        f"nobody has said yet that this image is the right one. Its SHA-256 is {digest}.",
        f"Get it a second time, over another line if you can, from {board.runtime.source}, and compare (`sha256sum FILE`). Is it the same? "
        "Then say `--sha256` with that number, once: the street's inventory remembers it.",
    )


def _pieces(data: bytes, board: Board, program_at: int, program: bytes) -> tuple[Piece, ...]:
    """Bootloader and table, the record of slots (blank: the first one starts), the program. Between them lies what a board keeps."""
    at = board.runtime.at
    table = data[TABLE_AT - at : TABLE_AT - at + TABLE_SIZE]
    if not same_table(table_in(data, board), board):
        table = partition_table(board)
    boot = data[: TABLE_AT - at]
    otadata = [Piece(one.at, b"\xff" * one.size) for one in board.partitions if (one.kind, one.subtype) == ("data", "ota")]
    return (Piece(at, boot + table), *otadata, Piece(program_at, program))


def training_name(board: Board) -> str:
    """How the image for training with virtual boards of a kind is called."""
    return f"{board.id}-training.bin"


def training_image(board: Board, size: int = 1 << 18) -> bytes:
    """What stands in for MicroPython on virtual boards of a kind; `size` of its program [bytes]."""
    chip = CHIPS[board.chip.name]
    return espimage.training_image(chip.image_id, chip.loader_at, partition_table(board), size)
