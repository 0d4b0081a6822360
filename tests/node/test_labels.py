"""The label for the post: what it says, on the terminal and printed, and what it does not."""

from __future__ import annotations

import datetime as dt
import struct
import zlib

import pytest
import segno

from lykta.node import letters
from lykta.node.labels import Label

LABEL = Label("Kungsholms strand", "K05", "a0:b1:c2:00:11:22", dt.date(2026, 11, 23))


def pixels(png: bytes) -> list[bytes]:
    """The rows of a grey PNG without filters, its checksums compared."""
    at, data, size = 8, b"", (0, 0)
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        body = png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length)[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = struct.unpack_from(">II", body)
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    raw = zlib.decompress(data)
    assert len(raw) == (size[0] + 1) * size[1]
    return [raw[row * (size[0] + 1) + 1 : (row + 1) * (size[0] + 1)] for row in range(size[1])]


def test_code__says_which_lamp_which_board_and_when():
    """For a phone, and for a program that looks for its first word."""
    assert LABEL.code == "lykta:Kungsholms strand/K05 a0:b1:c2:00:11:22 2026-11-23"


def test_label__on_the_terminal_has_the_words_beside_the_code():
    """Lamp, site, MAC, date; the code is the one that segno makes of them."""
    text = LABEL.text()
    for word in ("K05", "Kungsholms strand", "a0:b1:c2:00:11:22", "2026-11-23"):
        assert word in text
    assert len(text.splitlines()) == (segno.make(LABEL.code, error="m", micro=False).symbol_size(border=2)[1] + 1) // 2


def test_label__printed_holds_the_code_dot_by_dot():
    """Read back from the picture, each module is as segno has it, with a quiet zone around."""
    rows = pixels(LABEL.image())
    matrix = [list(row) for row in segno.make(LABEL.code, error="m", micro=False).matrix_iter(border=2)]
    scale = 6
    top = (len(rows) - len(matrix) * scale) // 2
    read = [[int(rows[top + y * scale + 3][x * scale + 3] == 0) for x in range(len(matrix))] for y in range(len(matrix))]
    assert read == [[int(bool(dot)) for dot in row] for row in matrix]


def test_label__is_the_same_every_time():
    """A label printed again is the one on the post."""
    assert LABEL.image() == LABEL.image()


@pytest.mark.parametrize("lamp", ["K05", "ÅÄÖ-7/é", "a name of a lamp that goes on and on and on 123"])
def test_label__takes_any_name(lamp: str):
    """However long, with marks above letters."""
    rows = pixels(Label("Årstaäng", lamp, "a0:b1:c2:00:11:22", dt.date(2026, 11, 23)).image())
    assert len({len(row) for row in rows}) == 1


def test_letters__are_drawn_as_they_look():
    """An H, three dots of marks above it left free."""
    assert ["".join(".#"[dot] for dot in row) for row in letters.draw("H")] == [
        ".....", ".....", ".....", "#...#", "#...#", "#...#", "#####", "#...#", "#...#", "#...#",
    ]  # fmt: skip


def test_letters__that_are_alike_can_be_told_apart():
    """Every sign has its own picture: nobody reads O for 0, or I for 1; what is not known is a box."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 :-._/(),+#&'ÅÄÖÉÈÜØÆÑ"
    drawn = [tuple(map(tuple, letters.draw(sign))) for sign in signs]
    assert len(set(drawn)) == len(signs)
    assert letters.draw("漢") == letters.draw("€")
