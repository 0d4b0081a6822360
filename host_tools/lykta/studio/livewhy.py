"""Why a lamp of the real street has its level: what was planned for it, and which of the rules decided.

A node tells means of a quarter of an hour, not who came by. So this says what the profile plans, what the node reports of faults and
detections, what was ordered, and which of them explains the level; where two would, the stronger by the order of the rules.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lykta.corehost import schema
from lykta.fleet.model import NodeState
from lykta.node.street import Street
from lykta.plan.night import floors_of
from lykta.profiles import agenda

OFF, FAULT, ORDER, PRESENCE, PHASE = "off", "fault", "override", "presence", "phase"
#: A mean is not held to be above what was planned before it is so much above [permille].
_SLACK = 20
#: Faults that are only told of: the lamp is as bright as ever.
_HARMLESS = frozenset(("lamp", "memory", "task"))


@dataclass(frozen=True)
class Planned:
    """What the profile plans for a lamp at a time: `phase` "" while the light is off; levels in permille, the floor of the site apart."""

    phase: str
    idle: int
    presence: int
    floor: int


def planned(street: Street, lamp: str, at: float) -> Planned:
    """What is planned for a lamp at a time [s since 1970]."""
    site = street.site
    one = street.lamp(lamp)
    date = (dt.datetime.fromtimestamp(at, ZoneInfo(site.timezone)) - dt.timedelta(hours=12)).date()
    tonight = agenda(street.profile, site.latitude, site.longitude, site.timezone, date)
    t_ms = round(at * 1000) - tonight.times.origin_utc_ms
    phase = tonight.at(t_ms)
    if phase is None:
        return Planned("", 0, 0, 0)
    row = phase.rows[one.zone]
    floor = next((permille for since, permille in reversed(floors_of(one.floors, site.timezone, date)) if since <= t_ms), 0)
    levels = [row[schema.position(schema.PHASE_SETTINGS + schema.PRESENCE, user)] for user in range(schema.CLASSES)]
    return Planned(phase.name, max(row[schema.IDLE], floor), max(*levels, floor), floor)


def rule(state: NodeState, plan: Planned, ordered: int | None) -> str:
    """Which rule explains the level that a node told last. `ordered`: the least light that an order asks for [permille]."""
    if set(state.faults) - _HARMLESS:
        return FAULT
    if ordered is not None and (state.level is None or state.level <= ordered + _SLACK or plan.presence <= ordered):
        return ORDER
    if not plan.phase:
        return OFF
    if state.detections or (state.level is not None and state.level > plan.idle + _SLACK):
        return PRESENCE
    return PHASE
