"""The requirements of a scenario as JUnit XML, which every CI reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

#: What XML 1.0 cannot hold, however it is written.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Result:
    """One requirement, met or not: `name` as it stands in the scenario, `said` what was found, `detail` the minimal explanation."""

    name: str
    met: bool
    said: str
    detail: str = ""
    group: str = ""  # e.g. the seed
    seconds: float = 0.0


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def element(suite: str, results: Sequence[Result]) -> ET.Element:
    """The document: one suite, one case for each requirement."""
    failures = sum(not result.met for result in results)
    total = f"{sum(result.seconds for result in results):.3f}"
    counts = {"tests": str(len(results)), "failures": str(failures), "errors": "0", "time": total}
    root = ET.Element("testsuites", {"name": "lykta", **counts})
    branch = ET.SubElement(root, "testsuite", {"name": _clean(suite), **counts, "skipped": "0"})
    for result in results:
        group = f"{suite}.{result.group}" if result.group else suite
        case = ET.SubElement(branch, "testcase", {"classname": _clean(group), "name": _clean(result.name), "time": f"{result.seconds:.3f}"})
        if result.met:
            ET.SubElement(case, "system-out").text = _clean(result.said)
        else:
            failure = ET.SubElement(case, "failure", {"message": _clean(result.said), "type": "requirement"})
            failure.text = _clean(result.detail or result.said)
    return root


def write(path: Path, suite: str, results: Sequence[Result]) -> None:
    """Write the results of a suite; its folder must exist."""
    root = element(suite, results)
    ET.indent(root)
    path.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
