"""The flash of a virtual board, kept in a file: an erase sets bits, a write only clears them, and what was written outlives any cut."""

from __future__ import annotations

import os
from pathlib import Path

SECTOR = 4096
_BLANK = b"\xff"


class FlashFile:
    """So many bytes of flash. It is never told of a loss of power: what has been written is there."""

    def __init__(self, path: Path, size: int) -> None:
        """Use what is in the file; make it, blank, where there is none or it has another size."""
        self.path = path
        self.size = size
        if not path.is_file() or path.stat().st_size != size:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_BLANK * size)
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def read(self, start: int, length: int) -> bytes:
        """Bytes from an address on; fewer at the end."""
        return os.pread(self._file, max(0, min(length, self.size - start)), start)

    def write(self, start: int, data: bytes) -> None:
        """Write to flash that was erased; elsewhere only those bits become 0 that are 0 in the data, as on the chip."""
        data = data[: max(0, self.size - start)]
        old = self.read(start, len(data))
        if old != _BLANK * len(old):
            data = (int.from_bytes(old, "big") & int.from_bytes(data, "big")).to_bytes(len(data), "big")
        os.pwrite(self._file, data, start)

    def erase(self, start: int, length: int) -> None:
        """Erase whole sectors."""
        first, last = start // SECTOR, -(-min(start + length, self.size) // SECTOR)
        for sector in range(first, last):
            if self.read(sector * SECTOR, SECTOR) != _BLANK * SECTOR:
                os.pwrite(self._file, _BLANK * SECTOR, sector * SECTOR)
