"""Reads a board from YAML: `load_board("esp32_devkitc")` or `load_board("my_board.yaml")` gives a checked `Board`.

`like: esp32_devkitc` takes all from another board that the file does not say itself; `meter: none` takes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from lykta.document import Document, Node
from lykta.errors import InputError
from lykta.plan import partitions
from lykta.plan.board import Board, Bus, Ethernet, Image, Led, Light, Runtime, Uart, Usb
from lykta.plan.board_pins import IN, OUT, Pins
from lykta.plan.chips import CHIPS
from lykta.plan.partitions import Partition
from lykta.units import near_miss

_HERE = Path(__file__).resolve().parents[1]
KEYS = (
    "like", "name", "note", "chip", "psram", "flash", "partitions", "runtime", "usb", "native_usb", "buttons",
    "light", "led", "sensors", "light_sensor", "meter", "ethernet", "wired",
)  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(kB|KB|K|MB|M)$")
_FACTORS = {"K": 1024, "M": 1024 * 1024}
_SHA256 = re.compile(r"[0-9a-fA-F]{64}$")
_MOST_LIKE = 5
_FLASHES = (2, 4, 8, 16, 32)  # MB
_LOWEST_HZ, _HIGHEST_HZ = 200, 200_000  # below, people see it flicker while they move; above, no driver follows


def boards_folder() -> Path:
    """Where the packaged boards lie: inside the installed wheel, else in the clone."""
    return next((folder for folder in (_HERE / "_boards", _HERE.parents[1] / "boards") if folder.is_dir()), _HERE / "_boards")


def packaged_boards() -> list[str]:
    """The names of the boards that come with Lykta."""
    return sorted(path.stem for path in boards_folder().glob("*.yaml"))


def find_board(which: str | Path, beside: Path | None = None) -> Path | None:
    """The file of a board by its path, by its name in the folder `beside` (a site's), or by its packaged name."""
    path = Path(which)
    names = [path, *((beside / path, beside / f"{which}.yaml") if beside else ()), boards_folder() / f"{which}.yaml"]
    return next((name for name in names if name.is_file()), None)


def load_board(which: str | Path, beside: Path | None = None) -> Board:
    """The board in a file, or a packaged one by its name. Raises InputError with every problem found.

    `beside`: the folder of the site that names it, where boards of one's own may lie.
    """
    path = find_board(which, beside)
    if path is None:
        known = packaged_boards()
        raise InputError.of(str(which), f"is neither a board file nor a packaged board ({', '.join(known)}).{near_miss(str(which), known)}")
    shown_as = path.name if path.parent == boards_folder() else str(path)
    return read_board(Document.load(path, shown_as), path.stem, path.parent)


def read_board(document: Document, name: str, folder: Path | None = None) -> Board:
    """The board in a document; `name`: what sites call it, `folder`: where the board may be that it is like. Raises InputError."""
    below = _below(document, folder)
    board = _Reader(document, name, below).read()
    problems = [problem for each in (document, *below) for problem in each.errors]
    if problems:
        raise InputError(problems)
    return board


def _below(document: Document, folder: Path | None) -> list[Document]:
    """The boards that a board is like: the one that it names, the one which that names, and so on."""
    found: list[Document] = []
    like = document.root.get("like") if document.root.is_mapping() else None
    while like is not None and like.present:
        path = find_board(like.text(), folder)
        if path is None or len(found) > _MOST_LIKE or (folder and path.parent == folder and path.name == Path(document.file).name):
            known = packaged_boards()
            like.problem(f'"{like.written}" is no board to be like.{near_miss(like.written, known)} Known: {", ".join(known)}.')
            document.finish()
            raise InputError(found[-1].errors)
        found.append(Document.load(path, path.name if path.parent == boards_folder() else str(path)))
        like = found[-1].root.get("like")
    return found


class _Reader:
    """Reads one board; every problem goes to the document."""

    def __init__(self, document: Document, name: str, below: Sequence[Document] = ()) -> None:
        """`below`: the boards that this one is like, the nearest first."""
        self.root = document.root
        self.below = [each.root for each in below]
        self.document = document
        self.name = name

    def read(self) -> Board:
        root = self.root
        if not root.present or not root.mapping():
            root.problem("this is no board. Copy one of the packaged ones: boards/README.md says how.")
            self.document.finish()
        root.unknown_keys(KEYS)
        self.chip = CHIPS.get(self._get("chip").text(choices=tuple(CHIPS)))
        psram = self._psram()
        self.pins = Pins(self.document, self.chip, psram, self._get("native_usb").flag(default=False))
        self.uarts: dict[int, str] = {}
        self._wired(self._get("wired"))
        flash = self._flash(self._get("flash"))
        return Board(
            id=self.name,
            name=self._get("name").text(),
            note=self._get("note").text(default=""),
            chip=self.chip or CHIPS["esp32"],
            flash_bytes=flash,
            partitions=tuple(self._partitions(self._get("partitions"), flash)),
            runtime=self._runtime(self._get("runtime")),
            usb=tuple(self._usb(self._get("usb"))),
            buttons=self._get("buttons").text(),
            ethernet=self._ethernet(self._get("ethernet")),
            light=self._light(self._get("light")),
            led=self._led(self._get("led")),
            light_sensor=self._light_sensor(self._get("light_sensor")),
            pir_pins=tuple(self._pirs(self._get("sensors"))),
            radar_uarts=tuple(self._radars(self._get("sensors"))),
            meter=self._meter(self._get("meter")),
            file=self.document.file,
        )

    def _get(self, key: str) -> Node:
        """What stands under a key here, else in the first of the boards below that has it; nothing where that is `none`."""
        node = next((root.get(key) for root in (self.root, *self.below) if root.get(key).present), self.root.get(key))
        return Node(self.document, None, key, node.where) if node.written == "none" else node

    def _psram(self) -> str:
        node = self._get("psram")
        choices = ("none", *(self.chip.psram if self.chip else ("quad", "octal")))
        return node.text(choices=choices, default="none")

    # -- flash and runtime

    def _flash(self, node: Node) -> int:
        size = _bytes(node)
        if node.present and size and size not in [each * 1024 * 1024 for each in _FLASHES]:
            node.problem(f"modules have a flash of {', '.join(map(str, _FLASHES))} MB, not {node.written}.")
        return size

    def _partitions(self, node: Node, flash: int) -> list[Partition]:
        if not node.present:
            node.problem("this is missing. Copy the table of a packaged board with the same flash.")
        items = node.list()
        before = len(self.document.errors)
        table = [self._partition(item) for item in items]
        if node.present and flash and len(self.document.errors) == before:
            for number, message in partitions.faults(table, flash):
                (node if number is None else items[number]).problem(message)
        return table

    def _partition(self, item: Node) -> Partition:
        item.unknown_keys(("name", "type", "subtype", "at", "size"))
        name = item.get("name").text()
        if len(name.encode()) > 15:
            item.get("name").problem(f'"{name}" is too long: the table holds 15 letters.')
        kind = item.get("type").text(choices=partitions.KINDS)
        return Partition(
            name,
            kind,
            item.get("subtype").text(choices=partitions.subtypes(kind) or ["ota_0"]),
            _bytes(item.get("at")),
            _bytes(item.get("size")),
        )

    def _runtime(self, node: Node) -> Runtime:
        node.unknown_keys(("version", "file", "source", "images"))
        if not node.present:
            node.problem("this is missing. Name the MicroPython image: version, file, source, images.")
            return Runtime("", "", "", 0, ())
        return Runtime(
            node.get("version").text(),
            node.get("file").text(),
            node.get("source").text(),
            self.chip.image_at if self.chip else 0,
            tuple(self._image(item) for item in node.get("images").list()),
        )

    def _image(self, item: Node) -> Image:
        item.unknown_keys(("file", "sha256"))
        digest = item.get("sha256")
        text = digest.text()
        if digest.present and not _SHA256.match(text):
            digest.problem(f"a SHA-256 has 64 hexadecimal digits, this has {len(text)} signs. `sha256sum FILE` prints it.")
        return Image(item.get("file").text(), text.lower())

    def _usb(self, node: Node) -> list[Usb]:
        if not node.list():
            node.problem("this is missing. List the USB numbers by which its port is known: `- {vid: 0x10c4, pid: 0xea60, what: CP210x}`.")
        found = []
        for item in node.list():
            item.unknown_keys(("vid", "pid", "what"))
            numbers = [_hexadecimal(item.get(key), 0xFFFF) for key in ("vid", "pid")]
            found.append(Usb(numbers[0], numbers[1], item.get("what").text()))
        return found

    # -- pins

    def _wired(self, node: Node) -> None:
        """What the maker of the board has put on pins: nothing of ours may use them too."""
        for item in node.list():
            item.unknown_keys(("pin", "for", "pwm"))
            self.pins.take(item.get("pin"), item.get("for").text(), IN, by_maker=True)
            if item.get("pwm").flag(default=False):
                self.pins.take_pwm(item.get("pwm"))

    def _light(self, node: Node) -> Light:
        node.unknown_keys(("pin", "dimming", "frequency", "inverted"))
        if not node.present:
            node.problem("this is missing. Say on which pin the lamp is dimmed: `light: {pin: 25, dimming: pwm, frequency: 1 kHz}`.")
            return Light(0, "pwm", 1000, False)
        pin = self.pins.take(node.get("pin"), "the lamp's output", OUT)
        self.pins.take_pwm(node.get("pin"))
        place = node.get("frequency")
        frequency = place.quantity("frequency", lowest=_LOWEST_HZ, highest=_HIGHEST_HZ, default=1000)
        self.pins.check_frequency(place, frequency)
        kind = node.get("dimming").text(choices=("pwm", "0-10v"))
        return Light(pin, kind, frequency, node.get("inverted").flag(default=False))

    def _led(self, node: Node) -> Led | None:
        if not node.present:
            return None
        node.unknown_keys(("pin", "inverted"))
        return Led(self.pins.take(node.get("pin"), "the status LED", OUT), node.get("inverted").flag(default=False))

    def _pirs(self, node: Node) -> list[int]:
        node.unknown_keys(("pir", "radar"))
        items = node.get("pir").list()
        return [self.pins.take(item, f"PIR {number}", IN) for number, item in enumerate(items, 1)]

    def _radars(self, node: Node) -> list[Uart]:
        items = node.get("radar").list()
        return [Uart(*self.pins.take_uart(item, f"radar {number}", self.uarts)) for number, item in enumerate(items, 1)]

    def _meter(self, node: Node) -> Uart | None:
        return Uart(*self.pins.take_uart(node, "the meter", self.uarts)) if node.present else None

    def _light_sensor(self, node: Node) -> Bus | None:
        if not node.present:
            return None
        node.unknown_keys(("i2c", "sda", "scl"))
        number = node.get("i2c").quantity("count", lowest=0, highest=9)
        if self.chip is not None and number >= self.chip.i2cs:
            node.get("i2c").problem(f"an {self.chip.esptool_name} has I2C 0{' and 1' if self.chip.i2cs == 2 else ' only'}.")
        pins = [self.pins.take(node.get(key), f"{key.upper()} of the light sensor", OUT) for key in ("sda", "scl")]
        return Bus(number, pins[0], pins[1])

    def _ethernet(self, node: Node) -> Ethernet | None:
        if not node.present:
            return None
        node.unknown_keys(("phy", "mdc", "mdio", "clock", "power", "address"))
        if self.chip is not None and not self.chip.ethernet:
            node.problem(f"an {self.chip.esptool_name} has no Ethernet inside. Take a board with the first ESP32.")
        for pin in self.chip.ethernet if self.chip else ():
            self._fixed(node, pin)
        mdc, mdio, clock = (self.pins.take(node.get(key), f"{key} of the Ethernet", OUT, by_maker=True) for key in ("mdc", "mdio", "clock"))
        power = node.get("power")
        return Ethernet(
            node.get("phy").text(choices=("lan8720", "ip101", "rtl8201", "dp83848")),
            mdc,
            mdio,
            clock,
            self.pins.take(power, "power of the Ethernet", OUT, by_maker=True) if power.present else -1,
            node.get("address").quantity("count", lowest=0, highest=31, default=0),
        )

    def _fixed(self, node: Node, pin: int) -> None:
        """A pin that Ethernet takes wherever it is: what else is there is at fault."""
        before = self.pins.used.get(pin)
        if before is not None:
            before.node.problem(f"GPIO{pin} belongs to the Ethernet, which cannot move. Take another.")
        self.pins.reserve(pin, "a data line of the Ethernet", node)


def _bytes(node: Node) -> int:
    """A size or place in the flash: 4 MB, 16 kB, 0x180000. 0 after a problem."""
    if not node.present:
        node.problem("this is missing. Write a size such as 4 MB, or a number such as 0x180000.")
        return 0
    match = _SIZE.match(node.written)
    if match:
        return round(float(match[1]) * _FACTORS[match[2][0].upper()])
    return _hexadecimal(node, 0xFFFF_FFFF)


def _hexadecimal(node: Node, highest: int) -> int:
    """A number as programmers write it: 0x10c4. 0 after a problem."""
    try:
        value = int(node.written, 0)
    except ValueError:
        node.problem(f'"{node.written}" is no number. Write it as in 0x10c4, or a size as in 4 MB.' if node.present else "this is missing.")
        return 0
    if not 0 <= value <= highest:
        node.problem(f"{node.written} is out of its limits: 0 to 0x{highest:x}.")
        return 0
    return value
