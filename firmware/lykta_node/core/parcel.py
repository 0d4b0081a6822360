"""Letters in pieces: how the post between a lamp and its gateway looks on the air, what has arrived, what is to be sent next.

All of it stands in the envelope of `telegram`, behind its header, under the key of the segment (which proves that it is no stranger's):

at      bytes  what
22      2      VIA: who is to take it off the air, to keep it or to pass it on; EVERYBODY
24      2      TO: for whom it is; EVERYBODY
26      4      LETTER: the number of the letter, rising from one greeting to the next; of a piece of an update: bundle (2), piece (2)
30      1      SESSION: its number, 0 for what everybody may read
31      1      KIND of the letter (`letter`); bit 7 asks for a receipt
32      1      INDEX of the chunk
33      1      COUNT of chunks
34             the chunk: CHUNK bytes, only the last may have fewer

TELEMETRY is a chunk on its way up, SETTINGS one on its way down, of the letter as `sealing` has sealed it; CHUNK one for everybody, of a
piece of an update as it is (a bundle proves itself). RECEIPT has the state in the place of INDEX, then a bit for each chunk that is
there (4) and a proof under the session. TIME greets:

26      1      ASK (lamp to gateway), TELL (the answer), STRANGE (the gateway knows of no session: greet again; proves nothing)
27      8      drawn by the lamp
35      8      TELL: drawn by the gateway
43      2      days since 2000, 0: it does not know the time
45      4      ms of the day
               then a proof under the lamp's own key

A clock is set by TELL alone: it answers what the lamp has just drawn, under a key that no other lamp has.
"""

from micropython import const

from . import telegram

VIA = const(22)
TO = const(24)
LETTER = const(26)
SESSION = const(30)
KIND = const(31)
INDEX = const(32)
COUNT = const(33)
DATA = const(34)
CHUNK = const(200)
MOST = const(21)  # chunks: a letter of 4,096 bytes and its tag
EVERYBODY = const(65_535)
ASKS = const(128)

# Receipts.
STATE = const(32)
BITS = const(34)
RECEIPT_END = const(38)
HAVE = const(1)  # these chunks are there
WHOLE = const(2)  # the letter has been handed on
FULL = const(3)  # there is no room for it now

# Greetings.
GREETING = const(26)
ASKED = const(27)
ANSWERED = const(35)
ASK_END = const(35)
DAY = const(43)
MS = const(45)
TELL_END = const(49)
ASK = const(1)
TELL = const(2)
STRANGE = const(3)
STRANGE_END = const(27)

_ANSWER_MS = const(1_000)  # how long to wait for a receipt, at first
_LONGEST_MS = const(64_000)


def chunks(length: int) -> int:
    """How many chunks so many bytes are."""
    return (length + CHUNK - 1) // CHUNK


def address(frame, via: int, to: int) -> None:
    """Write for whom a frame is."""
    telegram.put(frame, VIA, 2, via)
    telegram.put(frame, TO, 2, to)


def label(frame, number: int, session: int, kind: int, index: int, count: int) -> int:
    """Write what a chunk, or a receipt, is of; returns where its content begins."""
    telegram.put(frame, LETTER, 4, number)
    frame[SESSION] = session
    frame[KIND] = kind
    frame[INDEX] = index
    frame[COUNT] = count
    return DATA


def proof(sender: int, frame, end: int) -> bytearray:
    """What the proof of a receipt or a greeting is made from: the sender, and all from TO up to `end` of the frame."""
    text = bytearray(2)
    telegram.put(text, 0, 2, sender)
    text.extend(memoryview(frame)[TO:end])
    return text


def is_proved(key, sender: int, frame, end: int, length: int) -> bool:
    """Whether the `length` bytes before the envelope's tag end with the proof of those up to `end`. `key`: `telegram.Key` or a session."""
    if length != end + telegram.TAG:
        return False
    tag = key.tag(proof(sender, frame, end))
    wrong = 0
    for at in range(telegram.TAG):  # as long whatever differs
        wrong |= tag[at] ^ frame[end + at]
    return wrong == 0


class Outgoing:
    """A letter that is being sent: which chunks have arrived, which is next, when to ask again.

    A round sends every chunk that is missing, the last of them asking for a receipt. Where none comes, one chunk asks again, after
    a pause that doubles; the receipt says what is missing, and the next round goes on from there: whatever was heard is not sent twice.
    """

    def __init__(self, count: int, had: int = 0) -> None:
        """`had`: the chunks of which it is known that they have arrived, as bits."""
        self.count = count
        self.had = had
        self.whole = False
        self.silent = 0  # times in a row that no receipt came
        self._round = ((1 << count) - 1) & ~had
        self._waited = -1  # ms for a receipt; -1: a round is under way

    def next(self) -> int:
        """The chunk to send now; -1: none, a receipt is waited for."""
        if self.whole or self._waited >= 0:
            return -1
        for index in range(self.count):
            if self._round >> index & 1:
                return index
        return -1

    def asks(self) -> bool:
        """Whether the next chunk asks for a receipt: it is the last of its round."""
        return self._round & (self._round - 1) == 0

    def sent(self, index: int) -> None:
        """A chunk has been sent."""
        self._round &= ~(1 << index)
        if self._round == 0:
            self._waited = 0

    def pass_time(self, elapsed: int) -> None:
        """Some ms have passed, in which the post might have been heard."""
        if self._waited < 0:
            return
        self._waited += elapsed
        if self._waited >= self.patience():
            self.silent = min(self.silent + 1, 30)
            self._waited = -1
            missing = ((1 << self.count) - 1) & ~self.had
            self._round = missing & -missing if missing else 1

    def patience(self) -> int:
        """How long a receipt is waited for [ms]."""
        return min(_ANSWER_MS << min(self.silent, 6), _LONGEST_MS)

    def pause(self) -> int:
        """In how many ms it has something to do by itself."""
        return 0 if self._waited < 0 else max(1, self.patience() - self._waited)

    def receipt(self, state: int, bits: int) -> None:
        """What the other side has."""
        self.silent = 0
        if state == WHOLE:
            self.whole = True
        elif state == FULL:
            self.silent = 4  # it has to hand on others first
            self._waited = 0
        else:
            self.had = bits & ((1 << self.count) - 1)  # it may have forgotten some: it started anew, or what it had was no letter
            missing = ((1 << self.count) - 1) & ~self.had
            self._round = missing if missing else 1 << self.count - 1
            self._waited = -1


class Incoming:
    """A letter that is coming in: chunks in any order, any of them twice. It holds one letter, and nothing of another."""

    def __init__(self, room, begin: int) -> None:
        """`room`: for the longest letter expected, from `begin` on."""
        self._room = room
        self._begin = begin
        self._mark = (-1, -1, -1, -1, -1)
        self.length = 0
        self.count = 0
        self.bits = 0

    def clear(self) -> None:
        """Forget what there is."""
        self._mark = (-1, -1, -1, -1, -1)
        self.count = self.bits = self.length = 0

    def collects(self, mark) -> bool:
        """Whether this is the letter that is coming in. `mark`: whatever tells it from all others."""
        return self._mark == mark and self.count > 0

    def begin(self, mark, count: int) -> bool:
        """Begin with a letter, what there was is gone. False: it is longer than the room."""
        self.clear()
        if not 0 < count <= MOST or count * CHUNK > len(self._room) - self._begin:
            return False
        self._mark = mark
        self.count = count
        return True

    def take(self, index: int, frame, length: int) -> bool:
        """Take the chunk that stands in a frame from DATA up to `length`. False: it cannot be one of this letter."""
        size = length - DATA
        last = self.count - 1
        if not 0 <= index <= last or (size != CHUNK if index < last else not 0 < size <= CHUNK):
            return False
        if self.bits >> index & 1:
            return True
        at = self._begin + index * CHUNK
        self._room[at : at + size] = memoryview(frame)[DATA:length]
        self.bits |= 1 << index
        if index == last:
            self.length = last * CHUNK + size
        return True

    def whole(self) -> bool:
        """Whether all is there."""
        return self.count > 0 and self.bits == (1 << self.count) - 1
