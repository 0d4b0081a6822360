"""The kernel against the tick-by-tick form: the same inputs, every lamp advanced in small steps, equal to the unit."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lykta import corehost
from lykta.corehost import dimmer
from lykta.corehost import lamp as row
from lykta.errors import LyktaError
from lykta.plan import Plan
from lykta.sim import night
from lykta.sim.radio import IDEAL, REAL, Radio
from tests.core import variants
from tests.sim.nights import people, plan_of

HOUR_MS = 3_600_000


class Ticker:
    """A kernel that never takes a step longer than a tick, and remembers where every lamp was at each."""

    def __init__(self, tick_ms: int) -> None:
        self.tick_ms = tick_ms
        self.kernel: ModuleType = variants.kernel_with(corehost.load(), f"lykta_ticking_{tick_ms}")
        self.kernel.catch_up = self.catch_up
        self.seen: dict[int, list[tuple[int, int]]] = {}

    def catch_up(self, levels: Any, noted: Any, lamp: Any, block: Any, table: Any, own: int, i: int, t: int) -> None:
        """As the node does it: to the next tick, again and again, without looking when something changes next."""
        course = self.seen.setdefault(i, [(lamp[row.NOW], lamp[row.POSITION])])
        while lamp[row.NOW] < t:
            step = min(self.tick_ms - lamp[row.NOW] % self.tick_ms, t - lamp[row.NOW])
            corehost.control.advance(lamp, block, table, own, step)
            if lamp[row.NOW] % self.tick_ms == 0:
                course.append((lamp[row.NOW], lamp[row.POSITION]))

    def run(self, plan: Plan, told: pa.Table, radio: Radio, seed: int, end_ms: int) -> Any:
        """A night until `end_ms`: the flat detections."""
        inputs, _ = night.prepare(plan, told, radio.row(seed), (), "python")
        return self.kernel.run(*inputs, plan.begin_ms, end_ms)[1]


def positions(levels: np.ndarray[Any, Any], lamp: int, times: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Where the breakpoints (lamp, t, position, target, rate, cause) say that a lamp is at given times."""
    own = levels[levels[:, 0] == lamp]
    at = np.searchsorted(own[:, 1], times, side="right") - 1
    begin, start, target, rate = own[at, 1], own[at, 2], own[at, 3], own[at, 4]
    aim = np.array([dimmer.position_of(int(level)) for level in range(1001)])[target]
    way = (times - begin) * rate
    return np.where(aim >= start, np.minimum(aim, start + way), np.maximum(aim, start - way))


def by_events(plan: Plan, told: pa.Table, radio: Radio, seed: int, end_ms: int) -> tuple[np.ndarray[Any, Any], Any]:
    inputs, _ = night.prepare(plan, told, radio.row(seed), (), "python")
    levels, detections = night.engines.load("python").run(*inputs, plan.begin_ms, end_ms)
    return levels.astype(np.int64).reshape(-1, 6), detections


@pytest.mark.parametrize(
    ("site", "demand", "minutes", "radio"),
    [("kungsholms_strand", "kungsholms@60", 40, REAL), ("valla_torg", "busy", 8, REAL), ("valla_torg", "quiet", 15, IDEAL)],
)
def test_ticks__of_50_ms_end_where_events_do(site: str, demand: str, minutes: int, radio: Radio):
    """At every tick every lamp is where the closed form has it, and the detections are the same."""
    plan = plan_of(site)
    _, told = people(plan, demand, 3, minutes / 60)
    end_ms = plan.begin_ms + minutes * 60_000
    ticker = Ticker(50)
    detections = ticker.run(plan, told, radio, 3, end_ms)
    levels, expected = by_events(plan, told, radio, 3, end_ms)
    assert detections.tolist() == expected.tolist()
    for lamp, course in ticker.seen.items():
        times, found = np.array(course, dtype=np.int64).T
        assert np.array_equal(found, positions(levels, lamp, times)), f"lamp {lamp}"
    assert sum(len(course) for course in ticker.seen.values()) > 100_000


def test_ticks__of_1_ms_give_the_same_light():
    """The light of every lamp, the sum of its level over every ms, is equal to the permille-ms."""
    plan = plan_of("kungsholms_strand")
    _, told = people(plan, "kungsholms@60", 3, 0.5)
    begin_ms, end_ms = plan.begin_ms, plan.begin_ms + 100_000
    ticker = Ticker(1)
    ticker.run(plan, told, REAL, 3, end_ms)
    levels, _ = by_events(plan, told, REAL, 3, end_ms)
    every = np.arange(begin_ms, end_ms)
    light = {lamp: sum(dimmer.level_of(position) for t, position in course if t < end_ms) for lamp, course in ticker.seen.items()}
    assert light == {lamp: int(night.levels_of(positions(levels, lamp, every)).sum()) for lamp in ticker.seen}
    assert len(set(light.values())) > 10


@pytest.mark.parametrize("radio", [IDEAL, REAL])
def test_air__that_is_full_ends_the_night_with_a_sentence(monkeypatch: pytest.MonkeyPatch, radio: Radio):
    """With room for one frame only, the second that is sent before the first arrives would be heard in its place."""
    plan = plan_of("kungsholms_strand")
    moves, told = people(plan, "kungsholms@60", 3, 0.5)
    monkeypatch.setattr(night.kernel, "RING", 1)
    with pytest.raises(LyktaError, match="more than 1 frames are on the air at once"):
        night.run(plan, moves, told, 3, radio, engine="python")


def test_row__holds_every_track_and_one_more_for_merging():
    """Machine code does not look at the length of a row: what does not fit would be written into the next lamp's, and the night not end."""
    assert row.LAMP == row.SLOTS + (row.MAX_TRACKS + 1) * row.SLOT_LENGTH
