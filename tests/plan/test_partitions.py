"""Partition tables: as bytes they are what the chip reads, and what makes a node die later is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from lykta.plan.board_reader import load_board, packaged_boards
from lykta.plan.partitions import TABLE_SIZE, Partition, faults, files_size, from_bytes, to_bytes

MB = 1024 * 1024


@pytest.mark.parametrize("name", packaged_boards())
def test_table__read_back_is_the_one_written(name: str):
    """Bytes and back, for every packaged board; two slots, room for files."""
    board = load_board(name)
    data = to_bytes(board.partitions)
    assert len(data) == TABLE_SIZE
    assert from_bytes(data) == list(board.partitions)
    assert files_size(board.partitions, board.flash_bytes) >= 900 * 1024


def test_table__is_laid_out_as_the_loader_of_the_chip_wants_it():
    """The first entry byte by byte, and the MD5 of all entries behind the last, as ESP-IDF documents them."""
    board = load_board("esp32_devkitc")
    data = to_bytes(board.partitions)
    assert data[:32] == b"\xaa\x50\x01\x02" + (0x9000).to_bytes(4, "little") + (0x4000).to_bytes(4, "little") + b"nvs".ljust(
        16, b"\0"
    ) + bytes(4)
    assert data[160:176] == b"\xeb\xeb" + b"\xff" * 14
    assert data[176:192] == hashlib.md5(data[:160]).digest()
    assert set(data[192:]) == {0xFF}


def test_table__of_erased_flash_is_none():
    """No magic, no table."""
    assert from_bytes(b"\xff" * TABLE_SIZE) == []


def test_table__of_a_board_with_one_app_is_seen_as_such():
    """What MicroPython's plain images bring along is told from ours."""
    factory = [Partition("nvs", "data", "nvs", 0x9000, 0x6000), Partition("factory", "app", "factory", 0x10000, 0x1F0000)]
    assert from_bytes(to_bytes(factory)) == factory
    assert any("two app slots" in message for _, message in faults(factory, 4 * MB))


def test_flash__too_small_for_its_table_is_told_at_the_partition():
    """The table of 8 MB on a module of 4 MB."""
    board = load_board("esp32s3_post")
    told = dict(faults(board.partitions, 4 * MB))
    assert told[4] == "it ends at 0x4f0000, but the flash has 4 MB (0x400000). Make it smaller."


def test_files__have_what_is_left_or_their_own_partition():
    """MicroPython takes the rest by itself; where a partition is written down, that is the room."""
    board = load_board("esp32_devkitc")
    assert files_size(board.partitions, 4 * MB) == 4 * MB - 0x310000
    own = [*board.partitions, Partition("vfs", "data", "fat", 0x310000, 0x80000)]
    assert files_size(own, 4 * MB) == 0x80000
    assert [message for _, message in faults([*own[:-1], replace(own[-1], size=0x40000)], 4 * MB)] == [
        "256 kB are left for files; two versions of the firmware need 512 kB."
    ]
