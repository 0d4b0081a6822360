"""A board as the rest of the host sees it: what hangs on which pin, how its flash is laid out, which runtime it takes.

`load_board("esp32_devkitc")` or `load_board("my_board.yaml")` gives a checked `Board`, or every problem at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from lykta.plan.chips import Chip
from lykta.plan.partitions import Partition

#: The board of a lamp whose site names none.
DEFAULT = "esp32_devkitc"


@dataclass(frozen=True)
class Uart:
    """A UART and its pins, seen from the node: it talks on `tx` and listens on `rx`."""

    number: int
    tx: int
    rx: int


@dataclass(frozen=True)
class Bus:
    """An I2C bus and its pins."""

    number: int
    sda: int
    scl: int


@dataclass(frozen=True)
class Light:
    """How the lamp is dimmed. `kind`: "pwm" (to a driver with a PWM input) or "0-10v" (PWM through a filter); `inverted`: low is full."""

    pin: int
    kind: str
    frequency_hz: int
    inverted: bool


@dataclass(frozen=True)
class Led:
    """The status LED. `inverted`: it shines while the pin is low."""

    pin: int
    inverted: bool


@dataclass(frozen=True)
class Ethernet:
    """The PHY of a gateway: its kind as MicroPython calls it, its pins (`power` -1: always on), its address."""

    phy: str
    mdc: int
    mdio: int
    clock: int
    power: int
    address: int


@dataclass(frozen=True)
class Usb:
    """What a port must say of itself to be this board. `what`: the chip on the board, for people."""

    vid: int
    pid: int
    what: str


@dataclass(frozen=True)
class Image:
    """A runtime image that was tried on this board: its file name, and the SHA-256 of the file in small hexadecimal digits."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Runtime:
    """The MicroPython that belongs on a board. `file`: how its image is called, with `*`; `source`: how to get one; `at`: where in the
    flash it begins; `images`: those that are known, the newest first. An image not among them is not written without being asked for."""

    version: str
    file: str
    source: str
    at: int
    images: tuple[Image, ...]

    def known(self, sha256: str) -> Image | None:
        """The known image with this SHA-256."""
        return next((image for image in self.images if image.sha256 == sha256.lower()), None)

    def named(self, files: Sequence[str]) -> list[str]:
        """Those of some file names that an image of this board may have, the last by name (so by date and version) first."""
        names = {image.file for image in self.images}
        return sorted((name for name in files if name in names or fnmatch(name, self.file)), reverse=True)


@dataclass(frozen=True)
class Board:
    """A checked board. `id`: its name in sites, labels and the inventory; `name`: what is printed on it.

    `pir_pins` and `radar_uarts` in the order in which sensors are put on them; `buttons`: what to hold and press so that it can be
    flashed; `file`: as named in messages.
    """

    id: str
    name: str
    note: str
    chip: Chip
    flash_bytes: int
    partitions: tuple[Partition, ...]
    runtime: Runtime
    usb: tuple[Usb, ...]
    buttons: str
    light: Light
    led: Led | None
    pir_pins: tuple[int, ...]
    radar_uarts: tuple[Uart, ...]
    light_sensor: Bus | None = None
    meter: Uart | None = None
    ethernet: Ethernet | None = None
    file: str = ""

    @property
    def gateway(self) -> bool:
        """Whether it has a cable to the network."""
        return self.ethernet is not None

    def fits_usb(self, vid: int | None, pid: int | None) -> bool:
        """Whether a port with these USB numbers may be this board."""
        return any((vid, pid) == (usb.vid, usb.pid) for usb in self.usb)

    def slot_bytes(self) -> int:
        """How long an app may be [bytes]: the size of its slot."""
        return next(one.size for one in self.partitions if (one.kind, one.subtype) == ("app", "ota_0"))
