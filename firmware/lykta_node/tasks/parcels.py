"""What a gateway holds for its lamps: one letter is on its way at a time, others wait; who does not answer rests, and the next one goes.

A letter that was interrupted goes on where it was: nothing of it that has arrived is sent again, as long as both sides are the same that
they were. Commands go first. Of settings and offers of updates only the last one for a lamp counts.
"""

from micropython import const

from ..core import letter, parcel, sealing, telegram
from . import ticks

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from ..core.parcel import Outgoing

_MOST = const(40)
_BYTES = const(12_288)
_SILENT = const(3)  # receipts that did not come, then it rests
_REST_MS = const(10_000)  # doubled up to
_LONG_REST_MS = const(160_000)
_FORGET_S = const(600)  # without an answer
_NEVER = const(3_600_000)


class Parcel:
    """One letter for one lamp. `number` and `had` hold in the session of `secret`."""

    def __init__(self, lamp: int, kind: int, data: bytes) -> None:
        self.lamp = lamp
        self.kind = kind
        self.data = data
        self.number = 0
        self.had = 0
        self.secret = b""
        self.rest = 0  # ms for which it rests still
        self.pause = _REST_MS
        self.age = 0  # ms since it came, or was last answered

    def sleep(self) -> None:
        """It rests, longer each time."""
        self.rest = self.pause
        self.pause = min(self.pause * 2, _LONG_REST_MS)


class Parcels:
    """All of them. `forgotten`: how many were given up."""

    def __init__(self, gateway) -> None:
        self.forgotten = 0
        self._gateway = gateway
        self._waiting: list[Parcel] = []
        self._current: "Parcel | None" = None
        self._out: "Outgoing | None" = None
        self._text = bytearray(0)
        self._session = 0  # the number of that in which it is sealed

    def offer(self, lamp: int, kind: int, data: bytes) -> bool:
        """Take a letter for a lamp, in the place of one of its kind that has become old by it. False: there is no room."""
        old = None
        held = len(data)
        for one in self._waiting:
            if kind != letter.COMMAND and (one.lamp, one.kind) == (lamp, kind):
                old = one
            else:
                held += len(one.data)
        if old is not None and old.data == data:
            return True
        if held > _BYTES or len(self._waiting) >= _MOST:
            return False
        if old is not None:
            self._remove(old)
        self._waiting.append(Parcel(lamp, kind, data))
        self._gateway.alarm.ring()
        return True

    def room(self) -> bool:
        """Whether there is room for any letter."""
        held = letter.LONGEST
        for one in self._waiting:
            held += len(one.data)
        return held <= _BYTES and len(self._waiting) < _MOST

    def receipt(self, lamp: int, number: int, state: int, bits: int) -> None:
        """A lamp says what it has."""
        if self._out is not None and self._current is not None and (lamp, number) == (self._current.lamp, self._current.number):
            self._current.age = 0
            self._current.pause = _REST_MS
            self._out.receipt(state, bits)

    def greeted(self, lamp: int) -> None:
        """A lamp has a new session: what waits for it may go at once."""
        for one in self._waiting:
            if one.lamp == lamp:
                one.rest = 0
                one.pause = _REST_MS
        if self._current is not None and self._current.lamp == lamp:
            self._current = None

    def work(self, elapsed: int) -> int:
        """Send what is due; in how many ms there is something again."""
        for one in list(self._waiting):
            one.rest = max(0, one.rest - elapsed)
            one.age += elapsed
            if one.age > _FORGET_S * 1000:
                self.forgotten = (self.forgotten + 1) & ticks.WRAP
                self._gateway.boxes.of[one.lamp].forgot()
                self._remove(one)
        current = self._current
        if current is None or self._out is None:
            return self._begin()
        if self._out.whole:
            self._gateway.boxes.of[current.lamp].arrived(current.kind, current.data)
            self._remove(current)
            return self._begin()
        light = current.kind == letter.COMMAND
        if not self._gateway.wait(parcel.DATA, light):
            self._out.pass_time(elapsed)
        if self._out.silent >= _SILENT:
            current.had = self._out.had
            current.sleep()
            return self._begin()
        return self._send(current, self._out, light)

    def _send(self, current: Parcel, out: "Outgoing", light: bool) -> int:
        """Send a chunk, if there is one and it may go."""
        index = out.next()
        if index < 0:
            return out.pause()
        wait: int = self._gateway.wait(telegram.LONGEST - telegram.TAG, light)
        if not wait:
            text = memoryview(self._text)[sealing.PREFIX :]
            labels = (current.number, self._session, current.kind)
            self._gateway.send_chunk(telegram.SETTINGS, current.lamp, text, labels, index, out.asks())
            out.sent(index)
        return wait

    def _remove(self, one: Parcel) -> None:
        self._waiting.remove(one)
        if one is self._current:
            self._current = None

    def _begin(self) -> int:
        """Take up the next letter that may go; in how many ms there is one."""
        self._current = self._out = None
        pause = _NEVER
        for urgent in (True, False):
            for one in self._waiting:
                if (one.kind == letter.COMMAND) == urgent and not one.rest:
                    if self._load(one):
                        return 0
                    self._gateway.estranged(one.lamp)
                    one.sleep()
                pause = min(pause, one.rest or _NEVER)
        return pause

    def _load(self, one: Parcel) -> bool:
        """Seal a letter. False: its lamp has no session."""
        gateway = self._gateway
        peer = gateway.peers[one.lamp]
        session = gateway.session(peer)
        if session is None:
            return False
        if one.secret != peer.secret or one.number != peer.sent:  # numbers rise: what was begun before another letter begins anew
            peer.sent += 1
            one.secret = peer.secret
            one.number = peer.sent
            one.had = 0
        length = len(one.data)
        self._text = bytearray(sealing.PREFIX + length + sealing.TAG)
        self._text[sealing.PREFIX : sealing.PREFIX + length] = one.data
        length = session.seal(self._text, length, (gateway.way.number, one.lamp, gateway.mesh.epoch, one.number, one.kind))
        self._session = session.number
        self._out = parcel.Outgoing(parcel.chunks(length), one.had)
        self._current = one
        return True
