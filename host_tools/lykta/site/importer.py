"""Makes an editable site of what a city has: an OpenStreetMap extract, or a list of lamps with or without an extract."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from lykta.errors import InputError, Problem
from lykta.progress import Progress
from lykta.site import network
from lykta.site.fixtures import FOLDER as FIXTURES
from lykta.site.fixtures import load_fixture
from lykta.site.gridding import PointGrid, relative_neighbours
from lykta.site.inventory import Head, read_inventory
from lykta.site.model import Floor, Lamp, Link, Point, Site, Way
from lykta.site.osm import SOURCE, Extract, Street, is_extract, read_extract
from lykta.site.projection import Projection
from lykta.site.timezones import nearest_timezone
from lykta.site.topology import neighbours, pieces

SAME_POST_M = 3.0
GUESS_M = 40.0
CROSSING_M = 12.0
FIXTURE = "unknown"
GUESSED_WAY = Way("guessed", "street", frozenset({"pedestrian", "cyclist", "car"}), 1389, name="guessed between near neighbours")
_KIND_ORDER = ("path", "square", "street", "crossing")
_REASONS = ("pedestrian crossing", "steps", "underpass")


@dataclass
class Post:
    """A post: the first of its heads, how many there are, and where it stands [m]."""

    head: Head
    x: float
    y: float
    heads: int = 1


@dataclass
class Imported:
    """What an import gave: the site, and everything a person should look at."""

    site: Site
    heads: int
    posts: int
    unmatched: list[Post] = field(default_factory=list)
    skipped: list[Problem] = field(default_factory=list)
    columns: Mapping[str, str] = field(default_factory=dict)
    guessed_links: int = 0
    timezone_guessed: bool = False


def import_site(
    path: Path, *, ways: Path | None = None, name: str = "", timezone: str = "", columns: Mapping[str, str] | None = None
) -> Imported:
    """The site of an extract or a list of lamps; `ways` is an extract that has the ways of a list. Raises InputError."""
    inventory_skipped: list[Problem] = []
    named: Mapping[str, str] = {}
    extract = read_extract(ways) if ways else None
    if is_extract(path):
        extract = extract or read_extract(path)
        heads: Sequence[Head] = extract.lamps if not ways else read_extract(path).lamps
        if not heads:
            hint = f"Give the city's own list of lamps: lykta site import LAMPS.csv --ways {path.name}"
            raise InputError.of(str(path), f"no lamp (highway=street_lamp) is in this extract. {hint}")
    else:
        inventory = read_inventory(path, columns)
        heads, inventory_skipped, named = inventory.heads, inventory.skipped, inventory.columns
    middle = float(np.median([head.latitude for head in heads])), float(np.median([head.longitude for head in heads]))
    projection = Projection(round(middle[0], 5), round(middle[1], 5))
    posts = _posts(_with_own_ids(heads), projection)
    title = name or re.sub(r"[_-]+", " ", path.name.split(".")[0]).strip().capitalize()
    imported = _with_ways(posts, extract, projection) if extract is not None else _guessed(posts)
    site = replace(
        imported.site,
        name=title,
        latitude=projection.latitude,
        longitude=projection.longitude,
        timezone=timezone or nearest_timezone(*middle),
        source=f"lamps: {path.name}" + (f"; ways: {SOURCE}" if extract is not None else ""),
    )
    return replace(imported, site=site, heads=len(heads), skipped=inventory_skipped, columns=named, timezone_guessed=not timezone)


# -- posts


def _with_own_ids(heads: Sequence[Head]) -> list[Head]:
    """The heads with ids that YAML reads plainly, each its own: a repeated id gets a number."""
    seen: dict[str, int] = {}
    named = []
    for head in heads:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", head.id).strip("_-") or "L"
        plain = f"L{plain}" if plain[0].isdigit() else plain
        count = seen[plain] = seen.get(plain, 0) + 1
        named.append(replace(head, id=plain if count == 1 else f"{plain}_{count}"))
    return named


def _posts(heads: Sequence[Head], projection: Projection) -> list[Post]:
    """Heads within 3 m of the first head of a post, and as adaptive as it, hang on that post."""
    xs, ys = projection.to_metres(np.array([head.latitude for head in heads]), np.array([head.longitude for head in heads]))
    grid = PointGrid(xs, ys, SAME_POST_M)
    post_of: dict[int, Post] = {}
    posts: list[Post] = []
    with Progress("finding posts", len(heads)) as bar:
        for number, head in enumerate(heads):
            x, y = float(xs[number]), float(ys[number])
            near, away = grid.near(x, y, SAME_POST_M)
            order = near[np.argsort(away, kind="stable")].tolist()
            post = next((post_of[other] for other in order if other in post_of and post_of[other].head.adaptive == head.adaptive), None)
            if post is None:
                post_of[number] = Post(head, x, y)
                posts.append(post_of[number])
            else:
                post.heads += 1
            bar.advance()
    return posts


def _lamp(post: Post, place: tuple[float, float], zone: str, anchors: tuple[str, ...] = ()) -> Lamp:
    """The lamp of a post at its place on the way."""
    at, post_at = _cm(place), _cm((post.x, post.y))
    off = max(abs(at[0] - post_at[0]), abs(at[1] - post_at[1])) >= 50
    return Lamp(
        id=post.head.id,
        x_cm=at[0],
        y_cm=at[1],
        zone=zone,
        fixture=FIXTURE,
        adaptive=post.head.adaptive,
        anchors=anchors,
        heads=post.heads,
        post_cm=post_at if off else None,
    )


def _cm(place: tuple[float, float]) -> tuple[int, int]:
    """Metres in whole cm, to 10 cm: no inventory is better."""
    return round(place[0] * 10) * 10, round(place[1] * 10) * 10


# -- links


def _guessed(posts: Sequence[Post]) -> Imported:
    """Links between near neighbours, all of them guesses."""
    adaptive = [post for post in posts if post.head.adaptive]
    lamps = [_lamp(post, (post.x, post.y), "street") for post in posts]
    xs, ys = np.array([post.x for post in adaptive]), np.array([post.y for post in adaptive])
    links = [
        Link(adaptive[i].head.id, adaptive[j].head.id, max(1, round(length * 100)), GUESSED_WAY.id, guessed=True)
        for i, j, length in relative_neighbours(xs, ys, GUESS_M)
    ]
    site = _site(lamps, [], links, [GUESSED_WAY])
    return Imported(site, len(posts), len(posts), guessed_links=len(links))


def _with_ways(posts: Sequence[Post], extract: Extract, projection: Projection) -> Imported:
    """Links along the ways of an extract. Lights that are not adaptive are no part of the street."""
    adaptive = [post for post in posts if post.head.adaptive]
    if not adaptive:
        raise InputError.of("lamps", "no lamp in the file may be dimmed: all are ground or flood lights.")
    found = network.build(extract.streets, [(post.head.id, post.x, post.y) for post in adaptive], projection)
    if not found.street_of:
        raise InputError.of("ways", "no lamp lies within 25 m of a way of this extract. Is it of the same place?")
    ways, way_of = _ways(extract.streets, sorted({link[3] for link in found.links} | set(found.street_of.values())))
    lamps = []
    for post in posts:
        name = post.head.id
        street = found.street_of.get(name)
        zone = extract.streets[street].kind if street is not None else "street"
        lamps.append(_lamp(post, found.places.get(name, (post.x, post.y)), zone, found.anchors.get(name, ())))
    lamps = _with_floors(lamps, found, extract, projection)
    named = {lamp.id for lamp in lamps}
    junctions = [Point(name, *_cm(place)) for name, place in found.places.items() if name not in named]
    site = _site(lamps, junctions, _links(found, way_of), ways)
    unmatched = set(found.unmatched)
    return Imported(site, len(posts), len(posts), unmatched=[post for post in posts if post.head.id in unmatched])


def _links(found: network.Network, way_of: Mapping[int, str]) -> list[Link]:
    """The links in cm; never shorter than the straight line between their ends in whole cm, never twice the same."""
    places = {name: _cm(place) for name, place in found.places.items()}
    links: dict[tuple[str, str, str, int], Link] = {}
    for a, b, length, street in found.links:
        (ax, ay), (bx, by) = places[a], places[b]
        straight = ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5
        length_cm = max(1, round(length * 100), round(straight))
        link = Link(a, b, length_cm, way_of[street])
        links.setdefault((min(a, b), max(a, b), link.way, length_cm), link)
    return list(links.values())


def _ways(streets: Sequence[Street], used: Sequence[int]) -> tuple[list[Way], dict[int, str]]:
    """The ways in use: parts of one street that are alike become one; and the way of each street."""
    ways: dict[tuple[object, ...], Way] = {}
    way_of: dict[int, str] = {}
    taken: defaultdict[str, int] = defaultdict(int)
    for number in used:
        street = streets[number]
        key = (street.name or street.osm_id, street.kind, street.classes, street.speed_limit_cms)
        if key not in ways:
            stem = _stem(street.name) or f"w{street.osm_id}"
            taken[stem] += 1
            name = stem if taken[stem] == 1 else f"{stem}_{taken[stem]}"
            ways[key] = Way(name, street.kind, street.classes, street.speed_limit_cms, name=_plain(street.name))
        way_of[number] = ways[key].id
    return list(ways.values()), way_of


def _stem(name: str) -> str:
    """An id made of a name: lower case, without accents."""
    bare = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", bare).strip("_")


def _plain(name: str) -> str:
    """A name without what YAML would want in quotes: an apostrophe becomes the typographic one, the rest a blank."""
    return " ".join(re.sub(r"[^\w ()./+’-]+", " ", name.replace("'", "’")).split())


def _with_floors(lamps: Sequence[Lamp], found: network.Network, extract: Extract, projection: Projection) -> list[Lamp]:
    """The lamps with the floors that the extract proposes: at crossings, on steps, in underpasses."""
    places = np.array(extract.crossings).reshape(-1, 2)
    grid = PointGrid(*projection.to_metres(places[:, 0], places[:, 1]), CROSSING_M)
    floors = {reason: Floor(1000, f"{reason} (proposed at import)") for reason in _REASONS}
    with_floors = []
    for lamp in lamps:
        street = found.street_of.get(lamp.id)
        reason = extract.streets[street].floor if street is not None else ""
        x, y = lamp.post_cm or (lamp.x_cm, lamp.y_cm)
        if not reason and street is not None and len(grid.near(x / 100, y / 100, CROSSING_M)[0]):
            reason = "pedestrian crossing"
        with_floors.append(replace(lamp, floors=(floors[reason],)) if reason else lamp)
    return with_floors


# -- the site


def _site(lamps: Sequence[Lamp], junctions: Sequence[Point], links: Sequence[Link], ways: Sequence[Way]) -> Site:
    """The site of these parts; head and place are filled in afterwards."""
    zones = {lamp.zone for lamp in lamps}
    site = Site(
        name="",
        latitude=0.0,
        longitude=0.0,
        timezone="",
        lamps=tuple(lamps),
        junctions=tuple(junctions),
        links=tuple(links),
        ways=tuple(ways),
        fixtures={FIXTURE: load_fixture(FIXTURES / f"{FIXTURE}.yaml")},
        entrances=(),
        profile="",
        note="imported, power unknown",
        zones=tuple(kind for kind in _KIND_ORDER if kind in zones),
        several_streets=True,
    )
    return replace(site, entrances=_entrances(site))


def _entrances(site: Site) -> tuple[str, ...]:
    """Where ways end, people come and go; a piece that ends nowhere gets its first point."""
    near = neighbours(site)
    ends = {point.id for point in site.points if len(near.get(point.id, ())) == 1}
    for piece in pieces(site):
        if len(piece) > 1 and ends.isdisjoint(piece):
            ends.add(piece[0])
    return tuple(point.id for point in site.points if point.id in ends)
