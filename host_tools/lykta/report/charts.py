"""Pictures of figures: schemes beside each other, a Pareto front, a tornado. SVG that follows the reader's light or dark look.

What differs by colour differs by shape or place, too. No script, no network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

from lykta.report.static import nice_step, text

_STYLE = (
    "svg{background:#fff}text{font:12px system-ui,'Segoe UI',Roboto,'Liberation Sans',sans-serif;fill:#1c2430}"
    ".quiet{fill:#5a6675}.head{font-weight:600;font-size:14px}.axis{stroke:#8a94a3;stroke-width:1}.grid{stroke:#e2e6ec;stroke-width:1}"
    ".good{fill:#2166ac;stroke:#2166ac}.less{fill:#b35806;stroke:#b35806}.off{fill:#b8c0cb;stroke:#8a94a3}.offtext{fill:#8a94a3}"
    ".line{fill:none;stroke-width:1.6}.error{stroke:#1c2430;stroke-width:1.4;fill:none}.hollow{fill:none}.mark{fill:#1c2430}"
)
_DARK = (
    "svg{background:#151a22}text{fill:#e6e9ee}.quiet{fill:#a3adba}.grid{stroke:#2b3340}.good{fill:#6baed6;stroke:#6baed6}"
    ".less{fill:#f0a35e;stroke:#f0a35e}.off{fill:#4a5361;stroke:#6d7787}.offtext{fill:#8f99a8}.error{stroke:#e6e9ee}.mark{fill:#e6e9ee}"
)
STYLE = f"{_STYLE}@media(prefers-color-scheme:dark){{{_DARK}}}"


def svg(width: float, height: float, label: str, body: Sequence[str]) -> str:
    """A picture that stands alone."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img" '
        f'aria-label="{escape(label, quote=True)}"><style>{STYLE}</style>{"".join(body)}</svg>\n'
    )


def upright(x: float, top: float, floor: float, kind: str = "grid", dash: str = "") -> str:
    """A line from top to bottom."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{floor:.1f}"{dashed}/>'


@dataclass(frozen=True)
class Bar:
    """A scheme: what it saves and how it serves, shares between 0 and 1, each as (value, low, high). `ranked` False: drawn grey."""

    name: str
    saving: tuple[float | None, float | None, float | None]
    service: tuple[float | None, float | None, float | None]
    ranked: bool


def schemes(title: str, subtitle: str, bars: Sequence[Bar], possible: float | None, least_service: float, width: int = 960) -> str:
    """Saving as bars with their intervals; beside each, on a scale that shows nines, the service of the class that is served worst."""
    names, gap, row, top = 300, 40, 26, 82
    left = names + 16
    wide = (width - left - 24 - gap) * 0.58
    right = left + wide + gap
    narrow = width - 24 - right
    height = top + row * len(bars) + 58
    most = max([*(one.saving[2] or one.saving[0] or 0.0 for one in bars), possible or 0.0, 0.05])
    low = min([0.0, *(one.saving[1] or one.saving[0] or 0.0 for one in bars)])
    step = nice_step(100 * (most - low), 5) / 100
    low = step * int(low / step - 0.999) if low < 0 else 0.0
    scale = wide / (most * 1.06 - low)

    def x(share: float) -> float:
        return left + (share - low) * scale

    floor = top + row * len(bars)
    body = [text(16, 22, title, kind="head"), text(16, 40, subtitle, kind="quiet")]
    body += [text(left, 64, "saving of lamp energy"), text(right, 64, "service of the class served worst")]
    for n in range(int((most * 1.06 - low) / step) + 1):
        at = low + n * step
        body.append(upright(x(at), top - 8, floor))
        body.append(text(x(at), floor + 16, f"{100 * at:.0f} %", anchor="middle", kind="quiet"))
    body += _service_axis(right, narrow, top, floor, least_service)
    for n, one in enumerate(bars):
        body += _bar(one, n, top + row * n + row / 2, x, names, right, narrow)
    if possible is not None:
        body.append(upright(x(possible), top - 8, floor, "error", "4 3"))
        body.append(text(x(possible), floor + 34, f"possible: {100 * possible:.1f} %", anchor="middle"))
    if any(not one.ranked for one in bars):
        body.append(text(16, height - 8, "Grey: below the service asked for, not ranked.", kind="quiet"))
    return svg(width, height, title, body)


_NINES = (0.9, 0.99, 0.999, 0.9999)


def _nines(service: float, wide: float) -> float:
    """Where a service stands on a scale on which 90, 99, 99.9 and 99.99 % are evenly apart; both ends are kept."""
    lost = max(1.0 - service, 10**-4.5)
    return wide * min(max(-log10(lost) / 4.5, 0.0), 1.0)


def _service_axis(left: float, wide: float, top: float, floor: float, least: float) -> list[str]:
    parts = []
    for at in _NINES:
        x = left + _nines(at, wide)
        parts.append(upright(x, top - 8, floor))
        parts.append(text(x, floor + 16, f"{100 * at:g} %", anchor="middle", kind="quiet"))
    x = left + _nines(least, wide)
    parts.append(upright(x, top - 8, floor, "error", "1 3"))
    parts.append(text(x, floor + 34, f"asked for: {100 * least:g} %", anchor="middle"))
    return parts


def _bar(one: Bar, number: int, y: float, x: Callable[[float], float], names: float, right: float, narrow: float) -> list[str]:
    kind, words = ("good", "") if one.ranked else ("off", "offtext")
    name = one.name if len(one.name) <= 46 else one.name[:45] + "…"
    place = f"{number + 1}. " if one.ranked else ""
    parts = [f"<g><title>{escape(one.name)}</title>", text(names, y + 4, place + name, anchor="end", kind=words)]
    value, low, high = one.saving
    if value is not None:
        begin, end = sorted((x(0.0), x(value)))
        parts.append(f'<rect class="{kind}" x="{begin:.1f}" y="{y - 7:.1f}" width="{max(1.0, end - begin):.1f}" height="14"/>')
        parts += _whisker(x(low), x(high), y) if low is not None and high is not None else []
    value, low, high = one.service
    if value is not None:
        at = right + _nines(value, narrow)
        if low is not None and high is not None:
            parts += _whisker(right + _nines(low, narrow), right + _nines(high, narrow), y)
        parts.append(f'<circle class="{kind}" cx="{at:.1f}" cy="{y:.1f}" r="4.5"/>')
    return [*parts, "</g>"]


def _whisker(low: float, high: float, y: float) -> list[str]:
    return [f'<path class="error" d="M{low:.1f} {y - 4:.1f}v8M{high:.1f} {y - 4:.1f}v8M{low:.1f} {y:.1f}H{high:.1f}"/>']
