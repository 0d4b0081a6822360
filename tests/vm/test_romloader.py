"""The ROM loader and the flash, frame by frame: what esptool relies on, and what a bad line brings."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import pytest

from lykta.vm.chips import CHIPS, ESP32, ESP32_C3, ESP32_S3, READ_ID, SPI_START, Chip, flash_id, registers
from lykta.vm.espimage import folded
from lykta.vm.flashfile import SECTOR, FlashFile
from lykta.vm.romloader import (
    CHANGE_BAUDRATE,
    DEFL_BEGIN,
    DEFL_DATA,
    FLASH_BEGIN,
    FLASH_DATA,
    FLASH_END,
    FLASH_MD5,
    MEM_END,
    READ_REG,
    SECURITY_INFO,
    SYNC,
    WRITE_REG,
    Loader,
    Slip,
    framed,
)

MAC = bytes.fromhex("024c59010203")
MEBIBYTE = 1 << 20


class Host:
    """Speaks with a loader, and hears its answers."""

    def __init__(self, folder: Path, chip: Chip = ESP32, secure: bool = False) -> None:
        self.flash = FlashFile(folder / "flash.bin", MEBIBYTE)
        self.frames: list[bytes] = []
        self.left = 0
        self.baud = 0
        self._slip = Slip()
        self.loader = Loader(chip, registers(chip, MAC, secure), self.flash, self._hear, self._leave, self._at_baud)

    def _hear(self, data: bytes) -> None:
        self.frames += self._slip.take(data)

    def _leave(self) -> None:
        self.left += 1

    def _at_baud(self, baud: int) -> None:
        self.baud = baud

    def say(self, number: int, data: bytes = b"", checksum: int = 0) -> tuple[int, bytes]:
        """A command: (value, data and status) of the answer to it."""
        self.frames.clear()
        self.loader.take(framed(struct.pack("<BBHI", 0, number, len(data), checksum) + data))
        direction, answered, _, value = struct.unpack_from("<BBHI", self.frames[0])
        assert (1, number) == (direction, answered)
        return value, self.frames[0][8:]

    def block(self, number: int, piece: bytes, checksum: int | None = None) -> bytes:
        """A block of data: its status."""
        head = struct.pack("<IIII", len(piece), 0, 0, 0)
        return self.say(number, head + piece, 0xEF ^ folded(piece) if checksum is None else checksum)[1]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host, and the ROM of an ESP32."""
    return Host(tmp_path)


def test_sync__is_answered_eight_times_and_tells_rom_from_stub(host: Host):
    """The ROM's value is not 0, the stub's is."""
    value, _ = host.say(SYNC, b"\x07\x07\x12\x20" + b"\x55" * 32)
    assert len(host.frames) == 8
    assert value
    host.say(MEM_END, struct.pack("<II", 0, 0x400BE000))
    assert host.frames[-1] == b"OHAI"
    value, _ = host.say(SYNC, b"\x07\x07\x12\x20" + b"\x55" * 32)
    assert not value


@pytest.mark.parametrize("chip", CHIPS.values(), ids=lambda chip: chip.name)
def test_registers__tell_mac_and_flash(tmp_path: Path, chip: Chip):
    """The MAC in two words, the flash's id through the controller of its bus."""
    host = Host(tmp_path, chip)
    low = host.say(READ_REG, struct.pack("<I", chip.mac_low))[0]
    high = host.say(READ_REG, struct.pack("<I", chip.mac_high))[0]
    assert (high & 0xFFFF).to_bytes(2, "big") + low.to_bytes(4, "big") == MAC
    command, user, word = chip.spi
    for address, value in ((user, 7 << 28 | READ_ID), (command, SPI_START)):
        host.say(WRITE_REG, struct.pack("<IIII", address, value, 0xFFFFFFFF, 0))
    assert host.say(READ_REG, struct.pack("<I", word))[0] == flash_id(MEBIBYTE)


@pytest.mark.parametrize(("chip", "number"), [(ESP32_S3, 9), (ESP32_C3, 5)])
def test_security_info__tells_chip_and_secure_boot(tmp_path: Path, chip: Chip, number: int):
    """Newer chips say who they are; the ESP32 does not know the question."""
    (tmp_path / "locked").mkdir()
    for secure, folder in ((False, tmp_path), (True, tmp_path / "locked")):
        flags, found = struct.unpack_from("<I8xI", Host(folder, chip, secure).say(SECURITY_INFO)[1])
        assert (flags & 1, found) == (int(secure), number)
    assert Host(tmp_path).say(SECURITY_INFO)[1] == b"\x01\x05\0\0"


def test_flash__takes_blocks_compressed_or_not_and_tells_their_digest(host: Host):
    """What was written is what the digest is of; whatever was there is erased first."""
    plain, packed = bytes(range(256)) * 16, b"light" * 3000
    host.flash.write(0x1000, bytes(100))
    host.say(FLASH_BEGIN, struct.pack("<IIII", 4096, 1, 4096, 0x1000))
    assert host.block(FLASH_DATA, plain) == b"\0\0\0\0"
    host.say(DEFL_BEGIN, struct.pack("<IIII", len(packed), 1, 0x400, 0x10000))
    assert host.block(DEFL_DATA, zlib.compress(packed)) == b"\0\0\0\0"
    assert host.flash.read(0x1000, 4096) == plain
    digest = host.say(FLASH_MD5, struct.pack("<IIII", 0x10000, len(packed), 0, 0))[1]
    assert digest[:32].decode() == hashlib.md5(packed).hexdigest()


def test_block_that_was_damaged_on_the_way__is_refused(host: Host):
    """A wrong checksum, a stream that does not inflate, a place beyond the flash, a command that nobody knows."""
    host.say(FLASH_BEGIN, struct.pack("<IIII", 4096, 1, 4096, 0))
    assert host.block(FLASH_DATA, b"abcd", checksum=1)[:1] == b"\x01"
    assert host.flash.read(0, 4) == b"\xff" * 4
    host.say(DEFL_BEGIN, struct.pack("<IIII", 4096, 1, 0x400, 0))
    assert host.block(DEFL_DATA, b"this is no stream")[:1] == b"\x01"
    assert host.say(FLASH_BEGIN, struct.pack("<IIII", 4096, 1, 4096, MEBIBYTE))[1][:1] == b"\x01"
    assert host.say(0x77)[1][:1] == b"\x01"
    assert host.say(READ_REG, b"\0")[1][:1] == b"\x01"


def test_noise__is_passed_over(host: Host):
    """Bytes between frames, an end without a beginning, and the next frame is heard."""
    host.loader.take(b"noise\xc0\x01\x02\xc0garbage")
    assert host.frames == []
    assert host.say(READ_REG, struct.pack("<I", 0x40001000))[0] == 0x00F01D83


def test_leaving__starts_the_program_and_speed_is_handed_on(host: Host):
    """A host that is done may tell it to go, or to stay."""
    host.say(FLASH_END, struct.pack("<I", 1))
    assert host.left == 0
    host.say(FLASH_END, struct.pack("<I", 0))
    assert host.left == 1
    host.say(CHANGE_BAUDRATE, struct.pack("<II", 460_800, 0))
    assert host.baud == 460_800


def test_flash__clears_bits_only_and_outlives_its_board(tmp_path: Path):
    """As on the chip: without an erase, a 0 stays a 0."""
    flash = FlashFile(tmp_path / "flash.bin", 4 * SECTOR)
    flash.write(10, b"\xf0")
    flash.write(10, b"\x0f")
    assert flash.read(10, 1) == b"\0"
    flash.close()
    again = FlashFile(tmp_path / "flash.bin", 4 * SECTOR)
    assert again.read(10, 1) == b"\0"
    again.erase(0, 1)
    assert again.read(0, SECTOR) == b"\xff" * SECTOR
