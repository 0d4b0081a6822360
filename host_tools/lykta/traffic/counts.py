"""Real counters: hourly counts in a CSV file become a demand, with an honest account of what was wrong in them.

A file has one row for each hour (or part of one): a time, and a column for each counter, whose header says what it
counts. Several columns of one class (directions) add up. Counters stick and write hundreds at night, and they die and
write nothing: both are found, left out and reported. What is left is averaged by hour, working days and weekends apart.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lykta.errors import InputError
from lykta.traffic.countfile import CountFile, read_file
from lykta.traffic.demand import NAMES, Demand, Hours

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_SEASON_DAYS = 45
_ENOUGH_DAYS = 21
_LEAST_LIMIT = 20  # fewer an hour are never called a stuck counter
_SPREADS = 4
_DEAD_BELOW = 10  # a day of zeros counts as a dead counter where the median day has at least this many
_FILLED_HOURS = 3
_EXAMPLES = 3


@dataclass(frozen=True)
class _Calendar:
    """What the hours of the file are: of which local hour, day and night (the day of its noon), and whether of a weekend."""

    hour: Ints
    day: Ints
    night: Ints
    weekend: Mask
    near: Mask  # within the season asked for


def load(path: str | Path, date: datetime.date | None = None) -> Demand:
    """The demand that a counter file shows, in the season of `date` (45 days on either side, any year) if it has enough.

    Raises InputError with all problems: a broken row with its line, no column that names a class, hours never counted.
    `Demand.notes` says what was read, missing, left out and used.
    """
    file = read_file(Path(path))
    calendar = _calendar(file, date)
    notes = [_read_note(file), *file.notes, *_gap_notes(file)]
    kept = []
    for name, values in zip(file.columns, file.values, strict=True):
        good, said = _without_faults(name, values, file, calendar)
        kept.append(good)
        notes.extend(said)
    chosen, note = _season(kept, calendar, date)
    notes.append(note)
    rates: dict[int, tuple[Hours, Hours]] = {}
    for road_user in dict.fromkeys(file.classes):
        own = [values for values, of in zip(kept, file.classes, strict=True) if of == road_user]
        work, more = _mean_day(own, calendar, chosen & ~calendar.weekend, f"{NAMES[road_user]}s on working days", file)
        if (chosen & calendar.weekend).any():
            rest, further = _mean_day(own, calendar, chosen & calendar.weekend, f"{NAMES[road_user]}s on weekends", file)
        else:
            rest, further = work, ["no weekend was counted: weekends are taken as working days."]
        rates[road_user] = (work, rest)
        notes.extend(note for note in (*more, *further) if note not in notes)
    return Demand(name=Path(path).name, rates=rates, notes=tuple(notes))


def _calendar(file: CountFile, date: datetime.date | None) -> _Calendar:
    start = file.begin
    since_midnight = np.arange(file.hours) + start.hour
    day = since_midnight // 24
    first = start.date()
    days = [first + datetime.timedelta(days=number) for number in range(int(day[-1]) + 1)]
    weekend = np.array([when.weekday() >= 5 for when in days], dtype=np.bool_)[day]
    near_day = [date is None or _apart(when, date) <= _SEASON_DAYS for when in days]
    return _Calendar(since_midnight % 24, day, (since_midnight - 12) // 24, weekend, np.array(near_day, dtype=np.bool_)[day])


def _apart(one: datetime.date, other: datetime.date) -> int:
    """Days between two dates, whatever the year."""
    days = abs(one.timetuple().tm_yday - other.timetuple().tm_yday)
    return min(days, 365 - days)


def _read_note(file: CountFile) -> str:
    named = "; ".join(f'"{column}" as {NAMES[of]}s' for column, of in zip(file.columns, file.classes, strict=True))
    end = file.begin + datetime.timedelta(hours=file.hours)
    return f"{file.hours:,} hours from {file.begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}; read {named}."


def _gap_notes(file: CountFile) -> list[str]:
    """What is missing: one sentence for the counters that miss the same hours."""
    gaps: dict[str, list[str]] = {}
    for name, values in zip(file.columns, file.values, strict=True):
        missing = np.isnan(values)
        if missing.any():
            edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False])).astype(np.int8)))
            begins, lengths = edges[::2], edges[1::2] - edges[::2]
            longest = int(np.argmax(lengths))
            since = _moment(file, int(begins[longest]))
            many, hours = f"{int(missing.sum()):,} hours are missing, in {len(begins):,} gaps", int(lengths[longest])
            said = f"{many}; the longest is {hours:,} h from {since}"
            gaps.setdefault(said, []).append(f'"{name}"')
    return [f"{', '.join(names)}: {said}. Gaps are left out, not filled with zeros." for said, names in gaps.items()]


def _without_faults(name: str, values: Floats, file: CountFile, calendar: _Calendar) -> tuple[Floats, list[str]]:
    """The counts without those of a stuck or dead counter (as missing), and what was left out."""
    notes = []
    limit = _limits(values, calendar)
    high = values > limit
    nights, night = np.unique(calendar.night, return_inverse=True)
    bad_nights = np.bincount(night, weights=high, minlength=len(nights)) >= 2
    out = high | (bad_nights[night] & ~np.isnan(values))
    if high.any():
        worst = np.argsort(np.where(high, -values, 0), kind="stable")[: min(_EXAMPLES, int(high.sum()))]
        shown = ", ".join(f"{_moment(file, place)}: {values[place]:,.0f} (at most {limit[place]:,.0f})" for place in worst.tolist())
        notes.append(
            f'"{name}": stuck counter: {int(high.sum()):,} hours above what is plausible at their hour, the worst {shown}; '
            f"left out with the rest of {int(bad_nights.sum()):,} nights that have two or more, {int(out.sum()):,} hours in all."
        )
    good = np.where(out, np.nan, values)
    by_day = np.bincount(calendar.day, weights=np.nan_to_num(good))
    counted = np.bincount(calendar.day, weights=~np.isnan(good)) >= 20
    if counted.any() and float(np.median(by_day[counted])) >= _DEAD_BELOW:
        dead = counted & (by_day == 0)
        if dead.any():
            good = np.where(dead[calendar.day], np.nan, good)
            notes.append(f'"{name}": dead counter: {int(dead.sum()):,} whole days of zeros are left out.')
    return good, notes


def _moment(file: CountFile, hour: int) -> str:
    return f"{file.begin + datetime.timedelta(hours=hour):%Y-%m-%d %H:%M}"


def _limits(values: Floats, calendar: _Calendar) -> Floats:
    """The most that is plausible, for each hour of the file: four times the upper spread above the 90th percentile."""
    limit = np.full(len(values), np.inf)
    for weekend in (False, True):
        for hour in range(24):
            there = (calendar.weekend == weekend) & (calendar.hour == hour)
            known = values[there & ~np.isnan(values)]
            if len(known):
                median, high = np.quantile(known, (0.5, 0.9))
                limit[there] = max(_LEAST_LIMIT, high + _SPREADS * (high - median))
    return limit


def _season(kept: list[Floats], calendar: _Calendar, date: datetime.date | None) -> tuple[Mask, str]:
    """The hours to average, and the sentence that says which."""
    known = np.any([~np.isnan(values) for values in kept], axis=0)
    near = known & calendar.near
    if date is not None and len(np.unique(calendar.day[near])) >= _ENOUGH_DAYS:
        days = len(np.unique(calendar.day[near]))
        return (
            near,
            f"used: means of {int(near.sum()):,} hours on {days:,} days within {_SEASON_DAYS} days of {date.day} {date:%B}, any year.",
        )
    why = "" if date is None else f" (fewer than {_ENOUGH_DAYS} days lie within {_SEASON_DAYS} days of {date.day} {date:%B})"
    return known, f"used: means of all {int(known.sum()):,} hours, the whole year{why}."


def _mean_day(columns: list[Floats], calendar: _Calendar, chosen: Mask, what: str, file: CountFile) -> tuple[Hours, list[str]]:
    """Means by hour, of all columns together; hours never counted are filled from their neighbours, if few."""
    total = np.zeros(24)
    for values in columns:
        use = chosen & ~np.isnan(values)
        count = np.bincount(calendar.hour[use], minlength=24)
        with np.errstate(invalid="ignore"):
            total += np.bincount(calendar.hour[use], weights=values[use], minlength=24) / np.where(count > 0, count, np.nan)
    missing = np.isnan(total)
    if not missing.any():
        return tuple(round(rate, 6) for rate in total.tolist()), []
    hours = np.flatnonzero(missing)
    shown = ", ".join(f"{hour:02d}" for hour in hours.tolist())
    if len(hours) > _FILLED_HOURS:
        message = f"{what} were never counted in the hours {shown}."
        raise InputError.of(file.shown_as, f"{message} No night can be made of that: add the hours, or write a demand in YAML.")
    there = np.flatnonzero(~missing)
    filled = np.interp(np.arange(24), np.concatenate((there - 24, there, there + 24)), np.tile(total[there], 3))
    note = f"{what} were never counted in the hours {shown}: filled from the hours beside them."
    return tuple(round(rate, 6) for rate in filled.tolist()), [note]
