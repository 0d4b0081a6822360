"""What is owed to whom: the requirement of one night, as numbers for one stretch of motion.

Sources: definitions of the project, section 2. Stopping distance v t + v^2 / (2 g f) with t = 2.5 s, f = 0.35, from the
values at arrivealive.mobi/stopping-sight-and-driver-reaction-time (30 km/h: 31 m; 50 km/h: 63 m).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lykta.corehost import schema
from lykta.profiles.model import Need
from lykta.score.intervals import Ints
from lykta.score.motion import Motion

TOLERANCE = 20  # permille below what is required that still counts as lit


@dataclass(frozen=True)
class Rules:
    """A requirement resolved for one night: what each class (by name) is owed from `begin_ms` on, in the order of time.

    The first phase also holds before its begin. A class without a need is owed nothing and is not judged.
    """

    tau_ms: int
    phases: Sequence[tuple[int, Mapping[str, Need]]]
    name: str = ""

    def stretches(self, begin_ms: int, end_ms: int) -> list[tuple[int, int, Mapping[str, Need]]]:
        """The phases as (begin, end, needs) between two moments; those outside are left out."""
        begins = [begin_ms, *(max(begin, begin_ms) for begin, _ in self.phases[1:])]
        ends = [*begins[1:], end_ms]
        all_of = [(begin, min(end, end_ms), needs) for begin, end, (_, needs) in zip(begins, ends, self.phases, strict=True)]
        return [phase for phase in all_of if phase[1] > phase[0]]


def stopping_cm(speed_cms: Ints) -> Ints:
    """How far a car goes before it stands, rounded down."""
    return speed_cms * 5 // 2 + speed_cms * speed_cms * 10 // 6867


def ahead_cm(need: Need, road_user: int, motion: Motion, known: bool) -> Ints:
    """How far ahead each stretch is owed light; `known`: whether speed can be known already.

    Who is slower than 0.2 m/s is owed what lies within `behind_cm`, both ways.
    """
    speed = motion.speed_cms
    ahead = np.full(len(motion), need.ahead_cm)
    if known:
        ahead = np.maximum(ahead, speed * need.preview_ms // 1000)
        if road_user == schema.CAR:
            ahead = np.maximum(ahead, stopping_cm(speed))
    return np.where(motion.slow, need.behind_cm, ahead)
