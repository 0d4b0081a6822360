"""The settings table of the core, `core/schema`, with types: the one source of keys, units, defaults and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lykta.corehost import schema

#: Kinds of `lykta.units` by the codes of `core/schema`.
_KINDS = {schema.LEVEL: "level", schema.TIME: "time", schema.LENGTH: "length", schema.SPEED: "speed", schema.COUNT: "count"}

CLASSES: tuple[str, ...] = tuple(schema.CLASS_NAMES)
ROW: int = schema.ROW
#: The block that sets something for every class at once.
EVERYONE = "everyone"


@dataclass(frozen=True)
class Setting:
    """A row of the settings table. `defaults`: one for the phase scope, one for each class for the class scope."""

    key: str
    per_class: bool
    kind: str
    defaults: tuple[int, ...]
    lowest: int
    highest: int
    index: int

    def position(self, road_user: int = 0) -> int:
        """Where the value stands in a settings row, for a class of road user (ignored in the phase scope)."""
        return int(schema.position(self.index, road_user))


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(key, scope == schema.CLASS, _KINDS[kind], tuple(defaults), lowest, highest, index)
    for index, (key, scope, kind, defaults, lowest, highest) in enumerate(schema.SETTINGS)
)
BY_KEY = {setting.key: setting for setting in SETTINGS}
#: The setting at each position of a settings row.
SETTINGS_AT = {setting.position(road_user): setting for setting in SETTINGS for road_user in range(len(setting.defaults))}
PHASE_KEYS = tuple(setting.key for setting in SETTINGS if not setting.per_class)
CLASS_KEYS = tuple(setting.key for setting in SETTINGS if setting.per_class)


def value(row: Sequence[int], key: str, road_user: int = 0) -> int:
    """One value of a settings row by its key, for a class of road user (ignored in the phase scope)."""
    return row[BY_KEY[key].position(road_user)]


def defaults() -> list[int]:
    """A settings row with the default of every setting."""
    row = [0] * ROW
    schema.defaults(row)
    return row
