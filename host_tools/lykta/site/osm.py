"""Reads an OpenStreetMap extract (`.osm.pbf`, `.osm`): the ways people use, the lamps, the places that need a floor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lykta.errors import EnvironmentLacks, InputError
from lykta.progress import Progress
from lykta.site.inventory import Head
from lykta.units import near_miss

if TYPE_CHECKING:
    from osmium.osm import Way

SOURCE = "© OpenStreetMap contributors, ODbL 1.0"
SUFFIXES = (".osm", ".pbf", ".osm.pbf", ".osm.bz2", ".osm.gz")

_WALK, _RIDE = frozenset({"pedestrian"}), frozenset({"pedestrian", "cyclist"})
_DRIVE = frozenset({"pedestrian", "cyclist", "car"})
#: highway tag -> kind of way, who may use it, speed limit of cars [cm/s] where no sign says otherwise
_KINDS: Mapping[str, tuple[str, frozenset[str], int]] = {
    "footway": ("path", _WALK, 0),
    "steps": ("path", _WALK, 0),
    "path": ("path", _RIDE, 0),
    "trail": ("path", _RIDE, 0),
    "track": ("path", _RIDE, 0),
    "cycleway": ("path", _RIDE, 0),
    "crossing": ("crossing", _RIDE, 0),
    "pedestrian": ("square", _RIDE, 0),
    "living_street": ("street", _DRIVE, 556),
    "service": ("street", _DRIVE, 556),
    "residential": ("street", _DRIVE, 833),
    "unclassified": ("street", _DRIVE, 1389),
    "road": ("street", _DRIVE, 1389),
    "tertiary": ("street", _DRIVE, 1389),
    "secondary": ("street", _DRIVE, 1389),
    "primary": ("street", _DRIVE, 1389),
    "trunk": ("street", _DRIVE, 1944),
}
_NOBODY = ("indoor", "construction", "proposed", "abandoned")


@dataclass(frozen=True)
class Street:
    """A way of the extract. `places` are (latitude, longitude) of its nodes; `floor`: why its lamps should have a floor."""

    osm_id: int
    kind: str
    classes: frozenset[str]
    speed_limit_cms: int
    name: str
    nodes: tuple[int, ...]
    places: tuple[tuple[float, float], ...]
    floor: str = ""


@dataclass(frozen=True)
class Extract:
    """What an extract says: ways, lamps, and the places of pedestrian crossings."""

    streets: tuple[Street, ...]
    lamps: tuple[Head, ...]
    crossings: tuple[tuple[float, float], ...]


def is_extract(path: Path) -> bool:
    """Whether a file is an OpenStreetMap extract, by its name."""
    return path.name.lower().endswith(SUFFIXES)


def read_extract(path: Path) -> Extract:
    """Read an extract. Raises InputError where it is none, EnvironmentLacks without pyosmium."""
    try:
        import osmium
    except ImportError:
        raise EnvironmentLacks("Reading an OpenStreetMap extract needs pyosmium. Install it with: pip install osmium") from None
    if not path.is_file():
        near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError.of(str(path), f"there is no such file.{near_miss(path.name, near)}")
    streets: list[Street] = []
    lamps: list[Head] = []
    crossings: list[tuple[float, float]] = []
    try:
        with Progress(f"reading {path.name}") as bar:
            for item in osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.KeyFilter("highway")):
                tags = {tag.k: tag.v for tag in getattr(item, "tags", ())}
                if isinstance(item, osmium.osm.Node):
                    place = item.location.lat, item.location.lon
                    if tags["highway"] == "street_lamp":
                        lamps.append(_lamp(item.id, *place, tags))
                    elif tags["highway"] == "crossing":
                        crossings.append(place)
                elif isinstance(item, osmium.osm.Way) and (street := _street(item, tags)) is not None:
                    streets.append(street)
                bar.advance()
    except RuntimeError as error:
        raise InputError.of(str(path), f"this is no OpenStreetMap extract: {error}.") from None
    return Extract(tuple(streets), tuple(lamps), tuple(crossings))


def _lamp(number: int, latitude: float, longitude: float, tags: Mapping[str, str]) -> Head:
    mount = tags.get("lamp_mount", tags.get("light:mount", ""))
    flood = "flood" in tags.get("lamp_type", "") + tags.get("light:type", "") + tags.get("man_made", "")
    return Head(f"n{number}", latitude, longitude, mount, adaptive=not (flood or mount in ("ground", "in_ground")))


def _street(way: Way, tags: Mapping[str, str]) -> Street | None:
    """The way as a street of ours; None where it is nobody's way in the open air."""
    known = _KINDS.get(tags["highway"].removesuffix("_link"))
    if known is None or any(tags.get(key, "no") != "no" for key in _NOBODY) or _below_ground(tags, known[0]):
        return None
    nodes, places = [], []
    for node in way.nodes:
        if node.location.valid():
            nodes.append(node.ref)
            places.append((node.lat, node.lon))
    if len(nodes) < 2:
        return None
    kind, classes, limit = known
    if tags.get("footway") == "crossing" or tags.get("cycleway") == "crossing":
        kind = "crossing"
    classes = _classes(tags, classes)
    if kind == "street" and "car" not in classes:
        kind = "path"
    speed = _speed(tags.get("maxspeed", "")) or limit if "car" in classes else 0
    return Street(way.id, kind, classes, speed, tags.get("name", ""), tuple(nodes), tuple(places), _floor(tags, kind))


def _below_ground(tags: Mapping[str, str], kind: str) -> bool:
    """Garages, metro halls, tunnels of cars: no lamp of the street stands there. An underpass for walkers stays."""
    layer = int(tags["layer"]) if re.fullmatch(r"-?\d+", tags.get("layer", "")) else 0
    return layer <= -2 or (layer < 0 and kind == "street") or tags.get("level", "0").startswith("-")


def _classes(tags: Mapping[str, str], usual: frozenset[str]) -> frozenset[str]:
    classes = set(usual)
    if tags.get("bicycle") in ("yes", "designated", "permissive"):
        classes.add("cyclist")
    if tags.get("bicycle") in ("no", "dismount", "use_sidepath"):
        classes.discard("cyclist")
    if tags.get("foot") in ("no", "use_sidepath") and len(classes) > 1:
        classes.discard("pedestrian")
    if tags.get("motor_vehicle", tags.get("vehicle", tags.get("access", ""))) == "no" and len(classes) > 1:
        classes.discard("car")
    return frozenset(classes)


def _speed(text: str) -> int:
    """A `maxspeed` tag in cm/s, 0 where it says nothing."""
    match = re.fullmatch(r"(\d+)( ?mph)?", text.strip())
    return round(int(match[1]) * (44.704 if match[2] else 100 / 3.6)) if match else 0


def _floor(tags: Mapping[str, str], kind: str) -> str:
    if kind == "crossing":
        return "pedestrian crossing"
    if tags["highway"] == "steps":
        return "steps"
    return "underpass" if tags.get("tunnel", "no") not in ("no", "") else ""
