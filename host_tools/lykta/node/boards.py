"""What flashing needs of a board file beyond the plan: its partition table as bytes, and what an image brings along."""

from __future__ import annotations

from collections.abc import Sequence

from lykta.plan.board import Board
from lykta.plan.board_reader import load_board, packaged_boards
from lykta.plan.partitions import TABLE_AT, TABLE_SIZE, Partition, from_bytes, to_bytes


def partition_table(board: Board) -> bytes:
    """The partition table as it must stand at TABLE_AT in the flash, TABLE_SIZE bytes."""
    return to_bytes(board.partitions)


def table_in(image: bytes, board: Board) -> list[Partition]:
    """The partitions that a whole image for a board brings along; [] if it ends before the table or has none."""
    at = TABLE_AT - board.runtime.at
    return from_bytes(image[at : at + TABLE_SIZE])


def same_table(found: Sequence[Partition], board: Board) -> bool:
    """Whether a table is that of the board, a partition of its own for files apart: MicroPython may or may not write it down."""
    return [one for one in found if one.name != "vfs"] == [one for one in board.partitions if one.name != "vfs"]


__all__ = ["TABLE_AT", "TABLE_SIZE", "Board", "load_board", "packaged_boards", "partition_table", "same_table", "table_in"]
