"""One lamp with everything that can reach it, in any order: for claims that hold in every state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from lykta.corehost import control, presence
from lykta.corehost import lamp as row
from tests.core import streets
from tests.core.scenes import Plan
from tests.core.world import World, settings_row

#: A profile of three phases, so that states differ by phase too: (begin_ms, idle, hold).
PHASES = ((0, 300, 10_000), (400_000, 500, 20_000), (900_000, 200, 5_000))
END_MS = 30_000_000


@dataclass(frozen=True)
class Input:
    """Something that reaches the lamp `after_ms` after what came before it."""

    after_ms: int
    what: str
    about: tuple[int, ...]


class Single:
    """The lamp, and how to hand it an input. `numbers`: what the row is made of (list, array, NumPy)."""

    def __init__(self, plan: Plan | None = None, number: int = 2, core: dict[str, Any] | None = None) -> None:
        graph = plan.graph() if plan else streets.line([2200] * 5)
        self.world = World(graph, core=core) if core else World(graph)
        self.control = self.world.control
        self.number = number
        self.block = _block()
        self.table = self.world.tables.tables[number]
        self.own = self.world.tables.own[number]
        self.row = [0] * row.LAMP
        self.origins = {origin: at for origin, hears in enumerate(self.world.tables.receivers) for lamp, at in hears if lamp == number}
        self.control.start(self.row, self.block, self.table, self.own, number, 1000)

    @property
    def args(self) -> tuple[list[int], list[int], list[int], int]:
        return self.row, self.block, self.table, self.own

    def advance(self, ms: int) -> None:
        self.control.advance(*self.args, ms)

    def take(self, what: Input) -> None:
        """Let the time before an input pass, and hand it over."""
        self.advance(what.after_ms)
        self.hand(what)

    def hand(self, what: Input) -> None:
        """Hand over an input now."""
        if what.what == "frame":
            origins = sorted(self.origins)
            fields = [0] * row.FRAME_LENGTH
            names = ("DETECTION", "CLASSES", "SPEED", "CAME", "AGE", "STILL_SEEN", "PREVIOUS", "PREVIOUS_NUMBER", "MOVED", "BACK", "FRONT")
            for name, value in zip((*names, "ALSO", "ALSO_NUMBER", "PERHAPS"), (*what.about[1:], 0)[:14], strict=True):
                fields[getattr(row, name)] = value
            fields[row.ORIGIN] = origins[what.about[0] % len(origins)]
            self.control.frame(*self.args, self.origins[fields[row.ORIGIN]], fields, 0)
        else:
            getattr(self.control, what.what)(*self.args, *what.about)


def _block() -> list[int]:
    from lykta.plan.blocks import entries_of, make_block

    phases = [(begin, settings_row(idle=idle, hold=hold)) for begin, idle, hold in PHASES]
    return make_block(entries_of(phases, END_MS - 1000, [(0, 0), (600_000, 400)]), 100, END_MS)


_kinds = st.sampled_from([int(kind) for kind in (presence.EDGE_ON, presence.EDGE_OFF, presence.ENTER, presence.LEAVE, presence.TARGET)])
_after = st.one_of(st.integers(0, 3000), st.integers(0, 60_000), st.sampled_from((0, 1, 999, 20_000, 180_000)))
_reading = st.tuples(_kinds, st.integers(0, 3), st.integers(0, 6000), st.integers(-1500, 1500))
_number = st.integers(1, 4)
_lamp = st.integers(-1, 5)


def frames(previous: st.SearchStrategy[int] = _lamp) -> st.SearchStrategy[tuple[int, ...]]:
    """Any frame that fits its fields."""
    return st.tuples(
        st.integers(0, 9), _number, st.integers(1, 7), st.one_of(st.just(0), st.integers(10, 5000)), st.sampled_from((0, 1, 255)),
        st.integers(0, 200_000), st.integers(0, 2), previous, _number, st.integers(0, 20_000), st.integers(-800, 6000),
        st.integers(-800, 6000), previous, _number, st.integers(0, 1),
    )  # fmt: skip


def inputs(*kinds: str) -> st.SearchStrategy[Input]:
    """Any input, or those named."""
    about = {
        "reading": _reading,
        "frame": frames(),
        "heartbeat": st.tuples(st.integers(0, 5), st.integers(0, 120_000), st.integers(0, 1000), st.integers(0, 1)),
        "override": st.tuples(st.integers(0, 1000), st.integers(0, 300_000)),
        "fault": st.tuples(st.sampled_from((32, 64)), st.integers(0, 1)),
    }
    return st.one_of([st.builds(Input, _after, st.just(kind), about[kind]) for kind in kinds or about])


def histories(*kinds: str, most: int = 30) -> st.SearchStrategy[list[Input]]:
    """What happened to a lamp so far."""
    return st.lists(inputs(*kinds), max_size=most)


def lived(history: list[Input]) -> Single:
    """A lamp with a history."""
    one = Single()
    for what in history:
        one.take(what)
    return one


__all__ = ["Input", "Single", "control", "frames", "histories", "inputs", "lived"]
