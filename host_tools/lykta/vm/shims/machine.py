"""The ESP32's `machine`: what the node uses of it, on the virtual board. Each kind of hardware has a module of its own."""

from vboard import DEEPSLEEP_RESET, HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET, board  # noqa: F401
from vbus import ADC, I2C, SoftI2C  # noqa: F401
from vclock import RTC, WDT, Timer  # noqa: F401
from vpin import PWM, Pin, Signal  # noqa: F401
from vuart import UART  # noqa: F401

_FREQUENCIES = (20_000_000, 40_000_000, 80_000_000, 160_000_000, 240_000_000)
_frequency = 160_000_000


def reset():
    """Restart the board."""
    board.reset(HARD_RESET)


def soft_reset():
    """Restart MicroPython only."""
    board.reset(SOFT_RESET)


def reset_cause():
    """Why it started. A brown-out shows as PWRON_RESET: whoever must know counts boots in NVS."""
    return board.cause


def unique_id():
    """The factory's MAC address."""
    return board.mac


def freq(hz=None):
    """The clock of the CPU; what it cannot do raises ValueError."""
    global _frequency
    if hz is None:
        return _frequency
    if hz not in _FREQUENCIES:
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    _frequency = hz


def idle():
    """Let the rest of the chip work for a moment."""
    board.sleep(1)


def lightsleep(time_ms=None):
    """Sleep with memory kept; without a time only an interrupt would end it, and here that is an error of the program."""
    if time_ms is None:
        raise ValueError("no source of waking is configured")
    board.sleep(time_ms)


def deepsleep(time_ms=None):
    """Sleep, then restart with DEEPSLEEP_RESET."""
    board.sleep(time_ms or 0)
    board.reset(DEEPSLEEP_RESET)


def disable_irq():
    """Interrupts do not come while a program computes here anyway; gives the state for enable_irq."""
    return 0


def enable_irq(state):
    """See disable_irq."""
