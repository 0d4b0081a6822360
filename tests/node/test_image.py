"""The image of the runtime: only the right one, whole, for this chip, and known; and what of it is written where."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from lykta.node.errors import WrongImage
from lykta.node.image import load_image, training_image, training_name
from lykta.plan.board import Image
from lykta.plan.board_reader import load_board, packaged_boards
from lykta.vm import espimage

BOARD = load_board("esp32_devkitc")


def real(board: str = "esp32_devkitc") -> bytes:
    """An image that says nothing of being for training."""
    about = load_board(board)
    return training_image(about, 1 << 12).replace(espimage.TRAINING.encode(), b"micropython" + bytes(3))


def rehashed(data: bytes) -> bytes:
    """The same with checksum and hash of its program put right."""
    at = 0x10000 - BOARD.runtime.at
    body = data[at : at + espimage.parse(training_image(BOARD, 1 << 12)[at:]).length]
    about, first = body[24:32], body[32 : 32 + int.from_bytes(body[28:32], "little")]
    second = body[32 + len(first) + 8 : 32 + len(first) + 8 + 1024]
    return data[:at] + espimage.make(0, [(int.from_bytes(about[:4], "little"), first), (0x40080000, second)])


@pytest.mark.parametrize("name", packaged_boards())
def test_training_image__is_taken_for_every_packaged_board(tmp_path: Path, name: str):
    """From a folder, by its name; what is written is bootloader with table, the record of slots, and the program."""
    board = load_board(name)
    (tmp_path / training_name(board)).write_bytes(training_image(board, 1 << 12))
    image = load_image(tmp_path, board)
    assert image.training
    with pytest.raises(WrongImage, match="not the abcd that was given"):
        load_image(tmp_path, board, "abcd")
    assert [piece.at for piece in image.pieces] == [
        board.runtime.at,
        *(one.at for one in board.partitions if one.subtype == "ota"),
        0x10000,
    ]
    assert image.pieces[-1].data == image.program
    assert not any(
        piece.at <= one.at < piece.at + len(piece.data) for piece in image.pieces for one in board.partitions if one.subtype == "nvs"
    )


def test_training_image__is_refused_by_a_real_chip(tmp_path: Path):
    """A MAC that a maker was given is no virtual board's."""
    (tmp_path / training_name(BOARD)).write_bytes(training_image(BOARD, 1 << 12))
    image = load_image(tmp_path, BOARD)
    image.refuse_real("port", "02:4c:59:00:00:01")
    with pytest.raises(WrongImage, match="virtual boards only; this one is real"):
        image.refuse_real("port", "a0:b1:c2:00:11:22")


def test_unknown_image__is_taken_only_with_the_hash_that_a_person_compared(tmp_path: Path):
    """Not known to the board file: refused, with its hash; taken with it, said now or before. A known one needs nothing."""
    file = tmp_path / "ESP32_GENERIC-OTA-20260101-v1.29.0.bin"
    file.write_bytes(rehashed(real()))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(WrongImage, match=f"SHA-256 is {digest}"):
        load_image(file, BOARD)
    with pytest.raises(WrongImage, match="not the 0000"):
        load_image(file, BOARD, "0000")
    assert load_image(file, BOARD, digest.upper()).sha256 == digest
    assert load_image(file, BOARD, compared=[digest]).sha256 == digest
    with pytest.raises(WrongImage, match="not the 0000"):
        load_image(file, BOARD, "0000", [digest])
    known = replace(BOARD, runtime=replace(BOARD.runtime, images=(Image(file.name, digest),)))
    image = load_image(tmp_path, known)
    assert (image.sha256, image.training) == (digest, False)


OTHERS = (("esp32c3_mini", "ESP32-C3"), ("esp32s3_post", "ESP32-S3"))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html>", "does not begin as an image"),
        (training_image(BOARD, 1 << 12)[:63_000], "cut off"),
        *((training_image(load_board(name), 1 << 12), f"is for {chip}; esp32_devkitc has an ESP32") for name, chip in OTHERS),
    ],
)
def test_wrong_file__is_refused_with_what_is_wrong_and_where_to_get_one(tmp_path: Path, content: bytes, why: str):
    """Nothing, a page of a web site, half a download, another chip's."""
    file = tmp_path / "image.bin"
    file.write_bytes(content)
    with pytest.raises(WrongImage, match=why) as raised:
        load_image(file, BOARD)
    assert "Get" in raised.value.remedy
    assert (raised.value.code, raised.value.exit_status) == ("wrong-image", 2)


def test_missing_image__says_where_to_get_one(tmp_path: Path):
    """No such file; a folder without one."""
    for path in (tmp_path / "none.bin", tmp_path):
        with pytest.raises(WrongImage, match=r"micropython\.org"):
            load_image(path, BOARD)
