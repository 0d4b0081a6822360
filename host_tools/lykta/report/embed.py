"""What the page's scripts are given: the night as compact columns, and the strips to draw it on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lykta.corehost import dimmer, presence
from lykta.report.clock import Clock
from lykta.report.colour import PALETTE, STROKES, hexadecimal
from lykta.report.pack import column
from lykta.report.strips import Line, Movements, Strip, bands, lines
from lykta.report.view import LampEnergy, Moment
from lykta.score import Outage
from lykta.site.model import Site

#: How a page says why a lamp aims where it does, by the code in LEVELS.cause.
CAUSES = {
    0: "its fixed hours",
    1: "a fault (bright to be safe)",
    2: "an override",
    3: "presence",
    4: "the phase of the night",
    5: "its floor",
}

MOST_LEVEL_ROWS = 120_000  # what a page carries at most: about 1.5 MB
MOST_READINGS = 40_000
MOST_STRIPS = 60
_MOMENT_STREET_CM = 13_000
_MOMENT_AROUND_MS = 45_000


@dataclass(frozen=True)
class Drawn:
    """A strip that the page draws, with everybody who passes along it."""

    strip: Strip
    lines: tuple[Line, ...]


def drawn_strips(found: Sequence[Strip], levels: pa.Table, trajectories: pa.Table, wanted_links: Sequence[int]) -> list[Drawn]:
    """The strips that fit: those of the worst moments first, then by users; in the order of the site. Lamps count once.

    A strip without a lamp whose level was recorded is left out.
    """
    lamps, counts = np.unique(levels["lamp"].to_numpy(), return_counts=True)
    rows = dict(zip(lamps.tolist(), counts.tolist(), strict=True))
    movements = Movements(trajectories)
    candidates = [Drawn(strip, tuple(lines(strip, movements))) for strip in found if any(stop.lamp in rows for stop in strip.stops)]
    wanted = set(wanted_links)
    order = sorted(
        range(len(candidates)),
        key=lambda n: (not wanted & {leg.link for leg in candidates[n].strip.legs}, -len(candidates[n].lines), n),
    )
    kept: set[int] = set()
    carried: set[int] = set()
    total = 0
    for n in order:
        new = {stop.lamp for stop in candidates[n].strip.stops if stop.lamp in rows} - carried
        cost = sum(rows[lamp] for lamp in new) + sum(len(line.corners) for line in candidates[n].lines)
        if kept and (total + cost > MOST_LEVEL_ROWS or len(kept) >= MOST_STRIPS):
            continue
        kept.add(n)
        carried |= new
        total += cost
    return [candidates[n] for n in sorted(kept)]


def _columns(table: pa.Table, names: Mapping[str, str], keep: NDArray[np.bool_]) -> dict[str, str]:
    """Columns of the rows kept, in the order (lamp, t_ms), under new names."""
    order = np.lexsort((table["t_ms"].to_numpy()[keep], table["lamp"].to_numpy()[keep]))
    return {new: column(table[old].to_numpy()[keep][order]) for new, old in names.items()}


def _strip(drawn: Drawn) -> dict[str, Any]:
    strip = drawn.strip
    corners = [corner for line in drawn.lines for corner in line.corners]
    t, x = zip(*corners, strict=True) if corners else ((), ())
    return {
        "title": strip.title,
        "stops": [{"lamp": stop.lamp, "at": stop.chainage_cm, "anchored": stop.anchored} for stop in strip.stops],
        "bands": [{"lamp": band.lamp, "from": band.from_cm, "to": band.to_cm} for band in bands(strip)],
        "length": max(1, strip.length_cm),
        "ends": strip.ends,
        "measured": strip.measured,
        "lines": {
            "user": _packed([line.user for line in drawn.lines]),
            "count": _packed([len(line.corners) for line in drawn.lines]),
            "t": _packed(t),
            "x": _packed(x),
        },
    }


def _packed(values: Sequence[int]) -> str:
    return column(np.asarray(values, dtype=np.int64))


def _lamps(site: Site, found: Mapping[int, LampEnergy]) -> dict[str, Any]:
    """The lamps by column; null where a figure is not known."""
    zones = list(dict.fromkeys(lamp.zone for lamp in site.lamps))
    sensors = list(dict.fromkeys(tuple(sensor.kind for sensor in lamp.sensors) for lamp in site.lamps))
    zone_of, sensors_of = ({name: n for n, name in enumerate(names)} for names in (zones, sensors))
    of = [found.get(n) for n in range(len(site.lamps))]
    return {
        "zones": zones,
        "sensors": [list(kinds) for kinds in sensors],
        "lamps": {
            "id": [lamp.id for lamp in site.lamps],
            "zone": [zone_of[lamp.zone] for lamp in site.lamps],
            "sensors": [sensors_of[tuple(sensor.kind for sensor in lamp.sensors)] for lamp in site.lamps],
            "entrance": [n for n, lamp in enumerate(site.lamps) if lamp.entrance],
            "fixed": [n for n, lamp in enumerate(site.lamps) if not lamp.adaptive],
            "floor": [max((floor.permille for floor in lamp.floors if floor.hours is None), default=0) for lamp in site.lamps],
            "cap": [site.fixtures[lamp.fixture].trim_permille for lamp in site.lamps],
            "energy": [one.used_mwh if one else None for one in of],
            "share": [one.share_permille if one else None for one in of],
            "mean": [round(one.mean_permille) if one else None for one in of],
            "changes": [one.changes if one else None for one in of],
        },
    }


def _places(site: Site) -> dict[str, Any]:
    index = {point.id: n for n, point in enumerate(site.points)}
    lengths = sorted(link.length_cm for link in site.links)
    return {
        "points": {"x": _packed([p.x_cm for p in site.points]), "y": _packed([p.y_cm for p in site.points])},
        "links": {
            "a": _packed([index[link.a] for link in site.links]),
            "b": _packed([index[link.b] for link in site.links]),
            "guessed": [n for n, link in enumerate(site.links) if link.guessed],
        },
        "spacing": lengths[len(lengths) // 2] if lengths else 2000,
    }


def _moment(moment: Moment, drawn: Sequence[Drawn], clock: Clock) -> dict[str, Any] | None:
    """Where a moment is shown: strip, stretch of street, stretch of time, and the frame round it."""
    for number, one in enumerate(drawn):
        for leg in one.strip.legs:
            if leg.link == moment.link:
                x = leg.start_cm + (leg.length_cm - moment.place_cm if leg.backwards else moment.place_cm)
                around = max(_MOMENT_AROUND_MS, (moment.until_ms - moment.from_ms) * 6 // 10)
                return {
                    "strip": number,
                    "street": [x - _MOMENT_STREET_CM, x + _MOMENT_STREET_CM],
                    "time": [max(clock.begin_ms, moment.from_ms - around), min(clock.end_ms, moment.until_ms + around)],
                    "mark": {"user": moment.user, "from": x - 1200, "to": x + 1200, "t0": moment.from_ms, "t1": moment.until_ms},
                }
    return None


def places_of(moments: Sequence[Moment], drawn: Sequence[Drawn], clock: Clock) -> list[tuple[Moment, dict[str, Any]]]:
    """The moments that lie on a drawn strip, each with where it is shown."""
    placed = ((moment, _moment(moment, drawn, clock)) for moment in moments)
    return [(moment, place) for moment, place in placed if place is not None]


def liveliest(drawn: Sequence[Drawn], levels: pa.Table) -> int:
    """The strip to show first: most changes of level, then most users, then the longest; 0 where there is none."""
    changes = np.bincount(levels["lamp"].to_numpy(), minlength=1)

    def life(number: int) -> tuple[int, int, int, int]:
        one = drawn[number]
        lit = sum(int(changes[stop.lamp]) for stop in one.strip.stops if stop.lamp < changes.size)
        return lit, len(one.lines), one.strip.length_cm, -number

    return max(range(len(drawn)), key=life, default=0)


@dataclass(frozen=True)
class Tables:
    """The tables of `lykta.tables` that a page carries."""

    trajectories: pa.Table
    readings: pa.Table
    detections: pa.Table
    levels: pa.Table


def data(
    site: Site,
    clock: Clock,
    agenda: Sequence[tuple[int, str]],
    tables: Tables,
    drawn: Sequence[Drawn],
    moments: Sequence[Mapping[str, Any]],
    lamps: Mapping[int, LampEnergy],
    said_of_users: Mapping[int, str],
    outages: Sequence[Outage] = (),
) -> str:
    """Everything the scripts need, as JSON that may stand inside a page."""
    shown = np.asarray(sorted({stop.lamp for one in drawn for stop in one.strip.stops}), dtype=np.int64)
    levels = np.isin(tables.levels["lamp"].to_numpy(), shown)
    detections = np.isin(tables.detections["lamp"].to_numpy(), shown)
    readings = np.isin(tables.readings["lamp"].to_numpy(), shown) & np.isin(
        tables.readings["kind"].to_numpy(), (presence.EDGE_ON, presence.ENTER)
    )
    if np.count_nonzero(readings) > MOST_READINGS:
        readings[:] = False
    first = liveliest(drawn, tables.levels)
    content = {
        "origin": clock.origin_utc_ms,
        "offsets": clock.offsets,
        "begin": clock.begin_ms,
        "end": max(clock.end_ms, clock.begin_ms + 1),
        "agenda": list(agenda),
        "knots": dimmer.KNOTS,
        "segment": dimmer.SEGMENT,
        "palette": [hexadecimal(colour) for colour in PALETTE],
        "strokes": [{"name": stroke.name, "colour": stroke.colour, "dash": stroke.dash} for stroke in STROKES],
        "causes": CAUSES,
        **_lamps(site, lamps),
        **_places(site),
        "strips": [_strip(one) for one in drawn],
        "users": {"road_user": _users(tables.trajectories), "said": dict(said_of_users)},
        "levels": _columns(
            tables.levels,
            {"lamp": "lamp", "t": "t_ms", "position": "position", "target": "target_permille", "rate": "rate", "cause": "cause"},
            levels,
        ),
        "detections": _columns(tables.detections, {"lamp": "lamp", "t": "t_ms", "user": "user"}, detections),
        "readings": _columns(tables.readings, {"lamp": "lamp", "t": "t_ms"}, readings),
        "outages": [[out.lamp, out.from_ms, out.until_ms] for out in outages],
        "moments": list(moments),
        "first": first,
        "lamp": _typical(drawn[first].strip) if drawn else 0,
    }
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")


def _users(trajectories: pa.Table) -> str:
    """The class of every user by number, packed."""
    user = trajectories["user"].to_numpy()
    classes = np.zeros(int(user.max()) + 1 if user.size else 0, dtype=np.int64)
    classes[user] = trajectories["road_user"].to_numpy()
    return column(classes)


def _typical(strip: Strip) -> int:
    """A lamp of the middle of a strip."""
    return strip.stops[len(strip.stops) // 2].lamp
