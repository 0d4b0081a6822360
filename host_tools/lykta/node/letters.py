"""Letters for labels, drawn as dots: capitals, digits and what stands in names of lamps, five dots wide and seven high.

A label must be printable on any machine, with or without fonts; these few are drawn by hand. Marks above letters (Å, Ö, É) are drawn in
the three rows above; a sign that is not here becomes an empty box, which is better than a wrong name.
"""

from __future__ import annotations

import unicodedata

WIDTH, HEIGHT, ABOVE = 5, 7, 3

#: Rows from the top, each two hexadecimal digits; the lowest bit is the dot to the right.
_LETTERS = {
    "A": "0e11111f111111", "B": "1e11111e11111e", "C": "0e11101010110e", "D": "1e11111111111e", "E": "1f10101e10101f",
    "F": "1f10101e101010", "G": "0e11101711110f", "H": "1111111f111111", "I": "0e04040404040e", "J": "0702020202120c",
    "K": "11121418141211", "L": "1010101010101f", "M": "111b1515111111", "N": "11191513111111", "O": "0e11111111110e",
    "P": "1e11111e101010", "Q": "0e11111115120d", "R": "1e11111e141211", "S": "0f10100e01011e", "T": "1f040404040404",
    "U": "1111111111110e", "V": "11111111110a04", "W": "11111115151b11", "X": "11110a040a1111", "Y": "11110a04040404",
    "Z": "1f01020408101f", "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010204081f", "3": "1f02040201110e",
    "4": "02060a121f0202", "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808", "8": "0e11110e11110e",
    "9": "0e11110f01020c", " ": "00000000000000", ":": "00040400040400", "-": "0000001f000000", ".": "00000000000404",
    "_": "0000000000001f", "/": "01010204081010", "(": "02040808080402", ")": "08040202020408", ",": "00000000040408",
    "+": "0004041f040400", "#": "0a0a1f0a1f0a0a", "&": "0c12140815120d", "'": "04040800000000",
}  # fmt: skip
_BOX = "1f11111111111f"
#: The combining mark -> three rows above the letter.
_MARKS = {"\u0308": "000a00", "\u030a": "040a04", "\u0301": "020400", "\u0300": "080400", "\u0302": "040a00", "\u0303": "0d1200"}
_SPECIAL = {"Ø": "0e13131519190e", "Æ": "0f14141f141417"}


def draw(text: str, scale: int = 1) -> list[list[int]]:
    """A line of text as rows of dots (1: black), each dot `scale` pixels wide and high."""
    rows: list[list[int]] = [[] for _ in range(ABOVE + HEIGHT)]
    for sign in unicodedata.normalize("NFC", text.upper()):
        base, mark = _parts(sign)
        glyph = _bits(_MARKS.get(mark, "000000")) + _bits(base)
        for row, bits in zip(rows, glyph, strict=True):
            row += [bits >> (WIDTH - 1 - at) & 1 for at in range(WIDTH)] + [0]
    wide = [[dot for dot in row[:-1] for _ in range(scale)] for row in rows]
    return [list(row) for row in wide for _ in range(scale)]


def _parts(sign: str) -> tuple[str, str]:
    """The glyph of a sign, and the mark above it."""
    if sign in _SPECIAL:
        return _SPECIAL[sign], ""
    apart = unicodedata.normalize("NFD", sign)
    base, marks = apart[0], apart[1:]
    if base not in _LETTERS or any(mark not in _MARKS for mark in marks):
        return _BOX, ""
    return _LETTERS[base], marks[:1]


def _bits(glyph: str) -> list[int]:
    return [int(glyph[at : at + 2], 16) for at in range(0, len(glyph), 2)]
