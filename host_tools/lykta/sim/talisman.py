"""TALiSMaN-style: lamps that tell each other hop by hop who comes, and dim in steps with the distance. A stand-in, not TALiSMaN.

Only abstract and introduction of Lau, Merrett, Weddell and White (Computers & Electrical Engineering, 2015) could be read; zones,
levels and time-outs of their scheme were not to be found. What is here, with the gaps filled as follows:

1. A lamp that detects somebody tells it along the roads, with the distance that is left to go; every lamp keeps the shortest way.
2. Walkers and cyclists: full light to 30 m along the way, 60 % to 60 m, 40 % to 100 m, on every side.
3. Cars: full light within the stopping distance, and one post behind. No sensor here says along which link a car goes, so both
   sides are ahead, and the post behind is the next one on every side.
4. A lamp stays lit for distance / speed + 3 s: until who was seen could have come to it. Speeds are 1.4 m/s (walkers), 4.5 m/s
   (cyclists), 30 km/h (cars), or what a radar reports, but at least half of these. Who stays in view is told on and on.
5. Where the class is not known, every class that the lamp's links admit may be the one. Idle is 0 % (as published) or 20 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa

from lykta.corehost import neighbours as way
from lykta.corehost import presence, schema
from lykta.plan import Plan
from lykta.sim.arrivals import Ints, arrivals
from lykta.sim.night import hops_between
from lykta.sim.radio import IDEAL, Radio
from lykta.sim.schemes import Lit, as_detections, detected, drive, group_of, resting_at

_FULL = 1000
#: (to how far [cm], permille), nearest first; the first is full light.
_STEPS = ((3000, _FULL), (6000, 600), (10_000, 400))
_SPEED_CMS = (140, 450, 833)  # by class, where no sensor reports one


def talisman_style(
    plan: Plan, told: pa.Table, seed: int, radio: Radio = IDEAL, idle: int = 0, full_cm: int = 3000, margin_ms: int = 3000
) -> Lit:
    """The night as this scheme lights it. `full_cm`: how far around walkers the light is full; `margin_ms`: the 3 s of the text."""

    @cache
    def lamps_lit(lamp: int, road_user: int, speed_cms: int) -> Ints:
        """Rows (lamp, permille, for how long [ms], hops) of every lamp that hears of somebody."""
        found = []
        for other, length in _reached(plan, lamp, road_user, speed_cms, full_cm):
            level = _level(length, full_cm) if road_user != schema.CAR else _FULL
            hops = hops_between(plan, lamp, other, radio.range_cm) if other != lamp else 0
            found.append((other, level, length * 1000 // speed_cms + margin_ms, hops))
        return np.array(found, dtype=np.int64).reshape(-1, 4)

    number = [0] * len(plan.site.lamps)
    frames, lit = [], [np.zeros((0, 4), dtype=np.int64)]
    for t_ms, lamp, road_user, speed_cms in _sightings(plan, told):
        number[lamp] += 1
        lit.append(lamps_lit(lamp, road_user, speed_cms))
        frames.append((t_ms, lamp, number[lamp], len(lit[-1])))
    sent = np.array(frames, dtype=np.int64).reshape(-1, 4)
    seen_ms, sender, numbers, _ = np.repeat(sent, sent[:, 3], axis=0).T
    other, level, ms, hops = np.concatenate(lit).T
    begin = arrivals(radio.row(seed), sender, numbers, other, hops, seen_ms)
    end = np.maximum(seen_ms + ms, begin)
    order = np.argsort(other, kind="stable")
    order = order[begin[order] >= 0]
    parts = np.split(order, np.searchsorted(other[order], np.arange(1, len(number))))
    wishes = [_brightest(begin[part], end[part], level[part]) for part in parts]
    return Lit("TALiSMaN-style", drive(resting_at(plan, idle), wishes), as_detections(told), idle)


def _reached(plan: Plan, lamp: int, road_user: int, speed_cms: int, full_cm: int) -> Iterator[tuple[int, int]]:
    """The controlled lamps that light up for a user seen by a lamp, with the length of the way to each."""
    limit = _stopping_cm(speed_cms) if road_user == schema.CAR else max(full_cm, _STEPS[-1][0])
    near = dict(plan.graph.lamps_around(lamp, limit))
    near.setdefault(lamp, 0)
    if road_user == schema.CAR:
        for other in group_of(plan.graph, lamp, 1):
            near.setdefault(other, plan.graph.distance(lamp, other) or 0)
    return ((other, length) for other, length in near.items() if plan.site.lamps[other].adaptive)


def _level(length_cm: int, full_cm: int) -> int:
    """The level at some distance from a walker or cyclist [permille]."""
    if length_cm <= full_cm:
        return _FULL
    return next((level for limit, level in _STEPS if length_cm <= limit), 0)


def _stopping_cm(speed_cms: int) -> int:
    """How far a car goes before it stands: v t + v^2 / (2 g f), t = 2.5 s, f = 0.35 (as the score has it)."""
    return speed_cms * 5 // 2 + speed_cms * speed_cms * 10 // 6867


def _sightings(plan: Plan, told: pa.Table) -> list[tuple[int, int, int, int]]:
    """(t_ms, lamp, class, speed) of everything that is told; where the class is not known, one for each that may be."""
    columns = (told[name].to_pylist() for name in ("t_ms", "lamp", "kind", "road_user", "speed_cms"))
    known: dict[tuple[int, int], tuple[int, int]] = {}
    last: dict[int, tuple[int, int]] = {}
    for t_ms, lamp, kind, road_user, speed in zip(*columns, strict=True):
        known[t_ms, lamp] = (road_user, abs(speed) if kind == presence.TARGET else 0)
    found = []
    for t_ms, lamp in detected(told):
        # Who is still in view a while later is the one who came.
        road_user, speed = last[lamp] = known.get((t_ms, lamp), last.get(lamp, (schema.UNKNOWN, 0)))
        admits = plan.tables.tables[lamp][way.ADMITS] if plan.tables.own[lamp] >= 0 else 0
        classes = [road_user] if road_user < schema.CLASSES else [one for one in range(schema.CLASSES) if admits >> one & 1]
        found += [(t_ms, lamp, one, max(speed, _SPEED_CMS[one] // 2) if speed else _SPEED_CMS[one]) for one in classes]
    return found


def _brightest(begin: Ints, end: Ints, level: Ints) -> list[tuple[int, int]]:
    """(t_ms, permille) at every change of the highest of the levels of stretches from `begin` until `end`."""
    moments = np.unique(np.concatenate((begin, end)))
    highest = np.zeros(len(moments), dtype=np.int64)
    for one in np.unique(level):
        own = level == one
        lasting = np.searchsorted(np.sort(begin[own]), moments, "right") - np.searchsorted(np.sort(end[own]), moments, "right")
        highest[lasting > 0] = one  # ascending: the last is the highest
    changes = np.flatnonzero(np.diff(highest, prepend=0))
    return list(zip(moments[changes].tolist(), highest[changes].tolist(), strict=True))
