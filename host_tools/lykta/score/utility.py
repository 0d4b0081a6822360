"""The utility of a night's light for those on the road: a second score, in the manner of TALiSMaN, beside service.

    U_u(t) = sum over lamps i of w(d_i) min(1, L_i / L_req)  /  sum over lamps i of w(d_i)

with d_i the length of the way from user u to lamp i. The weights are our own, since the published ones could not be read: for walkers
and cyclists 1 to 30 m, 0.6 to 60 m, 0.4 to 100 m, before and behind; for cars 1 within the stopping distance ahead, 0.4 within 30 m
behind. L_req is the level that the requirement owes to the class. Unlike all else in this folder it is sampled, once a second of the
night, over the users in duty.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lykta.corehost import schema
from lykta.score.energy import Plant
from lykta.score.intervals import Bools, Ints, expand, keys
from lykta.score.light import Light
from lykta.score.model import Utility
from lykta.score.needs import needs_of
from lykta.score.night import Night
from lykta.score.rules import TOLERANCE, stopping_cm
from lykta.score.service import Floats

SECOND_MS = 1000
_WALKERS = ((3000, 1.0), (6000, 0.6), (10_000, 0.4))
_BEHIND_CARS = (3000, 0.4)


def utility(night: Night, levels: pa.Table) -> Utility:
    """The utility of a night's LEVELS. A lamp within the tolerance of service counts as at L_req in `below_s`, not in U."""
    motion = night.duty.spans
    is_car = motion.road_user == schema.CAR
    far = np.full(len(motion), _WALKERS[-1][0])
    ahead, behind = np.where(is_car, stopping_cm(motion.speed_cms), far), np.where(is_car, _BEHIND_CARS[0], far)
    needs = needs_of(night.graph, motion, ahead, behind, _levels_owed(night))
    # The samples of each need: whole seconds of the night within it.
    first = -(-(needs.begin - night.begin_ms) // SECOND_MS)
    row, number = expand(np.maximum(-(-(needs.end - night.begin_ms) // SECOND_MS) - first, 0))
    second = first[row] + number
    t = night.begin_ms + second * SECOND_MS
    span, lamp = needs.stretch[row], needs.lamp[row]
    progress = motion.progress_cm(span, t)
    way = needs.offset_cm[row] + np.where(needs.ahead[row], motion.length_cm[span] - progress, progress)
    walker = np.select([way <= limit for limit, _ in _WALKERS], [weight for _, weight in _WALKERS], 0.0)
    weight = np.where(is_car[span], np.where(needs.ahead[row], 1.0, _BEHIND_CARS[1]), walker)
    light = Light(levels, Plant.of(night.site).cap, night.begin_ms, night.end_ms)
    owed, given = needs.level[row], light.level(keys(lamp, t))
    return _over_users(needs.user[row], second, weight, np.minimum(given / owed, 1.0), given < owed - TOLERANCE)


def _levels_owed(night: Night) -> Ints:
    """The level owed in each stretch of motion in duty."""
    found = np.zeros(len(night.duty.spans), dtype=np.int64)
    found[night.duty.needs.stretch] = night.duty.needs.level
    return np.maximum(found, 1)


def _over_users(user: Ints, second: Ints, weight: Floats, share: Floats, below: Bools) -> Utility:
    """The figures from samples of single lamps."""
    moment, at = np.unique(keys(user, second), return_inverse=True)
    if not len(moment):
        return Utility(None, None, 0, 0)
    whole = np.bincount(at, weights=weight)
    each = np.bincount(at, weights=weight * share) / whole
    lacking = np.bincount(at, weights=below.astype(np.float64)) > 0
    rank = -(-len(each) * 5 // 100) - 1
    return Utility(float(each.mean()), float(np.sort(each)[rank]), int(lacking.sum()), len(each))
