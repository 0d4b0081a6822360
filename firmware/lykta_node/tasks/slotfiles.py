"""The idle slot as a folder of the file system: what an update writes there, file by file, and reads back.

The order makes every power cut harmless: the manifest goes first and comes last, the record of the slots is changed after that. A file
is closed before it counts, and counts only by its hash: an update that was cut goes on with the first file that is not right.
"""

import asyncio
import os
from hashlib import sha256

import vfs
from micropython import const

from ..core import bundle
from . import slots

PACKAGE = "lykta_node/"  # all that an update may write lies below
LIST = "/list"
_CHUNK = const(512)
_DIRECTORY = const(0x4000)
_RESERVE = const(12_288)  # stays free: settings are written beside the old ones
_NO_ROOM = const(28)  # ENOSPC
_SEGMENTS = const(1)  # of `vfs.rom_ioctl`


def open_slot(name: str, form: int):
    """The slot of that name, in the form that this board has; None if the bundle is of the other form."""
    ioctl = getattr(vfs, "rom_ioctl", None)
    image = ioctl is not None and ioctl(_SEGMENTS) >= 2
    if image != (form == bundle.IMAGE):
        return None
    if image:
        from .slotrom import Rom

        return Rom(name)
    return Folder(name)


class Folder:
    """The slot `name`, as files."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path = "/" + name

    def begin(self) -> None:
        """From now on the slot is not whole."""
        slots.begin(self._name)
        _make(self._path)

    def read_list(self) -> bytes:
        """The list of files as it was kept; nothing if there is none."""
        try:
            with open(self._path + LIST, "rb") as file:
                return file.read()
        except OSError:
            return b""

    def keep_list(self, listed: bytes) -> None:
        """Keep the list, so that a cut costs only what was not written yet."""
        with open(self._path + LIST, "wb") as file:
            file.write(listed)

    def takes(self, entries) -> bool:
        """Whether all these files may be written here."""
        for entry in entries:
            if not entry.name.startswith(PACKAGE):
                return False
        return True

    async def tidy(self, entries):
        """Remove all that is not as one of the entries says; returns those that are still to be written."""
        wanted = {entry.name: entry for entry in entries}
        for name in _below(self._path, ""):
            if name not in wanted and "/" + name != LIST:
                os.remove(self._path + "/" + name)
                await asyncio.sleep_ms(0)
        missing = []
        for entry in entries:
            if not await self.holds(entry):
                try:
                    os.remove(self._path + "/" + entry.name)
                except OSError:
                    pass
                missing.append(entry)
        return missing

    def room(self, missing) -> bool:
        """Whether these entries find room, and enough is left for settings."""
        found = os.statvfs("/")
        block = found[0]
        blocks = sum([entry.length // block + 1 for entry in missing]) + _RESERVE // block
        return blocks <= found[3]

    async def holds(self, entry) -> bool:
        """Whether a file of the slot is as its entry says."""
        return await _is(self._path + "/" + entry.name, entry)

    async def copy(self, entry) -> bool:
        """Take a file from the slot in use, where it is the same there."""
        source = ("/b/" if self._name == "a" else "/a/") + entry.name
        if not await _is(source, entry):
            return False
        with open(source, "rb") as old, self.file(entry) as new:
            piece = old.read(_CHUNK)
            while piece:
                new.write(piece)
                await asyncio.sleep_ms(0)
                piece = old.read(_CHUNK)
        return True

    async def prepare(self, missing) -> None:
        """What has to happen before the first byte is written: nothing."""

    def file(self, entry):
        """The file of an entry, open to be written."""
        path = self._path
        for part in entry.name.split("/")[:-1]:
            path += "/" + part
            _make(path)
        return open(self._path + "/" + entry.name, "wb")  # the caller closes it

    def finish(self, head: bytes) -> None:
        """All is there and right: the slot is whole from now on."""
        with open(self._path + "/manifest.new", "wb") as file:
            file.write(head)
        os.rename(self._path + "/manifest.new", self._path + slots.MANIFEST)
        if hasattr(os, "sync"):
            os.sync()


def _make(path: str) -> None:
    """A folder, if it is not there."""
    try:
        os.mkdir(path)
    except OSError as error:
        if error.errno == _NO_ROOM:
            raise


def _below(path: str, prefix: str):
    """The names of all files below a folder."""
    found = []
    for about in os.ilistdir(path + "/" + prefix):
        name = prefix + about[0]
        if about[1] == _DIRECTORY:
            found += _below(path, name + "/")
        else:
            found.append(name)
    return found


async def _is(path: str, entry) -> bool:
    """Whether a file has the length and the hash that an entry names."""
    try:
        if os.stat(path)[6] != entry.length:
            return False
        with open(path, "rb") as file:
            digest = sha256(b"")
            piece = file.read(_CHUNK)
            while piece:
                digest.update(piece)
                await asyncio.sleep_ms(0)
                piece = file.read(_CHUNK)
    except OSError:
        return False
    return digest.digest() == entry.digest
