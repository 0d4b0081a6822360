"""Timers, the watchdog and the real-time clock of the virtual board."""

import time as shim

from vboard import NEVER, RTC_SET, WATCHDOG, WDT_RESET, board


class Timer:
    """A hardware timer, 0 to 3; its callback is a soft interrupt, and is lost if the queue of those is full."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id, **options):
        if not 0 <= id < 4:
            raise ValueError("invalid Timer number")
        self._alarm = None
        if options:
            self.init(**options)

    def init(self, *, mode=1, period=None, freq=None, tick_hz=1000, callback=None, hard=None):
        """Start it: `period` in ticks, or `freq` in Hz."""
        self.deinit()
        if hard:
            raise ValueError("hard Timers are not implemented")
        self._every = max(1, 1000 // freq if freq else (10 if period is None else period) * 1000 // tick_hz)
        self._once = mode == self.ONE_SHOT
        self._callback = callback
        self._began = board.now
        self._alarm = [board.now + self._every, self._ring]
        board.alarms.append(self._alarm)

    def _ring(self):
        self._began = board.now
        if self._once:
            self.deinit()
        else:
            self._alarm[0] += self._every
        if self._callback:
            board.schedule(self._callback, self)

    def value(self):
        """ms since it last rang."""
        return board.now - self._began

    def deinit(self):
        """Stop it."""
        if self._alarm in board.alarms:
            board.alarms.remove(self._alarm)
        self._alarm = None


class WDT:
    """The watchdog: once started it cannot be stopped, and resets the board where it is not fed in time."""

    _alarm = None

    def __init__(self, *, id=0, timeout=5000):
        if id != 0:
            raise ValueError
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        self._timeout = timeout
        if WDT._alarm is None:
            WDT._alarm = [NEVER, self._bite]
            board.alarms.append(WDT._alarm)
        WDT._alarm[0] = board.now + timeout
        board.emit(WATCHDOG, 0, timeout)

    def feed(self):
        """Another `timeout` ms."""
        WDT._alarm[0] = board.now + self._timeout

    @staticmethod
    def _bite():
        board.reset(WDT_RESET)


class RTC:
    """The clock: survives resets, not the loss of power; then it stands at 2000-01-01."""

    def __init__(self, id=0):
        if id != 0:
            raise ValueError("RTC(%d) doesn't exist" % id)

    def datetime(self, datetimetuple=None):
        """(year, month, day, weekday, hours, minutes, seconds, microseconds), or set it; the weekday is worked out."""
        if datetimetuple is None:
            ns = shim.time_ns()
            year, month, day, hour, minute, second, weekday, _ = shim.gmtime(ns // 1_000_000_000)
            return (year, month, day, weekday, hour, minute, second, ns // 1000 % 1_000_000)
        year, month, day, _, hour, minute, second, microsecond = datetimetuple
        at = shim.mktime((year, month, day, hour, minute, second, 0, 0)) * 1000 + microsecond // 1000
        board.rtc = at - board.now
        board.emit(RTC_SET, 0, 0, at.to_bytes(8, "little"))

    def init(self, datetime=None):
        """Set it: (year, month, day[, hour[, minute[, second[, microsecond[, tzinfo]]]]])."""
        parts = tuple(datetime) + (0,) * (8 - len(datetime))
        self.datetime(parts[:3] + (0,) + parts[3:7])

    def memory(self, data=None):
        """Up to 2048 bytes that survive a reset, not the loss of power."""
        global _memory
        if data is None:
            return _memory
        if len(data) > 2048:
            raise ValueError("buffer too long")
        _memory = bytes(data)


_memory = b""


def _take_time(which, value, data):
    """Somebody sets the clock from outside: value 1 takes its setting away, else the bytes are ms since 2000."""
    board.rtc = None if value else int.from_bytes(data, "little") - board.now


board.takers[RTC_SET] = _take_time
