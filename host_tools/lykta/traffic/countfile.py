"""Reads a CSV file of counts: finds the columns, the interval and the time, and puts the counts on a line of hours."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lykta.errors import InputError, Problem
from lykta.traffic.demand import CAR, CYCLIST, PEDESTRIAN

_CLASS_WORDS = (
    (PEDESTRIAN, re.compile(r"ped|walk|foot|fotg|g[åa]ende|fu(ss|ß)|pi[ée]ton", re.I)),
    (CYCLIST, re.compile(r"bike|bicy|cycl|cyk|fahrrad|rad\b|v[ée]lo", re.I)),
    (CAR, re.compile(r"\bcars?\b|vehic|motor|\bbil|kfz|\bauto", re.I)),
)
_TOTAL = re.compile(r"total|sum\b|summa|all\b", re.I)
_TIME = re.compile(r"date|time|datum|\btid|stamp|start|zeit|heure", re.I)
_BLANK = {"", "-", "na", "n/a", "nan", "null", "none"}
_FORMATS = ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M")
_MOST_PROBLEMS = 20
_EXAMPLE = "date,pedestrian,cyclist\n    2026-12-14T16:00,12,3"


@dataclass(frozen=True)
class CountFile:
    """Counts on a line of hours from `begin` on; `values[column][hour]`, NaN where nothing was counted."""

    shown_as: str
    begin: datetime
    hours: int
    columns: tuple[str, ...]
    classes: tuple[int, ...]
    values: tuple[NDArray[np.float64], ...]
    notes: tuple[str, ...]


@dataclass
class _Table:
    """The rows of the file, and what is wrong with them."""

    shown_as: str
    header: list[str]
    rows: list[tuple[int, list[str]]]  # line, cells
    problems: list[Problem] = field(default_factory=list)

    def problem(self, line: int, column: str, message: str) -> None:
        self.problems.append(Problem(self.shown_as, line, 1 if line else 0, column, message))

    def finish(self) -> None:
        if len(self.problems) > _MOST_PROBLEMS:
            more = len(self.problems) - _MOST_PROBLEMS
            kept = sorted(self.problems)[:_MOST_PROBLEMS]
            self.problems = [*kept, Problem(self.shown_as, kept[-1].line, 2, "", f"and {more:,} more problems in the lines below.")]
        if self.problems:
            raise InputError(self.problems)


def read_file(path: Path) -> CountFile:
    """Read a counter file; raises InputError with every broken row (the first 20) and what to do."""
    table = _table(path)
    time_at = _time_column(table)
    used, notes = _count_columns(table, time_at)
    times = _times(table, time_at)
    counts = [_numbers(table, column) for column, _ in used]
    table.finish()
    return _on_hours(table, times, counts, used, notes)


def _table(path: Path) -> _Table:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError.of(str(path), "there is no such file.") from None
    except UnicodeDecodeError as error:
        raise InputError.of(str(path), f"this is no UTF-8 text (byte {error.start}). Save it as CSV in UTF-8.") from None
    except OSError as error:
        raise InputError.of(str(path), f"cannot be read: {error.strerror}.") from None
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise InputError.of(str(path), f"the file is empty. Its first lines look like this:\n    {_EXAMPLE}")
    delimiter = max((lines[0].count(mark), mark) for mark in ",;\t")[1]
    reader = csv.reader(lines, delimiter=delimiter)
    header = [cell.strip() for cell in next(reader)]
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    table = _Table(str(path), header, [(line, row) for line, row in rows if len(row) == len(header)])
    for line, row in rows:
        if len(row) != len(header):
            table.problem(line, "", f"{len(row)} cell{'s stand' if len(row) != 1 else ' stands'} here, but the header has {len(header)}.")
    if not rows:
        table.problem(1, "", "there is a header, but no row below it.")
    if not table.rows:
        table.finish()
    return table


def _time_column(table: _Table) -> int:
    """The column that holds the time: the first whose header says so, else the first that reads as one."""
    named = [place for place, name in enumerate(table.header) if _TIME.search(name)]
    for place in named + list(range(len(table.header))):
        if _format_of([row[place] for _, row in table.rows[:50]]) is not None:
            return place
    shown = ", ".join(table.header)
    message = f"no column holds times such as 2026-12-14T16:00. The columns are: {shown}."
    table.problem(1, "", f"{message} A file looks like this:\n    {_EXAMPLE}")
    table.finish()
    return 0


def _count_columns(table: _Table, time_at: int) -> tuple[list[tuple[int, int]], list[str]]:
    """(column, class) of the counters, and a note of those left aside."""
    used, aside = [], []
    for place, name in enumerate(table.header):
        found = [of for of, words in _CLASS_WORDS if words.search(name)]
        if place == time_at:
            continue
        if len(found) == 1 and not (_TOTAL.search(name) and len(table.header) > 2):
            used.append((place, found[0]))
        else:
            aside.append(name)
    if not used:
        shown = ", ".join(name for place, name in enumerate(table.header) if place != time_at) or "none"
        message = f"no column says what it counts (columns: {shown}). Name them pedestrian, cyclist or car in the first line."
        table.problem(1, "", message)
    listed = ", ".join(f'"{name}"' for name in aside)
    return used, [f"left aside: {listed} (a total, or not a class)."] if aside else []


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _by(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, form)


def _format_of(texts: Sequence[str]) -> Callable[[str], datetime] | None:
    """How times are written: the reading that fits most of these texts, and at least half."""
    ways = (_iso, *map(_by, _FORMATS))
    fits = [sum(_fits(way, text) for text in texts) for way in ways]
    best = max(fits, default=0)
    return ways[fits.index(best)] if best * 2 > len(texts) else None


def _fits(way: Callable[[str], datetime], text: str) -> bool:
    try:
        way(text.strip())
    except ValueError:
        return False
    return ":" in text or "T" in text


def _times(table: _Table, place: int) -> list[datetime]:
    stride = 1 + len(table.rows) // 1000
    way = _format_of([row[place] for _, row in table.rows[::stride]])
    times = []
    for line, row in table.rows:
        try:
            times.append((way or _iso)(row[place].strip()))
        except ValueError:
            message = f'"{row[place]}" is no time. Write year-month-day and hour, for example 2026-12-14T16:00.'
            table.problem(line, table.header[place], message)
    return times


def _numbers(table: _Table, place: int) -> NDArray[np.float64]:
    values = np.full(len(table.rows), np.nan)
    for number, (line, row) in enumerate(table.rows):
        text = row[place].strip()
        if text.lower() in _BLANK:
            continue
        try:
            value = float(text)
        except ValueError:
            table.problem(line, table.header[place], f'"{text}" is no count. Leave the cell empty where nothing was counted.')
            continue
        if not 0 <= value < 1e9:
            table.problem(line, table.header[place], f"{text} cannot be a count.")
        values[number] = value
    return values


def _on_hours(
    table: _Table, times: list[datetime], counts: list[NDArray[np.float64]], used: list[tuple[int, int]], notes: list[str]
) -> CountFile:
    """Add up parts of hours, put them on a line of hours, and leave out hours that are not whole."""
    begin = min(times).replace(minute=0, second=0, microsecond=0)
    seconds = np.array([(when - begin).total_seconds() for when in times])
    order = np.argsort(seconds, kind="stable")
    steps = Counter(int(after - before) for before, after in pairwise(seconds[order].tolist()) if after > before)
    step = steps.most_common(1)[0][0] if steps else 3600
    if step > 3600:
        message = f"a row stands for {timedelta(seconds=step)} (h:min:s), but counts by the hour (or finer) are needed."
        raise InputError.of(table.shown_as, message)
    slots = (seconds // step).astype(np.int64)
    parts = 3600 // step if 3600 % step == 0 else 1
    hours = int(seconds.max() // 3600) + 1
    twice = len(slots) - len(np.unique(slots))
    if twice:
        notes = [*notes, f"{twice:,} times stand there twice (as when summer time ends): their mean is used."]
    values = tuple(_hourly(slots, column, parts, hours) for column in counts)
    names = tuple(table.header[place] for place, _ in used)
    return CountFile(table.shown_as, begin, hours, names, tuple(of for _, of in used), values, tuple(notes))


def _hourly(slots: NDArray[np.int64], column: NDArray[np.float64], parts: int, hours: int) -> NDArray[np.float64]:
    known = ~np.isnan(column)
    count = np.bincount(slots[known], minlength=hours * parts)[: hours * parts]
    total = np.bincount(slots[known], weights=column[known], minlength=hours * parts)[: hours * parts]
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    summed: NDArray[np.float64] = mean.reshape(hours, parts).sum(axis=1)
    return summed
