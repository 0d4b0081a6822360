"""The JSON Schema accepts what the reader accepts, refuses what it refuses, and explains every key."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lykta import profiles
from lykta.document import Document
from lykta.profiles.loader import DATA
from lykta.profiles.table import BY_KEY
from lykta.profiles.texts import TEXTS

Json = dict[str, object]


def faults(value: object, schema: Json, root: Json, path: str = "") -> list[str]:
    """Where a value breaks a schema: the part of JSON Schema that ours uses."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return faults(value, root["$defs"][name], root, path)  # type: ignore[index]
    if "anyOf" in schema:
        tried = [faults(value, option, root, path) for option in schema["anyOf"]]  # type: ignore[attr-defined]
        return [] if [] in tried else tried[0]
    kinds = {"object": dict, "array": list, "string": str, "integer": int}
    if value is None or not isinstance(value, kinds[str(schema["type"])]):
        return [] if value is None and schema["type"] == "object" else [path]
    if isinstance(value, str):
        return [] if re.search(str(schema.get("pattern", "")), value) else [path]
    if isinstance(value, list):
        return [fault for number, item in enumerate(value) for fault in faults(item, schema["items"], root, f"{path}[{number}]")]  # type: ignore[arg-type]
    if not isinstance(value, dict):
        return [] if schema.get("minimum", value) <= value <= schema.get("maximum", value) else [path]  # type: ignore[operator]
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{path}.{key}" for key in schema.get("required", ()) if key not in value]  # type: ignore[attr-defined]
    for key, item in value.items():
        inner = known.get(key, others)  # type: ignore[attr-defined]
        found += [f"{path}.{key}"] if inner is False else [] if inner is True else faults(item, inner, root, f"{path}.{key}")
    return found


def data(path: Path) -> object:
    """The plain data of a YAML file, as an editor sees them."""
    return Document.load(path).root.plain()


@pytest.mark.parametrize("name", profiles.packaged("profiles"))
def test_schema__accepts_the_packaged_profiles(name: str):
    """An editor with the schema finds no fault in what we ship."""
    schema = profiles.json_schema()
    assert faults(data(DATA / "profiles" / f"{name}.yaml"), schema, schema) == []


@pytest.mark.parametrize("name", profiles.packaged("requirements"))
def test_schema__accepts_the_packaged_requirements(name: str):
    """Nor in the requirements."""
    schema = profiles.requirement_schema()
    assert faults(data(DATA / "requirements" / f"{name}.yaml"), schema, schema) == []


def test_schema__refuses_what_the_reader_refuses():
    """Bare numbers, wrong units, unknown keys, missing parts are found in the editor already."""
    schema = profiles.json_schema()
    golden = Path(__file__).parent / "golden"
    found = faults(data(golden / "profile_units.yaml"), schema, schema)
    night = ".zones.path.night"
    expected = [f"{night}.{key}" for key in ("idle", "fault", "ramp_up", "ramp_down", "frame_max", "reaction", "cyclist")]
    expected += [f"{night}.pedestrian.{key}" for key in ("ahead", "behind", "hold", "linger", "coast_lamps", "slowest", "fastest")]
    assert sorted(found) == sorted([*expected, f"{night}.everyone.hold"])
    assert faults(data(golden / "profile_bare.yaml"), schema, schema) == [".phases", ".end", ".zones"]


def test_schema__is_json():
    """It can be written down, and names its dialect."""
    for schema in (profiles.json_schema(), profiles.requirement_schema()):
        assert json.loads(json.dumps(schema))["$schema"].startswith("https://json-schema.org/")


def test_texts__explain_exactly_the_settings():
    """Every key of the settings table is explained in one line, and nothing else."""
    assert list(TEXTS) == list(BY_KEY)
    assert all(text.endswith(".") and "\n" not in text for text in TEXTS.values())
