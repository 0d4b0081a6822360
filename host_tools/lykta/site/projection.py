"""Metres on a plane from latitude and longitude, and back: a tangent plane with the two radii of the WGS84 ellipsoid.

x = N cos(lat0) dlon, y = M dlat, with M and N the meridian and transverse radius of curvature at the origin. The largest
error is that of lengths to the east, d * tan(lat) / R at d north or south of the origin: at 60 degrees north 0.08 % at
3 km and 0.3 % at 10 km. The pitch of lamps stays right to a few cm in any city.
"""

from __future__ import annotations

from math import cos, radians, sin, sqrt

import numpy as np
from numpy.typing import NDArray

_A = 6_378_137.0  # WGS84 semi-major axis [m]
_E2 = 0.006_694_379_990_14  # WGS84 eccentricity squared

Floats = NDArray[np.float64]


class Projection:
    """The plane that touches the earth at an origin; x to the east, y to the north."""

    def __init__(self, latitude: float, longitude: float) -> None:
        self.latitude = latitude
        self.longitude = longitude
        s = sin(radians(latitude))
        w = sqrt(1.0 - _E2 * s * s)
        self._north_m = radians(1.0) * _A * (1.0 - _E2) / w**3  # m a degree of latitude
        self._east_m = radians(1.0) * _A / w * cos(radians(latitude))  # m a degree of longitude

    def to_metres(self, latitudes: Floats, longitudes: Floats) -> tuple[Floats, Floats]:
        """x and y [m] of places; the short way round at the date line."""
        turn = (longitudes - self.longitude + 180.0) % 360.0 - 180.0
        return turn * self._east_m, (latitudes - self.latitude) * self._north_m

    def to_degrees(self, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Latitudes and longitudes of places on the plane."""
        longitudes = (self.longitude + x_m / self._east_m + 180.0) % 360.0 - 180.0
        return self.latitude + y_m / self._north_m, longitudes

    def point_cm(self, latitude: float, longitude: float) -> tuple[int, int]:
        """x and y of one place, in whole cm."""
        x, y = self.to_metres(np.array([latitude]), np.array([longitude]))
        return round(float(x[0]) * 100), round(float(y[0]) * 100)
