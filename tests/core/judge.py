"""The judge of claim (b): samples what every user is owed and what he gets. Slow, straightforward, nobody else's code.

Owed (definitions, section 2): while in duty, every lamp within A ahead or B behind, at req - 20 permille. `dark`: one of the near set
(nearest lamp, next one ahead of it) that is owed is not lit; `late`: only others are not. Duty begins `tau` after the first nominal
coverage; the speed counts for A from `tau` after that of a second post on.

What no controller can know is not owed here: where somebody goes who has turned round, or gone on after a stop, since any sensor last
could have told. From such a moment until `tau` after the next nominal coverage only what the rules keep for him is owed: the lamps within
B of him that are within B of where he may have been when he was last seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lykta.corehost import schema
from lykta.site.graph import Graph
from tests.core.people import Stretch, User, passes, seeing
from tests.core.streets import RANGE_CM
from tests.core.world import Light

TOLERANCE = 20
SLOW_CMS = 20


@dataclass(frozen=True)
class Owed:
    """What one class is owed."""

    level: int
    ahead_cm: int
    preview_ms: int
    behind_cm: int


@dataclass
class Verdict:
    """Late and dark ms of one user, and when each first happened: (t_ms, lamp, level there)."""

    late_ms: int = 0
    dark_ms: int = 0
    first_late: tuple[int, int, int] | None = None
    first_dark: tuple[int, int, int] | None = None


def owed_by(row: Sequence[int], road_user: int) -> Owed:
    """The requirement that asks for just what a settings row promises a class."""
    base = schema.PHASE_SETTINGS + road_user * schema.CLASS_SETTINGS
    return Owed(row[base + schema.PRESENCE], row[base + schema.AHEAD], row[base + schema.PREVIEW], row[base + schema.BEHIND])


def judge(graph: Graph, user: User, lights: Sequence[Light], owed: Owed, tau_ms: int = 3000, step_ms: int = 100) -> Verdict:
    """Sample one user's way every `step_ms`."""
    verdict = Verdict()
    known = _Knowledge(graph, user, tau_ms)
    at = 0
    for t_ms in range(user.begin_ms, user.end_ms, step_ms):
        while user.stretches[at].t1_ms <= t_ms:
            at += 1
        if t_ms < known.on:
            continue
        stretch = user.stretches[at]
        speed = (stretch.to_cm - stretch.from_cm) * 1000 / (stretch.t1_ms - stretch.t0_ms)
        ahead = owed.ahead_cm
        if speed < SLOW_CMS or known.astray(t_ms):
            ahead = min(ahead, owed.behind_cm)
        elif t_ms >= known.speed:
            ahead = max(ahead, round(speed * owed.preview_ms / 1000))
        needed, near = needs(graph, user.road_user, stretch, t_ms, ahead, owed.behind_cm)
        if known.astray(t_ms):
            needed &= {lamp for lamp, cm in graph.lamps_around(known.seen_at(t_ms), owed.behind_cm + RANGE_CM)}
        unlit = [lamp for lamp in needed if lights[lamp].level(t_ms) < owed.level - TOLERANCE]
        if any(lamp in near for lamp in unlit):
            verdict.dark_ms += step_ms
            verdict.first_dark = verdict.first_dark or (t_ms, unlit[0], lights[unlit[0]].level(t_ms))
        elif unlit:
            verdict.late_ms += step_ms
            verdict.first_late = verdict.first_late or (t_ms, unlit[0], lights[unlit[0]].level(t_ms))
    return verdict


def needs(graph: Graph, road_user: int, stretch: Stretch, t_ms: int, ahead_cm: int, behind_cm: int) -> tuple[set[int], set[int]]:
    """M and N of a user: the lamps owed, and the nearest and the next one ahead of it."""
    x = stretch.at(t_ms)
    left = int(graph.length_cm[stretch.directed >> 1]) - x
    mask = 1 << road_user
    farthest = max(14_000, ahead_cm)
    front = [(lamp, left + cm) for lamp, cm in graph.lamps_ahead(stretch.directed, farthest, mask)]
    back = [(lamp, x + cm) for lamp, cm in graph.lamps_ahead(stretch.directed ^ 1, farthest, mask)]
    needed = {lamp for lamp, cm in front if cm <= ahead_cm} | {lamp for lamp, cm in back if cm <= behind_cm}
    if back and (not front or back[0][1] < front[0][1]):
        near = {back[0][0], *([front[0][0]] if front else [])}
    else:
        near = {lamp for lamp, _ in front[:2]}
    return needed, near


class _Knowledge:
    """What could be known of a user by nominal coverage alone, and since when."""

    def __init__(self, graph: Graph, user: User, tau_ms: int) -> None:
        found = sorted((enter, leave, lamp) for lamp in seeing(graph) for enter, leave in passes(graph, user, lamp))
        never = user.end_ms + 1
        self.on = found[0][0] + tau_ms if found else never
        others = [enter for enter, _, lamp in found if lamp != found[0][2]] if found else []
        self._passes = found
        self.speed = others[0] + tau_ms if others else never
        self._astray = []
        for before, after in zip(user.stretches, user.stretches[1:], strict=False):
            turned = after.directed == before.directed ^ 1
            moves_on = before.from_cm == before.to_cm and after.from_cm != after.to_cm
            if turned or moves_on:
                told = [enter for enter, _, _ in found if enter >= after.t0_ms]
                self._astray.append((after.t0_ms, (told[0] if told else never) + tau_ms))

    def astray(self, t_ms: int) -> bool:
        """Whether the user turned, or went on after a stop, and no sensor could tell since."""
        return any(begin <= t_ms < end for begin, end in self._astray)

    def seen_at(self, t_ms: int) -> int:
        """The post that saw the user last."""
        return [lamp for enter, _, lamp in self._passes if enter <= t_ms][-1]
