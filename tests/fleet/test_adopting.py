"""Settings that change while people are about: the light is never below what the old or the new ones would give, but for ramps."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given
from hypothesis import settings as limits

from lykta.corehost import dimmer, schema, settings
from lykta.corehost import lamp as row
from lykta.plan.blocks import entries_of, make_block
from tests.core.single import END_MS, Input, Single, histories
from tests.core.world import settings_row

REST_MS = 960_000


def block(idle: int, level: int, hold_s: int, down_ms: int) -> list[int]:
    """A night of one phase."""
    changes = {"idle": min(idle, level), "level": level, "hold": hold_s * 1000, "linger": max(hold_s * 1000, 30_000), "ramp_down": down_ms}
    found = settings_row(**changes)
    schema.repair(found)
    return make_block(entries_of([(0, found)], END_MS, []), 100, END_MS)


blocks = st.builds(block, st.integers(0, 1000), st.integers(200, 1000), st.integers(2, 600), st.integers(200, 60_000))


class Lamp(Single):
    """A lamp under a block of its own."""

    def __init__(self, found: list[int]) -> None:
        super().__init__()
        self.block = found
        self.control.start(self.row, self.block, self.table, self.own, self.number, 1000)

    def adopt(self, found: list[int]) -> None:
        """As the clock task lets the lamp adopt another block."""
        self.control.renumber(self.row, 0)
        self.block = found
        self.control.fault(*self.args, 64, 0)

    def wants(self) -> int:
        """Its target, or where it still is on the way up [permille]."""
        return min(self.row[row.TARGET], dimmer.level_of(self.row[row.POSITION]))


def change(before: list[int], after: list[int], history: list[Input], steps: list[int], careful: bool) -> list[tuple[int, int]]:
    """(what the lamp gives that changes, the lower of what one gives under the old, and under the new, all the time) after each step."""
    old, new, one = Lamp(before), Lamp(after), Lamp(before)
    for what in history:
        for lamp in (old, new, one):
            lamp.take(what)
    between = list(after)
    if careful:
        entry = one.row[row.ENTRY]
        settings.rest_at_least(between, max(one.block[entry + settings.IDLE], one.block[entry + settings.FLOOR]))
    one.adopt(between)
    found, left = [], REST_MS
    for step in steps:
        if 0 < left <= step:
            step = left
        left -= step
        for lamp in (old, new, one):
            lamp.advance(step)
        if left == 0:
            one.adopt(after)
        found.append((dimmer.level_of(one.row[row.POSITION]), min(old.wants(), new.wants())))
    return found


steps = st.lists(st.sampled_from((50, 500, 3_000, 20_000, 200_000, 900_000)), min_size=1, max_size=25)


@limits(max_examples=100)
@given(blocks, blocks, histories("reading", "frame", "override", most=12), steps)
def test_change__is_never_darker_than_the_old_or_the_new_would_be(
    before: list[int], after: list[int], history: list[Input], times: list[int]
):
    """Whatever was seen before the change, at every moment after it."""
    assert [pair for pair in change(before, after, history, times, True) if pair[0] < pair[1]] == []


def test_change__at_once_would_be_darker():
    """Why the lamp rests as before for a while: under the old settings he has gone by, under the new he would still have light."""
    before, after = block(800, 1000, 2, 200), block(100, 1000, 600, 200)
    passed = [Input(0, "reading", (1, 3, 0, 0)), Input(3_000, "reading", (2, 3, 0, 0)), Input(170_000, "heartbeat", (1, 0, 0, 0))]
    assert [pair for pair in change(before, after, passed, [3_000] * 5, False) if pair[0] < pair[1]] != []
    assert [pair for pair in change(before, after, passed, [3_000] * 5, True) if pair[0] < pair[1]] == []
