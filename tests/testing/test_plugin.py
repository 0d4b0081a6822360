"""The pytest plugin: which nights a test gets, and what is said where a claim fails."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli import street

pytest_plugins = ["pytester"]

CLAIM = "assert night.dark_seconds('pedestrian').max() <= 0\n"
MARK = "@pytest.mark.lykta(site='site.yaml', sensors='ideal', engine='python'{more})\n"


@pytest.fixture
def repository(pytester: pytest.Pytester) -> pytest.Pytester:
    """A repository with a small street."""
    street.write(pytester.path)
    return pytester


def write(repository: pytest.Pytester, *tests: str) -> None:
    """A test module of these tests."""
    repository.makepyfile("import pytest\nfrom lykta.testing import Broke, Person, Street, night_of, strategies\n" + "".join(tests))


def test_plugin__is_found_by_its_entry_point():
    """Installing Lykta is all that a user does."""
    (found,) = entry_points(group="pytest11", name="lykta")
    assert found.value == "lykta.testing.plugin"


def test_plugin__costs_nothing_where_no_night_is_asked_for():
    """It does not load NumPy, Arrow or Hypothesis into the runs of others."""
    code = "import sys, lykta.testing.plugin; print([name for name in ('numpy', 'pyarrow', 'hypothesis', 'rich') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_night__is_simulated_once_for_each_seed(repository: pytest.Pytester):
    """Two seeds are two tests; two tests of a seed see the same object; `nights` are all of them."""
    write(
        repository,
        "seen = []\n",
        MARK.format(more=", seeds='1-2'") + "def test_a(night): seen.append(night); assert night.seed in (1, 2)\n",
        MARK.format(more=", seeds='1-2'") + "def test_b(night): assert any(night is one for one in seen)\n",
        MARK.format(more=", seeds=[1, 2]") + "def test_c(nights): assert [night.seed for night in nights] == [1, 2]\n",
    )
    result = repository.runpytest_inprocess()
    result.assert_outcomes(passed=5)
    assert "test_a[seed 1]" in repository.runpytest_inprocess("-v").stdout.str()


def test_seeds__can_be_given_on_the_command_line(repository: pytest.Pytester):
    """`--lykta-seeds` overrules the marker."""
    write(repository, MARK.format(more=", seeds='1-2'") + "def test_a(night): assert night.seed > 6\n")
    repository.runpytest_inprocess("--lykta-seeds", "7-9").assert_outcomes(passed=3)


def test_setting__names_the_scenario_of_tests_that_do_not_say(repository: pytest.Pytester):
    """No marker needs a scenario where all tests are about one scenario; its seeds and faults are taken."""
    repository.makeini("[pytest]\nlykta_scenario = scenario.yaml\n")
    write(
        repository,
        "pytestmark = pytest.mark.lykta(engine='python')\n",
        "def test_a(night): assert (night.service(), night.seed) in ((0, 1), (0, 2))\n",
    )
    repository.runpytest_inprocess().assert_outcomes(passed=2)


def test_failure__carries_seed_command_cause_and_picture(repository: pytest.Pytester):
    """In the terminal and in JUnit; the picture is an SVG where the message says."""
    write(repository, "@pytest.mark.lykta(scenario='scenario.yaml', seeds='2', engine='python')\ndef test_dark(night): " + CLAIM)
    result = repository.runpytest_inprocess("--junit-xml=found.xml")
    result.assert_outcomes(failed=1)
    picture = repository.path / "lykta-failures" / "test_failure__carries_seed_command_cause_and_picture.py-test_dark-seed-2.svg"
    said = result.stdout.str()
    for line in (
        "night of seed 2",
        "Again:    lykta simulate scenario.yaml --seed 2 --out night/",
        f"Picture:  {picture}",
        "the lamp was dead",
    ):
        assert line in said
    assert picture.read_text(encoding="utf-8").startswith("<svg ")
    (failure,) = ET.parse(repository.path / "found.xml").getroot().iter("failure")
    assert "--seed 2" in (failure.text or "") and str(picture) in (failure.text or "")


def test_failure__of_a_written_world_says_the_python_that_makes_it(repository: pytest.Pytester):
    """Also where no fixture was used: the latest night of the test is meant, never one of the test before."""
    write(
        repository,
        "def test_dark():\n    night = night_of(Street(), [Person()], [Broke('dead_lamp', ('P1', 'P2'))], seed=5)\n    " + CLAIM,
        "def test_other(): assert 1 == 2\n",
    )
    result = repository.runpytest_inprocess("--lykta-pictures", "drawn")
    result.assert_outcomes(failed=2)
    said = result.stdout.str()
    assert "Again:    night_of(Street(), [Person()], [Broke(what='dead_lamp', lamps=('P1', 'P2'))], seed=5)" in said
    assert said.count("Again:") == 1
    assert [file.suffix for file in (repository.path / "drawn").iterdir()] == [".svg"]


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("", "which night? Mark the test"),
        ("@pytest.mark.lykta(site='nowhere.yaml')\n", "nowhere.yaml  there is no such file"),
        ("@pytest.mark.lykta(site='site.yaml', seed=3)\n", "the marker lykta takes only these, by name"),
        ("@pytest.mark.lykta(scenario='scenario.yaml', radio='real')\n", "leave out radio"),
        ("@pytest.mark.lykta(scenario='site.yaml')\n", "is no scenario"),
        ("@pytest.mark.lykta(site='site.yaml', date='tomorrow')\n", "is no date"),
        ("@pytest.mark.lykta(site='site.yaml', seeds='x')\n", "seeds"),
        ("@pytest.mark.lykta(site='site.yaml', sensors='good')\n", "choose site or ideal"),
        ("@pytest.mark.lykta(site='site.yaml', scheme='group: x')\n", "is no setting of it"),
    ],
)
def test_mistakes__are_one_sentence_of_the_test_concerned(repository: pytest.Pytester, marker: str, said: str):
    """No traceback, and other tests go on."""
    write(repository, marker + "def test_a(night): pass\n", "def test_b(): pass\n")
    result = repository.runpytest_inprocess()
    result.assert_outcomes(errors=1, passed=1)
    assert said in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_folder_of_pictures__that_cannot_be_made_is_told(repository: pytest.Pytester):
    """The claim fails for its own reason all the same."""
    (Path(repository.path) / "file").write_text("", encoding="utf-8")
    write(repository, "def test_dark():\n    night = night_of(Street(), [Person()], [Broke('dead_lamp', ('P1', 'P2'))])\n    " + CLAIM)
    result = repository.runpytest_inprocess("--lykta-pictures", "file")
    assert "cannot be written" in result.stdout.str()
    result.assert_outcomes(failed=1)
