"""What every lamp knew at one moment of a simulated night: the same nodes run until then, and their own rows are read.

Nothing is recorded while a night is simulated; one that is asked about is run again, which gives the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lykta.corehost import dimmer, health, reach, schema
from lykta.corehost import lamp as row
from lykta.corehost import settings as block
from lykta.sim import engines
from lykta.sim.night import Night, engine_of, prepare

#: How a lamp stands to the user of a track.
RELATIONS = {reach.UNKNOWN: "unknown", reach.AHEAD: "ahead", reach.BEHIND: "behind"}
#: Names of the faults that make a lamp bright, by their bit.
FAULTS = {
    health.CLOCK: "clock", health.RADIO: "radio", health.STUCK: "stuck", health.RESTLESS: "restless", health.BLIND: "blind",
    health.SENSOR: "sensor", health.SETTINGS: "settings",
}  # fmt: skip


@dataclass(frozen=True)
class Track:
    """Somebody whom a lamp expects. Times in ms since the night's origin, lengths in cm, speed in cm/s (0: unknown).

    `origin`, `number`: the detection behind it; origin -1 where several tracks had to become one. `classes`: which road users it may
    be. `lights`: whether it asks this lamp for `level` permille now, which it does from `from_ms` until `until_ms`.
    """

    origin: int
    number: int
    classes: tuple[str, ...]
    speed_cms: int
    relation: str
    distance_cm: int | None
    evidence_ms: int
    from_ms: int
    until_ms: int
    level: int
    lights: bool


@dataclass(frozen=True)
class Instant:
    """A lamp at one moment. Levels in permille; `cause` is a code of `core/priority`."""

    t_ms: int
    level: int
    target: int
    cause: int
    idle: int
    floor: int
    override: int
    faults: tuple[str, ...]
    sees: int  # users, or sensors of this lamp that see somebody, now
    next_ms: int  # when the target may change by itself
    tracks: tuple[Track, ...]


def instant(night: Night, lamp: int, t_ms: int) -> Instant | None:
    """A lamp at a moment, inputs of that very moment included; None for a lamp without a node.

    Only nights of the kernel, lit by nodes, can be asked: those of a yardstick have no tracks, and the loop does not show them.
    """
    plan = night.plan
    if plan.tables.own[lamp] < 0:
        return None
    engine = engine_of("auto")
    inputs, lamps = prepare(plan, night.readings, night.radio.row(night.seed), night.breakdowns, engine)
    begin_ms = min(plan.agenda.begin_ms, plan.begin_ms)
    engines.load(engine).run(*inputs, begin_ms, max(begin_ms, t_ms) + 1)
    return _read([int(value) for value in lamps[lamp]], plan.blocks[plan.block_of[lamp]], t_ms)


def _read(lamp: Sequence[int], settings: Sequence[int], t_ms: int) -> Instant:
    entry = lamp[row.ENTRY]
    slots = [lamp[at : at + row.SLOT_LENGTH] for at in _slots(lamp)]
    tracks = sorted((_track(slot, settings, entry, t_ms) for slot in slots), key=lambda one: (not one.lights, -one.level, one.from_ms))
    return Instant(
        t_ms=t_ms,
        level=int(dimmer.level_of(lamp[row.POSITION])),
        target=lamp[row.TARGET],
        cause=lamp[row.CAUSE],
        idle=settings[entry + block.IDLE],
        floor=settings[entry + block.FLOOR],
        override=lamp[row.OVERRIDE],
        faults=tuple(name for bit, name in FAULTS.items() if lamp[row.FAULTS] & bit),
        sees=lamp[row.SEEN],
        next_ms=lamp[row.NEXT],
        tracks=tuple(tracks),
    )


def _slots(lamp: Sequence[int]) -> range:
    return range(row.SLOTS, row.SLOTS + lamp[row.TRACKS] * row.SLOT_LENGTH, row.SLOT_LENGTH)


def _track(slot: Sequence[int], settings: Sequence[int], entry: int, t_ms: int) -> Track:
    distance = slot[row.SLOT_DISTANCE]
    classes = slot[row.SLOT_CLASSES]
    return Track(
        origin=max(-1, slot[row.SLOT_ORIGIN]),
        number=slot[row.SLOT_NUMBER],
        classes=tuple(name for bit, name in enumerate(schema.CLASS_NAMES[: schema.CLASSES]) if classes >> bit & 1),
        speed_cms=slot[row.SLOT_SPEED],
        relation=RELATIONS[slot[row.SLOT_RELATION]],
        distance_cm=None if distance == row.NEVER else distance,
        evidence_ms=slot[row.SLOT_EVIDENCE],
        from_ms=slot[row.SLOT_FROM],
        until_ms=slot[row.SLOT_UNTIL],
        level=settings[block.of(entry, classes) + schema.PRESENCE],
        lights=slot[row.SLOT_FROM] <= t_ms < slot[row.SLOT_UNTIL],
    )
