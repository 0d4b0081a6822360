"""A scenario: everything that decides a simulated night, from a file or from options; running it; writing what came out."""

from __future__ import annotations

from lykta.scenarios.model import DeadLamp, Scenario
from lykta.scenarios.reader import assemble, is_scenario, load_scenario
from lykta.scenarios.run import Outcome, plan_of, run

__all__ = ["DeadLamp", "Outcome", "Scenario", "assemble", "is_scenario", "load_scenario", "plan_of", "run"]
