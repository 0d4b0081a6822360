"""Pieces of updates at the gateway: each is fetched once, sent once for everybody, and what any lamp lacks is sent again, again for all.

One piece at a time, the earliest that is wanted; the next one comes when nobody has said for a while that something lacks.
"""

from micropython import const

from ..core import bundle, letter, parcel
from .pieces import number_of

_DONE_MS = const(2_500)  # longer than a lamp waits before it says what it lacks
_FETCH_MS = const(20_000)  # then it is asked for again, or another one
_WISHES = const(8)
_NEVER = const(3_600_000)


class Spread:
    """What is being sent. `mailbox` fetches pieces: one of a lamp behind the gateway."""

    def __init__(self, mailbox) -> None:
        self.number = -1  # of the piece in hand
        self.data = b""
        self._mailbox = mailbox
        self._wishes: list[bytes] = []
        self._fetching = b""
        self._since = 0  # ms since the last chunk, wish or complaint, or since it was asked for
        self._left = 0  # chunks to send, as bits
        self._waiting: "bytes | None" = None  # a piece that has come
        mailbox.on(letter.PIECE, self._came)

    def wish(self, data: bytes) -> None:
        """A lamp wants a piece."""
        if len(data) != bundle.PIECE_HEAD:
            return
        if self.data and data == self.data[: bundle.PIECE_HEAD]:
            if not self._left:
                self._left = (1 << parcel.chunks(len(self.data))) - 1
        elif data not in self._wishes and data != self._fetching and len(self._wishes) < _WISHES:
            self._wishes.append(data)

    def lacks(self, number: int, bits: int, count: int) -> None:
        """A lamp has so much of a piece."""
        if number == self.number and count == parcel.chunks(len(self.data)):
            self._left |= ((1 << count) - 1) & ~bits
            self._since = 0

    def _came(self, data: bytes) -> None:
        """A piece has been fetched."""
        if self._fetching and data[: bundle.PIECE_HEAD] == self._fetching:
            self._waiting = data

    def work(self, elapsed: int) -> int:
        """Some ms have passed; in how many there is something to send; 0: now."""
        self._since += elapsed
        if self._left:
            return 0
        if self.data and self._since < _DONE_MS:
            return _DONE_MS - self._since
        if self._waiting is not None:
            self.data = self._waiting
            self.number = number_of(self.data)
            self._waiting = None
            self._fetching = b""
            self._left = (1 << parcel.chunks(len(self.data))) - 1
            return 0
        if self._fetching and self._since >= _FETCH_MS:
            self._fetching = b""
        if not self._fetching and self._wishes:
            self._fetching = min(self._wishes)
            self._wishes.remove(self._fetching)
            self._since = 0
            self.data = b""
            self._mailbox.want(self._fetching[: bundle.ID], self._fetching[bundle.ID] << 8 | self._fetching[bundle.ID + 1])
        return _FETCH_MS - self._since if self._fetching else _NEVER

    def next(self) -> int:
        """The chunk to send now."""
        index = 0
        while not self._left >> index & 1:
            index += 1
        return index

    def sent(self, index: int) -> None:
        """A chunk has been sent."""
        self._left &= ~(1 << index)
        self._since = 0
