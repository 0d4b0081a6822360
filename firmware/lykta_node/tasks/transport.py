"""The lamp's end of the street's post: carries the mailbox to the gateway by radio, brings what comes from there, and the time.

A lamp greets its gateway after each start, every hour, and when the gateway has forgotten it; each greeting opens a session with keys of
its own (`core/sealing`). The answer has the time: it is taken where it came soon enough to be right. One letter goes up at a time, one
comes down at a time. Pieces of updates come for everybody: whoever wants one collects it, and asks for what it lacks when the air
has been still for a while; who first misses a piece asks the gateway for it, and who hears that it comes need not.

Without an answer nothing changes but the pauses between tries: the street needs no gateway.
"""

from micropython import const

from ..core import letter, parcel, sealing, telegram
from . import ticks
from .airmail import LOOK_MS, Airmail, secret_of
from .pieces import Pieces

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from ..core.parcel import Outgoing
    from ..core.sealing import Session
    from .mailbox import Letter

_EVERY_MS = const(3_600_000)
_FIRST_MS = const(2_000)
_APART_MS = const(250)  # between the first greetings of two neighbours
_AGAIN_MS = const(5_000)  # doubled up to
_SELDOM_MS = const(320_000)
_FORGOTTEN_MS = const(30_000)  # not oftener because somebody says that he does not know us
_PROMPT_MS = const(2_000)  # an answer that took longer tells no time


class Transport(Airmail):
    """One lamp. `mailbox`: its letters; `own`: its own key; `random(count)` gives so many random bytes."""

    def __init__(self, mesh, control, clock, mailbox, way, own, sha256, aes, random, log) -> None:
        """`clock`: the clock task."""
        super().__init__(mesh, control, way, sha256, aes, log)
        self.session: "Session | None" = None
        self._clock = clock
        self._mailbox = mailbox
        self._own = own
        self._random = random
        self._asked = b""  # drawn for the greeting that is under way
        self._asked_at = 0  # ticks
        self._since = _FORGOTTEN_MS  # ms since the last greeting
        self._greet = _FIRST_MS + way.number * _APART_MS % _AGAIN_MS  # ms until the next greeting
        self._pause = _AGAIN_MS
        self._drawn = way.number + 1
        self._number = 0  # of letters sent
        self._letter: "Letter | None" = None  # of the mailbox, on its way,
        self._out: "Outgoing | None" = None
        self._text = bytearray(0)  # sealed
        self._room = bytearray(sealing.PREFIX + parcel.MOST * parcel.CHUNK)
        self._in = parcel.Incoming(self._room, sealing.PREFIX)
        self._last = 0  # number of the last letter that was taken in this session
        self._receipt: "tuple[int, int, int, int] | None" = None  # to be sent: number, kind, state, chunks,
        self._bits = 0  # and which of them are there
        self._pieces = Pieces(mailbox, way.number)
        mailbox.carrier = self.alarm

    # --- in -----------------------------------------------------------------------------------------------------

    def deliver(self, frame, kind: int, sender: int, end: int) -> None:
        """A frame from the gateway."""
        if sender != self.way.gateway:
            return
        if kind == telegram.TIME:
            self._greeted(frame, end)
        elif kind == telegram.CHUNK:
            self._pieces.take(frame, end)
        elif self.session is not None and frame[parcel.SESSION] == self.session.number:
            if kind == telegram.SETTINGS:
                self._chunk(frame, end)
            elif kind == telegram.RECEIPT and parcel.is_proved(self.session, sender, frame, parcel.RECEIPT_END, end):
                if self._out is not None and telegram.number(frame, parcel.LETTER, 4) == self._number:
                    self._out.receipt(frame[parcel.STATE], telegram.number(frame, parcel.BITS, 4))

    def _greeted(self, frame, end: int) -> None:
        """TELL opens a session; STRANGE asks for a greeting."""
        what = frame[parcel.GREETING]
        if what == parcel.STRANGE:
            self._greet = min(self._greet, max(_FIRST_MS + self._draw(_AGAIN_MS), _FORGOTTEN_MS - self._since))
        elif what == parcel.TELL and self._asked and frame[parcel.ASKED : parcel.ANSWERED] == self._asked:
            if not parcel.is_proved(self._own, self.way.gateway, frame, parcel.TELL_END, end):
                self.refused = (self.refused + 1) & ticks.WRAP
                return
            self._asked = b""
            self._open(secret_of(self._own, self.way.number, self.way.gateway, frame))
            self._set_clock(telegram.number(frame, parcel.DAY, 2), telegram.number(frame, parcel.MS, 4))

    def _draw(self, below: int) -> int:
        """A number from 0 to below - 1; no secret, only different from lamp to lamp and time to time."""
        self._drawn = (self._drawn * 1103 + 12_345) % 65_521
        return self._drawn * below // 65_521

    def _open(self, secret) -> None:
        """A new session: what was under way begins anew under its keys."""
        self.session = sealing.Session(secret, self._sha256, self._aes)
        self._number = self._last = 0
        self._out = self._receipt = None
        self._in.clear()
        self._pause = _AGAIN_MS
        self._greet = _EVERY_MS

    def _set_clock(self, day: int, ms: int) -> None:
        """The gateway's time, unless it does not know it or the answer was long on its way."""
        way_ms = ticks.since(self._asked_at, ticks.now())
        if day and 0 <= way_ms <= _PROMPT_MS:
            ms += way_ms // 2
            self._clock.set(day + ms // 86_400_000, ms % 86_400_000 // 1000, ms % 1000)
        else:
            self._greet = self._pause

    def _chunk(self, frame, end: int) -> None:
        """A chunk of a letter to this lamp."""
        number = telegram.number(frame, parcel.LETTER, 4)
        kind = frame[parcel.KIND] & ~parcel.ASKS
        count = frame[parcel.COUNT]
        state = parcel.HAVE
        if number > self._last:
            mark = (number, kind, count, telegram.number(frame, telegram.EPOCH, 4), self.way.gateway)
            if not self._in.collects(mark) and not self._in.begin(mark, count):
                return
            self._in.take(frame[parcel.INDEX], frame, end)
            if self._in.whole():
                self._whole(number, kind, mark[3])
        if number <= self._last:
            state = parcel.WHOLE
        if frame[parcel.KIND] & parcel.ASKS or state == parcel.WHOLE:
            self._receipt = (number, kind, state, count)
            self._bits = self._in.bits if state == parcel.HAVE else 0

    def _whole(self, number: int, kind: int, epoch: int) -> None:
        """A letter is complete: it is handed on, if it is one."""
        length = self._in.length
        head = (self.way.gateway, self.way.number, epoch, number, kind)
        if self.session is not None and self.session.open(self._room, length, head):
            self._last = number
            self._mailbox.take(kind, bytes(memoryview(self._room)[sealing.PREFIX : sealing.PREFIX + length - sealing.TAG]))
        else:
            self.refused = (self.refused + 1) & ticks.WRAP
        self._in.clear()

    # --- out ----------------------------------------------------------------------------------------------------

    def work(self, elapsed: int) -> int:
        """Send what is due."""
        self._greet -= elapsed
        self._since = min(self._since + elapsed, _FORGOTTEN_MS)
        pause = self._greeting()
        session = self.session
        if session is None:
            return pause
        receipt = self._receipt
        if receipt is not None:
            wait = self.wait(parcel.RECEIPT_END + telegram.TAG, receipt[1] == letter.COMMAND)
            if wait:
                return min(pause, wait)
            self._receipt = None
            self.send_receipt(self.way.gateway, session, receipt, self._bits)
        pause = min(pause, self._complain(session, elapsed))
        return min(pause, self._send(session, elapsed))

    def _greeting(self) -> int:
        """Greet where it is time."""
        if self._greet <= 0:
            wait = self.wait(parcel.ASK_END + telegram.TAG)
            if wait:
                return wait
            self._asked = self._random(sealing.NONCE)
            self._asked_at = ticks.now()
            self._since = 0
            self.frame[parcel.GREETING] = parcel.ASK
            self.frame[parcel.ASKED : parcel.ASK_END] = self._asked
            self.send_proved(telegram.TIME, self.way.gateway, self._own, parcel.ASK_END)
            self._greet = self._pause + self._draw(self._pause)
            self._pause = min(self._pause * 2, _SELDOM_MS)
        return self._greet

    def _complain(self, session, elapsed: int) -> int:
        """Say what lacks of a piece, where it is time."""
        pause = self._pieces.pause(elapsed)
        if self._pieces.lacks():
            wait = self.wait(parcel.RECEIPT_END + telegram.TAG)
            if wait:
                return wait
            bits, count = self._pieces.told()
            self.send_receipt(self.way.gateway, session, (self._pieces.number, letter.PIECE, parcel.HAVE, count), bits)
        return pause

    def _send(self, session, elapsed: int) -> int:
        """Go on with the letter that is under way, or take the next one."""
        out = self._out
        if out is not None and out.whole:
            self._mailbox.done(self._letter)
            out = self._out = None
        if out is None:
            if not self._load(session):
                return _EVERY_MS
            out = self._out
        elif not self.wait(parcel.DATA):
            out.pass_time(elapsed)  # only in quiet could a receipt have come
        assert out is not None and self._letter is not None
        index = out.next()
        if index < 0:
            return min(LOOK_MS, out.pause())
        wait = self.wait(telegram.LONGEST - telegram.TAG)
        if not wait:
            text = memoryview(self._text)[sealing.PREFIX :]
            labels = (self._number, session.number, self._letter.kind)
            self.send_chunk(telegram.TELEMETRY, self.way.gateway, text, labels, index, out.asks())
            out.sent(index)
        return wait

    def _load(self, session) -> bool:
        """Seal the next letter of the mailbox, or a wish for a piece; whether there is one."""
        found = self._mailbox.first()
        if found is not None and found.kind == letter.WANT:
            self._pieces.wish(found.data)  # who wants a piece need not ask for it when it comes anyway
            self._mailbox.done(found)
            found = self._mailbox.first()
        if found is None and self._pieces.asks():
            found = self._pieces.letter()
        self._letter = found
        if found is None:
            return False
        self._number += 1
        length = len(found.data)
        self._text = bytearray(sealing.PREFIX + length + sealing.TAG)
        self._text[sealing.PREFIX : sealing.PREFIX + length] = found.data
        length = session.seal(self._text, length, (self.way.number, self.way.gateway, self.mesh.epoch, self._number, found.kind))
        self._out = parcel.Outgoing(parcel.chunks(length))
        return True
