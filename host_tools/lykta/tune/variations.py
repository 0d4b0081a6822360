"""A profile and a site with one thing changed: a setting less and more, a sensor taken away, a sensor added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lykta.corehost import schema
from lykta.profiles import Night, Profile
from lykta.profiles.table import CLASSES, SETTINGS, Setting
from lykta.site import Site
from lykta.site.model import Lamp, Sensor
from lykta.site.sensors import DIRECTED, RANGES_CM
from lykta.units import show

#: By how much settings are changed: a quarter of what they are; those that may be 0, levels and counts by a fixed step.
_PART = 4
_STEPS = {"level": 50, "count": 1}
_FROM_NOTHING = {"time": 2000, "length": 1000, "speed": 50}
#: What another sensor is where every post has one: a radar that sees who stands still.
_SECOND = "ld2410"
LESS, MORE = "less", "more"


@dataclass(frozen=True)
class Variation:
    """Something changed. `name`: what, `way`: how, in words; `side`: LESS or MORE for a setting, else ""."""

    name: str
    way: str
    side: str
    profile: Profile
    site: Site


def of_settings(profile: Profile, site: Site, met: Sequence[str]) -> Iterator[Variation]:
    """Every setting a quarter less and more, in all zones and phases and for all classes of `met` at once.

    Levels by 5 points. What breaks a limit is clipped; what breaks a rule of settings, or changes nothing, is left out.
    """
    for setting in SETTINGS:
        for side in (LESS, MORE):
            changed = _varied(profile, setting, side, met)
            if changed != profile:
                yield Variation(setting.key, _said(profile, changed, setting, met), side, changed, site)


def _varied(profile: Profile, setting: Setting, side: str, met: Sequence[str]) -> Profile:
    def night(one: Night) -> Night:
        phases = (replace(phase, rows={zone: _row(row, setting, side, met) for zone, row in phase.rows.items()}) for phase in one.phases)
        return replace(one, phases=tuple(phases))

    calendar = tuple(replace(entry, night=night(entry.night)) for entry in profile.calendar)
    return replace(profile, ordinary=night(profile.ordinary), calendar=calendar)


def _row(row: tuple[int, ...], setting: Setting, side: str, met: Sequence[str]) -> tuple[int, ...]:
    """A settings row with one setting changed; as it was where that would break a rule."""
    new = list(row)
    for position in _positions(setting, met):
        new[position] = _moved(row[position], setting, side)
    whole = any(schema.broken(new, rule, road_user) for rule in range(schema.RULES) for road_user in range(schema.CLASSES))
    return row if whole else tuple(new)


def _positions(setting: Setting, met: Sequence[str]) -> list[int]:
    return [setting.position(CLASSES.index(name)) for name in met] if setting.per_class else [setting.position()]


def _moved(value: int, setting: Setting, side: str) -> int:
    step = _STEPS.get(setting.kind) or value // _PART or _FROM_NOTHING[setting.kind]
    return min(max(value + (step if side == MORE else -step), setting.lowest), setting.highest)


def _said(profile: Profile, changed: Profile, setting: Setting, met: Sequence[str]) -> str:
    """`10 s -> 12500 ms`; where a setting has several values, those of the first zone, phase and class that change."""
    for old, new in zip(profile.ordinary.phases, changed.ordinary.phases, strict=True):
        for zone in profile.zones:
            for position in _positions(setting, met):
                if old.rows[zone][position] != new.rows[zone][position]:
                    return " -> ".join(show(setting.kind, rows.rows[zone][position]) for rows in (old, new))
    return "in nights of the calendar"


def without_sensors(profile: Profile, site: Site) -> Iterator[Variation]:
    """Every sensor taken away, one at a time."""
    for number, lamp in enumerate(site.lamps):
        for place, sensor in enumerate(lamp.sensors if lamp.adaptive else ()):
            rest = (*lamp.sensors[:place], *lamp.sensors[place + 1 :])
            yield Variation(f"{lamp.id} {_sensor(sensor)}", "taken away", "", profile, _with(site, number, replace(lamp, sensors=rest)))


def with_sensors(profile: Profile, site: Site) -> Iterator[Variation]:
    """One more sensor, on each post that has none the kind that most have; where all have one, a radar that sees who stands still."""
    kinds = Counter(sensor.kind for lamp in site.lamps for sensor in lamp.sensors if sensor.kind not in DIRECTED)
    usual = kinds.most_common(1)[0][0] if kinds else "pir"
    controlled = [(number, lamp) for number, lamp in enumerate(site.lamps) if lamp.adaptive]
    bare = [(number, lamp) for number, lamp in controlled if not lamp.sensors]
    lacking = [(number, lamp) for number, lamp in controlled if usual != "ideal" and all(one.kind != _SECOND for one in lamp.sensors)]
    for number, lamp in bare or lacking:
        sensor = Sensor(usual if bare else _SECOND, dict(RANGES_CM[usual if bare else _SECOND]))
        changed = replace(lamp, sensors=(*lamp.sensors, sensor))
        yield Variation(f"{lamp.id} {_sensor(sensor)}", "added", "", profile, _with(site, number, changed))


def _sensor(sensor: Sensor) -> str:
    return f"{sensor.kind} towards {sensor.facing}" if sensor.facing else sensor.kind


def _with(site: Site, number: int, lamp: Lamp) -> Site:
    return replace(site, lamps=(*site.lamps[:number], lamp, *site.lamps[number + 1 :]))
