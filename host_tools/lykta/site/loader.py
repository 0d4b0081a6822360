"""Reads a site from YAML: `load("valla_torg")` or `load("my_site.yaml")` gives a checked `Site`, or every problem at once."""

from __future__ import annotations

import gc
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import dist
from pathlib import Path

from lykta.document import Document, Node
from lykta.errors import InputError
from lykta.site import ways as way_reader
from lykta.site.economics import read_economics
from lykta.site.fixtures import FOLDER as FIXTURES
from lykta.site.fixtures import load_fixture, read_fixture
from lykta.site.floors import FloorRule, read_floors
from lykta.site.model import Fixture, Lamp, Link, Point, Site, Way
from lykta.site.projection import Projection
from lykta.site.sensors import read_models, read_sensors
from lykta.site.topology import entrance_lamps, problems_of_pieces
from lykta.units import near_miss, show

FOLDER = Path(__file__).resolve().parents[1] / "data" / "sites"
FAR_CM = 15_000  # neighbours further apart than this are more likely a slip of the pen than a street
KEYS = (
    "name", "note", "source", "place", "profile", "requirement", "traffic", "several_streets", "zones", "fixtures",
    "sensors", "ways", "floors", "lamps", "junctions", "links", "entrances", "economics",
)  # fmt: skip
LAMP_KEYS = ("id", "at", "lat", "lon", "zone", "fixture", "sensors", "board", "adaptive", "anchors", "heads", "post")
JUNCTION_KEYS = ("id", "at", "lat", "lon")
LINK_KEYS = ("from", "to", "way", "length", "guessed")
_FARTHEST_CM = 10_000_000  # from the place of a site
_NEAR_MISSES = 20  # so many names are compared with all others; in a city that costs a third of a second each


def packaged() -> list[str]:
    """The names of the sites that come with Lykta."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(which: str | Path) -> Path:
    """The file of a site given by its path or packaged name. Raises InputError where there is neither."""
    path = Path(which)
    if path.is_file():
        return path
    if str(which) in packaged():
        return FOLDER / f"{which}.yaml"
    if path.suffix in (".yaml", ".yml"):
        return path  # the reader says what is near
    here = [entry.name for entry in Path().glob("*.yaml")]
    hint = near_miss(str(which), [*packaged(), *here])
    raise InputError.of(str(which), f"is neither a file nor a packaged site ({', '.join(packaged())}).{hint}")


def beside(which: str | Path, ending: str) -> Path:
    """Where what belongs to a site lies: beside its file; of a packaged site in the folder where one works. `ending`: of the name."""
    path = find(which)
    folder = Path() if path.parent == FOLDER else path.parent
    return folder / f"{path.stem}.{ending}"


def load(which: str | Path) -> Site:
    """The site in a file, or a packaged one by its name. Raises InputError with every problem found."""
    path = find(which)
    shown_as = path.name if path.parent == FOLDER else str(which)
    with _collector_at_rest():
        return read(Document.load(path, shown_as), path.parent)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No collection of garbage meanwhile: a city's file makes millions of objects, and going through them takes twice the reading."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read(document: Document, folder: Path) -> Site:
    """The site in a document; names of fixture files are relative to `folder`. Raises InputError."""
    site = _Reader(document, folder).read()
    document.finish()
    return site


class _Reader:
    """Reads one site; every problem goes to the document."""

    def __init__(self, document: Document, folder: Path) -> None:
        self.document = document
        self.root = document.root
        self.folder = folder
        self.positions: dict[str, tuple[int, int]] = {}
        self.points: dict[str, tuple[int, int]] = {}  # id -> x, y [cm]
        self.where: dict[str, Node] = {}  # id -> its item
        self.unplaced: set[str] = set()  # those whose position cannot be trusted
        self.near_misses = _NEAR_MISSES

    def read(self) -> Site:
        root = self.root
        if not root.present or not root.mapping():
            root.problem("this is no site. Begin with `lykta site new`.")
            self.document.finish()
        root.unknown_keys(KEYS)
        self._place()
        self.zones = self._zones()
        fixtures = self._fixtures()
        ways = way_reader.read_ways(root.get("ways"), self.positions)
        lamps = self._lamps()
        junctions = self._junctions()
        self._other_ends(lamps)
        links = self._links(ways, lamps)
        entrances = self._entrances()
        site = Site(
            name=root.get("name").text(),
            latitude=self.latitude,
            longitude=self.longitude,
            timezone=self.timezone,
            lamps=tuple(lamps),
            junctions=tuple(junctions),
            links=tuple(links),
            ways=tuple(ways),
            fixtures=fixtures,
            entrances=entrances,
            profile=root.get("profile").text(default=""),
            requirement=root.get("requirement").text(default=""),
            traffic=root.get("traffic").text(default=""),
            note=root.get("note").text(default=""),
            economics=read_economics(root.get("economics")),
            positions=self.positions,
            zones=self.zones,
            several_streets=root.get("several_streets").flag(default=False),
            source=root.get("source").text(default=""),
            file=self.document.file,
        )
        self._positions_of(("name", "place", "zones", "lamps", "links", "entrances", "ways", "fixtures"))
        if not self.document.errors:
            for where, path, message in problems_of_pieces(site):
                self.document.note(where, path, message)
        rules = read_floors(root.get("floors"), self.zones, {lamp.id: None for lamp in lamps})
        return site if self.document.errors else self._with_floors(site, rules)

    # -- the head of the file

    def _place(self) -> None:
        place = self.root.get("place")
        place.unknown_keys(("lat", "lon", "timezone"))
        if not place.present:
            place.problem('this is missing. Write for example "place: {lat: 59.295, lon: 18.048, timezone: Europe/Stockholm}".')
            self.latitude, self.longitude, self.timezone = 0.0, 0.0, "UTC"
            return
        self.latitude = place.get("lat").number(lowest=-90, highest=90)
        self.longitude = place.get("lon").number(lowest=-180, highest=180)
        self.timezone = place.get("timezone").text()
        known = zoneinfo.available_timezones()
        if self.timezone and self.timezone not in known:
            hint = near_miss(self.timezone, known)
            place.get("timezone").problem(f'"{self.timezone}" is no time zone.{hint} Write it as in "Europe/Stockholm".')

    def _zones(self) -> tuple[str, ...]:
        node = self.root.get("zones")
        if not node.present:
            node.problem('this is missing. Name the zones that profiles treat alike, for example "zones: [path, street]".')
        return tuple(dict.fromkeys(child.text() for child in node.list()))

    def _fixtures(self) -> dict[str, Fixture]:
        node = self.root.get("fixtures")
        if not node.present:
            node.problem('this is missing. Name a fixture file, for example "fixtures: {park: park_20w}".')
        return {name: fixture for name, child in node.items() if (fixture := self._fixture(name, child)) is not None}

    def _fixture(self, name: str, node: Node) -> Fixture | None:
        if node.is_mapping():
            return read_fixture(node, name)
        which = node.text()
        for path in (self.folder / which, FIXTURES / f"{which}.yaml"):
            if path.is_file():
                try:
                    return replace(load_fixture(path), name=name)
                except InputError as error:
                    self.document.problems.extend(error.problems)
                    return None
        known = [path.stem for path in FIXTURES.glob("*.yaml")]
        node.problem(
            f'"{which}" is neither a file beside the site nor a packaged fixture ({", ".join(sorted(known))}).{near_miss(which, known)}'
        )
        return None

    # -- points

    def _lamps(self) -> list[Lamp]:
        node = self.root.get("lamps")
        if not node.present:
            node.problem("this is missing. A site needs at least one lamp.")
        models = read_models(self.root.get("sensors"))
        fixture_names = self.root.get("fixtures").keys()  # a broken fixture has had its say already
        lamps: list[Lamp] = []
        for item in node.list():
            item.unknown_keys(LAMP_KEYS)
            name, (x_cm, y_cm) = self._point(item, "lamps")
            zone = item.get("zone").text(choices=self.zones)
            fixture = item.get("fixture").text()
            if fixture and fixture not in fixture_names:
                item.get("fixture").problem(f'"{fixture}" is not under `fixtures`.{near_miss(fixture, fixture_names)}')
            lamps.append(
                Lamp(
                    id=name,
                    x_cm=x_cm,
                    y_cm=y_cm,
                    zone=zone,
                    fixture=fixture,
                    sensors=read_sensors(item.get("sensors"), models),
                    board=item.get("board").text(default=""),
                    adaptive=item.get("adaptive").flag(default=True),
                    anchors=tuple(child.text() for child in item.get("anchors").list()),
                    heads=item.get("heads").quantity("count", lowest=1, highest=99, default=1),
                    post_cm=_pair(item.get("post")) if item.get("post").present else None,
                )
            )
        return lamps

    def _junctions(self) -> list[Point]:
        junctions: list[Point] = []
        for item in self.root.get("junctions").list():
            item.unknown_keys(JUNCTION_KEYS)
            name, (x_cm, y_cm) = self._point(item, "junctions")
            junctions.append(Point(name, x_cm, y_cm))
        return junctions

    def _point(self, item: Node, group: str) -> tuple[str, tuple[int, int]]:
        """Id and position of a lamp or junction, entered among the points."""
        name = item.get("id").text()
        problems = len(self.document.problems)
        before = self.where.get(name)
        if name and before is not None:
            message = f'"{name}" is already the id of line {before.where[0]}. Every lamp and junction needs its own.'
            item.get("id").problem(message)
        at = self._at(item)
        if len(self.document.problems) > problems:
            self.unplaced.add(name)
        self.points.setdefault(name, at)
        self.where.setdefault(name, item)
        self.positions[f"{group}.{name}"] = item.where
        return name, at

    def _at(self, item: Node) -> tuple[int, int]:
        """Position in cm: `at: [12.5 m, -3 m]` east and north of the place, or `lat` and `lon`."""
        at = item.get("at")
        if item.get("lat").present or item.get("lon").present:
            if at.present:
                at.problem("a position is given twice: keep either `at`, or `lat` and `lon`.")
            latitude = item.get("lat").number(lowest=-90, highest=90)
            longitude = item.get("lon").number(lowest=-180, highest=180)
            return Projection(self.latitude, self.longitude).point_cm(latitude, longitude)
        if not at.present:
            at.problem('this is missing. Write metres east and north of the place, "at: [12.5 m, -3 m]", or `lat` and `lon`.')
            return 0, 0
        return _pair(at)

    def _other_ends(self, lamps: Iterable[Lamp]) -> None:
        """Check the points that lamps name: further anchors."""
        for lamp in lamps:
            if lamp.anchors and lamp.id in self.where:
                for child in self.where[lamp.id].get("anchors").list():
                    self._known(child, child.text())

    def _known(self, node: Node, name: str) -> bool:
        """Whether a point has this name, noting a problem where none has."""
        if not name or name in self.points:
            return bool(name)
        self.near_misses -= 1
        hint = near_miss(name, self.points) if self.near_misses >= 0 else ""
        node.problem(f'no lamp or junction is called "{name}".{hint}')
        return False

    # -- links

    def _links(self, ways: Iterable[Way], lamps: Iterable[Lamp]) -> list[Link]:
        known = {way.id: way for way in ways}
        seen: dict[tuple[str, str, str, int], Node] = {}
        links: list[Link] = []
        for item in self.root.get("links").list():
            item.unknown_keys(LINK_KEYS)
            link = self._link(item, known)
            key = (min(link.a, link.b), max(link.a, link.b), link.way, link.length_cm)
            if link.a and key in seen:
                item.problem(f"the link {link.a} to {link.b} on {link.way} is already in line {seen[key].where[0]}. Keep one.")
            seen.setdefault(key, item)
            self.positions[f"links.{len(links)}"] = item.where
            links.append(link)
        self._facing(lamps, links)
        return links

    def _link(self, item: Node, ways: Mapping[str, Way]) -> Link:
        a, b, way = (item.get(key).text() for key in ("from", "to", "way"))
        if way and way not in ways:
            item.get("way").problem(f'"{way}" is not under `ways`.{near_miss(way, ways)}')
        ends_known = [self._known(item.get("from"), a), self._known(item.get("to"), b)]
        if a and a == b:
            item.problem(f"this link leads from {a} to itself. Name two different points.")
        length = self._length(item, a, b) if all(ends_known) else 100
        return Link(a, b, length, way, item.get("guessed").flag(default=False))

    def _length(self, item: Node, a: str, b: str) -> int:
        """The length of a link [cm]: as written, else the straight line between its ends."""
        straight = 1 if {a, b} & self.unplaced else round(dist(self.points[a], self.points[b]))
        node = item.get("length")
        if not node.present:
            if straight > FAR_CM:
                item.problem(
                    f"{a} and {b} are {straight / 100:.0f} m apart, too far for neighbours. Is a position wrong, or a lamp "
                    f'missing between them? If it is right, write "length: {straight / 100:.0f} m" here.'
                )
            return max(straight, 1)
        length = node.quantity("length", lowest=1, highest=1_000_000)
        if length < straight - max(50, straight // 100):
            node.problem(f"{show('length', length)} is shorter than the straight line from {a} to {b}, {straight / 100:.1f} m.")
        return length

    def _facing(self, lamps: Iterable[Lamp], links: Iterable[Link]) -> None:
        """A radar must face a point that is linked with its own: the way it looks along."""
        neighbours: dict[str, set[str]] = {}
        for link in links:
            neighbours.setdefault(link.a, set()).add(link.b)
            neighbours.setdefault(link.b, set()).add(link.a)
        for lamp in lamps:
            for sensor in lamp.sensors:
                near = neighbours.get(lamp.id, set())
                if sensor.facing and sensor.facing not in near and lamp.id in self.where:
                    listed = f" Linked with {lamp.id}: {', '.join(sorted(near))}." if near else ""
                    message = f'{lamp.id} has no link to "{sensor.facing}", so its {sensor.kind} cannot face it.'
                    self.where[lamp.id].get("sensors").problem(f"{message}{near_miss(sensor.facing, near)}{listed}")

    def _entrances(self) -> tuple[str, ...]:
        names = []
        for child in self.root.get("entrances").list():
            name = child.text()
            if self._known(child, name):
                names.append(name)
        return tuple(dict.fromkeys(names))

    # -- afterwards

    def _with_floors(self, site: Site, rules: list[FloorRule]) -> Site:
        first = entrance_lamps(site)
        lamps = []
        for lamp in site.lamps:
            entrance = lamp.id in first
            floors = tuple(rule.floor for rule in rules if rule.holds_at(lamp.id, lamp.zone, entrance))
            lamps.append(replace(lamp, entrance=entrance, floors=floors) if entrance or floors else lamp)
        return replace(site, lamps=tuple(lamps))

    def _positions_of(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.positions[key] = self.root.get(key).where


def _pair(node: Node) -> tuple[int, int]:
    """Metres east and north of the place, [12.5 m, -3 m], in cm."""
    parts = node.list()
    if len(parts) != 2:
        node.problem("a position has two lengths: metres east and north of the place, [12.5 m, -3 m].")
        return 0, 0
    x_cm, y_cm = (part.quantity("length", lowest=-_FARTHEST_CM, highest=_FARTHEST_CM, default=0) for part in parts)
    return x_cm, y_cm
