"""mpremote's transport on an open port, waiting by blocking reads: a poll every 10 ms would be most of the time of a short command."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import serial
from mpremote.transport_serial import SerialTransport

_WAIT_S = 0.05
_READ_S = 10.0


class _Ahead:
    """A port that remembers what was read too far. What it does not know, the port itself does."""

    def __init__(self, port: Any) -> None:
        self.port = port
        self.held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)

    def inWaiting(self) -> int:  # noqa: N802  its name in pyserial
        """How many bytes can be read at once."""
        return len(self.held) + int(self.port.in_waiting)

    def read(self, size: int = 1) -> bytes:
        """So many bytes; fewer where the board is silent for ten seconds."""
        until = time.monotonic() + _READ_S
        while len(self.held) < size and time.monotonic() < until:
            self.more()
        found, self.held = self.held[:size], self.held[size:]
        return found

    def more(self) -> bool:
        """Wait for a moment for anything; whether something came."""
        came = self.port.read(max(1, self.port.in_waiting))
        self.held += came
        return bool(came)

    def lines(self, data_terminal_ready: bool, request_to_send: bool) -> None:
        """Set the lines by which a board is reset."""
        self.port.dtr = data_terminal_ready
        self.port.rts = request_to_send


class Link(SerialTransport):  # type: ignore[misc]  # mpremote has no types
    """The raw REPL of a board. Raises what pyserial raises, with its cause: mpremote's own way to open hides it."""

    def __init__(self, device: str, baudrate: int) -> None:
        self.in_raw_repl = False
        self.use_raw_paste = True
        self.device_name = device
        self.mounted = False
        self.is_pty = False
        self.serial = _Ahead(serial.serial_for_url(device, baudrate=baudrate, timeout=_WAIT_S, exclusive=True))

    def read_until(
        self,
        min_num_bytes: int,
        ending: bytes,
        timeout: float | None = 10,
        data_consumer: Callable[[bytes], None] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """As mpremote's: all up to and with `ending`, less where it does not come in time; a consumer is told all of it."""
        begun = heard = time.monotonic()
        found = bytearray()
        while True:
            held = self.serial.held
            at = held.find(ending)
            if data_consumer is None and at < 0:
                # An ending may be cut in two: all that was held stays until it is whole.
                taken = b""
            else:
                taken = held[: at + len(ending)] if at >= 0 else held
                self.serial.held = held[len(taken) :]
                found += taken
            if taken and data_consumer:
                data_consumer(taken)
            if at >= 0:
                return bytes(found[-1:]) if data_consumer else bytes(found)
            now = time.monotonic()
            if self.serial.more():
                heard = now
            elif (timeout is not None and now >= heard + timeout) or (timeout_overall is not None and now >= begun + timeout_overall):
                rest, self.serial.held = self.serial.held, b""
                return bytes(found[-1:]) if data_consumer else bytes(found) + rest

    def put_back(self, data: bytes) -> None:
        """Let the next read find this first, and nothing else."""
        self.serial.held = data
