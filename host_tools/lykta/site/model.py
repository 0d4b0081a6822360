"""The street as the rest of the host sees it: plain, checked, in cm and permille.

A site is a graph. Its *points* are the lamps (first) and the junctions (places without a lamp where links meet or a
way ends); its *links* join two points along the ways people move. Distances run along links, never through the air.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fixture:
    """A model of luminaire: power and light. Tables are rising in level."""

    name: str
    rated_flux_lm: int
    power_mw: tuple[tuple[int, int], ...]  # (level permille, mW), from 1 permille to 1000; at least 5 points
    standby_mw: int  # at level 0
    lowest_stable_permille: int
    maintenance_factor: float
    estimated: bool  # True where the table was made by the default formula, not measured
    clo: bool = False
    trim_permille: int = 1000  # output cap
    driver: tuple[tuple[int, int], ...] = ()  # (level permille, driver command permille)
    photometry: str = ""  # name and hash of the photometry file
    power_known: bool = True  # False: nobody has said; the figures above are a stand-in, so no kWh may be claimed from them

    @property
    def max_mw(self) -> int:
        """Power at full level [mW]."""
        return self.power_mw[-1][1]


@dataclass(frozen=True)
class Sensor:
    """A sensor on a post. `facing`: the point towards which a radar looks ("" for one that looks all round)."""

    kind: str  # "ideal", "pir", "ld2410", "ld2451"
    range_cm: Mapping[str, int]  # by class of road user
    facing: str = ""


@dataclass(frozen=True)
class Floor:
    """The level below which a lamp never goes: always, or only in hours (minutes of the local day) on weekdays 0..6."""

    permille: int
    reason: str
    hours: tuple[int, int] | None = None  # (from, until) minutes after midnight; until may be smaller (over midnight)
    weekdays: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True)
class Lamp:
    """A lamp on its post. `anchors`: further points that it lights, besides its own; `heads`: fixtures on the post."""

    id: str
    x_cm: int
    y_cm: int
    zone: str
    fixture: str
    sensors: tuple[Sensor, ...] = ()
    floors: tuple[Floor, ...] = ()
    board: str = ""
    adaptive: bool = True
    entrance: bool = False
    anchors: tuple[str, ...] = ()
    heads: int = 1
    post_cm: tuple[int, int] | None = None  # where the post is, if not at its place on the way (x_cm, y_cm)


@dataclass(frozen=True)
class Point:
    """A place without a lamp where links meet or a way ends."""

    id: str
    x_cm: int
    y_cm: int


@dataclass(frozen=True)
class Link:
    """A stretch of way between two points."""

    a: str
    b: str
    length_cm: int
    way: str
    guessed: bool = False


@dataclass(frozen=True)
class Design:
    """Lighting design values of a stretch at full level, as EN 13201 has them; None where not given."""

    lighting_class: str
    average: float  # E in lx for C and P, L in cd/m2 for M
    minimum: float | None = None
    uo: float | None = None
    ul: float | None = None
    fti: float | None = None
    maintenance_factor: float | None = None
    tool: str = ""
    date: str = ""


@dataclass(frozen=True)
class Way:
    """A path, street, crossing or square: who may use it, how fast, how it was designed."""

    id: str
    kind: str  # "path", "street", "crossing", "square"
    classes: frozenset[str]  # of "pedestrian", "cyclist", "car"
    speed_limit_cms: int = 0  # for cars; 0: none
    design: Design | None = None
    name: str = ""


@dataclass(frozen=True)
class Site:
    """A checked site. Points are numbered lamps first, then junctions; `entrances` are where people come and go."""

    name: str
    latitude: float
    longitude: float
    timezone: str
    lamps: tuple[Lamp, ...]
    junctions: tuple[Point, ...]
    links: tuple[Link, ...]
    ways: tuple[Way, ...]
    fixtures: Mapping[str, Fixture]
    entrances: tuple[str, ...]
    profile: str = ""  # name or path of its default profile
    requirement: str = ""
    traffic: str = ""
    note: str = ""  # e.g. "schematic"
    economics: Mapping[str, object] | None = None
    positions: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # path in the file -> line, column
    zones: tuple[str, ...] = ()
    several_streets: bool = False  # the graph may be in several pieces
    source: str = ""  # where the data come from, with their licence; printed beside every map
    file: str = ""  # as named in messages

    @property
    def points(self) -> tuple[Lamp | Point, ...]:
        """Every point, lamps first: the numbering of the graph."""
        return (*self.lamps, *self.junctions)
