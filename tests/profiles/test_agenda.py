"""A night at a place: local times, changes of the clocks, Arctic summer and winter, and what is owed when."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lykta import profiles
from lykta.document import Document
from lykta.profiles.agenda import NightTimes, agenda, night_times, origin_utc_ms, resolve_requirement
from lykta.profiles.model import CLOCK, SUNSET, Start
from lykta.profiles.profile import Profile

STOCKHOLM = (59.295, 18.0484, "Europe/Stockholm")
KIRUNA = (67.9, 20.3, "Europe/Stockholm")
QUITO = (0.0, -78.5, "America/Guayaquil")
CANBERRA = (-35.0, 149.1, "Australia/Sydney")
KIRITIMATI = (1.9, -157.4, "Pacific/Kiritimati")
AUCKLAND = (-36.85, 174.76, "Pacific/Auckland")
PLACES = (STOCKHOLM, KIRUNA, QUITO, CANBERRA, KIRITIMATI, AUCKLAND)


@pytest.fixture(scope="module")
def profile() -> Profile:
    """Dusk by the sun, night by the clock, off by the sun."""
    text = "phases: {dusk: sunset - 15 min, night: 23:00, dawn: 05:00}\nend: sunrise + 10 min\nzones: {path: {night: {idle: 20 %}}}\n"
    return profiles.read_profile(Document.read(text, "x.yaml"))


def local_plan(profile: Profile, place: tuple[float, float, str], date: str) -> list[str]:
    """The phases of a night and its end, each with the local time to the minute."""
    plan = agenda(profile, *place, datetime.date.fromisoformat(date))
    begins = [(phase.name, begin) for begin, phase in plan.phases] + [("off", plan.end_ms)]
    return [f"{name} {plan.times.local(begin):%H:%M}" for name, begin in begins]


@pytest.mark.parametrize(
    ("place", "date", "expected"),
    [
        (STOCKHOLM, "2026-12-14", ["dusk 14:32", "night 23:00", "dawn 05:00", "off 08:48"]),
        (STOCKHOLM, "2026-06-20", ["dusk 21:52", "night 23:00", "off 03:41"]),
        (STOCKHOLM, "2026-03-28", ["dusk 18:05", "night 23:00", "dawn 05:00", "off 06:33"]),
        (STOCKHOLM, "2026-10-24", ["dusk 17:00", "night 23:00", "dawn 05:00", "off 06:59"]),
        (KIRUNA, "2026-12-21", ["dusk 12:00", "night 23:00", "dawn 05:00", "off 12:00"]),
        (KIRUNA, "2026-06-20", ["off 00:40"]),
        (QUITO, "2026-03-20", ["dusk 18:09", "night 23:00", "dawn 05:00", "off 06:27"]),
        (CANBERRA, "2026-06-21", ["dusk 16:44", "night 23:00", "dawn 05:00", "off 07:21"]),
        (CANBERRA, "2026-12-21", ["dusk 20:01", "night 23:00", "dawn 05:00", "off 05:56"]),
    ],
)
def test_agenda__is_what_the_clocks_of_the_place_show(profile: Profile, place: tuple[float, float, str], date: str, expected: list[str]):
    """Phases by sun and clock, on nights when the clocks change, in polar night, in midnight sun, north and south."""
    assert local_plan(profile, place, date) == expected


def test_agenda__of_midnight_sun_has_no_light(profile: Profile):
    """Where the sun does not set, no phase begins and begin is end."""
    plan = agenda(profile, *KIRUNA, datetime.date(2026, 6, 20))
    assert (plan.phases, plan.begin_ms, plan.times.never_sets) == ((), plan.end_ms, True)
    assert plan.at(plan.begin_ms) is None


def test_agenda__of_polar_night_lights_from_noon_to_noon(profile: Profile):
    """Where the sun does not rise, the light is on for the whole night of 24 h."""
    plan = agenda(profile, *KIRUNA, datetime.date(2026, 12, 21))
    assert (plan.begin_ms, plan.end_ms, plan.times.never_rises) == (0, 86_400_000, True)


@pytest.mark.parametrize(("date", "hours", "change_hours"), [("2026-03-28", 23, 14), ("2026-10-24", 25, 15), ("2026-12-14", 24, 24)])
def test_night__has_an_hour_less_or_more_when_the_clocks_change(date: str, hours: int, change_hours: int):
    """The change is found to the second: 01:00 UTC in Stockholm."""
    times = night_times(*STOCKHOLM, datetime.date.fromisoformat(date))
    assert times.length_ms == hours * 3_600_000
    assert times.change_s == change_hours * 3600


def test_origin__is_local_noon():
    """The origin of a night is 12:00 by the clocks of the place, in summer as in winter."""
    winter, summer = (origin_utc_ms(datetime.date(2026, month, 14), "Europe/Stockholm") for month in (12, 6))
    assert winter == datetime.datetime(2026, 12, 14, 11, tzinfo=datetime.UTC).timestamp() * 1000
    assert summer == datetime.datetime(2026, 6, 14, 10, tzinfo=datetime.UTC).timestamp() * 1000


def test_place__beyond_the_date_line_has_its_own_day():
    """Kiritimati, 157 degrees west, is 14 h ahead of UTC: the sun still sets there in the evening and rises in the morning."""
    times = night_times(*KIRITIMATI, datetime.date(2026, 5, 5))
    assert 17 <= times.local(times.sunset_ms).hour <= 19
    assert 5 <= times.local(times.sunrise_ms).hour <= 7


@given(st.sampled_from(PLACES), st.dates(datetime.date(2026, 1, 1), datetime.date(2036, 12, 31)))
def test_agenda__stays_within_the_night(place: tuple[float, float, str], date: datetime.date):
    """Begins rise, lie between begin and end, and these between the origin and the next noon; the packaged profile too."""
    plan = agenda(profiles.load_profile("valla_torg"), *place, date)
    begins = [begin for begin, _ in plan.phases]
    assert begins == sorted(set(begins))
    assert 0 <= plan.begin_ms <= plan.end_ms <= plan.times.length_ms
    assert all(plan.begin_ms <= begin < plan.end_ms for begin in begins)
    assert [plan.at(begin) for begin in begins] == [phase for _, phase in plan.phases]


@given(st.sampled_from(PLACES), st.dates(datetime.date(2026, 1, 1), datetime.date(2036, 12, 31)), st.integers(0, 1439))
def test_clock__start_is_when_the_clocks_of_the_place_show_it(place: tuple[float, float, str], date: datetime.date, minutes: int):
    """A start by the clock is the first moment of the night at which the clocks show that time, or jump over it."""
    times = night_times(*place, date)
    moment = times.local(times.begins_ms(Start(CLOCK, minutes)))
    shown = moment.hour * 60 + moment.minute
    jumped = times.begins_ms(Start(CLOCK, minutes)) == times.change_s * 1000 and times.offset_after > times.offset_before
    assert shown == minutes or (jumped and 0 < (shown - minutes) % 1440 <= times.offset_after - times.offset_before)


def test_local__is_that_of_the_time_zone():
    """Local times are those of the zone, before and after the change of the clocks."""
    times: NightTimes = night_times(*STOCKHOLM, datetime.date(2026, 10, 24))
    zone = zoneinfo.ZoneInfo("Europe/Stockholm")
    assert times.local(0) == datetime.datetime(2026, 10, 24, 12, tzinfo=zone)
    assert times.local(times.length_ms) == datetime.datetime(2026, 10, 25, 12, tzinfo=zone)


REQUIREMENT = """\
tau: 2 s
needs: {pedestrian: {level: 100 %, ahead: 60 m, behind: 20 m}}
phases:
  night: {from: sunset + 1 h, needs: {pedestrian: {level: 80 %}}}
  late: {from: 23:00, needs: {pedestrian: {ahead: 40 m}, cyclist: {level: 50 %, ahead: 30 m, preview: 4 s, behind: 0 m}}}
"""


def test_requirement__covers_the_night_and_changes_by_phase():
    """From the origin on somebody is owed something; a phase changes what it names, and keeps the rest."""
    requirement = profiles.read_requirement(Document.read(REQUIREMENT, "need.yaml"))
    times = night_times(*STOCKHOLM, datetime.date(2026, 12, 14))
    found = resolve_requirement(requirement, times)
    assert (requirement.name, requirement.tau_ms) == ("need", 2_000)
    assert [begin for begin, _ in found] == [0, times.begins_ms(Start(SUNSET, 60)), 11 * 3_600_000]
    figures = [
        [(name, need.level_permille, need.ahead_cm, need.preview_ms, need.behind_cm) for name, need in needs.items()] for _, needs in found
    ]
    assert figures == [
        [("pedestrian", 1000, 6000, 0, 2000)],
        [("pedestrian", 800, 6000, 0, 2000)],
        [("pedestrian", 800, 4000, 0, 2000), ("cyclist", 500, 3000, 4000, 0)],
    ]


def test_requirement__in_summer_a_later_phase_takes_the_place_of_one_that_waits():
    """When sunset + 1 h comes after 23:00, only the last phase holds from then on; begins rise without a repeat."""
    requirement = profiles.read_requirement(Document.read(REQUIREMENT, "need.yaml"))
    times = night_times(*STOCKHOLM, datetime.date(2026, 6, 20))
    assert [begin for begin, _ in resolve_requirement(requirement, times)] == [0, times.begins_ms(Start(SUNSET, 60))]
