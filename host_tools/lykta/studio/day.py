"""The night of one lamp as a small picture: its level through every change, and what its own sensor saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lykta.corehost import dimmer
from lykta.report.clock import Clock
from lykta.scenarios import Outcome

WIDTH, HEIGHT = 360, 132
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 6, 8, 34
_RAMP_STEPS = 6  # a ramp is even in lightness, so it bends in light: so many straight pieces show it
_TICKS = 10


def courses(outcome: Outcome, lamp: int) -> list[tuple[int, int]]:
    """The level of a lamp as corners (t_ms, permille) between which it runs straight, from dusk to dawn."""
    plan = outcome.night.plan
    levels = outcome.night.levels
    own = np.flatnonzero(levels["lamp"].to_numpy() == lamp)
    t_ms, position, target, rate = (levels[name].to_numpy()[own].tolist() for name in ("t_ms", "position", "target_permille", "rate"))
    cap = plan.site.fixtures[plan.site.lamps[lamp].fixture].trim_permille
    corners: list[tuple[int, int]] = []
    for row, begins_ms in enumerate(t_ms):
        ends_ms = t_ms[row + 1] if row + 1 < len(t_ms) else plan.end_ms
        corners += _stretch(begins_ms, ends_ms, position[row], int(dimmer.position_of(target[row])), rate[row], cap)
    return [(t, level) for t, level in corners if plan.begin_ms <= t <= plan.end_ms]


def _stretch(begins_ms: int, ends_ms: int, start: int, target: int, rate: int, cap: int) -> list[tuple[int, int]]:
    """One row of LEVELS: its ramp, as far as it comes, and the level that it keeps."""
    ramp_ms = min(ends_ms - begins_ms, -(-abs(target - start) // max(1, rate)))
    corners = []
    for step in range(_RAMP_STEPS + 1):
        passed_ms = ramp_ms * step // _RAMP_STEPS
        way = min(abs(target - start), rate * passed_ms)
        corners.append((begins_ms + passed_ms, min(cap, int(dimmer.level_of(start + way if target > start else start - way)))))
    return [*corners, (ends_ms, corners[-1][1])]


def seen_at(outcome: Outcome, lamp: int) -> NDArray[np.int64]:
    """When the lamp's own sensors made a detection [ms]."""
    detections = outcome.night.detections
    return np.asarray(detections["t_ms"].to_numpy()[detections["lamp"].to_numpy() == lamp], dtype=np.int64)


def picture(outcome: Outcome, lamp: int, said: str) -> str:
    """The picture as SVG, in the colours of the page. `said` is its text for those who do not see it: plain words, no markup."""
    plan = outcome.night.plan
    clock = Clock(plan.agenda.times.origin_utc_ms, plan.site.timezone, plan.begin_ms, max(plan.begin_ms + 1, plan.end_ms))
    span = clock.end_ms - clock.begin_ms

    def px(t_ms: float) -> float:
        return _LEFT + (t_ms - clock.begin_ms) * (WIDTH - _LEFT - _RIGHT) / span

    def py(permille: float) -> float:
        return HEIGHT - _BOTTOM - permille * (HEIGHT - _TOP - _BOTTOM) / 1000

    corners = courses(outcome, lamp)
    line = " ".join(f"{px(t):.1f},{py(level):.1f}" for t, level in corners)
    area = f"{px(clock.begin_ms):.1f},{py(0):.1f} {line} {px(corners[-1][0]) if corners else _LEFT:.1f},{py(0):.1f}"
    ticks = "".join(f"M{px(t):.1f},{HEIGHT - _BOTTOM + 4}v{_TICKS}" for t in seen_at(outcome, lamp).tolist())
    return (
        f'<svg class="day" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
        f"{_scale(clock, px, py)}"
        f'<polygon points="{area}" fill="var(--lamp)" opacity=".22"/>'
        f'<polyline points="{line}" fill="none" stroke="var(--lamp)" stroke-width="1.3"/>'
        f'<path d="{ticks}" stroke="var(--accent)" stroke-width="1" opacity=".75"/></svg>'
    )


def _scale(clock: Clock, px: object, py: object) -> str:
    assert callable(px) and callable(py)
    rules = "".join(f'<path d="M{_LEFT},{py(level):.1f}H{WIDTH - _RIGHT}" stroke="var(--rule)"/>' for level in (0, 500, 1000))
    levels = "".join(f'<text x="{_LEFT - 5}" y="{py(level) + 4:.1f}" text-anchor="end">{level // 10} %</text>' for level in (0, 500, 1000))
    hours = "".join(f'<text x="{px(t):.1f}" y="{HEIGHT - 4}" text-anchor="middle">{clock.text(t)[:2]}</text>' for t in _hours(clock))
    return rules + levels + hours


def _hours(clock: Clock) -> Sequence[int]:
    return [t_ms for t_ms in clock.hours(3) if clock.begin_ms + 900_000 < t_ms < clock.end_ms - 900_000]
