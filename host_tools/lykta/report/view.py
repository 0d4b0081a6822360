"""What a page says, ready to print: words, cards, tables, bars, moments. Made from the score, free of its types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Card:
    """A figure to see at one look."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table of text: the first cell of each row names it."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """A cause and what was lost to it, in one unit for all bars of a picture; `hatched` is the graver part."""

    name: str
    hatched: float
    plain: float
    said: str


@dataclass(frozen=True)
class Moment:
    """One of the worst moments: what happened to whom, where (chainage on a link) and when."""

    title: str
    said: str
    user: int
    link: int
    place_cm: int
    from_ms: int
    until_ms: int


@dataclass(frozen=True)
class LampEnergy:
    """One lamp's night: energy and always-on energy [mWh], None where power is unknown; mean level; changes of target."""

    used_mwh: int | None
    always_mwh: int | None
    mean_permille: float
    changes: int

    @property
    def share_permille(self) -> int | None:
        """What it used of what it would use always on; None where that is unknown."""
        if self.used_mwh is None or not self.always_mwh:
            return None
        return round(1000 * self.used_mwh / self.always_mwh)


@dataclass(frozen=True)
class View:
    """All that a page says of a score. `lamps` by number; `users`: what to add to a user's name."""

    words: tuple[str, ...]
    cards: tuple[Card, ...]
    sheets: tuple[Sheet, ...]
    losses: tuple[Bar, ...]
    wasted: tuple[Bar, ...]
    moments: tuple[Moment, ...]
    lamps: Mapping[int, LampEnergy] = field(default_factory=dict)
    users: Mapping[int, str] = field(default_factory=dict)
