"""What all tests share: fixed Hypothesis examples, the shared data, and the rule that nothing is skipped in silence."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis.internal.conjecture import providers

from tests import services

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[services.Mosquitto]:
    """A broker to which anybody on this machine may connect."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    with contextlib.closing(services.Mosquitto(folder)) as broker:
        yield broker.start()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[services.PostgresServer]:
    """One PostgreSQL for all tests; it takes seconds to make."""
    with services.folder_for_all("postgres") as folder, contextlib.closing(services.PostgresServer(folder)) as server:
        yield server


@pytest.fixture
def postgres(postgres_server: services.PostgresServer) -> Iterator[services.Database]:
    """An empty database."""
    postgres_server.start()
    with contextlib.closing(services.Database(postgres_server)) as database:
        yield database


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser without a window. One for a module, since Playwright keeps a loop of asyncio in its thread as long as it lives."""
    path = services.program("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=services.CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


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
