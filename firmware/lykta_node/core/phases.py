"""When the phases of a night begin: by the clock or by the sun, as integers, the same on the node and on the host.

The night of a date runs from its local noon (the *origin*) to the next local noon: 24 h, or 23 or 25 h when the clocks
change in between. Nothing here knows time zones; the offsets from UTC are handed in.

The sun: mean elements and equation of centre of Meeus, Astronomical Algorithms, 2nd ed., chapters 12, 22 and 25 (low
accuracy, 0.01 degrees). Sunset and sunrise are where the centre of the disc stands 0.833 degrees below the horizon.
Angles are in 2**-26 turns (0.02 seconds of arc), sines in 2**-28, times in seconds; no product reaches 2**30.
"""

from micropython import const

# What a phase's start is measured from.
CLOCK = const(0)
SUNSET = const(1)
SUNRISE = const(2)

# The state of the sun over a night.
SUN_NORMAL = const(0)
SUN_NEVER_SETS = const(1)  # midnight sun: there is no dark, no light is wanted
SUN_NEVER_RISES = const(2)  # polar night: it is dark from noon to noon

# Length of the array that `sun` fills: state, sunset, sunrise, and room to work.
SUN = const(10)
STATE = const(0)
SET = const(1)
RISE = const(2)
# The workspace: what `_height` needs of the night, so that it is not worked out for every second.
_NOON = const(3)
_LAMBDA = const(4)
_MOTION = const(5)
_SIDEREAL = const(6)
_SIN_LATITUDE = const(7)
_COS_LATITUDE = const(8)
_OBLIQUITY = const(9)

DAY_S = const(86400)
_HALF_DAY = const(43200)
_TURN = const(67108864)  # 2**26
_HALF = const(33554432)
_QUARTER = const(16777216)
_HORIZON = const(-3902536)  # sin(-0.833 degrees) in 2**-28
_GAIN = const(163008218)  # product of cos(atan(2**-i)) in 2**-28
_ARC = (8388608, 4952084, 2616545, 1328199, 666677, 333664, 166872, 83441, 41721, 20861, 10430, 5215,
        2608, 1304, 652, 326, 163, 81, 41, 20, 10, 5, 3, 1)  # fmt: skip  # atan(2**-i)


def _sine(angle: int) -> int:
    """Sine in 2**-28 of any angle; a rotation by shifts and sums (CORDIC), good to 1e-6."""
    angle = ((angle + _HALF) & (_TURN - 1)) - _HALF
    if angle > _QUARTER:
        angle = _HALF - angle
    elif angle < -_QUARTER:
        angle = -_HALF - angle
    x = _GAIN
    y = 0
    for step in range(24):
        turned = y >> step
        if angle >= 0:
            y += x >> step
            x -= turned
            angle -= _ARC[step]
        else:
            y -= x >> step
            x += turned
            angle += _ARC[step]
    return y


def _times(a: int, b: int) -> int:
    """a * b / 2**28, for |a|, |b| <= 2**28, without a product beyond 2**29."""
    high_a = a >> 14
    high_b = b >> 14
    return high_a * high_b + ((high_a * (b & 16383) + (a & 16383) * high_b) >> 14)


def _angle(degrees_e4: int) -> int:
    """1e-4 degrees as an angle: times 18.64135, in parts so small that no product is large."""
    return degrees_e4 * 18 + degrees_e4 * 16 // 25 + degrees_e4 * 27 // 20000


def _mean(day: int, start: int, every_4_years: int, daily: int, fraction: int) -> int:
    """An angle that grows evenly, at 12:00 UTC: turns left out, its daily motion is `daily` + `fraction`/1024."""
    rest = day % 1461
    return (start + day // 1461 * every_4_years + rest * daily + (rest * fraction >> 10)) & (_TURN - 1)


def _longitude(day: int, second: int) -> int:
    """Apparent longitude of the sun, `second` seconds after 12:00 UTC of `day`."""
    moved = second * 4355 >> 11  # mean motion by the second, for the mean longitude as for the anomaly
    mean = _mean(day, 52282738, 5740, 183737, 1009) + moved
    anomaly = _mean(day, 66648257, -7082, 183729, 214) + moved
    node = _mean(day, 23309145, -14421963, -9872, 721)
    centre = _times(356908 - 36 * (day // 1461), _sine(anomaly)) + _times(3727, _sine(2 * anomaly)) + _times(54, _sine(3 * anomaly))
    return mean + centre - 1061 - _times(891, _sine(node))


def _height(second: int, out) -> int:
    """Sine in 2**-28 of the sun's height, `second` seconds after 12:00 UTC of the day that `out` was prepared for."""
    longitude = out[_LAMBDA] + out[_MOTION] * ((second - out[_NOON]) >> 5) // 2700
    across = _sine(longitude)
    sidereal = out[_SIDEREAL] + second * 778 + (second * 870 >> 10)
    toward = _times(_sine(longitude + _QUARTER), _sine(sidereal + _QUARTER))
    toward += _times(_times(across, _sine(out[_OBLIQUITY] + _QUARTER)), _sine(sidereal))
    return _times(out[_SIN_LATITUDE], _times(across, _sine(out[_OBLIQUITY]))) + _times(out[_COS_LATITUDE], toward)


def _transit(out) -> int:
    """When the sun stands highest, in seconds after 12:00 UTC: mean noon less the equation of time, good to 3 s."""
    noon = out[_NOON]
    sidereal = out[_SIDEREAL] + noon * 778 + (noon * 870 >> 10)
    x = _sine(out[_LAMBDA] + _QUARTER)
    y = _times(_sine(out[_LAMBDA]), _sine(out[_OBLIQUITY] + _QUARTER))
    past = _times(x, _sine(sidereal)) - _times(y, _sine(sidereal + _QUARTER))
    toward = _times(x, _sine(sidereal + _QUARTER)) + _times(y, _sine(sidereal))
    return noon - (past >> 12) * 13751 // (toward >> 12)  # 13751 s of time are one radian


def _crossing(above: int, below: int, out) -> int:
    """The second at which the sun passes the horizon, between one when it is above and one when it is below."""
    while above - below > 1 or below - above > 1:
        middle = (above + below) >> 1
        if _height(middle, out) >= _HORIZON:
            above = middle
        else:
            below = middle
    return below


def sun(day: int, latitude_e4: int, longitude_e4: int, out) -> None:
    """Sunset and the next morning's sunrise of a night: out[STATE], out[SET], out[RISE] of an array of SUN integers.

    `day` counts from 2000-01-01 and is the date of the night's local noon; times are in seconds after 12:00 UTC of
    that day; latitude and longitude (east positive) in 1e-4 degrees, the longitude within 12 h of the local clock
    (190 degrees east, not 170 west, where the clock is ahead of UTC). Where the sun
    does not rise before or after the night, it is dark from, or until, the solar midnight 24 h away, which lies
    outside the night. Where it does not set, both are the solar midnight: a dark of no length.
    """
    out[_OBLIQUITY] = 4369401 - 97 * (day // 1461) + _times(477, _sine(_mean(day, 23309145, -14421963, -9872, 721) + _QUARTER))
    out[_SIDEREAL] = (_mean(day, 52281649, 5742, 183737, 1010) + _angle(longitude_e4)) & (_TURN - 1)
    out[_SIN_LATITUDE] = _sine(_angle(latitude_e4))
    out[_COS_LATITUDE] = _sine(_angle(latitude_e4) + _QUARTER)
    out[_NOON] = -longitude_e4 * 3 // 125
    out[_LAMBDA] = _longitude(day, out[_NOON])
    out[_MOTION] = _longitude(day + 1, out[_NOON]) - out[_LAMBDA]
    if out[_MOTION] < 0:
        out[_MOTION] += _TURN
    noon = _transit(out)
    midnight = noon + _HALF_DAY
    risen = _height(noon, out) >= _HORIZON
    rises = _height(noon + DAY_S, out) >= _HORIZON
    sets = _height(midnight, out) < _HORIZON
    out[STATE] = SUN_NORMAL
    if not sets:
        out[STATE] = SUN_NEVER_SETS
    elif not risen and not rises:
        out[STATE] = SUN_NEVER_RISES
    out[SET] = midnight
    out[RISE] = midnight
    if sets:
        out[SET] = _crossing(noon, midnight, out) if risen else midnight - DAY_S
        out[RISE] = _crossing(noon + DAY_S, midnight, out) if rises else midnight + DAY_S


def length_ms(offset_before: int, offset_after: int) -> int:
    """Length of the night from local noon to local noon; offsets from UTC in minutes."""
    return (DAY_S - (offset_after - offset_before) * 60) * 1000


def begins_ms(kind: int, minutes: int, sun_out, offset_before: int, change_s: int, offset_after: int) -> int:
    """When something begins, in ms since the night's origin, within the night (0..length_ms).

    `minutes` after midnight for CLOCK, after the event for SUNSET and SUNRISE. The offset from UTC is `offset_before`
    minutes, and `offset_after` from `change_s` seconds after the origin on (no change: the same offset twice). A
    clock time that is skipped begins with the change; one that comes twice begins the first time. Where the sun does
    not set, `minutes` are left out, so that the dark has no length.
    """
    if kind == CLOCK:
        second = (minutes + 720) % 1440 * 60
        if second >= change_s:
            second -= (offset_after - offset_before) * 60
            if second < change_s:
                second = change_s
    else:
        second = sun_out[SET] if kind == SUNSET else sun_out[RISE]
        second += offset_before * 60
        if sun_out[STATE] != SUN_NEVER_SETS:
            second += minutes * 60
    end = length_ms(offset_before, offset_after) // 1000
    return min(max(second, 0), end) * 1000


def schedule(starts, count: int, sun_out, offset_before: int, change_s: int, offset_after: int, out) -> None:
    """When each of `count` phases begins and, at out[count], when the light goes off; ms since the origin, rising.

    `starts` holds kind and minutes of every phase and then of the end, flat. The light goes on with the first phase.
    A phase that would begin before the one listed above it begins with it (which then has no length: in June the
    night begins at sunset, not at 22:00); one that would begin after the end begins with the end, so never.
    """
    end = begins_ms(starts[2 * count], starts[2 * count + 1], sun_out, offset_before, change_s, offset_after)
    latest = 0
    for phase in range(count):
        begin = begins_ms(starts[2 * phase], starts[2 * phase + 1], sun_out, offset_before, change_s, offset_after)
        latest = min(max(latest, begin), end)
        out[phase] = latest
    out[count] = end
