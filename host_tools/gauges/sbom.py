"""What the software is made of, as CycloneDX 1.6: one list for the node, one for the tools.

    python -m gauges.sbom                writes dist/sbom/lykta-firmware.cdx.json and lykta-tools.cdx.json, both checked against the schema

The node's has every file that goes to a board, compiled, with its SHA-256; vendored libraries; and the MicroPython that each board takes.
The tools' comes from the lock file of all that `make` ever installs (`locks/dev.txt`), with the hashes in it, and has what is vendored.
The same sources give the same lists, to the byte.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from lykta import __version__
from lykta.node.payload import make_payload
from lykta.plan.board_reader import load_board, packaged_boards

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "dist" / "sbom"
FIRMWARE, TOOLS = "lykta-firmware.cdx.json", "lykta-tools.cdx.json"
_LOCK = ROOT / "locks" / "dev.txt"
_LICENCE = "Apache-2.0"
#: A row of a table of vendored files, as the README of their folder has it.
_VENDORED = re.compile(
    r"^\| `(?P<file>[^`]+)` \| (?P<what>[^|]+) \| (?P<version>[^|]+) \| (?P<licence>[^|(]+)[^|]*\| `(?P<sha>[0-9a-f]{64})` \|$"
)


def firmware() -> Bom:
    """The list of what goes to a node."""
    payload = make_payload()
    root = Component(name="lykta-firmware", version=payload.version, type=ComponentType.FIRMWARE, bom_ref="lykta-firmware")
    root.licenses.add(DisjunctiveLicense(id=_LICENCE))
    files = [_file(name, data) for name, data in sorted({**payload.root, **payload.package}.items())]
    return _bom(root, [*files, *_vendored(ROOT / "firmware"), *_runtimes()])


def _file(name: str, data: bytes) -> Component:
    found = Component(name=name, type=ComponentType.FILE, bom_ref=f"file:{name}")
    found.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(data).hexdigest()))
    return found


def _runtimes() -> Iterator[Component]:
    """The MicroPython of each board; with the hash of every image that was tried on one."""
    for name in packaged_boards():
        runtime = load_board(name).runtime
        for file, sha256 in [(one.file, one.sha256) for one in runtime.images] or [(runtime.file, "")]:
            reference = f"micropython:{name}:{file}"
            found = Component(name="MicroPython", version=runtime.version, type=ComponentType.FIRMWARE, bom_ref=reference)
            found.description = f"runtime of board {name}: {file}, from {runtime.source}"
            found.licenses.add(DisjunctiveLicense(id="MIT"))
            found.purl = PackageURL("github", "micropython", "micropython", f"v{runtime.version}")
            if sha256:
                found.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=sha256))
            yield found


def _vendored(folder: Path) -> Iterator[Component]:
    """What lies below a folder and comes from others, by the tables in the READMEs beside it. Fails where a file is another one."""
    for readme in sorted(folder.rglob("README.md")):
        for line in readme.read_text(encoding="utf-8").splitlines():
            row = _VENDORED.match(line)
            if row is None:
                continue
            file = readme.parent / row["file"]
            if hashlib.sha256(file.read_bytes()).hexdigest() != row["sha"]:
                raise SystemExit(f"{file} is not what {readme} says: it was changed, or the table was not.")
            found = Component(
                name=row["file"], version=row["version"].strip(), type=ComponentType.LIBRARY, bom_ref=f"vendored:{row['file']}"
            )
            found.description = row["what"].strip()
            found.licenses.add(DisjunctiveLicense(id=row["licence"].strip()))
            found.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=row["sha"]))
            yield found


def tools() -> Bom:
    """The list of what the tools are made of."""
    program = Path(sys.executable).with_name("cyclonedx-py")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "tools.json"
        words = [
            "requirements",
            "--pyproject",
            "pyproject.toml",
            "--sv",
            "1.6",
            "--output-reproducible",
            "--no-validate",
            "-o",
            str(made),
            str(_LOCK),
        ]
        # It warns that its own list has no root; ours gets one.
        subprocess.run([str(program), *words], cwd=ROOT, check=True, env={**os.environ, "PYTHONWARNINGS": "ignore"})
        bom = Bom.from_json(json.loads(made.read_text(encoding="utf-8")))  # type: ignore[attr-defined]  # made by its serializer
    for component in bom.components:
        _without_address(component)
    root = Component(name="lykta", version=__version__, type=ComponentType.APPLICATION, bom_ref="lykta")
    root.licenses.add(DisjunctiveLicense(id=_LICENCE))
    return _bom(root, [*bom.components, *_vendored(ROOT / "host_tools")])


def _without_address(component: Component) -> None:
    """A package by its name, not by the address of a registry; the hashes of all that may be installed of it stay."""
    hashes = [each for reference in component.external_references for each in reference.hashes]
    name = ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(str(component.purl)), hashes=hashes)
    component.external_references = [name]


def _bom(root: Component, components: Sequence[Component]) -> Bom:
    """A list with its root; its serial number comes from what is in it, so that the same sources give the same list."""
    bom = Bom(components=components)
    bom.metadata.component = root
    bom.metadata.timestamp = _when()
    bom.register_dependency(root, components)
    about = "\n".join(sorted(f"{one.bom_ref} {one.version} {sorted(str(x.content) for x in one.hashes)}" for one in components))
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"{root.name} {root.version}\n{about}")
    return bom


def _when() -> dt.datetime:
    """The time of the sources: of the commit, so that the same ones give the same list."""
    done = subprocess.run(["git", "log", "-1", "--format=%cI"], cwd=ROOT, capture_output=True, text=True, check=True)
    return dt.datetime.fromisoformat(done.stdout.strip())


def text_of(bom: Bom) -> str:
    """A list as JSON."""
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def check(text: str) -> None:
    """Fail where a list is not as the schema of CycloneDX wants it. Each address costs it half a second."""
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise SystemExit(f"this is not CycloneDX 1.6: {wrong}")


def main() -> int:
    """Write both."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name, bom in ((FIRMWARE, firmware()), (TOOLS, tools())):
        text = text_of(bom)
        print(
            f"{(OUT / name).relative_to(ROOT)}: {len(bom.components)} components; checking it against the schema of CycloneDX 1.6",
            flush=True,
        )
        check(text)
        (OUT / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
