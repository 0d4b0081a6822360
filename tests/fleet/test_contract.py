"""The contract: valid AsyncAPI 3, what the code does, and what nodes on a real MicroPython VM send."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from ruamel.yaml import YAML

from lykta.fleet import contract, letters, messages, topics
from lykta.node.street import load_street
from lykta.vm import environment, find_vm
from tests.fleet import drawn

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "host_tools" / "lykta" / "fleet" / "asyncapi.yaml"
VENDORED = Path(__file__).parent / "asyncapi"
SCHEMAS = {kind: jsonschema.Draft7Validator(contract.schema_of(kind)) for kind in messages.CLASSES}


def document() -> dict[str, Any]:
    """The document as it is in the repository."""
    found: dict[str, Any] = YAML(typ="safe").load(DOCUMENT.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """The public schema of AsyncAPI."""
    return jsonschema.Draft7Validator(json.loads((VENDORED / "schema_3.0.0.json").read_text(encoding="utf-8")))


def test_document__is_what_the_code_does():
    """Else: python -m lykta.fleet.contract > host_tools/lykta/fleet/asyncapi.yaml"""
    assert contract.text() == DOCUMENT.read_text(encoding="utf-8")


def test_document__is_valid_asyncapi(schema: jsonschema.Draft7Validator):
    """Against the public schema, offline."""
    assert [error.message for error in schema.iter_errors(document())] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.pop("info"),
        lambda found: found["operations"]["state"].update(action="publish"),
        lambda found: found["channels"]["state"].update(adress="x"),
        lambda found: found["operations"]["state"].pop("channel"),
    ],
)
def test_schema__finds_what_is_wrong(schema: jsonschema.Draft7Validator, spoil: Any):
    """So that the test before this one can fail."""
    found = document()
    spoil(found)
    assert list(schema.iter_errors(found)) != []


def test_schema__is_the_one_that_its_readme_names():
    """Nobody has changed it."""
    digest = hashlib.sha256((VENDORED / "schema_3.0.0.json").read_bytes()).hexdigest()
    assert f"`{digest}`" in (VENDORED / "README.md").read_text(encoding="utf-8")


def test_references__lead_somewhere():
    """Every $ref of the document is in it."""
    found = document()
    for reference in re.findall(r"\$ref: '?#/([^'\n]+)", DOCUMENT.read_text(encoding="utf-8")):
        place: Any = found
        for part in reference.split("/"):
            assert part in place, reference
            place = place[part]


@given(drawn.telegrams())
def test_message_that_is_sent__fits_its_schema(sent: tuple[topics.Kind, messages.Message]):
    """Whatever the code writes, the document allows."""
    kind, message = sent
    assert list(SCHEMAS[kind].iter_errors(json.loads(messages.encode(message)))) == []


@given(drawn.nearly())
def test_message_that_is_taken__fits_its_schema(came: tuple[topics.Kind, bytes]):
    """What the document forbids, the code refuses."""
    kind, data = came
    try:
        messages.parse(kind, data)
    except messages.BadMessage:
        return
    assert list(SCHEMAS[kind].iter_errors(json.loads(data))) == []


@pytest.mark.parametrize("kind", messages.CLASSES, ids=lambda kind: kind.name)
def test_limits__are_those_of_the_code(kind: topics.Kind):
    """One step beyond every limit the schema refuses, and so does the code."""
    fields = messages.FIELDS[messages.CLASSES[kind]].values()
    least = {"integer": 1, "boolean": True, "string": "a", "names": [], "counts": {}}
    good = {"v": 1, **{one.name: one.lowest if one.form == "integer" else least[one.form] for one in fields}}
    if kind == topics.TELEMETRY:
        good |= {"from": None, "to": None}
    messages.parse(kind, json.dumps(good).encode())
    for one in fields:
        beyond: list[Any] = [None] if not one.null else []
        if one.form == "integer":
            beyond += [one.lowest - 1, one.highest + 1, 0.5, True]
        elif one.form == "string":
            beyond += ["a" * (one.highest + 1), *([""] if one.lowest else [])]
        elif one.form == "names":
            beyond += [["a"] * (one.highest + 1), ["A"], "a"]
        elif one.form == "counts":
            beyond += [{"a": -1}, {"A": 1}, {f"a{at}": 1 for at in range(41)}, []]
        else:
            beyond += [0, "true"]
        for value in beyond:
            bad = {**good, one.name: value}
            assert list(SCHEMAS[kind].iter_errors(bad)) != [], (one.name, value)
            with pytest.raises(messages.BadMessage):
                messages.parse(kind, json.dumps(bad).encode())


@pytest.mark.micropython
def test_node__sends_what_the_contract_says(tmp_path: Path):
    """Every kind of letter of a whole node on the VM, faults and odd texts included, is read by the host and fits its schema."""
    script = "import hooks; hooks.install(); import test_tasks_reports as t; t.letters()"
    paths = environment(ROOT / "firmware", ROOT / "tests" / "micropython")
    run = subprocess.run(
        [find_vm(), "-X", "heapsize=2m", "-c", script], capture_output=True, text=True, check=True, env=paths, cwd=tmp_path, timeout=600
    )
    seen: dict[str, list[messages.Message]] = {}
    for line in run.stdout.splitlines():
        if line.startswith("letter "):
            _, topic, data = line.split(" ")
            found = topics.read(f"lykta/v1/district/n/site.L0/{topic}")
            assert isinstance(found, topics.Topic)
            message = messages.parse(found.kind, bytes.fromhex(data))
            assert list(SCHEMAS[found.kind].iter_errors(json.loads(bytes.fromhex(data)))) == []
            seen.setdefault(found.kind.name, []).append(message)
    assert {"state", "telemetry", "event", "answer", "live"} == set(seen)
    assert seen["state"][0] == messages.State(online=False)  # its last will
    (told,) = (line.split()[1:] for line in run.stdout.splitlines() if line.startswith("topics "))
    assert [kind.topic for kind in topics.KINDS.values()] == told
    assert {"start", "security", "override", "command", "window", "fault", "right"} <= {event.kind for event in seen["event"]}  # type: ignore[union-attr]


@pytest.mark.micropython
def test_node__takes_what_the_host_sealed(tmp_path: Path):
    """The program of a real street, deflated on the host, on a node on the VM."""
    program = load_street("valla_torg").public_files(dt.date(2026, 1, 1))["S01"]["program"]
    to = letters.Recipient("L0", 0, bytes(range(100, 132)))
    sealed = letters.settings(to, {"program": program}, 7)
    assert len(sealed.data) < len(program)
    script = f"import hooks; hooks.install(); import test_tasks_changes as t; t.taken('{sealed.data.hex()}')"
    paths = environment(ROOT / "firmware", ROOT / "tests" / "micropython")
    run = subprocess.run(
        [find_vm(), "-X", "heapsize=2m", "-c", script], capture_output=True, text=True, check=True, env=paths, cwd=tmp_path, timeout=600
    )
    assert "answer 7 True" in run.stdout
    assert f"digest {hashlib.sha256(program).hexdigest()}" in run.stdout
