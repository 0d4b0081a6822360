"""What makes a firmware run in virtual time: asyncio waits on the virtual board, and a task that polls may be told when.

`install()` once, before the firmware is imported. `collect_late()` is for long runs: see there.
"""

import asyncio.core as core
import gc
import sys
import utime
import vtls
from vboard import NEVER, board

_POLL = 3
_IN = 1
_OUT = 4
_FAILED = 24  # an error, or the end
# asyncio's C part stamps tasks that are due with the real clock: its ticks run so far ahead that all those are in the past.
_AHEAD = 1 << 40
# A VM of 32 bits has ticks that turn round: there it works for as long as virtual time is less than 3 days ahead.
_SMALL = sys.maxsize < _AHEAD
_SMALL_AHEAD = 1 << 28
_SMALL_PERIOD = 1 << 30
_base = [_AHEAD]  # what asyncio's ticks show at virtual time 0


def install():
    """Patch asyncio of this VM."""
    if _SMALL:
        _base[0] = utime.ticks_ms() + _SMALL_AHEAD - board.now
    core.ticks = _ticks
    core.ticks_add = utime.ticks_add
    core.ticks_diff = utime.ticks_diff
    _poll[0] = core.IOQueue.wait_io_event
    core.IOQueue.wait_io_event = _wait
    vtls.install()


class _LateGc:
    """The module `gc`, but `collect` does nothing while there is enough."""

    def __init__(self, least):
        self._least = least

    def __getattr__(self, name):
        return getattr(gc, name)

    def collect(self):
        """Collect, where less than the least is left."""
        if gc.mem_free() < self._least:
            gc.collect()


def collect_late():
    """Make a firmware that collects garbage on every beat do so when half of the heap is used: a third of its time otherwise."""
    gc.collect()
    sys.modules["gc"] = _LateGc((gc.mem_free() + gc.mem_alloc()) // 2)


_poll = [None]


def _wait(queue, dt):
    """Sleep in virtual time until a stream is ready, or the time is over."""
    if queue.map and _ready(queue):
        return
    if dt > 0:
        board.wait(board.now + dt)
        if queue.map:
            _ready(queue)
    while dt < 0:  # all tasks wait for streams: there is nothing to do before one is ready
        board.wait(NEVER)
        if _ready(queue):
            return


def _ready(queue):
    """Let those tasks go on whose streams are ready; whether there was any."""
    # What is written in Python is asked here: the select of this VM sleeps 1 ms of real time where it has such streams.
    ready = []
    for entry in queue.map.values():
        stream = entry[2]
        if not hasattr(stream, "ioctl"):
            _poll[0](queue, 0)
            return False
        found = stream.ioctl(_POLL, (_IN if entry[0] else 0) | (_OUT if entry[1] else 0))
        if found:
            ready.append((entry, found))
    for entry, found in ready:
        for side, flag in ((0, _IN), (1, _OUT)):
            if found & (flag | _FAILED) and entry[side]:
                core._task_queue.push(entry[side])
                entry[side] = None
        if entry[0] is None and entry[1] is None:
            queue._dequeue(entry[2])
    return len(ready) > 0


def _ticks():
    return _at(board.now)


def _at(ms):
    """A virtual time as asyncio's ticks."""
    return (_base[0] + ms) % _SMALL_PERIOD if _SMALL else _base[0] + ms


class Pause:
    """`await Pause(period, due)` in place of `asyncio.sleep_ms(period)` in a task that polls inputs.

    The post sleeps for one period. Here the task sleeps on over all those polls that would find nothing new: it wakes at a
    multiple of `period` from now, the first one after something came in from outside, or at which `due` ms have passed.
    """

    def __init__(self, period, due):
        self._period = period
        self._begun = board.now
        self._until = board.now + period * max(1, (due + period - 1) // period)
        self._task = None

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        if self._task is None:
            self._task = core.cur_task
            board.pausing.append(self)
            core._task_queue.push(self._task, _at(self._until))
            return None
        self._leave()
        raise StopIteration

    def throw(self, error, value=None, trace=None):
        """Cancelled while it waits."""
        self._leave()
        raise error

    def _leave(self):
        if self in board.pausing:
            board.pausing.remove(self)

    def news(self, now):
        """Something came in: wake at the poll that would see it."""
        polls = (now - self._begun + self._period - 1) // self._period
        until = self._begun + self._period * max(1, polls)
        if until < self._until:
            self._until = until
            core._task_queue.remove(self._task)
            core._task_queue.push(self._task, _at(until))
