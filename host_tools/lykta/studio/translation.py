"""Whether a process beside the page is making machine code of the engine: about a minute, once after each change of Lykta.

Numba tells when it compiles, and not when it takes what was kept from the disk; so the page says what really goes on.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from multiprocessing.synchronize import Event
from typing import Any

_telling: list[Event] = []


def tell_by(event: Event) -> None:
    """In a process that simulates: set this event as long as machine code is made."""
    _telling[:] = [event]


@cache
def watch() -> None:
    """Begin to listen to Numba in this process, where it is installed and somebody wants to know."""
    if not _telling or importlib.util.find_spec("numba") is None:
        return
    from numba.core import event as numba_events

    class Listener(numba_events.Listener):
        """Counts what is begun and not ended: what `run` calls is compiled within it."""

        under_way = 0

        def on_start(self, event: Any) -> None:
            self.under_way += 1
            _telling[0].set()

        def on_end(self, event: Any) -> None:
            self.under_way -= 1
            if not self.under_way:
                _telling[0].clear()

    numba_events.register("numba:compile", Listener())  # type: ignore[no-untyped-call]
