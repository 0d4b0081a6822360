"""The street's radio: tells the neighbours what was seen, hears them, relays what must go further than the radio reaches.

Whatever comes in goes through the gate of `core/telegram` first; a telegram refused unread for want of time (a flood) means that
who comes may not be known. Telegrams of the post go to the one who carries it, where there is one and they concern him (`airmail`).
"""

from array import array

from micropython import const

from ..core import airtime, health, payload, telegram
from ..core import lamp as row
from . import reasons, ticks
from .alarm import Alarm
from .flood import Flood
from .outbox import COPIES, Outbox

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .airmail import Airmail
    from .control import Control

HEARTBEAT_MS = const(60_000)
_APART = const(7_919)  # ms between the heartbeats of two neighbours: they do not all come at once
_TOLD_S = const(60)  # evidence that has been under way for so long is void
_BURST = const(32)  # telegrams heard at a time: a flood never holds up the lamp
_LOOK_MS = const(2_000)  # how often to look although nobody rang: the interrupt of a telegram may be lost


class Mesh:
    """The radio of one lamp. `epoch`: how often it has started; `keys`: the first to sign with, all of them accepted."""

    def __init__(self, radio, buffer, number: int, epoch: int, keys, senders, adjacent, hops: int, clock, orders) -> None:
        """`buffer`: room for what the radio may bring; `senders`: ids that may be heard, sorted; `hops`: of own telegrams.

        `adjacent`: ids of those whose heartbeats count.
        """
        self.turns = 0
        self.heard = 0  # telegrams taken
        self.gate = telegram.Gate(senders, keys)
        self.control: "Control"  # set by `app`: control needs the mesh first
        self.airmail: "Airmail | None" = None  # who carries letters, set by `online`
        self.budget = airtime.Budget()
        self.silence = airtime.Silence()
        self._radio = radio
        self._number = number
        self.epoch = epoch
        self._counter = 0
        self._keys = keys
        self._adjacent = adjacent
        self._hops = hops
        self._clock = clock
        self._orders = orders
        self._outbox = Outbox(number)
        self._alarm = Alarm()
        self._buffer = buffer
        self._frame = array("i", [0] * row.FRAME_LENGTH)
        self._sign = array("i", [0] * payload.HEARTBEAT_LENGTH)
        self._checked = ticks.now()
        self._next_heartbeat = -1
        self._passed = self._checked
        self._flood = Flood(radio, self._checked)

    # --- out --------------------------------------------------------------------------------------------------

    def tell(self, lamp) -> None:
        """Tell the neighbours of the detection that stands in a lamp's row."""
        self._wave()
        self._post(telegram.DETECTION, lamp, row.FRAME, payload.FRAME, _TOLD_S, COPIES)

    def _post(self, kind: int, values, offset: int, fields, validity: int, copies: int) -> None:
        slot = self._outbox.free()
        wire = payload.Wire(slot.buffer)
        wire.open(telegram.HEADER, telegram.LONGEST - telegram.TAG)
        if not wire.put(values, offset, fields):
            return  # beyond what the payload can say: nobody could use it
        self._counter += 1
        telegram.head(slot.buffer, kind, self._number, self.epoch, self._counter, self._clock.stamp(), validity, self._hops)
        self._outbox.post(slot, wire.at, self._keys[0], copies, 0, False)
        self._alarm.ring()

    def _send(self, now: int) -> None:
        """Send every copy that is due."""
        slot = self._outbox.due(now)
        while slot is not None:
            age = slot.age + max(0, ticks.since(slot.born, now))
            length = telegram.seal(slot.buffer, slot.length, age, slot.key)
            self._radio.send(memoryview(slot.buffer)[:length])
            self.budget.spend(length)
            slot = self._outbox.due(now)

    def send_post(self, frame, kind: int, end: int, hops: int) -> None:
        """Send a telegram of the post, its payload stands in `frame` up to `end`. Whether it may go now is the carrier's affair."""
        self._counter += 1
        telegram.head(frame, kind, self._number, self.epoch, self._counter, self._clock.stamp(), _TOLD_S, hops)
        self.pass_post(frame, end, 0, self._keys[0])

    def pass_post(self, frame, end: int, age: int, key) -> None:
        """Pass a telegram of the post on, as it stands in `frame`, under the key with which it came."""
        length = telegram.seal(frame, end, age, key)
        self._radio.send(memoryview(frame)[:length])
        self.budget.spend(length)

    def _beat(self, now: int) -> int:
        """Send the sign of life when it is time; returns in how many ms it is."""
        if self._next_heartbeat < 0:
            self._next_heartbeat = ticks.later(now, (self._number * _APART - self.control.now()) % HEARTBEAT_MS)
        if ticks.since(now, self._next_heartbeat) <= 0:
            self._next_heartbeat = ticks.later(now, (self._number * _APART - self.control.now() - 1) % HEARTBEAT_MS + 1)
            lamp = self.control.lamp
            self._sign[payload.ON_SHARE] = health.on_share(lamp)
            self._sign[payload.LYING] = 1 if lamp[row.FAULTS] & health.LYING else 0
            self._post(telegram.HEARTBEAT, self._sign, 0, payload.HEARTBEAT, _TOLD_S, 1)
        return max(0, ticks.since(now, self._next_heartbeat))

    # --- in ---------------------------------------------------------------------------------------------------

    def hear(self, now: int) -> bool:
        """Take what has come in, a burst at most; whether there may be more."""
        for _ in range(_BURST):
            length = self._radio.receive(self._buffer)
            if not length:
                return False
            if telegram.is_post(self._buffer) and not (self.airmail and self.airmail.concerns(self._buffer, length)):
                continue  # post for others: not worth a hash
            elapsed = ticks.since(self._checked, now)
            self._checked = now
            verdict = self.gate.check(self._buffer, length, elapsed, self._clock.stamp())
            if verdict == telegram.TAKEN:
                self.heard = (self.heard + 1) & ticks.WRAP
                self.control.fault(reasons.APART, 0)
                self._take(length)
            elif verdict == telegram.BUSY:
                self._flood.refused(now, self.control)
        return True

    def _take(self, length: int) -> None:
        buffer = self._buffer
        end = length - telegram.TAG
        kind = buffer[0] & 15
        wire = payload.Wire(buffer)
        wire.open(telegram.HEADER, end)
        sender = telegram.number(buffer, telegram.SENDER, 2)
        age = telegram.number(buffer, telegram.AGE, 3)
        if kind == telegram.DETECTION:
            if not wire.take(self._frame, 0, payload.FRAME) or wire.at != end:
                return
            self._wave()
            self._frame[row.ORIGIN] = sender
            self._frame[row.AGE] = age
            self.control.frame(self._frame)
            if buffer[telegram.HOPS] < self._hops and sender in self._adjacent:
                # Heard over another's relay first: those behind this lamp may hear nobody else.
                buffer[telegram.HOPS] = self._hops
        elif kind == telegram.HEARTBEAT:
            if wire.take(self._sign, 0, payload.HEARTBEAT) and wire.at == end and sender in self._adjacent:
                self.control.heartbeat(sender, age, self._sign[payload.ON_SHARE], self._sign[payload.LYING])
        elif kind != telegram.COMMAND:
            self.airmail.take(buffer, sender, end)  # type: ignore[union-attr]  # else it would not have been read
            return
        elif self._orders.obey(buffer, telegram.HEADER, end - telegram.HEADER):
            return
        if buffer[telegram.HOPS]:
            self._relay(end, age)

    def _relay(self, end: int, age: int) -> None:
        """Pass on what was taken, with one hop less, to those who hold the key that it came with."""
        slot = self._outbox.free()
        for at in range(end):
            slot.buffer[at] = self._buffer[at]
        slot.buffer[telegram.HOPS] -= 1
        self._outbox.post(slot, end, self.gate.key_of(self._buffer), COPIES, age, True)

    def _wave(self) -> None:
        """A detection: the post is silent from now on."""
        self.pass_time(ticks.now())
        self.silence.told()

    def pass_time(self, now: int) -> None:
        """Let time pass for what the post may take of the air."""
        elapsed = ticks.since(self._passed, now)
        self._passed = now
        self.budget.pass_time(elapsed)
        self.silence.pass_time(elapsed, self.control.lamp[row.TRACKS] > 0)

    def ring(self) -> None:
        """Something has come in."""
        self._alarm.ring()

    # --- the loop ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Hear and tell for ever."""
        while True:
            self.turns = (self.turns + 1) & ticks.WRAP
            now = ticks.now()
            self.pass_time(now)
            more = self.hear(now)
            pause = min(self._beat(now), _LOOK_MS)
            self._send(now)
            self._flood.look(now, self.control)
            await self._alarm.sleep(0 if more else min(pause, self._outbox.pause(now)))


class Listener:
    """Wakes the mesh when the radio's interrupt has set a ThreadSafeFlag: an interrupt may do no more than that."""

    def __init__(self, mesh: Mesh, flag) -> None:
        self.turns = 0
        self._mesh = mesh
        self._flag = flag

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            await self._flag.wait()
            self.turns = (self.turns + 1) & ticks.WRAP
            self._mesh.ring()
