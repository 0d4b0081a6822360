"""An import on the page: files that were handed over, what would be matched, and the site that is written in the end."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lykta.errors import LyktaError, Message
from lykta.site import loader, sensors_plan
from lykta.site.imported import remarks, unmatched_csv
from lykta.site.importer import Imported, import_site
from lykta.site.inventory import Peek, peek
from lykta.site.model import Site
from lykta.site.osm import is_extract
from lykta.site.writer import write

ENDINGS = (".csv", ".txt", ".geojson", ".json", ".osm", ".pbf")
NO_SENSORS = "none"
_LONGEST = 80


@dataclass
class Wish:
    """What somebody wants to import. `columns`: those that are not to be guessed; `name`, `timezone`: "" to be found."""

    lamps: Path | None = None
    ways: Path | None = None
    name: str = ""
    timezone: str = ""
    columns: dict[str, str] = field(default_factory=dict)

    @property
    def peek(self) -> Peek | None:
        """The headings of a list of lamps; None where there is nothing to choose. InputError where it is no list."""
        return None if self.lamps is None or is_extract(self.lamps) else peek(self.lamps)


def keep(folder: Path, name: str, data: bytes) -> Path:
    """Keep an uploaded file under a name that is only a name. LyktaError where it is of no kind that can be read."""
    plain = re.sub(r"[^\w.-]+", "_", Path(name).name)[-_LONGEST:].lstrip(".")
    if not plain.lower().endswith(ENDINGS):
        said = Message("{file} is neither CSV, GeoJSON nor an OpenStreetMap extract ({endings}).", file=plain, endings=", ".join(ENDINGS))
        raise LyktaError(said)
    path = Path(tempfile.mkdtemp(dir=folder)) / plain
    path.write_bytes(data)
    return path


def match(lamps: Path, ways: Path | None, name: str, timezone: str, columns: Mapping[str, str]) -> Imported:
    """What an import would make of the files. Raises InputError."""
    return import_site(lamps, ways=ways, name=name, timezone=timezone, columns=columns)


@dataclass(frozen=True)
class Matched:
    """What a person should know before he takes an import over: counts, and lamps by their number that lie on no way."""

    heads: int
    posts: int
    linked: int
    unmatched: tuple[int, ...]
    skipped: int
    guessed: int
    ways: int
    length_cm: int
    entrances: int
    floors: int
    fixed: int


def matched(imported: Imported) -> Matched:
    """The counts of an import."""
    site = imported.site
    ends = {name for link in site.links for name in (link.a, link.b)}
    apart = {post.head.id for post in imported.unmatched}
    return Matched(
        heads=imported.heads,
        posts=imported.posts,
        linked=sum(lamp.id in ends for lamp in site.lamps),
        unmatched=tuple(number for number, lamp in enumerate(site.lamps) if lamp.id in apart),
        skipped=len(imported.skipped),
        guessed=imported.guessed_links,
        ways=len(site.ways),
        length_cm=sum(link.length_cm for link in site.links),
        entrances=len(site.entrances),
        floors=sum(bool(lamp.floors) for lamp in site.lamps),
        fixed=sum(not lamp.adaptive for lamp in site.lamps),
    )


def take_over(imported: Imported, source: str, sensors: str, target: Path) -> Site:
    """Write the site, with the sensors that are proposed, and what was not matched beside it; read it again. Raises LyktaError."""
    if target.exists():
        raise LyktaError(Message("{file} is there already. Choose another name.", file=target))
    site = imported.site if sensors == NO_SENSORS else sensors_plan.propose(imported.site, sensors)
    head = [f"Imported by `lykta studio` from {source}; to be corrected by hand.", *remarks(imported)]
    try:
        target.write_text(write(site, {"unknown": "unknown"}, head), encoding="utf-8")
        beside = unmatched_csv(imported)
        if beside:
            target.with_suffix(".unmatched.csv").write_text(beside, encoding="utf-8", newline="")
    except OSError as error:
        said = Message("{file} cannot be written: {what}. Choose another place.", file=target, what=error.strerror or error)
        raise LyktaError(said) from None
    return loader.load(target)


def file_name(name: str) -> str:
    """A name for the file of a site."""
    stem = re.sub(r"[^\w-]+", "_", Path(name).stem.lower()).strip("_-")[:_LONGEST]
    return f"{stem or 'my_site'}.yaml"
