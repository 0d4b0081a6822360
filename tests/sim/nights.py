"""Nights of the packaged sites for tests: plans kept, people of the first hours only where that is enough."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import cache

import pyarrow as pa

from lykta import profiles, site, traffic
from lykta.plan import Plan, make_plan
from lykta.sensing import Fault, readings
from lykta.sim.night import Night
from lykta.sim.radio import REAL
from lykta.site.graph import Graph

DATE = dt.date(2026, 12, 14)
#: (site, quiet or busy demand).
NIGHTS = (("kungsholms_strand", "kungsholms"), ("kungsholms_strand", "kungsholms@60"), ("valla_torg", "quiet"), ("valla_torg", "busy"))
TABLES = ("trajectories", "readings", "detections", "levels")
HOUR_MS = 3_600_000


@cache
def plan_of(name: str) -> Plan:
    """The plan of the night for a packaged site and its own profile."""
    found = site.load(name)
    return make_plan(found, Graph(found), profiles.load_profile(found.profile), DATE)


def people(plan: Plan, demand: str, seed: int, hours: float | None = None, faults: tuple[Fault, ...] = ()) -> tuple[pa.Table, pa.Table]:
    """Trajectories and readings of a night, or of its first hours."""
    end_ms = plan.end_ms if hours is None else plan.begin_ms + round(hours * HOUR_MS)
    origin = plan.agenda.times.origin_utc_ms
    moves = traffic.generate(plan.site, plan.graph, traffic.load_demand(demand), seed, plan.begin_ms, end_ms, origin)
    return moves, readings(plan.site, plan.graph, moves, seed, faults, plan.begin_ms, end_ms)


def lit(name: str, demand: str, seed: int, engine: str, hours: float | None = None) -> Night:
    """A night, or its first hours, with the real radio."""
    from lykta.sim import night

    plan = plan_of(name)
    moves, told = people(plan, demand, seed, hours)
    return night.run(plan, moves, told, seed, REAL, engine=engine)


def digest(table: pa.Table) -> str:
    """A hash of every value of a table, in its order, and of the names and types of its columns."""
    found = hashlib.sha256(str(table.schema).encode())
    for column in table.columns:
        found.update(column.combine_chunks().to_numpy(zero_copy_only=False).tobytes())
    return found.hexdigest()[:32]


def digests(night: Night) -> dict[str, str]:
    """The hashes of all tables of a night."""
    return {table: digest(getattr(night, table)) for table in TABLES}


def digests_of(job: tuple[str, str, int, str, float | None]) -> dict[str, str]:
    """`digests` of `lit`: for other processes."""
    return digests(lit(*job))
