"""Reads a profile from YAML: a checked `Profile`, or an `InputError` with every problem in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lykta.corehost import schema
from lykta.document import Document, Node, walk
from lykta.errors import InputError, Message
from lykta.profiles.calendar import SELECTORS, Selector, read_selector
from lykta.profiles.model import Night, Phase, Start
from lykta.profiles.profile import Entry, Profile
from lykta.profiles.settings import Assignment, Block, Conflicts, Layers, read_block
from lykta.profiles.starts import NOON, check_order, read_start
from lykta.profiles.table import BY_KEY, CLASSES
from lykta.units import near_miss

DATA = Path(__file__).resolve().parents[1] / "data"
KEYS = ("name", "note", "phases", "end", "zones", "calendar")
ENTRY_KEYS = ("name", *SELECTORS, "reason", "phases", "end", "zones")
#: The block of a zone that holds in every phase, under the blocks of the phases.
ALL = "all"

Zones = Mapping[str, Mapping[str, Block]]  # zone -> phase or ALL -> block


@dataclass(frozen=True)
class _Times:
    """The phases of a night and its end, in the order of the file."""

    starts: tuple[tuple[str, Start], ...]
    end: Start


def packaged(folder: str) -> list[str]:
    """The names of the packaged "profiles" or "requirements"."""
    return sorted(path.stem for path in (DATA / folder).glob("*.yaml"))


def open_document(which: str | Path, folder: str) -> Document:
    """The document given by its path or packaged name. Raises InputError where there is neither, or it is no YAML."""
    path, names = Path(which), packaged(folder)
    if str(which) in names and not path.is_file():
        return Document.load(DATA / folder / f"{which}.yaml", f"{which}.yaml")
    if not path.is_file() and path.suffix not in (".yaml", ".yml"):
        near = near_miss(str(which), [*names, *(entry.name for entry in Path().glob("*.yaml"))])
        raise InputError.of(str(which), f"is neither a file nor one of the packaged {folder} ({', '.join(names)}).{near}")
    return Document.load(path)


def load_profile(which: str | Path) -> Profile:
    """The profile in a file, or a packaged one by its name. Raises InputError with every problem found."""
    return read_profile(open_document(which, "profiles"))


def text_of(profile: Profile) -> str:
    """The YAML of a profile as its file has it now. InputError where it cannot be read any more."""
    path = Path(profile.file)
    path = path if path.is_file() else DATA / "profiles" / profile.file
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.of(profile.file, f"cannot be read any more ({error}).") from None


def read_profile(document: Document) -> Profile:
    """The profile in a document. Raises InputError with every problem found."""
    profile = _Reader(document).read()
    document.finish()
    return profile


class _Reader:
    """Reads one profile; every problem goes to the document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.root = document.root
        self.conflicts = Conflicts()
        self.phases: dict[str, None] = {}  # every phase of any night, in the order of the file

    def read(self) -> Profile:
        """The profile; of no use if the document has errors."""
        if not self.root.is_mapping():
            self.root.problem("a profile has the keys name, phases, end, zones, and calendar if wanted.")
            self.document.finish()
        self.root.unknown_keys(KEYS)
        name = self.root.get("name").text(default=Path(self.document.file).stem)
        entries = list(self.root.get("calendar").list())
        times = self._times(self.root, None)
        entry_times = [self._times(entry, times) for entry in entries]
        zones = self._zones(self.root.get("zones"), tuple(self.phases))
        if not zones:
            self.root.get("zones").problem("a profile needs at least one zone.")
        ordinary = self._night(times, zones, {}, "", None)
        calendar = [
            self._entry(number, node, times, zones) for number, (node, times) in enumerate(zip(entries, entry_times, strict=True), start=1)
        ]
        self.conflicts.report(len(self.phases))
        self._never_reached(calendar, entries)
        positions = {node.path: node.where for node in walk(self.root)}
        return Profile(name, self.document.file, tuple(zones), ordinary, tuple(calendar), tuple(self.document.warnings), positions)

    def _times(self, node: Node, ordinary: _Times | None) -> _Times:
        """The phases of the profile or of an entry; what an entry does not say is as on an ordinary night."""
        phases, end = node.get("phases"), node.get("end")
        read = [(name, child, read_start(child)) for name, child in phases.items()]
        for name, child, _ in read:
            if name == ALL:
                child.problem(f'no phase can be called "{ALL}": that means all of them.')
            self.phases.setdefault(name)
        if ordinary is None and not read and (phases.is_mapping() or not phases.present):
            phases.problem('a night needs at least one phase, for example "night: sunset".')
        until = read_start(end) if end.present or ordinary is None else None
        check_order([*read, ("end", end, until)])
        starts = tuple((name, start or NOON) for name, _, start in read)  # noon stands in: a problem has been noted
        if ordinary is None:
            return _Times(starts, until or NOON)
        return _Times(starts or ordinary.starts, until or ordinary.end)

    def _zones(self, node: Node, phases: Sequence[str], known: Sequence[str] | None = None) -> Zones:
        """The blocks of every zone; an entry of the calendar may only name zones that the profile knows."""
        found: dict[str, dict[str, Block]] = {}
        for zone, child in node.items():
            if known is not None and zone not in known:
                child.problem(f'there is no zone "{zone}" in this profile ({", ".join(known)}).{near_miss(zone, known)}')
            for name, block in child.items():
                if name not in (ALL, *phases):
                    _unknown_phase(name, block, phases)
            found[zone] = {name: read_block(block) for name, block in child.items() if name in (ALL, *phases)}
        return found

    def _night(self, times: _Times, zones: Zones, changes: Zones, reason: str, dated: bool | None) -> Night:
        """One kind of night; `dated` says whether the entry has dates (None: the ordinary night)."""
        phases = []
        for name, start in times.starts:
            rows = {}
            for zone, blocks in zones.items():
                order = [blocks, changes.get(zone, {})]
                layers = Layers(block.get(part, ()) for block in order for part in (ALL, name))
                self.conflicts.check(name, layers)
                _check_dark(layers, excused=bool(dated and reason))
                _check_rest(layers)
                rows[zone] = tuple(layers.row)
            phases.append(Phase(name, start, rows, reason))
        return Night(tuple(phases), times.end)

    def _entry(self, number: int, node: Node, times: _Times, zones: Zones) -> Entry:
        node.unknown_keys(ENTRY_KEYS)
        selector: Selector = read_selector(node)
        event = node.get("event")
        name = event.text() if event.present else node.get("name").text(default=f"entry {number}")
        reason = node.get("reason").text(default="")
        if event.present and not reason:
            node.get("reason").problem(Message("an event needs its reason: what will people ask about?"))
        changes = self._zones(node.get("zones"), [start[0] for start in times.starts], tuple(zones))
        shown = f"{name}: {reason}" if reason else name
        return Entry(name, reason, selector, self._night(times, zones, changes, shown, selector.dated and bool(reason)))

    def _never_reached(self, entries: Sequence[Entry], nodes: Sequence[Node]) -> None:
        """Warn of an entry all of whose nights belong to entries above it."""
        for number, entry in enumerate(entries):
            ranges = entry.selector.ranges
            if not ranges or not all(dates.dated for dates in ranges):
                continue
            nights = [date for dates in ranges for date in dates.dates() if entry.selector.matches(date)]
            above = [other.name for other in entries[:number] if any(other.selector.matches(night) for night in nights)]
            if not nights:
                nodes[number].warn("no night is all that this entry asks for, so it never holds.")
            elif all(any(other.selector.matches(night) for other in entries[:number]) for night in nights):
                nodes[number].warn(f"this never holds: its nights belong to {', '.join(above)} above. The first match wins: move it up.")


def _unknown_phase(name: str, node: Node, phases: Sequence[str]) -> None:
    known = (ALL, *phases)
    if name in BY_KEY or name in CLASSES or name == "everyone":
        node.problem(f"`{name}` belongs in a phase, or under `{ALL}:` for all of them.")
        return
    node.problem(f'there is no phase "{name}" ({", ".join(known)}).{near_miss(name, known)}')


def _check_dark(layers: Layers, *, excused: bool) -> None:
    """Note deliberate dark without an excuse (no light for somebody who is there), and warn where lamps are out when idle."""
    dark: dict[Node, list[str]] = {}
    for road_user, name in enumerate(CLASSES):
        position = BY_KEY["level"].position(road_user)
        source = layers.source(position)
        if layers.row[position] == 0 and source is not None and not excused:
            dark.setdefault(source[1], []).append(name)
    for node, names in dark.items():
        node.problem(
            f"no light for who is there ({', '.join(names)}) is deliberate dark: only in a calendar entry with dates and a `reason`."
        )
    source = layers.source(schema.IDLE)
    if layers.row[schema.IDLE] == 0 and source is not None:
        source[1].warn("the lamps are out when nobody is seen: nobody sees how the way goes on, nor who stands there.")


def _check_rest(layers: Layers) -> None:
    """Warn where the neighbours' word on somebody who rests ends before his light should: their lamps would leave him."""
    for road_user in range(len(CLASSES)):
        position = BY_KEY["linger"].position(road_user)
        source = layers.source(position)
        if source is not None and layers.row[position] > layers.row[schema.FRAME_MAX]:
            source[1].warn("longer than `frame_max`: the lamps beside the post that saw somebody go down before. Make `frame_max` as long.")


__all__ = ["ALL", "Assignment", "load_profile", "open_document", "packaged", "read_profile"]
