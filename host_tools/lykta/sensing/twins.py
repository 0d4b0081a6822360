"""What each kind of sensor reports of what it sees: the rows of the reading table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lykta.corehost import presence, schema
from lykta.sensing.geometry import Field, Ints
from lykta.sensing.models import Model
from lykta.sensing.passes import Columns, Pieces, Spans
from lykta.traffic.keyed import below, keys, stream

_TIME_SPAN = 1 << 32  # more than the ms of a night: keeps the times of different sensors apart
_METRE, _CMS_PER_KMH = 100, 1000 / 36
_STUCK_AT_CM = 300  # the range at which a radar of the kind was seen to stick (facts: 2-3 m)


@dataclass(frozen=True)
class Reports:
    """Readings of the sensors of one field, in no order."""

    sensor: Ints
    t_ms: Ints
    kind: Ints
    distance_cm: Ints
    speed_cms: Ints
    road_user: Ints
    user: Ints


def apart(spans: Spans, model: Model) -> Reports:
    """A sensor that tells users apart: ENTER and LEAVE of each, with the class."""
    return _pairs(spans, int(presence.ENTER), int(presence.LEAVE), model.latency_ms, spans.road_user)


def output(spans: Spans, model: Model) -> Reports:
    """A sensor with one output: EDGE_ON when it sees anybody, EDGE_OFF `hold_ms` after it last did; then it is blind for a while.

    The output stays on while it is triggered again. Somebody who is still there when the blind time ends switches it on again.
    """
    on = _merged(spans, model.hold_ms)
    on = _after_blind(on, model.hold_ms + model.blind_ms)
    unknown = np.full_like(on.sensor, schema.UNKNOWN)
    held = Spans(on.sensor, on.user, unknown, on.number, on.t0_ms, on.t1_ms + model.hold_ms)
    return _pairs(held, int(presence.EDGE_ON), int(presence.EDGE_OFF), model.latency_ms, unknown)


def targets(spans: Spans, found: Pieces, seen: Field, table: Columns, model: Model) -> Reports:
    """A radar that ranges: a TARGET when somebody comes into its wedge, and again every `report_ms` while he moves there.

    Distance in whole metres, radial speed in whole km/h, as the LD2451 has them.
    """
    span, number = _repeated(spans, model.report_ms)
    t_ms = spans.t0_ms[span] + number * model.report_ms
    piece = _piece_at(found, spans, span, t_ms)
    row, pair = found.row[piece], found.pair[piece]
    start, way = table.from_cm[row], table.to_cm[row] - table.from_cm[row]
    duration = np.maximum(table.t1_ms[row] - table.t0_ms[row], 1)
    scale = seen.scale[table.link[row]]
    along = (start + way * (t_ms - table.t0_ms[row]) / duration) * scale - seen.along[pair]
    aside = table.lateral_cm[row] - seen.across[pair]
    distance = np.sqrt(along * along + aside * aside)
    radial = -along * (way * scale * 1000 / duration) / np.maximum(distance, 1.0)
    kmh = np.rint(np.rint(radial) / _CMS_PER_KMH)
    return _targets(
        spans.sensor[span],
        t_ms + model.latency_ms,
        (np.rint(np.rint(distance) / _METRE) * _METRE).astype(np.int64),
        np.rint(kmh * _CMS_PER_KMH).astype(np.int64),
        spans.user[span],
    )


def phantom_targets(alarms: Spans, stuck: Spans, seen: Field, model: Model, seed: int) -> Reports:
    """Targets that are none: leaves and rain at a random range up to 20 m and walking speed; and a range that sticks."""
    key = keys(stream(seed, "phantoms"), seen.lamp[alarms.sensor], seen.number[alarms.sensor], alarms.t0_ms)
    distance = (1 + below(keys(key, 1), 20)) * _METRE
    speed = np.rint((below(keys(key, 2), 13) - 6) * _CMS_PER_KMH).astype(np.int64)
    false = _targets(alarms.sensor, alarms.t0_ms + model.latency_ms, distance, speed, alarms.user)
    span, number = _repeated(stuck, model.report_ms)
    t_ms = stuck.t0_ms[span] + number * model.report_ms
    still = _targets(stuck.sensor[span], t_ms + model.latency_ms, np.full_like(t_ms, _STUCK_AT_CM), np.zeros_like(t_ms), stuck.user[span])
    return joined([false, still])


def joined(parts: list[Reports]) -> Reports:
    """Reports one after the other."""
    names = ("sensor", "t_ms", "kind", "distance_cm", "speed_cms", "road_user", "user")
    return Reports(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _pairs(spans: Spans, begins: int, ends: int, latency_ms: int, road_user: Ints) -> Reports:
    """Two readings for each span: that it begins, that it ends."""
    count = len(spans.sensor)
    zero = np.zeros(2 * count, dtype=np.int64)
    return Reports(
        sensor=np.tile(spans.sensor, 2),
        t_ms=np.concatenate((spans.t0_ms, spans.t1_ms)) + latency_ms,
        kind=np.repeat(np.array([begins, ends], dtype=np.int64), count),
        distance_cm=zero,
        speed_cms=zero,
        road_user=np.tile(road_user, 2),
        user=np.tile(spans.user, 2),
    )


def _targets(sensor: Ints, t_ms: Ints, distance_cm: Ints, speed_cms: Ints, user: Ints) -> Reports:
    kind = np.full_like(sensor, int(presence.TARGET))
    return Reports(sensor, t_ms, kind, distance_cm, speed_cms, np.full_like(sensor, schema.UNKNOWN), user)


def _merged(spans: Spans, gap_ms: int) -> Spans:
    """Spans of each sensor that overlap, or follow within a gap, as one; it has the user who began it."""
    order = np.argsort(spans.sensor * _TIME_SPAN + spans.t0_ms, kind="stable")
    sensor, t0, t1 = spans.sensor[order], spans.t0_ms[order], spans.t1_ms[order]
    latest = np.maximum.accumulate(sensor * _TIME_SPAN + t1) if len(order) else t1
    begins = np.ones(len(order), dtype=np.bool_)
    begins[1:] = (sensor * _TIME_SPAN + t0)[1:] > latest[:-1] + gap_ms
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(order)) - 1 if len(first) else first
    end = latest[last] - sensor[first] * _TIME_SPAN
    chosen = order[first]
    return Spans(sensor[first], spans.user[chosen], spans.road_user[chosen], spans.number[chosen], t0[first], end)


def _after_blind(spans: Spans, blind_ms: int) -> Spans:
    """Put off, or drop, what begins within `blind_ms` of the end of the span before at the same sensor."""
    while len(spans.sensor) > 1:
        free = np.zeros_like(spans.t0_ms)
        free[1:] = np.where(spans.sensor[1:] == spans.sensor[:-1], spans.t1_ms[:-1] + blind_ms, 0)
        lost = (free > spans.t0_ms) & (spans.t1_ms <= free)
        lost[1:] &= ~lost[:-1]  # what follows a lost one is judged again without it
        if not lost.any():
            return Spans(spans.sensor, spans.user, spans.road_user, spans.number, np.maximum(spans.t0_ms, free), spans.t1_ms)
        spans = spans.chosen(~lost)
    return spans


def _repeated(spans: Spans, every_ms: int) -> tuple[Ints, Ints]:
    """(span, number of the report) for reports at the beginning of each span and every so often until its end."""
    count = np.where(spans.t1_ms > spans.t0_ms, (spans.t1_ms - spans.t0_ms - 1) // every_ms + 1, 0)
    span = np.repeat(np.arange(len(count)), count)
    return span, np.arange(len(span)) - (np.cumsum(count) - count)[span]


def _piece_at(found: Pieces, spans: Spans, span: Ints, t_ms: Ints) -> Ints:
    """The piece in which the user of a span is at a time: pieces are in the order (user, sensor, time)."""
    sensors = int(found.sensor.max(initial=0)) + 1
    key: NDArray[np.int64] = found.user * sensors + found.sensor
    rank = np.unique(key)
    begin = np.searchsorted(rank, key) * _TIME_SPAN + found.t0_ms
    wanted = np.searchsorted(rank, spans.user * sensors + spans.sensor)[span] * _TIME_SPAN + t_ms
    return np.maximum(np.searchsorted(begin, wanted, side="right") - 1, 0)
