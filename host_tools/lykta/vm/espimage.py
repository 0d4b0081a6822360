"""The image format of the ESP32 family: is this one, whole and undamaged, for which chip; and images for training.

An image begins with 0xE9, how many segments it has, its entry point and for which chip it is; each segment has an address and a length;
after the last come a checksum (all data, exclusive or, with 0xEF) in the last byte of a block of 16, and the SHA-256 of all before it.
What a technician downloads holds several things at their places: bootloader, partition table (0x8000), program (0x10000).
(Espressif, "Firmware image format", in the documentation of esptool.)
"""

from __future__ import annotations

import functools
import hashlib
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass

MAGIC = 0xE9
_HEADER = 24
_SEGMENT = 8
_DIGEST = 32
_CHECKSUM = 0xEF
TABLE_AT = 0x8000
_ENTRY = struct.Struct("<HBBII16sI")
_ENTRY_MAGIC = 0x50AA
_DESCRIPTION = 0xABCD5432
#: The name of the program in an image for training: it starts nothing on a real chip, and only virtual boards take it.
TRAINING = "lykta-training"
_DATA, _APP = 1, 0
_NOR_BLANK = 0xFF


@dataclass(frozen=True)
class Partition:
    """A part of the flash: where it begins and how long it is [bytes]."""

    label: str
    kind: int
    subtype: int
    start: int
    size: int

    @property
    def is_app(self) -> bool:
        """Whether a program lies in it."""
        return self.kind == _APP


@dataclass(frozen=True)
class Image:
    """One image: for which chip (its number in headers), how long, and what its program calls itself."""

    chip: int
    length: int
    name: str
    version: str


def parse(data: bytes) -> Image:
    """The image at the beginning of some bytes. ValueError, with what is wrong, where there is none or a damaged one."""
    if len(data) < _HEADER or data[0] != MAGIC:
        raise ValueError("it does not begin as an image does" if data else "it is empty")
    segments, hashed = data[1], data[23]
    chip = struct.unpack_from("<H", data, 12)[0]
    at, checksum = _HEADER, _CHECKSUM
    for _ in range(segments):
        if at + _SEGMENT > len(data):
            raise ValueError("it is cut off")
        length = struct.unpack_from("<I", data, at + 4)[0]
        segment = data[at + _SEGMENT : at + _SEGMENT + length]
        if len(segment) < length:
            raise ValueError("it is cut off")
        checksum ^= folded(segment)
        at += _SEGMENT + length
    end = at | 15
    if end + 1 + (_DIGEST if hashed else 0) > len(data):
        raise ValueError("it is cut off")
    if data[end] != checksum:
        raise ValueError("its checksum is wrong")
    if hashed and hashlib.sha256(data[: end + 1]).digest() != data[end + 1 : end + 1 + _DIGEST]:
        raise ValueError("its hash is wrong")
    return Image(chip, end + 1 + (_DIGEST if hashed else 0), *_described(data))


def folded(data: bytes) -> int:
    """All bytes, exclusive or."""
    number = int.from_bytes(data, "little")
    width = len(data)
    while width > 1:
        half = (width + 1) // 2
        number = (number & ((1 << 8 * half) - 1)) ^ (number >> 8 * half)
        width = half
    return number


def _described(data: bytes) -> tuple[str, str]:
    """(name, version) in the description at the start of a program's first segment; empty in a bootloader."""
    at = _HEADER + _SEGMENT
    if len(data) < at + 80 or struct.unpack_from("<I", data, at)[0] != _DESCRIPTION:
        return "", ""
    version, name = data[at + 16 : at + 48], data[at + 48 : at + 80]
    return name.split(b"\0")[0].decode(errors="replace"), version.split(b"\0")[0].decode(errors="replace")


def make(chip: int, segments: Sequence[tuple[int, bytes]]) -> bytes:
    """An image of segments (address, data), which have whole words."""
    head = struct.pack("<BBBBIB3sHBHH4sB", MAGIC, len(segments), 2, 0x20, segments[0][0], 0, bytes(3), chip, 0, 0, 0, bytes(4), 1)
    body, checksum = bytearray(head), _CHECKSUM
    for address, data in segments:
        body += struct.pack("<II", address, len(data)) + data
        checksum ^= folded(data)
    body += bytes(15 - len(body) % 16) + bytes([checksum])
    return bytes(body) + hashlib.sha256(body).digest()


def table_of(partitions: Sequence[Partition]) -> bytes:
    """The partition table: entries, then their MD5, as the bootloader reads it."""
    entries = b"".join(
        _ENTRY.pack(_ENTRY_MAGIC, part.kind, part.subtype, part.start, part.size, part.label.encode(), 0) for part in partitions
    )
    table = entries + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(entries).digest()
    return table + bytes([_NOR_BLANK]) * (0xC00 - len(table))


def partitions_in(table: bytes) -> list[Partition]:
    """The partitions of a table; none where there is no table."""
    found = []
    for at in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        magic, kind, subtype, start, size, label, _ = _ENTRY.unpack_from(table, at)
        if magic != _ENTRY_MAGIC:
            break
        found.append(Partition(label.split(b"\0")[0].decode(errors="replace"), kind, subtype, start, size))
    return found


#: Two slots for programs, so that the runtime can be updated, and the rest for files: 4 MiB, as the official OTA variant has it.
FOUR_MIB = (
    Partition("nvs", _DATA, 2, 0x9000, 0x5000),
    Partition("otadata", _DATA, 0, 0xE000, 0x2000),
    Partition("ota_0", _APP, 16, 0x10000, 0x180000),
    Partition("ota_1", _APP, 17, 0x190000, 0x180000),
    Partition("vfs", _DATA, 129, 0x310000, 0xF0000),
)


@functools.cache
def training_image(chip: int, loader_at: int, table: bytes = b"", size: int = 1 << 18) -> bytes:
    """What stands in for MicroPython's image on virtual boards: real headers, table and hashes around numbers that mean nothing.

    The same bytes every time. `table`: of the partitions, as in flash; by default of FOUR_MIB. `size`: of the program [bytes]; as badly
    compressible as machine code (to about two thirds).
    """
    draw = random.Random(chip)
    words = b"".join(draw.randbytes(20) + bytes(12) for _ in range(size // 32))
    about = struct.pack("<IIII", _DESCRIPTION, 0, 0, 0) + b"training".ljust(32, b"\0") + TRAINING.encode().ljust(32, b"\0") + bytes(176)
    table = table or table_of(FOUR_MIB)
    program_at = next(part.start for part in partitions_in(table) if part.is_app)
    parts = {
        loader_at: make(chip, [(0x3FFF0030, words[:2048])]),
        TABLE_AT: table,
        program_at: make(chip, [(0x3F400020, about + words), (0x40080000, words[:1024])]),
    }
    whole = bytearray()
    for start, data in parts.items():
        whole += bytes([_NOR_BLANK]) * (start - loader_at - len(whole)) + data
    return bytes(whole)
