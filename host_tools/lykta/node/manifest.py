"""The head of a bundle: what a slot of a node says of what it holds; signed, it is the offer of an update (`core/bundle` on the node).

A slot that the cable filled has one too, without a signature: it says what lies there, and that it is whole.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass

MAGIC = b"LYKU"
VERSION = 1
CONTEXT = b"lykta update 1\x00"
SIGNED, LENGTH, ID = 112, 176, 8
FILES, IMAGE = 0, 1
RELEASE, BACKUP = 0, 1
#: Bytes in a piece: a letter of MQTT takes 4,096, the heap of a node in pieces often no more than this.
PIECE = 2048
MOST_FILES, LONGEST_NAME, LONGEST_TEXT, LARGEST = 256, 64, 24, 2 << 20
IMAGE_NAME = "rom.img"
_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_STAMP_S = 4
_FIXED = struct.Struct(">4sBBBxII3BxHHII32s24s24s")
_BITS = 2


@dataclass(frozen=True)
class Head:
    """What a head says. `security`: counter; `expires`: None for never; `runtime`: at least; `list_hash`: SHA-256 of the list of files."""

    version: str
    chips: tuple[str, ...]
    security: int
    expires: dt.datetime | None
    runtime: tuple[int, int, int]
    form: int
    key: int
    piece: int
    files: int
    list_length: int
    length: int
    list_hash: bytes

    def signed_part(self) -> bytes:
        """The bytes that a signature is about, CONTEXT before them."""
        stamp = 0 if self.expires is None else int((self.expires - _EPOCH).total_seconds()) // _STAMP_S
        texts = ",".join(self.chips).encode(), self.version.encode()
        return _FIXED.pack(
            MAGIC, VERSION, self.form, self.key, self.security, stamp, *self.runtime, self.piece, self.files, self.list_length, self.length,
            self.list_hash, *texts,
        )  # fmt: skip


def read_head(data: bytes) -> Head | None:
    """What a head says; None where it is none. The signature is not looked at."""
    if len(data) != LENGTH or data[:5] != MAGIC + bytes((VERSION,)):
        return None
    _, _, form, key, security, stamp, *runtime, piece, files, list_length, length, list_hash, chips, version = _FIXED.unpack(data[:SIGNED])
    expires = _EPOCH + dt.timedelta(seconds=stamp * _STAMP_S) if stamp else None
    try:
        words = [text.rstrip(b"\0").decode("ascii") for text in (chips, version)]
    except UnicodeDecodeError:
        return None
    one, two, three = runtime
    return Head(
        words[1], tuple(words[0].split(",")), security, expires, (one, two, three), form, key, piece, files, list_length, length, list_hash
    )  # fmt: skip


def listing(files: Mapping[str, bytes]) -> bytes:
    """The list of files, in the order of their names: which they are, how long, and the SHA-256 of each."""
    entry = struct.Struct(">I32s")
    return b"".join(
        bytes((len(name),)) + name.encode() + entry.pack(len(files[name]), hashlib.sha256(files[name]).digest()) for name in sorted(files)
    )


def head_of(
    files: Mapping[str, bytes], version: str, chips: tuple[str, ...], *, security: int = 0, expires: dt.datetime | None = None,
    runtime: tuple[int, int, int] = (0, 0, 0), form: int = FILES, key: int = RELEASE, piece: int = PIECE,
) -> Head:  # fmt: skip
    """The head of a bundle of files."""
    listed = listing(files)
    length = sum(map(len, files.values()))
    digest = hashlib.sha256(listed).digest()
    return Head(version, chips, security, expires, runtime, form, key, piece, len(files), len(listed), length, digest)


def unsigned(files: Mapping[str, bytes], version: str, chip: str) -> bytes:
    """The manifest of a slot that the cable fills: no node takes it as an offer."""
    return head_of(files, version, (chip,)).signed_part() + bytes(LENGTH - SIGNED)


def id_of(head: bytes) -> bytes:
    """The id of a bundle: in topics as hexadecimal digits."""
    return hashlib.sha256(head).digest()[:ID]


def number_of(head: bytes) -> int:
    """The number by which nodes answer for it: the first 30 bits of the id."""
    return int.from_bytes(id_of(head)[:4], "big") >> _BITS
