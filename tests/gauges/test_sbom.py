"""The lists of what the software is made of: whole, with hashes, valid, the same for the same sources."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from gauges import sbom
from lykta.node.payload import make_payload

pytestmark = [pytest.mark.slow, pytest.mark.security(25)]


def hashes(component: dict[str, object]) -> set[str]:
    """The SHA-256 of a component, wherever the list has them."""
    return set(re.findall(r'"[0-9a-f]{64}"', json.dumps(component)))


def test_firmware__is_listed_file_by_file():
    """Every file that goes to a board, with its hash; the runtime of every board; the list is valid and comes out the same again."""
    text = sbom.text_of(sbom.firmware())
    made = json.loads(text)
    payload = make_payload()
    listed = {one["name"]: one["hashes"][0]["content"] for one in made["components"] if one["type"] == "file"}
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in {**payload.root, **payload.package}.items()}
    assert made["metadata"]["component"]["version"] == payload.version
    assert {one["version"] for one in made["components"] if one["name"] == "MicroPython"} == {"1.29.0"}
    assert sbom.text_of(sbom.firmware()) == text
    sbom.check(text)


def test_tools__are_listed_as_they_are_locked():
    """Every package of the lock with its version and every hash; and what is vendored."""
    text = sbom.text_of(sbom.tools())
    made = json.loads(text)
    lock = (sbom.ROOT / "locks" / "dev.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^ ;\\]+)", lock, flags=re.MULTILINE))
    listed = {one["name"]: one for one in made["components"]}
    assert {name: listed[name]["version"] for name in locked} == locked
    assert (
        len(hashes(listed["click"])) == len(re.search(r"^click==.*?(?=^\S)", lock, flags=re.MULTILINE | re.DOTALL)[0].split("sha256:")) - 1
    )
    assert listed["d3.min.js"]["licenses"][0]["license"]["id"] == "ISC"
    assert set(re.findall(r"https?://[^/\"]+", text)) <= {"http://cyclonedx.org"}, "the address of a registry is no part of a list"
    # All of it is checked by `make sbom`, which takes a minute.
    sbom.check(json.dumps({**made, "components": [listed["click"], listed["d3.min.js"]], "dependencies": []}))


def test_list_that_is_none__is_refused():
    """The schema is asked."""
    with pytest.raises(SystemExit, match=r"not CycloneDX 1\.6"):
        sbom.check('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "unheard-of", "name": 1}]}')


def test_vendored_file_that_was_changed__is_refused(tmp_path: Path):
    """A list that lies is worse than none."""
    (tmp_path / "a.js").write_text("changed", encoding="ascii")
    (tmp_path / "README.md").write_text(f"| `a.js` | A | 1.0 | MIT (`LICENSE`) | `{'0' * 64}` |\n", encoding="ascii")
    with pytest.raises(SystemExit, match=r"a\.js is not what"):
        list(sbom._vendored(tmp_path))
