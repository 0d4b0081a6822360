"""A profile: what the controller tries, in every zone, phase and night of the year."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lykta.errors import Problem
from lykta.profiles.calendar import Selector
from lykta.profiles.model import Night
from lykta.units import near_miss


@dataclass(frozen=True)
class Entry:
    """An entry of the calendar: which nights, what they are like, and why."""

    name: str
    reason: str
    selector: Selector
    night: Night


@dataclass(frozen=True)
class Profile:
    """A checked profile. `ordinary` is the night that no entry of the calendar is for; of the entries the first match wins."""

    name: str
    file: str
    zones: tuple[str, ...]
    ordinary: Night
    calendar: tuple[Entry, ...]
    warnings: tuple[Problem, ...]
    positions: Mapping[str, tuple[int, int]]  # path in the file -> line, column

    def entry(self, date: datetime.date) -> Entry | None:
        """The calendar entry of the night that begins on a date, if there is one."""
        return next((entry for entry in self.calendar if entry.selector.matches(date)), None)

    def night(self, date: datetime.date) -> Night:
        """What the profile does in the night that begins on a date."""
        entry = self.entry(date)
        return self.ordinary if entry is None else entry.night

    def nights(self) -> list[tuple[str, Night]]:
        """Every kind of night: the ordinary one (named ""), then those of the calendar by their names."""
        return [("", self.ordinary), *((entry.name, entry.night) for entry in self.calendar)]

    def check(self) -> list[Problem]:
        """What is doubtful in the profile, but no error."""
        return list(self.warnings)

    def missing_zones(self, zones: Iterable[str]) -> list[Problem]:
        """A problem for every zone of a site that the profile says nothing about."""
        line, column = self.positions.get("zones", (0, 0))
        return [
            Problem(
                self.file,
                line,
                column,
                "zones",
                f'the site has a zone "{zone}", and this profile says nothing about it.{near_miss(zone, self.zones)} Add `{zone}:` here.',
            )
            for zone in dict.fromkeys(zones)
            if zone not in self.zones
        ]
