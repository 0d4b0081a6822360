"""Pictures that stand alone: the space-time diagram of a strip and the map of a site as SVG, without a script.

For the README, for a page without scripts, for a mail. They follow the reader's light or dark look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import ceil, log10

import numpy as np
from numpy.typing import NDArray

from lykta.report.clock import Clock
from lykta.report.colour import NO_LAMP, PALETTE, STROKES, brightness, hexadecimal
from lykta.report.light import Light
from lykta.report.png import data_uri, encode
from lykta.report.strips import Line, Strip, bands
from lykta.score import Outage
from lykta.site.model import Site

_STYLE = (
    "text{font:12px system-ui,'Segoe UI',Roboto,'Liberation Sans',sans-serif;fill:#1c2430}"
    ".quiet{fill:#5a6675}.head{font-weight:600;font-size:14px}.axis{stroke:#8a94a3;stroke-width:1}.void{fill:#e8ebef}"
)
_DARK = "text{fill:#e6e9ee}.quiet{fill:#a3adba}.void{fill:#262d38}"
#: Style by look: "auto" follows the reader's system; the others are for pages that choose between two pictures.
STYLES = {"auto": f"{_STYLE}@media(prefers-color-scheme:dark){{{_DARK}}}", "light": _STYLE, "dark": _STYLE + _DARK}
#: What lies around the picture of a space-time diagram [px].
MARGINS = (62, 64, 16, 46)
_LEFT, _TOP, _RIGHT, _BOTTOM = MARGINS


def _svg(width: float, height: float, label: str, body: Sequence[str], look: str = "auto") -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'role="img" aria-label="{escape(label, quote=True)}"><style>{STYLES[look]}</style>{"".join(body)}</svg>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> str:
    """A line of text as an SVG element."""
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(words)}</text>'


def raster(strip: Strip, light: Light, edges_ms: NDArray[np.float64], width: int, outages: Sequence[Outage] = ()) -> NDArray[np.uint8]:
    """The brightness of a strip as palette indices (rows of time, columns of street): means over the time of each row.

    A row in which a lamp is dead for more than half the time is dark.
    """
    middle = (edges_ms[1:] + edges_ms[:-1]) / 2
    pixels = np.full((edges_ms.size - 1, width), NO_LAMP, dtype=np.uint8)
    scale = width / max(1, strip.length_cm)
    shown = [(round(band.from_cm * scale), round(band.to_cm * scale), band) for band in bands(strip)]
    shown = [one for one in shown if one[1] > one[0]]
    shades = np.round(light.means([band.lamp for _, _, band in shown], edges_ms) * (NO_LAMP - 1) / 1000)
    for shade, (first, last, band) in zip(shades, shown, strict=True):
        for out in outages:
            if out.lamp == band.lamp:
                shade[(middle >= out.from_ms) & (middle < out.until_ms)] = 0
        pixels[:, first:last] = np.clip(shade, 0, NO_LAMP - 1).astype(np.uint8)[:, None]
    return pixels


def nice_step(span: float, wanted: int) -> float:
    """A step of 1, 2 or 5 times a power of ten that cuts a span into about so many parts."""
    rough = max(span, 1e-9) / wanted
    power = 10.0 ** np.floor(log10(rough))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999))


def _polyline(line: Line, x: float, y: float) -> str:
    stroke = STROKES[line.road_user]
    points = " ".join(f"{place * x:.1f},{t * y:.1f}" for t, place in line.corners)
    dash = f' stroke-dasharray="{" ".join(map(str, stroke.dash))}"' if stroke.dash else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="#fff" stroke-opacity=".65" stroke-width="2.6"/>'
        f'<polyline points="{points}" fill="none" stroke="{stroke.colour}" stroke-width="1.2"{dash}/>'
    )


def space_time(
    strip: Strip,
    light: Light | None,
    lines: Sequence[Line],
    clock: Clock,
    *,
    title: str,
    agenda: Sequence[tuple[int, str]] = (),
    outages: Sequence[Outage] = (),
    from_ms: int | None = None,
    until_ms: int | None = None,
    width: int = 960,
    height: int = 640,
    look: str = "auto",
    say: Callable[[str], str] = str,
) -> str:
    """The space-time diagram of a strip: along the street to the right, time downwards, every road user a line. `look`: see STYLES.

    Without `light` the brightness is left out: for a page that lays the rest over a picture of it, within MARGINS. `say` translates.
    """
    begin = clock.begin_ms if from_ms is None else from_ms
    end = max(begin + 1, clock.end_ms if until_ms is None else until_ms)
    wide, high = width - _LEFT - _RIGHT, height - _TOP - _BOTTOM
    per_cm, per_ms = wide / max(1, strip.length_cm), high / (end - begin)
    body = [text(_LEFT, 18, title, kind="head"), _key(lines, say)]
    if light is not None:
        edges = np.linspace(begin, end, high + 1)
        picture = data_uri(encode(raster(strip, light, edges, wide, outages), (*PALETTE, (255, 255, 255)), transparent=NO_LAMP))
        body.append(f'<rect class="void" x="{_LEFT}" y="{_TOP}" width="{wide}" height="{high}"/>')
        body.append(f'<image x="{_LEFT}" y="{_TOP}" width="{wide}" height="{high}" href="{picture}" style="image-rendering:pixelated"/>')
    clip = f"<clipPath id='c'><rect x='{_LEFT}' y='{_TOP}' width='{wide}' height='{high}'/></clipPath>"
    drawn = [
        _polyline(_shifted(line, begin), per_cm, per_ms) for line in lines if line.corners[-1][0] >= begin and line.corners[0][0] <= end
    ]
    body.append(f'{clip}<g clip-path="url(#c)"><g transform="translate({_LEFT},{_TOP})">{"".join(drawn)}</g></g>')
    body += _time_axis(clock, begin, end, per_ms, agenda, width)
    body += _street_axis(strip, per_cm, height, say)
    return _svg(width, height, f"{say('Space-time diagram')}: {title}", body, look)


def _shifted(line: Line, begin_ms: int) -> Line:
    return Line(line.user, line.road_user, tuple((t - begin_ms, place) for t, place in line.corners))


def _key(lines: Sequence[Line], say: Callable[[str], str]) -> str:
    """The key: the scale of brightness, and the strokes of the classes that appear."""
    cells = "".join(
        f'<rect x="{_LEFT + 40 + 12 * n}" y="28" width="12.5" height="10" fill="{hexadecimal(brightness(n / 10))}"/>' for n in range(11)
    )
    parts = [text(_LEFT, 37, "0 %"), cells, text(_LEFT + 178, 37, say("100 % of full light"))]
    x = _LEFT + 310
    for road_user in sorted({line.road_user for line in lines}):
        stroke = STROKES[road_user]
        dash = f' stroke-dasharray="{" ".join(map(str, stroke.dash))}"' if stroke.dash else ""
        parts.append(f'<rect x="{x}" y="28" width="30" height="10" fill="{hexadecimal(brightness(0.9))}"/>')
        parts.append(f'<line x1="{x}" x2="{x + 30}" y1="33" y2="33" stroke="{stroke.colour}" stroke-width="1.6"{dash}/>')
        parts.append(text(x + 35, 37, say(stroke.plural)))
        x += 130
    return "".join(parts)


def _time_axis(clock: Clock, begin: int, end: int, per_ms: float, agenda: Sequence[tuple[int, str]], width: int) -> list[str]:
    parts = []
    for t_ms in _time_ticks(clock, begin, end):
        y = _TOP + (t_ms - begin) * per_ms
        seconds = end - begin < 600_000
        parts.append(f'<line class="axis" x1="{_LEFT - 5}" x2="{_LEFT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(_LEFT - 8, y + 4, clock.text(t_ms, seconds), anchor="end"))
    for t_ms, name in agenda:
        if begin < t_ms < end:
            y = _TOP + (t_ms - begin) * per_ms
            across = f'x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
            parts.append(f'<line {across} stroke="#0d1220" stroke-opacity=".55" stroke-width="2.4"/>')
            parts.append(f'<line {across} stroke="#fff" stroke-width="1.2" stroke-dasharray="2 5"/>')
            parts.append(
                f'<text x="{width - _RIGHT - 4}" y="{y + 12:.1f}" text-anchor="end" '
                f'style="fill:#fff;paint-order:stroke;stroke:#10141c;stroke-width:3px">{escape(name)}</text>'
            )
    return parts


def _time_ticks(clock: Clock, begin: int, end: int) -> list[int]:
    """Whole local hours, or for a shorter stretch whole minutes or seconds."""
    if end - begin > 5 * 3_600_000:
        return [t for t in clock.hours() if begin <= t <= end]
    steps = [1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000]
    step = next((step for step in steps if (end - begin) / step <= 10), steps[-1])
    first = begin + (-clock.local_ms(begin)) % step
    return list(range(first, end + 1, step))


def _street_axis(strip: Strip, per_cm: float, height: int, say: Callable[[str], str]) -> list[str]:
    floor = height - _BOTTOM
    west, east = (", ".join(say(part) for part in end.split(", ")) for end in strip.ends)
    parts = [text(_LEFT, height - 8, f"\u2190 {west}", kind="quiet")]
    right = _LEFT + strip.length_cm * per_cm
    parts.append(text(right, height - 8, f"{east} \u2192", anchor="end", kind="quiet"))
    if strip.measured and strip.length_cm:
        step = nice_step(strip.length_cm / 100, 8) * 100
        for n in range(int(strip.length_cm / step) + 1):
            x = _LEFT + n * step * per_cm
            parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{floor}" y2="{floor + 5}"/>')
            parts.append(text(x, floor + 18, f"{n * step / 100:g}" + (" m" if n == 0 else ""), anchor="middle"))
    for stop in strip.stops:
        x = _LEFT + stop.chainage_cm * per_cm
        parts.append(f'<circle cx="{x:.1f}" cy="{_TOP - 6}" r="2.2" fill="#8a94a3"/>')
    return parts


def street_map(site: Site, share: Mapping[int, float], *, title: str, width: int = 960) -> str:
    """The map of a site: every lamp coloured by its share (0 to 1) of the energy it would use always on; north is up."""
    points = site.points
    west, south = min(p.x_cm for p in points), min(p.y_cm for p in points)
    east, north = max(p.x_cm for p in points), max(p.y_cm for p in points)
    margin, head = 24.0, 52.0
    scale = (width - 2 * margin) / max(east - west, (north - south) * 1.2, 2000)
    height = head + 2 * margin + (north - south) * scale + 20
    at = {p.id: (margin + (p.x_cm - west) * scale, head + margin + (north - p.y_cm) * scale) for p in points}
    body = [text(margin, 20, title, kind="head")]
    body.append(
        "".join(
            f'<rect x="{margin + 12 * n:g}" y="30" width="12.5" height="10" fill="{hexadecimal(brightness(n / 10))}"/>' for n in range(11)
        )
    )
    body.append(text(margin + 140, 39, "0 to 100 % of the energy of the same lamp always on"))
    for link in site.links:
        (x0, y0), (x1, y1) = at[link.a], at[link.b]
        dash = ' stroke-dasharray="4 4"' if link.guessed else ""
        body.append(f'<line class="axis" x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"{dash}/>')
    radius = 6.5 if len(site.lamps) <= 150 else max(1.2, 6.5 * (150 / len(site.lamps)) ** 0.5)
    for number, lamp in enumerate(site.lamps):
        x, y = at[lamp.id]
        fill = hexadecimal(brightness(share[number])) if number in share else "#9aa3af"
        said = f"{100 * share[number]:.0f} %" if number in share else "not known"
        circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" stroke="#5a6675">'
        body.append(f"{circle}<title>{escape(lamp.id)}: {said}</title></circle>")
    metres = nice_step((east - west or 2000) / 100, 5)
    bar = metres * 100 * scale
    y = height - 10
    body.append(f'<path d="M{margin} {y - 5:.1f}v5h{bar:.1f}v-5" fill="none" class="axis"/>')
    body.append(text(margin + bar + 6, y, f"{metres:g} m"))
    return _svg(width, ceil(height), f"Map: {title}", body)
