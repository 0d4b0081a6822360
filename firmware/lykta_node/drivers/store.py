"""Settings that survive a power cut at any moment: files that are written beside the old ones and renamed; and counters in NVS.

A file begins with 44 bytes: "LYKT", version (4), length (4, both little-endian), SHA-256 of these two and the content (32).

    name.new   is written, flushed and read back;
    name       becomes name.old, if it is valid;
    name.new   becomes name.

`read` takes the first valid one of name, name.new, name.old: whatever a cut left behind, that is the newest that was written whole. A
valid name.new that nobody renamed yet is put in its place before anything else is written.
"""

import os
import struct
from hashlib import sha256

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from esp32 import NVS

_MAGIC = b"LYKT"
_HEAD = const(44)
_HASHED = const(12)
_CHUNK = const(256)
_KEY = const(15)  # the longest key that NVS takes


def seal(data: bytes, version: int) -> bytes:
    """The content of a file: header and data."""
    numbers = struct.pack("<II", version, len(data))
    digest = sha256(numbers)
    digest.update(data)
    return _MAGIC + numbers + digest.digest() + data


class Store:
    """The files of a folder, and counters. `damaged` names what was found broken since the start."""

    def __init__(self, folder: str, nvs: "NVS") -> None:
        self._folder = folder.rstrip("/")
        self._nvs = nvs
        self.damaged: list[str] = []

    def read(self, name: str) -> "bytes | None":
        """The content of the newest valid file; None if there is none."""
        for suffix in ("", ".new", ".old"):
            content = self._content(name + suffix)
            if content is not None:
                return content
            if suffix != ".new" and self._size(name + suffix) >= 0 and name not in self.damaged:
                self.damaged.append(name)
        return None

    def version(self, name: str) -> int:
        """The version of what `read` gives; -1 if there is nothing."""
        for suffix in ("", ".new", ".old"):
            version = self._check(name + suffix)
            if version >= 0:
                return version
        return -1

    def write(self, name: str, data: bytes, version: int) -> None:
        """Put data in place of what there was, which stays as the previous one. Raises OSError; then the old one holds.

        `version`: 0 to 2^30 - 1, any other than the last; what may follow what is not for the store to say.
        """
        self._recover(name)
        path = self._path(name)
        with open(path + ".new", "wb") as file:
            file.write(seal(data, version))
            file.flush()
        if self._check(name + ".new") != version:
            raise OSError("the file system does not keep what is written: " + path)
        if self._check(name) >= 0:
            os.rename(path, path + ".old")
        os.rename(path + ".new", path)
        if hasattr(os, "sync"):
            os.sync()

    def forget(self, name: str) -> None:
        """Remove a name with all its versions, for a reset to the factory's state."""
        for suffix in (".new", ".old", ""):
            if self._size(name + suffix) >= 0:
                os.remove(self._path(name) + suffix)

    def count(self, name: str) -> int:
        """A counter; 0 if it was never set."""
        try:
            return self._nvs.get_i32(name[:_KEY])
        except OSError:
            return 0

    def set_count(self, name: str, value: int) -> bool:
        """Set a counter (below 2^31); False if the flash did not take it."""
        try:
            self._nvs.set_i32(name[:_KEY], value)
            self._nvs.commit()
        except OSError:
            return False
        return True

    def _path(self, name: str) -> str:
        return self._folder + "/" + name

    def _size(self, name: str) -> int:
        """The length of a file [bytes]; -1 if there is none."""
        try:
            return os.stat(self._path(name))[6]
        except OSError:
            return -1

    def _recover(self, name: str) -> None:
        """Finish what a cut interrupted between the two renames."""
        if self._check(name) < 0 and self._check(name + ".new") >= 0:
            os.rename(self._path(name) + ".new", self._path(name))

    def _content(self, name: str) -> "bytes | None":
        """The content of a file, if it is valid."""
        if self._check(name) < 0:
            return None
        try:
            with open(self._path(name), "rb") as file:
                file.seek(_HEAD)
                return file.read()
        except OSError:
            return None

    def _check(self, name: str) -> int:
        """The version of a valid file; -1 if there is none. Read in pieces: a broken length never asks for memory."""
        size = self._size(name)
        if size < _HEAD:
            return -1
        try:
            with open(self._path(name), "rb") as file:
                head = file.read(_HEAD)
                digest = sha256(head[len(_MAGIC) : _HASHED])
                piece = file.read(_CHUNK)
                while piece:
                    digest.update(piece)
                    piece = file.read(_CHUNK)
        except OSError:
            return -1
        version, length = struct.unpack("<II", head[len(_MAGIC) : _HASHED])
        sound = head[: len(_MAGIC)] == _MAGIC and length == size - _HEAD and digest.digest() == head[_HASHED:]
        return version if sound else -1
