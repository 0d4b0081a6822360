"""Who comes by in a night: demands, real counts, and the trajectories made of them.

demand = load_demand("quiet")            or a YAML file, or a CSV file of counts
check(site, graph, demand)               what does not fit
generate(site, graph, demand, seed, begin_ms, end_ms, origin_utc_ms) -> the table of trajectories
"""

from __future__ import annotations

from lykta.traffic.demand import DEFAULT_HABITS, Demand, Habits, Normal, Source
from lykta.traffic.generator import check, generate
from lykta.traffic.reader import load_demand, packaged
from lykta.traffic.trajectories import Positions, Trajectories, on_map

__all__ = [
    "DEFAULT_HABITS",
    "Demand",
    "Habits",
    "Normal",
    "Positions",
    "Source",
    "Trajectories",
    "check",
    "generate",
    "load_demand",
    "on_map",
    "packaged",
]
