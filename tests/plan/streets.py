"""Profiles and sites with all that a program can hold, for the tests of the plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache

from lykta import profiles, site
from lykta.document import Document
from lykta.plan.blocks import entries_of, make_block
from lykta.plan.night import floors_of, make_plan
from lykta.plan.program import EPOCH
from lykta.profiles import Profile, agenda
from lykta.site.graph import Graph
from lykta.site.model import Floor, Lamp, Site
from tests.site.streets import POST, lamp, row

FIRST = dt.date(2026, 11, 1)
VALID_MS = 2 * 86_400_000
#: Name -> latitude, longitude, time zone: far north and south, at the equator, beyond the date line, half hours, a summer time of 30 min.
PLACES = {
    "67.9 N": (67.9, 20.3, "Europe/Stockholm"),
    "equator": (0.0, -78.5, "America/Guayaquil"),
    "35 S": (-35.0, 149.1, "Australia/Sydney"),
    "Kiritimati": (1.9, -157.4, "Pacific/Kiritimati"),
    "Lord Howe": (-31.55, 159.08, "Australia/Lord_Howe"),
    "St. John's": (47.56, -52.71, "America/St_Johns"),
    "Casablanca": (33.59, -7.62, "Africa/Casablanca"),
}
#: Nights when the clocks of some place change, holidays, ends of months and years, and of the program itself.
SPECIAL = [
    *(dt.date(2027, month, day) for month, day in ((3, 26), (3, 27), (3, 28), (10, 29), (10, 30), (10, 31))),
    *(dt.date(2027, month, day) for month, day in ((3, 13), (3, 14), (11, 6), (11, 7), (4, 3), (4, 4), (10, 2), (10, 3), (2, 6), (3, 6))),
    *(dt.date(year, 12, day) for year in (2026, 2031) for day in (23, 24, 25, 26, 30, 31)),
    *(dt.date(year, 1, day) for year in (2027, 2032) for day in (1, 2, 6)),
    *(dt.date(2028, month, day) for month, day in ((2, 28), (2, 29), (3, 1), (4, 13), (4, 14), (4, 16), (5, 1), (6, 6), (6, 23))),
    FIRST - dt.timedelta(days=1), FIRST, dt.date(2036, 10, 31),
]  # fmt: skip

RICH = """
name: rich
phases: {dusk: sunset - 15 min, evening: 19:00, early: 02:30, dawn: sunrise - 1 h}
end: sunrise + 10 min
zones:
  path:
    all: {idle: 40 %, everyone: {ahead: 66 m}}
    evening: {idle: 60 %}
    early: {idle: 20 %, ramp_down: 20 s}
    dawn: {idle: 40 %}
    dark: {idle: 0 %, fault: 0 %, everyone: {level: 0 %}}
calendar:
  - event: star gazing
    from: 2027-08-12
    until: 2027-08-13
    reason: the meteors are looked at
    phases: {dusk: sunset, dark: 22:00, dawn: sunrise - 30 min}
  - name: over New Year
    dates: [12-29..01-02, 2028-02-29]
    reason: dark days
    phases: {dusk: 15:00, evening: 23:15}
    end: 08:00
  - name: free days
    holidays: SE
    zones: {path: {evening: {idle: 80 %}}}
  - name: weekends of summer
    weekdays: fri-sat
    dates: 06-01..08-31
    phases: {dusk: sunset, early: 00:45}
  - name: sundays
    weekdays: sun
    end: 06:15
"""

FLOORS = (
    (),
    (Floor(300, "stairs"),),
    (Floor(800, "school", (390, 510), frozenset(range(5))), Floor(500, "stop", (1320, 60)), Floor(100, "way")),
    (Floor(700, "the hour that is skipped", (150, 195)), Floor(600, "noon", (700, 740), frozenset({5, 6})), Floor(650, "all", (720, 719))),
)


@cache
def rich() -> Profile:
    """A profile with every kind of calendar entry and start."""
    return profiles.read_profile(Document.read(RICH, "rich.yaml"))


def street_at(latitude: float, longitude: float, timezone: str) -> Site:
    """Lamps in a row at a place, one for each of FLOORS, the last one with another fixture."""
    lamps = [lamp(f"L{number}", 25.0 * number, floors=floors) for number, floors in enumerate(FLOORS)]
    lamps[-1] = replace(lamps[-1], fixture="coarse")
    fixtures = {"post": POST, "coarse": replace(POST, name="coarse", lowest_stable_permille=250)}
    return replace(row(len(lamps)), lamps=tuple(lamps), fixtures=fixtures, latitude=latitude, longitude=longitude, timezone=timezone)


@cache
def packaged(name: str) -> tuple[Site, Graph, Profile]:
    """A packaged site with its own profile."""
    found = site.load(name)
    return found, Graph(found), profiles.load_profile(found.profile)


def planned(site: Site, profile: Profile, lamp: Lamp, date: dt.date) -> list[int]:
    """The block of one lamp for one night as the plan makes it."""
    tonight = agenda(profile, site.latitude, site.longitude, site.timezone, date)
    phases = [(begin_ms, phase.rows[lamp.zone]) for begin_ms, phase in tonight.phases]
    entries = entries_of(phases, tonight.end_ms, floors_of(lamp.floors, site.timezone, date))
    return make_block(entries, site.fixtures[lamp.fixture].lowest_stable_permille, VALID_MS)


def planned_for_all(name: str, date: dt.date) -> list[list[int]]:
    """The blocks of every lamp of a packaged site."""
    found, graph, profile = packaged(name)
    plan = make_plan(found, graph, profile, date)
    return [plan.blocks[number] for number in plan.block_of]


def night(date: dt.date) -> int:
    """A night as the node names it."""
    return (date - EPOCH).days


def dates(every: int) -> list[dt.date]:
    """Nights of the ten years, and the special ones."""
    return [FIRST + dt.timedelta(days=number) for number in range(0, 3650, every)] + SPECIAL
