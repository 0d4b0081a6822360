"""Where letters are collected that come in to a gateway, a few at a time: whoever finds no room tries again."""

from micropython import const

from ..core import parcel, sealing
from . import ticks

_ROOMS = const(4)
_LONGEST = const(6)  # chunks: a letter up has 1,024 bytes at most
_ABANDONED_MS = const(30_000)


class Room:
    """Room for one letter."""

    def __init__(self) -> None:
        self.buffer = bytearray(sealing.PREFIX + _LONGEST * parcel.CHUNK)
        self.incoming = parcel.Incoming(self.buffer, sealing.PREFIX)
        self.used = 0  # ticks of the last chunk


class Rooms:
    """All of them."""

    def __init__(self) -> None:
        self._rooms = [Room() for _ in range(_ROOMS)]

    def find(self, mark, count: int) -> "Room | None":
        """The room in which a letter is collected, or a free one for it; None: there is none, or none is large enough."""
        now = ticks.now()
        for room in self._rooms:
            if room.incoming.collects(mark):
                room.used = now
                return room
        for room in self._rooms:
            if not room.incoming.count or ticks.since(room.used, now) > _ABANDONED_MS:
                room.used = now
                return room if room.incoming.begin(mark, count) else None
        return None
