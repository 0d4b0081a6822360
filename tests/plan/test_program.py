"""The program of a node: the settings blocks made from it are those of the plan, and its clocks those of the place."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from lykta.corehost import almanac, load, phases, repair, schema, settings
from lykta.errors import InputError
from lykta.plan.program import EPOCH, make_program, to_bytes, transitions
from lykta.profiles import Night, Phase, Profile, Start, night_times
from lykta.site.model import Floor, Site
from tests.core import checked
from tests.plan.streets import FIRST, FLOORS, PLACES, SPECIAL, dates, night, packaged, planned, planned_for_all, rich, street_at
from tests.site.streets import row

DAY = dt.timedelta(days=1)


def made(numbers: Sequence[int], date: dt.date, core: dict[str, ModuleType] | None = None) -> list[int]:
    """The block that a node makes of a program, with no more room than it says it needs."""
    core = core or load()
    block = [0] * core["settings"].length(core["program"].entries(numbers))
    fault = core["program"].make(numbers, night(date), block, core["program"].Work())
    assert fault in (0, repair.EXPIRED)
    return block[: settings.length(block[settings.ENTRIES])]


@pytest.mark.parametrize("name", ["kungsholms_strand", "valla_torg"])
def test_block__is_the_plans_for_every_lamp_of_a_packaged_site(name: str):
    """On two hundred nights of ten years, and on those when clocks change, holidays and New Year's Eve."""
    site, _, profile = packaged(name)
    programs = {one.id: tuple(make_program(site, profile, one, FIRST)) for one in site.lamps}
    different = {numbers: one for one in site.lamps for numbers in [programs[one.id]]}
    for date in dates(18):
        for numbers, one in different.items():
            assert planned(site, profile, one, date) == made(numbers, date), (one.id, date)
    for date in SPECIAL[::5]:
        assert planned_for_all(name, date) == [made(programs[one.id], date) for one in site.lamps], date


@pytest.mark.parametrize("place", PLACES)
def test_block__is_the_plans_at_any_place(place: str):
    """Where the sun stays up or down, at the equator, in the south, where clocks are odd; with floors by the hour."""
    site = street_at(*PLACES[place])
    for one in site.lamps:
        numbers = make_program(site, rich(), one, FIRST)
        for date in dates(11 if one.id == "L3" else 41):
            assert planned(site, rich(), one, date) == made(numbers, date), (one.id, date)


def test_block__differs_where_it_should():
    """The comparison above meets nights of every kind: each of the calendar's, clocks that change, floors by the hour."""
    site = street_at(*PLACES["67.9 N"])
    numbers = make_program(site, rich(), site.lamps[2], FIRST)
    kinds = {almanac.kind_of(numbers, night(date)) for date in dates(11)}
    assert set(range(len(rich().calendar) + 1)) - {1} <= kinds
    lengths = {almanac.night_ms(numbers, night(date)) for date in SPECIAL}
    assert {hours * 3_600_000 for hours in (23, 24, 25)} == lengths
    assert len({tuple(made(numbers, date)) for date in dates(11)}) > 100


def test_block__of_a_dated_dark_night_is_dark():
    """A deliberately dark phase keeps the lamp off, its floor apart."""
    date = dt.date(2027, 8, 12)
    site = street_at(*PLACES["equator"])
    for number in (0, 1):
        numbers = make_program(site, rich(), site.lamps[number], FIRST)
        assert planned(site, rich(), site.lamps[number], date) == made(numbers, date)


_STARTS = st.one_of(
    st.builds(Start, st.just(phases.CLOCK), st.integers(0, 1439)),
    st.builds(Start, st.sampled_from((phases.SUNSET, phases.SUNRISE)), st.integers(-360, 360)),
)
_ROW = st.integers(0, 3).map(lambda level: (*[level * 100, 1000], *schema_defaults()[2:]))
_FLOOR = st.builds(
    Floor,
    st.integers(1, 1000),
    st.just("a reason"),
    st.one_of(st.none(), st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda hours: hours[0] != hours[1])),
    st.frozensets(st.integers(0, 6), min_size=1),
)


def schema_defaults() -> list[int]:
    """A settings row of defaults."""
    found = [0] * schema.ROW
    schema.defaults(found)
    return found


_NIGHT = st.one_of(st.sampled_from(SPECIAL), st.integers(0, 3650).map(lambda number: FIRST + number * DAY))


@st.composite
def profiles_of_one_night(draw: st.DrawFn) -> Profile:
    """A profile with phases that begin in any order."""
    starts = draw(st.lists(_STARTS, min_size=1, max_size=6))
    drawn = tuple(Phase(f"phase {number}", start, {"path": draw(_ROW)}) for number, start in enumerate(starts))
    return Profile("drawn", "drawn.yaml", ("path",), Night(drawn, draw(_STARTS)), (), (), {})


@hypothesis_settings(max_examples=150)
@given(
    profiles_of_one_night(),
    st.lists(_FLOOR, max_size=4),
    st.sampled_from(sorted(PLACES)),
    _NIGHT,
)
def test_block__is_the_plans_whatever_profile_and_floors(profile: Profile, floors: list[Floor], place: str, date: dt.date):
    """Phases in any order, floors at any hours, on nights when clocks change as on others."""
    site = street_at(*PLACES[place])
    one = replace(site.lamps[0], floors=tuple(floors))
    assert planned(site, profile, one, date) == made(make_program(site, profile, one, FIRST), date)


@pytest.mark.parametrize("place", PLACES)
def test_values__stay_within_thirty_bits(place: str):
    """The debug build fails on any value or product beyond what a node holds without allocating."""
    site = street_at(*PLACES[place])
    numbers = make_program(site, rich(), site.lamps[3], FIRST)
    core = checked.core()
    for date in [*SPECIAL, dt.date(2000, 1, 1), dt.date(2080, 6, 1)]:
        assert made(numbers, date) == made(numbers, date, core)
        for second in (0, 43_200, 86_399):
            found = core["almanac"].night_of(numbers, night(date), second)
            core["almanac"].now_ms(numbers, found, night(date), second)


# --- time ---------------------------------------------------------------------------------------------------------


def test_clocks__of_the_worlds_time_zones_change_when_they_do():
    """Origin, length and moment of change of the nights around every change are those of the time zone database."""
    compared = 0
    for timezone in sorted(zoneinfo.available_timezones())[::9]:
        if timezone in ("Factory", "localtime"):
            continue
        offset, found = transitions(timezone, FIRST - 3 * DAY, dt.date(2032, 11, 1))
        numbers = [
            1,
            schema.ROW,
            0,
            20_000,
            0,
            0,
            offset,
            100,
            len(found),
            0,
            1,
            *[0] * 5,
            *[value for item in found for value in item],
            0,
            0,
            0,
            0,
        ]
        assert almanac.usable(numbers)
        for date in [FIRST + 40 * DAY] + [EPOCH + (day + shift) * DAY for day, _, _ in found[:5] for shift in (-1, 0, 1)]:
            times = night_times(0.0, 0.0, timezone, date)
            origin = (almanac.noon_s(numbers, night(date)) + night(date) * 86_400 + 946_684_800) * 1000
            assert (times.origin_utc_ms, times.length_ms) == (origin, almanac.night_ms(numbers, night(date))), (timezone, date)
            change = almanac.change_s(numbers, night(date), times.offset_before, times.offset_after)
            assert times.offset_before == times.offset_after or times.change_s == change, (timezone, date)
            compared += 1
    assert compared > 200


@pytest.mark.parametrize("place", PLACES)
def test_night__begins_at_local_noon(place: str):
    """A second before local noon it is still the night before; NOW counts from there."""
    site = street_at(*PLACES[place])
    numbers = make_program(site, rich(), site.lamps[0], FIRST)
    for date in dates(101):
        times = night_times(site.latitude, site.longitude, site.timezone, date)
        noon = times.origin_utc_ms // 1000 - 946_684_800
        day, second = divmod(noon, 86_400)
        assert night(date) == almanac.night_of(numbers, day, second)
        assert almanac.now_ms(numbers, night(date), day, second) == 0
        before = divmod(noon - 1, 86_400)
        assert night(date) - 1 == almanac.night_of(numbers, *before)
        assert almanac.now_ms(numbers, night(date) - 1, *before) == almanac.night_ms(numbers, night(date) - 1) - 1000


def test_dates__are_those_of_the_calendar():
    """Every day of a century: its date and its weekday."""
    for number in range(36_525):
        date = EPOCH + number * DAY
        assert (date.year * 10_000 + date.month * 100 + date.day, date.weekday()) == (almanac.date_of(number), almanac.weekday(number))


def test_calendar__first_entry_that_holds_wins():
    """On every night of two years the entry is that of the profile."""
    site = street_at(*PLACES["67.9 N"])
    numbers = make_program(site, rich(), site.lamps[0], FIRST)
    for date in (FIRST + number * DAY for number in range(730)):
        entry = rich().entry(date)
        assert (0 if entry is None else rich().calendar.index(entry) + 1) == almanac.kind_of(numbers, night(date)), date


# --- the host ---------------------------------------------------------------------------------------------------


def test_program__is_refused_where_a_node_cannot_hold_it():
    """The message names what there is too much of."""
    site = row(1)
    floors = tuple(Floor(100, "too many", (60 * hour, 60 * hour + 30)) for hour in range(9))
    one = replace(site.lamps[0], floors=floors)
    with pytest.raises(InputError, match=r"rich\.yaml  L0: a node cannot hold 9 floors \(at most 8\)"):
        make_program(site, rich(), one, FIRST)


def test_program__needs_settings_for_the_zone():
    """As a plan does."""
    site: Site = row(1)
    one = replace(site.lamps[0], zone="yard")
    with pytest.raises(InputError, match='has a zone "yard"'):
        make_program(site, rich(), one, FIRST)


def test_bytes__are_four_for_an_integer_the_lowest_first():
    """As an ESP32 reads them into `array('i')`."""
    assert to_bytes([1, -2]) == b"\x01\0\0\0\xfe\xff\xff\xff"


def test_floors__of_the_tests_are_of_every_kind():
    """Always, by hours, over midnight, on some weekdays."""
    kinds = {
        (floor.hours is None, floor.hours is not None and floor.hours[1] < floor.hours[0], len(floor.weekdays) < 7)
        for floors in FLOORS
        for floor in floors
    }
    assert {(True, False, False), (False, True, False), (False, False, True)} <= kinds
