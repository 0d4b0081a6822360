"""The partition table of a node's flash: as a board file writes it, as the chip reads it, and what it must hold.

Format: Espressif, ESP-IDF Programming Guide, "Partition Tables": 32 bytes each, magic 0xAA 0x50, then an entry with the MD5 of all
before it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Where the table stands in the flash of every chip, and how much room it has.
TABLE_AT, TABLE_SIZE = 0x8000, 0x1000
APP, DATA = 0, 1
OTA_0, OTA_1 = 0x10, 0x11
_SUBTYPES = {
    ("app", "factory"): 0x00, ("app", "ota_0"): OTA_0, ("app", "ota_1"): OTA_1,
    ("data", "ota"): 0x00, ("data", "phy"): 0x01, ("data", "nvs"): 0x02, ("data", "fat"): 0x81, ("data", "littlefs"): 0x83,
}  # fmt: skip
_ENTRY = struct.Struct("<2sBBII16sI")
_MAGIC, _MD5_MAGIC = b"\xaa\x50", b"\xeb\xeb" + b"\xff" * 14
_SECTOR, _APP_STEP = 0x1000, 0x10000
#: The least room for files: two versions of the firmware, settings with their predecessors, a log.
FILES_AT_LEAST = 512 * 1024
KINDS = tuple(dict.fromkeys(kind for kind, _ in _SUBTYPES))


@dataclass(frozen=True)
class Partition:
    """One partition: where it begins and how long it is [bytes]."""

    name: str
    kind: str  # "app", "data"
    subtype: str  # "ota_0", "ota_1", "factory", "ota", "phy", "nvs", "fat", "littlefs"
    at: int
    size: int

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.at + self.size


def subtypes(kind: str) -> list[str]:
    """The subtypes that a kind of partition may have."""
    return [subtype for of_kind, subtype in _SUBTYPES if of_kind == kind]


def to_bytes(table: Sequence[Partition]) -> bytes:
    """The table as it stands in the flash, TABLE_SIZE bytes."""
    entries = b"".join(
        _ENTRY.pack(_MAGIC, APP if one.kind == "app" else DATA, _SUBTYPES[one.kind, one.subtype], one.at, one.size, one.name.encode(), 0)
        for one in table
    )
    return (entries + _MD5_MAGIC + hashlib.md5(entries, usedforsecurity=False).digest()).ljust(TABLE_SIZE, b"\xff")


def from_bytes(data: bytes) -> list[Partition]:
    """The partitions in a table as it was read from a flash or an image; as far as they make sense to us. [] if there is no table."""
    names = {(APP if kind == "app" else DATA, number): (kind, subtype) for (kind, subtype), number in _SUBTYPES.items()}
    found = []
    for at in range(0, len(data) - _ENTRY.size + 1, _ENTRY.size):
        magic, kind, subtype, begins, size, name, _ = _ENTRY.unpack_from(data, at)
        if magic != _MAGIC:
            break
        words = names.get((kind, subtype), ("app" if kind == APP else "data", f"0x{subtype:02x}"))
        found.append(Partition(name.rstrip(b"\0").decode(errors="replace"), *words, begins, size))
    return found


def files_size(table: Sequence[Partition], flash_bytes: int) -> int:
    """The room for files [bytes]: a partition of its own, else all behind the last one, which MicroPython takes by itself."""
    own = [one.size for one in table if one.subtype in ("fat", "littlefs")]
    return own[0] if own else flash_bytes - max((one.end for one in table), default=0)


def faults(table: Sequence[Partition], flash_bytes: int) -> Iterable[tuple[int | None, str]]:
    """What is wrong with a table: (number of the partition, None for the whole, what and what to do)."""
    for number, one in enumerate(table):
        step = _APP_STEP if one.kind == "app" else _SECTOR
        if one.at % step or one.size % _SECTOR or one.size <= 0:
            yield number, f"an {one.kind} partition begins at a multiple of 0x{step:x} and is whole sectors of 0x1000 long."
        if one.at < TABLE_AT + TABLE_SIZE:
            yield number, f"the flash up to 0x{TABLE_AT + TABLE_SIZE:x} belongs to the bootloader and to this table. Begin behind it."
        if one.end > flash_bytes:
            yield number, f"it ends at 0x{one.end:x}, but the flash has {show_size(flash_bytes)} (0x{flash_bytes:x}). Make it smaller."
        for before in table[:number]:
            if one.at < before.end and before.at < one.end:
                free = -(-before.end // step) * step
                yield number, f'it overlaps "{before.name}" (0x{before.at:x} to 0x{before.end:x}). Begin at 0x{free:x} or later.'
            if one.name == before.name:
                yield number, f'there are two partitions called "{one.name}". Rename one.'
    yield from _missing(table, flash_bytes)


def _missing(table: Sequence[Partition], flash_bytes: int) -> Iterable[tuple[int | None, str]]:
    by_subtype = {(one.kind, one.subtype): one for one in table}
    slots = [by_subtype.get(("app", name)) for name in ("ota_0", "ota_1")]
    if slots[0] is None or slots[1] is None:
        yield None, "two app slots (ota_0, ota_1) are needed: with one, the runtime can never be renewed without a ladder."
    elif slots[0].size != slots[1].size:
        yield None, f"the app slots differ (0x{slots[0].size:x}, 0x{slots[1].size:x}): a runtime must fit either. Make them alike."
    if ("app", "factory") in by_subtype:
        yield None, "a factory app beside two slots takes the room of one, and is what starts when both fail. Leave it out."
    ota = by_subtype.get(("data", "ota"))
    if ota is None or ota.size < 0x2000:
        yield None, "otadata (data, ota) with 0x2000 is needed: it says which slot starts."
    nvs = by_subtype.get(("data", "nvs"))
    if nvs is None or nvs.size < 0x3000:
        yield None, "nvs (data, nvs) with at least 0x3000 is needed: counters of starts, and the radio's calibration."
    room = files_size(table, flash_bytes)
    if room < FILES_AT_LEAST:
        left = f"{show_size(room)} are" if room > 0 else "nothing is"
        yield None, f"{left} left for files; two versions of the firmware need {show_size(FILES_AT_LEAST)}."


def show_size(size: int) -> str:
    """Bytes as people read them: 4 MB, 960 kB."""
    whole, rest = divmod(size, 1024 * 1024)
    return f"{whole} MB" if not rest else f"{size / 1024 / 1024:.2f} MB" if whole else f"{size // 1024} kB"
