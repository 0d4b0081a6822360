"""What each chip can do with its pins: facts of Espressif's datasheets and technical reference manuals, in one table.

A *strapping* pin decides how the chip starts, by its level at that moment: a sensor or a lamp driver on it can keep a node from
starting, and only sometimes. A board file may not use one; what the maker of a board has wired there itself is named under `wired`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Chip:
    """One chip. Pins are GPIO numbers.

    `flash`, `console`, `usb`: taken by the module's own flash, by UART 0, by the built-in USB; `psram[kind]`: taken besides where the
    module has PSRAM of that kind. `pwm_clock_hz` and `pwm_bits`: frequency times 2^bits stays below the clock, and bits below the most.
    `image_at`: where the runtime image begins in the flash. `esptool_name`: what esptool calls the chip.
    """

    name: str
    esptool_name: str
    pins: Collection[int]
    strapping: Mapping[int, str]
    input_only: Collection[int]
    flash: Collection[int]
    console: Collection[int]
    usb: Collection[int]
    uarts: int
    i2cs: int
    pwm_channels: int
    pwm_bits: int
    image_at: int
    ethernet: Collection[int] = ()
    psram: Mapping[str, Collection[int]] = field(default_factory=dict)
    pwm_clock_hz: int = 80_000_000


_ESP32 = Chip(
    name="esp32",
    esptool_name="ESP32",
    pins=(*range(20), *range(21, 24), *range(25, 28), *range(32, 40)),
    strapping={
        0: "low at the start: the chip waits to be flashed",
        2: "must be low or open to be flashed",
        5: "decides the timing of SDIO",
        12: "high at the start: the flash gets 1.8 V, and the chip does not start",
        15: "low at the start: the chip says nothing on its console",
    },
    input_only=range(34, 40),
    flash=range(6, 12),
    console=(1, 3),
    usb=(),
    uarts=3,
    i2cs=2,
    pwm_channels=16,
    pwm_bits=16,  # the chip has 20, MicroPython's duty_u16 16
    image_at=0x1000,
    ethernet=(19, 21, 22, 25, 26, 27),  # RMII data lines: fixed in the chip
    psram={"quad": (16, 17)},
)

_ESP32S3 = Chip(
    name="esp32s3",
    esptool_name="ESP32-S3",
    pins=(*range(22), *range(26, 49)),
    strapping={
        0: "low at the start: the chip waits to be flashed",
        3: "decides where JTAG comes from",
        45: "high at the start: the flash gets 1.8 V, and the chip does not start",
        46: "must be low to be flashed",
    },
    input_only=(),
    flash=range(26, 33),
    console=(43, 44),
    usb=(19, 20),
    uarts=3,
    i2cs=2,
    pwm_channels=8,
    pwm_bits=14,
    image_at=0,
    psram={"quad": (), "octal": range(33, 38)},
)

_ESP32C3 = Chip(
    name="esp32c3",
    esptool_name="ESP32-C3",
    pins=range(22),
    strapping={
        2: "must be high at the start",
        8: "must be high to be flashed",
        9: "low at the start: the chip waits to be flashed",
    },
    input_only=(),
    flash=range(11, 18),
    console=(20, 21),
    usb=(18, 19),
    uarts=2,
    i2cs=1,
    pwm_channels=6,
    pwm_bits=14,
    image_at=0,
)

CHIPS: Mapping[str, Chip] = {chip.name: chip for chip in (_ESP32, _ESP32S3, _ESP32C3)}
