"""Which rule decides the level: safety fault (bright) > max(override, presence, phase), never below the floor."""

from micropython import const

from . import lamp as row
from . import settings as block

CAUSE_FAULT = const(1)
CAUSE_OVERRIDE = const(2)
CAUSE_PRESENCE = const(3)
CAUSE_PHASE = const(4)
CAUSE_FLOOR = const(5)


def decide(lamp, settings, presence: int) -> int:
    """The target [permille] given the level that presence asks for; writes the cause. All inputs only raise it."""
    entry = lamp[row.ENTRY]
    target = settings[entry + block.IDLE]
    cause = CAUSE_PHASE
    if presence > target:
        target = presence
        cause = CAUSE_PRESENCE
    if lamp[row.OVERRIDE] > target:
        target = lamp[row.OVERRIDE]
        cause = CAUSE_OVERRIDE
    if settings[entry + block.FLOOR] > target:
        target = settings[entry + block.FLOOR]
        cause = CAUSE_FLOOR
    if lamp[row.FAULTS]:
        # An unset or stale clock means that even the phase is unknown: then the brightest of them counts.
        bright = settings[block.SAFE] if lamp[row.FAULTS] & 1 else settings[entry + block.FALLBACK]
        if bright >= target:
            target = bright
            cause = CAUSE_FAULT
    if 0 < target < settings[block.LOWEST]:
        target = settings[block.LOWEST]
    lamp[row.CAUSE] = cause
    return target
