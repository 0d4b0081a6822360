"""Keeps the other tasks running, and the watchdog quiet as long as control runs.

A task that ends, or does not come round for too long, is started again after a pause that doubles from 1 s to a minute. Until it has
run for a minute its reason (see `reasons`) is present, so the light is bright where it matters. Control itself leaves full light
behind. The watchdog is fed only where control came round since the last beat. Rubbish is collected on this beat alone.

A start is confirmed when control has come round on every beat of a minute and there is memory, and, for a version on trial, a
neighbour was heard where there are any. One that is not counts as failed: boot.py goes down its ladder.
"""

import asyncio
import gc
import sys

from micropython import const

from ..core import lamp as row
from . import reasons, ticks

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import WDT

BEAT_MS = const(2_000)
WATCHDOG_MS = const(10_000)
MAINTENANCE_MS = const(10_000)  # before the watchdog starts: it cannot be stopped any more
WELL_MS = const(60_000)
_FIRST_MS = const(1_000)
_LONGEST_MS = const(60_000)
_TRIAL_MS = const(600_000)  # a version that has not proved itself by then has failed
_CONTROL_FAILURES = const(5)  # then the board starts anew
_SCARCE_BEATS = const(30)
_LITTLE = const(8_192)  # bytes
_NONE = const(1_024)  # with less nothing works but to start anew, at full light


class Job:
    """A task to keep running: an object with `run()`, and `turns` that changes whenever it comes round."""

    def __init__(self, name: str, task, reason: int, patience: int) -> None:
        """`reason`: what its absence means, of `reasons`; `patience`: how long it may take to come round [ms], 0: as long as it likes."""
        self.name = name
        self.task = task
        self.reason = reason
        self.patience = patience
        self.keeper: "asyncio.Task[None] | None" = None
        self.failures = 0
        self.pause = _FIRST_MS
        self.down = False  # ended, or back for less than a minute
        self.began = 0
        self.turns = -1
        self.came = 0
        self.hung = False


class Supervisor:
    """`control` and other `jobs`, the first of which is that of control; `restart` starts the board anew."""

    def __init__(self, control, jobs, log, watchdog, restart, confirm, proved) -> None:
        """`watchdog()` starts it; `confirm()` writes down that this start was good, once `proved()` says what a trial must prove."""
        self._control = control
        self._jobs = jobs
        self._log = log
        self._start_watchdog = watchdog
        self._watchdog: "WDT | None" = None
        self._restart = restart
        self._confirm = confirm
        self._proved = proved
        self._began = 0
        self._steady = 0  # ms for which control has come round on every beat
        self._turns = -1
        self._scarce = 0
        self._wrong = 0  # what was reported
        self._faults = 0
        self.confirmed = False
        self.free = 0  # bytes free after the last collection

    async def run(self) -> None:
        """Start every job, then beat for ever."""
        self._began = ticks.now()
        for job in self._jobs:
            job.keeper = asyncio.create_task(self._keep(job))
        while True:
            await asyncio.sleep_ms(BEAT_MS)
            self.beat(ticks.now())

    def beat(self, now: int) -> None:
        """Look after everything once."""
        gc.collect()
        self._log.seconds()
        self.free = gc.mem_free()
        if self.free < _LITTLE and self._scarce == 0:
            self._log.forget()  # so that there is memory to say that there is none
            gc.collect()
        self._control.fault(reasons.MEMORY, self.free < _LITTLE)
        self._scarce = self._scarce + 1 if self.free < _LITTLE else 0
        self._report()
        for job in self._jobs:
            self._look_after(job, now)
        runs = self._control.turns != self._turns
        self._turns = self._control.turns
        self._steady = min(self._steady + BEAT_MS, ticks.WRAP) if runs else 0
        if self._watchdog is not None and runs:
            self._watchdog.feed()
        elif self._watchdog is None and ticks.since(self._began, now) >= MAINTENANCE_MS:
            self._watchdog = self._start_watchdog()
        if not self.confirmed:
            self._judge(now)
        if self.free < _NONE or self._scarce >= _SCARCE_BEATS or self._jobs[0].failures >= _CONTROL_FAILURES:
            self._log.say("starting anew: no memory, or control fails again and again")
            self._restart()

    def _report(self) -> None:
        """Say what has gone wrong since the last beat, and what is right again."""
        wrong = self._control.reasons
        faults = self._control.lamp[row.FAULTS] & reasons.FAULTS
        if wrong == self._wrong and faults == self._faults:
            return
        new = reasons.words(wrong & ~self._wrong, faults & ~self._faults)
        gone = reasons.words(self._wrong & ~wrong, self._faults & ~faults)
        self._wrong = wrong
        self._faults = faults
        if new:
            self._log.say("wrong: " + new)
        if gone:
            self._log.say("right again: " + gone)

    def _judge(self, now: int) -> None:
        """Confirm this start when it has proved itself; a trial that has not in time is over."""
        if self._steady >= WELL_MS and not self._scarce and self._proved():
            self.confirmed = True
            self._confirm()
        elif ticks.since(self._began, now) >= _TRIAL_MS:
            self._log.say("starting anew: this version did not prove itself")
            self._restart()

    def _look_after(self, job: Job, now: int) -> None:
        """End a job that hangs; believe one again that has run for long enough."""
        if job.turns != job.task.turns:
            job.turns = job.task.turns
            job.came = now
        elif job.patience and ticks.since(job.came, now) >= job.patience and not job.hung and job.keeper is not None:
            job.hung = True
            job.keeper.cancel()
        if job.down and not job.hung and job.began >= 0 and ticks.since(job.began, now) >= WELL_MS:
            job.down = False
            job.pause = _FIRST_MS
            self._log.say(f"{job.name} runs again")
            self._tell(job)

    async def _keep(self, job: Job) -> None:
        while True:
            job.began = job.came = ticks.now()
            try:
                await job.task.run()
                text = "it returned"
            except asyncio.CancelledError:
                if not job.hung:
                    raise
                text = "it hung"
            except Exception as error:  # noqa: BLE001 - the one place that catches everything, so that the light goes on
                sys.print_exception(error)
                text = repr(error)
            job.began = -1
            job.failures = min(job.failures + 1, ticks.WRAP)
            if not job.down:
                self._log.say(f"{job.name} ended: {text}")
            job.down = True
            if job.task is self._control:
                self._control.bright()
            self._tell(job)
            await self._wait(job)

    async def _wait(self, job: Job) -> None:
        """The pause before another try. A job that waits does not hang."""
        pause = job.pause
        job.pause = min(pause * 2, _LONGEST_MS)
        job.hung = True
        await asyncio.sleep_ms(pause)
        job.hung = False

    def _tell(self, job: Job) -> None:
        """Tell control whether a job with this reason is down."""
        down = False
        for other in self._jobs:
            down = down or (other.down and other.reason == job.reason)
        self._control.fault(job.reason, down)
