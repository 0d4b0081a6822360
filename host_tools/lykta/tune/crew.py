"""Who does the work: this process alone, processes on all cores, or the workers of a Dask cluster.

A job is a function at the top of a module and a picklable argument; results come in the order of the jobs, whoever does them, so
that neither the number of workers nor the death of one changes anything.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TypeVar

from lykta.errors import EnvironmentLacks, LyktaError

Job = TypeVar("Job")
Done = TypeVar("Done")
_PATIENCE_S = 10


class Crew(AbstractContextManager["Crew"], ABC):
    """Some workers. `said`: who they are, for people; `remote`: whether they may run other code than this process."""

    said: str
    size: int
    remote = False

    @abstractmethod
    def each(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """The results of all jobs, in their order, each as soon as it and those before it are there."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let the workers go."""


class Alone(Crew):
    """This process."""

    said = "one core"
    size = 1

    def each(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """One after the other."""
        return map(work, jobs)


def _leave_interrupts() -> None:
    """Ctrl-C is for the process that was started by a person: it ends the others when their jobs are done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Processes(Crew):
    """So many processes on this machine."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.said = f"{size} cores"
        self._pool = ProcessPoolExecutor(size, mp_context=multiprocessing.get_context("spawn"), initializer=_leave_interrupts)

    def each(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """All at once, as far as there are processes."""
        try:
            yield from self._pool.map(work, jobs)
        except BrokenProcessPool:
            raise LyktaError(
                "A process that helped was ended from outside, perhaps since memory ran out. Take fewer with `--workers`."
            ) from None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the processes; what has not begun is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Cluster(Crew):
    """The workers of the Dask scheduler at an address, such as tcp://10.0.0.7:8786."""

    remote = True

    def __init__(self, address: str) -> None:
        self._client = _connect(address)
        self.size = sum(worker["nthreads"] for worker in self._client.scheduler_info(n_workers=-1)["workers"].values())
        self.said = f"the Dask cluster at {address}, {self.size} threads"
        if not self.size:
            self._client.close()
            raise LyktaError(f"The Dask scheduler at {address} has no workers. Start some there: `dask worker {address}`.")

    def each(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """All at once; Dask gives the tasks of a worker that dies to the others."""
        from distributed import KilledWorker

        futures = self._client.map(work, list(jobs), pure=False)
        try:
            for future in futures:
                yield future.result()
        except KilledWorker:
            raise LyktaError(
                "Worker after worker of the cluster died over one task. Look at their logs; memory is a likely cause."
            ) from None
        finally:
            self._client.cancel(futures)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave the cluster; it goes on running."""
        self._client.close()


def _connect(address: str) -> Any:
    """A client of the cluster at an address."""
    try:
        from distributed import Client
    except ImportError:
        raise EnvironmentLacks('A cluster needs Dask: install it with `pip install "lykta[cluster]"` (in a clone: `make env`).') from None
    # That work of a worker who is gone is done again is no news for whoever waits for the result.
    logging.getLogger("distributed.client").setLevel(logging.ERROR)
    connect: Any = Client  # without types
    try:
        return connect(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LyktaError(
            f"There is no Dask scheduler at {address} ({said}). Start one with `dask scheduler`, and give the address that it prints, "
            "such as tcp://10.0.0.7:8786."
        ) from None


def crew(workers: int = 0, cluster: str = "") -> Crew:
    """The workers that somebody asks for; 0: as many as there are cores. LyktaError where the cluster is not there."""
    if cluster:
        return Cluster(cluster)
    count = workers or os.cpu_count() or 1
    return Processes(count) if count > 1 else Alone()
