"""The mailboxes that a gateway holds for the lamps behind it: what a lamp sent waits there for the network, and what comes for it goes on.

Memory is the gateway's own: what all boxes hold has a limit. When it is reached, nothing is dropped: lamps keep their letters.
"""

from hashlib import sha256

from micropython import const

from ..core import letter, telegram
from .mailbox import Mailbox

_BYTES = const(12_288)
_DIGEST = const(8)
_KEY = const(32)
_HEAD = const(35)  # number, key, length of the name


class Box(Mailbox):
    """The mailbox of one lamp. `post`: the gateway's `Boxes`."""

    def __init__(self, lamp: int, post: "Boxes") -> None:
        super().__init__()
        self.lamp = lamp
        self.missed = False  # there was no room for something that the network still has
        self._post = post
        self._taken = {}  # type: ignore[var-annotated]  # kind -> beginning of the SHA-256 of what the lamp has

    def take(self, kind: int, data: bytes) -> bool:
        """A letter for the lamp, from the network. What it has already is not brought again, whenever the broker repeats it."""
        if kind == letter.PIECE:
            return super().take(kind, data)
        if kind not in (letter.SETTINGS, letter.COMMAND, letter.UPDATE) or len(data) > letter.LONGEST:
            return False
        if self._taken.get(kind) == _digest(data):
            return True
        if not self._post.parcels.offer(self.lamp, kind, data):
            self.missed = kind != letter.COMMAND or self.missed
            return False
        return True

    def arrived(self, kind: int, data: bytes) -> None:
        """The lamp has it now."""
        if kind != letter.COMMAND:
            self._taken[kind] = _digest(data)

    def forgot(self) -> None:
        """The lamp, or the gateway, has started anew and may have forgotten what it had."""
        self._taken = {}
        self.missed = True

    def held(self) -> int:
        """Bytes that wait for the network."""
        found = 0
        for waiting in self._waiting:
            found += len(waiting.data)
        return found


class Boxes:
    """All of them: `of[lamp]`."""

    def __init__(self, lamps, parcels) -> None:
        self.parcels = parcels
        self.of = {lamp: Box(lamp, self) for lamp in lamps}

    def put(self, lamp: int, kind: int, data: bytes) -> bool:
        """A letter from a lamp; False: there is no room for it now."""
        box = self.of[lamp]
        if kind not in (letter.STATE, letter.LIVE) and box.room(kind) <= 0:
            return False
        held = len(data)
        for other in self.of.values():
            held += other.held()
        return held <= _BYTES and box.send(kind, data)

    def missed(self) -> "Box | None":
        """A box for which the network should be asked again; it counts as asked."""
        for box in self.of.values():
            if box.missed:
                box.missed = False
                return box
        return None


def behind(found: bytes):
    """The file `behind`: ({number of a lamp: its own key}, {number: its name on the network}). ValueError where it makes no sense."""
    keys = {}
    names = {}
    at = 0
    while at < len(found):
        number = telegram.number(found, at, 2) if at + _HEAD <= len(found) else -1
        end = at + _HEAD + found[at + _HEAD - 1] if number >= 0 else 0
        if not at < end <= len(found):
            raise ValueError("the file `behind`")
        keys[number] = found[at + 2 : at + 2 + _KEY]
        names[number] = found[at + _HEAD : end].decode()
        at = end
    if not keys:
        raise ValueError("the file `behind`")
    return keys, names


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()[:_DIGEST]
