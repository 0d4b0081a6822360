"""Makes the settings block of every lamp for one night: its zone's phases, its floors by the hour, its fixture's limits."""

from __future__ import annotations

from collections.abc import Sequence

from lykta.corehost import schema, settings
from lykta.plan.tables import Reach

#: A settings row that wants no light: daytime.
OFF = [0] * schema.ROW
schema.defaults(OFF)
OFF[schema.IDLE] = OFF[schema.FAULT] = 0
for _class in range(schema.CLASSES):
    OFF[schema.PHASE_SETTINGS + _class * schema.CLASS_SETTINGS + schema.PRESENCE] = 0

#: (begin_ms, floor permille, settings row)
Entry = tuple[int, int, tuple[int, ...]]


def entries_of(phases: Sequence[tuple[int, tuple[int, ...]]], end_ms: int, floors: Sequence[tuple[int, int]]) -> tuple[Entry, ...]:
    """The entries of a block: phases (begin_ms, row) of one zone until `end_ms`, cut where a floor (begin_ms, permille) changes.

    Outside the phases the lamp is off, whatever its floor: it is day.
    """
    moments = sorted({0, end_ms, *(begin for begin, _ in phases), *(begin for begin, _ in floors)})
    found: list[Entry] = []
    for moment in moments:
        row = tuple(OFF)
        floor = 0
        if moment < end_ms and phases and moment >= phases[0][0]:
            row = [phase_row for begin, phase_row in phases if begin <= moment][-1]
            floor = ([permille for begin, permille in floors if begin <= moment] or [0])[-1]
        if not found or found[-1][1:] != (floor, row):
            found.append((moment, floor, row))
    return tuple(found)


def make_block(entries: Sequence[Entry], lowest: int, valid_until_ms: int) -> list[int]:
    """The block of integers of `core/settings`."""
    block = [0] * settings.length(len(entries))
    settings.begin(block, len(entries), lowest, valid_until_ms)
    for index, (begin_ms, floor, row) in enumerate(entries):
        settings.fill(block, index, begin_ms, floor, row)
    return block


def reach_of(block: Sequence[int]) -> Reach:
    """How far evidence can matter under any entry of a block."""
    ahead = behind = coast = 0
    for index in range(block[settings.ENTRIES]):
        entry = settings.HEADER + index * settings.ENTRY_LENGTH
        for road_user in range(schema.CLASSES):
            at = settings.of(entry, 1 << road_user)
            fastest = block[at + schema.FASTEST]
            lead = (fastest + fastest // 2) * block[entry + settings.LEAD] // 1000
            if block[at + schema.PRESENCE] > block[entry + settings.IDLE]:
                ahead = max(ahead, max(block[at + schema.AHEAD], fastest * block[at + schema.PREVIEW] // 1000) + lead)
                behind = max(behind, block[at + schema.BEHIND])
                coast = max(coast, block[at + schema.COAST])
    return Reach(ahead, behind, coast)
