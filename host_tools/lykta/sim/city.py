"""Cities, corridor by corridor: as many lamps as one likes in the memory of one street, on all processors.

A *corridor* is a street that has nothing to tell any other: a site of its own, or one piece of a site of many streets. Each is
simulated alone, with a seed of its own, so that neither the number of processes nor the other corridors change anything. Of
each only the totals of its lamps are kept, and the levels of the lamps asked for.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import pickle
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sized
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from time import process_time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lykta.errors import InputError
from lykta.plan import Plan, make_plan
from lykta.profiles import Profile
from lykta.progress import Progress
from lykta.sensing import readings
from lykta.sim.night import brief
from lykta.sim.radio import IDEAL, Radio
from lykta.site.graph import Graph, mask_of
from lykta.site.model import Site
from lykta.tables import LEVELS
from lykta.traffic import Demand, check, generate
from lykta.traffic.keyed import stream
from lykta.traffic.network import usable_as

#: The totals of the lamps of a site over a night: (site, levels, begin_ms, end_ms) -> one row for each lamp, in their order.
#: A function at the top of a module, so that other processes can find it.
Account = Callable[[Site, pa.Table, int, int], pa.Table]

#: The stages whose times are taken.
STAGES = ("plan", "traffic", "sensing", "kernel", "totals")
_ROWS_AT_ONCE = 1 << 16
_AHEAD = 4  # corridors handed to each process in advance


@dataclass(frozen=True)
class Corridor:
    """A night of one street: all that decides it, besides the radio. `name` stands in the tables."""

    name: str
    site: Site
    profile: Profile
    demand: Demand
    seed: int
    date: dt.date


@dataclass
class Tally:
    """What a run came to; `seconds` of processor time by stage, summed over all processes."""

    corridors: int = 0
    lamps: int = 0
    users: int = 0
    readings: int = 0
    detections: int = 0
    changes: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    def add(self, other: Tally) -> None:
        """Take in the figures of a part."""
        for name in ("corridors", "lamps", "users", "readings", "detections", "changes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for stage, seconds in other.seconds.items():
            self.seconds[stage] += seconds


@dataclass(frozen=True)
class _Job:
    """A corridor on its way to a process: its street packed, once for all corridors that share it."""

    name: str
    street: bytes
    demand: Demand
    seed: int
    radio: Radio
    engine: str
    account: Account
    kept: frozenset[str]


@dataclass(frozen=True)
class _Done:
    totals: pa.Table
    levels: pa.Table | None
    tally: Tally


def split(site: Site, profile: Profile, demand: Demand, seed: int, date: dt.date) -> Iterator[Corridor]:
    """The pieces of a site that nothing joins, as corridors named after their first lamp.

    Each gets its share of the people, by the weights of its entrances, and a seed made of `seed` and its name. InputError where
    the demand does not fit the site.
    """
    graph = Graph(site)
    if demand.source is not None:
        raise InputError.of(demand.name, "makes its people for one street at a time: for a city, give a demand with users an hour.")
    problems = [problem for problem in check(site, graph, demand) if not problem.warning]
    if problems:
        raise InputError(problems)
    weights = {road_user: _entrance_weights(site, graph, demand, road_user) for road_user in demand.rates}
    for piece in _pieces(site, graph):
        here = {point.id for point in piece.points}
        rates = {}
        for road_user, days in demand.rates.items():
            own = sum(weights[road_user].get(entrance, 0) for entrance in piece.entrances)
            share = own / max(1, sum(weights[road_user].values()))
            rates[road_user] = (tuple(rate * share for rate in days[0]), tuple(rate * share for rate in days[1]))
        own_demand = replace(
            demand,
            rates=rates,
            entrances={name: weight for name, weight in demand.entrances.items() if name in here},
            turns={name: turns for name, turns in demand.turns.items() if name in here},
        )
        name = piece.lamps[0].id
        yield Corridor(name, piece, profile, own_demand, int(stream(seed, f"corridor {name}")[0]), date)


def _entrance_weights(site: Site, graph: Graph, demand: Demand, road_user: int) -> dict[str, int]:
    """The weight of each entrance through which a class can come."""
    bit = mask_of([usable_as(road_user)])
    return {
        name: demand.entrances.get(name, 1)
        for name in site.entrances
        if any(int(graph.classes[directed >> 1]) & bit for directed in graph.out_links(graph.index[name]))
    }


def _pieces(site: Site, graph: Graph) -> Iterator[Site]:
    """The pieces of a site that have lamps, as sites."""
    piece = graph.pieces().tolist()
    lamps, junctions, links, entrances = (defaultdict(list) for _ in range(4))
    for number, lamp in enumerate(site.lamps):
        lamps[piece[number]].append(lamp)
    for number, point in enumerate(site.junctions, len(site.lamps)):
        junctions[piece[number]].append(point)
    for link in site.links:
        links[piece[graph.index[link.a]]].append(link)
    for name in site.entrances:
        entrances[piece[graph.index[name]]].append(name)
    for number, own in lamps.items():
        yield replace(
            site,
            lamps=tuple(own),
            junctions=tuple(junctions[number]),
            links=tuple(links[number]),
            entrances=tuple(entrances[number]),
            positions={},
        )


def simulate(
    corridors: Iterable[Corridor],
    out: Path,
    account: Account,
    *,
    radio: Radio = IDEAL,
    engine: str = "auto",
    workers: int | None = None,
    levels_of: Collection[str] = (),
) -> Tally:
    """Simulate corridors, and write `totals.parquet` into a folder as they are done, in their order.

    Its rows are those of `account`, with the name of the corridor before them and the number of detections behind. `levels_of`:
    ids of lamps whose levels are written too, to `levels.parquet`, LEVELS with the ids of corridor and lamp in place of the
    number. `workers`: processes; by default one for each processor.
    """
    out.mkdir(parents=True, exist_ok=True)
    jobs = _jobs(corridors, radio, engine, account, frozenset(levels_of))
    count = len(corridors) if isinstance(corridors, Sized) else None
    tally = Tally()
    with ExitStack() as stack:
        totals = stack.enter_context(_Writer(out / "totals.parquet"))
        levels = stack.enter_context(_Writer(out / "levels.parquet"))
        bar = stack.enter_context(Progress("simulating corridors", count))
        for done in _all_done(jobs, workers or os.cpu_count() or 1, stack):
            totals.write(done.totals)
            if done.levels is not None:
                levels.write(done.levels)
            tally.add(done.tally)
            bar.advance()
    return tally


def _jobs(corridors: Iterable[Corridor], radio: Radio, engine: str, account: Account, kept: frozenset[str]) -> Iterator[_Job]:
    packed, street = b"", None
    for corridor in corridors:
        parts = (corridor.site, corridor.profile, corridor.date)
        if street is None or any(one is not other for one, other in zip(parts, street, strict=True)):
            packed, street = pickle.dumps(parts), parts
        yield _Job(corridor.name, packed, corridor.demand, corridor.seed, radio, engine, account, kept)


def _all_done(jobs: Iterator[_Job], workers: int, stack: ExitStack) -> Iterator[_Done]:
    """The results of jobs in their order, never more than a few ahead of the one that is due."""
    # The first is done here: it leaves the machine code of the kernel where the others find it, and often it is the only one.
    first = list(islice(jobs, 1))
    yield from map(_work, first)
    second = list(islice(jobs, 1))
    jobs = chain(second, jobs)
    if workers == 1 or not second:
        yield from map(_work, jobs)
        return
    pool = stack.enter_context(ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")))
    waiting: deque[Future[_Done]] = deque(pool.submit(_work, job) for job in islice(jobs, _AHEAD * workers))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(pool.submit(_work, job) for job in islice(jobs, 1))


@lru_cache(maxsize=8)
def _plan_of(street: bytes) -> Plan:
    site, profile, date = pickle.loads(street)
    return make_plan(site, Graph(site), profile, date)


def _work(job: _Job) -> _Done:
    """Simulate one corridor: what a process does."""
    clock = [process_time()]
    plan = _plan_of(job.street)
    begin_ms, end_ms = plan.begin_ms, plan.end_ms
    clock.append(process_time())
    moves = generate(plan.site, plan.graph, job.demand, job.seed, begin_ms, end_ms, plan.agenda.times.origin_utc_ms)
    clock.append(process_time())
    told = readings(plan.site, plan.graph, moves, job.seed, (), begin_ms, end_ms)
    clock.append(process_time())
    levels, seen = brief(plan, told, job.seed, job.radio, engine=job.engine)
    clock.append(process_time())
    totals = job.account(plan.site, levels, begin_ms, end_ms)
    clock.append(process_time())
    count = len(plan.site.lamps)
    totals = totals.append_column("detections", pa.array(seen, pa.int32()))
    totals = totals.add_column(0, "corridor", pa.array([job.name] * count, pa.string()))
    tally = Tally(
        corridors=1,
        lamps=count,
        users=int(moves["user"].to_numpy().max(initial=-1)) + 1,
        readings=told.num_rows,
        detections=int(seen.sum()),
        changes=levels.num_rows,
        seconds=dict(zip(STAGES, np.diff(clock).tolist(), strict=True)),
    )
    return _Done(totals, _levels_of(plan.site, levels, job), tally)


def _levels_of(site: Site, levels: pa.Table, job: _Job) -> pa.Table | None:
    """The levels of the lamps asked for; None where none of them is here."""
    wanted = [number for number, lamp in enumerate(site.lamps) if lamp.id in job.kept]
    if not wanted:
        return None
    own = levels.filter(np.isin(levels["lamp"].to_numpy(), wanted))
    names = pa.array([site.lamps[number].id for number in own["lamp"].to_pylist()], pa.string())
    own = own.set_column(LEVELS.get_field_index("lamp"), "lamp", names)
    return own.add_column(0, "corridor", pa.array([job.name] * own.num_rows, pa.string()))


class _Writer:
    """A Parquet file that grows by many rows at once; it is made with the first row, so that none is left without."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> _Writer:
        self._path.unlink(missing_ok=True)
        return self

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= _ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        if self._file is None:
            self._file = pq.ParquetWriter(self._path, self._waiting[0].schema, compression="zstd")
        self._file.write_table(pa.concat_tables(self._waiting).combine_chunks())
        self._waiting, self._rows = [], 0

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._file is not None:
            self._file.close()
