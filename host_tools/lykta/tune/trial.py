"""One trial of a search: a profile over some nights, its two objectives, and how far it is from what it must keep.

A trial is a job for a crew: it travels as the text of a profile, so that what is tried is to the letter what would be written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lykta.document import Document
from lykta.errors import InputError, LyktaError
from lykta.profiles import Profile, en13201, read_profile
from lykta.profiles.levels import levels_of_zone
from lykta.profiles.table import CLASSES
from lykta.score import tally
from lykta.score.quantities import QUANTITIES
from lykta.score.requirements import Condition
from lykta.score.statistics import Figure, Floats
from lykta.site import Site
from lykta.site.stretches import lit_ways
from lykta.tune.stage import Ticket, stage_of

_ENERGY = "energy"
#: The quantities that need no whole score, as figures of sums.
_QUICK = {"saving": tally.saving, "net saving": tally.net_saving, "changes per lamp and hour": tally.changes}


@dataclass(frozen=True)
class Job:
    """A profile to be tried in the nights of some seeds."""

    ticket: Ticket
    text: str
    file: str
    seeds: tuple[int, ...]
    conditions: tuple[Condition, ...]
    least_levels: tuple[tuple[str, int, str], ...] = ()  # (zone, least level of anything [permille], why)


@dataclass(frozen=True)
class Verdict:
    """What a trial came to. `spent` and `unserved` are the objectives, to be small: energy as a share of always on, and the share of
    duty without full light of the class that is served worst. `values`: of the conditions, None where nothing can be said; `over`:
    how far each constraint is exceeded, 0 where kept, the rules of settings first, then conditions, then least levels. `rows`: the nights.
    """

    spent: float
    unserved: float
    values: tuple[float | None, ...]
    over: tuple[float, ...]
    rows: Floats
    broken: str = ""


def try_out(job: Job) -> Verdict:
    """Try a profile. One that breaks a rule of the settings table is the worst there can be, and says so."""
    try:
        profile = read_profile(Document.read(job.text, job.file))
    except InputError as error:
        beyond = (1.0, *(0.0 for _ in (*job.conditions, *job.least_levels)))
        return Verdict(1.0, 1.0, (None,) * len(job.conditions), beyond, np.zeros((0, len(tally.COLUMNS))), error.problems[0].message)
    stage = stage_of(job.ticket)
    plan = stage.plan_of(profile)
    if all(_quick(condition) is not None for condition in job.conditions):
        rows = np.array([stage.brief(plan, seed) for seed in job.seeds])
        sums = rows.sum(axis=0)
        values = tuple(_number(figure(sums)) for condition in job.conditions if (figure := _quick(condition)) is not None)
    else:
        scores = [stage.score(plan, seed) for seed in job.seeds]
        rows = np.array([tally.row(score) for score in scores])
        sums = rows.sum(axis=0)
        values = tuple(QUANTITIES[condition.quantity].read(scores, condition.road_user) for condition in job.conditions)
    saved, served = _number(tally.saving(sums)), _number(tally.worst_service(sums))
    over = [0.0, *(_over(condition, value) for condition, value in zip(job.conditions, values, strict=True))]
    over += [max(0, least - _lowest(profile, zone, stage.scenario.site)) / 1000 for zone, least, _ in job.least_levels]
    return Verdict(1.0 - (saved or 0.0), 0.0 if served is None else 1.0 - served, values, tuple(over), rows)


def _quick(condition: Condition) -> Figure | None:
    """The figure of a quantity that sums alone give; None where a whole score is needed."""
    if condition.quantity == "service":
        return tally.service(condition.road_user)
    if condition.quantity == _ENERGY:
        return _energy
    return _QUICK.get(condition.quantity)


def _energy(sums: Floats) -> Floats:
    """kWh of a night: the mean over the nights summed."""
    return np.asarray(sums[..., tally.AT["spent"]] / 1000 / sums[..., tally.AT["nights"]])


def _number(value: Floats) -> float | None:
    return None if np.isnan(value) else float(value)


def _over(condition: Condition, value: float | None) -> float:
    """How far a condition is from being met, in parts of its limit or of 1."""
    if value is None:
        return 0.0 if QUANTITIES[condition.quantity].of_class else 1.0
    limit = float(condition.limit)
    missing = limit - value if condition.least else value - limit
    scale = max(1.0, abs(limit))
    return max(0.0, missing / scale) if missing > 1e-12 * scale else 0.0


def _lowest(profile: Profile, zone: str, site: Site) -> int:
    """The lowest level that a profile sets in a zone [permille]."""
    admitted = [name for name in CLASSES if any(name in way.classes for way in lit_ways(site, zone))]
    return min(use.level_permille for use in levels_of_zone(profile, zone, admitted))


def least_levels(site: Site, wanted: str) -> tuple[tuple[str, int, str], ...]:
    """For each zone with design values the least level that leaves a class of EN 13201: (zone, permille, why).

    LyktaError where the class is unknown, no stretch has design values of its family, or a stretch does not reach it even at full.
    """
    table = en13201.load_table()
    family = table.families.get(wanted[:1])
    names = [entry.name for entry in family.classes] if family else []
    if wanted not in names:
        listed = ", ".join(entry.name for one in table.families.values() for entry in one.classes)
        raise LyktaError(f'--least-class: "{wanted}" is no class of EN 13201. Known: {listed}.')
    found = []
    for zone in dict.fromkeys(lamp.zone for lamp in site.lamps):
        for way in lit_ways(site, zone):
            if way.design is None or way.design.lighting_class[:1] != wanted[:1]:
                continue
            design = way.design
            left = [en13201.remaining(design, level, table).lighting_class for level in range(1001)]
            kept = [level for level, name in enumerate(left) if name and names.index(name) <= names.index(wanted)]
            if not kept:
                said = f"{way.name or way.id} has {left[-1] or 'no class'} at full light. Ask for that at most."
                raise LyktaError(f"--least-class {wanted}: no profile can keep it, since {said}")
            found.append((zone, kept[0], f"{wanted} on {way.name or way.id}"))
    if not found:
        said = f"no way of {site.name} has design values of that family, so its class cannot be told. Write `design:` there."
        raise LyktaError(f"--least-class {wanted}: {said}")
    return tuple(found)


__all__ = ["Job", "Verdict", "least_levels", "try_out"]
