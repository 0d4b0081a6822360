"""JUnit files that every CI can read."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from lykta.report import Result, junit

RESULTS = [
    Result("saving at least 45 %", False, "41.2 %", "41.2 % of 12.3 kWh; hold after somebody cost 3 kWh", "seed 7", 0.5),
    Result("dark seconds per pedestrian at most 0", True, "0 s", group="seed 7", seconds=0.25),
]


def test_junit__counts_and_explains(tmp_path: Path) -> None:
    """A failed requirement is a failure with what was found and the explanation; times add up."""
    junit.write(tmp_path / "out.xml", "valla_torg", RESULTS)
    root = ET.parse(tmp_path / "out.xml").getroot()
    suite = root[0]
    assert (root.tag, suite.get("tests"), suite.get("failures"), suite.get("time")) == ("testsuites", "2", "1", "0.750")
    failure = suite[0][0]
    assert (failure.tag, failure.get("message"), failure.text) == ("failure", "41.2 %", RESULTS[0].detail)
    assert [case.get("classname") for case in suite] == ["valla_torg.seed 7"] * 2


def test_junit__holds_what_xml_cannot(tmp_path: Path) -> None:
    """Control characters and markup in a message leave a file that parses."""
    junit.write(tmp_path / "out.xml", "s <&> \x00", [Result('a "b" <c>', False, "\x1b[31mred\x1b[0m ]]>")])
    case = ET.parse(tmp_path / "out.xml").getroot()[0][0]
    assert (case.get("name"), "\x1b" in (case[0].text or "")) == ('a "b" <c>', False)


def test_junit__without_requirements_is_an_empty_suite(tmp_path: Path) -> None:
    """Nothing asked, nothing failed."""
    junit.write(tmp_path / "out.xml", "none", [])
    assert ET.parse(tmp_path / "out.xml").getroot().get("tests") == "0"
