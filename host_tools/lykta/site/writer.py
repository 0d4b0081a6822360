"""Writes a site as YAML that a person can edit: one line for each lamp, junction and link, units everywhere."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from lykta.site.floors import WEEKDAYS
from lykta.site.model import Design, Fixture, Floor, Lamp, Link, Sensor, Site, Way
from lykta.site.sensors import CLASSES, RANGES_CM, models_of, write_sensor
from lykta.units import show

#: What YAML, and our fast reader of long lists, take as it stands.
_PLAIN = re.compile(r"[A-Za-z0-9_åäöÅÄÖ][^\[\]{},:#&*!|>'\"`\t\n%@]*$")
_MEANS_SOMETHING = {"null", "~", "yes", "no", "on", "off", "true", "false", ""}


def write(site: Site, fixture_files: Mapping[str, str] | None = None, remarks: Sequence[str] = ()) -> str:
    """The text of a site. `fixture_files`: names of fixtures that are files, not to be written out; `remarks`: its first lines."""
    files = fixture_files or {}
    models = models_of([sensor for lamp in site.lamps for sensor in lamp.sensors])
    parts = [
        [f"# {remark}".rstrip() for remark in remarks] + _head(site),
        _block("zones", [], f"zones: [{', '.join(map(scalar, site.zones))}]"),
        ["fixtures:"] + [line for name, fixture in site.fixtures.items() for line in _fixture(name, fixture, files)],
        _models(models),
        _block("ways", [_way(way) for way in site.ways]),
        _block("floors", _floors(site.lamps)),
        _block("lamps", [_lamp(lamp, models) for lamp in site.lamps]),
        _block("junctions", [f"{{id: {scalar(point.id)}, at: {place(point.x_cm, point.y_cm)}}}" for point in site.junctions]),
        _block("links", [_link(link) for link in site.links]),
        _block("entrances", [scalar(name) for name in site.entrances]),
        _economics(site.economics),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _block(key: str, items: Sequence[str], instead: str = "") -> list[str]:
    if instead:
        return [instead]
    return [f"{key}:", *(f"  - {item}" for item in items)] if items else []


def _head(site: Site) -> list[str]:
    lines = [f"name: {scalar(site.name)}"]
    for key in ("note", "source"):
        if getattr(site, key):
            lines.append(f"{key}: {scalar(getattr(site, key))}")
    lines.append(f"place: {{lat: {site.latitude:.6g}, lon: {site.longitude:.7g}, timezone: {scalar(site.timezone)}}}")
    for key in ("profile", "requirement", "traffic"):
        if getattr(site, key):
            lines.append(f"{key}: {scalar(getattr(site, key))}")
    if site.several_streets:
        lines.append("several_streets: yes")
    return lines


def _fixture(name: str, fixture: Fixture, files: Mapping[str, str]) -> Iterable[str]:
    if name in files:
        yield f"  {scalar(name)}: {scalar(files[name])}"
        return
    yield f"  {scalar(name)}:"
    if not fixture.power_known:
        yield "    max_power: unknown"
    else:
        yield f"    flux: {fixture.rated_flux_lm} lm"
        yield "    power:"
        yield from (f"      {show('level', level)}: {_power(milliwatts)}" for level, milliwatts in fixture.power_mw)
    yield f"    standby: {_power(fixture.standby_mw)}"
    yield f"    lowest_stable: {show('level', fixture.lowest_stable_permille)}"
    yield f"    maintenance_factor: {fixture.maintenance_factor:g}"
    if fixture.estimated and fixture.power_known:
        yield "    estimated: yes"
    if fixture.clo:
        yield "    clo: yes"
    if fixture.trim_permille != 1000:
        yield f"    trim: {show('level', fixture.trim_permille)}"
    if fixture.driver:
        yield "    driver:"
        yield from (f"      {show('level', level)}: {show('level', command)}" for level, command in fixture.driver)
    if fixture.photometry:
        yield f"    photometry: {scalar(fixture.photometry)}"


def _power(milliwatts: int) -> str:
    return f"{milliwatts / 1000:g} W" if milliwatts % 100 == 0 else f"{milliwatts} mW"


def _models(models: Mapping[str, Sensor]) -> list[str]:
    """The sensors that are not as they come."""
    lines = []
    for name, model in models.items():
        if name not in RANGES_CM:
            ranges = ", ".join(f"{road_user}: {show('length', model.range_cm[road_user])}" for road_user in CLASSES)
            lines.append(f"  {scalar(name)}: {{kind: {model.kind}, range: {{{ranges}}}}}")
    return ["sensors:", *lines] if lines else []


def _way(way: Way) -> str:
    words = [f"id: {scalar(way.id)}", f"kind: {way.kind}"]
    words.append(f"classes: [{', '.join(name for name in CLASSES if name in way.classes)}]")
    if way.speed_limit_cms:
        words.append(f"speed_limit: {_speed(way.speed_limit_cms)}")
    if way.name:
        words.append(f"name: {scalar(way.name)}")
    if way.design is not None:
        words.append(f"design: {_design(way.design)}")
    return f"{{{', '.join(words)}}}"


def _speed(speed_cms: int) -> str:
    """In km/h where that gives the same cm/s again."""
    whole = round(speed_cms * 0.036)
    return f"{whole} km/h" if int(whole * 1000 / 36 + 0.5) == speed_cms else f"{speed_cms} cm/s"


def _design(design: Design) -> str:
    words = [f"class: {design.lighting_class}", f"average: {design.average:g}"]
    for key in ("minimum", "uo", "ul", "fti", "maintenance_factor"):
        if getattr(design, key) is not None:
            words.append(f"{key}: {getattr(design, key):g}")
    words += [f"{key}: {scalar(getattr(design, key))}" for key in ("tool", "date") if getattr(design, key)]
    return f"{{{', '.join(words)}}}"


def _floors(lamps: Sequence[Lamp]) -> list[str]:
    """One entry for each floor, with all its lamps."""
    by_floor: dict[Floor, list[str]] = {}
    for lamp in lamps:
        for floor in lamp.floors:
            by_floor.setdefault(floor, []).append(lamp.id)
    entries = []
    for floor, names in by_floor.items():
        words = [f"level: {show('level', floor.permille)}"]
        if floor.hours is not None:
            words.append("hours: " + "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in floor.hours))
        if floor.weekdays != frozenset(range(7)):
            words.append(f"weekdays: [{', '.join(WEEKDAYS[day] for day in sorted(floor.weekdays))}]")
        words.append(f"reason: {scalar(floor.reason)}")
        listed = ", ".join(map(scalar, names))
        wrapped = textwrap.fill(
            listed, 130, initial_indent=" " * 6, subsequent_indent=" " * 6, break_on_hyphens=False, break_long_words=False
        )
        entries.append(f"{{{', '.join(words)}, for: [{listed}]}}" if len(listed) < 90 else f"{{{', '.join(words)}, for: [\n{wrapped}]}}")
    return entries


def _lamp(lamp: Lamp, models: Mapping[str, Sensor]) -> str:
    words = [f"id: {scalar(lamp.id)}", f"at: {place(lamp.x_cm, lamp.y_cm)}"]
    words += [f"zone: {scalar(lamp.zone)}", f"fixture: {scalar(lamp.fixture)}"]
    if lamp.sensors:
        words.append(f"sensors: [{', '.join(write_sensor(sensor, models) for sensor in lamp.sensors)}]")
    if lamp.board:
        words.append(f"board: {scalar(lamp.board)}")
    if not lamp.adaptive:
        words.append("adaptive: no")
    if lamp.heads != 1:
        words.append(f"heads: {lamp.heads}")
    if lamp.anchors:
        words.append(f"anchors: [{', '.join(map(scalar, lamp.anchors))}]")
    if lamp.post_cm is not None:
        words.append(f"post: {place(*lamp.post_cm)}")
    return f"{{{', '.join(words)}}}"


def _link(link: Link) -> str:
    guessed = ", guessed: yes" if link.guessed else ""
    return f"{{from: {scalar(link.a)}, to: {scalar(link.b)}, way: {scalar(link.way)}, length: {metres(link.length_cm)}{guessed}}}"


def _economics(economics: Mapping[str, object] | None) -> list[str]:
    """The economics as read by `read_economics`."""
    if economics is None:
        return []
    lines = ["economics:", f"  currency: {scalar(str(economics['currency']))}"]
    tariff = economics["tariff"]
    if isinstance(tariff, list):
        lines.append("  tariff:")
        lines += [f"    {a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}: {price:g}" for a, b, price in tariff]
    else:
        lines.append(f"  tariff: {tariff}")
    lines.append(f"  metered: {'yes' if economics['metered'] else 'no'}")
    if economics["takes_profile"] is not None:
        lines.append(f"  takes_profile: {'yes' if economics['takes_profile'] else 'no'}")
    if economics["carbon_kg_per_kwh"] is not None:
        source = scalar(str(economics["carbon_source"]))
        lines.append(f"  carbon: {{kg_per_kwh: {economics['carbon_kg_per_kwh']}, source: {source}}}")
    costs = economics["costs"]
    if isinstance(costs, dict) and costs:
        lines.append("  costs:")
        lines += [f"    {scalar(name)}: {cost}" for name, cost in costs.items()]
    if economics["years"] is not None:
        lines.append(f"  years: {economics['years']}")
    if economics["discount_permille"] is not None:
        lines.append(f"  discount: {show('level', int(str(economics['discount_permille'])))}")
    if economics["today"]:
        lines.append(f"  today: {scalar(str(economics['today']))}")
    return lines


def place(x_cm: int, y_cm: int) -> str:
    """A place on the plane, metres east and north: `[12.5 m, -3 m]`."""
    return f"[{metres(x_cm)}, {metres(y_cm)}]"


def metres(length_cm: int) -> str:
    """A length in m without needless zeros."""
    text = f"{length_cm / 100:.2f}".rstrip("0").rstrip(".")
    return f"{'0' if text == '-0' else text} m"


def scalar(text: str) -> str:
    """A text as YAML reads it back: quoted only where it must be."""
    if _PLAIN.match(text) and text.lower() not in _MEANS_SOMETHING and text == text.strip():
        return text
    return json.dumps(text, ensure_ascii=False)  # a JSON text is a YAML text
