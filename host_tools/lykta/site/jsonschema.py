"""The JSON Schema of site and fixture files, for editors that complete and check while one types."""

from __future__ import annotations

from collections.abc import Mapping

from lykta.site import economics, fixtures, floors, loader, ways
from lykta.site.sensors import CLASSES, RANGES_CM

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = Mapping[str, object]

TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": ["string", "number"]}
LENGTH: Schema = {"type": "string", "pattern": r"^-?\d+(\.\d+)? ?(cm|m|km)$", "examples": ["12.5 m"]}
LEVEL: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)? ?[%‰]$", "examples": ["40 %"]}
POWER: Schema = {"type": "string", "pattern": r"^(\d+(\.\d+)? ?(mW|W|kW)|unknown)$", "examples": ["20 W"]}
FLUX: Schema = {"type": "string", "pattern": r"^(\d+(\.\d+)? ?k?lm|unknown)$", "examples": ["3000 lm"]}
SPEED: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)? ?(km/h|m/s|cm/s)$", "examples": ["30 km/h"]}
FLAG: Schema = {"enum": [True, False, "yes", "no"]}
_HOURS = r"^\d{1,2}:\d{2} ?- ?\d{1,2}:\d{2}$"
AT: Schema = {"type": "array", "items": LENGTH, "minItems": 2, "maxItems": 2, "description": "metres east and north of the place"}


def json_schema() -> dict[str, object]:
    """The schema of a site file; every key of it has one line of explanation."""
    fixture = fixture_schema()
    fixture.pop("$schema")
    table = {"oneOf": [TEXT, fixture]}
    properties: dict[str, Schema] = {
        "name": _told(TEXT, "what people call the site"),
        "note": _told(TEXT, "printed beside the name, for example schematic"),
        "source": _told(TEXT, "where the data come from, with their licence"),
        "place": _object({"lat": _number(-90, 90), "lon": _number(-180, 180), "timezone": TEXT}, ("lat", "lon", "timezone")),
        "profile": _told(TEXT, "the profile used unless another is given: a packaged name or a file"),
        "requirement": _told(TEXT, "what service is judged against"),
        "traffic": _told(TEXT, "who comes by unless another demand is given"),
        "several_streets": _told(FLAG, "yes: the site may be in several pieces"),
        "zones": _told(_list(TEXT), "the groups of lamps that profiles treat alike"),
        "fixtures": _told(
            {"type": "object", "additionalProperties": table}, "what hangs on the posts: a file, a packaged name, or written out"
        ),
        "sensors": {"type": "object", "additionalProperties": _object({"kind": {"enum": list(RANGES_CM)}, "range": _range()})},
        "ways": _list(_way()),
        "floors": _told(_list(_floor()), "levels below which lamps never go"),
        "lamps": _list(_lamp()),
        "junctions": _told(
            _list(_object({"id": NAME, "at": AT, "lat": _number(-90, 90), "lon": _number(-180, 180)}, ("id",))), "points without lamp"
        ),
        "links": _list(_object({"from": NAME, "to": NAME, "way": NAME, "length": LENGTH, "guessed": FLAG}, ("from", "to", "way"))),
        "entrances": _told(_list(NAME), "the points where people come and go"),
        "economics": _economics(),
    }
    assert tuple(properties) == loader.KEYS
    required = ("name", "place", "zones", "fixtures", "lamps")
    return {"$schema": _DRAFT, "title": "Lykta site", **_object(properties, required)}


def fixture_schema() -> dict[str, object]:
    """The schema of a fixture file."""
    by_level = {"type": "object", "propertyNames": {"pattern": LEVEL["pattern"]}}
    properties: dict[str, Schema] = {
        "name": TEXT,
        "flux": _told(FLUX, "luminous flux of one head when new, at 100 %"),
        "max_power": _told(POWER, "at the mains at 100 %; alone, the default formula makes the table, marked estimated"),
        "power": _told({**by_level, "additionalProperties": POWER, "minProperties": 5}, "power by level, at least 5 points"),
        "standby": _told(POWER, "power at 0 %"),
        "lowest_stable": _told(LEVEL, "the least level without flicker"),
        "maintenance_factor": _number(0.3, 1),
        "clo": _told(FLAG, "constant light output over the years"),
        "trim": _told(LEVEL, "a cap on the output"),
        "driver": _told({**by_level, "additionalProperties": LEVEL, "minProperties": 2}, "what the driver is told for a level"),
        "photometry": {"oneOf": [TEXT, _object({"file": TEXT, "sha256": TEXT})]},
        "estimated": _told(FLAG, "yes: the table was not measured"),
        "note": TEXT,
    }
    assert tuple(properties) == fixtures.KEYS
    return {"$schema": _DRAFT, "title": "Lykta fixture", **_object(properties)}


def _way() -> Schema:
    design: dict[str, Schema] = {"class": {"enum": list(ways.LIGHTING_CLASSES)}, "average": _number(0.01, 500)}
    design |= {"minimum": _number(0, 500), "uo": _number(0, 1), "ul": _number(0, 1), "fti": _number(0, 100)}
    design |= {"maintenance_factor": _number(0.3, 1), "tool": TEXT, "date": TEXT}
    assert tuple(design) == ways.DESIGN_KEYS
    properties: dict[str, Schema] = {"id": NAME, "kind": {"enum": list(ways.CLASSES_BY_KIND)}, "name": TEXT}
    properties |= {"classes": _list({"enum": list(CLASSES)}), "speed_limit": SPEED, "design": _object(design, ("class", "average"))}
    assert tuple(properties) == ways.KEYS
    return _object(properties, ("id", "kind"))


def _floor() -> Schema:
    properties: dict[str, Schema] = {
        "level": LEVEL,
        "for": {"oneOf": [_told(TEXT, "entrances, everywhere, zone NAME, or a lamp"), _list(NAME)]},
        "hours": {"type": "string", "pattern": _HOURS, "examples": ["06:30-08:30"]},
        "weekdays": {"oneOf": [_told(TEXT, "for example mon-fri"), _list(TEXT)]},
        "reason": TEXT,
    }
    assert tuple(properties) == floors.KEYS
    return _object(properties, ("level", "for", "reason"))


def _lamp() -> Schema:
    properties: dict[str, Schema] = {
        "id": NAME,
        "at": AT,
        "lat": _number(-90, 90),
        "lon": _number(-180, 180),
        "zone": TEXT,
        "fixture": TEXT,
    }
    properties["sensors"] = {"oneOf": [TEXT, _list(_told(TEXT, "for example pir, or ld2451 towards S02"))]}
    properties |= {
        "board": TEXT,
        "adaptive": _told(FLAG, "no: never dimmed"),
        "anchors": _told(_list(NAME), "further points that it lights"),
    }
    properties |= {"heads": {"type": "integer", "minimum": 1, "maximum": 99}, "post": _told(AT, "where the post is, if beside its way")}
    assert tuple(properties) == loader.LAMP_KEYS
    return _object(properties, ("id", "zone", "fixture"))


def _economics() -> Schema:
    carbon = _object({"kg_per_kwh": _number(0, 5), "source": TEXT}, ("kg_per_kwh", "source"))
    by_hours = {"type": "object", "propertyNames": {"pattern": _HOURS}, "additionalProperties": _number(0, None)}
    properties: dict[str, Schema] = {
        "currency": TEXT,
        "tariff": {"oneOf": [_number(0, None), by_hours]},
        "metered": FLAG,
        "takes_profile": FLAG,
        "carbon": carbon,
        "costs": _object(dict.fromkeys(economics.COSTS, _number(0, None))),
        "years": {"type": "integer", "minimum": 1, "maximum": 60},
        "discount": LEVEL,
        "today": TEXT,
    }
    assert tuple(properties) == economics.KEYS
    return _object(properties, ("currency", "tariff", "metered"))


def _range() -> Schema:
    return {"oneOf": [LENGTH, _object(dict.fromkeys(CLASSES, LENGTH))]}


def _told(schema: Schema, words: str) -> Schema:
    return {**schema, "description": words}


def _number(lowest: float | None, highest: float | None) -> Schema:
    limits = {"minimum": lowest, "maximum": highest}
    return {"type": "number", **{key: value for key, value in limits.items() if value is not None}}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> dict[str, object]:
    found: dict[str, object] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        found["required"] = list(required)
    return found
