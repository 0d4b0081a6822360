"""What decides a simulated night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lykta.profiles import Profile, Requirement
from lykta.score.requirements import Condition
from lykta.sensing import Fault
from lykta.sim.baselines import Chosen
from lykta.sim.night import Breakdown
from lykta.sim.radio import IDEAL, REAL, Radio
from lykta.site import Site
from lykta.site.model import Sensor
from lykta.traffic import Demand

#: The night of the demo.
DATE = dt.date(2026, 12, 14)
RADIOS = {"ideal": IDEAL, "real": REAL}
#: Whose sensors: those of the site, or ideal ones.
SENSORS = ("site", "ideal")
#: What an ideal sensor covers, on every post that has a sensor: a circle of 8 m (definitions, section 4).
IDEAL_SENSOR = Sensor("ideal", {"pedestrian": 800, "cyclist": 800, "car": 800})


@dataclass(frozen=True)
class DeadLamp:
    """A lamp that gives no light from `from_ms` until `until_ms`, whatever its node does."""

    lamp: int
    from_ms: int
    until_ms: int


@dataclass(frozen=True)
class Broken:
    """All that breaks in a night: sensors, nodes, lamps. `said`: each in words, as it was written."""

    faults: Sequence[Fault] = ()
    breakdowns: Sequence[Breakdown] = ()
    dead_lamps: Sequence[DeadLamp] = ()
    said: Sequence[str] = ()


@dataclass(frozen=True)
class Scenario:
    """Site, profile, requirement, people, date, seeds; what breaks; and what must hold (`require`, decides the exit status).

    `sensors` and `radio` are names of SENSORS and RADIOS; the sensors of `site` are already those. `scheme`: the yardstick that lights
    the nights instead of the nodes.
    """

    name: str
    site: Site
    profile: Profile
    requirement: Requirement
    demand: Demand
    date: dt.date = DATE
    seeds: Sequence[int] = (1,)
    sensors: str = "site"
    radio: str = "ideal"
    broken: Broken = Broken()
    require: Sequence[Condition] = ()
    engine: str = "auto"
    scheme: Chosen | None = None

    @property
    def link(self) -> Radio:
        """The radio between the posts."""
        return RADIOS[self.radio]


def with_ideal_sensors(site: Site) -> Site:
    """The same site with an ideal sensor on every post that has a sensor."""
    lamps = (replace(lamp, sensors=(IDEAL_SENSOR,)) if lamp.sensors else lamp for lamp in site.lamps)
    return replace(site, lamps=tuple(lamps))
