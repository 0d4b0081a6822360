"""The idle slot as a ROM partition, whose code runs in place: one image, written from its beginning.

The manifest lies in the slot's folder all the same, so the record and boot.py work as with files. A flash is erased block by block, with
the other tasks in between: a block holds everything up for some 45 ms. An image that a cut interrupted is written anew from its beginning.
"""

import asyncio
from hashlib import sha256

import vfs
from micropython import const

from .slotfiles import Folder

IMAGE = "rom.img"
# Of `vfs.rom_ioctl`.
_MEMORY = const(2)
_PREPARE = const(3)
_WRITE = const(4)
_COMPLETE = const(5)
_BLOCK = const(6)
_CHUNK = const(512)


class Rom(Folder):
    """The slot `name`, as an image; its list and its manifest are files."""

    def __init__(self, name: str) -> None:
        Folder.__init__(self, name)
        self._number = 0 if name == "a" else 1
        self._ioctl = vfs.rom_ioctl
        self._least = 1  # bytes that are written at once
        self._size = len(self._ioctl(_MEMORY, self._number))

    def takes(self, entries) -> bool:
        """One image, which fits."""
        return len(entries) == 1 and entries[0].name == IMAGE and entries[0].length <= self._size

    async def tidy(self, entries):
        """The image, if it is not the one that is wanted."""
        return [] if await self.holds(entries[0]) else entries

    def room(self, missing) -> bool:
        """The partition is there for nothing else, and `takes` looked at its size."""
        return Folder.room(self, [])

    async def holds(self, entry) -> bool:
        """Whether the partition begins with this image."""
        memory = memoryview(self._ioctl(_MEMORY, self._number))
        digest = sha256(b"")
        for at in range(0, entry.length, _CHUNK):
            digest.update(memory[at : min(at + _CHUNK, entry.length)])
            await asyncio.sleep_ms(0)
        return digest.digest() == entry.digest

    async def copy(self, entry) -> bool:
        """Images are not shared between partitions."""
        return False

    async def prepare(self, missing) -> None:
        """Erase as much as an image needs."""
        if not missing:
            return
        length = missing[0].length
        block = self._ioctl(_BLOCK, self._number)
        least = -1
        if 0 < block < self._size:
            for at in range(0, length, block):
                least = self._ioctl(_PREPARE, self._number, at, block)
                await asyncio.sleep_ms(0)
        else:
            least = self._ioctl(_PREPARE, self._number, length)
        if least < 0:
            raise OSError(-least)
        self._least = max(1, least)

    def file(self, entry):
        """The partition as a file that is written from its beginning."""
        return _Writer(self._ioctl, self._number, self._least)


class _Writer:
    """Writes to a partition, in whole units of `least` bytes; the last one is filled with zeros."""

    def __init__(self, ioctl, number: int, least: int) -> None:
        self._ioctl = ioctl
        self._number = number
        self._least = least
        self._at = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace) -> None:
        self._ioctl(_COMPLETE, self._number)

    def write(self, data) -> None:
        """The next bytes. All but the last ones come in whole units."""
        rest = -len(data) % self._least
        if rest:
            data = bytes(data) + bytes(rest)
        if self._ioctl(_WRITE, self._number, self._at, data) < 0:
            raise OSError(5)
        self._at += len(data)
