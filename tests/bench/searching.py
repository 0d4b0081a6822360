"""How many profiles a second `lykta tune` tries: on one core, on all, on a Dask cluster of this machine; and the memory it takes."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from time import perf_counter, process_time

from lykta.scenarios import Wish, assemble
from lykta.score.requirements import of_texts
from lykta.tune.crew import Alone, Cluster, Crew, Processes
from lykta.tune.search import POPULATION, Point, Task, search
from lykta.tune.space import read_space, source_of

_SEEDS = (1, 2, 3, 4)


def report(generations: int, workers: int) -> Iterator[str]:
    """The lines of this part."""
    task = _task()
    trials = POPULATION * (generations + 1) + 1
    yield f"Kungsholms strand, ideal sensors, 10 users an hour, {len(_SEEDS)} nights a trial, {len(task.space.dimensions)} settings;"
    yield f"{POPULATION * generations} trials after a first generation, in which workers start."
    first: list[Point] = []
    for name, many in _crews(workers):
        with many:
            points, seconds, worked = _timed(task, trials, many)
        same = "the same points" if not first or points == first else "OTHER POINTS"
        first = first or points
        own = f", {1000 * worked / (trials - POPULATION - 1):.0f} ms of this process a trial"
        yield f"  {name:24}{(trials - POPULATION - 1) / seconds:>8.2f} a second{own}   {same}"
    unit = 1 if sys.platform == "darwin" else 1024
    peaks = [unit * resource.getrusage(who).ru_maxrss / 1e9 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    yield f"  peak memory: {peaks[0]:.2f} GB of this process, at most {peaks[1]:.2f} GB of any other"


def _task() -> Task:
    scenario = assemble(Wish("kungsholms_strand", sensors="ideal"))
    text = source_of(scenario.profile).read_text(encoding="utf-8")
    space = read_space(("hold: 3..20 s", "ahead: 60..80 m", "linger: 60..600 s"), text, scenario.profile.file, scenario.date)
    return Task(scenario, space, _SEEDS, tuple(of_texts(["service at least 99.9 %"])))


def _crews(workers: int) -> Iterator[tuple[str, Crew]]:
    yield "one core", Alone()
    yield f"{workers} processes", Processes(workers)
    try:
        from distributed import LocalCluster
    except ImportError:
        return
    with ExitStack() as stack:
        local = stack.enter_context(LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None))
        yield f"Dask, {workers} workers", Cluster(local.scheduler_address)


def _timed(task: Task, trials: int, many: Crew) -> tuple[list[Point], float, float]:
    """(points, seconds after the first generation, seconds of this process's processor in that time)."""
    points: list[Point] = []
    begin = work = 0.0
    for point in search(task, trials, many):
        points.append(point)
        if len(points) == POPULATION + 1:
            begin, work = perf_counter(), process_time()
    return points, perf_counter() - begin, process_time() - work


if __name__ == "__main__":
    for line in report(2, 2):
        print(line, flush=True)
