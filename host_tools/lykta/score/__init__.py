"""What a night was worth: energy, service, comfort, and what was lost why.

score(site, graph, rules, trajectories, levels, detections, coverage, begin_ms, end_ms, floors) -> Score
prepare(...) -> Night; judge(night, levels, detections) -> Score     the same in two steps, for many profiles
totals(site, levels, begin_ms, end_ms) -> TOTALS                   energy and light of each lamp alone: what is kept of a city
"""

from __future__ import annotations

from lykta.score.light import Outage
from lykta.score.model import USERS, About, Score
from lykta.score.night import LINGER_MS, Floors, Night, judge, prepare, score
from lykta.score.rules import Rules
from lykta.score.totals import TOTALS, totals

__all__ = [
    "LINGER_MS", "TOTALS", "USERS", "About", "Floors", "Night", "Outage", "Rules", "Score", "judge", "prepare", "score", "totals",
]  # fmt: skip
