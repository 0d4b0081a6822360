"""What the map in the browser draws of a site: compact columns, in metres on the site's plane.

The page unpacks the columns into typed arrays (`report.pack`); ids and names are drawn as text only, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lykta.report.pack import column
from lykta.site.model import Lamp, Site
from lykta.site.projection import Projection
from lykta.site.sensors import DIRECTED, RANGES_CM

#: Bits of what a lamp is, as the page reads them.
ENTRANCE, FIXED, FLOOR = 1, 2, 4
#: Bits of the sensors on a post, by kind.
SENSOR_BITS = {kind: 1 << number for number, kind in enumerate(RANGES_CM)}
WAY_KINDS = ("path", "square", "street", "crossing")
#: Colours of the zones on light and on dark ground, in the order of the site: told apart with every kind of colour vision (after Okabe
#: and Ito); what is ninth begins anew.
ZONE_COLOURS = {
    "light": ("#0072b2", "#d55e00", "#009e73", "#b8598f", "#a87900", "#3a9bd6", "#7a5195", "#5a5a5a"),
    "dark": ("#4ea8e0", "#ff8a3d", "#2fc79a", "#e79bc6", "#f0c94a", "#8fd0ff", "#b48ad6", "#b8b8b8"),
}
_LONGEST_NAME = 120  # of what is drawn as text; an id may be as long as a file allows


def drawing(site: Site, unmatched: Sequence[int] = ()) -> dict[str, Any]:
    """The site as the map takes it: lamps at their posts, links between points, places where people come and go [cm].

    `unmatched`: lamps that an import could not put on a way, to be marked.
    """
    index = {point.id: number for number, point in enumerate(site.points)}
    kinds = {way.id: WAY_KINDS.index(way.kind) for way in site.ways}
    posts = [lamp.post_cm or (lamp.x_cm, lamp.y_cm) for lamp in site.lamps]
    return {
        "name": shortened(site.name),
        "source": shortened(site.source),
        "lamps": len(site.lamps),
        "ids": [shortened(point.id) for point in site.points],
        "x": _packed([point.x_cm for point in site.points]),
        "y": _packed([point.y_cm for point in site.points]),
        "post_x": _packed([x for x, _ in posts]),
        "post_y": _packed([y for _, y in posts]),
        "zones": [shortened(zone) for zone in site.zones],
        "zone": _packed(zone_numbers(site)),
        "colours": ZONE_COLOURS,
        "what": _packed([what(lamp) for lamp in site.lamps]),
        "sensors": _packed([sensor_bits(lamp) for lamp in site.lamps]),
        "beams": beams(site, index),
        "links": {
            "a": _packed([index[link.a] for link in site.links]),
            "b": _packed([index[link.b] for link in site.links]),
            "kind": _packed([kinds[link.way] for link in site.links]),
            "guessed": [number for number, link in enumerate(site.links) if link.guessed],
        },
        "entrances": [index[name] for name in site.entrances],
        "unmatched": list(unmatched),
        "ranges": {"pir": RANGES_CM["pir"]["pedestrian"], "ld2410": RANGES_CM["ld2410"]["pedestrian"]},
    }


def tiles(site: Site, url: str, attribution: str) -> dict[str, Any] | None:
    """How the map lays tiles of a server under the site's plane; None without an address."""
    if not url:
        return None
    plane = Projection(site.latitude, site.longitude)
    latitude, longitude = plane.to_degrees(np.array([1.0]), np.array([1.0]))
    return {
        "url": url,
        "attribution": attribution,
        "latitude": site.latitude,
        "longitude": site.longitude,
        "north_cm": 100 / float(latitude[0] - site.latitude),
        "east_cm": 100 / float(longitude[0] - site.longitude),
    }


def shortened(text: str) -> str:
    """A name that may be drawn: cut where it is absurdly long."""
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def zone_numbers(site: Site) -> list[int]:
    """The zone of every lamp, as its number among the zones of the site."""
    numbers = {zone: number for number, zone in enumerate(site.zones)}
    return [numbers[lamp.zone] for lamp in site.lamps]


def what(lamp: Lamp) -> int:
    """What a lamp is, in bits."""
    return ENTRANCE * lamp.entrance | FIXED * (not lamp.adaptive) | FLOOR * bool(lamp.floors)


def sensor_bits(lamp: Lamp) -> int:
    """The kinds of sensor on a post, in bits."""
    bits = 0
    for sensor in lamp.sensors:
        bits |= SENSOR_BITS[sensor.kind]
    return bits


def beams(site: Site, index: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """Radars that look one way: (lamp, point that it faces, range for cars [cm])."""
    return [
        (number, index[sensor.facing], sensor.range_cm["car"])
        for number, lamp in enumerate(site.lamps)
        for sensor in lamp.sensors
        if sensor.kind in DIRECTED and sensor.facing in index
    ]


def neighbours_of(site: Site, lamp: int) -> list[tuple[str, int, str]]:
    """What is linked with a lamp, the nearest first: (id of the point, length [cm], name of the way)."""
    own = site.lamps[lamp].id
    names = {way.id: way.name or way.id for way in site.ways}
    found = [(link.b if link.a == own else link.a, link.length_cm, names[link.way]) for link in site.links if own in (link.a, link.b)]
    return sorted(found, key=lambda one: one[1])


def _packed(values: Sequence[int]) -> str:
    return column(np.asarray(values, dtype=np.int64))
