"""The node's letters: what waits to go up, and who takes what comes down. It does not know who carries them.

A carrier (`uplink`, `transport`) puts the alarm on which it sleeps into `carrier`, is rung when something waits, asks for `first()`, and
says `done()` once it has arrived. Until then it waits, through any outage; each kind has its room. When that is full the oldest of its
kind gives way, and is counted; of a kind whose newest says all, the newest takes its place.

What comes down a carrier hands to `take`. Whoever is to have it has said so with `on`; he takes it at once, and keeps what takes longer
for a task of his own: the carrier waits for him.
"""

from micropython import const

from ..core import letter, telegram

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .alarm import Alarm

#: The topic of each kind below the node's own; WANT and PIECE have no such topic.
TOPICS = ("", "state", "up/telemetry", "up/event", "up/answer", "up/live", "down/settings", "down/command", "down/update", "", "")
#: How many letters of each kind wait at most: telemetry of two hours, then `reports` makes longer ones.
_ROOM = (0, 1, 8, 16, 8, 1, 0, 0, 0, 0, 1)
_URGENT = (letter.STATE, letter.ANSWER, letter.WANT, letter.EVENT, letter.TELEMETRY, letter.LIVE)
_BUNDLE = const(8)
_MOST = const(1_073_741_823)


class Letter:
    """One letter on its way up; `data` are bytes."""

    def __init__(self, kind: int, data: bytes) -> None:
        self.kind = kind
        self.data = data


class Mailbox:
    """The letters of one node. On a gateway there may be one more for each lamp behind it."""

    def __init__(self) -> None:
        self.carrier: "Alarm | None" = None  # rung when something waits
        self.dropped = 0  # letters that had to give way
        self._state: "bytes | None" = None  # the last one sent
        self._waiting: list[Letter] = []
        self._takers: list = [None] * letter.KINDS  # type: ignore[type-arg]  # MicroPython has no `Callable`

    # --- up -----------------------------------------------------------------------------------------------------

    def send(self, kind: int, data: bytes) -> bool:
        """A letter shall go up. False: it is too long for any carrier; it is dropped, and counted."""
        room = _ROOM[kind]
        if not room or len(data) > letter.LONGEST_UP:
            self._drop()
            return False
        if self.waits(kind) >= room:
            self._remove_oldest(kind)
            if room > 1:
                self._drop()
        if kind == letter.STATE:
            self._state = data
        self._waiting.append(Letter(kind, data))
        if self.carrier is not None:
            self.carrier.ring()
        return True

    def connected(self) -> None:
        """The carrier has a connection anew: whoever is at its other end may know nothing, so the state goes again, and first."""
        if self._state is not None and not self.waits(letter.STATE):
            self.send(letter.STATE, self._state)

    def want(self, bundle: bytes, piece: int) -> None:
        """Ask for a piece of a bundle (8 bytes of its id); it comes as a PIECE. Only the last wish counts."""
        wish = bytearray(_BUNDLE + 2)
        wish[:_BUNDLE] = bundle
        telegram.put(wish, _BUNDLE, 2, piece)
        self.send(letter.WANT, bytes(wish))

    def first(self) -> "Letter | None":
        """The letter that should go next: the oldest of the most urgent kind; it stays until it is done. None: nothing waits."""
        for kind in _URGENT:
            for waiting in self._waiting:
                if waiting.kind == kind:
                    return waiting
        return None

    def done(self, arrived: Letter) -> None:
        """A letter has arrived, or need not any more."""
        if arrived in self._waiting:
            self._waiting.remove(arrived)

    def waits(self, kind: int) -> int:
        """How many letters of a kind wait."""
        found = 0
        for waiting in self._waiting:
            if waiting.kind == kind:
                found += 1
        return found

    def room(self, kind: int) -> int:
        """How many more of a kind can wait before the oldest must give way."""
        return _ROOM[kind] - self.waits(kind)

    def _remove_oldest(self, kind: int) -> None:
        for at in range(len(self._waiting)):
            if self._waiting[at].kind == kind:
                self._waiting.pop(at)
                return

    def _drop(self) -> None:
        self.dropped = min(self.dropped + 1, _MOST)

    # --- down ---------------------------------------------------------------------------------------------------

    def on(self, kind: int, taker) -> None:
        """`taker(data)` has what comes of a kind; data is his own for as long as he likes."""
        self._takers[kind] = taker

    def take(self, kind: int, data: bytes) -> bool:
        """A letter has come down; its taker has it now. False: nobody wants this kind, or it is too long to be one."""
        if not 0 < kind < letter.KINDS or self._takers[kind] is None or len(data) > letter.LONGEST:
            return False
        self._takers[kind](data)
        return True
