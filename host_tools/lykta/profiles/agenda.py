"""A night at a place, in ms since its origin (local noon): when the sun sets, when phases begin, when the light goes off.

The computation is that of the node, `core/phases`; here time zones become the offsets that it is given.
"""

from __future__ import annotations

import datetime
import zoneinfo
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lykta.corehost import phases as core
from lykta.profiles.model import SUNRISE, SUNSET, Need, Phase, Requirement, Start
from lykta.profiles.profile import Profile

_EPOCH = datetime.date(2000, 1, 1)


@dataclass(frozen=True)
class NightTimes:
    """The times of one night at one place. `sun`: what `core/phases.sun` worked out; offsets from UTC in minutes."""

    date: datetime.date
    timezone: str
    origin_utc_ms: int  # epoch time of local noon
    offset_before: int
    change_s: int  # when the clocks change, in s since the origin; after the night if they do not
    offset_after: int
    sun: tuple[int, ...]

    @property
    def length_ms(self) -> int:
        """From local noon to local noon: 24 h, 23 or 25 when the clocks change."""
        return int(core.length_ms(self.offset_before, self.offset_after))

    @property
    def never_sets(self) -> bool:
        """Whether the sun stays up all night."""
        return bool(self.sun[core.STATE] == core.SUN_NEVER_SETS)

    @property
    def never_rises(self) -> bool:
        """Whether it is dark from noon to noon."""
        return bool(self.sun[core.STATE] == core.SUN_NEVER_RISES)

    @property
    def sunset_ms(self) -> int:
        """Sunset in ms since the origin; the origin in polar night, the solar midnight in midnight sun."""
        return self.begins_ms(Start(SUNSET, 0))

    @property
    def sunrise_ms(self) -> int:
        """The next sunrise in ms since the origin; the next noon in polar night, the solar midnight in midnight sun."""
        return self.begins_ms(Start(SUNRISE, 0))

    def begins_ms(self, start: Start) -> int:
        """When something begins, in ms since the origin, within the night."""
        return int(core.begins_ms(start.kind, start.minutes, self.sun, self.offset_before, self.change_s, self.offset_after))

    def schedule(self, starts: Sequence[Start], end: Start) -> tuple[list[int], int]:
        """When each of several phases begins, rising, and when the light goes off (`core/phases.schedule`)."""
        flat = array("i", [number for start in (*starts, end) for number in (start.kind, start.minutes)])
        out = array("i", [0] * (len(starts) + 1))
        core.schedule(flat, len(starts), self.sun, self.offset_before, self.change_s, self.offset_after, out)
        return list(out[:-1]), out[-1]

    def local(self, t_ms: int) -> datetime.datetime:
        """The local time of a moment of the night."""
        utc = datetime.datetime.fromtimestamp((self.origin_utc_ms + t_ms) / 1000, datetime.UTC)
        return utc.astimezone(zoneinfo.ZoneInfo(self.timezone))


@dataclass(frozen=True)
class Agenda:
    """What a profile does in one night at one place. Phases that do not happen that night are left out.

    `phases`: (begin in ms, phase) in rising order; the light is on from `begin_ms` to `end_ms` (equal: no light at all).
    """

    times: NightTimes
    phases: tuple[tuple[int, Phase], ...]
    begin_ms: int
    end_ms: int

    @property
    def sunset_ms(self) -> int:
        """See `NightTimes.sunset_ms`."""
        return self.times.sunset_ms

    @property
    def sunrise_ms(self) -> int:
        """See `NightTimes.sunrise_ms`."""
        return self.times.sunrise_ms

    def at(self, t_ms: int) -> Phase | None:
        """The phase at a moment; None while the light is off."""
        if not self.begin_ms <= t_ms < self.end_ms:
            return None
        return next(phase for begin, phase in reversed(self.phases) if begin <= t_ms)


def origin_utc_ms(date: datetime.date, timezone: str) -> int:
    """Epoch time in ms of local noon of a date: the origin of the night."""
    return int(_local_noon(date, timezone).timestamp()) * 1000


def night_times(latitude: float, longitude: float, timezone: str, date: datetime.date) -> NightTimes:
    """The times of the night that begins on a date, at a place in degrees north and east."""
    noon = _local_noon(date, timezone)
    origin = int(noon.timestamp())
    following = int(_local_noon(date + datetime.timedelta(days=1), timezone).timestamp())
    before, after = _offset(origin, timezone), _offset(following, timezone)
    change = following - origin if before == after else _change(origin, following, timezone) - origin
    sun = array("i", [0] * core.SUN)
    core.sun((date - _EPOCH).days, round(latitude * 1e4), round(_near(longitude, before) * 1e4), sun)
    return NightTimes(date, timezone, origin * 1000, before, change, after, tuple(sun))


def agenda(profile: Profile, latitude: float, longitude: float, timezone: str, date: datetime.date) -> Agenda:
    """What a profile does in the night that begins on a date, at a place."""
    times = night_times(latitude, longitude, timezone, date)
    night = profile.night(date)
    begins, end = times.schedule([phase.start for phase in night.phases], night.end)
    until = [*begins[1:], end]
    kept = tuple((begin, phase) for begin, phase, over in zip(begins, night.phases, until, strict=True) if begin < over)
    return Agenda(times, kept, kept[0][0] if kept else end, end)


def resolve_requirement(requirement: Requirement, times: NightTimes) -> list[tuple[int, Mapping[str, Need]]]:
    """What is owed when: [(begin in ms since the origin, {class name: Need})], rising, the first at 0, to the end of the night.

    `times` is `agenda(...).times` or `night_times(latitude, longitude, timezone, date)`. A class that is missing is owed
    nothing. A phase that would begin before the one listed above it takes its place, as in a profile.
    """
    found: list[tuple[int, Mapping[str, Need]]] = []
    latest = 0
    for number, phase in enumerate(requirement.phases):
        latest = max(latest, times.begins_ms(phase.start)) if number else 0
        if found and found[-1][0] == latest:
            found.pop()
        if latest < times.length_ms:
            found.append((latest, phase.needs))
    return found


def _local_noon(date: datetime.date, timezone: str) -> datetime.datetime:
    return datetime.datetime.combine(date, datetime.time(12), zoneinfo.ZoneInfo(timezone))


def _offset(utc_s: int, timezone: str) -> int:
    """Minutes by which the clocks of a time zone are ahead of UTC."""
    offset = datetime.datetime.fromtimestamp(utc_s, zoneinfo.ZoneInfo(timezone)).utcoffset()
    assert offset is not None  # every ZoneInfo has one
    return int(offset.total_seconds()) // 60


def _change(first: int, last: int, timezone: str) -> int:
    """The first second (epoch time) at which the clocks show the new offset, between two that differ."""
    before = _offset(first, timezone)
    while last - first > 1:
        middle = (first + last) // 2
        first, last = (middle, last) if _offset(middle, timezone) == before else (first, middle)
    return last


def _near(longitude: float, offset: int) -> float:
    """The longitude within half a turn of the clocks: Kiribati's noon is that of 210 degrees east, not of 150 west."""
    return longitude + 360 * round((offset / 4 - longitude) / 360)
