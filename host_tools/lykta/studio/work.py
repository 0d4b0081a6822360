"""Who simulates for the page: a few processes beside it, so that it never waits; and the rule that the newest change wins.

One process is kept for what somebody is looking at; the others work through further nights. A night always goes to the same process,
which keeps its people and readings.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from typing import Any, TypeVar

from lykta.errors import LyktaError, Message
from lykta.studio import translation

T = TypeVar("T")
_MOST_PROCESSES = 5


class Bench:
    """The processes. `size`: how many, the one for what is looked at included; at least 2."""

    def __init__(self, size: int = 0) -> None:
        self.size = max(2, min(size or (os.cpu_count() or 2), _MOST_PROCESSES))
        self._processes: list[ProcessPoolExecutor | None] = [None] * self.size
        self._context = multiprocessing.get_context("spawn")
        self._translating = self._context.Event()

    @property
    def translating(self) -> bool:
        """Whether one of the processes is making machine code of the engine (`translation`)."""
        return self._translating.is_set()

    async def now(self, work: Callable[..., T], *given: Any) -> T:
        """The result of what somebody waits for."""
        return await self._done(0, work, *given)

    async def night(self, seed: int, work: Callable[..., T], *given: Any) -> T:
        """The result of work on the night of a seed, in the background."""
        return await self._done(1 + seed % (self.size - 1), work, *given)

    async def _done(self, number: int, work: Callable[..., T], *given: Any) -> T:
        process = self._processes[number]
        if process is None:
            process = ProcessPoolExecutor(1, mp_context=self._context, initializer=_begin, initargs=(number, self._translating))
            self._processes[number] = process
        try:
            return await asyncio.get_running_loop().run_in_executor(process, work, *given)
        except BrokenProcessPool:
            self._processes[number] = None
            self._translating.clear()
            said = Message("The process that simulates was ended from outside, perhaps since memory ran out. Try again.")
            raise LyktaError(said) from None

    def close(self) -> None:
        """End the processes; what has not begun is dropped."""
        for number, process in enumerate(self._processes):
            self._processes[number] = None
            if process is not None:
                process.shutdown(wait=False, cancel_futures=True)


def _begin(number: int, translating: Event) -> None:
    """Ctrl-C is for the process that a person started; further nights leave the processor to what is looked at."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    translation.tell_by(translating)
    if number and hasattr(os, "nice"):
        os.nice(5)


class Newest:
    """Runs one thing at a time; of those that wait only the newest is run, the others are dropped."""

    def __init__(self) -> None:
        self._latest = 0
        self._running = asyncio.Lock()

    def renew(self) -> int:
        """Announce something new: whatever is older is dropped from now on."""
        self._latest += 1
        return self._latest

    def stale(self, number: int) -> bool:
        """Whether something newer has been announced."""
        return number != self._latest

    async def run(self, number: int, work: Callable[[], Any]) -> Any:
        """The result of work that was announced; None where something newer came meanwhile."""
        async with self._running:
            if self.stale(number):
                return None
            found = await work()
        return None if self.stale(number) else found
