"""What a node prints, as it prints it: with the time of day, and with what the terse words mean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lykta.node import ports
from lykta.node.device import BAUD
from lykta.node.errors import CableLost, PortMissing

_LINE = re.compile(r"\s*(\d+) s  (.*)$")
_WRONG = re.compile(r"(wrong(?: from the start)?|right again|still wrong): (.+)$")
#: What the node calls by a word (`tasks/reasons`, `core/health`), in words for who stands below.
_WORDS = {
    "radar": "a radar does not answer: cable, 5 V",
    "wire": "a sensor cannot be read: pins, wires",
    "sense": "the task of the sensors has ended",
    "mesh": "the task of the radio has ended",
    "flood": "more telegrams than it can check",
    "board": "its file `board` is missing or wrong: provision it again",
    "identity": "it does not know who it is: provision it again",
    "table": "its neighbour table is missing or wrong: provision it again",
    "keys": "it has no keys: provision it again",
    "program": "its program was mended, is missing or has run out: provision it again",
    "lamp": "the lamp takes another power than its level should",
    "memory": "little memory is left",
    "task": "another task has ended",
    "warm-up": "a PIR has power for less than a minute",
    "restless": "a sensor sees somebody much more often than its neighbours do: where does it look?",
    "apart": "the clock was set to another time: neighbours may refuse it until one is heard",
    "clock": "the time is not known",
    "radio": "no neighbour is heard",
    "stuck": "a sensor says somebody all the time",
    "blind": "a sensor misses whom both neighbours see",
}
_STARTS = (
    (re.compile(r"rst:0x\w+ \((\w+)\)"), "the board starts"),
    (re.compile(r"(Brownout detector was triggered)"), "the supply broke down: thicker cable, stronger supply"),
    (re.compile(r"(Guru Meditation Error.*)"), "the chip itself has crashed"),
    (re.compile(r"(MPY: soft reboot)"), "MicroPython starts anew"),
    (re.compile(r"(The filesystem appears to be corrupted)"), "erase the flash completely, then flash it again"),
)


def explained(line: str) -> tuple[str, str]:
    """(the line without its count of seconds, what it means; "" where it says so itself)."""
    text = line
    match = _LINE.match(line)
    if match:
        text = match[2]
    wrong = _WRONG.search(text)
    if wrong and wrong[1] != "right again":
        known = [_WORDS[word] for word in re.split(r",\s*", wrong[2]) if word in _WORDS]
        return text, "; ".join(known)
    for pattern, meaning in _STARTS:
        if pattern.search(text):
            return text, meaning
    return text, ""


def follow(port: str) -> Iterator[str]:
    """The lines that a board prints, for ever; what runs on it is not disturbed. BoardError where the port cannot be had, or is lost."""
    from serial import SerialException

    from lykta.node.link import Link

    ports.look(port)
    try:
        link = Link(port, BAUD)
    except (SerialException, OSError) as error:
        if "exclusively lock" in str(error) or "Errno 16" in str(error):
            raise ports.busy(port, str(error)) from error
        raise PortMissing(port, "it cannot be opened.", "Is the board plugged in, and the port free?", str(error)) from error
    held = b""
    try:
        while True:
            held += link.serial.port.read(max(1, link.serial.port.in_waiting))
            *whole, held = held.split(b"\n")
            yield from (raw.decode("utf-8", errors="replace").rstrip("\r") for raw in whole)
    except (SerialException, OSError) as error:
        raise CableLost(
            port, "the connection to the board ended.", "Check the cable, then run the same command again.", str(error)
        ) from error
    finally:
        link.close()
