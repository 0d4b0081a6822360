"""The journeys of parties (a person, or people who go together): which links, when, with which pauses.

A journey is a route (links in order) and a motion along it, a run of *strokes* from one distance along the route to
another, forth or back, or standing. Rows of the trajectory table are where strokes and links meet. Everything is
integers: cm, cm/s, ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lykta.traffic.demand import Habits, Normal
from lykta.traffic.keyed import Ints, Keys, below, exponential, keys, normal
from lykta.traffic.network import LEAVE, Network

# Streams below a party's key.
_START, _TURN, _SPEED, _HABIT, _PLACE, _STAND, _STEP_ASIDE = range(7)

_WANDER_S = 1200  # after this time on the way, one goes home by the shortest way
_MOST_CHAINS = 100_000  # nobody passes as many; a guard against an endless walk
_LOITER_STEPS = 12
_LOITER_CMS = 60  # the pace of somebody who stands about
_SCALED_LIMIT_CMS = 833  # the limit at which speeds of cars are stated: 30 km/h


@dataclass(frozen=True)
class Parties:
    """Parties of one class: the key of each, its entry time [ms] and its speed [cm/s]."""

    key: Keys
    t_ms: Ints
    speed_cms: Ints


@dataclass(frozen=True)
class Rows:
    """Stretches at constant speed, in the order of party and time. `side`: 1 where "right of the traveller" is right of a -> b, else -1."""

    party: Ints
    t0_ms: Ints
    t1_ms: Ints
    link: Ints
    from_cm: Ints
    to_cm: Ints
    side: Ints


@dataclass(frozen=True)
class _Routes:
    """Routes one after the other: the directed links, where each begins along the row of all routes, and where each route does."""

    directed: Ints
    begin_cm: Ints
    base_cm: Ints  # by party
    length_cm: Ints  # by party


@dataclass(frozen=True)
class _Strokes:
    party: Ints
    from_cm: Ints
    to_cm: Ints
    stand_ms: Ints
    slow: NDArray[np.bool_]  # at the pace of a loiterer
    back: NDArray[np.bool_]  # on the way back of one who turned round


def clipped(key: Keys, law: Normal) -> Ints:
    """Draws of a clipped normal law."""
    return np.clip(normal(key, law.mean, law.deviation), law.lowest, law.highest)


def parties(key: Keys, t_ms: Ints, habits: Habits) -> Parties:
    """Parties with their speeds."""
    return Parties(key, t_ms, clipped(keys(key, _SPEED), habits.speed))


def journeys(network: Network, link_cm: Ints, link_limit_cms: Ints, who: Parties, habits: Habits) -> Rows:
    """The rows of the journeys of parties of one class; `link_limit_cms` scales speeds (0: none)."""
    if len(who.key) == 0 or len(network.starts) == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return Rows(nothing, nothing, nothing, nothing, nothing, nothing, nothing)
    routes = _routes(network, link_cm, who)
    strokes = _strokes(who.key, routes.length_cm, habits)
    return _rows(routes, strokes, who, link_limit_cms)


def ranges(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Number of the range, and the numbers in it, for ranges `first .. first + count - 1` one after the other."""
    owner = np.repeat(np.arange(len(count)), count)
    ends = np.cumsum(count)
    return owner, np.arange(len(owner)) + (first - ends + count)[owner]


def _routes(network: Network, link_cm: Ints, who: Parties) -> _Routes:
    party, chain = _choose_chains(network, who)
    order = np.argsort(party, kind="stable")
    party, chain = party[order], chain[order]
    owner, place = ranges(network.first[chain], network.count[chain])
    directed = network.links[place]
    lengths = link_cm[directed >> 1]
    begin = np.cumsum(lengths) - lengths
    total = np.bincount(party[owner], weights=lengths, minlength=len(who.key)).astype(np.int64)
    return _Routes(directed, begin, np.cumsum(total) - total, total)


def _choose_chains(network: Network, who: Parties) -> tuple[Ints, Ints]:
    """(party, chain) of every choice, choice by choice; within a party in the order travelled."""
    active = np.arange(len(who.key))
    draw = below(keys(who.key, _START), network.start_limits[-1])
    chain = network.starts[np.searchsorted(network.start_limits, draw, side="right")]
    travelled = np.zeros(len(active), dtype=np.int64)
    found_party, found_chain = [active], [chain]
    for step in range(_MOST_CHAINS):
        travelled += network.length_cm[chain]
        draw = below(keys(who.key[active], _TURN, step), network.limits[chain, -1])
        choice = (draw[:, None] >= network.limits[chain]).sum(axis=1)
        onward = network.options[chain, choice]
        tired = travelled > who.speed_cms[active] * _WANDER_S
        onward = np.where(tired, network.home[chain], onward)
        going = onward != LEAVE
        active, chain, travelled = active[going], onward[going], travelled[going]
        if len(active) == 0:
            break
        found_party.append(active)
        found_chain.append(chain)
    return np.concatenate(found_party), np.concatenate(found_chain)


def _strokes(key: Keys, length_cm: Ints, habits: Habits) -> _Strokes:
    """What parties do along their routes: go straight through, pause, turn round, or stay about a place."""
    count = len(key)
    habit = below(keys(key, _HABIT), 1000)
    place = 1 + below(keys(key, _PLACE), np.maximum(length_cm - 1, 1))
    pausing = habit < habits.pausing
    turning = ~pausing & (habit < habits.pausing + habits.turning)
    loitering = ~pausing & ~turning & (habit < habits.pausing + habits.turning + habits.loitering)
    parts = [_piece(np.arange(count), 0, 0, np.where(pausing | turning | loitering, place, length_cm))]
    if (who := np.flatnonzero(pausing)).size:
        stand_ms = np.maximum(exponential(keys(key[who], _STAND), habits.pause_ms), 1000)
        parts.append(_piece(who, 1, place[who], place[who], stand_ms))
        parts.append(_piece(who, 2, place[who], length_cm[who]))
    if (who := np.flatnonzero(turning)).size:
        parts.append(_piece(who, 1, place[who], 0, back=True))
    if (who := np.flatnonzero(loitering)).size:
        parts.extend(_loiter(who, key[who], place[who], length_cm[who], habits))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0] * 64 + columns[1], kind="stable")
    party, _, begin, end, stand, slow, back = (column[order] for column in columns)
    return _Strokes(party, begin, end, stand, slow.astype(bool), back.astype(bool))


def _piece(
    party: Ints, rank: int, from_cm: Ints | int, to_cm: Ints | int, stand_ms: Ints | int = 0, *, slow: bool = False, back: bool = False
) -> tuple[Ints, ...]:
    """One stroke of each of some parties, as columns."""
    shape = party.shape
    whole = [np.broadcast_to(np.asarray(value, dtype=np.int64), shape) for value in (rank, from_cm, to_cm, stand_ms, slow, back)]
    return (party, *whole)


def _loiter(who: Ints, key: Keys, place: Ints, length_cm: Ints, habits: Habits) -> list[tuple[Ints, ...]]:
    """Stand a while, take a few steps, stand again; then go on."""
    parts = []
    whole_ms = np.maximum(exponential(keys(key, _STAND), habits.loiter_ms), 60_000)
    here = place
    for step in range(_LOITER_STEPS):
        share = 500 + below(keys(key, _STAND, step), 1001)  # stays differ by half of their mean
        parts.append(_piece(who, 1 + 2 * step, here, here, whole_ms // _LOITER_STEPS * share // 1000))
        there = np.clip(place + below(keys(key, _STEP_ASIDE, step), 801) - 400, 0, length_cm)
        parts.append(_piece(who, 2 + 2 * step, here, there, slow=True))
        here = there
    parts.append(_piece(who, 1 + 2 * _LOITER_STEPS, here, length_cm))
    return parts


def _rows(routes: _Routes, strokes: _Strokes, who: Parties, link_limit_cms: Ints) -> Rows:
    """Cut strokes at the ends of links, and give every piece its time."""
    base = routes.base_cm[strokes.party]
    begin, end = base + strokes.from_cm, base + strokes.to_cm
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    last_of_route = np.searchsorted(routes.begin_cm, base + routes.length_cm[strokes.party], side="left") - 1
    first = np.minimum(np.searchsorted(routes.begin_cm, low, side="right") - 1, last_of_route)
    last = np.maximum(np.searchsorted(routes.begin_cm, high, side="left") - 1, first)
    forth = end >= begin
    stroke, place = ranges(first, last - first + 1)
    place = np.where(forth[stroke], place, (first + last)[stroke] - place)
    directed = routes.directed[place]
    link_begin = routes.begin_cm[place]
    link_cm = np.diff(routes.begin_cm, append=routes.base_cm[-1] + routes.length_cm[-1])[place]
    lower = np.maximum(low[stroke], link_begin) - link_begin
    upper = np.minimum(high[stroke], link_begin + link_cm) - link_begin
    start, stop = np.where(forth[stroke], lower, upper), np.where(forth[stroke], upper, lower)
    reverse = (directed & 1).astype(bool)
    party = strokes.party[stroke]
    duration = _durations(upper - lower, strokes, stroke, who.speed_cms[party], link_limit_cms[directed >> 1])
    t1 = np.cumsum(duration)
    started = np.searchsorted(party, np.arange(len(who.key)), side="left")
    t1 += (who.t_ms - (t1 - duration)[started])[party]
    kept = duration > 0
    return Rows(
        party=party[kept],
        t0_ms=(t1 - duration)[kept],
        t1_ms=t1[kept],
        link=(directed >> 1)[kept],
        from_cm=np.where(reverse, link_cm - start, start)[kept],
        to_cm=np.where(reverse, link_cm - stop, stop)[kept],
        side=np.where(reverse ^ strokes.back[stroke], -1, 1)[kept],
    )


def _durations(way_cm: Ints, strokes: _Strokes, stroke: Ints, speed_cms: Ints, limit_cms: Ints) -> Ints:
    speed = np.where(limit_cms > 0, np.maximum(speed_cms * limit_cms // _SCALED_LIMIT_CMS, 1), speed_cms)
    speed = np.where(strokes.slow[stroke], _LOITER_CMS, speed)
    return np.where(way_cm > 0, (way_cm * 1000 + speed // 2) // speed, strokes.stand_ms[stroke])
