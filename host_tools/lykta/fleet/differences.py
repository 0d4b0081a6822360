"""What becomes different when one profile takes the place of another: settings, phases, calendar, as people wrote them.

    for one in differences(old, new):
        print(one)                       # path, night: pedestrian hold 30 s -> 12 s

What changes alike in several zones, phases or classes is one difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lykta.profiles import Night, Profile
from lykta.profiles.starts import show_start
from lykta.profiles.table import CLASSES, EVERYONE, SETTINGS
from lykta.units import show

#: What `zones` and `phases` are where a setting changes in all of them.
ALL = ("all",)
_NONE = ""
_Cell = tuple[str, str, str, str]  # zone, phase, who, key


@dataclass(frozen=True)
class Difference:
    """One thing that becomes different.

    `kind`: "" for the ordinary night, else the entry of the calendar; `who`: class of road users, "everyone", or "" for what is of no
    class; `key`: a setting of `core/schema`, or "begins" of a phase, "end" of the light, "zone", "entry", "dates". "" in `before`: it is
    new; in `after`: it goes.
    """

    kind: str
    zones: tuple[str, ...]
    phases: tuple[str, ...]
    who: str
    key: str
    before: str
    after: str

    def __str__(self) -> str:
        """In a line: `path, night: pedestrian hold 30 s -> 12 s`."""
        zones = ["all zones"] if self.zones == ALL else self.zones
        phases = ["all phases"] if self.phases == ALL else self.phases
        where = ", ".join(word for word in (self.kind, *zones, *phases) if word)
        what = " ".join(word for word in (self.who, self.key) if word)
        return f"{where}{': ' if where else ''}{what} {self.before or 'not there'} -> {self.after or 'not there'}"

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return asdict(self)

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Difference:
        """From the database."""
        return cls(**{**told, "zones": tuple(told["zones"]), "phases": tuple(told["phases"])})


def differences(old: Profile, new: Profile) -> tuple[Difference, ...]:
    """All that becomes different, in the order of the new profile: zones, times, settings, then what goes."""
    return tuple(_all(old, new))


def _all(old: Profile, new: Profile) -> Iterator[Difference]:
    yield from (Difference("", (zone,), (), "", "zone", _NONE, "added") for zone in new.zones if zone not in old.zones)
    yield from (Difference("", (zone,), (), "", "zone", "there", _NONE) for zone in old.zones if zone not in new.zones)
    yield from _of_night("", old.ordinary, new.ordinary)
    before, after = ({entry.name: entry for entry in one.calendar} for one in (old, new))
    for name, entry in after.items():
        if name not in before:
            yield Difference(name, (), (), "", "entry", _NONE, entry.reason or "added")
            continue
        if before[name].selector != entry.selector:
            yield Difference(name, (), (), "", "dates", "as they were", "others")
        yield from _of_night(name, before[name].night, entry.night)
    yield from (
        Difference(name, (), (), "", "entry", entry.reason or "there", _NONE) for name, entry in before.items() if name not in after
    )


def _of_night(kind: str, old: Night, new: Night) -> Iterator[Difference]:
    """One kind of night."""
    begins, began = ({phase.name: show_start(phase.start) for phase in night.phases} for night in (new, old))
    for phase in dict.fromkeys([*begins, *began]):
        if began.get(phase, _NONE) != begins.get(phase, _NONE):
            yield Difference(kind, (), (phase,), "", "begins", began.get(phase, _NONE), begins.get(phase, _NONE))
    if old.end != new.end:
        yield Difference(kind, (), (), "", "end", show_start(old.end), show_start(new.end))
    yield from _gathered(kind, old, new)


def _gathered(kind: str, old: Night, new: Night) -> Iterator[Difference]:
    """The settings that become others: what is alike of several classes, then phases, then zones, as one."""
    was, becomes = _cells(old), _cells(new)
    both = [cell for cell in becomes if cell in was]
    phases = list(dict.fromkeys(phase for _, phase, _, _ in both))
    zones = list(dict.fromkeys(zone for zone, _, _, _ in both))
    classes: dict[tuple[str, str, str, str, str], list[str]] = {}
    for zone, phase, who, key in both:
        before, after = was[zone, phase, who, key], becomes[zone, phase, who, key]
        if before != after:
            classes.setdefault((zone, phase, key, before, after), []).append(who)
    by_phase: dict[tuple[str, str, str, str, str], list[str]] = {}
    for (zone, phase, key, before, after), whom in classes.items():
        for who in [EVERYONE] if len(whom) == len(CLASSES) else whom:
            by_phase.setdefault((zone, who, key, before, after), []).append(phase)
    by_zone: dict[tuple[tuple[str, ...], str, str, str, str], list[str]] = {}
    for (zone, who, key, before, after), its in by_phase.items():
        by_zone.setdefault((_or_all(its, phases), who, key, before, after), []).append(zone)
    for (some, who, key, before, after), its_zones in by_zone.items():
        yield Difference(kind, _or_all(its_zones, zones), some, who, key, before, after)


def _or_all(some: Sequence[str], every: Sequence[str]) -> tuple[str, ...]:
    return ALL if len(some) == len(every) > 1 else tuple(some)


def _cells(night: Night) -> dict[_Cell, str]:
    """Every setting of a night, as people write it."""
    return dict(_each(night))


def _each(night: Night) -> Iterable[tuple[_Cell, str]]:
    for phase in night.phases:
        for zone, row in phase.rows.items():
            for setting in SETTINGS:
                whom = CLASSES if setting.per_class else ("",)
                for place, who in enumerate(whom):
                    yield (zone, phase.name, who, setting.key), show(setting.kind, row[setting.position(place)])
