"""The last day of a lamp as a small picture: the mean level of every report, gaps where nothing was told, marks for faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lykta.studio.livewords import Tells
from lykta.studio.pasttelling import FEW

DAY_S = 86_400
WIDTH, HEIGHT = 360, 140
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 6, 8, 34
_HOURS = 4


def picture(reports: Sequence[Mapping[str, Any]], now: float, tells: Tells, said: str) -> str:
    """The picture as SVG, in the colours of the page. `said` is its text for those who do not see it: plain words, no markup."""
    begin = now - DAY_S

    def px(at: float) -> float:
        return _LEFT + (min(max(at, begin), now) - begin) * (WIDTH - _LEFT - _RIGHT) / DAY_S

    def py(permille: float) -> float:
        return HEIGHT - _BOTTOM - permille * (HEIGHT - _TOP - _BOTTOM) / 1000

    shown = [one for one in reports if one["until"] > begin]
    bars = "".join(
        f'<rect x="{px(one["begin"]):.1f}" y="{py(one["level"]):.1f}" width="{max(0.8, px(one["until"]) - px(one["begin"])):.1f}" '
        f'height="{max(0.8, py(0) - py(one["level"])):.1f}"/>'
        for one in shown
    )
    seen = "".join(
        f"M{px(one['begin']):.1f},{HEIGHT - _BOTTOM + 4}v{2 + min(8, max(FEW, one['detections'])):.0f}"
        for one in shown
        if one["detections"]
    )
    wrong = "".join(f"M{px(one['begin']):.1f},{_TOP - 4}l4,7h-8z" for one in shown if one["faults"])
    return (
        f'<svg class="day" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">{_scale(begin, now, px, py, tells)}'
        f'<g fill="var(--lamp)" opacity=".75">{bars}</g>'
        f'<path d="{seen}" stroke="var(--accent)" stroke-width="1.6"/><path d="{wrong}" fill="var(--worse)"/></svg>'
    )


def _scale(begin: float, now: float, px: Any, py: Any, tells: Tells) -> str:
    rules = "".join(f'<path d="M{_LEFT},{py(level):.1f}H{WIDTH - _RIGHT}" stroke="var(--rule)"/>' for level in (0, 500, 1000))
    levels = "".join(f'<text x="{_LEFT - 5}" y="{py(level) + 4:.1f}" text-anchor="end">{level // 10} %</text>' for level in (0, 500, 1000))
    first = tells.local(begin).replace(minute=0, second=0, microsecond=0).timestamp() + 3600
    hours = [first + 3600 * hour for hour in range(24) if tells.local(first + 3600 * hour).hour % _HOURS == 0]
    fit = [at for at in hours if begin + 3600 < at < now - 1800]
    return (
        rules + levels + "".join(f'<text x="{px(at):.1f}" y="{HEIGHT - 4}" text-anchor="middle">{tells.clock(at)[:2]}</text>' for at in fit)
    )
