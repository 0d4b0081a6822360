"""The gateway's end of the street's post: brings to each lamp what is for it, and up what lamps say. It is a postman: it reads no letter.

Each lamp has a mailbox here (`boxes`), which whoever has the network carries as the gateway's own. Where one is full its lamp
keeps its letters and tries again. `again(mailbox)` is called where the network should be asked anew for what it keeps for a lamp: because
there was no room when it came, or the lamp has started since and may have forgotten it.

The time that lamps get is that of the own clock, while it is believed.
"""

import time

from micropython import const

from ..core import letter, parcel, sealing, telegram
from . import ticks
from .airmail import Airmail, secret_of
from .boxes import Boxes
from .parcels import Parcels
from .rooms import Rooms
from .spread import Spread

_SESSIONS = const(4)
_GREETINGS = const(8)
_DAY_MS = const(86_400_000)
_ANEW_MS = const(20_000)  # between two questions for what was missed

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .rooms import Room


def _nobody(mailbox) -> None:
    """There is no network to ask."""


class Peer:
    """A lamp behind the gateway. `key`: its own; `secret`: of its session; `last`: number of the last letter that came from it."""

    def __init__(self, number: int, key: bytes) -> None:
        self.number = number
        self.key = key
        self.secret = b""
        self.last = 0
        self.sent = 0  # number of the last letter to it
        self.epoch = -1  # how often it had started when it greeted


class Gateway(Airmail):
    """One gateway. `keys`: {number of a lamp: its own key}; `random(count)` gives so many random bytes."""

    def __init__(self, mesh, control, clock, way, keys, sha256, aes, random, log) -> None:
        super().__init__(mesh, control, way, sha256, aes, log)
        self.peers = {number: Peer(number, keys[number]) for number in keys}
        self.parcels = Parcels(self)
        self.boxes = Boxes(self.peers, self.parcels)
        self.again = _nobody  # again(mailbox), see above
        self._spread = Spread(self.boxes.of[min(keys)])
        self._clock = clock
        self._random = random
        self._anew = _ANEW_MS
        self._rooms = Rooms()
        self._sessions: list = []  # type: ignore[type-arg]  # (secret, Session), the last used at the end
        self._tells: list = []  # type: ignore[type-arg]  # (lamp, what it drew): greetings to be answered
        self._strange: list[int] = [parcel.EVERYBODY]  # who is to greet; nobody is known after a start
        self._receipts: list = []  # type: ignore[type-arg]  # (lamp, (number, kind, state, chunks), which of them are there)

    def session(self, peer: Peer):
        """The session of a lamp; None if there is none."""
        if not peer.secret:
            return None
        for kept in self._sessions:
            if kept[0] == peer.secret:
                self._sessions.remove(kept)
                self._sessions.append(kept)
                return kept[1]
        made = sealing.Session(peer.secret, self._sha256, self._aes)
        self._sessions.append((peer.secret, made))
        if len(self._sessions) > _SESSIONS:
            self._sessions.pop(0)
        return made

    def estranged(self, lamp: int) -> None:
        """A lamp is to greet anew."""
        if lamp not in self._strange and len(self._strange) < _GREETINGS:
            self._strange.append(lamp)

    # --- in -----------------------------------------------------------------------------------------------------

    def deliver(self, frame, kind: int, sender: int, end: int) -> None:
        """A frame from a lamp."""
        peer = self.peers.get(sender)
        if peer is None:
            return
        if kind == telegram.TIME:
            self._greeted(peer, frame, end)
            return
        session = self.session(peer)
        if session is None or frame[parcel.SESSION] != session.number:
            if kind == telegram.TELEMETRY:
                self.estranged(sender)
        elif kind == telegram.TELEMETRY:
            self._chunk(peer, session, frame, end)
        elif kind == telegram.RECEIPT and parcel.is_proved(session, sender, frame, parcel.RECEIPT_END, end):
            number, bits = telegram.number(frame, parcel.LETTER, 4), telegram.number(frame, parcel.BITS, 4)
            if frame[parcel.KIND] == letter.PIECE:
                self._spread.lacks(number, bits, frame[parcel.COUNT])
            else:
                self.parcels.receipt(sender, number, frame[parcel.STATE], bits)

    def _greeted(self, peer: Peer, frame, end: int) -> None:
        """ASK: to be answered as soon as it may."""
        own = telegram.Key(0, peer.key, self._sha256)
        if frame[parcel.GREETING] != parcel.ASK or not parcel.is_proved(own, peer.number, frame, parcel.ASK_END, end):
            self.refused = (self.refused + 1) & ticks.WRAP
            return
        epoch = telegram.number(frame, telegram.EPOCH, 4)
        if epoch != peer.epoch:
            peer.epoch = epoch
            self.boxes.of[peer.number].forgot()
        if len(self._tells) >= _GREETINGS:
            self._tells.pop(0)
        self._tells.append((peer.number, bytes(frame[parcel.ASKED : parcel.ASK_END])))

    def _chunk(self, peer: Peer, session, frame, end: int) -> None:
        """A chunk of a letter from a lamp."""
        number = telegram.number(frame, parcel.LETTER, 4)
        kind = frame[parcel.KIND] & ~parcel.ASKS
        count = frame[parcel.COUNT]
        state = parcel.WHOLE
        bits = 0
        if number > peer.last:
            mark = (peer.number, number, kind, count, telegram.number(frame, telegram.EPOCH, 4))
            room = self._rooms.find(mark, count)
            state = parcel.FULL
            if room is not None:
                room.incoming.take(frame[parcel.INDEX], frame, end)
                state = self._whole(peer, session, room, mark) if room.incoming.whole() else parcel.HAVE
                bits = room.incoming.bits if state == parcel.HAVE else 0
        if frame[parcel.KIND] & parcel.ASKS or (state != parcel.HAVE and number >= peer.last):
            self._receipts = [one for one in self._receipts if one[0] != peer.number]
            self._receipts.append((peer.number, (number, kind, state, count), bits))

    def _whole(self, peer: Peer, session, room: Room, mark) -> int:
        """A letter is complete: it is handed on, if it is one; what to say of it."""
        length = room.incoming.length
        _, number, kind, _, epoch = mark
        state = parcel.HAVE
        if session.open(room.buffer, length, (peer.number, self.way.number, epoch, number, kind)):
            data = bytes(memoryview(room.buffer)[sealing.PREFIX : sealing.PREFIX + length - sealing.TAG])
            state = parcel.WHOLE if self._hand_on(peer.number, kind, data) else parcel.FULL
        else:
            self.refused = (self.refused + 1) & ticks.WRAP
        room.incoming.clear()
        if state == parcel.WHOLE:
            peer.last = number
        return state

    def _hand_on(self, lamp: int, kind: int, data: bytes) -> bool:
        """A letter goes up; whether there was room for it."""
        if kind == letter.WANT:
            self._spread.wish(data)
            return True
        return 0 < kind < letter.SETTINGS and self.boxes.put(lamp, kind, data)

    # --- out ----------------------------------------------------------------------------------------------------

    def work(self, elapsed: int) -> int:
        """Send what is due: receipts first, then greetings, then letters, then pieces."""
        self._ask(elapsed)
        pause = self._answer() or self._greet()
        if pause:
            return pause
        pause = self.parcels.work(elapsed)
        due = self._spread.work(elapsed)
        if due or not pause:
            return min(pause, due)
        wait = self.wait(telegram.LONGEST - telegram.TAG)
        if not wait:
            index = self._spread.next()
            text = memoryview(self._spread.data)
            self.send_chunk(telegram.CHUNK, parcel.EVERYBODY, text, (self._spread.number, 0, letter.PIECE), index, False)
            self._spread.sent(index)
        return min(pause, wait)

    def _ask(self, elapsed: int) -> None:
        """Ask anew for what was missed, one box at a time, when there is room."""
        self._anew -= elapsed
        if self._anew <= 0 and self.parcels.room():
            box = self.boxes.missed()
            self._anew = _ANEW_MS
            if box is not None:
                self.again(box)

    def _answer(self) -> int:
        """Send the receipts that wait."""
        while self._receipts:
            lamp, about, bits = self._receipts[0]
            wait = self.wait(parcel.RECEIPT_END + telegram.TAG)
            if wait:
                return wait
            self._receipts.pop(0)
            session = self.session(self.peers[lamp])
            if session is not None:
                self.send_receipt(lamp, session, about, bits)
        return 0

    def _greet(self) -> int:
        """Answer greetings, and ask for those that are missing."""
        while self._tells or self._strange:
            wait = self.wait(parcel.TELL_END + telegram.TAG)
            if wait:
                return wait
            if self._tells:
                self._tell(*self._tells.pop(0))
            else:
                self.frame[parcel.GREETING] = parcel.STRANGE
                self.send(telegram.TIME, self._strange.pop(0), parcel.STRANGE_END)
        return 0

    def _tell(self, lamp: int, asked: bytes) -> None:
        """Answer a greeting: a new session, and the time."""
        peer = self.peers[lamp]
        own = telegram.Key(0, peer.key, self._sha256)
        frame = self.frame
        frame[parcel.GREETING] = parcel.TELL
        frame[parcel.ASKED : parcel.ANSWERED] = asked
        frame[parcel.ANSWERED : parcel.DAY] = self._random(sealing.NONCE)
        utc = time.time_ns() // 1_000_000 if self._clock.stamp() else 0
        telegram.put(frame, parcel.DAY, 2, utc // _DAY_MS)
        telegram.put(frame, parcel.MS, 4, utc % _DAY_MS)
        peer.secret = secret_of(own, lamp, self.way.number, frame)
        peer.last = peer.sent = 0
        self.send_proved(telegram.TIME, lamp, own, parcel.TELL_END)
        self.parcels.greeted(lamp)
