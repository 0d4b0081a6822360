"""Where in a profile a value is looked at and written: a zone, a phase or the whole night, a class of road user or everyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lykta.document import Document, Node
from lykta.profiles import Night, Profile
from lykta.profiles.loader import ALL
from lykta.profiles.table import CLASSES, EVERYONE, Setting
from lykta.tune.edit import Change, Path
from lykta.units import show

#: In place of the number of an entry of the calendar: the nights that no entry is for.
ORDINARY = -1


@dataclass(frozen=True)
class Scope:
    """A place in a profile. `phase`: ALL for the whole night; `who`: EVERYONE or a class; `entry`: of the calendar, or ORDINARY nights."""

    zone: str
    phase: str = ALL
    who: str = EVERYONE
    entry: int = ORDINARY

    def path(self, setting: Setting) -> Path:
        """The keys under which a setting is written here."""
        group = (self.who,) if setting.per_class else ()
        night = () if self.entry == ORDINARY else ("calendar", self.entry)
        return (*night, "zones", self.zone, self.phase, *group, setting.key)

    def change(self, setting: Setting, value: int) -> Change:
        """A value to be written here."""
        return Change(self.path(setting), show(setting.kind, value))

    def night(self, profile: Profile) -> Night:
        """The kind of night that is looked at."""
        return profile.ordinary if self.entry == ORDINARY else profile.calendar[self.entry].night

    def rows(self, profile: Profile) -> list[tuple[str, tuple[int, ...]]]:
        """(phase, settings row) of the zone in this kind of night, as far as they belong here."""
        return [(phase.name, phase.rows[self.zone]) for phase in self.night(profile).phases if self.phase in (ALL, phase.name)]

    def road_users(self) -> Sequence[int]:
        """The classes that a value here is for."""
        return range(len(CLASSES)) if self.who == EVERYONE else [CLASSES.index(self.who)]


@dataclass(frozen=True)
class Found:
    """What a setting is at a place: its value there, who or when has another ("cyclist", 540000), and whether it is written there."""

    value: int
    others: tuple[tuple[str, int], ...]
    written: bool


def find(profile: Profile, text: Document, scope: Scope, setting: Setting) -> Found:
    """What holds at a place. The value is what is written there, else what most of it has."""
    rows = scope.rows(profile)
    users = scope.road_users() if setting.per_class else [0]
    cells = [(name, user, row[setting.position(user)]) for name, row in rows for user in users]
    node = _at(text.root, scope.path(setting))
    values = [value for _, _, value in cells]
    usual = max(values, key=values.count) if values else setting.defaults[0]
    value = usual if node is None else _quantity(node, setting)
    others = dict.fromkeys((_said(rows, users, name, user), amount) for name, user, amount in cells if amount != value)
    return Found(value, tuple(others), node is not None)


def _said(rows: Sequence[object], users: Sequence[int], phase: str, user: int) -> str:
    """Whose value it is, in keys: `night`, `cyclist`, `night cyclist`."""
    return " ".join([phase] * (len(rows) > 1) + [CLASSES[user]] * (len(users) > 1))


def _at(node: Node, path: Path) -> Node | None:
    for key in path:
        if isinstance(key, int):
            node = list(node.list())[key]
            continue
        if not node.is_mapping():
            return None
        node = node.get(key)
    return node if node.present else None


def _quantity(node: Node, setting: Setting) -> int:
    return node.quantity(setting.kind, lowest=setting.lowest, highest=setting.highest)
