"""What the lamps of a plan do while nobody is there: idle, floors and ramps by the hour, as every scheme has to keep them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from lykta.corehost import dimmer, schema, settings
from lykta.plan.night import Plan
from lykta.tables import RESTS

_FULL = 1000
_EVERYONE = (1 << schema.CLASSES) - 1

#: (t_ms, idle permille, floor permille, up, down, lit)
_Step = tuple[int, int, int, int, int, bool]


def rests(plan: Plan) -> pa.Table:
    """RESTS of a plan. A lamp without a node is full from light on to light off: that is its floor."""
    steps = [tuple(_steps(block)) for block in plan.blocks]
    fixed: tuple[_Step, ...] = (
        (0, 0, 0, dimmer.FULL, dimmer.FULL, False),
        (plan.agenda.begin_ms, _FULL, _FULL, dimmer.FULL, dimmer.FULL, True),
        (plan.agenda.end_ms, 0, 0, dimmer.FULL, dimmer.FULL, False),
    )
    rows = [
        (lamp, *step)
        for lamp, own in enumerate(plan.site.lamps)
        for step in (steps[plan.block_of[lamp]] if own.adaptive else fixed)
    ]  # fmt: skip
    columns = zip(*rows, strict=True) if rows else [()] * len(RESTS)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, RESTS, strict=True)], schema=RESTS)


def _steps(block: Sequence[int]) -> Iterator[_Step]:
    """The steps of a settings block; like `core/priority`, they raise to the lowest level at which the fixture is stable."""
    for index in range(block[settings.ENTRIES]):
        entry = settings.HEADER + index * settings.ENTRY_LENGTH
        idle, floor = (
            max(level, block[settings.LOWEST]) if level else 0 for level in (block[entry + settings.IDLE], block[entry + settings.FLOOR])
        )
        lit = max(idle, floor, block[settings.of(entry, _EVERYONE) + schema.PRESENCE]) > 0
        yield block[entry + settings.BEGIN], idle, floor, block[entry + settings.UP], block[entry + settings.DOWN], lit
