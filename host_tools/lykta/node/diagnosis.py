"""What a board says of itself when it does not work: the words of its ROM and its bootloader, and what they mean for a person."""

from __future__ import annotations

import re

from lykta.node.errors import BoardError, BootLoop, BrownOut, CableLost, NoLoader

#: From how many starts in what was heard it is a loop: opening a port may cause one, we another.
_LOOP = 3
_READABLE = 0.7
_ENOUGH = 64  # bytes: fewer are no proof of garbage

_AGAIN = "run the same command again."


def from_console(port: str, heard: bytes) -> BoardError | None:
    """The error that a board's console gives away; None where it gives none."""
    text = heard.decode("latin-1")
    if "Brownout detector" in text or "BROWN_OUT" in text:
        return brown_out(port)
    starts = len(re.findall(r"rst:0x[0-9a-f]+", text))
    if "invalid header" in text or "flash read err" in text or "No bootable app" in text or "Image hash failed" in text:
        remedy = "Write it: `lykta flash SITE LAMP --image IMAGE`."
        return BootLoop(port, "the board has no runtime that starts.", remedy, text[-400:])
    if "filesystem appears to be corrupted" in text:
        remedy = "Clear the board and write everything: run `lykta flash` with `--erase`."
        return BootLoop(port, "the file system of the board is broken, and its image waits for ever.", remedy, text[-400:])
    if starts >= _LOOP or "Guru Meditation" in text:
        return BootLoop(
            port,
            "the board starts over and over.",
            "Write its runtime and firmware again: `lykta flash SITE LAMP --image IMAGE --rewrite`.",
            text[-400:],
        )
    if "waiting for download" in text:
        return NoLoader(port, "the chip waits in its loader.", f"Press EN (or RST) with BOOT released, then {_AGAIN}", text[-400:])
    if len(heard) >= _ENOUGH and _readable(heard) < _READABLE:
        return garbage(port, repr(heard[-200:]))
    return None


def _readable(heard: bytes) -> float:
    """The share of bytes that a console prints."""
    return sum(byte in b"\r\n\t\x1b" or 32 <= byte < 127 for byte in heard) / len(heard)


def brown_out(port: str, detail: str = "") -> BrownOut:
    """The supply broke down."""
    return BrownOut(
        port,
        "the board's supply broke down (brown-out).",
        f"Use a short, thick cable and a port that gives 500 mA, or a hub with its own supply; take the lamp driver off; then {_AGAIN}",
        detail,
    )


def garbage(port: str, detail: str = "") -> CableLost:
    """Nothing that comes through makes sense."""
    return CableLost(
        port,
        "only garbage comes through.",
        f"Check cable and adapter, or try a slower speed (`--baud 115200`); then {_AGAIN}",
        detail,
    )
