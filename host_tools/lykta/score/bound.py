"""The clairvoyant bound: the least energy with which anybody could have given everyone the light he was owed.

    rest = rests(plan)                           # lykta.plan.rest: idle, floors and ramps of the profile, by lamp and hour
    owed = prepare(...)                          # what `judge` needs as well
    found = bounds(owed, rest)                   # .bound_wh [Wh] of all lamps in this night; .free_wh the free bound; .saving g_bound
    judge(owed, ..., bounds=found).bounds.share  # the share of what is possible
    least(owed, rest)                            # LEVELS of the bound itself: to be judged, drawn, compared lamp by lamp

**Definition.** A lamp's light is its position p(t) (`core/dimmer`: perceived lightness, strictly increasing with the level), at whole
ms t of the night. *Admissible* is every p with

    p(t + 1) - p(t) in [-D(t), U(t)]             the ramps of the phase at t, whole positions per ms,
    p(t) >= base(t)                              what the dimmer makes of idle and floor of the phase when nobody comes, and
    p(t) >= phi(req(t)) while anybody in duty has the lamp in M_u      (phi: `dimmer.position_of`).

With q(t) the larger of the two lower limits, the bound is, of every lamp,

    p*(t) = max over s of  q(s) - sum of U over [t, s)  for s >= t,   q(s) - sum of D over [s, t)  for s < t.

**Proof.** Every admissible p has p(t) >= p(s) - sum of U over [t, s) >= q(s) - that sum for s >= t, and likewise for s < t: so
p >= p* at every t. And p* is admissible: s = t gives p* >= q, and each of the functions whose maximum it is keeps the ramps, so their
maximum does (if it is attained by f at t + 1, p*(t + 1) - p*(t) <= f(t + 1) - f(t) <= U(t), and by g at t, it is >= g(t + 1) - g(t)
>= -D(t)). So p* is the least admissible function everywhere at once, and no energy that does not fall with the level can be less,
whatever its shape; lamps do not depend on each other. One backward and one forward running maximum give it.

**What it is a bound for.** Schemes through the dimmer of the node that never fall below what its idle and floors give, and
with which every lamp of every M_u is at `req` at every ms of duty: full service, without the 20 permille of tolerance that service
forgives (`tolerance=20` is the bound of those who live on it). Positions and rates are the integers of the dimmer itself, so nothing
is rounded but the ramps between idle levels, left out by at most 1 ms, downwards. Where a fixture's power falls with the level
somewhere, the least power at or above a level is taken. Nothing is asked that no scheme could give: light by day, light of a lamp
without control, more than an output cap. Dead lamps take nothing in the bound either. `hold` is no part of it.

The *free* bound is the same with idle at the lowest level that the requirement allows: its floors alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lykta.score.energy import Plant
from lykta.score.intervals import EMPTY, SHIFT, Bools, Ints, Spans, at_or_before, common, expand, ints, keys
from lykta.score.light import FULL_LEVEL, POSITIONS, Light, Outage, level_of
from lykta.score.model import Bounds
from lykta.score.night import Night
from lykta.score.sums import Sums
from lykta.tables import LEVELS

_NJ_PER_WH = 3.6e12
_APART = 2 * int(POSITIONS[FULL_LEVEL])  # costs that no ramp can bridge: from lamp to lamp
_PRESENCE, _PHASE = 3, 4  # causes of LEVELS: the codes of `core/priority`


def bounds(night: Night, rests: pa.Table, *, outages: Sequence[Outage] = (), tolerance: int = 0) -> Bounds:
    """The clairvoyant bound of a night and the free one. `rests`: RESTS of the plan; `outages`: dead lamps."""
    plant = Plant.of(night.site)
    night_ms = night.end_ms - night.begin_ms
    full = int((plant.power_of[plant.kind, FULL_LEVEL] * plant.heads * night_ms).sum())
    bound, free = (
        _energy_nj(Light(least(night, rests, tolerance, idle), plant.cap, night.begin_ms, night.end_ms, outages), plant)
        for idle in (True, False)
    )
    savings = [(full - spent) / full if full else None for spent in (bound, free)]
    return Bounds(bound / _NJ_PER_WH, free / _NJ_PER_WH, *savings)


def _energy_nj(light: Light, plant: Plant) -> int:
    """Energy of all lamps, with the least power at or above each level; a dead lamp has no standby."""
    power = np.minimum.accumulate(plant.power_of[:, ::-1], axis=1)[:, ::-1]
    dead_ms = light.dead().total(light.lamps) if light.lamps else ints([])
    return int(((Sums(light, power, plant.kind).by_lamp() - dead_ms * power[plant.kind, 0]) * plant.heads).sum())


def least(night: Night, rests: pa.Table, tolerance: int = 0, idle: bool = True) -> pa.Table:
    """LEVELS of the least light that serves everyone fully. `idle`: keep the idle level of the phases, not floors alone."""
    plant = Plant.of(night.site)
    steps = _Steps.of(rests, night, idle)
    parts = [(spans, np.full(len(spans), resting)) for resting, spans in steps.plateaus()]
    served = steps.lit(plant.adaptive)
    for required, spans in night.duty.required:
        own = common(spans, served)
        parts.append((own, np.minimum(max(required - tolerance, 0), plant.cap[own.group])))
    pieces, level = _cut(parts, steps)
    at = at_or_before(steps.moment, pieces.begin)
    up, down = steps.up[at], steps.down[at]
    return _table(pieces, level, up, down, envelope(pieces, POSITIONS[level], up, down), level > steps.level[at])


@dataclass(frozen=True)
class _Steps:
    """RESTS as keys of (lamp, ms), sorted, with the level that holds when nobody comes."""

    moment: Ints
    level: Ints
    up: Ints
    down: Ints
    has_light: Bools
    nights: Spans  # by lamp: what is judged

    @classmethod
    def of(cls, rests: pa.Table, night: Night, idle: bool) -> _Steps:
        column = {name: rests[name].to_numpy() for name in rests.column_names}
        floor = ints(column["floor_permille"])
        level = np.maximum(ints(column["idle_permille"]), floor) if idle else floor
        every = np.arange(len(night.site.lamps))
        nights = Spans.of(every, np.full(len(every), night.begin_ms), np.full(len(every), night.end_ms))
        moment = keys(ints(column["lamp"]), ints(column["t_ms"]))
        return cls(moment, level, ints(column["up"]), ints(column["down"]), column["lit"].astype(np.bool_), nights)

    @property
    def spans(self) -> Spans:
        """When each step holds."""
        line_end = ((self.moment >> SHIFT) + 1) << SHIFT
        return Spans(self.moment, np.minimum(np.concatenate((self.moment[1:], line_end[-1:])), line_end))

    def plateaus(self) -> list[tuple[int, Spans]]:
        """For each level when lamps rest at it, the ramps to it left out: the envelope puts ramps back that are no lighter."""
        begin, spans = [], self.spans
        position, lamp, on = 0, -1, False
        goals, rates = POSITIONS[self.level].tolist(), (self.up.tolist(), self.down.tolist())
        rows = zip(spans.begin.tolist(), spans.ms.tolist(), goals, *rates, self.has_light.tolist(), strict=True)
        for moment, length, goal, up, down, lit in rows:
            if moment >> SHIFT != lamp:
                lamp, position, on = moment >> SHIFT, goal, False
            if lit and not on and moment <= self.nights.begin[lamp]:
                position = goal  # a lamp is switched on as light as its first target
            on = on or lit
            way = goal - position
            ramp = -(-way // up) if way > 0 else -(way // down)
            begin.append(moment + min(ramp, length))
            position = goal if ramp <= length else position + (up if way > 0 else -down) * length
        found = common(Spans(ints(begin), spans.end), self.nights)
        level = self.level[at_or_before(self.moment, found.begin)]
        return [(one, found.where(level == one)) for one in np.unique(level).tolist() if one]

    def lit(self, adaptive: Bools) -> Spans:
        """When lamps that are controlled can give light."""
        return common(self.spans.where(self.has_light & adaptive[self.moment >> SHIFT]), self.nights) if len(self.moment) else EMPTY


def _cut(parts: Sequence[tuple[Spans, Ints]], steps: _Steps) -> tuple[Spans, Ints]:
    """The night of every lamp in pieces in which rates and what is needed do not change: (pieces, level needed)."""
    inner = common(steps.spans, steps.nights)
    every = [inner, *(spans for spans, _ in parts)]
    cuts = np.unique(np.concatenate([edge for spans in every for edge in (spans.begin, spans.end)]))
    pieces = common(Spans(cuts[:-1], cuts[1:]), steps.nights)
    level = np.zeros(len(pieces), dtype=np.int64)
    for spans, needed in parts:
        first = np.searchsorted(pieces.begin, spans.begin)
        row, number = expand(np.searchsorted(pieces.begin, spans.end) - first)
        np.maximum.at(level, first[row] + number, needed[row])
    return pieces, level


@dataclass(frozen=True)
class Envelope:
    """The least admissible position in each piece, `n` ms after its begin: for n < `falls` it is `fall` - down * n, from n = `rises`
    on `rise` - up * (ms - n), and between them what is needed. `goal`: the piece for whose sake it rises."""

    fall: Ints
    falls: Ints
    rise: Ints
    rises: Ints
    goal: Ints


def envelope(pieces: Spans, needed: Ints, up: Ints, down: Ints) -> Envelope:
    """p* of the module's text over sorted pieces without gaps within a lamp; `needed`: q, a position, constant in each piece.

    Both running maxima go through all lamps at once; between lamps the line is so long that no ramp gets across.
    """
    if not len(pieces):
        return Envelope(*(ints([]),) * 5)
    new_lamp = np.concatenate(([False], pieces.group[1:] != pieces.group[:-1])) * _APART
    climb, sink = up * pieces.ms, down * pieces.ms
    climbed = np.cumsum(climb + new_lamp) - climb
    ahead = needed - climbed  # what each piece asks for, seen from the begin of the line
    latest = np.maximum.accumulate(ahead[::-1])[::-1]
    goal = len(ahead) - 1 - np.maximum.accumulate(np.where(ahead == latest, np.arange(len(ahead))[::-1], 0)[::-1])[::-1]
    rise = np.concatenate((latest[1:], [-_APART - climbed[-1] - climb[-1]])) + climbed + climb
    goal = np.concatenate((goal[1:], [len(ahead) - 1]))
    sunk = np.cumsum(sink + new_lamp) - sink
    behind = np.maximum.accumulate(needed - down + sunk + sink)
    fall = np.concatenate(([-_APART], behind[:-1])) - sunk

    over_needed = np.where(fall > needed, -((needed - fall) // down), 0)
    over_rise = np.maximum((fall - rise + climb) // (up + down) + 1, 0)
    falls = np.minimum(np.minimum(over_needed, over_rise), pieces.ms)
    rises = np.clip(np.maximum((needed - rise + climb) // up + 1, over_rise), 0, pieces.ms)
    return Envelope(fall, falls, rise, rises, goal)


def _table(pieces: Spans, level: Ints, up: Ints, down: Ints, found: Envelope, for_people: Bools) -> pa.Table:
    """LEVELS of an envelope; rows that go on with the way of the row before them are left out."""
    needed = POSITIONS[level]
    falling, level_part, rising = found.falls > 0, found.rises > found.falls, found.rises < pieces.ms
    begin = np.concatenate((pieces.begin[falling], (pieces.begin + found.falls)[level_part], (pieces.begin + found.rises)[rising]))
    foot = (found.rise - up * (pieces.ms - found.rises))[rising]
    position = np.concatenate((found.fall[falling], needed[level_part], foot))
    target = np.concatenate((level[falling], level[level_part], level[found.goal][rising]))
    rate = np.concatenate((down[falling], down[level_part], up[rising]))
    cause = np.concatenate((
        np.full(int(falling.sum()), _PHASE), np.where(for_people, _PRESENCE, _PHASE)[level_part], np.full(len(foot), _PRESENCE),
    ))  # fmt: skip
    order = np.argsort(begin, kind="stable")
    begin, position, target, rate, cause = (column[order] for column in (begin, position, target, rate, cause))
    way = np.diff(begin) * np.where(POSITIONS[target[:-1]] >= position[:-1], rate[:-1], -rate[:-1])
    goal = POSITIONS[target[:-1]]
    reached = np.where(way > 0, np.minimum(position[:-1] + way, goal), np.maximum(position[:-1] + way, goal))
    same = (begin[1:] >> SHIFT == begin[:-1] >> SHIFT) & (target[1:] == target[:-1]) & (rate[1:] == rate[:-1]) & (cause[1:] == cause[:-1])
    kept = np.concatenate(([True], ~(same & (position[1:] == reached)))) if len(begin) else np.zeros(0, dtype=bool)
    values = {
        "lamp": begin >> SHIFT, "t_ms": begin & ((1 << SHIFT) - 1), "position": position, "level_permille": level_of(position),
        "target_permille": target, "rate": rate, "cause": cause,
    }  # fmt: skip
    return pa.table([pa.array(values[field.name][kept], field.type) for field in LEVELS], schema=LEVELS)
