"""What a comparison came to: figures with intervals, differences in pairs of nights, who is ranked and who is not."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO

import numpy as np

from lykta.score import tally
from lykta.score.statistics import Floats, Interval, clopper_pearson, interval, paired
from lykta.score.tally import People

_HAIR = 1e-12


@dataclass(frozen=True)
class Line:
    """One scheme over all nights. Shares lie between 0 and 1; `gain` and `gain_service` are differences to the first scheme.

    `met`: whether every class has the service asked for; only then it has a `rank`. `same_bound`: whether its share of what is possible
    is of the same bound as the first's. `worst`: the class that is served worst, None where nobody came.
    """

    name: str
    said: str  # with its settings
    met: bool
    rank: int | None
    saving: Interval
    net: Interval
    share: Interval
    possible: Interval
    free: Interval
    service: Interval
    worst: str | None
    by_class: dict[str, Interval]
    strict: Interval
    utility: Interval
    changes: Interval
    people: People
    dark: tuple[float, float]  # of all people, those ever in the dark: Clopper-Pearson
    gain: Interval
    gain_service: Interval
    same_bound: bool


def lines(names: Sequence[tuple[str, str]], rows: Floats, least_service: float) -> list[Line]:
    """The schemes, those that meet the service first, by what they save; then the others.

    `names`: (short, with settings) of each; `rows`: (schemes, nights, quantities).
    """
    found = [_line(*name, nights, rows[0], least_service) for name, nights in zip(names, rows, strict=True)]
    found.sort(key=lambda one: (not one.met, -(one.saving.value if one.saving.value is not None else -np.inf)))
    return [replace(one, rank=place if one.met else None) for place, one in enumerate(found, start=1)]


def _line(name: str, said: str, nights: Floats, first: Floats, least_service: float) -> Line:
    by_class = {group: interval(nights, tally.service(group)) for group in tally.served(nights)}
    worst = min(by_class, key=lambda group: by_class[group].value or 0.0, default=None)
    users = tally.people(nights)
    return Line(
        name=name,
        said=said,
        met=all((one.value or 0.0) >= least_service - _HAIR for one in by_class.values()),
        rank=None,
        saving=interval(nights, tally.saving),
        net=interval(nights, tally.net_saving),
        share=interval(nights, tally.share),
        possible=interval(nights, tally.possible),
        free=interval(nights, tally.possible_freely),
        service=interval(nights, tally.worst_service),
        worst=worst,
        by_class=by_class,
        strict=interval(nights, tally.strict_service()),
        utility=interval(nights, tally.utility),
        changes=interval(nights, tally.changes),
        people=users,
        dark=clopper_pearson(users.ever_dark, users.users) if users.users else (0.0, 1.0),
        gain=paired(nights, first, tally.saving),
        gain_service=paired(nights, first, tally.worst_service),
        same_bound=bool(np.allclose(nights[:, tally.AT["bound"]], first[:, tally.AT["bound"]], rtol=1e-9, equal_nan=True)),
    )


def points(one: Interval, digits: int = 2) -> str:
    """A share in percent with its interval: `38.03 [37.61, 38.45]`; n/a where it cannot be said."""
    if one.value is None:
        return "n/a"
    value = f"{100 * one.value:.{digits}f}"
    if one.low is None or one.high is None:
        return value
    return f"{value} [{100 * one.low:.{digits}f}, {100 * one.high:.{digits}f}]"


def difference(one: Line, first: str) -> str:
    """How a scheme differs from the first, in a sentence; plainly where nothing can be said."""
    gain, service = one.gain, one.gain_service
    if gain.value is None:
        return f"{one.name}: its saving cannot be said."
    if gain.low is None:
        return f"{one.name}: {_points(gain, 'saved')} than {first}; too few nights to say whether that is chance."
    if gain.value == 0 and gain.low == gain.high == 0:
        saved = f"saves exactly as much as {first}"
    elif gain.significant:
        saved = f"saves {_more(gain)} than {first}"
    else:
        saved = f"no significant difference in saving to {first} ({_signed(gain)})"
    if service.value is None or service.low is None:
        return f"{one.name}: {saved}."
    if service.value == 0 and service.low == service.high == 0:
        served = "the same service"
    elif service.significant:
        served = f"service {_more(service, 3)}"
    else:
        served = f"no significant difference in service ({_signed(service, 3)})"
    return f"{one.name}: {saved}; {served}."


def _points(one: Interval, verb: str) -> str:
    value = 100 * (one.value or 0.0)
    return f"{abs(value):.2f} points {'more' if value >= 0 else 'less'} {verb}"


def _more(one: Interval, digits: int = 2) -> str:
    value = 100 * (one.value or 0.0)
    ends = sorted(abs(100 * (end or 0.0)) for end in (one.low, one.high))
    return f"{abs(value):.{digits}f} points {'more' if value > 0 else 'less'} [{ends[0]:.{digits}f}, {ends[1]:.{digits}f}]"


def _signed(one: Interval, digits: int = 2) -> str:
    low, high = (100 * (end or 0.0) for end in (one.low, one.high))
    return f"{100 * (one.value or 0.0):+.{digits}f} points [{low:+.{digits}f}, {high:+.{digits}f}]"


_INTERVALS = ("saving", "net", "share", "possible", "free", "service", "strict", "utility", "changes", "gain", "gain_service")


def to_csv(found: Sequence[Line]) -> str:
    """The lines as CSV: shares between 0 and 1, each with the ends of its interval; empty where it cannot be said."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    ends = [f"{key}{end}" for key in _INTERVALS for end in ("", "_low", "_high")]
    counts = ("users", "ever_dark", "ever_dark_low", "ever_dark_high", "late_s", "dark_s", "stationary_s")
    classes = [f"service_{group}" for group in tally.GROUPS[:-1]]
    writer.writerow(["rank", "scheme", "settings", "constraint_met", "same_bound", *ends, *classes, *counts])
    for one in found:
        intervals = [getattr(one, key) for key in _INTERVALS]
        values = [_cell(value) for each in intervals for value in (each.value, each.low, each.high)]
        services = [_cell(one.by_class[group].value) if group in one.by_class else "" for group in tally.GROUPS[:-1]]
        people = one.people
        counted = [people.users, people.ever_dark, *map(_cell, one.dark), *map(_cell, (people.late_s, people.dark_s, people.stationary_s))]
        rank = "" if one.rank is None else one.rank
        writer.writerow([rank, one.name, one.said, int(one.met), int(one.same_bound), *values, *services, *counted])
    return out.getvalue()


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"
