"""The pytest plugin of Lykta: the fixtures `night` and `nights`, the marker `lykta`, and what is said where a claim fails.

pytest loads it in every run of an environment that has Lykta, so it imports nothing heavy before a test asks for a night.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import pytest

from lykta.errors import InputError, LyktaError

if TYPE_CHECKING:
    from lykta.testing.fixtures import Request
    from lykta.testing.night import SimulatedNight

T = TypeVar("T")

PICTURES = "lykta-failures"
_MARKER = (
    "lykta(scenario=..., site=..., profile=..., requirement=..., traffic=..., date=..., seeds=..., sensors=..., radio=..., scheme=..., "
    "engine=...): the nights that the fixtures `night` and `nights` simulate, named as for `lykta simulate`"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and settings of the plugin."""
    group = parser.getgroup("lykta", "nights of street light")
    group.addoption("--lykta-seeds", metavar="A-B", help="Simulate these seeds instead of those that marker or scenario name.")
    group.addoption("--lykta-pictures", metavar="DIR", help=f"Where pictures of failed nights are written. Default: {PICTURES}/.")
    parser.addini(
        "lykta_scenario", "The scenario of tests that do not say which: a file (from the folder of this setting) or a packaged name."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of a `night` runs once for each of its seeds."""
    if "lykta_seed" in metafunc.fixturenames:
        try:
            seeds = _request(metafunc.definition, metafunc.config).seeds
        except LyktaError:
            seeds = ()  # the fixture says what is wrong, to this test alone
        metafunc.parametrize("lykta_seed", seeds or [0], ids=[f"seed {seed}" for seed in seeds] or ["no night"])


@pytest.fixture
def lykta_nights(request: pytest.FixtureRequest) -> Request:
    """The nights that marker, option or setting ask for, not yet simulated."""
    return _or_fail(lambda: _request(request.node, request.config))


@pytest.fixture
def night(lykta_nights: Request, lykta_seed: int) -> SimulatedNight:
    """A simulated night: each test runs once for each seed."""
    return _or_fail(lambda: lykta_nights.night(lykta_seed))


@pytest.fixture
def nights(lykta_nights: Request) -> list[SimulatedNight]:
    """All nights of the test at once, one for each seed."""
    return [_or_fail(partial(lykta_nights.night, seed)) for seed in lykta_nights.seeds]


def _or_fail(make: Callable[[], T]) -> T:
    """What `make` makes; what a person has written wrong fails the test with that sentence alone."""
    try:
        return make()
    except LyktaError as error:
        wrong = str(error)
    pytest.fail(wrong, pytrace=False)


def _request(item: pytest.Item, config: pytest.Config) -> Request:
    """What the nearest marker asks for, else the setting. InputError where neither names a night."""
    from lykta.testing.fixtures import KEYS, request_of

    wanted: dict[str, object] = {}
    for marker in reversed(list(item.iter_markers("lykta"))):
        if marker.args or set(marker.kwargs) - set(KEYS):
            raise InputError.of(item.nodeid, f"the marker lykta takes only these, by name: {', '.join(KEYS)}.")
        wanted |= marker.kwargs
    folders = [item.path.parent, config.rootpath]
    if not {"scenario", "site"} & set(wanted):
        wanted["scenario"] = config.getini("lykta_scenario")
        folders = [config.inipath.parent if config.inipath else config.rootpath]
    if not wanted.get("scenario") and not wanted.get("site"):
        raise InputError.of(
            item.nodeid, 'which night? Mark the test, @pytest.mark.lykta(site="my_site.yaml"), or set lykta_scenario = my_scenario.yaml.'
        )
    seeds = config.getoption("--lykta-seeds")
    return request_of(wanted, folders, {"seeds": seeds} if seeds else {})


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A new test: whatever nights were made before do not concern it."""
    recent = _recent()
    if recent is not None:
        recent.forget_nights()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To a failure belong the seed, how to have the night again, and its space-time picture."""
    report = yield
    recent = _recent()
    if report.failed and call.when == "call" and recent is not None:
        night = recent.latest_night()
        if night is not None:
            _tell(report, night, _draw(item, night))
    return report


def _recent() -> ModuleType | None:
    """`lykta.testing.night`, if any test has asked for a night yet; it is not loaded for those who never do."""
    return sys.modules.get("lykta.testing.night")


def _draw(item: pytest.Item, night: SimulatedNight) -> str:
    """Write the picture of a night, and say where it is (or why it is nowhere)."""
    folder = Path(item.config.getoption("--lykta-pictures") or item.config.rootpath / PICTURES)
    file = folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', item.nodeid).strip('-')[-120:]}.svg"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(night.picture(), encoding="utf-8")
    except OSError as error:
        return f"{file} cannot be written: {error.strerror or error}. Choose another place with --lykta-pictures."
    return str(file)


def _tell(report: pytest.TestReport, night: SimulatedNight, picture: str) -> None:
    """Add what concerns the night to the failure message, which terminals and JUnit show."""
    said = "\n".join([*_sentences(night), f"Again:    {night.again}", f"Picture:  {picture}"])
    add = getattr(report.longrepr, "addsection", None)
    if add is not None:
        add(f"night of seed {night.seed}", said)
    else:
        report.longrepr = f"{report.longrepr}\nnight of seed {night.seed}\n{said}"


def _sentences(night: SimulatedNight) -> list[str]:
    """Where light lacked most."""
    from lykta.score.words import moment_said, moment_title

    worst = sorted(night.score.worst, key=lambda found: (-found.dark_s, -found.seconds))[:3]
    clock = night.score.about.clock
    return [f"Worst:    {moment_title(moment, clock(moment.begin_ms))}. {moment_said(moment)}" for moment in worst]
