"""Electricity by the hour: of a night, and of a year with its real hours of darkness.

A year is not 365 times one night. Of each month and kind of day (working day, weekend) some nights are simulated; what they give is the
mean power of the lamps in each hour of the local day *while they are lit*. The hours of the year are then counted one by one: which month,
which kind of day, and how much of the hour the lamps are lit on that very date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from lykta.score.energy import NODE_UW, SENSOR_UW, Plant
from lykta.score.intervals import keys
from lykta.score.light import Light
from lykta.score.statistics import Floats
from lykta.score.sums import Sums
from lykta.site.model import Site

HOURS = 24
KINDS = ("working day", "weekend")
_SATURDAY = 5
_HOUR_MS = 3_600_000
_NJ_PER_WH = 3.6e12

#: Mean power while lit [W] by (month from 0, kind of KINDS, hour of the local day).
SHAPE = (12, len(KINDS), HOURS)


def of_night(site: Site, levels: pa.Table, begin_ms: int, end_ms: int, origin_utc_ms: int) -> Floats:
    """Energy of all lamps [Wh] and time lit [h] of a night from light on to light off, by hour of the local day: (2, 24)."""
    if end_ms <= begin_ms:
        return np.zeros((2, HOURS))
    plant = Plant.of(site)
    energy = Sums(Light(levels, plant.cap, begin_ms, end_ms), plant.power_of, plant.kind)
    edges = np.unique(np.concatenate(([begin_ms, end_ms], np.arange(-(-begin_ms // _HOUR_MS), -(-end_ms // _HOUR_MS)) * _HOUR_MS)))
    lamps, parts = len(site.lamps), len(edges) - 1
    lamp = np.repeat(np.arange(lamps), parts)
    spent = energy.between(keys(lamp, np.tile(edges[:-1], lamps)), keys(lamp, np.tile(edges[1:], lamps))) * plant.heads[lamp]
    by_part = spent.reshape(lamps, parts).sum(axis=0) / _NJ_PER_WH
    found = np.zeros((2, HOURS))
    zone = ZoneInfo(site.timezone)
    hour = [dt.datetime.fromtimestamp((origin_utc_ms + int(ms)) / 1000, zone).hour for ms in edges[:-1]]
    np.add.at(found[0], hour, by_part)
    np.add.at(found[1], hour, np.diff(edges) / _HOUR_MS)
    return found


def power(night: Floats) -> Floats:
    """Mean power while lit [W], by hour of the local day, of (2, 24) energies and times; hours never lit are like the nearest that was."""
    spent, lit = night
    known = np.flatnonzero(lit > 0)
    if not len(known):
        return np.zeros(HOURS)
    apart = np.abs(np.arange(HOURS)[:, None] - known[None, :])
    nearest = known[np.argmin(np.minimum(apart, HOURS - apart), axis=1)]
    return np.asarray(spent[nearest] / lit[nearest])


def of_weekend(date: dt.date, off: Collection[dt.date]) -> bool:
    """Whether a date counts as weekend: Saturdays, Sundays, and the days off."""
    return date.weekday() >= _SATURDAY or date in off


@dataclass(frozen=True)
class Hours:
    """The hours of a year at a place, in order: when each begins, its month, kind of day and local hour, and how much of it is lit."""

    begins: tuple[dt.datetime, ...]
    month: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    kind: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    hour: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    lit: Floats

    @classmethod
    def of(cls, year: int, timezone: str, nights: Sequence[tuple[int, int]], off: Collection[dt.date] = ()) -> Hours:
        """`nights`: when the light is on, (from, until) in ms of the epoch, in order; those of the evening before the year included.
        `off`: public holidays."""
        zone = ZoneInfo(timezone)
        first, last = (int(dt.datetime(when, 1, 1, tzinfo=zone).timestamp()) * 1000 for when in (year, year + 1))
        starts = np.arange(first, last, _HOUR_MS)
        lit = np.zeros(len(starts))
        for begin, end in nights:
            begin, end = max(begin, first), min(end, last)
            if end > begin:
                low, high = (begin - first) // _HOUR_MS, -(-(end - first) // _HOUR_MS)
                lit[low:high] += (np.minimum(starts[low:high] + _HOUR_MS, end) - np.maximum(starts[low:high], begin)) / _HOUR_MS
        begins = tuple(dt.datetime.fromtimestamp(start / 1000, zone) for start in starts.tolist())
        numbers = np.array([(when.month - 1, of_weekend(when.date(), off), when.hour) for when in begins], dtype=np.int64)
        month, kind, hour = numbers.T
        return cls(begins, month, kind, hour, np.minimum(lit, 1.0))

    def lamps_wh(self, watts: Floats) -> Floats:
        """Energy of the lamps in each hour [Wh]; `watts` has SHAPE, perhaps with other axes before."""
        return np.asarray(watts[..., self.month, self.kind, self.hour] * self.lit)


def overhead_wh(site: Site, lit: Floats) -> Floats:
    """What adaptive light takes besides the lamps' light, for hours lit to some share: nodes and sensors all day (radars for traffic only
    while the light is on), and by day the drivers in standby. A lamp that is switched at the cabinet has none of it."""
    controlled = [lamp for lamp in site.lamps if lamp.adaptive]
    drawn = [SENSOR_UW[sensor.kind] for lamp in controlled for sensor in lamp.sensors]
    always = len(controlled) * NODE_UW + sum(uw for uw, at_night in drawn if not at_night)
    at_night = sum(uw for uw, only in drawn if only)
    standby = sum(lamp.heads * site.fixtures[lamp.fixture].standby_mw * 1000 for lamp in controlled)
    return np.asarray((always + at_night * lit + standby * (1 - lit)) / 1e6)
