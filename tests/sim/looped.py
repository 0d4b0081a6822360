"""Compares what the firmwares did with what the kernel did, and replays to the core what reached it inside the VM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lykta import sensing
from lykta.corehost import control, dimmer, neighbours
from lykta.corehost import lamp as row
from lykta.plan import Plan
from lykta.profiles import load_requirement, resolve_requirement
from lykta.score import Rules, judge, prepare
from lykta.sim import night
from lykta.vm import frames
from lykta.vm.frames import Frame

POLL_MS = 20  # the firmware sees a switch within this time
LINE_MS = 3  # what a radar's report takes on the line, rounded up
RELAY_MS = 60 + POLL_MS  # at most, from hearing a telegram to passing it on
TICK_MS = 50
LINGER_MS = 360_000  # of the profile: who stands for longer is another matter

Rows = list[list[int]]


def rows_of(flat: Sequence[int], columns: int, end_ms: int) -> Rows:
    """Rows of a flat array, those before a time, sorted by lamp and time."""
    found = np.array(flat, dtype=np.int64).reshape(-1, columns)
    found = found[found[:, 1] < end_ms]
    return [[int(value) for value in values] for values in found[np.lexsort((found[:, 1], found[:, 0]))]]


def tolerance(delay_ms: int, relays: int = 0) -> int:
    """How far apart [ms] the two engines may change a target, either way.

    The firmware sees a reading up to a poll later than it comes, as its end, and hears a telegram the radio's delay after it was told,
    with an age that does not have the flight in it; each relay adds its own delay.
    """
    return POLL_MS + LINE_MS + delay_ms + relays * (delay_ms + RELAY_MS)


#: How much farther apart ends of light may be. A track ends when the slowest, at half the speed measured between two posts, has passed the
#: second sensor on: for posts d apart and fields of 8 m that is 2 * (2 d + 16 m) / d times the time that he took from post to post,
#: and that time is known to one tolerance; with d of 22 m or more, 5.5 of them, and one for the end itself.
ENDS = 6.5


def disagreements(kernel: Rows, loop: Rows, tolerance_ms: int) -> list[str]:
    """Changes of target that are in one engine only, or too far apart in time; the first row of a lamp is the begin."""
    found = []
    for lamp in sorted({values[0] for values in kernel} | {values[0] for values in loop}):
        theirs, ours = ([values for values in rows if values[0] == lamp] for rows in (kernel, loop))
        if [(values[3], values[5]) for values in theirs] != [(values[3], values[5]) for values in ours]:
            found.append(f"lamp {lamp}: kernel {_told(theirs)}, loop {_told(ours)}")
            continue
        for before, there, here in zip(theirs, theirs[1:], ours[1:], strict=False):
            if abs(here[1] - there[1]) > tolerance_ms * (ENDS if there[3] < before[3] else 1):
                found.append(f"lamp {lamp}: to {there[3]} at {there[1]} in the kernel, at {here[1]} in the loop")
    return found


def _told(rows: Rows) -> list[tuple[int, int, int]]:
    return [(values[1], values[3], values[5]) for values in rows]


def replayed(plan: Plan, lamp: int, trace: Sequence[Frame]) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """What the core on the VM told of its targets, and what the core here makes of the same inputs: (t, position, target, rate, cause)."""
    state: list[Any] = [0] * row.LAMP
    block, table, own = plan.blocks[plan.block_of[lamp]], plan.tables.tables[lamp], plan.tables.own[lamp]
    count = (len(table) - neighbours.HEADER) // neighbours.ROW_LENGTH
    told: list[tuple[int, ...]] = []
    made: list[tuple[int, ...]] = []
    for frame in trace:
        values = tuple(int(value) for value in np.frombuffer(frame.data, dtype="<i4"))
        if frame.which == frames.TRACE_TARGET:
            told.append(values)
            made.append((state[row.NOW], state[row.POSITION], state[row.TARGET], state[row.RATE], state[row.CAUSE]))
        elif frame.which == frames.TRACE_START:
            control.start(state, block, table, own, lamp, values[0])
            state[row.NUMBER] = values[1]
            state[row.POSITION] = dimmer.FULL
            control.settle(state, block, table, own)
        elif frame.which == frames.TRACE_RENUMBER:
            control.renumber(state, values[0])
        elif frame.which == frames.TRACE_ADVANCE:
            control.advance(state, block, table, own, values[0])
        elif frame.which == frames.TRACE_FRAME:
            rows = neighbours.find(table, count, values[1 + row.ORIGIN])
            control.frame(state, block, table, own, rows, list(values[1:]), 0)
        else:
            take = {
                frames.TRACE_READING: control.reading,
                frames.TRACE_HEARTBEAT: control.heartbeat,
                frames.TRACE_OVERRIDE: control.override,
                frames.TRACE_FAULT: control.fault,
            }[frame.which]
            take(state, block, table, own, *values[1:])
        state[row.SEND] = 0
    return told, made


def level_at(rows: Rows, t_ms: int) -> int:
    """The level [permille] of a lamp at a time, from its rows."""
    _, begin_ms, position, target, rate, _ = next(values for values in reversed(rows) if values[1] <= t_ms)
    state: list[Any] = [0] * row.LAMP
    state[row.POSITION], state[row.RATE], state[row.TARGET_POSITION] = position, rate, dimmer.position_of(target)
    dimmer.move(state, t_ms - begin_ms)
    return int(dimmer.level_of(state[row.POSITION]))


def dark_s(plan: Plan, moves: pa.Table, levels: Sequence[int], detections: Sequence[int], end_ms: int, from_ms: int = 0) -> float:
    """For how long people of Kungsholms strand's requirement were in the dark until `end_ms`, of those who came from a time on.

    `levels`, `detections`: flat, as an engine gives them. Who stands for longer than LINGER_MS does not count;
    """
    needs = load_requirement("kungsholms_strand")
    rules = Rules(needs.tau_ms, resolve_requirement(needs, plan.agenda.times))
    begun = moves.group_by("user").aggregate([("t0_ms", "min")])
    chosen = {
        user for user, t_ms in zip(begun["user"].to_pylist(), begun["t0_ms_min"].to_pylist(), strict=True) if from_ms <= t_ms < end_ms
    }
    people = moves.filter(pa.array([user in chosen for user in moves["user"].to_pylist()]))
    fields = sensing.coverage(plan.site, plan.graph)
    owed = prepare(plan.site, plan.graph, rules, people, fields, plan.begin_ms, end_ms, plan.floors)
    light = night.level_table(plan, np.array(levels), plan.begin_ms)
    score = judge(owed, light, night._detections(np.array(detections)), linger_ms=[LINGER_MS] * 3)
    assert score.everyone.users > 2
    return float(score.everyone.dark_s - score.everyone.stationary_s)
