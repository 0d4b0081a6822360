"""JSON Schema of profile and requirement, from the settings table: editors complete and check with it."""

from __future__ import annotations

from lykta.profiles.calendar import WEEKDAYS
from lykta.profiles.loader import ALL
from lykta.profiles.requirement import NEED_KEYS
from lykta.profiles.table import BY_KEY, CLASSES, EVERYONE, SETTINGS, Setting
from lykta.profiles.texts import TEXTS
from lykta.units import KINDS, show

Schema = dict[str, object]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = r"[0-9]+(\.[0-9]+)?"
_TIME_OF_DAY = r"([01]?[0-9]|2[0-3]):[0-5][0-9]"
_START: Schema = {
    "type": "string",
    "pattern": rf"^({_TIME_OF_DAY}|(sunset|sunrise)( *[+-] *{_NUMBER} *(min|h))?)$",
    "description": "23:00, sunset - 15 min, sunrise + 10 min",
    "examples": ["sunset - 15 min", "23:00", "sunrise"],
}
_DATE: Schema = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def json_schema() -> Schema:
    """The schema of a profile. Rules across fields are for `lykta profile check`."""
    settings: Schema = {setting.key: _setting(setting) for setting in SETTINGS}
    per_class = _mapping({key: schema for key, schema in settings.items() if BY_KEY[key].per_class})
    blocks: Schema = {name: {"$ref": "#/$defs/class"} for name in (EVERYONE, *CLASSES)}
    block = _mapping({key: schema for key, schema in settings.items() if not BY_KEY[key].per_class} | blocks)
    zone: Schema = {
        "type": "object",
        "description": f"Blocks of settings by phase; `{ALL}` holds in every phase.",
        "additionalProperties": {"$ref": "#/$defs/block"},
    }
    zones: Schema = {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/zone"}}
    phases: Schema = {
        "type": "object",
        "description": "Phases in the order of the night.",
        "additionalProperties": {"$ref": "#/$defs/start"},
    }
    times: Schema = {"phases": phases, "end": {"$ref": "#/$defs/start", "description": "When the light goes off."}, "zones": zones}
    profile = _mapping(
        {"name": {"type": "string"}, "note": {"type": "string"}} | times | {"calendar": {"type": "array", "items": _entry(times)}},
        required=("phases", "end", "zones"),
    )
    definitions: Schema = {"start": _START, "class": per_class, "block": block, "zone": zone}
    return {"$schema": _DIALECT, "title": "Lykta profile"} | profile | {"$defs": definitions}


def requirement_schema() -> Schema:
    """The schema of a requirement."""
    need = _mapping({key: _setting(BY_KEY[key], default=False) for key in NEED_KEYS})
    needs = _mapping(dict.fromkeys(CLASSES, need))
    phase = _mapping({"from": {"$ref": "#/$defs/start"}, "needs": {"$ref": "#/$defs/needs"}}, required=("from", "needs"))
    body: Schema = {
        "name": {"type": "string"},
        "note": {"type": "string"},
        "tau": _quantity("time") | {"description": "Time allowed from sensing to full light."},
        "needs": {"$ref": "#/$defs/needs"},
        "phases": {"type": "object", "additionalProperties": phase},
    }
    definitions: Schema = {"start": _START, "needs": needs}
    return {"$schema": _DIALECT, "title": "Lykta requirement"} | _mapping(body, required=("needs",)) | {"$defs": definitions}


def _entry(times: Schema) -> Schema:
    """An entry of the calendar."""
    one_or_more: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    return _mapping(
        {
            "name": {"type": "string"},
            "weekdays": one_or_more | {"description": f"fri-sat, or a list of {', '.join(WEEKDAYS)}"},
            "dates": one_or_more | {"description": "2026-12-31, each year 12-31, ranges 06-01..08-31"},
            "holidays": {"type": "string", "description": "Country code of the public holidays, SE"},
            "event": {"type": "string", "description": "Name of an event, with from and until"},
            "from": _DATE,
            "until": _DATE,
            "reason": {"type": "string"},
        }
        | times
    )


def _mapping(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def _quantity(kind: str) -> Schema:
    if kind == "count":
        return {"type": "integer"}
    units = "|".join(KINDS[kind].symbols)
    term = rf"{_NUMBER} *({units})"
    return {"type": "string", "pattern": rf"^{term}( +{term})*$" if kind == "time" else rf"^{term}$"}


def _setting(setting: Setting, *, default: bool = True) -> Schema:
    shown = dict.fromkeys(show(setting.kind, value) for value in setting.defaults)
    limits = f"{show(setting.kind, setting.lowest)} to {show(setting.kind, setting.highest)}"
    text = f"{TEXTS[setting.key]} {limits}" + (f"; default {' / '.join(shown)}" if default else "") + "."
    bounds: Schema = {"minimum": setting.lowest, "maximum": setting.highest} if setting.kind == "count" else {}
    return _quantity(setting.kind) | {"description": text} | bounds
