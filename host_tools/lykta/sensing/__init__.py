"""Twins of the sensors: from who moves where to what the sensors report.

readings(site, graph, trajectories, seed, faults, begin_ms, end_ms) -> the table of readings
coverage(site, graph)                                               -> where sensors see, on paper
"""

from __future__ import annotations

from lykta.sensing.coverage import Coverage, coverage
from lykta.sensing.models import EFFECTS, FAULT_KINDS, MODELS, Effect, Fault, Model, check, read_fault
from lykta.sensing.readings import readings

__all__ = ["EFFECTS", "FAULT_KINDS", "MODELS", "Coverage", "Effect", "Fault", "Model", "check", "coverage", "read_fault", "readings"]
