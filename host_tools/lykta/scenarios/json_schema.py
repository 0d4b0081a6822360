"""JSON Schema of a scenario: editors complete and check with it. What must fit together is checked when it is read."""

from __future__ import annotations

from lykta.scenarios.model import RADIOS, SENSORS
from lykta.scenarios.reader import BREAKDOWNS, DEAD_LAMP
from lykta.score.quantities import QUANTITIES
from lykta.sensing import FAULT_KINDS, MODELS

Schema = dict[str, object]
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT, "minItems": 1}
_CLOCK: Schema = {"type": "string", "pattern": r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"}
_TIMES: Schema = {"from": _CLOCK, "until": _CLOCK}


def json_schema() -> Schema:
    """The schema of a scenario."""
    properties: Schema = {
        "name": _TEXT,
        "site": _TEXT | {"description": "A site file, beside this one, or the name of a packaged site."},
        "profile": _TEXT | {"description": "A file or a packaged name; if missing, the one that the site names."},
        "requirement": _TEXT | {"description": "What service is judged against; if missing, the one that the site names."},
        "traffic": _TEXT | {"description": "A demand or a CSV of counts, or a packaged name such as quiet or kungsholms@30."},
        "date": {"type": "string", "format": "date", "description": "The night that begins on this day."},
        "seeds": {"type": ["string", "integer"], "pattern": r"^\s*\d+(\s*-\s*\d+)?(\s*,\s*\d+(\s*-\s*\d+)?)*\s*$", "examples": ["1-3"]},
        "sensors": {"enum": list(SENSORS), "description": "As the site has them, or ideal ones."},
        "radio": {"enum": list(RADIOS), "description": "Nothing lost, or 10 % of frames lost in bursts."},
        "faults": {"type": "array", "items": {"anyOf": [_of_sensor(), _of_lamp()]}},
        "require": _TEXTS | {"examples": [[quantity.example for quantity in QUANTITIES.values()]]},
    }
    head: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Lykta scenario"}
    return head | _mapping(properties, ["site"])


def _mapping(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of_sensor() -> Schema:
    sensors: Schema = {"type": "array", "items": {"enum": list(MODELS)}}
    return _mapping({"fault": {"enum": list(FAULT_KINDS)}, "lamps": _TEXTS, "sensors": sensors} | _TIMES, ["fault"])


def _of_lamp() -> Schema:
    return _mapping({"fault": {"enum": [*BREAKDOWNS, DEAD_LAMP]}, "lamps": _TEXTS} | _TIMES, ["fault", "lamps"])
