"""A first site to change by hand: a straight row of lamps, with a word on every key."""

from __future__ import annotations

from itertools import pairwise

from lykta.site.writer import metres

_HEAD = """\
# {title}: written by `lykta site new`. Change what is yours, then: lykta site check {file}
# Lengths, levels, powers and speeds carry their unit: 25 m, 40 %, 20 W, 30 km/h.
name: {title}
place: {{lat: {latitude:g}, lon: {longitude:g}, timezone: {timezone}}}
profile: {profile}
requirement: {requirement}
traffic: {traffic}

# The groups of lamps that the profile treats alike.
zones: [{zone}]

# What hangs on the posts: a packaged fixture, a file of yours beside this one, or written out here.
fixtures: {{post: {fixture}}}

# Where people move. Kinds: path, street, crossing, square. Where a lighting design exists, its values at full level
# let every result say which class of EN 13201 remains:
#   design: {{class: P3, average: 7.5, minimum: 1.5, maintenance_factor: 0.85, tool: name and version, date: 2026-01-31}}
ways:
  - {way}

# Levels below which lamps never go, whatever the profile says. Others: for: zone {zone}, for: [{first}], with hours and weekdays:
#   - {{level: 80 %, for: [{first}], hours: 06:30-08:30, weekdays: mon-fri, reason: school road}}
floors:
  - {{level: 100 %, for: entrances, reason: first post at each entrance}}

# Metres east and north of the place (or `lat` and `lon` in degrees). Sensors: pir, ld2410, ld2451 towards the next point, ideal.
lamps:
"""

#: kind -> fixture, who uses it, sensor, profile, requirement and traffic of the template
_KINDS = {
    "path": ("park_20w", "", "pir", ("kungsholms_strand", "kungsholms_strand", "kungsholms")),
    "street": ("street_45w", ", speed_limit: 30 km/h", "ld2451 towards {next}", ("valla_torg", "valla_torg", "quiet")),
}
KINDS = tuple(_KINDS)


def template(title: str, file: str, *, kind: str, lamps: int, pitch_cm: int, latitude: float, longitude: float, timezone: str) -> str:
    """The text of a row of lamps at a pitch, with a short way beyond each end where people come and go."""
    fixture, speed, sensor, (profile, requirement, traffic) = _KINDS[kind]
    width = max(2, len(str(lamps)))
    names = [f"L{number:0{width}d}" for number in range(1, lamps + 1)]
    stub_cm = min(pitch_cm // 2, 1500)
    head = _HEAD.format(
        title=title,
        file=file,
        latitude=latitude,
        longitude=longitude,
        timezone=timezone,
        profile=profile,
        requirement=requirement,
        traffic=traffic,
        zone=kind,
        fixture=fixture,
        way=f"{{id: main, kind: {kind}, name: {title}{speed}}}",
        first=names[0],
    )
    points = ["west", *names, "east"]
    lines = [
        f"  - {{id: {name}, at: [{metres(number * pitch_cm)}, 0 m], zone: {kind}, fixture: post, "
        f"sensors: [{sensor.format(next=points[number + 2] if number else 'west')}]}}"
        for number, name in enumerate(names)
    ]
    end_cm = (lamps - 1) * pitch_cm + stub_cm
    lines += ["", "# Points without lamp: where ways meet or end.", "junctions:"]
    lines += [f"  - {{id: west, at: [{metres(-stub_cm)}, 0 m]}}", f"  - {{id: east, at: [{metres(end_cm)}, 0 m]}}"]
    lines += ["", "# From each point to the next along the way; `length: 27 m` where a way is longer than the straight line.", "links:"]
    lines += [f"  - {{from: {a}, to: {b}, way: main}}" for a, b in pairwise(points)]
    lines += ["", "# Where people come and go.", "entrances: [west, east]", ""]
    return head + "\n".join(lines)
