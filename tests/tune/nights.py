"""Short nights of the small street, for tests that need many of them."""

from __future__ import annotations

import datetime as dt
import os
import signal
from dataclasses import replace
from pathlib import Path

from lykta.scenarios import Scenario, Wish, assemble
from lykta.tune.trial import Job, Verdict, try_out
from tests.cli import street

#: At 65 N the sun is down for little more than two hours.
DATE = dt.date(2026, 6, 8)

PROFILE = """\
# A path, dimmed where nobody is.
name: Dim
phases: {dusk: sunset, night: "00:30"} # two of them
end: sunrise
zones:
  path:
    all:
      idle: 40 % # of the design flux
      everyone: {hold: 12 s, linger: 6 min} # who stops is in nobody's sight
      cyclist:
        ahead: 80 m
    night: {fault: 100 %}
"""
_NEEDS = "{level: 100 %, ahead: 60 m, behind: 20 m}"


def write(folder: Path) -> None:
    """The small street far in the north, some walkers and cyclists, and a profile with comments."""
    street.write(folder)
    (folder / "profile.yaml").write_text(PROFILE, encoding="utf-8")
    (folder / "people.yaml").write_text("name: A few\npedestrian: {an_hour: 4}\ncyclist: {an_hour: 2}\n", encoding="utf-8")
    (folder / "requirement.yaml").write_text(f"name: Path\nneeds:\n  pedestrian: {_NEEDS}\n  cyclist: {_NEEDS}\n", encoding="utf-8")
    site = folder / "site.yaml"
    site.write_text(site.read_text(encoding="utf-8").replace("lat: 59.3", "lat: 65.0"), encoding="utf-8")


def scenario(sensors: str = "ideal") -> Scenario:
    """The street in the folder where the test runs, in pure Python."""
    return replace(assemble(Wish("site.yaml", date=DATE, sensors=sensors)), engine="python")


def die_once(job: Job) -> Verdict:
    """Try a profile; the first worker that is asked dies of it, and leaves a mark beside the profile."""
    mark = Path(job.file).resolve().with_suffix(".died")
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return try_out(job)
