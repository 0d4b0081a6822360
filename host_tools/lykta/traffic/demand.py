"""Who wants to move in a night: how many an hour, how fast, how far to the side, in which company.

A `Demand` says nothing of a site, except where it names entrances or turns of one. Rates are users an hour at all
entrances together, both directions, members of groups counted; they may differ by hour of the local day, and between
working days and weekends (Saturday and Sunday).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import pyarrow as pa

from lykta.corehost import schema
from lykta.errors import Problem
from lykta.site.graph import Graph
from lykta.tables import ANIMAL

#: Class names in a demand, by code: those of the core, and animals.
NAMES: Mapping[int, str] = {**dict(enumerate(schema.CLASS_NAMES)), ANIMAL: "animal"}
PEDESTRIAN, CYCLIST, CAR = int(schema.PEDESTRIAN), int(schema.CYCLIST), int(schema.CAR)

#: Users an hour in each hour of the local day.
Hours = tuple[float, ...]


@dataclass(frozen=True)
class Normal:
    """A normal law, clipped: integers in the unit of what it describes."""

    mean: int
    deviation: int
    lowest: int
    highest: int


@dataclass(frozen=True)
class Habits:
    """How one class moves. Shares in permille, `speed` in cm/s, lengths in cm to the right of the way that one goes.

    `speed` of cars holds where the limit is 30 km/h or none, and grows with the limit elsewhere. `lateral` holds on ways without
    cars; beside cars, walkers keep to a pavement `pavement_cm` from the line of the posts, on either side.
    """

    speed: Normal
    lateral: Normal
    pavement_cm: int = 0
    grouped: int = 0  # of all users of the class, those in groups
    group_size: tuple[int, int] = (2, 4)
    pausing: int = 0  # of parties; a pause is exponential
    pause_ms: int = 120_000
    turning: int = 0  # of parties: they turn round on the way and leave where they came
    loitering: int = 0  # of parties: they stay about a place, for an exponential time
    loiter_ms: int = 900_000
    with_dog: int = 0  # of parties


DEFAULT_HABITS: Mapping[int, Habits] = {
    PEDESTRIAN: Habits(Normal(140, 25, 50, 250), Normal(50, 45, -140, 140), 350, 100, (2, 4), 100, 120_000, 10),
    CYCLIST: Habits(Normal(450, 100, 200, 900), Normal(70, 35, -140, 140), 120, 0, (2, 4), 20, 60_000, 10),
    CAR: Habits(Normal(800, 90, 300, 1250), Normal(175, 25, 100, 250)),
    ANIMAL: Habits(Normal(170, 50, 60, 400), Normal(0, 80, -180, 180), 300, 0, (2, 4), 300, 30_000, 100),
}


class Source(Protocol):
    """Makes the road users of a demand instead of the generator: another simulator, or people whom somebody wrote down."""

    def check(self, graph: Graph) -> list[Problem]:
        """What does not fit between a site and this source: errors, and warnings for what is only doubtful."""

    def trajectories(self, graph: Graph, demand: Demand, seed: int, begin_ms: int, end_ms: int, origin_utc_ms: int) -> pa.Table:
        """The table `tables.TRAJECTORIES` of a night, as `generate` has it."""


@dataclass(frozen=True)
class Demand:
    """Rates and habits by class; weights of entrances and turns by the ids of points (1 where not named).

    `rates[class]` has the users an hour by hour of the local day: of a working day, and of a Saturday or Sunday.
    `notes` says where the numbers come from, and what was wrong there. `source`: who makes the road users, if not the generator.
    """

    name: str
    rates: Mapping[int, tuple[Hours, Hours]]
    habits: Mapping[int, Habits] = field(default_factory=lambda: dict(DEFAULT_HABITS))
    entrances: Mapping[str, int] = field(default_factory=dict)
    turns: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    stay_on_way: int = 2  # how many times likelier one goes on along the same way than onto another
    notes: tuple[str, ...] = ()
    source: Source | None = None

    def rate(self, road_user: int, weekend: bool, hour: int) -> float:
        """Users of a class an hour, in an hour of the local day."""
        return self.rates[road_user][weekend][hour] if road_user in self.rates else 0.0

    @property
    def empty(self) -> bool:
        """Whether nobody comes at any time."""
        return not any(any(hours) for days in self.rates.values() for hours in days)

    def scaled(self, users_an_hour: float) -> Demand:
        """The same mix and the same course over the day, with another mean number of users an hour (animals grow alike)."""
        now = sum(sum(hours) / 24 for road_user, days in self.rates.items() if road_user != ANIMAL for hours in days[:1])
        if not now:
            raise ValueError(f"{self.name} has no users to scale")
        factor = users_an_hour / now
        rates = {
            road_user: (tuple(rate * factor for rate in work), tuple(rate * factor for rate in rest))
            for road_user, (work, rest) in self.rates.items()
        }
        return replace(self, rates=rates)
