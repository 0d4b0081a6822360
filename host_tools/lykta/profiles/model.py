"""Profile and requirement as the rest of the host sees them: plain integers in the units of `core/schema`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: What a phase's start is measured from; the codes of `core/phases`.
CLOCK, SUNSET, SUNRISE = 0, 1, 2


@dataclass(frozen=True)
class Start:
    """When something begins: minutes after local midnight (CLOCK), or minutes after sunset or sunrise (may be negative)."""

    kind: int
    minutes: int


@dataclass(frozen=True)
class Phase:
    """A phase of one night in one zone. `rows[zone]` are settings rows of `core/schema` (ROW integers)."""

    name: str
    start: Start
    rows: Mapping[str, tuple[int, ...]]
    reason: str = ""  # of the calendar entry that made it so


@dataclass(frozen=True)
class Night:
    """What a profile does in the night that begins on a date: phases in the order of their starts, light off at `end`."""

    phases: tuple[Phase, ...]
    end: Start


@dataclass(frozen=True)
class Need:
    """What one class of road user is owed: the requirement of `definitions.md`, section 2."""

    level_permille: int
    ahead_cm: int
    preview_ms: int
    behind_cm: int


@dataclass(frozen=True)
class RequirementPhase:
    """What is owed from `start` on: by class name."""

    start: Start
    needs: Mapping[str, Need]


@dataclass(frozen=True)
class Requirement:
    """What service is judged against; never written by a tuner. `phases` in the order of their starts, at least one."""

    name: str
    tau_ms: int
    phases: tuple[RequirementPhase, ...]
