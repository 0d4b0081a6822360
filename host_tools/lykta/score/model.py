"""The score of one night, as plain frozen data; `to_json()` is what `summary.json` holds.

Units by suffix: `_s` seconds, `_ms` milliseconds, `_m` metres, `_wh` watt-hours, `_permille` of the design flux; shares
lie between 0 and 1. What cannot be said (no such user, no energy) is None. The README of this folder has the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pyarrow as pa

SCHEMA = 1  # raised when a key of `to_json()` changes its meaning or goes away


@dataclass(frozen=True)
class About:
    """Where the figures come from; every page and every sentence says it."""

    site: str
    kind: str = "simulated"  # or "live"
    seeds: tuple[int, ...] = ()
    version: str = ""
    date: str = ""  # of the noon before the night, 2026-12-14
    profile: str = ""
    requirement: str = ""
    scheme: str = ""
    note: str = ""  # e.g. "schematic"
    timezone: str = ""

    def clock(self, t_ms: int) -> str:
        """The time of day of a moment, `03:12:04`: as the clocks show it where date and time zone are known."""
        if self.date and self.timezone:
            noon = datetime.combine(date.fromisoformat(self.date), time(12), ZoneInfo(self.timezone)).timestamp()
            return f"{datetime.fromtimestamp(noon + t_ms / 1000, ZoneInfo(self.timezone)):%H:%M:%S}"
        seconds = (t_ms // 1000 + 43_200) % 86_400
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


@dataclass(frozen=True)
class Energy:
    """Energy of the night. Shares are of the always-on energy of all lamps; None where that is 0 or unknown.

    `saving` counts lamps only; `net_saving` takes off `node_share`. `fixed_wh`: what lamps without control take, part of
    `lamps_wh`. `power_known`: whether the power of every fixture is known; else no kWh may be claimed.
    """

    lamps_wh: float
    always_on_wh: float
    fixed_wh: float
    nodes_wh: float
    sensors_wh: float
    saving: float | None
    node_share: float | None
    net_saving: float | None
    light_permille_ms: int
    lumen_hours: float
    power_known: bool
    estimated: bool


@dataclass(frozen=True)
class Bounds:
    """What was possible: `score.bound`. The clairvoyant bound, and the free one, which may rest at the floors alone.

    `saving` and `free_saving` are the most that could be saved, as shares of always on; None where that is 0. `share` is the part of
    `saving` that this night reached; None where there is next to nothing to reach. It means nothing without the saving itself, nor
    between nights that rest at different levels.
    """

    bound_wh: float
    free_wh: float
    saving: float | None
    free_saving: float | None
    share: float | None = None


@dataclass(frozen=True)
class Utility:
    """`score.utility` over all seconds of all users in duty: its mean and 5th percentile, None where there are none.

    `below_s`: seconds in which some lamp that counts was below what is required; `seconds`: all of them.
    """

    mean: float | None
    p5: float | None
    below_s: int
    seconds: int


@dataclass(frozen=True)
class LampScore:
    """One lamp's night. `mean_permille`: its mean level."""

    lamp: str
    zone: str
    adaptive: bool
    energy_wh: float
    always_on_wh: float
    light_permille_ms: int
    lumen_hours: float
    mean_permille: float
    changes: int
    dead_s: float


@dataclass(frozen=True)
class Spread:
    """A quantity over users: mean, 95th percentile (nearest rank) and worst; None where there is nobody."""

    mean: float | None
    p95: float | None
    worst: float | None


@dataclass(frozen=True)
class ClassScore:
    """How one class (or everyone) was served. Every second of duty is lit, late or dark.

    `present_s` is the time from entry on. `users` have duty; `never_covered` crossed no nominal coverage and so have none.
    `stationary_s` and `dead_lamp_s` are those parts of dark (and late) time that have that cause. `ahead_p5_m`: fallen short
    of in 5 % of the time.
    """

    users: int
    never_covered: int
    users_late: int
    users_dark: int
    present_s: float
    duty_s: float
    lit_s: float
    late_s: float
    dark_s: float
    stationary_s: float
    dead_lamp_s: float
    service: float | None
    strict_service: float | None
    late: Spread
    dark: Spread
    shortfall: Spread
    duty: Spread
    arrival_permille: float | None
    unserved_m: Spread
    ahead_mean_m: float | None
    ahead_p5_m: float | None
    covered_share: float | None
    late_causes: Mapping[str, float]
    dark_causes: Mapping[str, float]


@dataclass(frozen=True)
class Comfort:
    """How quiet the light was. `uneven_share`: of time, over pairs of neighbouring lamps, with levels more than 2:1 apart."""

    changes_per_lamp_hour: float | None
    uneven_share: float | None
    neighbours: int


@dataclass(frozen=True)
class Loss:
    """Light without need, by likely cause: lamp-seconds, and energy above the level of the phase."""

    cause: str
    lamp_s: float
    energy_wh: float


@dataclass(frozen=True)
class Moment:
    """A stretch of the night in which one user lacked light: when, where, which lamp most, why."""

    begin_ms: int
    end_ms: int
    seconds: float
    dark_s: float
    user: int
    road_user: str
    lamp: str
    link: int
    chainage_cm: int
    x_cm: int
    y_cm: int
    cause: str


#: One row per user who is owed light: what `Score.users` holds, for statistics over nights.
USERS = pa.schema(
    [
        ("user", pa.int32()),
        ("road_user", pa.int8()),
        ("entry_ms", pa.int32()),
        ("on_ms", pa.int32()),  # begin of duty; -1: none
        ("exit_ms", pa.int32()),
        ("duty_ms", pa.int64()),
        ("late_ms", pa.int64()),
        ("dark_ms", pa.int64()),
        ("stationary_ms", pa.int64()),
        ("shortfall_ms", pa.float64()),
        ("unserved_cm", pa.float64()),
        ("covered_ms", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Score:
    """Always all of it, never a saving alone. `classes` by class name, for those who came by; `everyone` together."""

    about: About
    begin_ms: int
    end_ms: int
    tau_ms: int
    energy: Energy
    everyone: ClassScore
    classes: Mapping[str, ClassScore]
    comfort: Comfort
    losses: tuple[Loss, ...]
    worst: tuple[Moment, ...]
    lamps: tuple[LampScore, ...]
    lowest_permille: int
    users: pa.Table = field(repr=False)
    bounds: Bounds | None = None
    utility: Utility | None = None

    def to_json(self) -> dict[str, object]:
        """Everything but `users` as dictionaries, lists and numbers, with the number of the schema."""
        found = {"schema": SCHEMA}
        return {**found, **{part.name: plain(getattr(self, part.name)) for part in fields(self) if part.name != "users"}}


def plain(value: object) -> object:
    """Data as JSON has it; floats to 9 significant digits, so that a text of it is the same on any machine."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value
