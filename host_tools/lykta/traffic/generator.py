"""Makes the road users of a night: who enters where and when, and every stretch of their way.

Arrivals are Poisson by hour and class. Everything about a party is drawn below the key (seed, class, hour, number in the hour),
so that a longer night, another class or another scheme leaves it the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lykta.errors import InputError, Problem
from lykta.site.graph import Graph
from lykta.site.model import Site
from lykta.tables import ANIMAL, TRAJECTORIES
from lykta.traffic.demand import CAR, NAMES, Demand, Habits
from lykta.traffic.journeys import Rows, clipped, journeys, parties, ranges
from lykta.traffic.keyed import Ints, Keys, below, happens, keys, normal, poisson, stream
from lykta.traffic.network import Network, network, usable_as

_HOUR_MS = 3_600_000
# Streams below a party's key, apart from those of `journeys`.
_TIME, _GROUPED, _SIZE, _DOG, _SIDE, _MEMBER = range(100, 106)
_SPACING_CM = 150  # members of a group follow within this

_networks: WeakKeyDictionary[Graph, list[tuple[Demand, int, Network]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class _Members:
    """People and animals, in no order: their party, class, delay behind the party's time, sideways offsets by kind of way."""

    party: Ints
    road_user: Ints
    delay_ms: Ints
    on_path_cm: Ints
    beside_cars_cm: Ints


def generate(site: Site, graph: Graph, demand: Demand, seed: int, begin_ms: int, end_ms: int, origin_utc_ms: int) -> pa.Table:
    """The trajectories (`tables.TRAJECTORIES`) of all who enter from `begin_ms` on and before `end_ms`, cut off at `end_ms`.

    Users are numbered in the order in which they enter. Nobody is on the site at `begin_ms`. A demand of nobody, or a site
    without links, gives an empty table; InputError where people are to come and the site has no entrance, or the
    demand names points that the site has not (`check` lists both before, and what is only doubtful).
    """
    problems = [problem for problem in check(site, graph, demand) if not problem.warning]
    if problems:
        raise InputError(problems)
    if demand.source is not None:
        return demand.source.trajectories(graph, demand, seed, begin_ms, end_ms, origin_utc_ms)
    blocks = [
        _class_block(site, graph, demand, road_user, seed, (begin_ms, end_ms), origin_utc_ms)
        for road_user in sorted(demand.rates)
        if len(_network(graph, demand, road_user).starts)
    ]
    if not any(len(rows.party) for rows, _, _ in blocks):
        return TRAJECTORIES.empty_table()
    return _table(graph, site, blocks, end_ms)


def check(site: Site, graph: Graph, demand: Demand) -> list[Problem]:
    """What does not fit between a site and a demand: errors, and warnings for classes that will not come."""
    found = [] if demand.source is None else demand.source.check(graph)
    if demand.empty:
        return found
    found += [
        Problem(demand.name, 0, 0, f"{key}.{name}", f"{site.name} has no point with this id.")
        for key, names in (("entrances", demand.entrances), ("turns", demand.turns))
        for name in names
        if name not in graph.index
    ]
    if not site.links:
        found.append(Problem(site.name, 0, 0, "links", "there is no link, so nobody can move: the night will be without traffic.", True))
        return found
    if not site.entrances:
        message = "there is no entrance, so nobody can come. Name the points where people come and go: `entrances: [west, east]`."
        found.append(Problem(site.name, 0, 0, "entrances", message))
        return found
    for road_user in sorted(demand.rates):
        wanted = max(rate for hours in demand.rates[road_user] for rate in hours)
        if wanted and not len(_network(graph, demand, road_user).starts):
            which = f"no entrance of {site.name} lies on a way for {usable_as(road_user)}s"
            message = f"up to {wanted:g} an hour are wanted, but {which}: none will come."
            found.append(Problem(demand.name, 0, 0, NAMES[road_user], message, True))
    return found


def _network(graph: Graph, demand: Demand, road_user: int) -> Network:
    """The network of a class, made once for a graph and the weights of a demand."""
    kept = _networks.setdefault(graph, [])
    weights = (demand.entrances, demand.turns, demand.stay_on_way)
    for known, known_user, found in kept:
        if known_user == road_user and (known.entrances, known.turns, known.stay_on_way) == weights:
            return found
    found = network(graph, demand, road_user)
    kept.append((demand, road_user, found))
    return found


def _class_block(
    site: Site, graph: Graph, demand: Demand, road_user: int, seed: int, window: tuple[int, int], origin_utc_ms: int
) -> tuple[Rows, _Members, Ints]:
    """The journeys of the parties of one class, their members, and the entry time of each party."""
    habits = demand.habits[road_user]
    key, t_ms = _arrivals(demand, habits, road_user, seed, window, origin_utc_ms, site.timezone)
    who = parties(key, t_ms, habits)
    limits = np.zeros(graph.link_count, dtype=np.int64)
    if road_user == CAR:
        limits = np.array([way.speed_limit_cms for way in site.ways], dtype=np.int64)[graph.way]
    rows = journeys(_network(graph, demand, road_user), graph.length_cm.astype(np.int64), limits, who, habits)
    return rows, _members(demand, habits, road_user, key, who.speed_cms), t_ms


def _arrivals(
    demand: Demand, habits: Habits, road_user: int, seed: int, window: tuple[int, int], origin_utc_ms: int, timezone: str
) -> tuple[Keys, Ints]:
    """Keys and entry times of the parties of one class, hour by hour of elapsed time."""
    hours = np.arange(window[0] // _HOUR_MS, -(-window[1] // _HOUR_MS))
    hour_keys = keys(stream(seed, "arrivals"), road_user, hours)
    by_rate: defaultdict[float, list[int]] = defaultdict(list)
    for place, hour in enumerate(hours.tolist()):
        by_rate[demand.rate(road_user, *_local(hour, origin_utc_ms, timezone))].append(place)
    counts = np.zeros(len(hours), dtype=np.int64)
    for rate, places in by_rate.items():
        counts[places] = poisson(hour_keys[places], rate * _parties_per_user(habits))
    owner, number = ranges(np.zeros(len(hours), dtype=np.int64), counts)
    key = keys(hour_keys[owner], number)
    t_ms = hours[owner] * _HOUR_MS + below(keys(key, _TIME), _HOUR_MS)
    inside = (t_ms >= window[0]) & (t_ms < window[1])
    return key[inside], t_ms[inside]


def _local(hour: int, origin_utc_ms: int, timezone: str) -> tuple[bool, int]:
    """Whether an hour since the origin (its middle) lies on a weekend, and which hour of the local day it is."""
    middle = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=origin_utc_ms + hour * _HOUR_MS + _HOUR_MS // 2)
    local = middle.astimezone(ZoneInfo(timezone))
    return local.weekday() >= 5, local.hour


def _parties_per_user(habits: Habits) -> float:
    """Parties for each user, when `grouped` permille of the users are in groups."""
    share = habits.grouped / 1000
    return 1 - share + share / (sum(habits.group_size) / 2)


def _members(demand: Demand, habits: Habits, road_user: int, key: Keys, speed_cms: Ints) -> _Members:
    """Who belongs to each party: one, or a group; and their dogs."""
    share, mean_size = habits.grouped / 1000, sum(habits.group_size) / 2
    groups = round((share / mean_size) / _parties_per_user(habits) * 1_000_000)  # of a million parties
    smallest, largest = habits.group_size
    size = np.where(below(keys(key, _GROUPED), 1_000_000) < groups, smallest + below(keys(key, _SIZE), largest - smallest + 1), 1)
    people = _offsets(habits, key, size, np.zeros(len(key), dtype=np.int64), road_user, speed_cms)
    if not habits.with_dog:
        return people
    dogs = happens(keys(key, _DOG), habits.with_dog).astype(np.int64)
    animals = _offsets(demand.habits.get(ANIMAL, habits), key, dogs, size, ANIMAL, speed_cms)
    return _Members(*(np.concatenate(pair) for pair in zip(_columns(people), _columns(animals), strict=True)))


def _columns(members: _Members) -> tuple[Ints, ...]:
    return members.party, members.road_user, members.delay_ms, members.on_path_cm, members.beside_cars_cm


def _offsets(habits: Habits, key: Keys, size: Ints, first: Ints, road_user: int, speed_cms: Ints) -> _Members:
    """Members `first .. first + size - 1` of each party, near together."""
    party, number = ranges(first, size)
    member = keys(key[party], _MEMBER, number)
    delay_cm = np.where(number > 0, below(keys(member, 1), _SPACING_CM), 0)
    on_path = clipped(keys(member, 2), habits.lateral)
    side = np.where(happens(keys(key[party], _SIDE), 500), 1, -1)
    pavement = side * (habits.pavement_cm + normal(keys(member, 3), 0, 40))
    beside_cars = on_path if road_user == CAR else pavement
    return _Members(party, np.full(len(party), road_user), delay_cm * 1000 // speed_cms[party], on_path, beside_cars)


def _table(graph: Graph, site: Site, blocks: list[tuple[Rows, _Members, Ints]], end_ms: int) -> pa.Table:
    """Give every member the rows of his party, number the members by their entry, cut at the end."""
    rows, members, entry, group = _joined(blocks)
    order = np.lexsort((members.party, entry))
    row_count = np.bincount(rows.party, minlength=int(members.party.max()) + 1)
    row_first = np.cumsum(row_count) - row_count
    party = members.party[order]
    user, row = ranges(row_first[party], row_count[party])
    delay, member = members.delay_ms[order][user], order[user]
    t0, t1 = rows.t0_ms[row] + delay, rows.t1_ms[row] + delay
    kept = np.flatnonzero(t0 < end_ms)
    user, row, member, t0, t1 = user[kept], row[kept], member[kept], t0[kept], t1[kept]
    start, stop = rows.from_cm[row], rows.to_cm[row]
    over = t1 > end_ms
    stop = np.where(over, start + (stop - start) * (end_ms - t0) // np.maximum(t1 - t0, 1), stop)
    cars_too = np.array(["car" in way.classes for way in site.ways], dtype=np.bool_)[graph.way]
    lateral = np.where(cars_too[rows.link[row]], members.beside_cars_cm[member], members.on_path_cm[member]) * rows.side[row]
    leader = _leaders(group[order], user, len(order))
    columns: tuple[NDArray[np.generic], ...] = (
        user,
        members.road_user[member],
        leader,
        t0,
        np.minimum(t1, end_ms),
        rows.link[row],
        start,
        stop,
        lateral,
    )
    arrays = [pa.array(column.astype(kind.to_pandas_dtype())) for column, kind in zip(columns, TRAJECTORIES.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=TRAJECTORIES)


def _joined(blocks: list[tuple[Rows, _Members, Ints]]) -> tuple[Rows, _Members, Ints, Ints]:
    """The blocks of all classes with parties numbered through; entry time of each member, and his party where it is a group, else -1."""
    rows, members, entries = [], [], []
    offset = 0
    for block_rows, block_members, t_ms in blocks:
        columns = (block_rows.t0_ms, block_rows.t1_ms, block_rows.link, block_rows.from_cm, block_rows.to_cm, block_rows.side)
        rows.append((block_rows.party + offset, *columns))
        members.append((block_members.party + offset, *_columns(block_members)[1:]))
        entries.append(t_ms[block_members.party] + block_members.delay_ms)
        offset += len(t_ms)
    people = _Members(*(np.concatenate(column) for column in zip(*members, strict=True)))
    alone = np.bincount(people.party, minlength=offset)[people.party] == 1
    return (
        Rows(*(np.concatenate(column) for column in zip(*rows, strict=True))),
        people,
        np.concatenate(entries),
        np.where(alone, -1, people.party),
    )


def _leaders(group: Ints, user: Ints, count: int) -> Ints:
    """For each row the number of the first user of his group, -1 for who is alone."""
    first = np.full(int(group.max(initial=-1)) + 2, count, dtype=np.int64)
    np.minimum.at(first, group, np.arange(count))
    return np.where(group < 0, -1, first[group])[user]
