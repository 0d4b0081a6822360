"""Yardsticks: what other ways to light the same street would have done in the same night. `baselines` lists them by name.

A scheme only says which lamp it wishes how bright, and when. Floors, phases and ramps are those of the plan, idle too unless
the scheme has its own; the light moves through the dimmer of the node, and readings and radio are those that the nodes met.
None of this ships to a node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush

import numpy as np
import pyarrow as pa

from lykta.corehost import dimmer, phases, presence, priority, schema, telling
from lykta.corehost import lamp as row
from lykta.corehost import neighbours as way
from lykta.corehost import settings as block
from lykta.plan import Plan
from lykta.profiles.model import Start
from lykta.sim.arrivals import Ints, arrivals
from lykta.sim.night import hops_between, level_table
from lykta.sim.radio import IDEAL, Radio
from lykta.site.graph import Graph
from lykta.tables import DETECTIONS

#: A wish for the presence level of the phase, of the most demanding class that the lamp's links admit.
PRESENCE = -1
_FULL = 1000
_BEGINS = (int(presence.EDGE_ON), int(presence.ENTER))
_ENDS = (int(presence.EDGE_OFF), int(presence.LEAVE))

#: For each lamp what is wished of it: (from when [ms], permille or PRESENCE), in the order of time; nothing before the first.
Wishes = Sequence[Sequence[tuple[int, int]]]


@dataclass(frozen=True)
class Lit:
    """How a scheme lit a night: `levels` and `detections` are tables of `lykta.tables`, ready to be scored.

    `idle`: the level [permille] at which it may rest all night, where that is not the plan's.
    """

    scheme: str
    levels: pa.Table
    detections: pa.Table
    idle: int | None = None


def always_on(plan: Plan) -> Lit:
    """Every lamp at full from light on to light off."""
    wish = [(plan.agenda.begin_ms, _FULL), (plan.agenda.end_ms, 0)]
    return Lit("always on", drive(plan, [wish] * len(plan.site.lamps)), DETECTIONS.empty_table())


def group(plan: Plan, told: pa.Table, seed: int, radio: Radio = IDEAL, either_side: int = 3, hold_ms: int = 60_000) -> Lit:
    """The fixed group: whoever is seen lights the lamp that sees him and the next three on either side, for 60 s.

    `told`: the READINGS of the night; `seed` and `radio` are the night's, so that frames are lost as they were for the nodes. The
    time runs anew with each detection; who stays in view is detected on and on, the last time when he leaves it.
    """
    members = [group_of(plan.graph, lamp, either_side) for lamp in range(plan.graph.lamp_count)]
    return Lit("fixed group", drive(plan, _held(plan, told, members, seed, radio, hold_ms)), as_detections(told))


def zone(plan: Plan, told: pa.Table, seed: int, radio: Radio = IDEAL, hold_ms: int = 60_000) -> Lit:
    """Zone by zone: whoever is seen lights all lamps of the zone of the lamp that sees him, until 60 s after the last detection."""
    lamps = plan.site.lamps
    members = [
        [other for other, at in enumerate(lamps) if at.zone == own.zone and at.adaptive and other != lamp] for lamp, own in enumerate(lamps)
    ]
    return Lit("zone", drive(plan, _held(plan, told, members, seed, radio, hold_ms)), as_detections(told))


def alone(plan: Plan, told: pa.Table, hold_ms: int = 60_000) -> Lit:
    """Every lamp for itself: whoever is seen lights the lamp that sees him, for 60 s."""
    members: list[list[int]] = [[] for _ in plan.site.lamps]
    return Lit("alone", drive(plan, _held(plan, told, members, 0, IDEAL, hold_ms)), as_detections(told))


def static(plan: Plan, level: int) -> Lit:
    """Every lamp at one level [permille] from light on to light off, or at its floor."""
    wish = [(plan.agenda.begin_ms, level), (plan.agenda.end_ms, 0)]
    return Lit("static", drive(resting_at(plan, 0), [wish] * len(plan.site.lamps)), DETECTIONS.empty_table(), 0)


def part_night(plan: Plan, level: int, until: int = 23 * 60, again: int = 5 * 60) -> Lit:
    """By the clock: full until 23:00 and from 05:00 on, at `level` [permille] in between. Times in minutes after midnight."""
    times = plan.agenda.times
    steps = [(times.begins_ms(Start(phases.CLOCK, until)), level), (times.begins_ms(Start(phases.CLOCK, again)), _FULL)]
    return Lit(
        "part-night", drive(resting_at(plan, 0), [_by_clock(plan, _FULL, steps)] * len(plan.site.lamps)), DETECTIONS.empty_table(), 0
    )


def pattern(plan: Plan, moves: pa.Table, level: int = 700, low: int = 500) -> Lit:
    """By the pattern of the traffic (Valla Torg's street): one level, and a lower one in the hours with the fewest people.

    `moves`: the TRAJECTORIES of the night. The lower level holds in the hours of the clock in which no more people arrive than in the
    lowest quartile of the hours of the night: what a perfect counter would have told beforehand.
    """
    steps = [(t_ms, low if is_low else level) for t_ms, is_low in _quiet_hours(plan, moves)]
    return Lit("pattern", drive(resting_at(plan, 0), [_by_clock(plan, level, steps)] * len(plan.site.lamps)), DETECTIONS.empty_table(), 0)


def _by_clock(plan: Plan, first: int, steps: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """A wish from light on to light off: `first`, then what each step (t_ms, permille) says."""
    begin_ms, end_ms = plan.agenda.begin_ms, plan.agenda.end_ms
    before = [level for t_ms, level in steps if t_ms <= begin_ms]
    return [(begin_ms, [first, *before][-1]), *(step for step in steps if begin_ms < step[0] < end_ms), (end_ms, 0)]


def _quiet_hours(plan: Plan, moves: pa.Table) -> list[tuple[int, bool]]:
    """(begin of each hour of the clock in the night, whether it is one of the quietest)."""
    local = plan.agenda.times.local(plan.begin_ms)
    begin = plan.begin_ms - (local.minute * 60 + local.second) * 1000
    hours = np.arange(begin, max(plan.end_ms, begin + 1), 3_600_000)
    first = np.unique(moves["user"].to_numpy(), return_index=True)[1]
    seen = moves["road_user"].to_numpy()[first] < schema.CLASSES
    arrived = np.searchsorted(hours, moves["t0_ms"].to_numpy()[first][seen], side="right") - 1
    count = np.bincount(np.clip(arrived, 0, len(hours) - 1), minlength=len(hours))
    return list(zip(hours.tolist(), (count <= np.quantile(count, 0.25)).tolist(), strict=True))


def resting_at(plan: Plan, idle: int) -> Plan:
    """The same plan with another idle level [permille] while the light is on; floors stay."""
    blocks = []
    for old in plan.blocks:
        new = list(old)
        for entry in (block.HEADER + index * block.ENTRY_LENGTH for index in range(old[block.ENTRIES])):
            if plan.agenda.begin_ms <= old[entry + block.BEGIN] < plan.agenda.end_ms:
                new[entry + block.IDLE] = idle
        blocks.append(new)
    return replace(plan, blocks=blocks)


def _held(plan: Plan, told: pa.Table, members: Sequence[Sequence[int]], seed: int, radio: Radio, hold_ms: int) -> Wishes:
    """Wishes of presence light for a lamp that detects, and for its members once they hear of it, held for a while."""
    link = radio.row(seed)
    seen = np.array(detected(told), dtype=np.int64).reshape(-1, 2)
    begins: list[list[Ints]] = [[] for _ in members]
    for lamp, others in enumerate(members):
        t_ms = seen[seen[:, 1] == lamp, 0]
        if not len(t_ms):
            continue
        begins[lamp].append(t_ms)
        number = np.arange(1, len(t_ms) + 1)
        for other in others:
            hops = np.full(len(t_ms), hops_between(plan, lamp, other, radio.range_cm))
            arrives = arrivals(link, np.full(len(t_ms), lamp), number, np.full(len(t_ms), other), hops, t_ms)
            begins[other].append(arrives[arrives >= 0])
    return [_wishes(np.sort(np.concatenate(own)), hold_ms) if own else [] for own in begins]


def _wishes(begins: Ints, hold_ms: int) -> list[tuple[int, int]]:
    """Presence light from each of sorted begins on, for the same time: their union."""
    first = np.flatnonzero(np.concatenate(([True], np.diff(begins) > hold_ms)))
    last = np.concatenate((first[1:] - 1, [len(begins) - 1]))
    return [
        wish
        for begin, end in zip(begins[first].tolist(), (begins[last] + hold_ms).tolist(), strict=True)
        for wish in ((begin, PRESENCE), (end, 0))
    ]


def group_of(graph: Graph, lamp: int, either_side: int) -> list[int]:
    """The controlled lamps at most so many posts from a lamp along any way, nearest first, without the lamp itself."""
    done: dict[int, None] = {}
    queue = [(0, 0, point) for point in graph.anchors[lamp]]
    while queue:
        passed, length, point = heappop(queue)
        if point in done:
            continue
        done[point] = None
        for directed in graph.out_links(point):
            onwards = graph.head(directed)
            count = passed + bool(graph.lamps_at(onwards))
            if onwards not in done and count <= either_side:
                heappush(queue, (count, length + int(graph.length_cm[directed >> 1]), onwards))
    found = dict.fromkeys(other for point in done for other in graph.lamps_at(point))
    return [other for other in found if other != lamp and graph.site.lamps[other].adaptive]


def detected(told: pa.Table, every_ms: int = telling.RENEW_MS) -> list[tuple[int, int]]:
    """(t_ms, lamp) of everything that restarts a timer, in order: somebody comes, leaves, or is in view for `every_ms` more."""
    found: list[tuple[int, int]] = []
    since: dict[tuple[int, int], list[int]] = defaultdict(list)
    columns = (told[name].to_pylist() for name in ("t_ms", "lamp", "sensor", "kind"))
    for t_ms, lamp, sensor, kind in zip(*columns, strict=True):
        found.append((t_ms, lamp))
        if kind in _BEGINS:
            since[lamp, sensor].append(t_ms)
        elif kind in _ENDS and since[lamp, sensor]:
            # Several may be in view; whoever came first keeps the sensor reporting until the last has left.
            begin = since[lamp, sensor].pop(0)
            found.extend((again, lamp) for again in range(begin + every_ms, t_ms, every_ms))
    return sorted(found)


def as_detections(told: pa.Table) -> pa.Table:
    """Every reading that somebody has come, as a detection of which nothing but the place is known."""
    seen = told.filter(np.isin(told["kind"].to_numpy(), (*_BEGINS, int(presence.TARGET))))
    lamp = seen["lamp"].to_numpy()
    count = len(lamp)
    order = np.argsort(lamp, kind="stable")
    first = np.searchsorted(lamp[order], lamp[order])
    number = np.empty(count, dtype=np.int64)
    number[order] = np.arange(count) - first + 1
    constant = {"speed_cms": 0, "from_link": int(row.LINK_UNKNOWN), "prev_lamp": -1, "prev_number": 0}
    columns = {name: np.full(count, value) for name, value in constant.items()} | {"number": number}
    arrays = [pa.array(columns[field.name], field.type) if field.name in columns else seen[field.name] for field in DETECTIONS]
    return pa.Table.from_arrays(arrays, schema=DETECTIONS)


def drive(plan: Plan, wishes: Wishes) -> pa.Table:
    """The LEVELS of a night in which lamps are wished some light; never below idle and floor, through the dimmer of the node."""
    begin_ms = min(plan.agenda.begin_ms, plan.begin_ms)
    end_ms = max(plan.agenda.end_ms, plan.end_ms)
    rows: list[int] = []
    for lamp, own in enumerate(plan.tables.own):
        if own >= 0:
            admits = plan.tables.tables[lamp][way.ADMITS]
            _drive_lamp(rows, lamp, plan.blocks[plan.block_of[lamp]], admits, wishes[lamp], begin_ms, end_ms)
    return level_table(plan, np.array(rows, dtype=np.int64), begin_ms)


def _drive_lamp(
    rows: list[int], number: int, settings: list[int], admits: int, wishes: Sequence[tuple[int, int]], begin_ms: int, end_ms: int
) -> None:
    """Write the changes of target of one lamp, with the node's own row, priorities and dimmer."""
    lamp = [0] * row.LAMP
    row.reset(lamp, number)
    lamp[row.NOW] = begin_ms
    entries = [block.HEADER + index * block.ENTRY_LENGTH for index in range(settings[block.ENTRIES])]
    begins = [settings[entry + block.BEGIN] for entry in entries]
    moments = sorted({begin_ms, *(t_ms for t_ms in (*begins, *(t_ms for t_ms, _ in wishes)) if begin_ms < t_ms <= end_ms)})
    wish = at = phase = 0
    noted = (-1, -1)
    for t_ms in moments:
        if lamp[row.POSITION] != lamp[row.TARGET_POSITION]:
            dimmer.move(lamp, t_ms - lamp[row.NOW])
        lamp[row.NOW] = t_ms
        while phase + 1 < len(entries) and begins[phase + 1] <= t_ms:
            phase += 1
        while at < len(wishes) and wishes[at][0] <= t_ms:
            wish = wishes[at][1]
            at += 1
        entry = lamp[row.ENTRY] = entries[phase]
        level = settings[block.of(entry, admits) + schema.PRESENCE] if wish == PRESENCE else wish
        dimmer.aim(lamp, priority.decide(lamp, settings, level), settings[entry + block.UP], settings[entry + block.DOWN])
        if t_ms == begin_ms:  # as `control.start`: a lamp is switched on as light as its first target
            lamp[row.POSITION] = lamp[row.TARGET_POSITION]
        moves = lamp[row.POSITION] != lamp[row.TARGET_POSITION]
        if lamp[row.TARGET] != noted[0] or (moves and lamp[row.RATE] != noted[1]):
            noted = lamp[row.TARGET], lamp[row.RATE]
            rows.extend((number, t_ms, lamp[row.POSITION], lamp[row.TARGET], lamp[row.RATE], lamp[row.CAUSE]))
