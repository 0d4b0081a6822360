"""Metres from degrees, against the sphere and back again."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lykta.errors import InputError
from lykta.site.projection import Projection
from lykta.site.timezones import nearest_timezone


def great_circle_m(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """The length between two places on a sphere of mean radius."""
    a, b, turn = radians(latitude_a), radians(latitude_b), radians(longitude_b - longitude_a)
    return 2 * 6_371_008.8 * asin(sqrt(sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(turn / 2) ** 2))


@given(st.floats(-70, 70), st.floats(-180, 180), st.floats(-0.03, 0.03), st.floats(-0.03, 0.03))
def test_metres__are_those_of_the_earth_within_its_flattening(latitude: float, longitude: float, north: float, east: float):
    """A sphere differs from the ellipsoid by up to 0.6 %; the plane adds little over 3 km."""
    x, y = Projection(latitude, longitude).to_metres(np.array([latitude + north]), np.array([longitude + east]))
    expected = great_circle_m(latitude, longitude, latitude + north, longitude + east)
    assert float(np.hypot(x, y)[0]) == pytest.approx(expected, rel=0.008, abs=0.01)


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(-10_000, 10_000), st.floats(-10_000, 10_000))
def test_degrees__lead_back_to_the_same_metres(latitude: float, longitude: float, x: float, y: float):
    """There and back, to a mm, across the date line too."""
    projection = Projection(latitude, longitude)
    back = projection.to_metres(*projection.to_degrees(np.array([x]), np.array([y])))
    assert [float(back[0][0]), float(back[1][0])] == pytest.approx([x, y], abs=0.001)


@pytest.mark.parametrize(
    ("place", "zone"), [((59.295, 18.048), "Europe/Stockholm"), ((60.17, 24.94), "Europe/Helsinki"), ((0.3, 32.5), "Africa/Kampala")]
)
def test_timezone__is_that_of_the_nearest_city(place: tuple[float, float], zone: str):
    """Where the cities about as near have the same clock."""
    assert nearest_timezone(*place) == zone


def test_timezone__is_asked_for_where_it_is_doubtful():
    """In Kiruna the next capitals have different clocks."""
    with pytest.raises(InputError, match="Europe/Helsinki or Europe/Stockholm"):
        nearest_timezone(67.86, 20.22)
