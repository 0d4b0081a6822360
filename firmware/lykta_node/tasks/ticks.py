"""Time that turns round: ms on the ESP32's ticks, which begin again at 0 after 2^30 of them (12.4 days).

Differences are right up to half of that. Nothing here leaves the small integers, so nothing allocates.
"""

from time import ticks_ms

from micropython import const

WRAP = const(0x3FFFFFFF)  # 2^30 - 1; also where counters begin again
_HALF = const(0x20000000)


def now() -> int:
    """The ticks."""
    return ticks_ms()  # type: ignore[return-value]  # the stubs have a type of their own for them


def since(begun: int, at: int) -> int:
    """How many ms `at` is after `begun`; less than 0 if it is before."""
    return ((at - begun & WRAP) ^ _HALF) - _HALF


def later(at: int, ms: int) -> int:
    """The ticks so many ms (0 to 2^29) after others."""
    return at + (ms - WRAP) - 1 & WRAP
