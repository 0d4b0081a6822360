"""What a virtual board knows of the chips that Lykta's boards have: what a loader reads from them, and how they greet.

The addresses are those of Espressif's technical reference manuals; what is in the registers is what an ordinary chip of that kind shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_MIB = 1 << 20
#: Bit of the SPI controller's command register that starts a transfer.
SPI_START = 1 << 18
READ_ID = 0x9F
_MANUFACTURER = 0xEF  # Winbond
_UART_DIVIDER = 347  # 40 MHz / 115,200: a loader works the crystal out from it
#: A chip's register for telling chips apart, on the older ones.
MAGIC_REGISTER = 0x40001000


@dataclass(frozen=True)
class Chip:
    """One kind of chip. `image_id`: in the header of its images; `spi`: (command, user 2, first data word) of the flash's controller.

    `loader_at`: where in flash its bootloader is; `mac_low`, `mac_high`: registers of the MAC; `secure`: (register, mask) of secure boot;
    `security_info`: whether its ROM knows that command; `fixed`: other registers; `greeting`: what its ROM prints first.
    """

    name: str
    image_id: int
    loader_at: int
    spi: tuple[int, int, int]
    mac_low: int
    mac_high: int
    secure: tuple[int, int]
    security_info: bool
    greeting: str
    normal: str
    download: str
    fixed: Mapping[int, int] = field(default_factory=dict)


ESP32 = Chip(
    "esp32",
    0,
    0x1000,
    (0x3FF42000, 0x3FF42024, 0x3FF42080),
    0x3FF5A004,
    0x3FF5A008,
    (0x3FF5A018, 1 << 4),
    False,
    "ets Jul 29 2019 12:21:46",
    "boot:0x13 (SPI_FAST_FLASH_BOOT)",
    "boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))",
    {
        MAGIC_REGISTER: 0x00F01D83,
        0x3FF5A00C: 1 << 15 | 1 << 9,  # revision 3, in the package D0WD
        0x3FF5A010: 128,  # the fast RC clock in units of 250 kHz ...
        0x3FF5F06C: 800 << 7,  # ... and its calibration: a crystal of 40 MHz
        0x3FF5A014: 1 << 24 | 1 << 20,
        0x3FF6607C: 1 << 31,
        0x3FF40014: _UART_DIVIDER,
    },
)
ESP32_S3 = Chip(
    "esp32s3",
    9,
    0,
    (0x60002000, 0x60002020, 0x60002058),
    0x60007044,
    0x60007048,
    (0x60007038, 1 << 20),
    True,
    "ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021",
    "boot:0x8 (SPI_FAST_FLASH_BOOT)",
    "boot:0x0 (DOWNLOAD(USB/UART0))",
    {0x60007050: 2 << 18, 0x60000014: _UART_DIVIDER},
)
ESP32_C3 = Chip(
    "esp32c3",
    5,
    0,
    (0x60002000, 0x60002020, 0x60002058),
    0x60008844,
    0x60008848,
    (0x60008838, 1 << 20),
    True,
    "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021",
    "boot:0xc (SPI_FAST_FLASH_BOOT)",
    "boot:0x4 (DOWNLOAD(USB/UART0/1))",
    {0x60008850: 4 << 18, 0x60000014: _UART_DIVIDER},
)
CHIPS = {chip.name: chip for chip in (ESP32, ESP32_S3, ESP32_C3)}


def flash_id(size: int) -> int:
    """What a flash chip of so many bytes answers when asked who it is."""
    return (size.bit_length() - 1) << 16 | 0x40 << 8 | _MANUFACTURER


def registers(chip: Chip, mac: bytes, secure: bool) -> dict[int, int]:
    """What the registers of a chip show after a reset; all others show 0."""
    found = dict(chip.fixed)
    found[chip.mac_low] = int.from_bytes(mac[2:], "big")
    found[chip.mac_high] = int.from_bytes(mac[:2], "big")
    if secure:
        register, mask = chip.secure
        found[register] = found.get(register, 0) | mask
    return found


def size_of(text: str) -> int:
    """The bytes in a size such as "4 MB"."""
    return int(text.upper().removesuffix("MB")) * _MIB
