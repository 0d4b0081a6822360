"""Guesses the time zone of a place from the cities in the table of the time zone database, and says when it cannot."""

from __future__ import annotations

import re
from datetime import datetime
from importlib import resources
from math import cos, hypot, radians
from zoneinfo import ZoneInfo

from lykta.errors import InputError

#: Small countries within others, whose city would stand for a wide country around it; their clocks are those of the neighbours.
_SMALL = frozenset({"AD", "AX", "GI", "LI", "MC", "SM", "VA", "JE", "GG", "IM"})
_ENCLAVES = frozenset({"Europe/Busingen"})
_PLACE = re.compile(r"([+-])(\d{2})(\d{2})(?:\d{2})?([+-])(\d{3})(\d{2})(?:\d{2})?$")
_DOUBT = 1.6  # cities up to so many times as far as the nearest must agree with it
_DAYS = (datetime(2026, 1, 15), datetime(2026, 7, 15))


def nearest_timezone(latitude: float, longitude: float) -> str:
    """The zone of the nearest principal city. Raises InputError where a city about as near has another clock."""
    cities = sorted((_away(latitude, longitude, *place), zone) for zone, place in _cities())
    if not cities:
        return "UTC"
    nearest, zone = cities[0]
    continent = zone.partition("/")[0]
    for away, other in cities[1:]:
        if away > nearest * _DOUBT:
            break
        if other.startswith(f"{continent}/") and _clock(other) != _clock(zone):
            message = f"the time zone may be {zone} or {other}. Say which, for example: --timezone {zone}"
            raise InputError.of(f"{latitude:.3f}, {longitude:.3f}", message)
    return zone


def _clock(zone: str) -> tuple[object, ...]:
    """How a zone's clock stands to UTC in winter and summer."""
    return tuple(ZoneInfo(zone).utcoffset(day) for day in _DAYS)


def _away(latitude: float, longitude: float, city_latitude: float, city_longitude: float) -> float:
    """How far a city is, in degrees of latitude."""
    turn = (longitude - city_longitude + 180) % 360 - 180
    return hypot(latitude - city_latitude, turn * cos(radians(latitude)))


def _cities() -> list[tuple[str, tuple[float, float]]]:
    try:
        table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return []
    found = []
    for line in table.splitlines():
        fields = line.split("\t")
        match = _PLACE.match(fields[1]) if len(fields) >= 3 else None
        if match is not None and fields[0] not in _SMALL and fields[2] not in _ENCLAVES:
            place = _degrees(match[1], match[2], match[3]), _degrees(match[4], match[5], match[6])
            found.append((fields[2], place))
    return found


def _degrees(sign: str, degrees: str, minutes: str) -> float:
    return (int(degrees) + int(minutes) / 60) * (-1 if sign == "-" else 1)
