"""What lamp and gateway have in common as carriers of letters by radio: the way they take, when they may go, what is passed on.

`transport` is the end in a lamp, `gateway` the one with the network. Each frame is sent once; what gets lost is found out by receipts.
A frame in the air names who is to take it (VIA). That one keeps it, or passes it on to the next on the way, once; what is for
everybody is passed on once by each who has lamps behind it. More is not needed: the plan knows who hears whom.
"""

from micropython import const

from ..core import lamp as row
from ..core import letter, parcel, sealing, telegram
from . import ticks
from .alarm import Alarm

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .control import Control
    from .mesh import Mesh

HOPS = const(3)  # how often a frame is passed on at most
LOOK_MS = const(500)  # how often to look whether it is quiet
_PASSED_ON = const(12)  # frames that wait to be passed on: as many as a burst has
_OLD_MS = const(30_000)
_IDLE_MS = const(2_000)


class Way:
    """Whom a node can reach, as the plan has it: `gateway`, the next one towards it, and the next one to each lamp behind this one."""

    def __init__(self, number: int, about) -> None:
        """`about`: the part `post` of the board's radio."""
        self.number = number
        self.gateway: int = about["gateway"]
        self.below = {pair[0]: pair[1] for pair in about.get("below", ())}
        self._next: int = about.get("next", self.gateway)

    def to(self, other: int) -> int:
        """Who is next on the way to a node."""
        return self.below.get(other, self._next)


class _Passing:
    """A frame to be passed on."""

    def __init__(self, frame: bytearray, key, came: int) -> None:
        self.frame = frame
        self.key = key
        self.came = came


class Airmail:
    """One end. `frame` is room for what is sent; what is taken stands in the mesh's own."""

    def __init__(self, mesh: "Mesh", control: "Control", way: Way, sha256, aes, log) -> None:
        self.turns = 0
        self.refused = 0  # what was no letter to us although somebody with the segment's key sent it
        self.way = way
        self.frame = bytearray(telegram.LONGEST)
        self.alarm = Alarm()
        self.mesh = mesh
        self._control = control
        self._sha256 = sha256
        self._aes = aes
        self._log = log
        self._passing: list[_Passing] = []
        self._over = False

    # --- what comes in ------------------------------------------------------------------------------------------

    def concerns(self, frame, length: int) -> bool:
        """Whether a frame of the post, not looked at yet, is worth it."""
        if length < parcel.STRANGE_END + telegram.TAG:
            return False
        via = telegram.number(frame, parcel.VIA, 2)
        return via == self.way.number or via == parcel.EVERYBODY

    def take(self, frame, sender: int, end: int) -> None:
        """A frame that the gate let in; the tag begins at `end`."""
        to = telegram.number(frame, parcel.TO, 2)
        if to in (self.way.number, parcel.EVERYBODY):
            self.deliver(frame, frame[0] & 15, sender, end)
        if to != self.way.number and frame[telegram.HOPS] and self.way.below:
            self._keep(frame, end)
        self.alarm.ring()

    # This one and `work` are each end's own. MicroPython has no `abc`: an end that forgets one fails with its first frame.
    def deliver(self, frame, kind: int, sender: int, end: int) -> None:
        """A frame for us."""
        raise NotImplementedError

    def _keep(self, frame, end: int) -> None:
        """Keep a frame to pass it on; where there are too many the oldest gives way: it comes again."""
        if len(self._passing) >= _PASSED_ON:
            self._passing.pop(0)
        self._passing.append(_Passing(bytearray(frame[: end + telegram.TAG]), self.mesh.gate.key_of(frame), ticks.now()))

    # --- what goes out ------------------------------------------------------------------------------------------

    def wait(self, end: int, light: bool = False) -> int:
        """In how many ms a frame may go whose payload ends at `end`; 0: now. `light`: it serves a command, and no wave withholds it."""
        self.mesh.pass_time(ticks.now())
        control = self._control
        if not light and self.mesh.silence.holds(control.lamp[row.TRACKS] > 0, control.off()):
            return LOOK_MS
        return self.mesh.budget.wait(end + telegram.TAG)

    def send(self, kind: int, to: int, end: int) -> None:
        """Send what stands in `frame` up to `end`."""
        parcel.address(self.frame, parcel.EVERYBODY if to == parcel.EVERYBODY else self.way.to(to), to)
        self.mesh.send_post(self.frame, kind, end, HOPS)

    def send_proved(self, kind: int, to: int, key, end: int) -> None:
        """Send a receipt or a greeting, which stands in `frame` up to `end`, with its proof under a key."""
        parcel.address(self.frame, 0, to)
        self.frame[end : end + telegram.TAG] = key.tag(parcel.proof(self.way.number, self.frame, end))[: telegram.TAG]
        self.send(kind, to, end + telegram.TAG)

    def send_chunk(self, kind: int, to: int, text, labels, index: int, asks: bool) -> None:
        """Send one chunk of a text. `labels`: number of the letter, of the session, kind."""
        number, session, what = labels
        parcel.label(self.frame, number, session, what | parcel.ASKS if asks else what, index, parcel.chunks(len(text)))
        at = index * parcel.CHUNK
        size = min(parcel.CHUNK, len(text) - at)
        self.frame[parcel.DATA : parcel.DATA + size] = text[at : at + size]
        self.send(kind, to, parcel.DATA + size)

    def send_receipt(self, to: int, session, about, bits: int) -> None:
        """Tell what there is of a letter. `about`: its number, kind, state, and how many chunks it has."""
        number, kind, state, count = about
        parcel.label(self.frame, number, session.number, kind, state, count)
        telegram.put(self.frame, parcel.BITS, 4, bits)
        self.send_proved(telegram.RECEIPT, to, session, parcel.RECEIPT_END)

    def pass_on(self, now: int) -> int:
        """Pass on what waits, as far as it may go; in how many ms to look again."""
        while self._passing:
            passing = self._passing[0]
            frame = passing.frame
            end = len(frame) - telegram.TAG
            waited = ticks.since(passing.came, now)
            pause = 0 if waited > _OLD_MS else self.wait(end, _serves_light(frame))
            if pause:
                return pause
            self._passing.pop(0)
            if waited <= _OLD_MS:
                to = telegram.number(frame, parcel.TO, 2)
                if to != parcel.EVERYBODY:
                    telegram.put(frame, parcel.VIA, 2, self.way.to(to))
                frame[telegram.HOPS] -= 1
                self.mesh.pass_post(frame, end, telegram.number(frame, telegram.AGE, 3) + waited, passing.key)
        return _IDLE_MS

    # --- the loop -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Carry for ever."""
        before = ticks.now()
        while True:
            self.turns = (self.turns + 1) & ticks.WRAP
            now = ticks.now()
            pause = min(self.pass_on(now), self.work(ticks.since(before, now)))
            self._watch()
            before = now
            await self.alarm.sleep(max(1, pause))

    def work(self, elapsed: int) -> int:
        """Do what is due, `elapsed` ms after the last time; in how many ms there is something again."""
        raise NotImplementedError

    def _watch(self) -> None:
        """Say when this node takes too much of the air."""
        over = self.mesh.budget.over
        if over != self._over:
            self._over = over
            self._log.say("radio: more than 2 % of the air is ours" if over else "radio: less than 2 % of the air is ours again")


def _serves_light(frame) -> bool:
    """Whether a frame brings a command, or a receipt for one."""
    return frame[0] & 15 in (telegram.SETTINGS, telegram.RECEIPT) and frame[parcel.KIND] & ~parcel.ASKS == letter.COMMAND


def secret_of(own, lamp: int, gateway: int, frame) -> bytes:
    """The secret of the session that a TELL opens, as it stands in a frame."""
    asked = bytes(frame[parcel.ASKED : parcel.ASKED + sealing.NONCE])
    return sealing.secret(own, lamp, gateway, asked, bytes(frame[parcel.ANSWERED : parcel.ANSWERED + sealing.NONCE]))
