"""What a night comes to for each lamp, without asking whom it served: all that is kept of a city."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lykta.score.energy import Plant, is_change
from lykta.score.light import FULL_LEVEL, Light
from lykta.score.sums import Sums
from lykta.site.model import Site

_NJ_PER_WH = 3.6e12

#: One row for each lamp, in the order of the site; the figures are those of `LampScore`.
TOTALS = pa.schema(
    [
        ("lamp", pa.string()),
        ("zone", pa.string()),
        ("adaptive", pa.bool_()),
        ("energy_wh", pa.float64()),
        ("always_on_wh", pa.float64()),
        ("light_permille_ms", pa.int64()),
        ("changes", pa.int32()),
    ]
)


def totals(site: Site, levels: pa.Table, begin_ms: int, end_ms: int) -> pa.Table:
    """TOTALS of a night from `begin_ms` to `end_ms`, to the unit what `score` says of its lamps."""
    plant = Plant.of(site)
    light = Light(levels, plant.cap, begin_ms, end_ms)
    full = plant.power_of[plant.kind, FULL_LEVEL] * plant.heads * (end_ms - begin_ms)
    spent = Sums(light, plant.power_of, plant.kind).by_lamp() * plant.heads
    columns = {
        "lamp": [lamp.id for lamp in site.lamps],
        "zone": [lamp.zone for lamp in site.lamps],
        "adaptive": plant.adaptive,
        "energy_wh": spent / _NJ_PER_WH,
        "always_on_wh": full / _NJ_PER_WH,
        "light_permille_ms": Sums(light, plant.light_of, plant.kind).by_lamp(),
        "changes": is_change(light).astype(np.int32),
    }
    return pa.table([pa.array(columns[field.name], field.type) for field in TOTALS], schema=TOTALS)
