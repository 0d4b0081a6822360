"""What the night cost: lamps by the power tables of their fixtures, nodes and sensors by what they draw.

Energy is summed in whole nJ (uW x ms) with power rounded to whole uW at every permille, so that one night has one energy on
any machine. Nodes run day and night; one night carries the 24 hours of its day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lykta.score.intervals import Ints, ints
from lykta.score.light import DEAD, FULL_LEVEL, Light
from lykta.score.model import Energy, LampScore
from lykta.score.sums import Sums
from lykta.site.model import Fixture, Site

_NJ_PER_WH = 3.6e12
_DAY_MS = 86_400_000
_MS_PER_H = 3_600_000

#: What a node draws [uW], day and night. ESP32 with ESP-NOW listening: about 0.4 W (unverified, from practice).
NODE_UW = 400_000
#: What sensors draw [uW], and whether only at night. PIR: EKMC 170 uA at 3 V (data sheet). LD2410: about 80 mA at 5 V (practice).
#: LD2451: 107 mA at 5 V (data sheet), switched on with the lamps. "ideal" is a yardstick and draws nothing.
SENSOR_UW: dict[str, tuple[int, bool]] = {
    "ideal": (0, False),
    "pir": (510, False),
    "ld2410": (400_000, False),
    "ld2451": (535_000, True),
}


def power_uw(fixture: Fixture) -> Ints:
    """Power [uW] of a fixture at every level 0..1000, its output cap applied; between the points of its table linear."""
    levels, power = zip(*fixture.power_mw, strict=True)
    table = np.rint(np.interp(np.arange(FULL_LEVEL + 1), levels, np.asarray(power) * 1000.0)).astype(np.int64)
    table[0] = fixture.standby_mw * 1000
    return np.asarray(table[np.minimum(np.arange(FULL_LEVEL + 1), fixture.trim_permille)])


@dataclass(frozen=True)
class Plant:
    """The lamps of a site as arrays: output cap, heads, flux of all heads, power of one head by lamp and level."""

    cap: Ints
    heads: Ints
    flux_lm: Ints
    kind: Ints  # row of `power_of`
    power_of: Ints  # by kind of fixture and level [uW], one head
    light_of: Ints  # by kind of fixture and level [permille]
    adaptive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

    @classmethod
    def of(cls, site: Site) -> Plant:
        """The lamps of a site."""
        names = sorted({lamp.fixture for lamp in site.lamps})
        fixtures = [site.fixtures[name] for name in names]
        levels = np.arange(FULL_LEVEL + 1)
        wide = (len(names), FULL_LEVEL + 1)
        return cls(
            cap=ints([site.fixtures[lamp.fixture].trim_permille for lamp in site.lamps]),
            heads=ints([lamp.heads for lamp in site.lamps]),
            flux_lm=ints([lamp.heads * site.fixtures[lamp.fixture].rated_flux_lm for lamp in site.lamps]),
            kind=ints([names.index(lamp.fixture) for lamp in site.lamps]),
            power_of=ints([power_uw(fixture) for fixture in fixtures]).reshape(wide),
            light_of=ints([np.minimum(levels, fixture.trim_permille) for fixture in fixtures]).reshape(wide),
            adaptive=np.asarray([lamp.adaptive for lamp in site.lamps], dtype=np.bool_),
        )


def lamp_scores(site: Site, plant: Plant, light: Light, light_sums: Sums, energy: Sums, changes: Ints) -> tuple[LampScore, ...]:
    """Every lamp's night."""
    night_ms = light.end_ms - light.begin_ms
    spent, full, dead_ms = _spent_nj(plant, light, energy)
    given = light_sums.by_lamp()
    rows = zip(
        site.lamps, spent.tolist(), full.tolist(), given.tolist(), plant.flux_lm.tolist(), changes.tolist(), dead_ms.tolist(), strict=True
    )
    return tuple(
        LampScore(
            lamp=lamp.id,
            zone=lamp.zone,
            adaptive=lamp.adaptive,
            energy_wh=nj / _NJ_PER_WH,
            always_on_wh=full_nj / _NJ_PER_WH,
            light_permille_ms=permille_ms,
            lumen_hours=permille_ms * flux / 1000 / _MS_PER_H,
            mean_permille=permille_ms / night_ms,
            changes=count,
            dead_s=dead / 1000,
        )
        for lamp, nj, full_nj, permille_ms, flux, count, dead in rows
    )


def _spent_nj(plant: Plant, light: Light, energy: Sums) -> tuple[Ints, Ints, Ints]:
    """(what it took, what it would take always on [nJ], how long it was dead [ms]) of each lamp."""
    dead_ms = light.dead().total(light.lamps) if light.lamps else ints([])
    spent = (energy.by_lamp() - dead_ms * plant.power_of[plant.kind, 0]) * plant.heads  # a dead lamp has no standby
    return spent, plant.power_of[plant.kind, FULL_LEVEL] * plant.heads * (light.end_ms - light.begin_ms), dead_ms


def spent_wh(plant: Plant, light: Light) -> tuple[float, float]:
    """(what the lamps of a site took, what they would take always on) in a night [Wh]: as in `total`, without all else."""
    spent, full, _ = _spent_nj(plant, light, Sums(light, plant.power_of, plant.kind))
    return sum(nj / _NJ_PER_WH for nj in spent.tolist()), sum(nj / _NJ_PER_WH for nj in full.tolist())


def overhead_wh(site: Site, night_ms: int) -> tuple[float, float]:
    """What the (nodes, sensors) of controlled lamps take in the day to which a night belongs [Wh]."""
    controlled = [lamp for lamp in site.lamps if lamp.adaptive]
    drawn = [SENSOR_UW[sensor.kind] for lamp in controlled for sensor in lamp.sensors]
    sensors = sum(uw * (night_ms if at_night else _DAY_MS) for uw, at_night in drawn)
    return len(controlled) * NODE_UW * _DAY_MS / _NJ_PER_WH, sensors / _NJ_PER_WH


def total(site: Site, lamps: tuple[LampScore, ...], night_ms: int) -> Energy:
    """The energy of the whole site."""
    spent, full = sum(lamp.energy_wh for lamp in lamps), sum(lamp.always_on_wh for lamp in lamps)
    nodes, sensors = overhead_wh(site, night_ms)
    used = [site.fixtures[lamp.fixture] for lamp in site.lamps]
    saving = (full - spent) / full if full else None
    share = (nodes + sensors) / full if full else None
    return Energy(
        lamps_wh=spent,
        always_on_wh=full,
        fixed_wh=sum(lamp.energy_wh for lamp in lamps if not lamp.adaptive),
        nodes_wh=nodes,
        sensors_wh=sensors,
        saving=saving,
        node_share=share,
        net_saving=None if saving is None or share is None else saving - share,
        light_permille_ms=sum(lamp.light_permille_ms for lamp in lamps),
        lumen_hours=sum(lamp.lumen_hours for lamp in lamps),
        power_known=all(fixture.power_known for fixture in used),
        estimated=any(fixture.estimated for fixture in used),
    )


def is_change(light: Light) -> Ints:
    """By lamp, how often the target changed in the night; the first light after dark and outages do not count."""
    seg = light.segments
    if len(seg.span) < 2:
        return np.zeros(light.lamps, dtype=np.int64)
    lamp = seg.lamp
    first = np.concatenate(([True], lamp[1:] != lamp[:-1]))
    switched_on = first[:-1] & (seg.level[:-1] == 0) & (seg.cause[:-1] == 0)
    alive = (seg.cause[1:] != DEAD) & (seg.cause[:-1] != DEAD)
    changed = ~first[1:] & (seg.level[1:] != seg.level[:-1]) & alive & ~switched_on
    return np.bincount(lamp[1:][changed], minlength=light.lamps).astype(np.int64)
