"""The numbers of a lamp's own detections: none is used again soon, restarts included.

Neighbours know a detection by lamp and number, for as long as its light lasts. If numbers began again at 1 after a restart, the next
detection would take the place of one whose light is still needed. So they go on: the counter `number` in NVS is always ahead of those
in use, by a block that is set aside before it is begun.
"""

from micropython import const

_KEY = "number"
_NUMBERS = const(65_535)  # after which they begin again at 1
_BLOCK = const(1_024)  # flash is written once for so many
_EARLY = const(64)  # set aside so long before the last: a party takes several at once


class Numbers:
    """Where numbers begin at this start, and how far they are set aside."""

    def __init__(self, store) -> None:
        """`store` counts."""
        self._store = store
        self.last = store.count(_KEY) % _NUMBERS  # the one before the first
        self._end = self.last
        self.used(self.last)

    def used(self, number: int) -> None:
        """A number is in use: set more aside where that is due."""
        if not _EARLY <= (self._end - number) % _NUMBERS <= _BLOCK + _EARLY:
            self._end = (number + _BLOCK) % _NUMBERS
            self._store.set_count(_KEY, self._end)
