"""Nights made by hand for the tests of the report: a street, people who walk it, lamps that light 66 m ahead of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa

from lykta.corehost import dimmer, presence, schema
from lykta.profiles.model import Need
from lykta.report.clock import Clock
from lykta.report.model import ReportInput
from lykta.score import About, Rules, Score, score
from lykta.site.graph import Graph
from lykta.site.model import Fixture, Floor, Lamp, Link, Point, Sensor, Site, Way
from lykta.tables import DETECTIONS, LEVELS, READINGS, TRAJECTORIES

DATE = dt.date(2026, 12, 14)
ORIGIN = 1_797_246_000_000  # 2026-12-14 12:00 in Stockholm
HOUR = 3_600_000
BEGIN, END = 3 * HOUR, 20 * HOUR
CLOCK = Clock(ORIGIN, "Europe/Stockholm", BEGIN, END)
PITCH_CM = 2200
UP, DOWN = dimmer.rate_of(2000), dimmer.rate_of(10_000)

FIXTURE = Fixture("post-top 20 W", 2200, ((1, 1000), (250, 5750), (500, 10_500), (750, 15_250), (1000, 20_000)), 300, 50, 0.85, True)
PIR = Sensor("pir", {"pedestrian": 800, "cyclist": 800})


def street(lamps: int = 34, name: str = "Kungsholms strand", y_cm: int = 0, first: str = "K") -> Site:
    """A path of lamps 22 m apart, with an entrance 11 m before and after."""
    posts = tuple(
        Lamp(
            f"{first}{n + 1:02d}",
            1100 + n * PITCH_CM,
            y_cm + round(900 * np.sin(n / 5)),
            "path",
            "post-top",
            (PIR,),
            floors=(Floor(1000, "entrance"),) if n in (0, lamps - 1) else (),
            entrance=n in (0, lamps - 1),
        )
        for n in range(lamps)
    )
    ends = (Point(f"{first}-west", 0, y_cm), Point(f"{first}-east", 2200 + (lamps - 1) * PITCH_CM, y_cm))
    names = [ends[0].id, *(post.id for post in posts), ends[1].id]
    links = tuple(Link(a, b, 1100 if n in (0, lamps) else PITCH_CM, f"path-{first}") for n, (a, b) in enumerate(pairwise(names)))
    way = Way(f"path-{first}", "path", frozenset(("pedestrian", "cyclist")), name=name)
    return Site(
        name,
        59.33,
        18.03,
        "Europe/Stockholm",
        posts,
        ends,
        links,
        (way,),
        {"post-top": FIXTURE},
        (ends[0].id, ends[1].id),
        note="schematic",
    )


def many_ways(ways: int = 10) -> Site:
    """Streets beside one another, on one site."""
    parts = [street(6, f"Way {n + 1}", 5000 * n, f"{chr(65 + n)}") for n in range(ways)]
    return replace(
        parts[0],
        name="Ten ways",
        lamps=tuple(lamp for part in parts for lamp in part.lamps),
        junctions=tuple(point for part in parts for point in part.junctions),
        links=tuple(link for part in parts for link in part.links),
        ways=tuple(way for part in parts for way in part.ways),
    )


def one_lamp() -> Site:
    """A single lamp on no way."""
    site = street(2)
    return replace(site, name="One lamp", lamps=site.lamps[:1], junctions=(), links=(), ways=(), entrances=(), note="")


def table(schema_: pa.Schema, rows: list[tuple[int, ...]]) -> pa.Table:
    """Rows as a table of a schema."""
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in schema_.names]
    return pa.table([pa.array(list(column), type=field.type) for column, field in zip(columns, schema_, strict=True)], schema=schema_)


def walks(site: Site, users: int, seed: int = 7) -> list[tuple[int, ...]]:
    """Rows of TRAJECTORIES: people along the links of one way from end to end, every third a cyclist; some pause."""
    draw = np.random.Generator(np.random.Philox(seed))
    rows: list[tuple[int, ...]] = []
    for user in range(users):
        way = site.ways[user % len(site.ways)].id
        links = [n for n, link in enumerate(site.links) if link.way == way]
        back = bool(draw.integers(2))
        cyclist = draw.random() < 0.3
        speed = float(np.clip(draw.normal(4.5, 1), 2, 9) if cyclist else np.clip(draw.normal(1.4, 0.25), 0.5, 2.5)) / 10
        t = int(BEGIN + draw.random() * (END - BEGIN - HOUR))
        pause = int(draw.integers(len(links))) if draw.random() < 0.1 else -1
        for step, link in enumerate(links[::-1] if back else links):
            length = site.links[link].length_cm
            begin, end = (length, 0) if back else (0, length)
            until = t + round(length / speed)
            rows.append((user, int(cyclist), user, t, until, link, begin, end, -80 if back else 80))
            t = until
            if step == pause:
                rows.append((user, int(cyclist), user, t, t + 90_000, link, end, end, 80))
                t += 90_000
    return rows


def _passes(site: Site, rows: list[tuple[int, ...]]) -> list[tuple[int, int, int, float]]:
    """(lamp, when, user, cm/ms) whenever a user is at a lamp's post."""
    index = {lamp.id: n for n, lamp in enumerate(site.lamps)}
    found = []
    for user, _, _, t0, t1, link, begin, end, _ in rows:
        head = site.links[link].b if end > begin else site.links[link].a
        if end != begin and head in index:
            found.append((index[head], t1, user, abs(end - begin) / (t1 - t0)))
    return sorted(found)


def levels(site: Site, passes: list[tuple[int, int, int, float]], idle: int = 500) -> list[tuple[int, ...]]:
    """Rows of LEVELS: full from 66 m before somebody to 22 m after and 10 s; ramps turn round where they are."""
    rows: list[tuple[int, ...]] = []
    for number, lamp in enumerate(site.lamps):
        low = max(idle, *(floor.permille for floor in lamp.floors), 0) if lamp.floors else idle
        spans = [(round(t - 6600 / speed), round(t + 2200 / speed + 10_000)) for at, t, _, speed in passes if at == number]
        wanted: list[list[int]] = []
        for begin, end in sorted(spans):
            if wanted and begin <= wanted[-1][1]:
                wanted[-1][1] = max(end, wanted[-1][1])
            else:
                wanted.append([max(begin, BEGIN), end])
        cause = 5 if low > idle else 4
        changes = [(BEGIN, low, cause), *((t, target, why) for b, e in wanted for t, target, why in ((b, 1000, 3), (e, low, cause)))]
        position, since, target = dimmer.position_of(low), BEGIN, low
        for t, new, why in changes:
            way = dimmer.position_of(target) - position
            move = (UP if way > 0 else DOWN) * (t - since)
            position += max(-move, min(move, way))
            rate = UP if dimmer.position_of(new) > position else DOWN
            rows.append((number, t, position, dimmer.level_of(position), new, rate, why))
            since, target = t, new
    return rows


RULES = Rules(3000, [(0, {"pedestrian": Need(1000, 6600, 0, 2200), "cyclist": Need(1000, 6600, 8000, 2200)})], "test")


@dataclass(frozen=True)
class Reach:
    """Where sensors see on paper: 8 m to each side of every post."""

    road_user: np.ndarray
    link: np.ndarray
    from_cm: np.ndarray
    to_cm: np.ndarray
    lamp: np.ndarray


def reach(site: Site) -> Reach:
    """The coverage of a street."""
    rows = []
    index = {lamp.id: n for n, lamp in enumerate(site.lamps)}
    for number, link in enumerate(site.links):
        for road_user in (0, 1):
            if link.a in index:
                rows.append((road_user, number, 0, 800, index[link.a]))
            if link.b in index:
                rows.append((road_user, number, link.length_cm - 800, link.length_cm, index[link.b]))
    return Reach(*np.asarray(rows, dtype=np.int64).reshape(-1, 5).T)


def scored(site: Site, trajectories: pa.Table, levels_: pa.Table, detections: pa.Table) -> Score:
    """The score of a night."""
    about = About(site.name, seeds=(7,), version="0.1.0", note=site.note)
    return score(site, Graph(site), RULES, trajectories, levels_, detections, reach(site), BEGIN, END, about=about)


def night(site: Site, users: int = 170, seed: int = 7) -> ReportInput:
    """A whole night of a site."""
    rows = walks(site, users, seed) if site.links else []
    passes = _passes(site, rows)
    heard = sorted((t - 5000, lamp, user) for lamp, t, user, _ in passes)
    detections = [(lamp, t, n, 3, 0, 255, -1, -1, user) for n, (t, lamp, user) in enumerate(heard)]
    if site.lamps and users:
        detections.append((len(site.lamps) // 2, 8 * HOUR, len(heard), 3, 0, 255, -1, -1, -1))
    detections.sort(key=lambda row: (row[1], row[0]))
    readings = [(lamp, t, 0, presence.EDGE_ON, 0, 0, 3, user) for t, lamp, user in heard]
    row = [0] * schema.ROW
    schema.defaults(row)
    late = list(row)
    late[schema.IDLE] = 400
    tables = table(TRAJECTORIES, rows), table(LEVELS, levels(site, passes)), table(DETECTIONS, detections)
    return ReportInput(
        site=site,
        profile="kungsholms_strand",
        date=DATE,
        origin_utc_ms=ORIGIN,
        seeds=(seed,),
        version="0.1.0",
        command="lykta simulate kungsholms_strand --seed 7 --out night/",
        begin_ms=BEGIN,
        end_ms=END,
        agenda=((BEGIN, "dusk"), (10 * HOUR, "night"), (17 * HOUR, "dawn")),
        trajectories=tables[0],
        readings=table(READINGS, readings),
        detections=tables[2],
        levels=tables[1],
        score=scored(site, *tables),
        rules=RULES,
        settings=(("path", "dusk", tuple(row)), ("path", "night", tuple(late)), ("path", "dawn", tuple(row))),
        traffic="quiet",
    )
