"""What a night of a scheme adds to the figures over many nights: additive quantities, and the figures as ratios of their sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lykta.corehost import schema
from lykta.score.energy import Plant, is_change, overhead_wh, spent_wh
from lykta.score.intervals import Ints
from lykta.score.light import Light
from lykta.score.model import ClassScore, Score
from lykta.score.night import LEAST_BOUND
from lykta.score.statistics import Figure, Floats
from lykta.site.model import Site

#: By class of road user and, last, of everyone together.
GROUPS = (*schema.CLASS_NAMES, "everyone")
EVERYONE = GROUPS[-1]
_OF_NIGHT = ("nights", "full", "spent", "nodes", "bound", "free", "changes", "lamp_hours", "utility", "seconds")
_OF_GROUP = ("duty", "lit", "late", "dark", "stationary", "present", "strict", "users", "ever_dark")
#: Names of the quantities: of the night, then `quantity group`. Energy in Wh, time in s.
COLUMNS = (*_OF_NIGHT, *(f"{quantity} {group}" for group in GROUPS for quantity in _OF_GROUP))
AT = {name: place for place, name in enumerate(COLUMNS)}


def row(score: Score) -> Floats:
    """The quantities of a night, in the order of COLUMNS."""
    energy, hours = score.energy, (score.end_ms - score.begin_ms) / 3_600_000
    lamp_hours = sum(lamp.adaptive for lamp in score.lamps) * hours
    seen = score.utility.seconds if score.utility else 0
    found = {
        "nights": 1,
        "full": energy.always_on_wh,
        "spent": energy.lamps_wh,
        "nodes": energy.nodes_wh + energy.sensors_wh,
        "bound": score.bounds.bound_wh if score.bounds else np.nan,
        "free": score.bounds.free_wh if score.bounds else np.nan,
        "changes": (score.comfort.changes_per_lamp_hour or 0.0) * lamp_hours,
        "lamp_hours": lamp_hours,
        "utility": (score.utility.mean or 0.0) * seen if score.utility else 0.0,
        "seconds": seen,
    }
    for group in GROUPS:
        of = score.everyone if group == EVERYONE else score.classes.get(group)
        found |= {f"{quantity} {group}": value for quantity, value in _of_group(of, score, group).items()}
    return np.array([found[name] for name in COLUMNS], dtype=np.float64)


@dataclass(frozen=True)
class Spent:
    """What a night took [Wh]: its lamps, the same always on, nodes with sensors; changes of level, over so many hours of lamps."""

    lamps_wh: float
    always_on_wh: float
    nodes_wh: float
    changes: int
    lamp_hours: float


def spent(site: Site, lit: Light) -> Spent:
    """What a lit night of a site took."""
    plant, changes, night_ms = Plant.of(site), is_change(lit), lit.end_ms - lit.begin_ms
    hours = int(plant.adaptive.sum()) * night_ms / 3_600_000
    return Spent(*spent_wh(plant, lit), sum(overhead_wh(site, night_ms)), int(changes[plant.adaptive].sum()), hours)


def brief_row(cost: Spent, owed_ms: Ints, lit_ms: Ints) -> Floats:
    """The quantities of a night of which causes were not asked: NaN where not known. Times by class."""
    found = dict.fromkeys(COLUMNS, np.nan)
    found |= {"nights": 1, "full": cost.always_on_wh, "spent": cost.lamps_wh, "nodes": cost.nodes_wh}
    found |= {"changes": cost.changes, "lamp_hours": cost.lamp_hours}
    for place, group in enumerate(GROUPS):
        whole = slice(None) if group == EVERYONE else slice(place, place + 1)
        found |= {f"duty {group}": owed_ms[whole].sum() / 1000, f"lit {group}": lit_ms[whole].sum() / 1000}
    return np.array([found[name] for name in COLUMNS], dtype=np.float64)


def _of_group(of: ClassScore | None, score: Score, group: str) -> dict[str, float]:
    if of is None:
        return dict.fromkeys(_OF_GROUP, 0.0)
    users = score.users
    own = users["road_user"].to_numpy() == GROUPS.index(group) if group != EVERYONE else np.ones(users.num_rows, dtype=bool)
    dark = users["dark_ms"].to_numpy() > users["stationary_ms"].to_numpy()
    return {
        "duty": of.duty_s,
        "lit": of.lit_s,
        "late": of.late_s,
        "dark": of.dark_s,
        "stationary": of.stationary_s,
        "present": of.present_s,
        "strict": (of.strict_service or 0.0) * of.present_s,
        "users": of.users,
        "ever_dark": int((dark & own).sum()),
    }


def _of(sums: Floats, name: str) -> Floats:
    return np.asarray(sums[..., AT[name]])


def _ratio(above: Floats, below: Floats) -> Floats:
    """NaN where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0))


def saving(sums: Floats) -> Floats:
    """g: what the lamps take less than always on, as a share of that."""
    return _ratio(_of(sums, "full") - _of(sums, "spent"), _of(sums, "full"))


def net_saving(sums: Floats) -> Floats:
    """g - n."""
    return np.asarray(saving(sums) - _ratio(_of(sums, "nodes"), _of(sums, "full")))


def possible(sums: Floats) -> Floats:
    """g_bound: what could have been saved."""
    return _ratio(_of(sums, "full") - _of(sums, "bound"), _of(sums, "full"))


def possible_freely(sums: Floats) -> Floats:
    """The same if lamps rested at their floors alone."""
    return _ratio(_of(sums, "full") - _of(sums, "free"), _of(sums, "full"))


def share(sums: Floats) -> Floats:
    """g / g_bound; NaN where next to nothing can be saved."""
    most = possible(sums)
    return np.asarray(np.divide(saving(sums), most, out=np.full(np.shape(most), np.nan), where=most >= LEAST_BOUND))


def changes(sums: Floats) -> Floats:
    """Changes of level per controlled lamp and hour."""
    return _ratio(_of(sums, "changes"), _of(sums, "lamp_hours"))


def utility(sums: Floats) -> Floats:
    """The mean of the utility over all seconds of all users in duty."""
    return _ratio(_of(sums, "utility"), _of(sums, "seconds"))


def service(group: str = EVERYONE) -> Figure:
    """Fully lit duty time / duty time, of a class or everyone."""
    return lambda sums: _ratio(_of(sums, f"lit {group}"), _of(sums, f"duty {group}"))


def strict_service(group: str = EVERYONE) -> Figure:
    """The same with tau = 0, from entry on."""
    return lambda sums: _ratio(_of(sums, f"strict {group}"), _of(sums, f"present {group}"))


def worst_service(sums: Floats) -> Floats:
    """The service of the class that is served worst; NaN where nobody came."""
    found = np.stack([service(group)(sums) for group in GROUPS[:-1]])
    least = np.min(np.where(np.isnan(found), np.inf, found), axis=0)
    return np.asarray(np.where(np.isinf(least), np.nan, least))


@dataclass(frozen=True)
class People:
    """Counts over all nights: people, those ever in the dark (stationary apart), and seconds."""

    users: int
    ever_dark: int
    late_s: float
    dark_s: float  # without stationary
    stationary_s: float


def people(nights: Floats, group: str = EVERYONE) -> People:
    """The counts of a class, or of everyone, over nights."""
    sums = nights.sum(axis=0)
    names = ("users", "ever_dark", "late", "dark", "stationary")
    users, dark, late, unlit, standing = (float(_of(sums, f"{name} {group}")) for name in names)
    return People(round(users), round(dark), late, max(0.0, unlit - standing), standing)


def served(nights: Floats) -> list[str]:
    """The classes of whom anybody was owed light."""
    sums = nights.sum(axis=0)
    return [group for group in GROUPS[:-1] if _of(sums, f"duty {group}") > 0]
