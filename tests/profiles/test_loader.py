"""Profiles: what is written where decides what holds, and the packaged ones are right."""

from __future__ import annotations

import datetime

import pytest

from lykta import profiles
from lykta.corehost import schema
from lykta.document import Document
from lykta.errors import InputError
from lykta.profiles.model import CLOCK, SUNRISE, SUNSET, Night, Start
from lykta.profiles.profile import Profile
from lykta.profiles.settings import read_block
from lykta.profiles.table import CLASSES, SETTINGS, Setting, defaults, value
from lykta.units import show

PROFILE = """\
name: Test
phases: {dusk: sunset - 15 min, night: 23:00, dawn: sunrise - 1 h}
end: sunrise + 10 min
zones:
  path:
    all:
      idle: 40 %
      everyone: {hold: 20 s, ahead: 60 m}
      cyclist: {hold: 15 s}
    night:
      idle: 30 %
      everyone: {hold: 12 s}
  street:
calendar:
  - event: feast
    from: 2026-12-30
    until: 2026-12-31
    reason: crowds
    phases: {dusk: sunset, feast: 21:00}
    end: 07:00
    zones:
      path:
        feast: {idle: 80 %}
  - name: weekend
    weekdays: fri-sat
    zones:
      path: {all: {idle: 50 %}, night: {ramp_up: 3 s}}
"""


@pytest.fixture
def profile() -> Profile:
    """The profile of PROFILE."""
    return profiles.read_profile(Document.read(PROFILE, "test.yaml"))


def in_phase(night: Night, phase: str, zone: str, key: str, road_user: str = "pedestrian") -> int:
    """One value of a night."""
    row = next(found for found in night.phases if found.name == phase).rows[zone]
    return value(row, key, CLASSES.index(road_user))


def test_profile__phases_are_read_with_their_starts(profile: Profile):
    """Clock, sun and offsets; the light goes off at the end."""
    assert [(phase.name, phase.start) for phase in profile.ordinary.phases] == [
        ("dusk", Start(SUNSET, -15)),
        ("night", Start(CLOCK, 23 * 60)),
        ("dawn", Start(SUNRISE, -60)),
    ]
    assert profile.ordinary.end == Start(SUNRISE, 10)


def test_profile__a_phase_beats_all_and_a_class_beats_everyone(profile: Profile):
    """The more special block wins; in one block the class wins over everyone."""
    night = profile.ordinary
    assert in_phase(night, "dusk", "path", "idle") == 400
    assert in_phase(night, "night", "path", "idle") == 300
    assert [in_phase(night, "dusk", "path", "hold", name) for name in CLASSES] == [20_000, 15_000, 20_000]
    assert [in_phase(night, "night", "path", "hold", name) for name in CLASSES] == [12_000, 12_000, 12_000]


def test_profile__what_is_not_written_is_the_default(profile: Profile):
    """A zone of which nothing is said has the defaults of the settings table."""
    assert [list(phase.rows["street"]) for phase in profile.ordinary.phases] == [defaults()] * 3


def test_calendar__the_first_match_holds(profile: Profile):
    """A night has at most one entry: the first that matches; its settings lie over those of the zones."""
    new_year, saturday, monday = (profile.night(datetime.date(2026, 12, day)) for day in (31, 26, 28))
    assert monday == profile.ordinary
    assert [(phase.name, phase.start.kind, phase.reason) for phase in new_year.phases] == [
        ("dusk", SUNSET, "feast: crowds"),
        ("feast", CLOCK, "feast: crowds"),
    ]
    assert new_year.end == Start(CLOCK, 7 * 60)
    assert in_phase(new_year, "feast", "path", "idle") == 800
    assert in_phase(new_year, "dusk", "path", "idle") == 400
    assert in_phase(saturday, "dusk", "path", "idle") == 500
    assert in_phase(saturday, "night", "path", "ramp_up") == 3_000
    assert in_phase(saturday, "night", "path", "hold") == 12_000


def test_calendar__an_entry_lies_over_the_phases_of_the_zone(profile: Profile):
    """What an entry says for all phases beats what the zone says for one."""
    assert in_phase(profile.night(datetime.date(2026, 12, 26)), "night", "path", "idle") == 500


def test_missing_zones__are_named_with_what_is_near(profile: Profile):
    """A zone of the site that the profile does not know is a problem, each once."""
    problems = [str(problem) for problem in profile.missing_zones(["path", "pth", "pth", "street"])]
    assert problems == [
        'test.yaml:4:1  zones: the site has a zone "pth", and this profile says nothing about it. Did you mean "path"? Add `pth:` here.'
    ]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_settings__of_every_kind_can_be_written(setting: Setting):
    """Each key of the settings table is read, in its block, at its lowest and highest, and lands at its position."""
    for amount in (setting.lowest, setting.highest):
        written = f"{setting.key}: {show(setting.kind, amount)}"
        document = Document.read(f"car: {{{written}}}" if setting.per_class else written, "x.yaml")
        found = [(assignment.position, assignment.value) for assignment in read_block(document.root)]
        document.finish()
        assert found == [(setting.position(schema.CAR), amount)]


@pytest.mark.parametrize("name", profiles.packaged("profiles"))
def test_packaged__profiles_are_right_and_have_a_requirement(name: str):
    """Each packaged profile has no error and no warning, and a requirement of the same name that it tries to meet."""
    profile, requirement = profiles.load_profile(name), profiles.load_requirement(name)
    assert profile.check() == []
    for _, night in profile.nights():
        for phase in night.phases:
            row = phase.rows["path"]
            for road_user in ("pedestrian", "cyclist"):
                need, index = requirement.phases[0].needs[road_user], CLASSES.index(road_user)
                tried = [value(row, key, index) for key in ("level", "ahead", "preview", "behind")]
                owed = [need.level_permille, need.ahead_cm, need.preview_ms, need.behind_cm]
                assert all(has >= wants for has, wants in zip(tried, owed, strict=True)), (phase.name, road_user)


def test_load__of_an_unknown_name_proposes_a_packaged_one():
    """A name that is neither file nor packaged is told what there is."""
    with pytest.raises(InputError) as caught:
        profiles.load_profile("vala_torg")
    assert str(caught.value) == (
        'vala_torg  is neither a file nor one of the packaged profiles (kungsholms_strand, valla_torg). Did you mean "valla_torg"?'
    )
