"""One simulated night, from who comes by to how bright every lamp was: traffic, sensing, then the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lykta.corehost import dimmer, schema
from lykta.corehost import lamp as row
from lykta.errors import LyktaError
from lykta.plan import Plan
from lykta.plan.tables import padded
from lykta.sensing import Fault, readings
from lykta.sim import engines, kernel, loop
from lykta.sim import radio as ears
from lykta.sim.breakdowns import Breakdown as Breakdown
from lykta.sim.radio import IDEAL, Radio
from lykta.tables import DETECTIONS, LEVELS
from lykta.traffic import Demand, generate
from lykta.vm import find_vm

#: The kernel in two forms, and whole firmwares on a VM.
ENGINES = ("auto", "python", "compiled", "loop")
_LEVEL_COLUMNS = 6
_DETECTION_COLUMNS = 9


@dataclass(frozen=True)
class Night:
    """A simulated night: the tables of `lykta.tables`, and what they were made from."""

    plan: Plan
    seed: int
    radio: Radio
    engine: str
    trajectories: pa.Table
    readings: pa.Table
    detections: pa.Table
    levels: pa.Table
    merged: int  # how often tracks had to be merged; -1: the engine does not see it
    faults: Sequence[Fault] = field(default=())
    breakdowns: Sequence[Breakdown] = field(default=())


def simulate(
    plan: Plan, demand: Demand, seed: int, radio: Radio = IDEAL, faults: Sequence[Fault] = (), breakdowns: Sequence[Breakdown] = (),
    engine: str = "auto",
) -> Night:  # fmt: skip
    """Simulate the night of a plan with the people of a demand and a seed.

    `engine`: "compiled" (Numba), "python", or "auto": compiled where Numba is installed; these give the same tables. "loop": every
    node's whole firmware on a MicroPython VM, which gives the same but for the time that polls, ticks and telegrams take.
    """
    trajectories = generate(plan.site, plan.graph, demand, seed, plan.begin_ms, plan.end_ms, plan.agenda.times.origin_utc_ms)
    told = readings(plan.site, plan.graph, trajectories, seed, faults, plan.begin_ms, plan.end_ms)
    return run(plan, trajectories, told, seed, radio, faults, breakdowns, engine)


def run(
    plan: Plan, trajectories: pa.Table, told: pa.Table, seed: int, radio: Radio = IDEAL, faults: Sequence[Fault] = (),
    breakdowns: Sequence[Breakdown] = (), engine: str = "auto",
) -> Night:  # fmt: skip
    """The night of a plan with given trajectories and readings: how the nodes lit it."""
    chosen = engine_of(engine)
    levels, detections, merged = _lit(plan, told, seed, radio, faults, breakdowns, chosen)
    tables = level_table(plan, levels, _dusk(plan)), _detections(detections)
    return Night(plan, seed, radio, chosen, trajectories, told, tables[1], tables[0], merged, tuple(faults), tuple(breakdowns))


def brief(
    plan: Plan, told: pa.Table, seed: int, radio: Radio = IDEAL, faults: Sequence[Fault] = (), breakdowns: Sequence[Breakdown] = (),
    engine: str = "auto",
) -> tuple[pa.Table, NDArray[np.int64]]:  # fmt: skip
    """(LEVELS, how many detections each lamp made) of the night of a plan with given readings, for those who ask nothing else of it."""
    levels, detections, _ = _lit(plan, told, seed, radio, faults, breakdowns, engine_of(engine))
    seen = np.bincount(detections.astype(np.int64)[::_DETECTION_COLUMNS], minlength=len(plan.site.lamps))
    return level_table(plan, levels, _dusk(plan)), seen


def _lit(
    plan: Plan, told: pa.Table, seed: int, radio: Radio, faults: Sequence[Fault], breakdowns: Sequence[Breakdown], engine: str
) -> tuple[NDArray[Any], NDArray[Any], int]:
    """(levels, detections, how often tracks were merged) of a night, by an engine."""
    if engine != "loop":
        return _by_kernel(plan, told, radio.row(seed), breakdowns, engine)
    lit = loop.run(plan, told, seed, radio.row(seed), faults, breakdowns)
    return np.array(lit.levels), np.array(lit.detections), -1


def _dusk(plan: Plan) -> int:
    """When a night begins to be simulated: at sunset, or when the light is switched on."""
    return min(plan.agenda.begin_ms, plan.begin_ms)


def _by_kernel(
    plan: Plan, told: pa.Table, link: list[int], breakdowns: Sequence[Breakdown], engine: str
) -> tuple[NDArray[Any], NDArray[Any], int]:
    """(levels, detections, how often tracks were merged) of a night, by the kernel."""
    begin_ms = _dusk(plan)
    end_ms = max(plan.agenda.end_ms, plan.end_ms)
    inputs, lamps = prepare(plan, told, link, breakdowns, engine)
    try:
        levels, detections = engines.load(engine).run(*inputs, begin_ms, end_ms)
    except OverflowError:
        raise LyktaError(
            f"{plan.site.name}: more than {kernel.RING:,} frames are on the air at once, and that is all this engine can hold. "
            "Let each street of the site be simulated by itself."
        ) from None
    return levels, detections, int(sum(int(lamp[row.MERGED]) for lamp in lamps))


def engine_of(engine: str) -> str:
    """The engine that a name stands for: "auto" is the compiled one where Numba is installed, else pure Python.

    EnvironmentLacks where it cannot run here.
    """
    if engine not in ENGINES:
        raise LyktaError(f'There is no engine "{engine}": choose {", ".join(ENGINES)}.')
    if engine == "auto":
        return "compiled" if engines.available() else "python"
    if engine == "loop":
        find_vm()  # says what to install
    if engine == "compiled" and not engines.available():
        engines.load(engine)  # says what to install
    return engine


def prepare(plan: Plan, told: pa.Table, link: list[int], breakdowns: Sequence[Breakdown], engine: str) -> tuple[tuple[Any, ...], Any]:
    """The arguments of `kernel.run` up to the times, as lists or as NumPy int64, and the rows of the lamps among them."""
    tables = plan.tables
    starts, heard, rows = tables.told
    hops = _hops(plan, np.repeat(np.arange(len(starts) - 1), np.diff(starts)), heard, link[ears.RANGE])
    names = ("t_ms", "lamp", "kind", "road_user", "distance_cm", "speed_cms", "user")
    told_columns = [told.column(name).to_numpy() for name in names]
    events = _events(breakdowns, _dusk(plan))
    count = len(plan.site.lamps)
    if engine == "compiled":
        lamps: Any = np.zeros((count, row.LAMP), np.int64)
        return (
            lamps, padded(plan.blocks), _flat(plan.block_of), tables.padded, _flat(tables.own),
            (starts, heard, rows, hops), tables.near,
            tuple(np.ascontiguousarray(column, np.int64) for column in told_columns), tuple(_flat(column) for column in events),
            _flat(link), np.zeros(row.FRAME_LENGTH * kernel.RING, np.int64), np.full(2 * kernel.RING, kernel.NOT_YET, np.int64),
            np.zeros(2 * count + 1, np.int64), np.zeros(count, np.int64),
        ), lamps  # fmt: skip
    lamps = [[0] * row.LAMP for _ in range(count)]
    receivers, near, readings_ = (_lists(columns) for columns in ((starts, heard, rows, hops), tables.near, told_columns))
    return (
        lamps, plan.blocks, plan.block_of, tables.tables, tables.own, receivers, near, readings_, events, link,
        [0] * (row.FRAME_LENGTH * kernel.RING), [kernel.NOT_YET] * (2 * kernel.RING), [0] * (2 * count + 1), [0] * count,
    ), lamps  # fmt: skip


def hops_between(plan: Plan, a: int, b: int, range_cm: int) -> int:
    """Over how many posts a frame goes: the straight line between two lamps in steps of the radio's range."""
    return int(_hops(plan, np.array([a]), np.array([b]), range_cm)[0])


def _hops(plan: Plan, a: NDArray[Any], b: NDArray[Any], range_cm: int) -> NDArray[np.int64]:
    x_cm, y_cm = (np.asarray(places, dtype=np.float64) for places in (plan.graph.x_cm, plan.graph.y_cm))
    apart = np.sqrt((x_cm[a] - x_cm[b]) ** 2 + (y_cm[a] - y_cm[b]) ** 2)  # of whole cm: exact where it is a whole number
    return np.asarray(np.maximum(1, np.ceil(apart / range_cm)), dtype=np.int64)


def _events(breakdowns: Sequence[Breakdown], begin_ms: int) -> tuple[list[int], list[int], list[int], list[int]]:
    """The events of `kernel.run`: what broke before the night begins is broken when it begins."""
    from lykta.corehost import health

    bits = {"node": kernel.NODE_DEAD, "radio": kernel.RADIO_DEAD, "driver": int(health.SENSOR)}
    flat = sorted(
        (max(begin_ms, t_ms), breakdown.lamp, bits[breakdown.kind], present)
        for breakdown in breakdowns
        if breakdown.until_ms > begin_ms
        for t_ms, present in ((breakdown.from_ms, 1), (breakdown.until_ms, 0))
    )
    return ([e[0] for e in flat], [e[1] for e in flat], [e[2] for e in flat], [e[3] for e in flat])


def _flat(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _lists(columns: Sequence[NDArray[Any]]) -> tuple[list[int], ...]:
    return tuple(column.tolist() for column in columns)


def levels_of(positions: NDArray[Any]) -> NDArray[np.int64]:
    """`dimmer.level_of` of many positions."""
    knots = np.array((*dimmer.KNOTS, dimmer.KNOTS[-1]), dtype=np.int64)
    knot = positions.astype(np.int64) // dimmer.SEGMENT
    rest = positions - knot * dimmer.SEGMENT
    return np.asarray(knots[knot] + (knots[knot + 1] - knots[knot]) * rest // dimmer.SEGMENT)


def level_table(plan: Plan, flat: NDArray[Any], begin_ms: int) -> pa.Table:
    """LEVELS of what the nodes wrote down, six integers for each row; lamps without a node burn full while the light is on.

    The rows of one lamp are in the order of their time, whatever lies between them.
    """
    found = flat.astype(np.int64, copy=False).reshape(-1, _LEVEL_COLUMNS)
    fixed = [lamp for lamp, own in enumerate(plan.tables.own) if own < 0]
    if fixed:
        # A lamp that no node controls burns full from light on to light off.
        on = [(lamp, begin_ms, 0, 0, dimmer.FULL, 0) for lamp in fixed]
        up = [(lamp, plan.agenda.begin_ms, dimmer.FULL, 1000, dimmer.FULL, 0) for lamp in fixed]
        off = [(lamp, plan.agenda.end_ms, 0, 0, dimmer.FULL, 0) for lamp in fixed]
        found = np.concatenate([found, np.array(on + up + off, dtype=np.int64)])
    number = found[:, 0].astype(np.min_scalar_type(len(plan.site.lamps)))  # NumPy sorts short integers four times as fast
    lamp, t_ms, position, target, rate, cause = found.T[:, np.argsort(number, kind="stable")]
    return pa.table([lamp, t_ms, position, levels_of(position), target, rate, cause], schema=_unchecked(LEVELS)).cast(LEVELS)


def _detections(flat: NDArray[Any]) -> pa.Table:
    found = flat.astype(np.int64).reshape(-1, _DETECTION_COLUMNS)
    found = found[np.lexsort((found[:, 2], found[:, 0], found[:, 1]))]
    lamp, t_ms, number, classes, speed, came, previous, previous_number, user = found.T
    single = {1 << road_user: road_user for road_user in range(schema.CLASSES)}
    road_user = np.array([single.get(classes, schema.UNKNOWN) for classes in range(8)])[classes]
    columns = [lamp, t_ms, number, road_user, speed, came, previous, previous_number, user]
    return pa.table(columns, schema=_unchecked(DETECTIONS)).cast(DETECTIONS)


def _unchecked(schema_: pa.Schema) -> pa.Schema:
    return pa.schema([(name, pa.int64()) for name in schema_.names])
