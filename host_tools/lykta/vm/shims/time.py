"""Time as the ESP32 tells it: virtual, ticks that wrap after 12.4 days, seconds since 2000."""

import utime
from vboard import MASK, board

_HALF = (MASK + 1) >> 1
_EPOCH = 946_684_800  # 2000-01-01 in seconds since 1970


def ticks_ms():
    """ms since an arbitrary moment; wraps at 2^30."""
    return board.ticks()


def ticks_us():
    """us since an arbitrary moment; wraps at 2^30. Its resolution here is a ms."""
    return board.ticks() * 1000 & MASK


def ticks_cpu():
    """As ticks_us."""
    return ticks_us()


def ticks_add(ticks, delta):
    """Ticks and a difference, wrapped; OverflowError for a difference of more than half the period."""
    if not -_HALF <= delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return ticks + delta & MASK


def ticks_diff(ticks1, ticks2):
    """ticks1 - ticks2, right for half the period."""
    return (ticks1 - ticks2 + _HALF & MASK) - _HALF


def sleep(seconds):
    """Block for so many seconds."""
    board.sleep(int(seconds * 1000))


def sleep_ms(ms):
    """Block for so many ms."""
    board.sleep(ms)


def sleep_us(us):
    """Block for so many us, here in whole ms."""
    board.sleep(us // 1000)


def time():
    """Seconds since 2000-01-01, as the clock believes: from 0 on after power-on until somebody sets it."""
    return _clock_ms() // 1000


def time_ns():
    """The same in ns."""
    return _clock_ms() * 1_000_000


def _clock_ms():
    return board.now - board.booted if board.rtc is None else board.now + board.rtc


def gmtime(secs=None):
    """(year, month, day, hour, minute, second, weekday, day of the year) in UTC."""
    return utime.gmtime((time() if secs is None else int(secs)) + _EPOCH)[:8]


def localtime(secs=None):
    """The same: the ESP32 knows no time zones."""
    return gmtime(secs)


def mktime(local_time):
    """Seconds since 2000-01-01 of a tuple as above."""
    year, month, day, hour, minute, second = local_time[:6]
    return utime.mktime((year, month, day, hour, minute, second, 0, 0, 0)) - _EPOCH
