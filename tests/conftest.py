"""What all tests share: fixed Hypothesis examples, the shared data, and the rule that nothing is skipped in silence."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest
from hypothesis.internal.conjecture import providers

ROOT = Path(__file__).resolve().parents[1]

#: These run on a MicroPython VM, by tests/test_micropython.py.
collect_ignore = ["micropython"]

# The same examples in every run and on every machine; deadlines would be timing assertions. Hypothesis also draws constants that it
# finds in whatever modules of ours are loaded by then: examples would depend on which tests run together.
providers.is_local_module_file = lambda path: False
hypothesis.settings.register_profile("lykta", derandomize=True, deadline=None, database=None, print_blob=False)
# To look further: `pytest --hypothesis-profile=explore`.
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("lykta")

#: The only reason for which a test may be skipped in CI: the data lie outside the clone.
SHARED_DATA_LACKS = "the shared data are not here"


def pytest_configure(config: pytest.Config) -> None:
    """What `make soak` runs has a marker of its own, so that no other stage does."""
    config.addinivalue_line("markers", "soak: whole nights, weeks and months of virtual time; run by `make soak` alone")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real inventories and counts, beside the clone (`../shared/data`) or where LYKTA_SHARED says."""
    folder = Path(os.environ.get("LYKTA_SHARED") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"{SHARED_DATA_LACKS}: {folder} does not exist; LYKTA_SHARED names another folder")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one, unless it lacks the shared data."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if SHARED_DATA_LACKS not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped, and in CI nothing is skipped: {reason}"
    return report
