"""What makes a sensor err: misses, false alarms, warm-up and faults, as spans and chances that every twin shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lykta.corehost import schema
from lykta.sensing.geometry import Field, Ints
from lykta.sensing.models import EFFECTS, SILENT, STUCK_HIGH, STUCK_LOW, Effect, Fault, Model
from lykta.sensing.passes import Spans
from lykta.site.model import Site
from lykta.traffic.keyed import Keys, below, keys, poisson, stream

_HOUR_MS = 3_600_000
NOBODY = -1
_NOTHING = Effect()


@dataclass(frozen=True)
class Window:
    """A time [ms] during which something holds for some sensors (a mask over the field)."""

    sensors: NDArray[np.bool_]
    from_ms: int
    until_ms: int


@dataclass(frozen=True)
class Disturbances:
    """All that disturbs the sensors of one kind: when they see nothing, when they are stuck high, and the weather."""

    blind: tuple[Window, ...]
    stuck: tuple[Window, ...]
    weather: tuple[tuple[Effect, Window], ...]


def disturbances(site: Site, seen: Field, kind: str, model: Model, faults: Sequence[Fault], powered_ms: int) -> Disturbances:
    """The disturbances of the sensors of a field, which get power at `powered_ms`."""
    everyone = np.ones(len(seen.lamp), dtype=np.bool_)
    blind = [Window(everyone, powered_ms, powered_ms + model.warm_up_ms)] if model.warm_up_ms else []
    stuck: list[Window] = []
    weather = []
    for fault in faults:
        concerned = [fault.concerns(site.lamps[lamp].id, number, kind) for lamp, number in zip(seen.lamp, seen.number, strict=True)]
        window = Window(np.array(concerned, dtype=np.bool_), fault.from_ms, fault.until_ms)
        if not window.sensors.any():
            continue
        if fault.kind in (STUCK_HIGH, STUCK_LOW, SILENT):
            extra = model.warm_up_ms if fault.kind == SILENT else 0
            blind.append(Window(window.sensors, fault.from_ms, fault.until_ms + extra))
            stuck.extend([window] if fault.kind == STUCK_HIGH else [])
        else:
            weather.append((EFFECTS[fault.kind].get(kind, _NOTHING), window))
    return Disturbances(tuple(blind), tuple(stuck), tuple(weather))


def noticed(spans: Spans, seen: Field, model: Model, disturbed: Disturbances, seed: int) -> Spans:
    """The spans that a sensor does not miss: one draw for each pass, keyed (seed, sensor, user, pass).

    Weather makes the chance smaller, never the draw another: who is missed in fine weather is missed in rain.
    """
    chance = np.full(len(spans.sensor), model.detects * 1000, dtype=np.int64)  # of a million
    for effect, window in disturbed.weather:
        there = window.sensors[spans.sensor] & (spans.t0_ms >= window.from_ms) & (spans.t0_ms < window.until_ms)
        chance = np.where(there, chance * effect.detects // 1000, chance)
    about = (seen.lamp[spans.sensor], seen.number[spans.sensor], spans.user, spans.number)
    return spans.chosen(below(keys(stream(seed, "passes"), *about), 1_000_000) < chance)


def false_alarms(seen: Field, model: Model, disturbed: Disturbances, seed: int, begin_ms: int, end_ms: int) -> Spans:
    """Moments at which a sensor sees somebody who is not there: Poisson by sensor and hour."""
    parts = [_alarms(seen, stream(seed, "false alarms"), model.false_per_hour, begin_ms, end_ms)]
    for number, (effect, window) in enumerate(disturbed.weather):
        key = keys(stream(seed, "weather"), number)
        alarms = _alarms(seen, key, effect.false_per_hour, max(begin_ms, window.from_ms), min(end_ms, window.until_ms))
        parts.append(alarms.chosen(window.sensors[alarms.sensor]))
    return joined(parts)


def _alarms(seen: Field, key: Keys, an_hour: float, begin_ms: int, end_ms: int) -> Spans:
    hours = np.arange(begin_ms // _HOUR_MS, -(-end_ms // _HOUR_MS)) if an_hour and end_ms > begin_ms else np.zeros(0, dtype=np.int64)
    key = keys(key, seen.lamp[:, None], seen.number[:, None], hours)
    count = poisson(key, an_hour)
    sensor, hour = (np.repeat(place, count[count > 0]) for place in np.nonzero(count))
    number = _counted(count[count > 0])
    t_ms = hours[hour] * _HOUR_MS + below(keys(key[sensor, hour], number + 1, 1), _HOUR_MS)
    alarms = _nobody(sensor, t_ms, t_ms + 1, number)
    return alarms.chosen((t_ms >= begin_ms) & (t_ms < end_ms))


def _counted(count: Ints) -> Ints:
    """0, 1, .. count - 1 for each count, one after the other."""
    return np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)


def _nobody(sensor: Ints, t0_ms: Ints, t1_ms: Ints, number: Ints) -> Spans:
    return Spans(sensor, np.full_like(sensor, NOBODY), np.full_like(sensor, schema.UNKNOWN), number, t0_ms, t1_ms)


def stuck(disturbed: Disturbances) -> Spans:
    """The spans during which sensors are stuck high."""
    parts = [Spans(*(np.zeros(0, dtype=np.int64),) * 6)]
    for window in disturbed.stuck:
        sensor = np.flatnonzero(window.sensors)
        zero = np.zeros_like(sensor)
        parts.append(_nobody(sensor, zero + window.from_ms, zero + window.until_ms, zero))
    return joined(parts)


def without_blind(spans: Spans, disturbed: Disturbances) -> Spans:
    """Cut out of spans the times at which their sensors see nothing."""
    for window in disturbed.blind:
        hit = window.sensors[spans.sensor] & (spans.t0_ms < window.until_ms) & (spans.t1_ms > window.from_ms)
        if not hit.any():
            continue
        before, after = spans.chosen(hit & (spans.t0_ms < window.from_ms)), spans.chosen(hit & (spans.t1_ms > window.until_ms))
        spans = joined(
            [
                spans.chosen(~hit),
                replace(before, t1_ms=np.full_like(before.t1_ms, window.from_ms)),
                replace(after, t0_ms=np.full_like(after.t0_ms, window.until_ms)),
            ]
        )
    return spans


def joined(parts: Sequence[Spans]) -> Spans:
    """Spans one after the other."""
    names = ("sensor", "user", "road_user", "number", "t0_ms", "t1_ms")
    return Spans(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
