"""Progress of long work, for a person at a terminal; silent in pipes and in CI."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sized
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.live import Live
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

T = TypeVar("T")


def wanted() -> bool:
    """Whether anybody watches: stderr is a terminal, and this is not CI."""
    return sys.stderr.isatty() and not os.environ.get("CI")


class _Drawn:
    """Bars on the terminal, which can go away for a while. What is printed meanwhile stays: a `Live` of rich that is started again would
    clear the lines above it, so each time there is a new one; and it would send what a command prints to stderr, so it is told not to."""

    def __init__(self, counts: bool) -> None:
        """`counts`: how many of how many are done; else how much in percent."""
        # Rich takes 60 ms to import: only who has a terminal pays for it.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self.console = Console(stderr=True, emoji=False)
        # Text as it stands: a MAC has no pictures in it, a lamp in brackets is no style.
        title = TextColumn("{task.description}", markup=False)
        columns = (title, BarColumn(), MofNCompleteColumn() if counts else TaskProgressColumn(), TimeElapsedColumn())
        self.bars = RichProgress(*columns, console=self.console)
        self._live: Live | None = None

    def show(self) -> None:
        """Draw them, below all that was printed."""
        from rich.live import Live

        bars = self.bars.get_renderable
        self._live = Live(
            get_renderable=bars, console=self.console, transient=True, redirect_stdout=False, redirect_stderr=False, refresh_per_second=10
        )
        self._live.start(refresh=True)

    def hide(self) -> None:
        """Take them away."""
        if self._live is not None:
            self._live.stop()
            self._live = None


class Progress(AbstractContextManager["Progress"]):
    """One bar with a title: `with Progress("reading lamps", total=29_969) as bar: ... bar.advance(100)`.

    `total` None: a bar that only moves. It goes to stderr and vanishes at the end, so that output stays clean.
    """

    def __init__(self, title: str, total: int | None = None) -> None:
        self.title = title
        self.total = total
        self._drawn: _Drawn | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Progress:
        if wanted():
            self._drawn = _Drawn(counts=True)
            self._task = self._drawn.bars.add_task(self.title, total=self.total)
            self._drawn.show()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._drawn is not None:
            self._drawn.hide()
            self._drawn = None

    def advance(self, steps: int = 1) -> None:
        """So many steps further."""
        if self._drawn is not None and self._task is not None:
            self._drawn.bars.advance(self._task, steps)

    def say(self, text: str) -> None:
        """A line of output; the bar is away meanwhile, so that it stands on a line of its own."""
        if self._drawn is not None:
            self._drawn.hide()
        print(text, flush=True)
        if self._drawn is not None:
            self._drawn.show()

    def retitle(self, title: str) -> None:
        """Say what is being done now."""
        self.title = title
        if self._drawn is not None and self._task is not None:
            self._drawn.bars.update(self._task, description=title)


class Bars(AbstractContextManager["Bars"]):
    """Several bars, for work that goes on side by side: `with Bars() as bars: bar = bars.add("K04"); bar.begin("writing", 5000)`."""

    def __init__(self) -> None:
        self._drawn: _Drawn | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Bars:
        if wanted():
            self._drawn = _Drawn(counts=False)
            self._drawn.show()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._drawn is not None:
            self._drawn.hide()
            self._drawn = None

    def add(self, title: str) -> Bar:
        """A bar more."""
        return Bar(self._drawn.bars if self._drawn is not None else None, title)

    def say(self, text: str) -> None:
        """A line above the bars; nothing where nobody watches."""
        if self._drawn is not None:
            self._drawn.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The bars are away meanwhile: whatever is printed stays above them. One at a time."""
        with self._lock:
            if self._drawn is not None:
                self._drawn.hide()
            try:
                yield
            finally:
                if self._drawn is not None:
                    self._drawn.show()


class Bar:
    """One of several bars; it vanishes with `end`."""

    def __init__(self, shown: RichProgress | None, title: str) -> None:
        self.title = title
        self._shown = shown
        self._task = shown.add_task(title, total=None) if shown is not None else None

    def begin(self, step: str, total: int = 0) -> None:
        """A new step, of so much work (0: nobody knows)."""
        if self._shown is not None and self._task is not None:
            # A bar that had a total cannot lose it again: another takes its place.
            self._shown.remove_task(self._task)
            self._task = self._shown.add_task(f"{self.title}  {step}", total=total or None)

    def reach(self, amount: int) -> None:
        """So much of the step is done."""
        if self._shown is not None and self._task is not None:
            self._shown.update(self._task, completed=amount)

    def end(self) -> None:
        """Take it away."""
        if self._shown is not None and self._task is not None:
            self._shown.remove_task(self._task)
            self._task = None


def track(items: Iterable[T], title: str, total: int | None = None) -> Iterator[T]:
    """The same items, with a bar that advances by one for each; `total` is taken from `len(items)` if it has one."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    with Progress(title, total) as bar:
        for item in items:
            yield item
            bar.advance()
