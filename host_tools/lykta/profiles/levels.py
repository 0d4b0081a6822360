"""Every level that a profile may set in a zone, with what for and when: for the check of lighting classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lykta.profiles.profile import Profile
from lykta.profiles.table import CLASSES, value

EVERY_PHASE = "always"


@dataclass(frozen=True)
class LevelUse:
    """A level of a zone: for whom (`idle`, `fault`, classes of road user), and in which phases of which nights."""

    purpose: str
    level_permille: int
    when: str


def levels_of_zone(profile: Profile, zone: str, classes: Sequence[str]) -> list[LevelUse]:
    """The levels of a zone: idle, fault, presence of the classes given; what is equal in every phase is one entry."""
    phases = _telling_phases(profile, zone)
    columns = {key: [value(row, key) for _, row in phases] for key in ("idle", "fault")}
    columns |= {name: [value(row, "level", CLASSES.index(name)) for _, row in phases] for name in classes}
    uses = []
    for purpose, levels in _merged(columns).items():
        for level in sorted(set(levels)):
            names = [name for (name, _), found in zip(phases, levels, strict=True) if found == level]
            uses.append(LevelUse(purpose, level, EVERY_PHASE if len(names) == len(phases) else ", ".join(names)))
    return uses


def _telling_phases(profile: Profile, zone: str) -> list[tuple[str, tuple[int, ...]]]:
    """Name and settings row of every phase; of a calendar night only those unlike the ordinary phase of that name."""
    ordinary = {phase.name: phase.rows[zone] for phase in profile.ordinary.phases}
    found = list(ordinary.items())
    for entry in profile.calendar:
        found += [
            (f"{entry.name}: {phase.name}", row) for phase in entry.night.phases if (row := phase.rows[zone]) != ordinary.get(phase.name)
        ]
    return found


def _merged(columns: dict[str, list[int]]) -> dict[str, list[int]]:
    """The columns, those with equal levels in every phase under their names together."""
    purposes: dict[tuple[int, ...], list[str]] = {}
    for name, levels in columns.items():
        purposes.setdefault(tuple(levels), []).append(name)
    return {", ".join(names): list(levels) for levels, names in purposes.items()}
