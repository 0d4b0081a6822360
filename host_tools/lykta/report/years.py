"""A picture of a year: electricity month by month, and the load hour by hour of the day, of several schemes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from lykta.report.charts import svg, upright
from lykta.report.static import nice_step, text

HOURS = 24
#: The hour of the day with which the picture begins: the night stays in one piece.
_NOON = 12
_TOP, _HIGH, _LEFT, _GAP, _RIGHT = 96, 220, 60, 76, 20
#: Ours is filled; the others are lines, whole and dashed.
_LOOKS = ('class="good" stroke="none" fill-opacity=".75"', 'class="line error"', 'class="line less hollow" stroke-dasharray="5 3"')


@dataclass(frozen=True)
class Load:
    """A scheme: electricity of all kinds in each month [kWh], and in each hour of the day on the mean of the year [kW], from midnight."""

    name: str
    months: Sequence[float]
    hours: Sequence[float]


def year(title: str, subtitle: str, months: Sequence[str], loads: Sequence[Load], width: int = 960) -> str:
    """Months to the left, hours of the day to the right; at most three schemes, the first one filled."""
    wide = (width - _LEFT - _GAP - _RIGHT) / 2
    body = [text(16, 22, title, kind="head"), text(16, 40, subtitle, kind="quiet"), *_key([one.name for one in loads])]
    clock = [(hour + _NOON) % HOURS for hour in range(HOURS)]
    names = [f"{hour:02}" if not hour % 3 else "" for hour in clock]
    by_hour = [[one.hours[hour] for hour in clock] for one in loads]
    titles = [one.name for one in loads]
    body += _panel(_LEFT, wide, "kWh a month", [name[:3] for name in months], months, [one.months for one in loads], titles, "kWh")
    spoken = [f"from {hour:02}:00" for hour in clock]
    body += _panel(_LEFT + wide + _GAP, wide, "kW by hour of the day, mean of the year", names, spoken, by_hour, titles, "kW")
    return svg(width, _TOP + _HIGH + 40, title, body)


def _panel(
    left: float, wide: float, heading: str, ticks: Sequence[str], spoken: Sequence[str], values: Sequence[Sequence[float]],
    titles: Sequence[str], unit: str,
) -> list[str]:  # fmt: skip
    """One diagram: the first row of values as bars, the others as steps."""
    floor, most = _TOP + _HIGH, max([*(value for row in values for value in row), 1e-6])
    step = nice_step(most, 4)
    scale = _HIGH / (1.05 * most)
    each = wide / max(1, len(ticks))

    def y(value: float) -> float:
        return floor - value * scale

    parts = [text(left, _TOP - 12, heading)]
    for n in range(int(1.05 * most / step) + 1):
        at = n * step
        parts.append(f'<line class="{"grid" if n else "axis"}" x1="{left:.1f}" x2="{left + wide:.1f}" y1="{y(at):.1f}" y2="{y(at):.1f}"/>')
        parts.append(text(left - 8, y(at) + 4, f"{at:,.4g}", anchor="end", kind="quiet"))
    for n, tick in enumerate(ticks):
        if tick:
            parts.append(text(left + each * (n + 0.5), floor + 18, tick, anchor="middle", kind="quiet"))
    parts.append(upright(left, _TOP, floor, "axis"))
    for n, value in enumerate(values[0]):
        told = ", ".join(f"{name} {row[n]:,.4g} {unit}" for name, row in zip(titles, values, strict=True))
        title = f"<title>{escape(f'{spoken[n]}: {told}')}</title>"
        x, high = left + each * n + 1, floor - y(value)
        parts.append(f'<rect {_LOOKS[0]} x="{x:.1f}" y="{y(value):.1f}" width="{each - 2:.1f}" height="{high:.1f}">{title}</rect>')
    steps = [_steps(look, row, left, each, y) for look, row in zip(_LOOKS[1:], values[1:], strict=False)]
    return parts + steps


def _steps(look: str, row: Sequence[float], left: float, each: float, y: Callable[[float], float]) -> str:
    path = "".join(f"{'L' if n else 'M'}{left + each * n:.1f} {y(value):.1f}H{left + each * (n + 1):.1f}" for n, value in enumerate(row))
    return f'<path {look} pointer-events="none" d="{path}"/>'


def _key(names: Sequence[str]) -> list[str]:
    parts, x = [], 16.0
    for look, name in zip(_LOOKS, names, strict=False):
        filled = look is _LOOKS[0]
        mark = f'<rect {look} x="{x}" y="53" width="22" height="9"/>' if filled else f'<path {look} d="M{x} 57.5h22"/>'
        parts += [mark, text(x + 30, 62, name)]
        x += 60 + 7 * len(name)
    return parts
