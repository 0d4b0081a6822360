"""What can be wrong with a virtual board, on demand: for practising, and for tests of what is said and how it is repaired.

| fault | what happens | ends |
|---|---|---|
| `cut=N` | the cable is pulled after N more bytes, either way; the power goes with it | `plug` |
| `unplugged` | the cable is out | `plug` |
| `brown-out=N` | the supply breaks down after N more bytes have gone into the flash | once |
| `slow=N` | the line carries N bytes a second | `heal` |
| `garbage=N` | about one byte in N arrives as another | `heal` |
| `full=N` | junk fills the file system until N bytes are free | `heal` takes the junk away at the next start |
| `boot-loop` | the program's image in flash is damaged: the chip starts over and over | when the image is written |
| `deaf` | the program does not hear Ctrl-C | `heal` |
| `no-boot-line` | the line that asks for the loader is not connected: somebody must hold BOOT | `heal` |
| `boot-held` | a finger on BOOT: whenever it starts, its loader does | when it is written |
| `secure-boot` | the chip takes signed images only | `heal`, unlike a real one |
| `busy` | another program has the port | `heal` |
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

#: Fault -> whether it takes a number.
KINDS = {
    "cut": True,
    "unplugged": False,
    "brown-out": True,
    "slow": True,
    "garbage": True,
    "full": True,
    "boot-loop": False,
    "deaf": False,
    "no-boot-line": False,
    "boot-held": False,
    "secure-boot": False,
    "busy": False,
}


@dataclass
class Faults:
    """The faults of one board, with what is left of each."""

    left: dict[str, int] = field(default_factory=dict)
    _noise: random.Random = field(default_factory=lambda: random.Random(1))

    def has(self, kind: str) -> bool:
        """Whether the board has a fault."""
        return kind in self.left

    def add(self, text: str) -> str:
        """Add a fault written as above; gives its kind. ValueError, with what is wrong."""
        kind, _, number = text.partition("=")
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}. There are: {', '.join(KINDS)}")
        if KINDS[kind] != number.isdigit():
            raise ValueError(f"{kind} takes {'a number, as in ' + kind + '=5000' if KINDS[kind] else 'no number'}")
        self.left[kind] = int(number or 0)
        return kind

    def plug(self) -> None:
        """The cable is in again."""
        self.left.pop("unplugged", None)

    def heal(self) -> None:
        """Nothing is wrong any more."""
        self.left.clear()

    def spend(self, kind: str, amount: int) -> int | None:
        """How much of `amount` still passes until the fault strikes, which is then over; None where it does not strike yet."""
        if kind not in self.left:
            return None
        left = self.left[kind]
        if amount < left:
            self.left[kind] = left - amount
            return None
        del self.left[kind]
        return left

    def noisy(self, data: bytes) -> bytes:
        """What arrives of some bytes."""
        every = self.left.get("garbage")
        if not every:
            return data
        return bytes(self._noise.randrange(256) if self._noise.randrange(every) == 0 else byte for byte in data)
