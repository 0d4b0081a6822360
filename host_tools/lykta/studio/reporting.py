"""The report of a night from the page: the same page as `lykta simulate --out` writes, as HTML or, through Chromium, as PDF."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from lykta.errors import EnvironmentLacks, LyktaError, Message
from lykta.report import render
from lykta.scenarios import DATE, RADIOS, SENSORS, Scenario, fit, run
from lykta.scenarios.output import report_input
from lykta.studio.nights import profile_of
from lykta.tune.stage import Ticket, stage_of

#: The browsers that can print, by the names of their programs.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_PATIENCE_S = 120


@dataclass(frozen=True)
class Heading:
    """What stands above the figures besides what the command line knows: the city, the day of the report, what must be known of it."""

    city: str = ""
    day: str = ""
    notes: tuple[str, ...] = ()


def page(ticket: Ticket, text: str, file: str, seed: int, command: str, heading: Heading) -> str:
    """The report of the night of a seed, as HTML."""
    scenario = replace(stage_of(ticket).scenario, profile=profile_of(text, file), seeds=(seed,))
    plan, _ = fit(scenario)
    outcome = next(run(scenario, plan))
    night = report_input(scenario, outcome, command)
    said = [(name, value) for name, value in (("City", heading.city), ("Report of", heading.day)) if value]
    return render(replace(night, conditions=(*said, *night.conditions), notes=(*night.notes, *heading.notes)))


def named_from(path: Path, folder: Path) -> str:
    """A file as one names it in a folder: relative where it lies in it, so that no path of this computer stands in a report of the city."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def command(names: dict[str, str], scenario: Scenario, profile: str, seed: int) -> str:
    """The command that makes the same night. `names`: site or scenario, requirement, traffic, as they were named; `profile`: its file."""
    words = ["lykta", "simulate", names["site"], "--profile", profile]
    words += [word for part in ("requirement", "traffic") if names.get(part) for word in (f"--{part}", names[part])]
    if scenario.date != DATE:
        words += ["--date", scenario.date.isoformat()]
    if scenario.sensors != SENSORS[0]:
        words += ["--sensors", scenario.sensors]
    if scenario.radio != next(iter(RADIOS)):
        words += ["--radio", scenario.radio]
    return shlex.join([*words, "--seed", str(seed), "--out", "night"])


def browser() -> str:
    """The program that prints PDF. EnvironmentLacks where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None and _MAC.is_file():
        found = str(_MAC)
    if found is None:
        said = Message(
            "A PDF is printed by Chromium or Chrome, and there is none on this computer. Install it (Debian and Ubuntu: "
            "`sudo apt install chromium`), or save the report as HTML and print that from your browser."
        )
        raise EnvironmentLacks(said)
    return found


def pdf(html: str) -> bytes:
    """The report as PDF. EnvironmentLacks without a browser, LyktaError where it fails."""
    program = browser()
    with tempfile.TemporaryDirectory(prefix="lykta") as folder:
        source, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(html, encoding="utf-8")
        words = [program, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
        words += ["--disable-sync", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}/profile"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.append("--no-sandbox")  # Chromium has none for root
        words += ["--no-pdf-header-footer", f"--print-to-pdf={target}", source.as_uri()]
        try:
            subprocess.run(words, check=False, capture_output=True, timeout=_PATIENCE_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            said = Message(
                "{program} did not print the report ({what}). Save it as HTML and print that.", program=program, what=type(error).__name__
            )
            raise LyktaError(said) from None
        if not target.is_file():
            raise LyktaError(
                Message("{program} printed nothing. Save the report as HTML, and print that from your browser.", program=program)
            )
        return target.read_bytes()
