"""Pieces of updates at a lamp: collects the one that the mailbox wants from what the gateway sends for everybody.

Chunks of it may be heard at any time, in several rounds and hours apart: what was heard stays. When the air has been still for a while and
some are missing, the lamp says which; when nothing of the piece was heard at all, it asks for the piece. Lamps do neither at the
same moment, so that mostly one speaks for all.
"""

from micropython import const

from ..core import bundle, letter, parcel, telegram
from .mailbox import Letter

_STILL_MS = const(900)  # after a chunk: the gateway may send one every 270 ms
_APART_MS = const(1_100)
_STRIDE_MS = const(370)  # between two neighbours
_LACKS = const(6)  # times, each after twice as long, then it is asked for anew
_ASK_MS = const(1_000)
_AGAIN_MS = const(10_000)  # doubled up to
_SELDOM_MS = const(480_000)
_LOOK_MS = const(500)
_NEVER = const(3_600_000)


def number_of(wish) -> int:
    """The number that chunks of a piece go by: 14 bits of the bundle, 16 of the piece. `wish`: id of the bundle (8), piece (2)."""
    return (wish[0] & 63) << 24 | wish[1] << 16 | telegram.number(wish, bundle.ID, 2)


class Pieces:
    """One lamp's piece. `number`: that of the piece, for its receipts."""

    def __init__(self, mailbox, lamp: int) -> None:
        self.number = 0
        self._mailbox = mailbox
        self._apart = lamp * _STRIDE_MS % _APART_MS
        self._wish = b""
        self._room = bytearray(0)
        self._in = parcel.Incoming(self._room, 0)
        self._heard = -1  # ms since a chunk was heard; -1: not yet
        self._told = 0  # how often it was said what lacks
        self._ask = 0  # ms until the piece is asked for
        self._pause = _AGAIN_MS

    def wish(self, data: bytes) -> bool:
        """A piece is wanted now; False where data is no wish at all."""
        if len(data) != bundle.PIECE_HEAD:
            return False
        if data != self._wish:
            if not self._room:
                self._room = bytearray(parcel.MOST * parcel.CHUNK)
                self._in = parcel.Incoming(self._room, 0)
            self._in.clear()
            self._wish = data
            self.number = number_of(data)
            self._heard = -1
            self._told = 0
            self._ask = _ASK_MS + self._apart
            self._pause = _AGAIN_MS
        return True

    def take(self, frame, end: int) -> None:
        """A chunk of some piece."""
        if not self._wish or telegram.number(frame, parcel.LETTER, 4) != self.number or frame[parcel.KIND] != letter.PIECE:
            return
        mark = (self.number, frame[parcel.COUNT])
        if not self._in.collects(mark) and not self._in.begin(mark, mark[1]):
            return
        before = self._in.bits
        self._heard = 0
        if self._in.take(frame[parcel.INDEX], frame, end) and self._in.bits != before:
            self._told = 0
        if self._in.whole():
            self._whole()

    def _whole(self) -> None:
        """All is there: handed on, if it is what was wanted; else everything of it was in vain."""
        data = bytes(memoryview(self._room)[: self._in.length])
        self._in.clear()
        if data[: bundle.PIECE_HEAD] == self._wish:
            self._wish = b""
            self._mailbox.take(letter.PIECE, data)

    def pause(self, elapsed: int) -> int:
        """Some ms have passed; in how many there is something to say, or to try again because it could not be said."""
        if not self._wish:
            return _NEVER
        self._ask -= elapsed
        if self._heard >= 0:
            self._heard += elapsed
            if self._told < _LACKS:
                return _due(self._still() - self._heard)
            self._heard = -1
            self._ask = 0
        return _due(self._ask)

    def _still(self) -> int:
        return (_STILL_MS << self._told) + self._apart

    def lacks(self) -> bool:
        """Whether to say what lacks."""
        return bool(self._wish) and self._heard >= 0 and self._told < _LACKS and self._heard >= self._still()

    def told(self):
        """What is there: (bits, chunks). It is said now."""
        self._told += 1
        self._heard = 0
        return self._in.bits, self._in.count

    def asks(self) -> bool:
        """Whether to ask the gateway for the piece."""
        return bool(self._wish) and self._heard < 0 and self._ask <= 0

    def letter(self) -> Letter:
        """The wish, as a letter to the gateway. It goes now."""
        self._ask = self._pause + self._apart
        self._pause = min(self._pause * 2, _SELDOM_MS)
        return Letter(letter.WANT, self._wish)


def _due(ms: int) -> int:
    """In so many ms, or soon if it is late: only then could it not be said at once."""
    return ms if ms > 0 else _LOOK_MS
