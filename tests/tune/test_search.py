"""Searching: the same result whoever works and however often it is interrupted; what it refuses; what it says when nothing will do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lykta.errors import InputError, LyktaError
from lykta.score.requirements import of_texts
from lykta.site import load
from lykta.tune.crew import Alone, Crew, Processes
from lykta.tune.search import Point, Task, best, front, nobody_met, search
from lykta.tune.space import read_space
from lykta.tune.trial import least_levels
from tests.tune import nights

ROOT = Path(__file__).resolve().parents[2]
SPACE = ("idle: 20..50 %", "hold: 1..20 s")


def task(*conditions: str, space: tuple[str, ...] = SPACE) -> Task:
    """A search on the small street, four points a generation, one night each."""
    scenario = nights.scenario()
    found = read_space(space, nights.PROFILE, "profile.yaml", scenario.date)
    return Task(scenario, found, (1,), tuple(of_texts(conditions or ("service at least 99 %",))), population=4)


def searched(task: Task, trials: int, crew: Crew | None = None, journal: Path | None = None) -> list[Point]:
    """All points."""
    return list(search(task, trials, crew or Alone(), journal))


class Interrupted(Alone):
    """A crew that is interrupted after some results."""

    def __init__(self, after: int) -> None:
        self.left = after

    def each(self, work, jobs) -> Iterator[object]:
        """As ever, until it is enough."""
        for done in super().each(work, jobs):
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            yield done


def test_search__begins_with_the_profile_as_it_stands_and_finds_better():
    """Less idle takes less energy: the choice takes less than the profile, and keeps the constraint."""
    points = searched(task(), 11)
    assert points[0].values == {"idle": 400, "hold": 12_000}
    chosen = best(points)
    assert chosen is not None
    assert chosen.feasible
    assert chosen.spent < points[0].spent
    assert chosen.service >= 0.99


def test_search__goes_on_where_it_was_interrupted(folder: Path):
    """In the middle of a generation, twice: the same points as in one go, and none is tried again."""
    journal = folder / "journal.log"
    whole = searched(task(), 11)
    for after in (3, 4):
        with pytest.raises(KeyboardInterrupt):
            searched(task(), 11, Interrupted(after), journal)
    assert searched(task(), 7, Interrupted(0), journal) == whole[:7]
    assert searched(task(), 11, journal=journal) == whole


def test_search__finds_the_front_of_those_that_keep_all():
    """No point of the front is beaten in both, and each that is feasible is beaten by one of it or on it."""
    points = searched(task(), 9)
    found = front(points)
    assert found[0] == best(points)
    for one in points:
        if one.feasible:
            assert any(other.spent <= one.spent and other.unserved <= one.unserved for other in found)


def test_trial__that_breaks_a_rule_is_no_choice():
    """A hold shorter than the ramp: not simulated, and told which rule."""
    points = searched(task(space=("hold: 200..4000 ms",)), 9)
    broken = [one for one in points if one.broken]
    assert broken
    assert all("is shorter than ramp_up" in one.broken and not one.feasible for one in broken)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("site", 'is the journal of another search: its site is "Six posts .*", not "Seven posts'),
        ("seeds", 'its seeds is "1", not "1, 2"'),
        ("space", r"its search space is .*hold: 1 s to 20 s"),
        ("profile", "its profile is"),
    ],
)
def test_journal__of_another_search_is_refused(folder: Path, part: str, said: str):
    """Results of another site, other nights, another space or another profile are not gone on with."""
    journal = folder / "journal.log"
    first = task()
    searched(first, 2, journal=journal)
    other = {
        "site": replace(first, scenario=replace(first.scenario, site=replace(first.scenario.site, name="Seven posts"))),
        "seeds": replace(first, seeds=(1, 2)),
        "space": task(space=("idle: 20..50 %",)),
        "profile": replace(first, space=replace(first.space, text=first.space.text + "# changed\n")),
    }[part]
    with pytest.raises(InputError, match=said):
        searched(other, 3, journal=journal)


def test_journal__is_known_again_by_another_process():
    """Sets come in another order in each process; what a journal is of does not depend on it."""
    script = "from tests.tune import test_search as t; from lykta.tune.search import about_of; print(about_of(t.task()))"
    found = set()
    for seed in ("1", "5"):  # in which walkers and cyclists change places
        paths = os.pathsep.join((str(ROOT), str(ROOT / "host_tools")))
        own = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
        found.add(subprocess.run([sys.executable, "-c", script], env=own, capture_output=True, text=True, check=True).stdout)
    assert len(found) == 1
    assert found != {""}


def test_journal__that_is_none_is_refused(folder: Path):
    """A text file in its place is not overwritten."""
    (folder / "journal.log").write_text("hello\n", encoding="utf-8")
    with pytest.raises(InputError, match="is no journal of `lykta tune`"):
        searched(task(), 2, journal=folder / "journal.log")
    assert (folder / "journal.log").read_text(encoding="utf-8") == "hello\n"


def test_nobody_met__says_which_constraint_and_who_comes_nearest():
    """A saving that no profile of the space can reach: the best there is, and its settings."""
    wanted = task("saving at least 95 %", "service at least 90 %")
    points = searched(wanted, 5)
    assert best(points) is None
    said = nobody_met(wanted, points)
    most = max(points, key=lambda one: one.saving)
    assert said.splitlines()[0] == "None of 5 profiles keeps every constraint."
    assert f'No profile keeps "saving at least 95 %": at best saving {100 * most.saving:.1f} %.' in said
    assert f"Nearest: profile {most.number} ({wanted.space.said(most.values)}), with saving" in said
    assert "service at least 90" not in said


def test_conditions__that_need_a_whole_score_get_one():
    """Dark seconds are no sum: the trial scores whole nights, and reads them there."""
    one = task("dark seconds per pedestrian at most 1000", "changes per lamp and hour at most 200")
    (point,) = searched(one, 1)
    assert point.feasible
    assert all(value is not None and value >= 0 for value in point.readings)


def test_brief__says_the_same_as_a_whole_score():
    """Energy, service and changes of a trial are to the last digit those of the score."""
    conditions = ("saving at least 1 %", "service of pedestrians at least 1 %")
    (quick,) = searched(task(*conditions), 1)
    (whole,) = searched(task(*conditions, "uneven time at most 100 %"), 1)
    assert quick.readings == pytest.approx(whole.readings[:2], abs=1e-12)
    assert (quick.spent, quick.unserved) == pytest.approx((whole.spent, whole.unserved), abs=1e-12)


def test_least_levels__keep_a_class_of_en_13201():
    """P3 of 7.5 lx leaves P5 (3 lx) from 40 % on; more than the design is refused at once."""
    site = load("valla_torg")
    levels = {zone: level for zone, level, why in least_levels(site, "P5") if why == "P5 on Park path"}
    assert "street" not in levels
    assert 390 <= levels["path"] <= 410
    with pytest.raises(LyktaError, match="--least-class P1: no profile can keep it, since Park path has P3 at full light"):
        least_levels(site, "P1")
    with pytest.raises(LyktaError, match=r'"P9" is no class of EN 13201'):
        least_levels(site, "P9")
    with pytest.raises(LyktaError, match="no way of Kungsholms strand has design values"):
        least_levels(load("kungsholms_strand"), "P5")


def test_least_levels__are_a_constraint():
    """A profile that goes below is so far from being feasible as its level is too low."""
    one = replace(task("saving at least 1 %"), least_levels=(("path", 450, "P5 on Park path"),))
    (point,) = searched(one, 1)
    assert point.over == (0.0, 0.0, pytest.approx(0.05))
    assert "40.0 % in zone path where 45 % is needed" in nobody_met(one, [point])


@pytest.mark.slow
def test_search__in_processes_finds_the_same():
    """Two processes, the same points in the same order."""
    with Processes(2) as two:
        assert searched(task(), 9, two) == searched(task(), 9)
