"""How long a night takes: one street in pure Python and compiled, and a city of such streets, stage by stage."""

from __future__ import annotations

import gc
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import pyarrow as pa
from energy import verdict

from lykta import sensing
from lykta import site as sites
from lykta.plan import Plan, make_plan
from lykta.profiles import Profile, load_profile
from lykta.scenarios.model import DATE, IDEAL_SENSOR
from lykta.score import totals
from lykta.sim import city, engines
from lykta.sim.night import run
from lykta.site.graph import Graph
from lykta.site.model import Lamp, Link, Point, Site, Way
from lykta.traffic import Demand, generate, load_demand

LAMPS = 60
_PITCH_CM = 4000  # at which 6 to 8 lamps are told of a detection, with the default profile
_PEOPLE = "kungsholms@11.4"  # users an hour who make 200 detections a lamp in the night
_MOST = {"python": 0.6, "compiled": 0.030}
_MOST_CITY_S, _MOST_CITY_GB = 60.0, 4.0


@dataclass(frozen=True)
class Street:
    """The street that is timed."""

    site: Site
    profile: Profile
    demand: Demand

    def plan(self) -> Plan:
        """Its plan for the night."""
        return make_plan(self.site, Graph(self.site), self.profile, DATE)


def street(count: int = LAMPS) -> Street:
    """A straight path of so many lamps with an ideal sensor each, and the profile and people of Kungsholms strand."""
    like = sites.load("kungsholms_strand")
    fixture = like.lamps[0].fixture
    lamps = tuple(Lamp(f"L{n:02}", n * _PITCH_CM, 0, "path", fixture, (IDEAL_SENSOR,)) for n in range(count))
    ends = (Point("west", -1200, 0), Point("east", (count - 1) * _PITCH_CM + 1200, 0))
    names = ("west", *(lamp.id for lamp in lamps), "east")
    lengths = (1200, *[_PITCH_CM] * (count - 1), 1200)
    links = tuple(Link(a, b, length, "path") for a, b, length in zip(names, names[1:], lengths, strict=False))
    way = Way("path", "path", frozenset({"pedestrian", "cyclist"}))
    site = Site(
        "straight path", like.latitude, like.longitude, like.timezone, lamps, ends, links, (way,), {fixture: like.fixtures[fixture]},
        ("west", "east"), zones=("path",),
    )  # fmt: skip
    return Street(site, load_profile("kungsholms_strand"), load_demand(_PEOPLE))


def one_night(runs: int) -> Iterator[str]:
    """The lines of one night: from readings to levels."""
    plan = street().plan()
    moves, told = _people(plan, 1)
    heard = [len(receivers) for receivers in plan.tables.receivers]
    detections = run(plan, moves, told, 1).detections.num_rows
    yield f"{LAMPS} lamps, pitch {_PITCH_CM / 100:g} m, ideal sensors, profile of Kungsholms strand, seed 1: {told.num_rows} readings,"
    yield f"{detections / LAMPS:.0f} detections a lamp, {statistics.mean(heard):.1f} lamps told of each ({min(heard)} to {max(heard)})."
    yield f"From readings to the tables of levels and detections, {runs} runs after one to warm up."
    for engine, most in _MOST.items():
        if engine == "compiled" and not engines.available():
            yield "  compiled         Numba is not installed: make fast"
            continue
        seconds, worked = [], []
        run(plan, moves, told, 1, engine=engine)
        for _ in range(runs):
            gc.collect()
            begin, begin_work = perf_counter(), process_time()
            run(plan, moves, told, 1, engine=engine)
            seconds.append(perf_counter() - begin)
            worked.append(process_time() - begin_work)
        least, middle, work = min(seconds), statistics.median(seconds), statistics.median(worked)
        met = verdict(middle < most) + (" by the median, met by the least" if least < most <= middle else "")
        took = f"least {1000 * least:8.1f} ms   median {1000 * middle:8.1f} ms   of the processor {1000 * work:8.1f} ms"
        yield f"  {engine:10} {took}   aim: below {1000 * most:.0f} ms   {met}"


def _people(plan: Plan, seed: int) -> tuple[pa.Table, pa.Table]:
    span = (plan.begin_ms, plan.end_ms)
    moves = generate(plan.site, plan.graph, load_demand(_PEOPLE), seed, *span, plan.agenda.times.origin_utc_ms)
    return moves, sensing.readings(plan.site, plan.graph, moves, seed, (), *span)


def machine_code() -> str:
    """How long it takes to have the compiled engine: made now, or taken from the cache."""
    if not engines.available():
        return "Numba is not installed, so all is pure Python: make fast"
    begin = perf_counter()
    plan = street().plan()
    moves, told = _people(plan, 1)
    run(plan, moves, told.slice(0, 2), 1, engine="compiled")
    return f"machine code ready in {perf_counter() - begin:.1f} s (the first time after a change of sources it is made, later kept)"


def a_city(corridors: tuple[int, ...], workers: int) -> Iterator[str]:
    """The lines of a city: the same street with other people in each, of growing number."""
    same = street()
    yield f"The same street again and again, seeds from 1 on; {workers} processes: traffic, sensing, kernel, totals of lamps to Parquet."
    yield (
        f"  {'lamps':>8}{'detections':>13}{'seconds':>9}{'processor':>11}   "
        + "".join(f"{stage:>9}" for stage in city.STAGES)
        + "   memory GB"
    )
    per_lamp = []
    for count in corridors:
        nights = [city.Corridor(f"street {seed}", same.site, same.profile, same.demand, seed, DATE) for seed in range(1, count + 1)]
        begin = perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            tally = city.simulate(nights, Path(folder), totals, workers=workers)
        seconds = perf_counter() - begin
        by_stage = "".join(f"{tally.seconds[stage]:>9.1f}" for stage in city.STAGES)
        work = sum(tally.seconds.values())
        yield f"  {tally.lamps:>8}{tally.detections:>13}{seconds:>9.2f}{work:>11.2f}   {by_stage}   {_memory_gb(workers):.2f}"
        per_lamp.append(work / tally.lamps)
    yield "  Seconds: from start to end, starting the processes included. Processor: seconds of it, summed over processes, then by stage."
    yield "  Memory: peak of all processes together."
    yield f"  growth: a lamp takes {per_lamp[-1] / per_lamp[-2]:.2f} times the processor in the last row as in the one before; linear is 1"
    if tally.lamps >= 150_000:
        yield f"  aim: 150,000 lamps in less than 60 s   {verdict(seconds < _MOST_CITY_S)}: {seconds:.1f} s"
        yield f"  aim: in less than 4 GB                 {verdict(_memory_gb(workers) < _MOST_CITY_GB)}: {_memory_gb(workers):.2f} GB"


def _memory_gb(workers: int) -> float:
    """The peak of this process and of as many of the largest of its children as there are: never less than the truth."""
    unit = 1 if sys.platform == "darwin" else 1024
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return unit * (own + workers * child) / 1e9
