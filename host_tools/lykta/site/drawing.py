"""Draws the map of a site as SVG: ways, lamps, sensors, entrances, guessed links dashed. Light and dark look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import atan2, ceil, cos, degrees, log10, pi, sin

from lykta.site.labels import Spot
from lykta.site.labels import place as place_labels
from lykta.site.model import Lamp, Site, Way
from lykta.site.topology import neighbours

_WIDTH = 1300.0  # of the drawing, in user units; the height follows
_MARGIN = 46.0
_LABELLED = 130  # up to so many lamps are named on the map
_SINGLE = 3000  # up to so many lamps are elements of their own, with a title
_HALF_BEAM = 20  # degrees to each side of where a radar looks

#: Colours that people with any colour vision tell apart (after Okabe and Ito), and their like on dark ground.
STYLE = """
.lk{--ground:#fbfbf8;--ink:#22262b;--soft:#6b7280;--street:#d5d8dd;--path:#cfe3d2;--square:#eadfcb;--crossing:#f2f2f2;
--line:#8f969f;--lamp:#f0b400;--rim:#5c4300;--floor:#d55e00;--sense:#0072b2;--still:#9aa1aa;--door:#009e73;
font-family:system-ui,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
@media (prefers-color-scheme:dark){.lk{--ground:#15181c;--ink:#e8eaed;--soft:#9aa3ae;--street:#343a43;--path:#24392b;
--square:#3d3527;--crossing:#4a5058;--line:#6d7681;--lamp:#ffd24a;--rim:#1c1400;--floor:#ff8a3d;--sense:#56b4e9;--still:#6d7681;--door:#2fc79a}}
.lk-ground{fill:var(--ground)}.lk text{fill:var(--ink);font-size:11px}.lk .lk-id{fill:var(--soft);font-size:9px}
.lk-way{fill:none;stroke-linecap:round;stroke-linejoin:round}.lk-street{stroke:var(--street)}.lk-path{stroke:var(--path)}
.lk-square{stroke:var(--square)}.lk-crossing{stroke:var(--crossing);stroke-linecap:butt}
.lk-line{fill:none;stroke:var(--line);stroke-width:1}.lk-guessed{stroke-dasharray:5 4}
.lk-lamp{fill:var(--lamp);stroke:var(--rim);stroke-width:.8}.lk-lamps{fill:none;stroke:var(--lamp);stroke-linecap:round}
.lk-still{fill:none;stroke:var(--still);stroke-width:1.4}.lk-stills{fill:none;stroke:var(--still);stroke-linecap:round}
.lk-floor{fill:none;stroke:var(--floor);stroke-width:2}.lk-floors{fill:none;stroke:var(--floor);stroke-linecap:round}
.lk-beam{fill:var(--sense);fill-opacity:.16;stroke:var(--sense);stroke-opacity:.45;stroke-width:.7}
.lk-pir{fill:none;stroke:var(--sense);stroke-opacity:.75;stroke-width:1;stroke-dasharray:2 2.2}.lk-still-radar{fill:var(--sense)}
.lk-door{fill:var(--door)}.lk-post{fill:none;stroke:var(--line);stroke-width:.8}.lk-scale{stroke:var(--ink);stroke-width:1.5;fill:none}
.lk .lk-title{font-size:17px;font-weight:600}.lk .lk-note{fill:var(--soft)}
"""


@dataclass(frozen=True)
class _Frame:
    """From cm on the plane to the drawing: y points down there."""

    left_cm: float
    top_cm: float
    per_cm: float
    width: float
    height: float
    shift_x: float
    shift_y: float

    def at(self, x_cm: float, y_cm: float) -> tuple[float, float]:
        return self.shift_x + (x_cm - self.left_cm) * self.per_cm, self.shift_y + (self.top_cm - y_cm) * self.per_cm

    def metres(self, length_m: float) -> float:
        return length_m * 100 * self.per_cm


def picture(site: Site) -> str:
    """The map of a site as an SVG text that needs nothing else."""
    frame = _frame(site)
    box = f'viewBox="0 0 {frame.width:.0f} {frame.height:.0f}"'
    parts = [
        f'<svg class="lk" xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="Map of {escape(site.name, quote=True)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="lk-ground" width="{frame.width:.0f}" height="{frame.height:.0f}"/>',
        *_ways(site, frame),
        *_sensors(site, frame),
        *_doors(site, frame),
        *_lamps(site, frame),
        *_words(site, frame),
        "</svg>",
    ]
    return "\n".join(parts)


def _frame(site: Site) -> _Frame:
    """The site fitted into the width, with room for title above and legend below."""
    xs = [point.x_cm for point in site.points] + [lamp.post_cm[0] for lamp in site.lamps if lamp.post_cm]
    ys = [point.y_cm for point in site.points] + [lamp.post_cm[1] for lamp in site.lamps if lamp.post_cm]
    wide, high = max(max(xs) - min(xs), 2000), max(max(ys) - min(ys), 2000)
    inner = _WIDTH - 2 * _MARGIN
    per_cm = min(inner / wide, 0.52 * _WIDTH / high, 0.08)
    height = high * per_cm + 2 * _MARGIN + 86
    left = _MARGIN + (inner - (max(xs) - min(xs)) * per_cm) / 2
    return _Frame(min(xs), max(ys), per_cm, _WIDTH, height, left, _MARGIN + 34)


def _ways(site: Site, frame: _Frame) -> list[str]:
    """Bands as wide as the way, and a thin line for each link on them."""
    places = {point.id: frame.at(point.x_cm, point.y_cm) for point in site.points}
    ways = {way.id: way for way in site.ways}
    bands: defaultdict[str, list[str]] = defaultdict(list)
    lines: defaultdict[bool, list[str]] = defaultdict(list)
    for link in site.links:
        (ax, ay), (bx, by) = places[link.a], places[link.b]
        step = f"M{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}"
        lines[link.guessed].append(step)
        if not link.guessed:
            bands[ways[link.way].kind].append(step)
    parts = []
    for kind, width_m in (("square", 9.0), ("path", 4.0), ("street", 7.0), ("crossing", 4.0)):
        if bands[kind]:
            width = max(frame.metres(width_m), 2.2)
            dashes = f' stroke-dasharray="{frame.metres(0.7):.1f} {frame.metres(0.7):.1f}"' if kind == "crossing" else ""
            parts.append(f'<path class="lk-way lk-{kind}" stroke-width="{width:.1f}"{dashes} d="{"".join(bands[kind])}"/>')
    if lines[False]:
        parts.append(f'<path class="lk-line" d="{"".join(lines[False])}"/>')
    if lines[True]:
        parts.append(f'<path class="lk-line lk-guessed" d="{"".join(lines[True])}"/>')
    return parts


def _sensors(site: Site, frame: _Frame) -> list[str]:
    """Rings as far as a sensor sees, beams of radars towards the point they face."""
    places = {point.id: (point.x_cm, point.y_cm) for point in site.points}
    parts = []
    for lamp in site.lamps:
        x, y = frame.at(lamp.x_cm, lamp.y_cm)
        for sensor in lamp.sensors:
            reach = frame.metres(max(sensor.range_cm.values(), default=0) / 100)
            if sensor.facing:
                ox, oy = frame.at(*places[sensor.facing])
                parts.append(_beam(x, y, atan2(oy - y, ox - x), reach))
            elif sensor.kind in ("pir", "ideal") and len(site.lamps) <= _SINGLE:
                parts.append(f'<circle class="lk-pir" cx="{x:.1f}" cy="{y:.1f}" r="{max(reach, 5):.1f}"/>')
    return parts


def _beam(x: float, y: float, direction: float, reach: float) -> str:
    half = _HALF_BEAM * pi / 180
    x1, y1 = x + reach * cos(direction - half), y + reach * sin(direction - half)
    x2, y2 = x + reach * cos(direction + half), y + reach * sin(direction + half)
    return f'<path class="lk-beam" d="M{x:.1f} {y:.1f}L{x1:.1f} {y1:.1f}A{reach:.1f} {reach:.1f} 0 0 1 {x2:.1f} {y2:.1f}Z"/>'


def _doors(site: Site, frame: _Frame) -> list[str]:
    """A triangle at each entrance, pointing in."""
    if len(site.entrances) > _LABELLED:
        return []
    places = {point.id: frame.at(point.x_cm, point.y_cm) for point in site.points}
    near = neighbours(site)
    parts = []
    for name in site.entrances:
        x, y = places[name]
        inwards = near.get(name)
        turn = degrees(atan2(places[inwards[0]][1] - y, places[inwards[0]][0] - x)) if inwards else 0.0
        title = f"<title>entrance {escape(name)}</title>"
        shape = f'd="M0 0L-11 -5.5L-11 5.5Z" transform="translate({x:.1f} {y:.1f}) rotate({turn:.0f})"'
        parts.append(f'<path class="lk-door" {shape}>{title}</path>')
    return parts


def _lamps(site: Site, frame: _Frame) -> list[str]:
    if len(site.lamps) > _SINGLE:
        return _many_lamps(site.lamps, frame)
    radius = min(max(frame.metres(1.6), 2.2), 5.5)
    parts = []
    for lamp in site.lamps:
        x, y = frame.at(lamp.x_cm, lamp.y_cm)
        if lamp.post_cm is not None:
            px, py = frame.at(*lamp.post_cm)
            parts.append(f'<path class="lk-post" d="M{x:.1f} {y:.1f}L{px:.1f} {py:.1f}"/>')
            x, y = px, py
        kind = "lamp" if lamp.adaptive else "still"
        floor = f'<circle class="lk-floor" cx="{x:.1f}" cy="{y:.1f}" r="{radius + 2.5:.1f}"/>' if lamp.floors else ""
        dot = f'<circle class="lk-{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
        radar = any(sensor.kind == "ld2410" for sensor in lamp.sensors)
        mark = f'<circle class="lk-still-radar" cx="{x:.1f}" cy="{y:.1f}" r="{radius * 0.45:.1f}"/>' if radar else ""
        parts.append(f'<g id="lamp-{escape(lamp.id, quote=True)}"><title>{escape(_told(lamp))}</title>{floor}{dot}{mark}</g>')
    return parts + (_labels(site, frame, radius) if len(site.lamps) <= _LABELLED else [])


def _many_lamps(lamps: Sequence[Lamp], frame: _Frame) -> list[str]:
    """A city: one path of dots for each kind of lamp."""
    dots: defaultdict[str, list[str]] = defaultdict(list)
    for lamp in lamps:
        x, y = frame.at(*_place(lamp))
        kind = "stills" if not lamp.adaptive else "floors" if lamp.floors else "lamps"
        dots[kind].append(f"M{x:.1f} {y:.1f}h0")
    return [f'<path class="lk-{kind}" stroke-width="2.2" d="{"".join(steps)}"/>' for kind, steps in sorted(dots.items())]


def _told(lamp: Lamp) -> str:
    """What a lamp is, for who points at it."""
    words = [f"{lamp.id}: {lamp.zone}, {lamp.fixture}"]
    words += [f"{lamp.heads} heads"] * (lamp.heads > 1) + ["not adaptive"] * (not lamp.adaptive)
    words += [sensor.kind + (f" towards {sensor.facing}" if sensor.facing else "") for sensor in lamp.sensors] or ["no sensor"]
    words += [f"never below {floor.permille / 10:g} % ({floor.reason})" for floor in lamp.floors]
    return "; ".join(words)


def _labels(site: Site, frame: _Frame, radius: float) -> list[str]:
    """The names of the lamps, outside the rings of their sensors where those are small."""
    places = {point.id: frame.at(point.x_cm, point.y_cm) for point in site.points}
    near = neighbours(site)
    spots = []
    for lamp in site.lamps:
        ring = max((frame.metres(sensor.range_cm["pedestrian"] / 100) for sensor in lamp.sensors if not sensor.facing), default=0.0)
        off = max(radius + 4, ring if ring < 25 else 0.0) + 3
        spots.append(Spot(lamp.id, *frame.at(*_place(lamp)), off, [places[name] for name in near.get(lamp.id, ())]))
    return [
        f'<text class="lk-id" x="{label.x:.1f}" y="{label.y:.1f}" text-anchor="{label.anchor}">{escape(name)}</text>'
        for name, label in place_labels(spots).items()
    ]


def _place(lamp: Lamp) -> tuple[int, int]:
    """Where the post is drawn [cm]."""
    return lamp.post_cm or (lamp.x_cm, lamp.y_cm)


def _words(site: Site, frame: _Frame) -> list[str]:
    """Title, legend, scale bar and source."""
    note = f" ({site.note})" if site.note else ""
    told = ", ".join(f"{kind} {length / 100_000:.2f} km" for kind, length in _lengths(site).items())
    bottom = frame.height - 26
    parts = [
        f'<text class="lk-title" x="{_MARGIN}" y="30">{escape(site.name)}</text>',
        f'<text class="lk-note" x="{_MARGIN}" y="48">{len(site.lamps)} lamps; {escape(told)}{escape(note)}</text>',
    ]
    x = _MARGIN
    for mark, text in _legend(site):
        parts.append(f'<g transform="translate({x:.0f} {bottom - 4:.0f})">{mark}<text x="14" y="4">{text}</text></g>')
        x += 30 + 6.2 * len(text)
    bar_m = _round_length(frame)
    width = frame.metres(bar_m)
    right = frame.width - _MARGIN
    name = f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m"
    parts.append(f'<path class="lk-scale" d="M{right - width:.1f} {bottom - 8:.0f}v5h{width:.1f}v-5"/>')
    parts.append(f'<text x="{right - width / 2:.1f}" y="{bottom - 12:.0f}" text-anchor="middle">{name}</text>')
    parts.append(f'<path class="lk-scale" d="M{right} 46v-22m-4 7l4 -7l4 7"/><text x="{right}" y="60" text-anchor="middle">N</text>')
    if site.source:
        parts.append(f'<text class="lk-note" x="{_MARGIN}" y="{frame.height - 8:.0f}">{escape(site.source)}</text>')
    return parts


def _lengths(site: Site) -> dict[str, int]:
    """The length of ways by kind [cm]."""
    ways: dict[str, Way] = {way.id: way for way in site.ways}
    lengths: defaultdict[str, int] = defaultdict(int)
    for link in site.links:
        lengths[ways[link.way].kind] += link.length_cm
    return dict(lengths)


def _legend(site: Site) -> list[tuple[str, str]]:
    """(mark, word) for what is on this map."""
    sensors = {sensor.kind for lamp in site.lamps for sensor in lamp.sensors}
    small = len(site.lamps) <= _SINGLE
    entries = [('<circle class="lk-lamp" cx="4" r="5"/>', "lamp", True)]
    entries.append(('<circle class="lk-floor" cx="4" r="6"/>', "has a floor", any(lamp.floors for lamp in site.lamps)))
    entries.append(('<circle class="lk-still" cx="4" r="4.5"/>', "not adaptive", not all(lamp.adaptive for lamp in site.lamps)))
    entries.append(('<circle class="lk-pir" cx="4" r="6"/>', "PIR, its range", small and bool(sensors & {"pir", "ideal"})))
    entries.append(('<circle class="lk-still-radar" cx="4" r="3"/>', "presence radar", small and "ld2410" in sensors))
    entries.append((_beam(-3, 0, 0.0, 14), "radar, its range for cars", "ld2451" in sensors))
    doors = bool(site.entrances) and len(site.entrances) <= _LABELLED
    entries.append(('<path class="lk-door" d="M9 0L-2 -5.5L-2 5.5Z"/>', "entrance", doors))
    guessed = any(link.guessed for link in site.links)
    entries.append(('<path class="lk-line lk-guessed" d="M-4 0h14"/>', "guessed link", guessed))
    return [(mark, word) for mark, word, there in entries if there]


def _round_length(frame: _Frame) -> float:
    """A round length of about a tenth of the drawing [m]."""
    about = frame.width / 10 / frame.metres(1)
    unit = 10.0 ** (ceil(log10(about)) - 1)
    return float(next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= about * 0.7))
