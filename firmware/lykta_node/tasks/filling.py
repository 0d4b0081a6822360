"""Fills the idle slot from a bundle: its list, then each file that is not there yet, piece by piece; then verifies the whole.

What the slot or the one in use already has is not fetched again; so an update that a power cut ended goes on where it was, and going
back to the version before costs no radio at all. A file that comes out wrong is fetched again, three times.
"""

import asyncio
from hashlib import sha256

from micropython import const

from ..core import bundle
from . import ticks
from .alarm import Alarm

_FIRST_MS = const(20_000)  # for a piece; doubled up to
_LONGEST_MS = const(600_000)
_PAUSE_MS = const(5_000)  # after a piece that cannot be one
_TRIES = const(3)  # to get one file right

EXPIRED = "expired"
WITHDRAWN = "withdrawn"


class Filling:
    """One bundle on its way into a slot. `slot`: a `Folder` or a `Rom`; `expired(head)`; `report(percent, head)` is called now and then."""

    def __init__(self, slot, head, mailbox, expired, report) -> None:
        self._slot = slot
        self._head = head
        self._mailbox = mailbox
        self._expired = expired
        self._report = report
        self._alarm = Alarm()
        self._id = sha256(head.data).digest()[: bundle.ID]
        self._asked = b""
        self._piece: "bytes | None" = None
        self._withdrawn = False

    def take(self, data: bytes) -> None:
        """A piece has come. What was not asked for is nobody's."""
        if self._asked and data[: bundle.PIECE_HEAD] == self._asked:
            self._piece = data
            self._alarm.ring()

    def withdraw(self) -> None:
        """Nobody wants it any more."""
        self._withdrawn = True
        self._alarm.ring()

    async def run(self) -> str:
        """Fill the slot; returns what went wrong, "" if it is whole. Raises OSError."""
        slot, head = self._slot, self._head
        slot.begin()
        listed = await self._list()
        if isinstance(listed, str):
            return listed
        entries = bundle.entries(head, listed)
        if entries is None or not slot.takes(entries):
            return "bad list"
        missing = await slot.tidy(entries)
        if not slot.room(missing):
            return "no room"
        await slot.prepare(missing)
        left = sum([entry.length for entry in missing])
        for entry in missing:
            wrong = "" if await slot.copy(entry) else await self._file(entry)
            if wrong:
                return wrong
            left -= entry.length
            self._report((head.length - left) * 100 // head.length, head)
        for entry in entries:
            if not await slot.holds(entry):
                return "damaged: " + entry.name
        slot.finish(head.data)
        return ""

    async def _list(self):
        """The list of files, from the slot or fetched; a str says why there is none."""
        head = self._head
        listed = self._slot.read_list()
        if sha256(listed).digest() == head.list_hash:
            return listed
        for _ in range(_TRIES):
            listed = bytearray()
            for number in range(head.pieces(head.list_length)):
                data = await self._fetch(number, head.list_length)
                if isinstance(data, str):
                    return data
                listed.extend(data)
            if sha256(listed).digest() == head.list_hash:
                self._slot.keep_list(listed)
                return listed
        return "damaged: list"

    async def _file(self, entry) -> str:
        """Fetch a file, until it is right; returns why it is not."""
        for attempt in range(_TRIES):
            if attempt:
                await self._slot.prepare([entry])
            with self._slot.file(entry) as file:
                for number in range(self._head.pieces(entry.length)):
                    data = await self._fetch(number, entry.length, entry.first)
                    if isinstance(data, str):
                        return data
                    file.write(data)
            if await self._slot.holds(entry):
                return ""
        return "damaged: " + entry.name

    async def _fetch(self, number: int, whole: int, first: int = 0):
        """Piece `number` of something of `whole` bytes, for which is asked until it comes; a str says why it does not."""
        head = self._head
        length = min(head.piece, whole - number * head.piece)
        wanted = first + number
        self._asked = self._id + bytes((wanted >> 8, wanted & 255))
        patience = _FIRST_MS
        while True:
            self._taken()
            self._mailbox.want(self._id, wanted)
            until = ticks.later(ticks.now(), patience)
            while self._waits() and ticks.since(ticks.now(), until) > 0:
                await self._alarm.sleep(ticks.since(ticks.now(), until))
            data = self._taken()
            if self._withdrawn:
                return WITHDRAWN
            if data is not None and len(data) == bundle.PIECE_HEAD + length:
                return memoryview(data)[bundle.PIECE_HEAD :]
            if self._expired(head):
                return EXPIRED
            if data is not None:
                await asyncio.sleep_ms(_PAUSE_MS)
            patience = min(patience * 2, _LONGEST_MS)

    def _waits(self) -> bool:
        return self._piece is None and not self._withdrawn

    def _taken(self) -> "bytes | None":
        """The piece that came, if one did; from now on the next one is waited for."""
        data = self._piece
        self._piece = None
        return data
