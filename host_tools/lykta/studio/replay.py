"""A night as the page plays it: one compact payload, from which the browser draws every frame by itself.

Times are ms since the night's origin, places cm along links, levels permille; columns are packed as in a report (`report.pack`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lykta.corehost import dimmer
from lykta.report.clock import Clock
from lykta.report.pack import column
from lykta.scenarios import Outcome
from lykta.score import Outage
from lykta.score.model import Moment

#: More changes of level than this make a page slow to load: a city's night is looked at street by street.
MOST_LEVEL_ROWS = 600_000
LEAD_MS = 12_000  # how long before a moment the replay begins


def fits(outcome: Outcome) -> bool:
    """Whether a night is small enough to be played in a browser."""
    return bool(outcome.night.levels.num_rows <= MOST_LEVEL_ROWS)


def payload(outcome: Outcome, outages: Sequence[Outage] = ()) -> dict[str, Any]:
    """Everything that the replay needs, to be handed over once."""
    night = outcome.night
    plan = night.plan
    site = plan.site
    begin_ms, end_ms = plan.begin_ms, max(plan.end_ms, plan.begin_ms + 1)
    clock = Clock(plan.agenda.times.origin_utc_ms, site.timezone, begin_ms, end_ms)
    return {
        "begin": begin_ms,
        "end": end_ms,
        "origin": clock.origin_utc_ms,
        "offsets": clock.offsets,
        "agenda": [(begins_ms, phase.name) for begins_ms, phase in plan.agenda.phases],
        "knots": dimmer.KNOTS,
        "segment": dimmer.SEGMENT,
        "caps": [site.fixtures[lamp.fixture].trim_permille for lamp in site.lamps],
        "lengths": column(np.asarray([link.length_cm for link in site.links], dtype=np.int64)),
        "levels": columns(
            night.levels, ("lamp", "t_ms"),
            lamp="lamp", t="t_ms", position="position", target="target_permille", rate="rate", cause="cause",
        ),
        "detections": columns(night.detections, ("t_ms", "lamp"), lamp="lamp", t="t_ms"),
        "users": {"road_user": column(_road_users(night.trajectories))},
        "moves": columns(
            night.trajectories, ("user", "t0_ms"),
            user="user", t0="t0_ms", t1="t1_ms", link="link", lateral="lateral_cm", **{"from": "from_cm", "to": "to_cm"},
        ),
        "outages": [(outage.lamp, outage.from_ms, outage.until_ms) for outage in outages],
        "moments": [(moment.begin_ms, moment.end_ms) for moment in outcome.score.worst],
    }  # fmt: skip


def columns(table: pa.Table, order: Sequence[str], **names: str) -> dict[str, str]:
    """Columns of a table under new names, packed, with the rows in the order of some of them, the most important first."""
    rows = np.lexsort([table[key].to_numpy() for key in reversed(order)])
    return {new: column(table[old].to_numpy()[rows]) for new, old in names.items()}


def _road_users(trajectories: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The class of every user, by his number."""
    user = trajectories["user"].to_numpy()
    classes = np.zeros(int(user.max()) + 1 if user.size else 0, dtype=np.int64)
    classes[user] = trajectories["road_user"].to_numpy()
    return classes


def begin_of(moment: Moment, plan_begin_ms: int) -> int:
    """Where the replay of a moment begins: some seconds before it, so that one sees how it comes about."""
    return max(plan_begin_ms, moment.begin_ms - LEAD_MS)


def changes_of(levels: pa.Table, lamp: int) -> list[int]:
    """When the target of a lamp changed, in the order of time [ms]."""
    own = levels["lamp"].to_numpy() == lamp
    return sorted(int(t_ms) for t_ms in levels["t_ms"].to_numpy()[own])
