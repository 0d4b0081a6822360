"""A picture of palette indices as PNG, so that a picture can lie inside an SVG or a page."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SMALLEST = 9


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def encode(
    pixels: NDArray[np.uint8], palette: Sequence[tuple[int, int, int]], transparent: int | None = None, packing: int = SMALLEST
) -> bytes:
    """Pixels (rows, columns) of indices into a palette of at most 256 colours. Source: PNG specification, colour type 3.

    `packing`: the effort of zlib, 1 (quick) to 9 (smallest).
    """
    height, width = pixels.shape
    lines = np.zeros((height, width + 1), dtype=np.uint8)  # each line begins with its filter: 0, none
    lines[:, 1:] = pixels
    chunks = [
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _chunk(b"PLTE", b"".join(bytes(colour) for colour in palette)),
    ]
    if transparent is not None:
        chunks.append(_chunk(b"tRNS", bytes(255 if index != transparent else 0 for index in range(len(palette)))))
    chunks += [_chunk(b"IDAT", zlib.compress(lines.tobytes(), packing)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def data_uri(png: bytes) -> str:
    """A PNG as the address of an image."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
