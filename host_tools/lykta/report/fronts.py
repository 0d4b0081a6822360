"""The picture of a search: every profile that was tried, by what it saves and how it serves, and the Pareto front among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10

from lykta.report.charts import svg, upright
from lykta.report.static import nice_step, text

_LEFT, _TOP, _BOTTOM, _RIGHT = 84, 96, 64, 24
_FULL = 10**-4.5  # what is left to 100 % at the upper edge
_NINES = (0.5, 0.9, 0.99, 0.999, 0.9999)


@dataclass(frozen=True)
class Tried:
    """A profile that was tried. `kind`: "front", "other", "infeasible"; `said` is shown where the mouse rests."""

    saving: float
    service: float
    kind: str
    said: str


def front(
    title: str, subtitle: str, tried: Sequence[Tried], start: Tried, chosen: Tried | None, least_service: float | None, width: int = 960,
    height: int = 560,
) -> str:  # fmt: skip
    """Saving to the right, service of the class served worst upwards, on a scale that shows nines."""
    savings = [one.saving for one in (*tried, start)]
    step = nice_step(max(100 * (max(savings) - min(savings)), 1.0), 8) / 100
    low, high = step * (min(savings) // step), step * (max(savings) // step + 1)
    lost = max(1 - min(one.service for one in (*tried, start)), 10**-3)
    wide, floor = width - _LEFT - _RIGHT, height - _BOTTOM

    def x(share: float) -> float:
        return _LEFT + (share - low) / (high - low) * wide

    def y(service: float) -> float:
        part = (log10(max(1 - service, _FULL)) - log10(_FULL)) / (log10(lost * 1.3) - log10(_FULL))
        return _TOP + part * (floor - _TOP)

    body = [text(16, 22, title, kind="head"), text(16, 40, subtitle, kind="quiet"), *_key(least_service is not None)]
    for n in range(round((high - low) / step) + 1):
        at = low + n * step
        body += [upright(x(at), _TOP, floor), text(x(at), floor + 18, f"{100 * at:.3g} %", anchor="middle", kind="quiet")]
    for at in (nine for nine in _NINES if 1 - nine <= lost * 1.3):
        body.append(f'<line class="grid" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y(at):.1f}" y2="{y(at):.1f}"/>')
        body.append(text(_LEFT - 8, y(at) + 4, f"{100 * at:g} %", anchor="end", kind="quiet"))
    body.append(text(_LEFT - 8, y(1.0) + 4, "100 %", anchor="end", kind="quiet"))
    if least_service is not None:
        body.append(
            f'<line class="error" stroke-dasharray="1 3" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y(least_service):.1f}" '
            f'y2="{y(least_service):.1f}"/>'
        )
    body.append(text(_LEFT + wide / 2, height - 14, "saving of lamp energy", anchor="middle"))
    body.append(f'<text x="20" y="{(_TOP + floor) / 2:.0f}" text-anchor="middle" transform="rotate(-90 20 {(_TOP + floor) / 2:.0f})">')
    body.append("service of the class served worst</text>")
    body += [_dot(one, x(one.saving), y(one.service)) for one in sorted(tried, key=lambda one: one.kind == "front")]
    best = sorted((one for one in tried if one.kind == "front"), key=lambda one: one.saving)
    if len(best) > 1:
        points = " ".join(f"{x(one.saving):.1f},{y(one.service):.1f}" for one in best)
        body.append(f'<polyline class="line good hollow" points="{points}" style="fill:none"/>')
    body.append(_titled(start, f'<path class="less" d="{_diamond(x(start.saving), y(start.service), 7)}"/>'))
    if chosen is not None:
        ring = f'<circle class="error" cx="{x(chosen.saving):.1f}" cy="{y(chosen.service):.1f}" r="10"/>'
        body.append(_titled(chosen, ring))
    return svg(width, height, title, body)


def _dot(one: Tried, x: float, y: float) -> str:
    if one.kind == "infeasible":
        return _titled(one, f'<path class="off line" d="M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6"/>')
    if one.kind == "front":
        return _titled(one, f'<circle class="good" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>')
    return _titled(one, f'<circle class="good line" style="fill:none" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')


def _diamond(x: float, y: float, r: float) -> str:
    return f"M{x:.1f} {y - r:.1f}L{x + r:.1f} {y:.1f}L{x:.1f} {y + r:.1f}L{x - r:.1f} {y:.1f}Z"


def _titled(one: Tried, shape: str) -> str:
    said = f"{one.said}: saves {100 * one.saving:.2f} %, service {100 * one.service:.3f} %"
    return f"<g><title>{escape(said)}</title>{shape}</g>"


def _key(constrained: bool) -> list[str]:
    """What the marks mean."""
    y = 66
    marks = [
        (f'<circle class="good" cx="92" cy="{y}" r="4.5"/>', 102, "front: no other is better in both"),
        (f'<circle class="good line" style="fill:none" cx="322" cy="{y}" r="3"/>', 332, "keeps the constraints"),
        (f'<path class="off line" d="M479 {y - 3}l6 6m0 -6l-6 6"/>', 492, "does not"),
        (f'<path class="less" d="{_diamond(572, y, 6)}"/>', 584, "the profile as it stands"),
        (f'<circle class="error" cx="752" cy="{y}" r="8"/>', 766, "chosen"),
    ]
    parts = [part for shape, x, words in marks for part in (shape, text(x, y + 4, words))]
    if constrained:
        parts += [f'<line class="error" stroke-dasharray="1 3" x1="824" x2="848" y1="{y}" y2="{y}"/>', text(854, y + 4, "asked for")]
    return parts
