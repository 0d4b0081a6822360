"""Sleep until a time, or until somebody rings: how tasks wait for whichever comes first, without a new task each time."""

import asyncio


class Alarm:
    """One task sleeps, others may ring. A ring while nobody sleeps is kept for the next sleep."""

    def __init__(self) -> None:
        self._sleeper: "asyncio.Task[None] | None" = None
        self._rung = False

    async def sleep(self, ms: int) -> None:
        """Sleep for `ms`, or until the next ring."""
        if not self._rung:
            self._sleeper = asyncio.current_task()
            try:
                await asyncio.sleep_ms(ms)
            finally:
                self._sleeper = None
        self._rung = False

    def ring(self) -> None:
        """Wake the sleeper now. From tasks only, not from an interrupt."""
        self._rung = True
        task = self._sleeper
        if task is not None:
            self._sleeper = None
            # What Task.cancel does with a task that sleeps, but without the exception. The queue is private, but asyncio's own Event
            # needs it from there as well (1.25 to 1.29: tests run on both), and no public way wakes a sleeper without a new task each
            # time. A runtime without it ends whichever task rings, again and again: that is told, and full light.
            queue = asyncio.core._task_queue  # type: ignore[attr-defined]  # the stubs leave out what is private
            queue.remove(task)
            queue.push(task)


def poll_pause(period: int, due: int):
    """What a task that polls awaits between two polls. A host in virtual time hands in its own, which skips polls that find nothing.

    `due`: in how many ms there may be something although nothing comes in; on the post one period is slept all the same.
    """
    return asyncio.sleep_ms(period)
