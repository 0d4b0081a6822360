"""The plan of one night: what every node of a site is given before it gets dark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lykta.errors import InputError
from lykta.plan.blocks import Entry, entries_of, make_block, reach_of
from lykta.plan.tables import Reach, Tables, make_tables
from lykta.profiles import Agenda, Profile, agenda
from lykta.site.graph import Graph
from lykta.site.model import Floor, Site


@dataclass(frozen=True)
class Plan:
    """What every node of a site is given for one night, and what the host needs to run and judge it.

    `blocks` are settings blocks of `core/settings`, `block_of[lamp]` says which is whose; `tables` the neighbour tables.
    `floors[lamp]` are (begin_ms, permille) in the order of time. Lamps are lit from `light_on_ms` to `light_off_ms`.
    """

    site: Site
    graph: Graph
    profile: Profile
    date: dt.date
    agenda: Agenda
    blocks: list[list[int]]
    block_of: list[int]
    tables: Tables
    floors: list[list[tuple[int, int]]]

    @property
    def begin_ms(self) -> int:
        """Dusk, when the night that is judged begins: the sun sets."""
        return self.agenda.sunset_ms

    @property
    def end_ms(self) -> int:
        """Dawn, when it ends: the sun rises."""
        return self.agenda.sunrise_ms


def make_plan(
    site: Site, graph: Graph, profile: Profile, date: dt.date, tables_of: Callable[[Graph, list[Reach]], Tables] = make_tables
) -> Plan:
    """The plan of the night that begins on a date. InputError where a zone of the site has no settings in the profile.

    `tables_of` makes the neighbour tables, or knows them: who tries many profiles on one street need not make the same again.
    """
    missing = profile.missing_zones(dict.fromkeys(lamp.zone for lamp in site.lamps))
    if missing:
        raise InputError(missing)
    tonight = agenda(profile, site.latitude, site.longitude, site.timezone, date)
    known: dict[tuple[tuple[Entry, ...], int], int] = {}
    blocks: list[list[int]] = []
    block_of: list[int] = []
    floors: list[list[tuple[int, int]]] = []
    for lamp in site.lamps:
        floors.append(floors_of(lamp.floors, site.timezone, date))
        phases = [(begin_ms, phase.rows[lamp.zone]) for begin_ms, phase in tonight.phases]
        entries = entries_of(phases, tonight.end_ms, floors[-1])
        key = (entries, site.fixtures[lamp.fixture].lowest_stable_permille)
        if key not in known:
            known[key] = len(blocks)
            blocks.append(make_block(*key, valid_until_ms=2 * 86_400_000))
        block_of.append(known[key])
    reaches = [reach_of(blocks[number]) for number in block_of]
    return Plan(site, graph, profile, date, tonight, blocks, block_of, tables_of(graph, reaches), floors)


def floors_of(floors: tuple[Floor, ...], timezone: str, date: dt.date) -> list[tuple[int, int]]:
    """The floor of a lamp over the night that begins on a date: (begin_ms, permille), the highest of those in force."""
    zone = ZoneInfo(timezone)
    origin = dt.datetime.combine(date, dt.time(12), zone).timestamp()
    moments = {0}
    spans: list[tuple[int, int, int]] = []
    for floor in floors:
        if floor.hours is None:
            spans.append((0, 2 * 86_400_000, floor.permille))
            continue
        for day in (date - dt.timedelta(days=1), date, date + dt.timedelta(days=1)):
            if day.weekday() in floor.weekdays:
                begin, end = floor.hours
                spans.append((_at(day, begin, zone, origin), _at(day, end + (1440 if end <= begin else 0), zone, origin), floor.permille))
    for begin_ms, end_ms, _ in spans:
        moments |= {max(0, begin_ms), max(0, end_ms)}
    found: list[tuple[int, int]] = []
    for moment in sorted(moments):
        permille = max((permille for begin_ms, end_ms, permille in spans if begin_ms <= moment < end_ms), default=0)
        if not found or found[-1][1] != permille:
            found.append((moment, permille))
    return found


def _at(day: dt.date, minutes: int, zone: ZoneInfo, origin: float) -> int:
    """Minutes after local midnight of a day, as the clocks show them, in ms since the origin."""
    day += dt.timedelta(days=minutes // 1440)
    local = dt.datetime.combine(day, dt.time(minutes % 1440 // 60, minutes % 60), zone)
    return round((local.timestamp() - origin) * 1000)
