"""What the pins of a board may be used for: gathers every use of a pin, and says what the chip does not allow."""

from __future__ import annotations

from dataclasses import dataclass

from lykta.document import Document, Node
from lykta.plan.chips import Chip

OUT, IN = "an output", "an input"
#: Bits of brightness below which the dark end of a lamp goes in visible steps.
_LEAST_BITS = 10
_GUARDED = "Only what the board's maker has wired there himself may be there: that goes under `wired` or `ethernet`."


@dataclass(frozen=True)
class _Use:
    what: str
    node: Node


class Pins:
    """The pins of one board while its file is read; problems are noted where the pin is written."""

    def __init__(self, own: Document, chip: Chip | None, psram: str, native_usb: bool) -> None:
        """`own`: the board's own file; `chip` None: unknown, and nothing can be said; `native_usb`: it hangs on the chip's own USB."""
        self._own = own
        self.chip = chip
        self.native_usb = native_usb
        self.used: dict[int, _Use] = {}
        self.pwm = 0
        self._psram = chip.psram.get(psram, ()) if chip else ()

    def take(self, node: Node, what: str, direction: str, *, by_maker: bool = False) -> int:
        """The pin at a node, for `what` ("the status LED"); -1 where none can be read. `by_maker`: wired by the maker of the board."""
        if not node.present:
            node.problem("this is missing. Write the GPIO number, as printed on the chip's datasheet.")
            return -1
        written = node.written.upper().removeprefix("GPIO").removeprefix("IO")
        if not written.isdigit():
            node.problem(f'"{node.written}" is no pin. Write its GPIO number, for example 25.')
            return -1
        pin = int(written)
        if self.chip is None:
            return pin
        fault = self._fault(self.chip, pin, direction, by_maker)
        before = self.used.get(pin)
        if fault:
            node.problem(fault)
        elif before is not None:
            self._clash(pin, _Use(what, node), before)
        self.used.setdefault(pin, _Use(what, node))
        return pin

    def _clash(self, pin: int, use: _Use, before: _Use) -> None:
        """Two uses of one pin: told at the later one, but rather in the board's own file than in that of the board it is like."""
        if use.node.document is not self._own and before.node.document is self._own:
            use, before = before, use
        use.node.problem(f"GPIO{pin} already is {before.what} ({_place(before.node, use.node)}). Give each its own pin.")

    def _fault(self, chip: Chip, pin: int, direction: str, by_maker: bool) -> str:
        """Why a pin cannot be used so; "" if it can."""
        if pin not in chip.pins:
            return f"an {chip.esptool_name} has no GPIO{pin}."
        if pin in chip.flash or pin in self._psram:
            return f"GPIO{pin} is taken by the {'PSRAM' if pin in self._psram else 'flash'} inside of the module. Take another."
        if pin in chip.strapping and not by_maker:
            return f"GPIO{pin} decides how the chip starts ({chip.strapping[pin]}). {_GUARDED}"
        if pin in chip.usb and self.native_usb:
            return f"GPIO{pin} is the USB socket: with anything else on it nobody can reach the board. Take another."
        if pin in chip.console and not self.native_usb:
            return f"GPIO{pin} is the console (UART 0), over which the board is flashed. Take another."
        if direction == OUT and pin in chip.input_only:
            first, last = min(chip.input_only), max(chip.input_only)
            return f"GPIO{pin} can only listen, as can {first} to {last}, but this is {direction}. Take another."
        return ""

    def reserve(self, pin: int, what: str, node: Node) -> None:
        """Take a pin for what stands at a node without saying which pins it has."""
        self.used.setdefault(pin, _Use(what, node))

    def take_uart(self, node: Node, what: str, taken: dict[int, str]) -> tuple[int, int, int]:
        """Number, pin out and pin in of a UART; `taken`: those of the board so far, by number."""
        node.unknown_keys(("uart", "tx", "rx"))
        place = node.get("uart")
        number = place.quantity("count", lowest=0, highest=9)
        if self.chip is not None and place.present:
            if number == 0:
                place.problem("UART 0 is the console, over which the board is flashed and speaks. Take another.")
            elif number >= self.chip.uarts:
                place.problem(f"an {self.chip.esptool_name} has UART 0 to {self.chip.uarts - 1}, and 0 is the console.")
            elif number in taken:
                place.problem(f"UART {number} already is that of {taken[number]}. Each needs its own.")
            taken.setdefault(number, what)
        return number, self.take(node.get("tx"), f"TX of {what}", OUT), self.take(node.get("rx"), f"RX of {what}", IN)

    def take_pwm(self, node: Node) -> None:
        """One channel of the PWM, for what is at a node."""
        self.pwm += 1
        if self.chip is not None and self.pwm > self.chip.pwm_channels:
            node.problem(f"an {self.chip.esptool_name} has {self.chip.pwm_channels} PWM channels, and this is number {self.pwm}.")

    def check_frequency(self, node: Node, frequency_hz: int) -> None:
        """Whether the PWM keeps enough steps of brightness at a frequency."""
        if self.chip is None or frequency_hz <= 0:
            return
        bits = min(self.chip.pwm_bits, (self.chip.pwm_clock_hz // frequency_hz).bit_length() - 1)
        if bits < _LEAST_BITS:
            most = self.chip.pwm_clock_hz >> _LEAST_BITS
            node.problem(
                f"at {frequency_hz} Hz this chip has {max(bits, 0)} bits of brightness; {_LEAST_BITS} are needed, which it has up to "
                f"{most} Hz. Most drivers take 1000 Hz."
            )


def _place(node: Node, seen_from: Node) -> str:
    """Where something is written, for a message at another place."""
    same = node.document is seen_from.document
    return f"line {node.where[0]}" if same else f"{node.document.file}:{node.where[0]}"
