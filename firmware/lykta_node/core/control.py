"""The control law as the engines call it: let time pass, take what comes in, see when the target changes next.

Between inputs it is a semigroup: `advance(a)` then `advance(b)` leaves exactly the row of `advance(a + b)`. No step
allocates, and every value and product stays within 2^30.
"""

from . import dimmer, health, leaving, presence, priority, schema, slots, telling, wave
from . import lamp as row
from . import settings as block
from .lamp import (
    CHECKED,
    ENTRY,
    HEARD,
    HOUR,
    NEXT,
    NOW,
    OVERRIDE,
    OVERRIDE_END,
    POSITION,
    RENEWAL,
    SEEN,
    SLOT_CLASSES,
    SLOT_FROM,
    SLOT_LENGTH,
    SLOT_UNTIL,
    SLOTS,
    TARGET_POSITION,
    TRACKS,
)  # fmt: skip


def start(lamp, settings, table, own: int, identity: int, now: int) -> None:
    """Switch a lamp on at `now` [ms since the night's origin], as light as its first target."""
    row.reset(lamp, identity)
    lamp[NOW] = now
    lamp[HEARD] = now
    lamp[HOUR] = now
    lamp[ENTRY] = block.HEADER
    settle(lamp, settings, table, own)
    lamp[POSITION] = lamp[TARGET_POSITION]


def next_change_ms(lamp) -> int:
    """In how many ms the target may change by itself (more than 0)."""
    return lamp[NEXT] - lamp[NOW]


def advance(lamp, settings, table, own: int, ms: int) -> None:
    """Let `ms` pass, with every change of target that falls into them, the last moment included."""
    step = lamp[NEXT] - lamp[NOW]
    while step <= ms:
        dimmer.move(lamp, step)
        lamp[NOW] += step
        ms -= step
        settle(lamp, settings, table, own)
        step = lamp[NEXT] - lamp[NOW]
    if lamp[POSITION] != lamp[TARGET_POSITION]:
        dimmer.move(lamp, ms)
    lamp[NOW] += ms


def settle(lamp, settings, table, own: int) -> None:
    """Find target and cause as they are now, and when they may change next. Every input ends with this."""
    now = lamp[NOW]
    entry = lamp[ENTRY]
    last = block.HEADER + (settings[block.ENTRIES] - 1) * block.ENTRY_LENGTH
    while entry < last and settings[entry + block.ENTRY_LENGTH + block.BEGIN] <= now:
        entry += block.ENTRY_LENGTH
    lamp[ENTRY] = entry
    if lamp[CHECKED] <= now:
        health.check(lamp, settings, table)
    until = lamp[CHECKED]
    if entry < last and settings[entry + block.ENTRY_LENGTH + block.BEGIN] < until:
        until = settings[entry + block.ENTRY_LENGTH + block.BEGIN]
    if lamp[SEEN]:
        if lamp[RENEWAL] <= now:
            telling.renew(lamp, settings, table, own, 1)
        if lamp[RENEWAL] < until:
            until = lamp[RENEWAL]
    if lamp[OVERRIDE]:
        if lamp[OVERRIDE_END] <= now:
            lamp[OVERRIDE] = 0
        elif lamp[OVERRIDE_END] < until:
            until = lamp[OVERRIDE_END]
    wanted = 0
    slot = SLOTS
    while slot < SLOTS + lamp[TRACKS] * SLOT_LENGTH:
        change = lamp[slot + SLOT_UNTIL]
        if change <= now:
            slots.remove(lamp, slot)
            continue
        if lamp[slot + SLOT_FROM] > now:
            change = min(change, lamp[slot + SLOT_FROM])
        else:
            level = settings[block.of(entry, lamp[slot + SLOT_CLASSES]) + schema.PRESENCE]
            if level > wanted:
                wanted = level
        if change < until:
            until = change
        slot += SLOT_LENGTH
    target = priority.decide(lamp, settings, wanted)
    dimmer.aim(lamp, target, settings[entry + block.UP], settings[entry + block.DOWN])
    lamp[NEXT] = until


def reading(lamp, settings, table, own: int, kind: int, road_user: int, distance: int, speed: int) -> None:
    """A reading of an own sensor: see `presence.read`. Where SEND is 1 afterwards, FRAME goes to the neighbours."""
    presence.read(lamp, settings, table, own, kind, road_user, distance, speed)
    lamp[CHECKED] = 0
    settle(lamp, settings, table, own)


def frame(lamp, settings, table, own: int, rows: int, frames, at_frame: int) -> None:
    """A neighbour's detection, at `at_frame` of `frames`; `rows`: where the rows of its origin begin in the table."""
    health.listen(lamp, 0)
    if frames[at_frame + row.LEFT] >= row.ONE_LEFT:
        again = frames[at_frame + row.LEFT] == row.ALL_LEFT and frames[at_frame + row.STILL_SEEN] == 1
        if again:
            wave.take(lamp, settings, table, rows, frames, at_frame)
        if leaving.take(lamp, settings, frames, at_frame) or again or lamp[CHECKED] == 0:
            settle(lamp, settings, table, own)
    elif wave.take(lamp, settings, table, rows, frames, at_frame) or lamp[CHECKED] == 0:
        settle(lamp, settings, table, own)


def heartbeat(lamp, settings, table, own: int, neighbour: int, ago_ms: int, share: int, lying: int) -> None:
    """A neighbour's sign of life: see `health.heard`."""
    health.heard(lamp, neighbour, ago_ms, share, lying)
    if lamp[CHECKED] == 0:
        settle(lamp, settings, table, own)


def override(lamp, settings, table, own: int, level: int, ms: int) -> None:
    """A command: at least `level` [permille] for `ms`; level 0 ends it. It never lowers."""
    lamp[OVERRIDE] = level
    lamp[OVERRIDE_END] = lamp[NOW] + ms
    settle(lamp, settings, table, own)


def fault(lamp, settings, table, own: int, bit: int, present: int) -> None:
    """A driver reports a fault of its own, or that it has gone: see `health.report`."""
    health.report(lamp, bit, present)
    settle(lamp, settings, table, own)


def renumber(lamp, ms: int) -> None:
    """Set the lamp's clock back by `ms`: a new night's origin. Nothing changes but the numbers that name times."""
    for at in (NOW, row.NEXT, CHECKED, OVERRIDE_END, HEARD, HOUR, row.SEEN_SINCE, row.EVIDENCE, RENEWAL, row.TARGET_TIME, row.PARTY_SINCE):
        lamp[at] -= ms
    for slot in range(SLOTS, SLOTS + lamp[TRACKS] * SLOT_LENGTH, SLOT_LENGTH):
        for at in (row.SLOT_EVIDENCE, row.SLOT_FIRST, SLOT_FROM, SLOT_UNTIL, row.SLOT_BRANCH):
            lamp[slot + at] -= ms
        for at in (row.SLOT_LEFT, row.SLOT_GONE):
            if lamp[slot + at] != row.NEVER:
                lamp[slot + at] -= ms
    lamp[ENTRY] = block.HEADER
