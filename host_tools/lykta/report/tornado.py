"""A tornado picture: what each change brings in saving and in service, the heaviest on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from lykta.report.charts import svg, upright
from lykta.report.static import nice_step, text

_NAMES, _ROW, _TOP, _GAP, _RIGHT = 250, 26, 96, 36, 20


@dataclass(frozen=True)
class Swing:
    """One thing and what changing it brings, as differences of shares: (less, more), None where that was not tried."""

    name: str
    said: str
    saving: tuple[float | None, float | None]
    service: tuple[float | None, float | None]


def tornado(title: str, subtitle: str, swings: Sequence[Swing], ways: tuple[str, str], width: int = 960) -> str:
    """Both effects of every change beside each other, in points; `ways` says what the two colours mean ("" for only one)."""
    wide = (width - _NAMES - 16 - _RIGHT - _GAP) / 2
    floor = _TOP + _ROW * max(1, len(swings))
    height = floor + 50
    body = [text(16, 22, title, kind="head"), text(16, 40, subtitle, kind="quiet"), *_key(ways)]
    for column, (heading, key) in enumerate((("saving, points", "saving"), ("service of the class served worst, points", "service"))):
        left = _NAMES + 16 + column * (wide + _GAP)
        values = [100 * value for one in swings for value in getattr(one, key) if value is not None]
        low, high = min([0.0, *values]), max([0.0, *values])
        span = max(high - low, 0.01)
        step = nice_step(span, 4)
        low, high = step * (low // step), step * -(-high // step)
        scale = wide / max(high - low, step)
        body.append(text(left, _TOP - 16, heading))
        body += _axis(left, low, high, step, scale, floor)
        for number, one in enumerate(swings):
            body += _bars(one, getattr(one, key), left - low * scale, _TOP + _ROW * number, scale)
    body += [_name(one, _TOP + _ROW * number + _ROW / 2 + 4) for number, one in enumerate(swings)]
    if not swings:
        body.append(text(_NAMES, _TOP + 16, "nothing to show", anchor="end", kind="quiet"))
    return svg(width, height, title, body)


def _axis(left: float, low: float, high: float, step: float, scale: float, floor: float) -> list[str]:
    parts = []
    for n in range(round((high - low) / step) + 1):
        at = low + n * step
        x = left + (at - low) * scale
        parts.append(upright(x, _TOP - 6, floor, "axis" if abs(at) < step / 2 else "grid"))
        parts.append(text(x, floor + 18, f"{at:+.3g}" if abs(at) >= step / 2 else "0", anchor="middle", kind="quiet"))
    return parts


def _bars(one: Swing, values: tuple[float | None, float | None], zero: float, top: float, scale: float) -> list[str]:
    """The bar of less above that of more; the first is lighter by shape, too: it is hollow."""
    parts = []
    for place, value in enumerate(values):
        if value is None:
            continue
        way = 100 * value * scale
        begin, long = min(zero, zero + way), max(1.0, abs(way))
        look = 'class="less" style="fill-opacity:.25"' if place == 0 else 'class="good"'
        title = f"<title>{escape(one.said)}: {100 * value:+.3f} points</title>"
        parts.append(f'<rect {look} x="{begin:.1f}" y="{top + 4 + 10 * place:.1f}" width="{long:.1f}" height="8">{title}</rect>')
    return parts


def _name(one: Swing, y: float) -> str:
    short = one.name if len(one.name) <= 38 else one.name[:37] + "…"
    return f"<g><title>{escape(one.said)}</title>{text(_NAMES, y, short, anchor='end')}</g>"


def _key(ways: tuple[str, str]) -> list[str]:
    parts, x = [], 266.0
    for place, way in enumerate(ways):
        if way:
            look = 'class="less" style="fill-opacity:.25"' if place == 0 else 'class="good"'
            parts += [f'<rect {look} x="{x}" y="52" width="22" height="9"/>', text(x + 30, 61, way)]
            x += 60 + 7 * len(way)
    return parts
