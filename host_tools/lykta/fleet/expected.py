"""What a lamp should take by its profile: how bright it may be in a stretch of time, and with which energy.

    expected = Expectation(street)
    expected.of("K05", begin_s, until_s)       # Expected(lowest_mwh=..., highest_mwh=..., lit_s=...)

Between the idle level (and the floors of the site), when nobody comes by, and the highest presence level, when somebody always does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from lykta.corehost import schema
from lykta.node.street import Street
from lykta.plan.night import floors_of
from lykta.profiles import agenda
from lykta.site.model import Floor


@dataclass(frozen=True, slots=True)
class Expected:
    """Of a stretch of time: the least and the most energy by the profile, that at full level, and how long the profile lights at all [s].

    `known`: whether the power of the fixture is known; otherwise the energies are only good for comparing levels.
    """

    lowest_mwh: float
    highest_mwh: float
    full_mwh: float
    standby_mwh: float
    lit_s: float
    length_s: float
    known: bool


class Expectation:
    """What is expected of the lamps of a street."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self._lamps = {lamp.id: lamp for lamp in street.site.lamps}
        # One night of one kind of lamp: lamps of a zone with the same floors share it.
        self._night = lru_cache(maxsize=512)(self._steps)

    def knows(self, lamp: str) -> bool:
        """Whether there is such a lamp."""
        return lamp in self._lamps

    def power_mw(self, lamp: str, level_permille: float) -> float:
        """What a lamp takes at a level."""
        fixture = self.street.site.fixtures[self._lamps[lamp].fixture]
        levels, powers = zip(*((0, fixture.standby_mw), *fixture.power_mw), strict=True)
        return float(np.interp(level_permille, levels, powers)) * self._lamps[lamp].heads

    def of(self, lamp: str, begin_s: float, until_s: float) -> Expected:
        """What is expected of a lamp from one time to another."""
        one = self._lamps[lamp]
        lowest = highest = lit = 0.0
        for night in self._nights(begin_s, until_s):
            for step_begin, step_until, idle, presence in self._night(night, one.zone, one.floors):
                length = min(step_until, until_s) - max(step_begin, begin_s)
                if length > 0:
                    lowest += self.power_mw(lamp, idle) * length
                    highest += self.power_mw(lamp, presence) * length
                    lit += length if presence else 0
        length = until_s - begin_s
        dark = self.power_mw(lamp, 0) * (length - lit)
        hours = 3600.0
        fixture = self.street.site.fixtures[one.fixture]
        return Expected(
            (lowest + dark) / hours,
            (highest + dark) / hours,
            self.power_mw(lamp, 1000) * length / hours,
            self.power_mw(lamp, 0) * length / hours,
            lit,
            length,
            fixture.power_known and not fixture.estimated,
        )

    def _nights(self, begin_s: float, until_s: float) -> list[dt.date]:
        """The dates of the nights, from noon to noon, that a stretch of time touches."""
        zone = ZoneInfo(self.street.site.timezone)
        first, last = (dt.datetime.fromtimestamp(t_s, zone) - dt.timedelta(hours=12) for t_s in (begin_s, until_s))
        return [first.date() + dt.timedelta(days=day) for day in range((last.date() - first.date()).days + 1)]

    def _steps(self, date: dt.date, zone: str, lamp_floors: tuple[Floor, ...]) -> list[tuple[float, float, int, int]]:
        """A night of the lamps of a zone with the same floors: (from, until [s], lowest, highest level) while it is lit."""
        site = self.street.site
        tonight = agenda(self.street.profile, site.latitude, site.longitude, site.timezone, date)
        origin_s = tonight.times.origin_utc_ms / 1000
        floors = floors_of(lamp_floors, site.timezone, date)
        moments = {begin for begin, _ in tonight.phases} | {begin for begin, _ in floors} | {tonight.begin_ms, tonight.end_ms}
        times = sorted(moment for moment in moments if tonight.begin_ms <= moment <= tonight.end_ms)
        steps = []
        for begin, until in pairwise(times):
            phase = tonight.at(begin)
            if phase is not None:
                row = phase.rows[zone]
                floor = next((permille for since, permille in reversed(floors) if since <= begin), 0)
                levels = [row[schema.position(schema.PHASE_SETTINGS + schema.PRESENCE, user)] for user in range(schema.CLASSES)]
                steps.append((origin_s + begin / 1000, origin_s + until / 1000, max(row[schema.IDLE], floor), max(*levels, floor)))
        return steps
