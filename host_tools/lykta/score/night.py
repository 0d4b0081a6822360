"""The score of one night: what was owed (`prepare`, geometry alone), and how any light served it (`judge`).

`prepare` depends on site, requirement and traffic only; who compares profiles over the same traffic calls it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lykta import __version__
from lykta.corehost import schema
from lykta.score import duty as when
from lykta.score.causes import CAUSES, DEAD_LAMP, STATIONARY, Circumstances, Lost, Seen, caused, lost
from lykta.score.comfort import comfort
from lykta.score.energy import Plant, is_change, lamp_scores, total
from lykta.score.intervals import Ints, Spans, common, ints, keys, sums, union
from lykta.score.light import Light, Outage
from lykta.score.model import USERS, About, Bounds, ClassScore, Loss, Score, Spread
from lykta.score.moments import worst
from lykta.score.motion import Motion, read
from lykta.score.needs import Owed, owed
from lykta.score.rules import Rules
from lykta.score.service import Ahead, Floats, lit_share, metres_ahead, shortfall_ms, unlit
from lykta.score.sums import Sums
from lykta.score.waste import waste
from lykta.site.graph import Graph
from lykta.site.model import Site
from lykta.tables import ANIMAL

_NJ_PER_WH = 3.6e12
LEAST_BOUND = 0.05  # where less than this can be saved at all, the share of what is possible says nothing
LINGER_MS = 180_000  # the default of `linger`, where no profile says otherwise

#: For each lamp its floors: (from when [ms], permille), in the order of time; none before the first.
Floors = Sequence[Sequence[tuple[int, int]]]


@dataclass(frozen=True)
class Night:
    """What is owed in a night, whatever the light. Arrays by user; `present` are the users who are judged."""

    site: Site
    graph: Graph
    rules: Rules
    begin_ms: int
    end_ms: int
    motion: Motion
    passes: when.Passes
    present: Ints
    road_user: Ints
    t_on: Ints
    t_known: Ints
    duty: Owed
    strict: Owed
    needed: Spans  # by lamp: from the entry of its users on
    animals: Ints


def prepare(
    site: Site, graph: Graph, rules: Rules, trajectories: pa.Table, coverage: when.Coverage, begin_ms: int, end_ms: int, floors: Floors = ()
) -> Night:
    """Work out who is owed which light, when, from `begin_ms` to `end_ms`.

    `rules`: the requirement resolved for this night. `coverage`: the nominal coverage of the sensors (`sensing.coverage`).
    Raises ValueError for a night without length.
    """
    if end_ms <= begin_ms:
        raise ValueError(f"the night ends ({end_ms} ms) before it begins ({begin_ms} ms)")
    owed_to = [number for number, name in enumerate(schema.CLASS_NAMES) if any(name in needs for _, needs in rules.phases)]
    motion = read(trajectories, graph)
    motion = motion.take(np.isin(motion.road_user, owed_to))
    users = int(motion.user.max(initial=-1)) + 1
    found = when.passes(motion, coverage, graph.lamp_count)
    first, second = when.onsets(found, users)
    t_on, t_known = np.minimum(first + rules.tau_ms, when.NEVER), np.minimum(second + rules.tau_ms, when.NEVER)
    road_user = np.full(users, schema.UNKNOWN)
    road_user[motion.user] = motion.road_user
    floor_spans = _floors(floors, begin_ms, end_ms)
    night = (begin_ms, end_ms)
    strict = owed(graph, motion, rules, (np.zeros(users, dtype=np.int64), second), night, floor_spans)
    animals = np.unique(ints(trajectories["user"].to_numpy())[trajectories["road_user"].to_numpy() == ANIMAL])
    return Night(
        site=site,
        graph=graph,
        rules=rules,
        begin_ms=begin_ms,
        end_ms=end_ms,
        motion=motion,
        passes=found,
        present=np.unique(strict.spans.user),
        road_user=road_user,
        t_on=t_on,
        t_known=t_known,
        duty=owed(graph, motion, rules, (t_on, t_known), night, floor_spans),
        strict=strict,
        needed=union(Spans.of(strict.needs.lamp, strict.needs.begin, strict.needs.end)),
        animals=animals,
    )


def _floors(floors: Floors, begin_ms: int, end_ms: int) -> tuple[Spans, Ints]:
    """Floors above 0 as stretches by lamp with their levels, clipped to the night."""
    rows: list[tuple[int, int, int, int]] = []
    for lamp, steps in enumerate(floors):
        ends = [*(begin for begin, _ in steps), end_ms][1:]
        rows += [(lamp, max(begin, begin_ms), min(end, end_ms), level) for (begin, level), end in zip(steps, ends, strict=True) if level]
    numbers = ints(rows).reshape(-1, 4)
    of_lamp, from_ms, until_ms, permille = numbers[numbers[:, 2] > numbers[:, 1]].T
    return Spans.of(of_lamp, from_ms, until_ms), permille


@dataclass(frozen=True)
class _Served:
    """How users were served: everything by user, in ms and cm; `dark_by`, `late_by` also by cause."""

    duty: Ints
    late_by: Ints
    dark_by: Ints
    shortfall: Floats
    covered: Ints
    arrival: Ints
    arrival_light: Ints
    unserved: Floats
    ahead: Ahead
    strict: tuple[Ints, Ints]  # (lit, all) by class

    @property
    def late(self) -> Ints:
        """Late ms."""
        return np.asarray(self.late_by.sum(axis=1))

    @property
    def dark(self) -> Ints:
        """Dark ms, whatever the cause."""
        return np.asarray(self.dark_by.sum(axis=1))


def _served(night: Night, light: Light, light_sums: Sums, gone: Lost) -> _Served:
    users = len(night.road_user)
    spans = night.duty.spans
    in_duty = union(Spans.of(spans.user, spans.begin, spans.end))
    near, strict = night.strict.near, night.strict.spans
    user = strict.user[near.span]
    until = np.minimum(near.end, night.t_on[user])
    before = np.flatnonzero(near.nearest & (until > near.begin))
    lamp, user, begin, until = near.lamp[before], user[before], near.begin[before], until[before]
    given = light_sums.between(keys(lamp, begin), keys(lamp, until)) if len(before) else ints([])
    every = np.arange(len(strict))
    stop = np.clip(night.t_on[strict.user], strict.begin, strict.end)
    gone_cm = strict.progress_cm(every, stop) - strict.progress_cm(every, strict.begin)
    return _Served(
        duty=sums(spans.user, spans.end - spans.begin, users),
        late_by=gone.by_user(users, dark=False),
        dark_by=gone.by_user(users, dark=True),
        shortfall=shortfall_ms(night.duty, light, light_sums, users),
        covered=common(in_duty, when.covered(night.passes)).total(users),
        arrival=sums(user, until - begin, users),
        arrival_light=sums(user, given, users),
        unserved=np.asarray(np.bincount(strict.user, weights=gone_cm, minlength=users), dtype=np.float64),
        ahead=metres_ahead(night.duty, light),
        strict=lit_share(night.strict, light, night.road_user, schema.CLASSES),
    )


def judge(
    night: Night,
    levels: pa.Table,
    detections: pa.Table,
    *,
    outages: Sequence[Outage] = (),
    linger_ms: Sequence[int] = (LINGER_MS,) * schema.CLASSES,
    about: About | None = None,
    bounds: Bounds | None = None,
) -> Score:
    """Score a night's light.

    `outages`: dead lamps; `linger_ms`: the profile's, by class; `about`: where the figures come from; `bounds`: what was possible.
    """
    plant = Plant.of(night.site)
    light = Light(levels, plant.cap, night.begin_ms, night.end_ms, outages)
    light_sums, energy = Sums(light, plant.light_of, plant.kind), Sums(light, plant.power_of, plant.kind)
    seen = Seen.of(detections)
    standing = when.standing(night.motion, ints(linger_ms))
    around = Circumstances(night.passes, seen, night.t_on, night.t_known, standing, night.rules.tau_ms)
    found = caused(night.duty, unlit(night.duty, light), light, around)
    gone = lost(found)
    served = _served(night, light, light_sums, gone)
    changes = is_change(light)
    lamps = lamp_scores(night.site, plant, light, light_sums, energy, changes)
    spent = total(night.site, lamps, night.end_ms - night.begin_ms)
    present = [number for number in range(schema.CLASSES) if (night.road_user[night.present] == number).any()]
    return Score(
        about=about or About(night.site.name, version=__version__, note=night.site.note),
        begin_ms=night.begin_ms,
        end_ms=night.end_ms,
        tau_ms=night.rules.tau_ms,
        energy=spent,
        everyone=_class_score(night, served, None),
        classes={schema.CLASS_NAMES[number]: _class_score(night, served, number) for number in present},
        comfort=comfort(night.graph, light, changes, plant.adaptive),
        losses=_losses(night, light, energy, plant, seen),
        worst=worst(night.motion, night.graph, found, gone),
        lamps=lamps,
        lowest_permille=light.lowest(),
        users=_users(night, served),
        bounds=bounds and replace(bounds, share=share_of_possible(spent.saving, bounds.saving)),
    )


def share_of_possible(saving: float | None, bound: float | None) -> float | None:
    """g_scheme / g_bound; None where g_bound is below 5 %, or unknown."""
    return None if saving is None or bound is None or bound < LEAST_BOUND else saving / bound


def score(
    site: Site,
    graph: Graph,
    rules: Rules,
    trajectories: pa.Table,
    levels: pa.Table,
    detections: pa.Table,
    coverage: when.Coverage,
    begin_ms: int,
    end_ms: int,
    floors: Floors = (),
    *,
    outages: Sequence[Outage] = (),
    linger_ms: Sequence[int] = (LINGER_MS,) * schema.CLASSES,
    about: About | None = None,
) -> Score:
    """`prepare` and `judge` in one."""
    night = prepare(site, graph, rules, trajectories, coverage, begin_ms, end_ms, floors)
    return judge(night, levels, detections, outages=outages, linger_ms=linger_ms, about=about)


def _class_score(night: Night, served: _Served, road_user: int | None) -> ClassScore:
    """The figures of one class, or of everyone (None)."""
    own = night.present if road_user is None else night.present[night.road_user[night.present] == road_user]
    on_duty = own[served.duty[own] > 0]
    duty, late, dark = int(served.duty[own].sum()), int(served.late[own].sum()), int(served.dark[own].sum())
    lit, all_ms = (int(column.sum() if road_user is None else column[road_user]) for column in served.strict)
    arrival, ahead = int(served.arrival[own].sum()), served.ahead.of(road_user)
    mean, low = ahead.mean_cm(), ahead.quantile_cm(0.05)
    return ClassScore(
        users=len(on_duty),
        never_covered=len(own) - len(on_duty),
        users_late=int((served.late[own] > 0).sum()),
        users_dark=int((served.dark[own] > 0).sum()),
        present_s=all_ms / 1000,
        duty_s=duty / 1000,
        lit_s=(duty - late - dark) / 1000,
        late_s=late / 1000,
        dark_s=dark / 1000,
        stationary_s=int(served.dark_by[own, STATIONARY].sum()) / 1000,
        dead_lamp_s=int((served.dark_by + served.late_by)[own, DEAD_LAMP].sum()) / 1000,
        service=(duty - late - dark) / duty if duty else None,
        strict_service=lit / all_ms if all_ms else None,
        late=_spread(served.late[on_duty] / 1000),
        dark=_spread(served.dark[on_duty] / 1000),
        shortfall=_spread(served.shortfall[on_duty] / 1000),
        duty=_spread(served.duty[on_duty] / 1000),
        arrival_permille=int(served.arrival_light[own].sum()) / arrival if arrival else None,
        unserved_m=_spread(served.unserved[own] / 100),
        ahead_mean_m=None if mean is None else mean / 100,
        ahead_p5_m=None if low is None else low / 100,
        covered_share=int(served.covered[own].sum()) / duty if duty else None,
        late_causes=_by_cause(served.late_by[own].sum(axis=0)),
        dark_causes=_by_cause(served.dark_by[own].sum(axis=0)),
    )


def _by_cause(ms: Ints) -> dict[str, float]:
    return {CAUSES[cause]: int(ms[cause]) / 1000 for cause in np.flatnonzero(ms)}


def _spread(values: Floats) -> Spread:
    """Mean, 95th percentile by nearest rank, worst."""
    if not len(values):
        return Spread(None, None, None)
    ordered = np.sort(values)
    rank = -(-95 * len(ordered) // 100) - 1
    return Spread(float(ordered.sum()) / len(ordered), float(ordered[rank]), float(ordered[-1]))


def _losses(night: Night, light: Light, energy: Sums, plant: Plant, seen: Seen) -> tuple[Loss, ...]:
    found = waste(night.graph, light, energy, plant.power_of[plant.kind], night.needed, seen, night.animals)
    kept = plant.adaptive[found.spans.group]
    ms = sums(found.cause[kept], found.spans.ms[kept], len(CAUSES))
    nj = np.zeros(len(CAUSES), dtype=np.int64)
    np.add.at(nj, found.cause[kept], (found.surplus * plant.heads[found.spans.group])[kept])
    return tuple(Loss(name, int(ms[cause]) / 1000, int(nj[cause]) / _NJ_PER_WH) for cause, name in enumerate(CAUSES) if ms[cause])


def _users(night: Night, served: _Served) -> pa.Table:
    """USERS of the night."""
    own = night.present
    spans = night.strict.spans
    entry, leave = np.full(len(night.road_user), when.NEVER), np.zeros(len(night.road_user), dtype=np.int64)
    np.minimum.at(entry, spans.user, spans.begin)
    np.maximum.at(leave, spans.user, spans.end)
    columns = {
        "user": own,
        "road_user": night.road_user[own],
        "entry_ms": entry[own],
        "on_ms": np.where(served.duty[own] > 0, np.maximum(night.t_on[own], entry[own]), -1),
        "exit_ms": leave[own],
        "duty_ms": served.duty[own],
        "late_ms": served.late[own],
        "dark_ms": served.dark[own],
        "stationary_ms": served.dark_by[own, STATIONARY],
        "shortfall_ms": served.shortfall[own],
        "unserved_cm": served.unserved[own],
        "covered_ms": served.covered[own],
    }
    return pa.table({column.name: pa.array(columns[column.name], column.type) for column in USERS}, schema=USERS)


__all__ = ["LEAST_BOUND", "LINGER_MS", "Floors", "Night", "Outage", "judge", "prepare", "score", "share_of_possible"]
