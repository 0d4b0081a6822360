"""Explaining: what is varied, that each change is alone, that effects point the way they must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lykta.profiles.table import BY_KEY, CLASSES
from lykta.site import load
from lykta.tune.crew import Alone
from lykta.tune.sensitivity import Effect, effects, lamps
from lykta.tune.variations import LESS, MORE, Variation, of_settings, with_sensors, without_sensors
from tests.tune import nights

MET = ("pedestrian", "cyclist")


def variations() -> dict[tuple[str, str], Variation]:
    """The settings of the small street, by name and side."""
    scenario = nights.scenario()
    return {(one.name, one.side): one for one in of_settings(scenario.profile, scenario.site, MET)}


def test_settings__are_varied_alone_and_by_a_quarter():
    """`hold` less: 12 s become 9 s for walkers and cyclists, and nothing else of any row changes."""
    profile, changed = nights.scenario().profile, variations()[("hold", LESS)].profile
    for old, new in zip(profile.ordinary.phases, changed.ordinary.phases, strict=True):
        differing = {at for at, (a, b) in enumerate(zip(old.rows["path"], new.rows["path"], strict=True)) if a != b}
        assert differing == {BY_KEY["hold"].position(CLASSES.index(name)) for name in MET}
        assert {new.rows["path"][at] for at in differing} == {9000}
    assert variations()[("hold", LESS)].way == "12 s -> 9 s"


def test_settings__keep_limits_and_rules():
    """100 % cannot be more, and a fault level below the presence level breaks a rule: both are left out."""
    found = variations()
    assert ("level", MORE) not in found
    assert ("fault", LESS) not in found
    assert found[("idle", MORE)].way == "40 % -> 45 %"
    assert found[("coast_lamps", LESS)].way == "1 -> 0"


def test_sensors__go_one_at_a_time():
    """Six posts, six variations; each lacks one sensor, on the post that its name says."""
    scenario = nights.scenario("site")
    found = list(without_sensors(scenario.profile, scenario.site))
    assert [one.name for one in found] == [f"{name} pir" for name in "ABCDEF"]
    for place, one in enumerate(found):
        assert [len(lamp.sensors) for lamp in one.site.lamps] == [int(number != place) for number in range(6)]


def test_sensors__are_added_where_there_is_none_else_one_that_sees_who_stands_still():
    """At Valla Torg the bare posts of the streets get a PIR; on the small street, where all have one, radars are tried."""
    scenario = nights.scenario("site")
    assert [one.name for one in with_sensors(scenario.profile, scenario.site)] == [f"{name} ld2410" for name in "ABCDEF"]
    valla = load("valla_torg")
    bare = [lamp.id for lamp in valla.lamps if not lamp.sensors]
    assert bare
    assert [one.name for one in with_sensors(scenario.profile, valla)] == [f"{name} pir" for name in bare]


def test_effects__of_idle_are_energy_alone_and_mirror_each_other():
    """5 points of idle less save energy; service is what it was."""
    found = variations()
    less, more = effects(replace(nights.scenario(), seeds=(1, 2, 3)), [found[("idle", LESS)], found[("idle", MORE)]], Alone())
    assert less.saving.value is not None and more.saving.value is not None
    assert less.saving.value == pytest.approx(-more.saving.value, rel=0.05)
    assert less.saving.value > 0
    assert less.saving.significant
    assert less.service.value == pytest.approx(0, abs=1e-3)


def test_effects__of_a_sensor_taken_away_are_judged_by_what_was_owed_with_it():
    """All sensors gone but one: service falls, though without sensors nobody would come to be in duty."""
    scenario = replace(nights.scenario(), seeds=(1,))
    bare = tuple(replace(lamp, sensors=()) if lamp.id != "A" else lamp for lamp in scenario.site.lamps)
    blind = Variation("all but A", "taken away", "", scenario.profile, replace(scenario.site, lamps=bare))
    (found,) = effects(scenario, [blind], Alone())
    assert isinstance(found, Effect)
    assert found.service.value is not None
    assert found.service.value < -0.1


def test_lamps__take_at_least_what_they_needed():
    """No lamp takes less than its part of the bound, and each has a cost."""
    found = lamps(replace(nights.scenario(), seeds=(1, 2)), Alone())
    assert [one.lamp for one in found] == list("ABCDEF")
    assert all(one.spare_wh >= -0.01 for one in found)
    assert any(one.spare_wh > 0 for one in found)
