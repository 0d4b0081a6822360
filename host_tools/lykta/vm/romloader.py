"""The ROM loader of a chip, and the stub that a host may load into it: what esptool speaks with.

Frames begin and end with 0xC0 (SLIP). A command has a direction (0), a number, the length of its data, a checksum; an answer a direction
(1), the same number, a length and a value, then data and status. (Espressif, "Serial protocol", in the documentation of esptool.)
The stub is not run, of course: a host that loads code into RAM and starts it gets the greeting of the stub, and its answers from then on.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from typing import Protocol

from lykta.vm.chips import MAGIC_REGISTER, READ_ID, SPI_START, Chip, flash_id
from lykta.vm.espimage import folded

END, ESCAPE = 0xC0, 0xDB
_SYNC = b"\x07\x07\x12\x20" + b"\x55" * 32
_SECTOR = 4096
_CHECKSUM = 0xEF
_PIECE = 64  # bytes that the ROM reads at once
_LONGEST = 1 << 17  # bytes of a frame: more is noise without an end

(
    FLASH_BEGIN,
    FLASH_DATA,
    FLASH_END,
    MEM_BEGIN,
    MEM_END,
    MEM_DATA,
    SYNC,
    WRITE_REG,
    READ_REG,
    SPI_SET_PARAMS,
) = range(2, 12)
SPI_ATTACH, READ_FLASH_SLOW, CHANGE_BAUDRATE, DEFL_BEGIN, DEFL_DATA, DEFL_END, FLASH_MD5, SECURITY_INFO = range(13, 21)
ERASE_FLASH, ERASE_REGION, READ_FLASH, RUN_USER_CODE = range(0xD0, 0xD4)

_REFUSED = b"\x01\x05"  # an invalid message
_BAD_CHECKSUM = b"\x01\x07"
_BAD_DATA = b"\x01\x0b"  # it does not inflate
_WELL = b"\0\0"


class Flash(Protocol):
    """The flash of the board: bytes that an erase sets to 0xFF, and a write can only clear bits of."""

    size: int

    def read(self, start: int, length: int) -> bytes:
        """Bytes from an address on."""

    def write(self, start: int, data: bytes) -> None:
        """Write bytes that were erased before."""

    def erase(self, start: int, length: int) -> None:
        """Erase all sectors from an address on."""


class Slip:
    """Takes bytes as they come, gives whole frames."""

    def __init__(self) -> None:
        self._frame: bytearray | None = None
        self._escaped = False

    def take(self, data: bytes) -> list[bytes]:
        """The frames that these bytes complete."""
        frames = []
        for byte in data:
            if byte == END:
                if self._frame:
                    frames.append(bytes(self._frame))
                    self._frame = None
                else:
                    self._frame = bytearray()
                self._escaped = False
            elif self._frame is None:
                continue  # between frames: what is said to somebody else
            elif self._escaped:
                self._frame.append(END if byte == 0xDC else ESCAPE)
                self._escaped = False
            elif byte == ESCAPE:
                self._escaped = True
            else:
                self._frame.append(byte)
            if self._frame is not None and len(self._frame) > _LONGEST:
                self._frame = None
        return frames


def framed(data: bytes) -> bytes:
    """Bytes as a frame."""
    return b"\xc0" + data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


def is_sync(frame: bytes) -> bool:
    """Whether a frame is the call by which a host looks for a loader."""
    return len(frame) == 8 + len(_SYNC) and frame[1] == SYNC and frame[8:] == _SYNC


class Loader:
    """The loader from its start to its end. `send` takes what it says; `registers` and `flash` are the chip's.

    `on_leave()`: the host has told it to start the program; `on_baud(baud)`: the line is to run at another speed.
    """

    def __init__(
        self,
        chip: Chip,
        registers: dict[int, int],
        flash: Flash,
        send: Callable[[bytes], None],
        on_leave: Callable[[], None],
        on_baud: Callable[[int], None],
    ) -> None:
        self._chip = chip
        self._registers = registers
        self._flash = flash
        self._send = send
        self._leave = on_leave
        self._on_baud = on_baud
        self._slip = Slip()
        self.stub = False
        self._at = self._end = self._erased = 0
        self._inflate = zlib.decompressobj()
        self._reading: tuple[int, int, int] | None = None
        self._commands: dict[int, Callable[[bytes], None]] = {
            SYNC: self._sync,
            READ_REG: lambda data: self._answer(READ_REG, value=self._register(struct.unpack_from("<I", data)[0])),
            WRITE_REG: self._write_registers,
            SPI_ATTACH: lambda data: self._answer(SPI_ATTACH),
            SPI_SET_PARAMS: lambda data: self._answer(SPI_SET_PARAMS),
            CHANGE_BAUDRATE: self._change_baud,
            SECURITY_INFO: self._security_info,
            MEM_BEGIN: lambda data: self._answer(MEM_BEGIN),
            MEM_DATA: lambda data: self._answer(MEM_DATA),
            MEM_END: self._run_memory,
            FLASH_BEGIN: lambda data: self._begin(FLASH_BEGIN, data),
            DEFL_BEGIN: lambda data: self._begin(DEFL_BEGIN, data),
            FLASH_DATA: lambda data: self._data(FLASH_DATA, data),
            DEFL_DATA: lambda data: self._data(DEFL_DATA, data),
            FLASH_END: lambda data: self._finish(FLASH_END, data),
            DEFL_END: lambda data: self._finish(DEFL_END, data),
            FLASH_MD5: self._digest,
            READ_FLASH_SLOW: self._read_slow,
            READ_FLASH: self._read_fast,
            ERASE_FLASH: lambda data: self._erase(ERASE_FLASH, 0, flash.size),
            ERASE_REGION: lambda data: self._erase(ERASE_REGION, *struct.unpack_from("<II", data)),
            RUN_USER_CODE: lambda data: self._leave(),
        }

    def take(self, data: bytes) -> None:
        """What the host says."""
        for frame in self._slip.take(data):
            if self._reading:
                self._continue_reading(frame)
            elif len(frame) >= 8 and frame[0] == 0:
                self._command(frame)

    def _command(self, frame: bytes) -> None:
        _, number, length, checksum = struct.unpack_from("<BBHI", frame)
        data = frame[8:]
        known = self._commands.get(number)
        stub_only = number >= ERASE_FLASH or (number == SECURITY_INFO and not self._chip.security_info)
        if known is None or len(data) != length or (stub_only and not self.stub) or (self.stub and number == SECURITY_INFO):
            self._answer(number, status=_REFUSED)
        elif number in (FLASH_DATA, DEFL_DATA, MEM_DATA) and _CHECKSUM ^ folded(data[16:]) != checksum:
            self._answer(number, status=_BAD_CHECKSUM)
        else:
            try:
                known(data)
            except struct.error:
                self._answer(number, status=_REFUSED)

    def _answer(self, number: int, data: bytes = b"", value: int = 0, status: bytes = _WELL) -> None:
        ending = status if self.stub else status + b"\0\0"
        self._send(framed(struct.pack("<BBHI", 1, number, len(data) + len(ending), value) + data + ending))

    # --- who are you --------------------------------------------------------------------------------------------

    def _sync(self, data: bytes) -> None:
        for _ in range(8):
            self._answer(SYNC, value=0 if self.stub else 0x20120707)

    def _register(self, address: int) -> int:
        return self._registers.get(address, 0)

    def _write_registers(self, data: bytes) -> None:
        for at in range(0, len(data) - 15, 16):
            address, value, mask, _ = struct.unpack_from("<IIII", data, at)
            if address != MAGIC_REGISTER:
                self._registers[address] = self._register(address) & ~mask | value & mask
            command, user, word = self._chip.spi
            if address == command and value & SPI_START:
                asked = self._register(user) & 0xFF
                self._registers[word] = flash_id(self._flash.size) if asked == READ_ID else 0
                self._registers[command] &= ~SPI_START
        self._answer(WRITE_REG)

    def _security_info(self, data: bytes) -> None:
        register, mask = self._chip.secure
        flags = 1 if self._register(register) & mask else 0
        self._answer(SECURITY_INFO, struct.pack("<I8xII", flags, self._chip.image_id, 0))

    def _change_baud(self, data: bytes) -> None:
        self._answer(CHANGE_BAUDRATE)
        self._on_baud(struct.unpack_from("<I", data)[0])

    def _run_memory(self, data: bytes) -> None:
        stay, _ = struct.unpack_from("<II", data)
        self._answer(MEM_END)
        if not stay:
            self.stub = True
            self._send(framed(b"OHAI"))

    # --- writing ------------------------------------------------------------------------------------------------

    def _begin(self, number: int, data: bytes) -> None:
        size, blocks, block, start = struct.unpack_from("<IIII", data)
        length = size if number == DEFL_BEGIN else blocks * block
        if start + length > -(-self._flash.size // _SECTOR) * _SECTOR:
            self._answer(number, status=_REFUSED)
            return
        self._inflate = zlib.decompressobj()
        self._at, self._end, self._erased = start, start + length, start // _SECTOR * _SECTOR
        if not self.stub:
            self._erase_to(start + max(size, length))  # the ROM erases first, the stub while it writes
        self._answer(number)

    def _erase_to(self, end: int) -> None:
        if end > self._erased:
            length = -(-(end - self._erased) // _SECTOR) * _SECTOR
            self._flash.erase(self._erased, length)
            self._erased += length

    def _data(self, number: int, data: bytes) -> None:
        piece = data[16 : 16 + struct.unpack_from("<I", data)[0]]
        if number == DEFL_DATA:
            try:
                piece = self._inflate.decompress(piece)
            except zlib.error:
                self._answer(number, status=_BAD_DATA)
                return
        # A block is answered before it is written, as the stub does it: the host sends the next one meanwhile.
        piece = piece[: max(0, self._end - self._at)]
        self._erase_to(self._at + len(piece))
        self._flash.write(self._at, piece)
        self._at += len(piece)
        self._answer(number)

    def _finish(self, number: int, data: bytes) -> None:
        (stay,) = struct.unpack_from("<I", data)
        self._answer(number)
        if not stay:
            self._leave()

    def _erase(self, number: int, start: int, length: int) -> None:
        self._flash.erase(start, length)
        self._answer(number)

    # --- reading ------------------------------------------------------------------------------------------------

    def _digest(self, data: bytes) -> None:
        start, length = struct.unpack_from("<II", data)
        digest = hashlib.md5(self._flash.read(start, length))
        self._answer(FLASH_MD5, digest.digest() if self.stub else digest.hexdigest().encode())

    def _read_slow(self, data: bytes) -> None:
        start, length = struct.unpack_from("<II", data)
        self._answer(READ_FLASH_SLOW, self._flash.read(start, min(length, _PIECE)).ljust(_PIECE, b"\0"))

    def _read_fast(self, data: bytes) -> None:
        start, length, block = struct.unpack_from("<III", data)
        self._answer(READ_FLASH)
        self._reading = (start, start + length, start)
        self._block = max(1, block)
        self._send_block()

    def _send_block(self) -> None:
        assert self._reading
        start, end, at = self._reading
        piece = self._flash.read(at, min(self._block, end - at))
        self._reading = (start, end, at + len(piece))
        self._send(framed(piece))

    def _continue_reading(self, frame: bytes) -> None:
        """The host says how much it has."""
        assert self._reading
        start, end, at = self._reading
        if len(frame) != 4 or struct.unpack("<I", frame)[0] != at - start:
            return
        if at < end:
            self._send_block()
        else:
            self._reading = None
            self._send(framed(hashlib.md5(self._flash.read(start, end - start)).digest()))
