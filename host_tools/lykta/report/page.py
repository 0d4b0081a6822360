"""The report of one night as one file: everything in it, no network needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lykta.report import embed, figures, settings, static
from lykta.report.clock import Clock
from lykta.report.colour import STROKES, brightness, hexadecimal
from lykta.report.light import Light, caps
from lykta.report.model import ReportInput
from lykta.report.strips import strips
from lykta.report.view import Bar, LampEnergy, Sheet, View
from lykta.score.words import duration, reservations

_HERE = Path(__file__).resolve().parent
_SCRIPTS = ("unpack.js", "data.js", "light.js", "picture.js", "diagram.js", "lamp.js", "map.js", "page.js")
D3_VERSION = "7.9.0"
_MOST_LAMPS_IN_TABLE = 400
_MOST_PRINTED = 12  # ways, two on a page
_HONEST = (
    "Each column is one lamp and shows what the lamp gives, not the light on the ground; nothing is interpolated between lamps, and "
    "farther than 25 m from a lamp nothing is drawn (hatched). Each pixel is the mean over its time: zoomed out, a short wave of light "
    "looks paler than it was, and none is left out."
)
_SIMULATED = (
    "Nothing here was measured on a street: road users, sensors and radio are models, and the levels are those of the node's own control "
    "law on them."
)
_SENSOR_MARKS = {
    "pir": ("PIR sensor", "M3,4h6l-3,4z"),
    "ideal": ("ideal sensor", "M3.5,6a2.5,2.5 0 1,0 5,0a2.5,2.5 0 1,0 -5,0z"),
    "ld2410": ("presence radar", "M6,3l3,3l-3,3l-3,-3z"),
    "ld2451": ("traffic radar", "M3,3h6v6h-6z"),
}


def write_html(path: Path, night: ReportInput) -> None:
    """Write the report of a night. The same input gives the same file, to the byte."""
    path.write_text(render(night), encoding="utf-8")


def render(night: ReportInput) -> str:
    """The report of a night as HTML."""
    clock = Clock(night.origin_utc_ms, night.site.timezone, night.begin_ms, night.end_ms)
    view = figures.view(night.score, clock)
    found = strips(night.site)
    drawn = embed.drawn_strips(found, night.levels, night.trajectories, [moment.link for moment in view.moments])
    placed = embed.places_of(view.moments, drawn, clock)
    tables = embed.Tables(night.trajectories, night.readings, night.detections, night.levels)
    places = [place for _, place in placed]
    data = embed.data(night.site, clock, night.agenda, tables, drawn, places, view.lamps, view.users, night.outages)
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    content: dict[str, Any] = {
        **_head(night, clock),
        **_view(view),
        "moments": [moment for moment, _ in placed],
        "strips": [{"title": one.strip.title, "said": _strip_said(one), "short": len(one.strip.stops) <= 5} for one in drawn],
        "still": Markup(_still(night, drawn, clock)),
        "picture_notes": _picture_notes(len(found), len(drawn)),
        "most_printed": _MOST_PRINTED,
        "lamps": [{"index": n, "id": lamp.id} for n, lamp in enumerate(night.site.lamps)],
        "lamp_table": _lamp_table(night, view),
        "guessed": any(link.guessed for link in night.site.links),
        "settings": (*settings.sheets(night.settings), *settings.requirement(night.rules, clock)),
        "notes": _notes(night),
        "strokes": [STROKES[number] for number in sorted({line.road_user for one in drawn for line in one.lines})],
        "sensor_marks": _sensor_marks(night),
        "scale": [hexadecimal(brightness(step / 24)) for step in range(25)],
        "data": Markup(data),
        "css": Markup(_text("report.css")),
        "script": Markup("\n".join(_text(name) for name in _SCRIPTS).replace("\nexport ", "\n")),  # one script, of which nothing is asked
        "d3": Markup((_HERE / "vendor" / "d3.min.js").read_text(encoding="utf-8")),
        "d3_version": D3_VERSION,
    }
    return environment.get_template("report.html.j2").render(content)


def _text(name: str) -> str:
    return (_HERE / "templates" / name).read_text(encoding="utf-8")


def _head(night: ReportInput, clock: Clock) -> dict[str, Any]:
    """Title and the facts under it."""
    after = night.date.fromordinal(night.date.toordinal() + 1)
    nights = _nights(night)
    site = night.site
    controlled = sum(lamp.adaptive for lamp in site.lamps)
    lamps = f"{len(site.lamps)}" + (f", {controlled} of them controlled" if controlled != len(site.lamps) else "")
    length = duration(max(0, night.end_ms - night.begin_ms))
    lit = f"judged from {clock.text(night.begin_ms)} to {clock.text(night.end_ms)} ({length})"
    facts = [
        ("Site", site.name + (f" ({site.note})" if site.note else "")),
        ("Place", f"{_degrees(site.latitude, 'NS')}, {_degrees(site.longitude, 'EW')}"),
        ("Night", f"{night.date.isoformat()} to {after.isoformat()}, {lit}, {site.timezone}"),
        ("Lamps", lamps),
        ("Profile", night.profile),
        *([("Traffic", night.traffic)] if night.traffic else []),
        *night.conditions,
        ("Seed" if len(night.seeds) == 1 else "Seeds", ", ".join(map(str, night.seeds))),
        ("Version", f"Lykta {night.version}"),
    ]
    return {
        "title": f"{site.name}: the night of {nights}",
        "status": night.score.about.kind,
        "facts": facts,
        "command": night.command,
        "version": night.version,
    }


def _degrees(value: float, letters: str) -> str:
    return f"{abs(value):.4f} {letters[0] if value >= 0 else letters[1]}"


def _nights(night: ReportInput) -> str:
    """`14 to 15 December 2026`."""
    first, last = night.date, night.date.fromordinal(night.date.toordinal() + 1)
    months = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
    begin = str(first.day)
    if first.month != last.month:
        begin += f" {months[first.month - 1]}"
    if first.year != last.year:
        begin += f" {first.year}"
    return f"{begin} to {last.day} {months[last.month - 1]} {last.year}"


def _view(view: View) -> dict[str, Any]:
    known = any(lamp.share_permille is not None for lamp in view.lamps.values())
    return {
        "words": view.words,
        "cards": view.cards,
        "tables": view.sheets,
        "losses": _bars(view.losses),
        "wasted": _bars(view.wasted),
        "map_shows": "its share of the energy that it would use always on" if known else "its mean level, since its power is not known",
    }


def _bars(bars: Sequence[Bar]) -> list[dict[str, Any]]:
    """Bars with widths in percent of the longest."""
    most = max((bar.hatched + bar.plain for bar in bars), default=0.0) or 1.0
    return [
        {"name": bar.name, "hatched": round(100 * bar.hatched / most, 2), "plain": round(100 * bar.plain / most, 2), "said": bar.said}
        for bar in bars
    ]


def _strip_said(one: embed.Drawn) -> str:
    users = len({line.user for line in one.lines})
    length = f"{one.strip.length_cm / 100:.0f} m, " if one.strip.measured else ""
    return f"{length}{len(one.strip.stops)} lamp{'s' if len(one.strip.stops) != 1 else ''}, {users} road user{'s' if users != 1 else ''}"


def _still(night: ReportInput, drawn: Sequence[embed.Drawn], clock: Clock) -> str:
    """A picture for browsers without scripts."""
    if not drawn:
        return ""
    one = drawn[embed.liveliest(drawn, night.levels)]
    light = Light(night.levels, caps(night.site))
    return static.space_time(one.strip, light, one.lines, clock, title=one.strip.title, agenda=night.agenda, outages=night.outages)


def _picture_notes(found: int, drawn: int) -> list[str]:
    notes = [_HONEST]
    if drawn < found:
        notes.append(
            f"{drawn} of {found} ways are drawn: those with the worst moments first, then those with most road users, as far as they fit "
            "into one file and their levels were recorded."
        )
    if drawn > _MOST_PRINTED:
        notes.append(f"On paper the first {_MOST_PRINTED} of them.")
    return notes


def _lamp_table(night: ReportInput, view: View) -> Sheet | None:
    """Energy by lamp as text; of a large site the lamps with most light."""
    rows = sorted(view.lamps.items(), key=lambda item: (-(item[1].used_mwh or 0), -item[1].mean_permille, item[0]))
    if not rows:
        return None
    cut = rows[:_MOST_LAMPS_IN_TABLE]
    numbers = sorted(cut, key=lambda item: item[0]) if len(cut) == len(rows) else cut
    body = tuple((night.site.lamps[number].id, night.site.lamps[number].zone, *_lamp_cells(lamp)) for number, lamp in numbers)
    note = f"The {len(cut)} lamps that use most, of {len(rows)}." if len(cut) < len(rows) else ""
    head = ("lamp", "zone", "kWh", "kWh always on", "share", "mean level", "changes of level")
    return Sheet("Each lamp in this night", head, body, note)


def _lamp_cells(lamp: LampEnergy) -> tuple[str, ...]:
    energy = ["n/a" if value is None else f"{value / 1e6:.3f}" for value in (lamp.used_mwh, lamp.always_mwh)]
    share = "n/a" if lamp.share_permille is None else f"{lamp.share_permille / 10:.1f} %"
    return (*energy, share, f"{lamp.mean_permille / 10:.1f} %", str(lamp.changes))


def _notes(night: ReportInput) -> list[str]:
    """What the reader must know, the night's own notes last."""
    notes = []
    if night.score.about.kind == "simulated":
        notes.append(_SIMULATED)
    notes += reservations(night.score)
    if any(not lamp.sensors for lamp in night.site.lamps):
        without = sum(not lamp.sensors for lamp in night.site.lamps)
        notes.append(f"{without} of {len(night.site.lamps)} lamps carry no sensor.")
    notes.append(
        "One night with one seed is one sample: another night differs. Savings here are by control alone, not by a change of luminaire."
    )
    return [*notes, *night.notes]


def _sensor_marks(night: ReportInput) -> list[dict[str, str]]:
    kinds = dict.fromkeys(sensor.kind for lamp in night.site.lamps for sensor in lamp.sensors)
    return [{"name": _SENSOR_MARKS[kind][0], "path": _SENSOR_MARKS[kind][1]} for kind in kinds if kind in _SENSOR_MARKS]
