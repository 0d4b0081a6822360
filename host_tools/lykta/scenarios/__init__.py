"""A scenario: everything that decides a simulated night, from a file or from options; running it; writing what came out."""

from __future__ import annotations

from lykta.scenarios.assemble import Wish, assemble
from lykta.scenarios.json_schema import json_schema
from lykta.scenarios.model import DATE, RADIOS, SENSORS, Broken, DeadLamp, Scenario
from lykta.scenarios.reader import find_scenario, load_scenario, packaged
from lykta.scenarios.run import Outcome, fit, run
from lykta.scenarios.seeds import parse_seeds

__all__ = [
    "DATE", "RADIOS", "SENSORS", "Broken", "DeadLamp", "Outcome", "Scenario", "Wish", "assemble", "find_scenario", "fit", "json_schema",
    "load_scenario", "packaged", "parse_seeds", "run",
]  # fmt: skip
