"""What the map of Live shows of every lamp: a level and some bits; and what has changed since a page last looked.

No network and no page here: states of nodes and a time go in, cells come out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lykta.fleet.model import NodeState
from lykta.report.pack import column

#: Bits of what is known of a lamp, as `static/map/live.js` reads them. Neither ONLINE nor OFFLINE: nothing was heard of it yet.
ONLINE, OFFLINE, FAULT, ALARM, OVERRIDE, EXACT, NO_NODE = 1, 2, 4, 8, 16, 32, 64
#: A level of the moment is shown as such for so long [s].
LIVE_S = 120.0
NO_LEVEL = -1


@dataclass(frozen=True, slots=True)
class Cell:
    """One lamp. `level`: permille, NO_LEVEL where nobody knows; `bits`: see above."""

    level: int
    bits: int


def exact(state: NodeState, now: float) -> bool:
    """Whether a node tells its level of the moment: only in a commissioning window."""
    return state.live is not None and state.live_at is not None and 0 <= now - state.live_at < LIVE_S


def cell_of(state: NodeState, overridden: bool, now: float) -> Cell:
    """What the map shows of a node."""
    live = exact(state, now)
    level = state.live if live else state.level
    bits = ONLINE if state.online else OFFLINE if state.online is False else 0
    bits |= FAULT * bool(state.faults) | ALARM * bool(state.alarms) | OVERRIDE * overridden | EXACT * live
    return Cell(NO_LEVEL if level is None else level, bits)


class Cells:
    """The lamps of a site with the cells of their nodes. `revision` rises with every change."""

    def __init__(self, lamps: Sequence[str], names: Mapping[str, str]) -> None:
        """`lamps`: ids in the order of the map; `names`: {lamp: node} of those that have one."""
        self.revision = 0
        self.numbers = {names[lamp]: number for number, lamp in enumerate(lamps) if lamp in names}
        self._cells = [Cell(NO_LEVEL, 0 if lamp in names else NO_NODE) for lamp in lamps]
        self._changed: dict[int, int] = {}  # number of a lamp -> revision, the newest last

    def __getitem__(self, number: int) -> Cell:
        return self._cells[number]

    def take(self, nodes: Iterable[NodeState], overridden: Callable[[str], bool], now: float) -> bool:
        """Look at some nodes again; whether anything that the map shows has changed."""
        found = False
        for state in nodes:
            number = self.numbers.get(state.name)
            if number is None:
                continue
            cell = cell_of(state, overridden(state.name), now)
            if cell != self._cells[number]:
                self._cells[number] = cell
                if not found:
                    found, self.revision = True, self.revision + 1
                self._changed.pop(number, None)
                self._changed[number] = self.revision
        return found

    def since(self, revision: int) -> list[int]:
        """The lamps that have changed after a revision."""
        found = []
        for number, when in reversed(self._changed.items()):
            if when <= revision:
                break
            found.append(number)
        return found

    def columns(self, numbers: Sequence[int]) -> dict[str, Any]:
        """Some lamps as the map takes them: packed columns, sorted by lamp."""
        wanted = sorted(numbers)
        chosen = [self._cells[number] for number in wanted]
        return {
            "lamp": _packed(wanted),
            "level": _packed([cell.level for cell in chosen]),
            "bits": _packed([cell.bits for cell in chosen]),
        }

    def all(self) -> dict[str, Any]:
        """All lamps."""
        return self.columns(range(len(self._cells)))


def _packed(values: Sequence[int]) -> str:
    return column(np.asarray(values, dtype=np.int64))
