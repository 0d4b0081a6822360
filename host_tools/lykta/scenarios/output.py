"""Writes what came out of a night: the report, the tables, the summary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from lykta import __version__
from lykta.errors import LyktaError
from lykta.report import ReportInput, junit, write_html
from lykta.report.junit import Result
from lykta.scenarios.model import Scenario
from lykta.scenarios.run import Outcome
from lykta.score import Outage
from lykta.score.requirements import Outcome as Judged

TABLES = ("levels", "detections", "trajectories", "readings")


def write_folder(folder: Path, scenario: Scenario, outcome: Outcome, command: str) -> Path:
    """Write `report.html`, the tables and `summary.json` of one night; returns the path of the report."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            pq.write_table(getattr(outcome.night, name), folder / f"{name}.parquet", compression="zstd")
        (folder / "summary.json").write_text(json.dumps(outcome.score.to_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        write_html(folder / "report.html", report_input(scenario, outcome, command))
    except OSError as error:
        raise LyktaError(f"{folder}: cannot be written: {error.strerror}. Choose another folder with --out.") from None
    return folder / "report.html"


def report_input(scenario: Scenario, outcome: Outcome, command: str) -> ReportInput:
    """One night as the report takes it."""
    night = outcome.night
    agenda = night.plan.agenda
    return ReportInput(
        site=scenario.site,
        profile=scenario.profile.name,
        date=scenario.date,
        origin_utc_ms=agenda.times.origin_utc_ms,
        seeds=(night.seed,),
        version=__version__,
        command=command,
        begin_ms=night.plan.begin_ms,
        end_ms=night.plan.end_ms,
        agenda=tuple((begin_ms, phase.name) for begin_ms, phase in agenda.phases),
        trajectories=night.trajectories,
        readings=night.readings,
        detections=night.detections,
        levels=night.levels,
        score=outcome.score,
        settings=tuple((zone, phase.name, tuple(row)) for _, phase in agenda.phases for zone, row in phase.rows.items()),
        rules=outcome.rules,
        traffic=scenario.demand.name,
        outages=tuple(Outage(dead.lamp, dead.from_ms, dead.until_ms) for dead in scenario.dead_lamps),
        notes=tuple(scenario.notes),
    )


def write_junit(path: Path, scenario: Scenario, judged: Sequence[Judged]) -> None:
    """Write the requirements of a scenario as JUnit XML."""
    results = [Result(one.condition.text, one.met, one.said, "\n".join(one.detail)) for one in judged]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        junit.write(path, scenario.name, results)
    except OSError as error:
        raise LyktaError(f"{path}: cannot be written: {error.strerror}.") from None
