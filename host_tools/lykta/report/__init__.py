"""Makes a night visible: the HTML report, still pictures, JUnit.

write_html(path, ReportInput(...))                         the report of one night, one file
static.space_time(...), static.street_map(...) -> str      pictures that stand alone, as SVG
junit.write(path, suite, [Result(...), ...])               requirements of a scenario for CI
"""

from __future__ import annotations

from lykta.report import junit, static
from lykta.report.junit import Result
from lykta.report.model import ReportInput
from lykta.report.page import render, write_html

__all__ = ["ReportInput", "Result", "junit", "render", "static", "write_html"]
