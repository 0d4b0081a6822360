"""What a report is made of: exactly what the engines, the plan and the score hand over."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa

from lykta.score import Outage, Rules, Score
from lykta.site.model import Site

#: The settings of one zone in one phase: (zone, phase name, settings row of `core/schema`).
SettingsRow = tuple[str, str, tuple[int, ...]]


@dataclass(frozen=True)
class ReportInput:
    """One night, ready to be reported. Times are ms since the night's origin; tables as in `lykta.tables`.

    `begin_ms` to `end_ms` is the time of lighting; `agenda` holds (begin_ms, phase name) in the order of time. `rules`: the
    requirement of the night. `outages`: dead lamps, drawn as such. `conditions`: what else decides the figures, as (name, text), shown
    under the title. `notes` are sentences that the reader must know.
    """

    site: Site
    profile: str
    date: dt.date
    origin_utc_ms: int
    seeds: tuple[int, ...]
    version: str
    command: str
    begin_ms: int
    end_ms: int
    agenda: tuple[tuple[int, str], ...]
    trajectories: pa.Table
    readings: pa.Table
    detections: pa.Table
    levels: pa.Table
    score: Score
    settings: tuple[SettingsRow, ...] = ()
    rules: Rules | None = None
    traffic: str = ""
    outages: tuple[Outage, ...] = ()
    conditions: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
