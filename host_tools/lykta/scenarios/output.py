"""Writes what came out of a night: the report, the tables, the summary; and requirements as JUnit XML."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from lykta import __version__
from lykta.errors import LyktaError
from lykta.report import ReportInput, junit, write_html
from lykta.report.junit import Result
from lykta.scenarios.about import conditions, doubts, sentence
from lykta.scenarios.model import Scenario
from lykta.scenarios.run import Outcome
from lykta.score import Outage
from lykta.score.requirements import Outcome as Judged

#: The tables of `lykta.tables` that are written, each as `<name>.parquet`.
TABLES = ("levels", "detections", "trajectories", "readings")


def make_writable(folder: Path, option: str) -> None:
    """Make a folder and see that it can be written into, before anybody waits for a night. Raises LyktaError."""
    if folder.exists() and not folder.is_dir():
        raise LyktaError(f"{folder}  is a file where a folder is needed. Choose another place with {option}.")
    with _said_of(folder, option):
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()


def write_folder(folder: Path, scenario: Scenario, outcome: Outcome, command: str) -> Path:
    """Write `report.html`, the tables and `summary.json` of one night; returns the path of the report. Raises LyktaError."""
    with _said_of(folder, "--out"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            pq.write_table(getattr(outcome.night, name), folder / f"{name}.parquet", compression="zstd")
        (folder / "summary.json").write_text(json.dumps(outcome.score.to_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        write_html(folder / "report.html", report_input(scenario, outcome, command))
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
        outages=tuple(Outage(dead.lamp, dead.from_ms, dead.until_ms) for dead in scenario.broken.dead_lamps),
        conditions=conditions(scenario),
        notes=(*doubts(scenario.site), *(f"Traffic: {sentence(note)}" for note in scenario.demand.notes)),
    )


def write_junit(path: Path, scenario: Scenario, judged: Sequence[Judged]) -> None:
    """Write the requirements of a scenario as JUnit XML. Raises LyktaError."""
    results = [Result(one.condition.text, one.met, one.said, "\n".join(one.detail)) for one in judged]
    with _said_of(path, "--junit"):
        path.parent.mkdir(parents=True, exist_ok=True)
        junit.write(path, scenario.name, results)


@contextmanager
def _said_of(path: Path, option: str) -> Iterator[None]:
    """Whatever the file system refuses, as a sentence about a path that an option named."""
    try:
        yield
    except OSError as error:
        raise LyktaError(f"{path}  cannot be written: {error.strerror or error}. Choose another place with {option}.") from None
