"""What profiles came to, night by night, and how they differ: figures with intervals, and what cannot be told from chance.

A figure is a ratio of sums over nights; differences are taken night by night (`score.statistics`), as `lykta compare` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lykta.score import tally
from lykta.score.statistics import LEAST_NIGHTS, Figure, Floats, Interval, intervals, paired_all
from lykta.studio.words import N_, Words

_CLASS_NAMES = {"pedestrian": N_("pedestrians"), "cyclist": N_("cyclists"), "car": N_("cars"), "everyone": N_("everyone")}


@dataclass(frozen=True)
class Measure:
    """A figure that is shown. `group`: the class it is of, "" for none; `better`: 1 where more is better, -1 where less is."""

    key: str
    title: str
    group: str
    unit: str
    digits: int
    better: int
    figure: Figure

    def name(self, say: Words) -> str:
        """What it is, of whom."""
        return say(self.title, who=say(_CLASS_NAMES[self.group])) if self.group else say(self.title)

    def who(self, say: Words) -> str:
        """Of whom it is."""
        return say(_CLASS_NAMES[self.group])

    def shown(self, say: Words, value: float | None, signed: bool = False) -> str:
        """A value with its unit; differences of shares are in points."""
        scaled = None if value is None else 100 * value if self.unit == "%" else value
        unit = say("points") if signed and self.unit == "%" else say(self.unit)
        return say.number(scaled, self.digits, signed) + (f" {unit}" if unit and scaled is not None else "")


def _each_night(column: str, scale: float = 1.0) -> Figure:
    """A quantity as its mean over the nights."""
    return lambda sums: np.asarray(sums[..., tally.AT[column]] * scale / sums[..., tally.AT["nights"]])


def _dark(group: str) -> Figure:
    """Dark seconds of a night without those who stand still for long: these are counted apart."""
    dark, still = _each_night(f"dark {group}"), _each_night(f"stationary {group}")
    return lambda sums: np.asarray(dark(sums) - still(sums))


def measures(nights: Floats) -> tuple[Measure, ...]:
    """What is shown of nights: energy, then service, dark and late seconds of each class that came by."""
    found = [
        Measure("energy", N_("Energy of the lamps"), "", "kWh", 2, -1, _each_night("spent", 1e-3)),
        Measure("saving", N_("Saving against always on"), "", "%", 2, 1, tally.saving),
        Measure("net", N_("Saving, nodes and sensors taken off"), "", "%", 2, 1, tally.net_saving),
    ]
    for group in tally.served(nights):
        found += [
            Measure(f"service {group}", N_("Full light for {who}"), group, "%", 3, 1, tally.service(group)),
            Measure(f"dark {group}", N_("Dark seconds of {who}"), group, "s", 1, -1, _dark(group)),
            Measure(f"late {group}", N_("Late seconds of {who}"), group, "s", 1, -1, _each_night(f"late {group}")),
            Measure(f"still {group}", N_("Dark while they stand, {who}"), group, "s", 1, -1, _each_night(f"stationary {group}")),
        ]
    found.append(Measure("changes", N_("Changes of level, a lamp and hour"), "", "", 1, -1, tally.changes))
    return tuple(found)


@dataclass(frozen=True)
class Reading:
    """A figure now and before, over the nights that both have, and how it differs. `told`: the difference is no chance."""

    measure: Measure
    now: Interval
    before: Interval | None
    gain: Interval | None

    @property
    def told(self) -> bool:
        """Whether the difference lies outside its interval."""
        return self.gain is not None and self.gain.significant

    @property
    def verdict(self) -> str:
        """better, worse, or same where nothing can be told."""
        if self.gain is None or not self.gain.significant or not self.gain.value:
            return "same"
        return "better" if self.gain.value * self.measure.better > 0 else "worse"


Nights = Mapping[int, Floats]


def readings(now: Nights, before: Nights | None = None) -> list[Reading]:
    """The figures of a profile over its nights, beside those of another one where it has the same nights."""
    if not now:
        return []
    rows = np.array([now[seed] for seed in sorted(now)])
    shared = sorted(set(now) & set(before or {}))
    mine, theirs = (np.array([each[seed] for seed in shared]) for each in (now, before or {}))
    shown = measures(rows)
    figures = [measure.figure for measure in shown]
    values = intervals(rows, figures)
    if not shared:
        return [Reading(measure, value, None, None) for measure, value in zip(shown, values, strict=True)]
    gains = zip(intervals(theirs, figures), paired_all(mine, theirs, figures), strict=True)
    return [Reading(measure, value, *gain) for measure, value, gain in zip(shown, values, gains, strict=True)]


def means(now: Nights) -> list[Reading]:
    """The figures of a profile over its nights, without intervals: they take their time."""
    if not now:
        return []
    rows = np.array([now[seed] for seed in sorted(now)])
    found = ((one, float(one.figure(rows.sum(axis=0)))) for one in measures(rows))
    return [Reading(one, Interval(value if np.isfinite(value) else None), None, None) for one, value in found]


def spread(measure: Measure, say: Words, one: Interval | None) -> str:
    """The ends of an interval, `[41.2, 41.9]`; "" where there is none."""
    if one is None or one.low is None or one.high is None:
        return ""
    scale = 100 if measure.unit == "%" else 1
    return f"[{say.number(scale * one.low, measure.digits)}; {say.number(scale * one.high, measure.digits)}]"


__all__ = ["LEAST_NIGHTS", "Measure", "Nights", "Reading", "means", "measures", "readings", "spread"]
