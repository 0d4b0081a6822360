"""A search for a better profile, in the background: `tune.search` in a thread, its nights in processes; stopped and gone on with at will.

A search looks at a few nights of each profile, so its best may have been lucky: when it ends, the best are looked at again over all
nights of Tune, until one keeps what is owed. What is tried stands in a journal beside the user's files, one for each search: the same
search goes on where it was stopped.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lykta.errors import LyktaError, Message
from lykta.score.requirements import Condition
from lykta.studio.saving import Standing
from lykta.studio.session import Session
from lykta.tune.crew import Processes
from lykta.tune.search import Point, Task, about_of, best, front, search, served
from lykta.tune.space import read_space

FOLDER = "tuning"
#: How many of the best are looked at again over all nights, if none before keeps what is owed.
MOST_PROVED = 12
#: Settings of which more is more light, the first to be tried where too few people have what they are owed.
BRIGHTER = ("ahead", "preview", "behind", "hold", "linger", "level", "idle", "coast_lamps")


def task_of(session: Session, ranges: Sequence[str], nights: int) -> Task:
    """The search somebody asks for: ranges of settings over the draft, nights of seeds 1 to `nights`. InputError where they are wrong."""
    draft, scenario = session.draft, session.scenario
    space = read_space([one for one in ranges if one.strip()], draft.text, draft.name, scenario.date)
    conditions: tuple[Condition, ...] = served(scenario)
    return Task(scenario, space, tuple(range(1, nights + 1)), conditions)


def journal_of(task: Task, folder: Path) -> Path:
    """The journal of a search: the same for the same search, whatever its name."""
    digest = hashlib.sha256(json.dumps(about_of(task), sort_keys=True).encode()).hexdigest()[:12]
    return folder / FOLDER / f"journal_{digest}.log"


def loosening(task: Task, point: Point) -> tuple[list[str], list[str]]:
    """What could bring a point that falls short to what is owed: (ranges at whose upper end it stands, settings that may not move yet)."""
    dimensions = [one for one in task.space.dimensions if one.setting.key in BRIGHTER]
    at_end = [one.name for one in dimensions if point.values[one.name] + one.step > one.high]
    moving = {one.setting.key for one in dimensions}
    return at_end, [key for key in BRIGHTER if key not in moving]


@dataclass
class Seeker:
    """One search of a page. `heard` is called in the page's own loop whenever a point is known, and when it ends."""

    heard: Callable[[], object]
    #: How a point stands over all nights of Tune; given by the page. It ends early where the search is another one meanwhile.
    look_again: Callable[[Point, Callable[[], bool]], Awaitable[Standing]] | None = None
    task: Task | None = None
    points: list[Point] = field(default_factory=list)
    wanted: int = 0
    error: LyktaError | None = None
    running: bool = False
    #: By the number of the point: how it stands over all nights; and which one is being looked at.
    proved: dict[int, Standing] = field(default_factory=dict)
    looking_at: int | None = None

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._proving: asyncio.Task[None] | None = None  # held, so that it is not collected while it runs

    def start(self, task: Task, trials: int, folder: Path) -> None:
        """Search until so many profiles are tried, those of the journal counted. Must be called where a loop runs."""
        if self.running:
            return
        self.task, self.wanted, self.error, self.points, self.running = task, trials, None, [], True
        self.proved, self.looking_at = {}, None
        self._stop.clear()
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, args=(task, trials, journal_of(task, folder), loop), daemon=True).start()

    def stop(self) -> None:
        """Stop after the profile that is being tried; the journal keeps what is done."""
        self._stop.set()

    def front(self) -> list[Point]:
        """The points that no other beats."""
        return front(self.points)

    def best(self) -> Point | None:
        """The point that takes least energy of those that keep everything."""
        return best(self.points)

    def nearest(self) -> Point | None:
        """Where none keeps everything: the point that falls least short; of equals the one with least energy."""
        if self.best() is not None:
            return None
        whole = (one for one in self.points if not one.broken)
        return min(whole, key=lambda one: (sum(one.over), one.spent, one.number), default=None)

    def proven(self) -> Point | None:
        """The point that was found to keep what is owed over all nights."""
        return next((one for one in self.front() if one.number in self.proved and self.proved[one.number].conforms), None)

    def forget(self) -> None:
        """Stop, and look at nothing more: it is of a street that is looked at no longer."""
        self.stop()
        self.task, self.heard = None, lambda: None

    def _run(self, task: Task, trials: int, journal: Path, loop: asyncio.AbstractEventLoop) -> None:
        try:
            journal.parent.mkdir(parents=True, exist_ok=True)
            with Processes(max(1, (os.cpu_count() or 2) - 1)) as crew:
                for point in search(task, trials, crew, journal):
                    loop.call_soon_threadsafe(self._take, point)
                    if self._stop.is_set():
                        break
        except LyktaError as error:
            self.error = error
        except OSError as error:
            said = Message("{file} cannot be written: {what}. Choose another place.", file=journal, what=error.strerror or error)
            self.error = LyktaError(said)
        finally:
            loop.call_soon_threadsafe(self._end)

    def _take(self, point: Point) -> None:
        self.points.append(point)
        self.heard()

    def _end(self) -> None:
        self.running = False
        self.heard()
        if self.look_again is not None and self.task is not None and not self.error:
            self._proving = asyncio.get_running_loop().create_task(self._prove(self.task, self.look_again))

    async def _prove(self, task: Task, look_again: Callable[[Point, Callable[[], bool]], Awaitable[Standing]]) -> None:
        try:
            for point in self.front()[:MOST_PROVED]:
                self.looking_at = point.number
                self.heard()
                found = await look_again(point, lambda: self.task is not task)
                if self.task is not task:
                    return
                self.proved[point.number] = found
                if found.conforms:
                    break
        except LyktaError as error:
            self.error = error
        self.looking_at = None
        self.heard()
