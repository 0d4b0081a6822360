"""What esptool says, and what it means for a person: each failure has its name and its next step."""

from __future__ import annotations

import pytest

from lykta.node.esp import Esptool, Piece, _done

BUTTONS = "hold BOOT, press EN once, let go of BOOT"


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (
            "Failed to connect to ESP32: Wrong boot mode detected (0x13)! The chip needs to be in download mode.",
            "boot-mode",
            "(boot mode 0x13)",
        ),
        ("Failed to connect to ESP32: No serial data received.", "boot-mode", BUTTONS),
        ("This chip is ESP32-S3, not ESP32. Wrong chip argument?", "wrong-chip", "ESP32-S3, not an ESP32"),
        ("Could not open /dev/ttyUSB0: [Errno 13] Permission denied: '/dev/ttyUSB0'", "port-forbidden", "log in again"),
        ("[Errno 16] could not open port: Device or resource busy", "port-busy", "Close it"),
        ("could not open port /dev/ttyUSB0: [Errno 2] No such file or directory", "port-missing", "Plug the board in"),
        ("[Errno 111] Connection refused", "port-missing", "Plug the board in"),
        ("Secure Boot V1 detected, writing to flash regions < 0x8000 is disabled", "secure-boot", "another board"),
        (
            "device reports readiness to read but returned no data (device disconnected or multiple access on port?)",
            "cable-lost",
            "plug it in",
        ),
        ("Guru Meditation Error detected (IllegalInstruction).", "boot-loop", BUTTONS),
        ("something that nobody has seen before", "unplanned", "something that nobody has seen before"),
    ],
)
def test_failure_of_esptool__has_a_name_and_a_next_step(said: str, code: str, words: str):
    """The words of esptool 5, as they come."""
    error = Esptool("/dev/ttyUSB0", BUTTONS)._meaning(f"esptool v5.6.0\nA fatal error occurred: {said}\n")
    assert (error.code, error.exit_status) == (code, 2)
    assert words in str(error)
    assert said in error.detail


def test_progress__counts_over_all_pieces():
    """An address in the second piece: all of the first is done."""
    pieces = [Piece(0x1000, bytes(100)), Piece(0x8000, bytes(50))]
    assert [_done(pieces, at) for at in (0x1000, 0x1032, 0x8000, 0x8014, 0x9000)] == [0, 50, 100, 120, 150]
