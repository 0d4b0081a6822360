"""Simulates the profile of a page whenever it changes: one night at once, with its picture, then more nights behind it.

What profiles came to is kept by their text, so that going back, or comparing, takes no time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lykta.errors import LyktaError
from lykta.score.statistics import Floats
from lykta.studio import nights
from lykta.studio.nights import Frame, Lit, Order
from lykta.studio.work import Newest

if TYPE_CHECKING:
    from lykta.studio.session import Session

#: The nights of every figure. Published figures are of other seeds.
SEEDS = tuple(range(1, 21))
_PROFILES_KEPT = 30
#: How often further nights are told of, while they come in.
_PACE_S = 0.5
_log = logging.getLogger(__name__)


@dataclass
class Known:
    """What a profile came to so far."""

    rows: dict[int, Floats] = field(default_factory=dict)
    picture: bytes = b""
    frame: tuple[Frame, int] | None = None
    took_s: float = 0.0


class Simulator:
    """Of one text at a time, on one page. `frame` and `strip`: what is drawn; `heard` is called whenever something is new."""

    def __init__(self, session: Session, heard: Callable[[], object]) -> None:
        self.frame = Frame(session.plan.begin_ms, session.plan.end_ms)
        self.strip = 0
        self.error = ""
        self.busy = False
        self._session = session
        self._heard = heard
        self._newest = Newest()
        self._known: OrderedDict[str, Known] = OrderedDict()
        #: What is under way.
        self.tasks: set[asyncio.Task[None]] = set()

    def known(self, text: str) -> Known:
        """What is known of a profile; nothing yet for one that is new."""
        found = self._known.setdefault(text, Known())
        self._known.move_to_end(text)
        while len(self._known) > _PROFILES_KEPT:
            self._known.popitem(last=False)
        return found

    def go(self, text: str, file: str, beside: str = "", both: bool = False) -> asyncio.Task[None]:
        """Simulate a profile; whatever was under way and is not done is dropped.

        `beside`: another profile whose nights are wanted too, so that the two can be compared; `both`: with its picture.
        """
        texts = [text, beside] if beside and beside != text else [text]
        task = asyncio.get_running_loop().create_task(self._go(self._newest.renew(), texts, file, both))
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.error = f"{type(error).__name__}: {error}"
            _log.error("a night could not be simulated", exc_info=error)

    def stop(self) -> None:
        """Drop what is under way: nobody looks any more."""
        self._newest.renew()

    async def _go(self, number: int, texts: list[str], file: str, both: bool) -> None:
        self.busy = True
        try:
            for text in texts if both else texts[:1]:
                await self._picture(number, text, file)
            await self._further(number, texts, file)
        except LyktaError as error:
            if not self._newest.stale(number):
                self.error = self._session.say.fault(error)
        finally:
            if not self._newest.stale(number):
                self.busy = False
                self._heard()

    async def whole(self, text: str, file: str, over: Callable[[], bool]) -> None:
        """Simulate all nights of a profile that nobody looks at, until `over`. LyktaError where it cannot be simulated."""
        async for _ in self._nights([text], file, over):
            pass

    async def _further(self, number: int, texts: list[str], file: str) -> None:
        """The other nights of what is looked at."""
        told_s = time.monotonic()
        async for _ in self._nights(texts, file, lambda: self._newest.stale(number)):
            if time.monotonic() - told_s >= _PACE_S:  # each time all figures are made anew; the last is told at the end in any case
                self._hear(number)
                told_s = time.monotonic()

    async def _nights(self, texts: list[str], file: str, over: Callable[[], bool]) -> AsyncIterator[None]:
        """The nights that lack, each of all profiles, as many at once as there are processes for it."""
        wanted = [(seed, text) for seed in SEEDS for text in texts if seed not in self.known(text).rows]
        width = self._session.bench.size - 1
        for first in range(0, len(wanted), width):
            if over():
                return
            some = wanted[first : first + width]
            orders = [Order(self._session.ticket, text, file, seed) for seed, text in some]
            found = await asyncio.gather(*(self._session.bench.night(one.seed, nights.light, one) for one in orders))
            for (_, text), lit in zip(some, found, strict=True):
                self._take(text, lit)
            yield

    async def _picture(self, number: int, text: str, file: str) -> None:
        """The first night with its picture, unless that is there already."""
        frame, strip, seed = self.frame, self.strip, SEEDS[0]
        kept = self.known(text)
        if kept.frame != (frame, strip) or seed not in kept.rows:
            order = Order(self._session.ticket, text, file, seed, frame, strip)
            lit = await self._newest.run(number, lambda: self._session.bench.now(nights.light, order))
            if lit is None:
                return
            self._take(text, lit)
            kept.frame, kept.picture, kept.took_s = (frame, strip), lit.picture, lit.took_s
        self.error = ""
        self._hear(number)

    def _take(self, text: str, lit: Lit) -> None:
        self.known(text).rows[lit.seed] = lit.row

    def _hear(self, number: int) -> None:
        if not self._newest.stale(number):
            self._heard()
