"""What may be wrong with this lamp: a fault makes it bright, never dark, until it has gone.

fault     detected                                                          gone
CLOCK     at once, when the block of settings has run out                   with a new block
RADIO     180 s after the last neighbour was heard (3 periods of 60 s)      when one is heard
STUCK     10 min after the sensor went on and stayed on                     when it goes off
RESTLESS  at the end of an hour: on > 30 % of it, every neighbour < 3 %     at the end of an hour without
BLIND     at the fifth pass in a row that both neighbours saw, not we       at the next own reading
SENSOR    when its driver says so                                           when its driver says so
SETTINGS  at once, when a setting had to be repaired                        with a good block
"""

from micropython import const

from . import neighbours as way
from . import settings as block
from .lamp import (
    CHECKED,
    FAULTS,
    HEARD,
    HOUR,
    MISSES,
    NEIGHBOURS_ON,
    NOW,
    ON_TIME,
    SEEN,
    SEEN_SINCE,
    UNWELL,
    UNWELL_COUNT,
    UNWELL_LAMPS,
)  # fmt: skip

CLOCK = const(1)
RADIO = const(2)
STUCK = const(4)
RESTLESS = const(8)
BLIND = const(16)
SENSOR = const(32)
SETTINGS = const(64)
LYING = const(28)  # STUCK, RESTLESS, BLIND: what the sensor says is not told to others

RADIO_SILENT_MS = const(180_000)
STUCK_MS = const(600_000)
HOUR_MS = const(3_600_000)
_RESTLESS_MS = const(1_080_000)  # 30 % of an hour
_QUIET = const(30)  # permille of an hour
_BLIND_PASSES = const(5)


def check(lamp, settings, table) -> None:
    """Bring the fault bits up to date, and CHECKED: until when they hold if nothing new is learnt."""
    now = lamp[NOW]
    faults = lamp[FAULTS] & (SENSOR | SETTINGS | RESTLESS)
    until = settings[block.END]
    if now >= until:
        faults |= CLOCK
        until = now + HOUR_MS
    if table[way.NEIGHBOURS]:
        if now - lamp[HEARD] >= RADIO_SILENT_MS:
            faults |= RADIO
        else:
            until = min(until, lamp[HEARD] + RADIO_SILENT_MS)
    if lamp[SEEN]:
        if now - lamp[SEEN_SINCE] >= STUCK_MS:
            faults |= STUCK
        else:
            until = min(until, lamp[SEEN_SINCE] + STUCK_MS)
    if lamp[MISSES] >= _BLIND_PASSES:
        faults |= BLIND
    if now - lamp[HOUR] >= HOUR_MS:
        on = lamp[ON_TIME]
        if lamp[SEEN]:
            on += now - max(lamp[SEEN_SINCE], lamp[HOUR])
        faults &= ~RESTLESS
        if on > _RESTLESS_MS and lamp[NEIGHBOURS_ON] < _QUIET:
            faults |= RESTLESS
        lamp[HOUR] = now
        lamp[ON_TIME] = 0
        lamp[NEIGHBOURS_ON] = 0
    lamp[FAULTS] = faults
    lamp[CHECKED] = min(until, lamp[HOUR] + HOUR_MS)


def on_share(lamp) -> int:
    """How much of the current hour the own sensor was on [permille], for the heartbeat."""
    on = lamp[ON_TIME]
    if lamp[SEEN]:
        on += lamp[NOW] - max(lamp[SEEN_SINCE], lamp[HOUR])
    return min(1000, on // (HOUR_MS // 1000))


def released(lamp) -> None:
    """The sensor has gone off: account for the time that it was on."""
    lamp[ON_TIME] += lamp[NOW] - max(lamp[SEEN_SINCE], lamp[HOUR])


def report(lamp, fault: int, present: int) -> None:
    """A driver reports a fault of its own (SENSOR, SETTINGS), or that it has gone. Call `control.settle` afterwards."""
    if present:
        lamp[FAULTS] |= fault
    else:
        lamp[FAULTS] &= ~fault
    lamp[CHECKED] = 0


def listen(lamp, ago_ms: int) -> None:
    """Something authentic of a neighbour came in, sent `ago_ms` ago: the radio works."""
    if lamp[NOW] - ago_ms > lamp[HEARD]:
        lamp[HEARD] = lamp[NOW] - ago_ms
    if lamp[FAULTS] & RADIO:
        lamp[CHECKED] = 0


def heard(lamp, neighbour: int, ago_ms: int, share: int, lying: int) -> None:
    """An authenticated heartbeat: `share` permille of its hour the neighbour's sensor was on; `lying` if it is faulty.

    Call `control.settle` afterwards.
    """
    listen(lamp, ago_ms)
    if share > lamp[NEIGHBOURS_ON]:
        lamp[NEIGHBOURS_ON] = share
    known = lamp[UNWELL_COUNT]
    for at in range(UNWELL, UNWELL + min(known, UNWELL_LAMPS)):
        if lamp[at] == neighbour:
            if not lying:
                lamp[UNWELL_COUNT] = min(known, UNWELL_LAMPS) - 1
                lamp[at] = lamp[UNWELL + lamp[UNWELL_COUNT]]
            return
    if lying:
        if known < UNWELL_LAMPS:
            lamp[UNWELL + known] = neighbour
        lamp[UNWELL_COUNT] = min(known, UNWELL_LAMPS) + 1
