"""Reads a city's list of lamps, CSV or GeoJSON: finds the columns by their names, keeps every readable row, lists the rest."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from lykta.errors import InputError, Problem
from lykta.progress import track
from lykta.units import near_miss

#: What columns are called, the likeliest first; compared without case, blanks and punctuation.
NAMES: Mapping[str, tuple[str, ...]] = {
    "lat": ("lat", "latitude", "latwgs84", "wgs84lat", "ylat", "latdeg", "y", "ycoord", "coordy"),
    "lon": ("lon", "lng", "long", "longitude", "lonwgs84", "wgs84lon", "wgs84long", "xlon", "londeg", "x", "xcoord", "coordx"),
    "type": ("type", "lamptype", "luminairetype", "typelum", "kind", "category", "luminaire", "fixture", "model", "support", "typ"),
    "id": ("id", "lampid", "assetid", "postid", "poleid", "objectid", "ref", "number", "nr", "fid", "gid"),
}
NEEDED = ("lat", "lon")
_NOT_ADAPTIVE = re.compile(
    r"encastr|\bsol\b|ground|in-?grade|recessed|uplight|markstr|bodeneinbau|flood|projecteur|proyector|strålkastare|\bspot", re.IGNORECASE
)
_LISTED = 8  # so many broken rows are named in a message


@dataclass(frozen=True)
class Head:
    """A luminaire as the inventory has it: place in degrees, kind in the words of the inventory."""

    id: str
    latitude: float
    longitude: float
    kind: str = ""
    adaptive: bool = True
    floor: str = ""  # why it should have a floor ("" where nothing says so)


@dataclass
class Inventory:
    """The heads of a file, and the rows that could not be read with the reason."""

    heads: list[Head]
    skipped: list[Problem] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True)
class Peek:
    """The beginning of a list of lamps: its headings, the column taken for each of NAMES, and some rows."""

    headings: tuple[str, ...]
    columns: Mapping[str, str]
    rows: tuple[tuple[str, ...], ...]


def peek(path: Path, rows: int = 4) -> Peek | None:
    """What the headings of a CSV are taken for, before anything is read in earnest; None for other files. Raises InputError."""
    if path.suffix.lower() in (".geojson", ".json"):
        return None
    lines = [line for line in _text(path).splitlines() if line.strip()][: rows + 1]
    if not lines:
        raise InputError.of(path.name, "the file is empty. A list of lamps has a line of headings and one line for each lamp.")
    table = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=_separator(lines[0]))]
    plain = [_plain(heading) for heading in table[0]]
    found = {key: next((table[0][plain.index(word)] for word in names if word in plain), "") for key, names in NAMES.items()}
    return Peek(tuple(table[0]), found, tuple(tuple(row) for row in table[1:]))


def is_adaptive(kind: str) -> bool:
    """Whether a luminaire of a kind may be dimmed for people: ground and flood lights may not."""
    return not _NOT_ADAPTIVE.search(kind)


def read_inventory(path: Path, columns: Mapping[str, str] | None = None) -> Inventory:
    """The heads in a CSV or GeoJSON file; `columns` names those that should not be guessed. Raises InputError."""
    text = _text(path)
    given = {key: name for key, name in (columns or {}).items() if name}
    if path.suffix.lower() in (".geojson", ".json"):
        return _from_geojson(text, path.name, given)
    return _from_csv(text, path.name, given)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError.of(str(path), f"there is no such file.{near_miss(path.name, near)}") from None
    except OSError as error:
        raise InputError.of(str(path), f"cannot be read: {error.strerror}.") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # the usual export of an office on Windows


# -- CSV


def _from_csv(text: str, name: str, given: Mapping[str, str]) -> Inventory:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise InputError.of(name, "the file is empty. A list of lamps has a line of headings and one line for each lamp.")
    reader = csv.reader(io.StringIO(text), delimiter=_separator(first))
    rows = ((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
    try:
        _, headings = next(rows)
        columns = _columns([heading.strip() for heading in headings], name, given)
        found = Inventory([], columns={key: headings[index].strip() for key, index in columns.items()})
        total = text.count("\n")
        for line, row in track(rows, f"reading {name}", total):
            _take_row(found, name, line, row, columns)
    except csv.Error as error:
        raise InputError.of(name, f"this is no table: {error}.", line=reader.line_num, column=1) from None
    return _if_usable(found, name)


def _separator(line: str) -> str:
    """What stands between the headings of a table."""
    return max(";\t|,", key=line.count)


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def _columns(headings: Sequence[str], name: str, given: Mapping[str, str]) -> dict[str, int]:
    """Where each column stands; latitude and longitude must be there."""
    plain = [_plain(heading) for heading in headings]
    columns: dict[str, int] = {}
    problems: list[Problem] = []
    for key, names in NAMES.items():
        if key in given:
            if given[key] in headings:
                columns[key] = headings.index(given[key])
            else:
                hint = near_miss(given[key], headings)
                problems.append(Problem(name, 1, 1, "", f'no column is called "{given[key]}".{hint} Columns: {", ".join(headings)}.'))
            continue
        index = next((plain.index(word) for word in names if word in plain), None)
        if index is not None:
            columns[key] = index
        elif key in NEEDED:
            wanted = "latitude" if key == "lat" else "longitude"
            message = f"no column looks like the {wanted}. Columns: {', '.join(headings)}. Name it with --{key} COLUMN."
            problems.append(Problem(name, 1, 1, "", message))
    if problems:
        raise InputError(problems)
    return columns


def _take_row(found: Inventory, name: str, line: int, row: Sequence[str], columns: Mapping[str, int]) -> None:
    def cell(key: str) -> str:
        index = columns.get(key, -1)
        return row[index].strip() if 0 <= index < len(row) else ""

    place = _place(cell("lat"), cell("lon"))
    if isinstance(place, str):
        found.skipped.append(Problem(name, line, 1, "", place, warning=True))
        return
    kind = cell("type")
    found.heads.append(Head(cell("id") or f"L{line:05d}", *place, kind, is_adaptive(kind)))


def _place(latitude: str, longitude: str) -> tuple[float, float] | str:
    """Latitude and longitude, or what is wrong with them."""
    if not latitude or not longitude:
        return "no position: latitude or longitude is blank."
    try:
        place = float(latitude.replace(",", ".")), float(longitude.replace(",", "."))
    except ValueError:
        return f'"{latitude}, {longitude}" is no position in degrees.'
    if not (isfinite(place[0]) and isfinite(place[1])) or abs(place[0]) > 90 or abs(place[1]) > 180:
        hint = " These look like metres of a national grid: convert them to latitude and longitude (WGS84)."
        return f"{latitude}, {longitude} is outside the degrees of the earth.{hint if abs(place[0]) > 360 or abs(place[1]) > 360 else ''}"
    if place == (0.0, 0.0):
        return "0, 0 is no position of a lamp."
    return place


# -- GeoJSON


def _from_geojson(text: str, name: str, given: Mapping[str, str]) -> Inventory:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError.of(name, f"this is no JSON: {error.msg}.", line=error.lineno, column=error.colno) from None
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        raise InputError.of(name, 'this is no GeoJSON of points: it has no "features". Export the lamps as a FeatureCollection.')
    keys = list(dict.fromkeys(key for feature in features[:1000] for key in _properties(feature)))
    columns = _property_names(keys, name, given)
    found = Inventory([], columns=columns)
    for number, feature in enumerate(track(features, f"reading {name}"), start=1):
        _take_feature(found, name, number, feature, columns)
    return _if_usable(found, name)


def _properties(feature: object) -> Mapping[str, object]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def _property_names(keys: Sequence[str], name: str, given: Mapping[str, str]) -> dict[str, str]:
    plain = {re.sub(r"[^a-z0-9]", "", key.lower()): key for key in reversed(keys)}
    columns: dict[str, str] = {}
    for wanted in ("type", "id"):
        if wanted in given and given[wanted] not in keys:
            hint = near_miss(given[wanted], keys)
            raise InputError.of(name, f'no property is called "{given[wanted]}".{hint} Properties: {", ".join(keys)}.')
        found = given.get(wanted) or next((plain[word] for word in NAMES[wanted] if word in plain), None)
        if found:
            columns[wanted] = found
    return columns


def _take_feature(found: Inventory, name: str, number: int, feature: object, columns: Mapping[str, str]) -> None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    points = _points(geometry)
    properties = _properties(feature)
    kind = str(properties.get(columns.get("type", ""), "") or "")
    own = properties.get(columns.get("id", "")) or (feature.get("id") if isinstance(feature, dict) else None)
    if not points:
        kind_of = geometry.get("type", "nothing") if isinstance(geometry, dict) else "nothing"
        message = f"feature {number} is a {kind_of}, not a Point."
        found.skipped.append(Problem(name, 0, 0, "", message, warning=True))
    for longitude, latitude in points:
        place = _place(str(latitude), str(longitude))
        if isinstance(place, str):
            found.skipped.append(Problem(name, 0, 0, "", f"feature {number}: {place}", warning=True))
        else:
            found.heads.append(Head(str(own) if own else f"L{number:05d}", *place, kind, is_adaptive(kind)))


def _points(geometry: object) -> Iterable[tuple[object, object]]:
    """The (longitude, latitude) pairs of a Point or MultiPoint; empty for anything else."""
    if not isinstance(geometry, dict) or not isinstance(geometry.get("coordinates"), list):
        return ()
    coordinates = geometry["coordinates"]
    pairs = [coordinates] if geometry.get("type") == "Point" else coordinates if geometry.get("type") == "MultiPoint" else []
    return [(pair[0], pair[1]) for pair in pairs if isinstance(pair, list) and len(pair) >= 2]


def _if_usable(found: Inventory, name: str) -> Inventory:
    """The inventory, unless most of it could not be read."""
    if len(found.heads) > len(found.skipped):
        return found
    if not found.heads and not found.skipped:
        raise InputError.of(name, "there is no lamp in this file.")
    shown = found.skipped[:_LISTED]
    problems = [Problem(problem.file, problem.line, problem.column, "", problem.message) for problem in shown]
    total = f"{len(found.skipped)} of {len(found.skipped) + len(found.heads)} rows have no readable position; the first are listed."
    raise InputError([Problem(name, 0, 0, "", total), *problems])
