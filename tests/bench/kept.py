"""Nights that were played are kept: what was interrupted goes on, and nothing is simulated twice while all that decides a night stays.

One file for each place, scheme and state of the code, a line for each night, written as soon as the night is over. A line that was cut
off is played again. `make clean` takes all of it away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

import lykta
from lykta.corehost import firmware_folder
from lykta.progress import Progress, track
from lykta.scenarios import Scenario
from lykta.score.statistics import Floats
from lykta.tune.contest import Entrant, play, tune_schemes
from lykta.tune.crew import Crew

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "figures"
#: Packages that no night depends on: the rule of who may import whom keeps them out of it.
_BESIDE = {"cli", "fleet", "node", "report", "studio", "testing", "vm"}


@cache
def state() -> str:
    """A digest of all that decides what a night comes to: code of host and core, sites, profiles, demands, what is compared."""
    package = Path(lykta.__file__).parent
    files = [file for file in sorted(package.rglob("*")) if file.relative_to(package).parts[0] not in _BESIDE]
    files += [*sorted((firmware_folder() / "lykta_node" / "core").rglob("*.py")), Path(__file__).with_name("energy.py")]
    found = hashlib.sha256()
    for file in files:
        if file.suffix in (".py", ".yaml", ".yml", ".csv", ".json"):
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


class Kept:
    """The nights of one place with its people and sensors, which `name` says."""

    def __init__(self, name: str, folder: Path = FOLDER) -> None:
        self.name = name
        self.folder = folder / state()

    def nights(self, scenario: Scenario, found: Sequence[Entrant], seeds: Sequence[int], many: Crew) -> Floats:
        """(entrants, nights, quantities): from the files as far as they go, the others played now."""
        files = [self._file(one.said) for one in found]
        known = [_read(file) for file in files]
        lacking = [(seed, tuple(at for at, rows in enumerate(known) if seed not in rows)) for seed in seeds]
        open_ = sorted((who, seed) for seed, who in lacking if who)
        with Progress(f"{self.name}, night by night", len(open_)) as bar:
            for who, group in groupby(open_, lambda pair: pair[0]):
                missing = [seed for _, seed in group]
                for seed, rows in zip(missing, play(scenario, [found[at] for at in who], missing, many), strict=True):
                    for at, row in zip(who, rows.tolist(), strict=True):
                        known[at][seed] = row
                        _add(files[at], seed, row)
                    bar.advance()
        return np.array([[rows[seed] for seed in seeds] for rows in known])

    def tuned(self, scenario: Scenario, found: Sequence[Entrant], seeds: Sequence[int], least: float, many: Crew) -> list[Entrant]:
        """The entrants, those that ask for it with their best settings: from the files, or looked for now."""
        asked = [one for one in found if one.scheme and one.scheme.tuned]
        files = {one.name: self._file(f"{one.said}, seeds {seeds[0]}-{seeds[-1]}, {least}") for one in asked}
        known = {name: before[0] for name, file in files.items() if (before := _read(file))}
        open_ = [one for one in asked if one.name not in known]
        for one in track(tune_schemes(scenario, open_, seeds, least, many), f"{self.name}, tuning schemes", len(open_)):
            assert one.scheme is not None
            known[one.name] = [dict(one.scheme.values), one.scheme.note]
            _add(files[one.name], 0, known[one.name])
        return [_with(one, *known[one.name]) if one.name in known else one for one in found]

    def _file(self, said: str) -> Path:
        return self.folder / f"{hashlib.sha256(f'{self.name}: {said}'.encode()).hexdigest()[:20]}.jsonl"


def _with(one: Entrant, values: dict[str, int], note: str) -> Entrant:
    assert one.scheme is not None
    return replace(one, scheme=replace(one.scheme, values=values, note=note))


def _read(file: Path) -> dict[int, list[Any]]:
    """What a file holds, by seed; a last line that was cut off is left out."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        with suppress(ValueError):
            entry = json.loads(line)
            found[entry["seed"]] = entry["row"]
    return found


def _add(file: Path, seed: int, row: list[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        # The line end comes first: a line that was cut off spoils no other.
        out.write("\n" + json.dumps({"seed": seed, "row": row}))
