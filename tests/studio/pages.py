"""Open pages of the studio without a browser, on a small street whose nights are short."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from nicegui.testing import User, user_simulation

from lykta.studio.page import pages, static_files
from lykta.studio.session import Session
from lykta.studio.studio import Studio
from lykta.studio.work import Bench
from tests.tune import nights

T = TypeVar("T")


class Inline(Bench):
    """Simulates in the test's own process, and notes what was asked for."""

    def __init__(self) -> None:
        super().__init__(2)
        self.asked: list[str] = []

    async def now(self, work: Callable[..., T], *given: Any) -> T:
        """Do it at once."""
        self.asked.append(work.__name__)
        await asyncio.sleep(0)
        return work(*given)

    async def night(self, seed: int, work: Callable[..., T], *given: Any) -> T:
        """Do it at once."""
        return await self.now(work, *given)


def studio(folder: Path) -> Studio:
    """The studio on the small street in a folder."""
    nights.write(folder)
    return Studio(nights.scenario("site"), bench=Inline(), names={"site": "site.yaml"}, folder=folder)


@asynccontextmanager
async def opened(whole: Studio, path: str = "/") -> AsyncIterator[tuple[User, Session]]:
    """A page of the studio as its reader has it, and its session."""
    ready: asyncio.Queue[Session] = asyncio.Queue()
    async with user_simulation(root=pages(whole, ready.put_nowait)) as user:
        static_files()
        await user.open(path)
        yield user, await ready.get()


def story(told: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run one story from its beginning to its end."""
    asyncio.run(told())


async def settled(session: Session) -> None:
    """Wait until nothing is being simulated any more."""
    while session.simulator.tasks:
        await asyncio.gather(*session.simulator.tasks)


__all__ = ["Inline", "opened", "settled", "story", "studio"]
