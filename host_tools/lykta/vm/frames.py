"""What goes over the link between host and VM: messages of frames, in binary. See `shims/lockstep`, which is the other end."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

HEAD = Struct("<IIq")
FRAME = Struct("<BBHiq")
SIZE = 16
URGENT = 1
NEVER = 1 << 40

# What comes in, as in `shims/vboard`.
PIN, UART_IN, RADIO_IN, LUX, ADC_IN, RTC_SET, WIFI = range(1, 8)
# Both ways, for sockets: see `shims/socket`. CABLE comes in: whether a network cable is plugged in.
NET_OPEN, NET_DATA, NET_ROOM, NET_CLOSE, CABLE = range(16, 21)
SOCKET = (NET_OPEN, NET_DATA, NET_ROOM, NET_CLOSE)
# What goes out.
DUTY, PIN_OUT, UART_OUT, RADIO_OUT, RESET, WATCHDOG, TRACE, RADIO_SET, UART_SET = range(1, 10)

# Causes of a reset.
PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(1, 6)

# Codes of TRACE frames, as in `shims/vtrace`.
TRACE_START, TRACE_RENUMBER, TRACE_ADVANCE, TRACE_READING, TRACE_FRAME, TRACE_HEARTBEAT, TRACE_OVERRIDE, TRACE_FAULT, TRACE_TARGET = range(
    1, 10
)


class Frame(NamedTuple):
    """One frame: its kind, which pin, UART, channel or code, a value, the time [ms], and data."""

    kind: int
    which: int
    value: int
    t_ms: int
    data: bytes = b""

    def pack(self) -> bytes:
        """The frame as bytes."""
        return FRAME.pack(self.kind, self.which, len(self.data), self.value, self.t_ms) + self.data


def unpack(data: bytes) -> Iterator[Frame]:
    """The frames that follow each other in some bytes."""
    at = 0
    while at < len(data):
        kind, which, size, value, t_ms = FRAME.unpack_from(data, at)
        at += SIZE + size
        yield Frame(kind, which, value, t_ms, data[at - size : at])
