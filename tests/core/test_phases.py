"""The sun and the phases of the night, as the node works them out, against `astral` and against arithmetic."""

from __future__ import annotations

import datetime
import math
from array import array

import pytest
from astral import Observer
from astral.sun import elevation, sunrise, sunset
from hypothesis import given
from hypothesis import strategies as st

from lykta.corehost import phases

HORIZON = -0.833
EPOCH = datetime.date(2000, 1, 1)
#: Name -> latitude, longitude.
PLACES = {
    "Kiruna": (67.9, 20.3),
    "Stockholm": (59.295, 18.0484),
    "Helsinki, 60 N": (60.0, 25.0),
    "Quito, the equator": (0.0, -78.5),
    "Canberra, 35 S": (-35.0, 149.1),
    "Ushuaia": (-54.8, -68.3),
}
NEVER = 10**9


def noon_utc(date: datetime.date) -> datetime.datetime:
    """12:00 UTC of a date: what `sun` counts from."""
    return datetime.datetime.combine(date, datetime.time(12), datetime.UTC)


def sun(date: datetime.date, latitude: float, longitude: float) -> list[int]:
    """State, sunset and sunrise as the core has them."""
    out = array("i", [0] * phases.SUN)
    phases.sun((date - EPOCH).days, round(latitude * 1e4), round(longitude * 1e4), out)
    return list(out[:3])


class Sky:
    """The sun over a place by `astral`'s elevation: an oracle that shares neither formula nor search with the core."""

    def __init__(self, date: datetime.date, latitude: float, longitude: float) -> None:
        self.start = noon_utc(date)
        self.observer = Observer(latitude, longitude)
        mean_noon = round(-longitude * 240)
        self.noon = max(range(mean_noon - 1200, mean_noon + 1201, 60), key=self.height)

    def height(self, second: float) -> float:
        """Degrees above the horizon, without refraction, `second` seconds after 12:00 UTC."""
        return float(elevation(self.observer, self.start + datetime.timedelta(seconds=second), with_refraction=False))

    def crossing(self, above: float, below: float) -> float:
        """The second at which the sun passes the horizon, between one above and one below."""
        while abs(above - below) > 0.5:
            middle = (above + below) / 2
            above, below = (middle, below) if self.height(middle) >= HORIZON else (above, middle)
        return below

    def clearance(self) -> float:
        """By how many degrees the sun misses the horizon at noon, midnight or the next noon: how safe its state is."""
        return min(abs(self.height(self.noon + half * 43_200) - HORIZON) for half in range(3))


def dates(every: int) -> list[datetime.date]:
    """Days from 2026 to 2036; 53 and 89 share no factor with a year, so that all seasons come."""
    return [datetime.date(2026, 1, 1) + datetime.timedelta(days=number) for number in range(0, 4018, every)]


@pytest.mark.parametrize("place", PLACES)
def test_sun__agrees_with_astral_within_a_minute(place: str):
    """Sunset and sunrise of 2026 to 2036, as far as there are any, are those of an independent computation."""
    latitude, longitude = PLACES[place]
    compared = 0
    for date in dates(53):
        sky = Sky(date, latitude, longitude)
        state, down, up = sun(date, latitude, longitude)
        midnight = sky.noon + 43_200
        if sky.height(midnight) >= HORIZON:
            assert state == phases.SUN_NEVER_SETS, date
            continue
        if sky.height(sky.noon) >= HORIZON:
            assert down == pytest.approx(sky.crossing(sky.noon, midnight), abs=60), date
            compared += 1
        if sky.height(sky.noon + 86_400) >= HORIZON:
            assert up == pytest.approx(sky.crossing(sky.noon + 86_400, midnight), abs=60), date
            compared += 1
    assert compared > 90


@pytest.mark.parametrize("place", ["Stockholm", "Helsinki, 60 N", "Quito, the equator", "Canberra, 35 S"])
def test_sun__agrees_with_what_astral_calls_sunset_and_sunrise(place: str):
    """So do `astral.sun.sunset` and `sunrise` of the place, at equinoxes, solstices and between."""
    latitude, longitude = PLACES[place]
    observer = Observer(latitude, longitude)
    zone = datetime.timezone(datetime.timedelta(hours=round(longitude / 15)))
    for date in [
        *dates(89),
        datetime.date(2026, 3, 20),
        datetime.date(2026, 9, 23),
        datetime.date(2026, 6, 21),
        datetime.date(2026, 12, 21),
    ]:
        _, down, up = sun(date, latitude, longitude)
        next_day = date + datetime.timedelta(days=1)
        assert down == pytest.approx((sunset(observer, date, tzinfo=zone) - noon_utc(date)).total_seconds(), abs=60), date
        assert up == pytest.approx((sunrise(observer, next_day, tzinfo=zone) - noon_utc(date)).total_seconds(), abs=60), date


def test_sun__near_the_end_of_the_polar_night_is_right_every_day():
    """At 67.9 N around the days when the sun first comes and goes, state and times are right unless it grazes the horizon."""
    for start in (datetime.date(2026, 12, 1), datetime.date(2027, 5, 20), datetime.date(2027, 7, 8), datetime.date(2026, 12, 26)):
        for number in range(16):
            date = start + datetime.timedelta(days=number)
            sky = Sky(date, 67.9, 20.3)
            state, down, _ = sun(date, 67.9, 20.3)
            if sky.clearance() < 0.003:
                continue  # less than astral's own formula is good for
            heights = [sky.height(sky.noon + half * 43_200) for half in range(3)]
            wanted = phases.SUN_NEVER_SETS if heights[1] >= HORIZON else phases.SUN_NORMAL
            if heights[0] < HORIZON and heights[2] < HORIZON:
                wanted = phases.SUN_NEVER_RISES
            assert state == wanted, date
            if wanted == phases.SUN_NORMAL and heights[0] >= HORIZON:
                assert down == pytest.approx(sky.crossing(sky.noon, sky.noon + 43_200), abs=60), date


def test_sun__polar_night_is_dark_from_noon_to_noon():
    """In an Arctic winter sunset lies before the night and sunrise after it, by the clocks of the place."""
    state, down, up = sun(datetime.date(2026, 12, 21), 67.9, 20.3)
    assert state == phases.SUN_NEVER_RISES
    values = (state, down, up)
    assert phases.begins_ms(phases.SUNSET, 30, values, 60, 86_400, 60) == 0
    assert phases.begins_ms(phases.SUNRISE, -30, values, 60, 86_400, 60) == 86_400_000


def test_sun__midnight_sun_leaves_a_dark_of_no_length():
    """In an Arctic summer sunset and sunrise are one moment near midnight, whatever minutes are asked before or after."""
    values = sun(datetime.date(2026, 6, 21), 67.9, 20.3)
    assert values[0] == phases.SUN_NEVER_SETS
    down = phases.begins_ms(phases.SUNSET, -15, values, 120, 86_400, 120)
    assert phases.begins_ms(phases.SUNRISE, 10, values, 120, 86_400, 120) == down
    assert down == pytest.approx(12.7 * 3_600_000, abs=3_600_000)


def test_sun__first_night_of_the_polar_night_has_a_sunset_but_no_sunrise():
    """Where the sun sets and does not come back, it stays dark until the next noon."""
    found = 0
    for number in range(60):
        values = sun(datetime.date(2026, 11, 20) + datetime.timedelta(days=number), 67.9, 20.3)
        if values[0] == phases.SUN_NORMAL and values[2] > 86_400:
            assert phases.begins_ms(phases.SUNRISE, 0, values, 60, 86_400, 60) == 86_400_000
            assert values[1] == pytest.approx(-1.4 * 3600, abs=900)  # around solar noon, 11:36 by the clock
            found += 1
    assert found == 1


def test_sun__is_that_of_the_longitude_a_turn_further():
    """210 degrees east is 150 west, a day earlier: Kiribati's clocks are 14 h ahead."""
    day = datetime.date(2026, 5, 5)
    west, east = sun(day, 1.9, -157.4), sun(day + datetime.timedelta(days=1), 1.9, 202.6)
    assert [value - 86_400 for value in west[1:]] == pytest.approx(east[1:], abs=2)


def test_sun__constants_are_those_of_meeus():
    """The mean elements are the published ones, in 2**-26 turns."""
    unit = 2**26 / 360
    century = 36_525
    published = {
        (52282738, 5740, 183737, 1009): (280.46646, 36000.76983),
        (66648257, -7082, 183729, 214): (357.52911, 35999.05029),
        (23309145, -14421963, -9872, 721): (125.04, -1934.136),
        (52281649, 5742, 183737, 1010): (280.46061837, 0.98564736629 * century),
    }
    for (start, every_4_years, daily, fraction), (degrees, rate) in published.items():
        assert start == pytest.approx(degrees * unit, abs=1)
        assert daily + fraction / 1024 == pytest.approx(rate / century * unit, abs=1e-3)
        turns = 0 if rate < 0 else 4 * 360
        assert every_4_years == pytest.approx((rate / century * 1461 - turns) * unit, abs=1)


class Small(int):
    """An integer that remembers the largest value any operation on its kind ever gave."""

    largest = 0


def _watched(name: str):
    plain = getattr(int, name)

    def operation(self: int, *others: int) -> object:
        result = plain(self, *map(int, others))
        if result is NotImplemented:
            return result
        Small.largest = max(Small.largest, abs(result))
        return Small(result)

    return operation


for _name in ("add", "sub", "mul", "floordiv", "mod", "rshift", "and", "radd", "rsub", "rmul", "rfloordiv", "rmod", "rand", "neg"):
    setattr(Small, f"__{_name}__", _watched(f"__{_name}__"))


@pytest.mark.parametrize("day", [0, 9497, 9650, 13_514, 20_000])
def test_sun__no_value_reaches_2_to_the_30(day: int):
    """At any place, with the clocks as far off as they get, no value and no product is beyond a small integer."""
    Small.largest = 0
    for latitude in (-90, -67.9, 0, 59.295, 67.9, 90):
        for longitude in (-180, -0.0001, 18.0484, 180, 210):
            out: list[int] = [Small(0)] * phases.SUN
            phases.sun(Small(day), Small(round(latitude * 1e4)), Small(round(longitude * 1e4)), out)
            for kind in (phases.CLOCK, phases.SUNSET, phases.SUNRISE):
                phases.begins_ms(kind, Small(1439), out, Small(-720), Small(50_000), Small(840))
            starts = [Small(value) for value in (1, -360, 0, 1439, 2, 360)]
            phases.schedule(starts, 2, out, Small(-720), Small(50_000), Small(840), [Small(0)] * 3)
    assert 2**28 < Small.largest < 2**30


def test_sine__is_good_to_a_millionth():
    """The rotation by shifts and sums gives the sine of any angle."""
    for number in range(-500, 900):
        angle = number * 149_999
        wanted = math.sin(angle * 2 * math.pi / 2**26)
        assert phases._sine(angle) / 2**28 == pytest.approx(wanted, abs=1e-6)


NO_CHANGE = (60, 86_400, 60)
TO_SUMMER = (60, 14 * 3600, 120)  # at 02:00 the clocks go to 03:00
TO_WINTER = (120, 15 * 3600, 60)  # at 03:00 they go back to 02:00


@pytest.mark.parametrize(
    ("clock", "change", "hours"),
    [
        ("12:00", NO_CHANGE, 0),
        ("23:00", NO_CHANGE, 11),
        ("00:00", NO_CHANGE, 12),
        ("11:59", NO_CHANGE, 23 + 59 / 60),
        ("01:59", TO_SUMMER, 13 + 59 / 60),
        ("02:00", TO_SUMMER, 14),
        ("02:30", TO_SUMMER, 14),  # there is none: it begins with the change
        ("03:00", TO_SUMMER, 14),
        ("06:00", TO_SUMMER, 17),
        ("11:00", TO_SUMMER, 22),
        ("02:00", TO_WINTER, 14),
        ("02:30", TO_WINTER, 14.5),  # there are two: the first
        ("03:00", TO_WINTER, 16),
        ("06:00", TO_WINTER, 19),
        ("11:00", TO_WINTER, 24),
    ],
)
def test_begins__by_the_clock_on_nights_when_the_clocks_change(clock: str, change: tuple[int, int, int], hours: float):
    """A time of the clock is the moment at which the clocks of the place show it."""
    minutes = int(clock[:2]) * 60 + int(clock[3:])
    assert phases.begins_ms(phases.CLOCK, minutes, (0, 0, 0), *change) == hours * 3_600_000


@pytest.mark.parametrize(("change", "hours"), [(NO_CHANGE, 24), (TO_SUMMER, 23), (TO_WINTER, 25)])
def test_length__is_from_local_noon_to_local_noon(change: tuple[int, int, int], hours: int):
    """A night is an hour shorter or longer when the clocks change in it."""
    assert phases.length_ms(change[0], change[2]) == hours * 3_600_000


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.integers(-360, 1439)), min_size=1, max_size=9),
    st.integers(0, 4000),
    st.sampled_from(sorted(PLACES.values())),
    st.sampled_from([NO_CHANGE, TO_SUMMER, TO_WINTER]),
)
def test_schedule__rises_and_stays_within_the_night(
    starts: list[tuple[int, int]], day: int, place: tuple[float, float], change: tuple[int, int, int]
):
    """Whatever is asked, in whatever order, phases begin one after the other, between the origin and the end."""
    values = sun(EPOCH + datetime.timedelta(days=9497 + day), *place)
    flat = [number for kind, minutes in starts for number in (kind, minutes % 1440 if kind == 0 else max(-360, min(360, minutes)))]
    count = len(starts) - 1
    out = [NEVER] * len(starts)
    phases.schedule(flat, count, values, *change, out)
    assert out == sorted(out)
    assert out[0] >= 0
    assert out[-1] <= phases.length_ms(change[0], change[2])


def test_schedule__a_phase_waits_for_the_one_above_it():
    """In June the night begins at sunset, not at 22:00 before it; what would come after the end never begins."""
    values = (phases.SUN_NORMAL, 10 * 3600, 15 * 3600)
    starts = [phases.SUNSET, 0, phases.CLOCK, 22 * 60, phases.CLOCK, 7 * 60, phases.SUNRISE, 30]
    out = [0] * 4
    phases.schedule(starts, 3, values, *NO_CHANGE, out)
    hours = [value / 3_600_000 for value in out]
    assert hours == [11, 11, 16.5, 16.5]
