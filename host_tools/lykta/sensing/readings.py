"""The readings of a night: every kind of sensor looks at the same people, and all that they report in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa

from lykta.errors import InputError
from lykta.sensing import twins
from lykta.sensing.disturbances import disturbances, false_alarms, joined, noticed, stuck, without_blind
from lykta.sensing.geometry import Field, Ints, field
from lykta.sensing.models import IDEAL, KINDS, LD2451, MODELS, Fault, Model, check
from lykta.sensing.passes import Columns, motions, pieces, presences
from lykta.sensing.twins import Reports
from lykta.site.graph import Graph
from lykta.site.model import Site
from lykta.tables import ANIMAL, READINGS

_fields: WeakKeyDictionary[Graph, list[tuple[Site, dict[str, Field]]]] = WeakKeyDictionary()
_MOST_KEPT = 4


def readings(
    site: Site,
    graph: Graph,
    trajectories: pa.Table,
    seed: int,
    faults: Sequence[Fault],
    begin_ms: int,
    end_ms: int,
    *,
    powered_ms: int | None = None,
    models: Mapping[str, Model] = MODELS,
) -> pa.Table:
    """What the sensors report (`tables.READINGS`) from `begin_ms` on and before `end_ms`, sorted by (t_ms, lamp, sensor).

    Sensors get power at `powered_ms`; by default early enough to be warm at `begin_ms`. Raises InputError where a fault names
    a lamp that the site has not. Draws are keyed (seed, sensor, user, pass): the same misses in every scheme.
    """
    problems = [problem for problem in check(site, faults) if not problem.warning]
    if problems:
        raise InputError(problems)
    table = Columns.of(trajectories)
    parts = []
    for kind, seen in _fields_of(site, graph).items():
        model = models[kind]
        power = begin_ms - model.warm_up_ms if powered_ms is None else powered_ms
        reports = _reports(site, seen, kind, model, table, seed, faults, (begin_ms, end_ms, power))
        parts.append((seen.lamp[reports.sensor], seen.number[reports.sensor], reports))
    return _table(parts, len(site.lamps), begin_ms, end_ms)


def _fields_of(site: Site, graph: Graph) -> dict[str, Field]:
    """The fields of the kinds of sensor that a site has, made once."""
    kept = _fields.setdefault(graph, [])
    for known, fields in kept:
        if known is site:
            return fields
    kinds = {sensor.kind for lamp in site.lamps for sensor in lamp.sensors}
    fields = {kind: field(site, graph, kind) for kind in KINDS if kind in kinds}
    kept.append((site, fields))
    del kept[:-_MOST_KEPT]
    return fields


def _reports(
    site: Site,
    seen: Field,
    kind: str,
    model: Model,
    table: Columns,
    seed: int,
    faults: Sequence[Fault],
    times: tuple[int, int, int],
) -> Reports:
    """All that the sensors of one kind report."""
    begin_ms, end_ms, powered_ms = times
    disturbed = disturbances(site, seen, kind, model, faults, powered_ms)
    found = pieces(seen, table, model.slopes)
    spans = presences(found) if model.still else motions(found)
    if not model.animals:
        spans = spans.chosen(spans.road_user != ANIMAL)
    true = without_blind(noticed(spans, seen, model, disturbed, seed), disturbed)
    alarms = without_blind(false_alarms(seen, model, disturbed, seed, begin_ms, end_ms), disturbed)
    if kind == LD2451:
        phantoms = twins.phantom_targets(alarms, stuck(disturbed), seen, model, seed)
        return twins.joined([twins.targets(true, found, seen, table, model), phantoms])
    everything = joined([true, alarms, stuck(disturbed)])
    return twins.apart(everything, model) if kind == IDEAL else twins.output(everything, model)


def _table(parts: list[tuple[Ints, Ints, Reports]], lamps: int, begin_ms: int, end_ms: int) -> pa.Table:
    """The reports of all kinds, those of the time asked for, sorted."""
    if not parts:
        return READINGS.empty_table()
    lamp, number = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    reports = twins.joined([part[2] for part in parts])
    inside = np.flatnonzero((reports.t_ms >= begin_ms) & (reports.t_ms < end_ms))
    key = ((reports.t_ms * max(lamps, 1) + lamp) * 128 + number)[inside]
    order = inside[np.argsort(key, kind="stable")]
    columns = (lamp, reports.t_ms, number, reports.kind, reports.distance_cm, reports.speed_cms, reports.road_user, reports.user)
    arrays = [pa.array(column[order].astype(kind.to_pandas_dtype())) for column, kind in zip(columns, READINGS.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=READINGS)
