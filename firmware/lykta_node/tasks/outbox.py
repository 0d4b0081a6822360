"""What waits to be sent: own telegrams, each in several copies with some jitter, and relays of others'.

Copies are what gets through a burst of losses; each has its own age and so its own tag. The slots are made once; when all are
taken, the one with the fewest copies left gives way, and it is counted.
"""

from micropython import const

from ..core import telegram
from . import ticks

SLOTS = const(8)
COPIES = const(5)  # of an own telegram, and of a relay: it may be the only one, and its hearer as deaf as any
SPACING_MS = const(80)  # between two copies: some get through before, between or after bursts of losses of 100 to 300 ms
JITTER_MS = const(40)
_RELAY_MS = const(30)  # who relay the same telegram do not all do it at once
_IDLE_MS = const(60_000)


class Slot:
    """One telegram, its header and payload in place."""

    def __init__(self) -> None:
        self.buffer = bytearray(telegram.LONGEST)
        self.length = 0
        self.key = None  # to sign with
        self.copies = 0  # left to send; 0: free
        self.born = 0  # ticks at which
        self.age = 0  # what it tells was so old [ms]
        self.due = 0  # ticks of the next copy


class Outbox:
    """The slots, and when each copy is due. `number` is the own id: its jitter differs from the neighbours'."""

    def __init__(self, number: int) -> None:
        self.given_up = 0  # copies that had to give way
        self._number = number
        self._slots = [Slot() for _ in range(SLOTS)]
        self._drawn = number & 0xFFFF

    def free(self) -> Slot:
        """A slot to write a telegram into: the free one, or that with the fewest copies left."""
        best = self._slots[0]
        for slot in self._slots:
            if slot.copies < best.copies:
                best = slot
        self.given_up = min(self.given_up + best.copies, ticks.WRAP)
        best.copies = 0
        return best

    def post(self, slot: Slot, length: int, key, copies: int, age: int, relayed: bool) -> None:
        """A slot has been written: its first copy goes out now; a relay somewhat later."""
        slot.length = length
        slot.key = key
        slot.copies = copies
        slot.age = age
        slot.born = ticks.now()
        slot.due = ticks.later(slot.born, self._draw(_RELAY_MS) if relayed else 0)

    def pause(self, now: int) -> int:
        """In how many ms the next copy is due."""
        pause = _IDLE_MS
        for slot in self._slots:
            if slot.copies:
                pause = min(pause, max(0, ticks.since(now, slot.due)))
        return pause

    def due(self, now: int):
        """A slot whose copy is due, or None; its next copy is put off."""
        for slot in self._slots:
            if slot.copies and ticks.since(now, slot.due) <= 0:
                slot.copies -= 1
                slot.due = ticks.later(now, SPACING_MS + self._draw(JITTER_MS))
                return slot
        return None

    def _draw(self, below: int) -> int:
        """A number from 0 to below - 1; no secret, only different from lamp to lamp and time to time."""
        self._drawn = (self._drawn * 1103 + 12_345) % 65_521
        return self._drawn % below
