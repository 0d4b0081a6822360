"""The label for the post: lamp, site, MAC, date, and a QR code that says the same; as text for the terminal, and as PNG to print.

Nothing on it is secret: who reads it knows which lamp this is, and nothing else.
"""

from __future__ import annotations

import datetime as dt
import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lykta import wholefile
from lykta.errors import EnvironmentLacks
from lykta.node import letters

_BLACK, _WHITE = 0, 255
_MODULE = 6  # pixels of the printed code
_MARGIN = 24
_LEAST_WIDTH = 560


@dataclass(frozen=True)
class Label:
    """What stands on a label."""

    site: str
    lamp: str
    mac: str
    date: dt.date

    @property
    def code(self) -> str:
        """What the QR code says: for a person with a phone, and for a program that looks for `lykta:`."""
        return f"lykta:{self.site}/{self.lamp} {self.mac} {self.date.isoformat()}"

    def lines(self) -> list[str]:
        """What stands beside the code."""
        return [self.lamp, self.site, self.mac, self.date.isoformat()]

    def text(self) -> str:
        """The label for a terminal: the code in half blocks, the words to its right."""
        out = io.StringIO()
        _qr(self.code).terminal(out, border=2, compact=True)
        drawn = out.getvalue().rstrip("\n").split("\n")
        words = ["", "", *self.lines()]
        return "\n".join(f"{row}  {words[number] if number < len(words) else ''}".rstrip() for number, row in enumerate(drawn))

    def write(self, path: Path) -> None:
        """The label as a PNG, black on white: the lamp in large letters, the rest below it, the code to the left."""
        wholefile.write(path, self.image())

    def image(self) -> bytes:
        """The bytes of the PNG."""
        matrix = [list(row) for row in _qr(self.code).matrix_iter(scale=_MODULE, border=2)]
        large, small = letters.draw(self.lamp, 10), [letters.draw(line, 3) for line in self.lines()[1:]]
        width = len(matrix[0]) + _MARGIN + max(len(large[0]), *(len(one[0]) for one in small), _LEAST_WIDTH - len(matrix[0])) + _MARGIN
        height = max(len(matrix), _MARGIN * 2 + len(large) + sum(len(one) + _MARGIN // 2 for one in small))
        canvas = [bytearray([_WHITE] * width) for _ in range(height)]
        _paste(canvas, matrix, 0, (height - len(matrix)) // 2)
        top = _MARGIN
        for block in (large, *small):
            _paste(canvas, block, len(matrix[0]) + _MARGIN, top)
            top += len(block) + _MARGIN // 2
        return _png(canvas)


def _png(canvas: list[bytearray]) -> bytes:
    """Rows of shades of grey as a PNG. Source: PNG specification, colour type 0."""
    head = struct.pack(">IIBBBBB", len(canvas[0]), len(canvas), 8, 0, 0, 0, 0)
    lines = b"".join(b"\0" + row for row in canvas)  # each begins with its filter: none
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    written = [struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def _paste(canvas: list[bytearray], block: list[list[int]], left: int, top: int) -> None:
    """Put dark dots (not 0) of a block onto a canvas."""
    for number, row in enumerate(block):
        for at, dot in enumerate(row):
            if dot:
                canvas[top + number][left + at] = _BLACK


def _qr(text: str) -> Any:
    try:
        import segno
    except ImportError:
        raise EnvironmentLacks("Labels need segno: pip install 'lykta[flash]' (in a clone: make env).") from None
    return segno.make(text, error="m", micro=False)
