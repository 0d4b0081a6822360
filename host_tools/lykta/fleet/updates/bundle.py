"""Bundles: the compiled firmware as nodes take it, in one file, signed.

    head (176 bytes, `node/manifest`, its last 64 the signature), list of files, contents of the files in the order of the list

That is all of a `.lykta` file: the head says how long the list is, the list how long each file. Over the network the list is cut into
pieces, then each file by itself, so a node can take whatever it already has from itself.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lykta.errors import InputError
from lykta.node import manifest
from lykta.node.manifest import Head
from lykta.shipping import image_of

SUFFIX = ".lykta"
_ENTRY = struct.Struct(">I32s")
_PIECE_HEAD = struct.Struct(">8sH")


@dataclass(frozen=True)
class Bundle:
    """A bundle. `head`: as it is offered; `files`: by their names below the folder of a slot."""

    head: bytes
    files: Mapping[str, bytes]

    @cached_property
    def about(self) -> Head:
        """What the head says."""
        found = manifest.read_head(self.head)
        assert found is not None  # whoever made it has looked
        return found

    @property
    def id(self) -> str:
        """As topics name it."""
        return manifest.id_of(self.head).hex()

    @property
    def number(self) -> int:
        """As nodes name it when they answer."""
        return manifest.number_of(self.head)

    @property
    def version(self) -> str:
        """For people."""
        return self.about.version

    def pieces(self) -> Iterator[bytes]:
        """All pieces in order, each with what says that it is one: what is published."""
        length = self.about.piece
        parts = [manifest.listing(self.files), *(self.files[name] for name in sorted(self.files))]
        cut = [part[at : at + length] for part in parts for at in range(0, len(part), length)]
        for number, data in enumerate(cut):
            yield _PIECE_HEAD.pack(manifest.id_of(self.head), number) + data

    def to_bytes(self) -> bytes:
        """As it lies in a file."""
        return self.head + manifest.listing(self.files) + b"".join(self.files[name] for name in sorted(self.files))


def make(
    package: Mapping[str, bytes], version: str, chips: tuple[str, ...], *, security: int, expires: dt.datetime | None,
    runtime: tuple[int, int, int], rom: bool, key: int,
) -> tuple[Head, Mapping[str, bytes]]:  # fmt: skip
    """The head, still to be signed, and the files of a bundle. InputError for what no node would take."""
    files = {manifest.IMAGE_NAME: image_of(package)} if rom else dict(package)
    for text, what in ((version, "version"), (",".join(chips), "list of chips")):
        if not 0 < len(text) <= manifest.LONGEST_TEXT or not text.isascii() or not text.isprintable() or " " in text:
            raise InputError.of(text or what, f"cannot be a {what}: 1 to {manifest.LONGEST_TEXT} ASCII characters without spaces.")
    if not 0 <= security < 1 << 30:
        raise InputError.of(str(security), "a security counter is a whole number from 0 to 2^30 - 1.")
    length = sum(map(len, files.values()))
    if len(files) > manifest.MOST_FILES or length > manifest.LARGEST or max(map(len, files)) > manifest.LONGEST_NAME:
        raise InputError.of(version, f"{len(files)} files of {length:,} bytes are more than a node takes.")
    form = manifest.IMAGE if rom else manifest.FILES
    head = manifest.head_of(files, version, chips, security=security, expires=expires, runtime=runtime, form=form, key=key)
    return head, files


def read(path: Path) -> Bundle:
    """The bundle in a file. InputError where it is none, or damaged; whether it is signed by us is for `releasekeys.verify` to say."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError.of(str(path), f"the bundle cannot be read: {error.strerror}.") from None
    head = manifest.read_head(data[: manifest.LENGTH])
    if head is None:
        raise InputError.of(str(path), "this is no bundle of updates. `lykta fleet update build` makes one.")
    listed = data[manifest.LENGTH : manifest.LENGTH + head.list_length]
    contents = data[manifest.LENGTH + head.list_length :]
    if hashlib.sha256(listed).digest() != head.list_hash:
        raise _damaged(path, "its list of files")
    files: dict[str, bytes] = {}
    for name, length, digest in _entries(path, listed):
        files[name], contents = contents[:length], contents[length:]
        if hashlib.sha256(files[name]).digest() != digest:
            raise _damaged(path, name)
    if contents or len(files) != head.files or sum(map(len, files.values())) != head.length or manifest.listing(files) != listed:
        raise _damaged(path, "its length")
    return Bundle(data[: manifest.LENGTH], files)


def _entries(path: Path, listed: bytes) -> Iterator[tuple[str, int, bytes]]:
    while listed:
        end = 1 + listed[0]
        try:
            name = listed[1:end].decode("ascii")
            length, digest = _ENTRY.unpack_from(listed, end)
        except (UnicodeDecodeError, struct.error):
            raise _damaged(path, "its list of files") from None
        yield name, length, digest
        listed = listed[end + _ENTRY.size :]


def _damaged(path: Path, what: str) -> InputError:
    return InputError.of(str(path), f"the bundle is damaged ({what} is not what it says). Copy it again, or build it anew.")
