"""The street on the page: its text as it would be saved, with every step that led to it; changes of lamps, entrances and links.

A change is written into the text where it belongs (`site.patch`) and the whole is read again, so what is on the map is always what
the file would be. Reading a city takes seconds: `read` can be handed to a process, and its result to `take`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import hypot
from pathlib import Path

import numpy as np

from lykta import wholefile
from lykta.document import Document
from lykta.errors import LyktaError, Message
from lykta.site import checks, loader, sensors_plan
from lykta.site.model import Lamp, Sensor, Site
from lykta.site.patch import Patch
from lykta.site.projection import Projection
from lykta.site.sensors import RANGES_CM, models_of, write_sensor
from lykta.site.writer import metres, place, scalar
from lykta.studio.history import History

NONE, PROPOSED = "none", "proposed"
#: What a lamp may be given: nothing, what Lykta proposes for its way, or kinds of sensor.
EQUIPMENT: Mapping[str, tuple[str, ...]] = {
    NONE: (),
    PROPOSED: (),
    "pir": ("pir",),
    "pir_still": ("pir", "ld2410"),
    "ld2410": ("ld2410",),
    "ideal": ("ideal",),
}


def read(text: str, name: str, folder: Path) -> Site:
    """The site of a text. InputError with every problem."""
    return loader.read(Document.read(text, name), folder)


@dataclass
class SiteDraft:
    """A site being worked on. `path`: the file that saving writes; None for a packaged one or one that is not saved yet.

    `folder`: where its fixture files lie; `original`: the text as it is on disk.
    """

    name: str
    text: str
    site: Site
    folder: Path
    path: Path | None = None
    original: str = ""
    history: History = field(default_factory=History)

    @classmethod
    def open(cls, site: Site) -> SiteDraft:
        """The draft of a site that was read from a file or is packaged."""
        own = Path(site.file)
        path = own if own.is_file() else loader.FOLDER / own.name
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            said = Message("{file} cannot be read any more: {what}. Was it moved?", file=site.file, what=error.strerror or error)
            raise LyktaError(said) from None
        packaged = path.parent == loader.FOLDER
        return cls(site.file, text, site, path.parent, None if packaged else path, text)

    @property
    def changed(self) -> bool:
        """Whether it differs from what is on disk."""
        return self.text != self.original or (self.path is None and bool(self.history.done))

    def take(self, text: str, site: Site) -> None:
        """Take a changed text, and the site that was read of it, as the next step."""
        if text == self.text:
            return
        self.history.take(self.text)
        self.text, self.site = text, site

    def replace(self, text: str) -> None:
        """Take a changed text as the next step. InputError, and nothing changed, where it is no site."""
        self.take(text, read(text, self.name, self.folder))

    def step(self, site: Site, *, back: bool) -> None:
        """Go one step back or forward, to the site that was read of the text there (`history.next`)."""
        self.text, self.site = self.history.step(self.text, back=back), site

    def save(self, path: Path | None = None) -> Path:
        """Write it to its file, or to another one, which is its file from then on. LyktaError where that is not possible.

        What somebody else has written there meanwhile is not lost: then nothing is written. The file is replaced in one step.
        """
        target = path or self.path
        if target is None:
            raise LyktaError(Message("This site comes with Lykta. Give the copy a name of your own."))
        if path is not None and path != self.path and path.exists():
            raise LyktaError(Message("{file} is there already. Choose another name.", file=path))
        try:
            if target == self.path and target.exists() and target.read_text(encoding="utf-8-sig") != self.original:
                said = Message("{file} was changed by somebody else since it was opened. Save under another name.", file=target)
                raise LyktaError(said)
            wholefile.write(target, self.text)
        except OSError as error:
            said = Message("{file} cannot be written: {what}. Choose another place.", file=target, what=error.strerror or error)
            raise LyktaError(said) from None
        self.path, self.name, self.original, self.folder = target, str(target), self.text, target.parent
        self.site = replace(self.site, file=str(target))
        return target

    # -- changes, each as the text that it makes

    def with_zone(self, lamps: Iterable[str], zone: str) -> str:
        """The text with lamps in a zone, which may be a new one."""
        patch = Patch(self.text, self.name)
        if zone not in self.site.zones:
            patch.add("zones", scalar(zone))
        for name in lamps:
            patch.put("lamps", name, "zone", scalar(zone))
        return patch.done()

    def with_control(self, lamps: Iterable[str], adaptive: bool) -> str:
        """The text with lamps that follow people, or stay as bright as they were built."""
        patch = Patch(self.text, self.name)
        for name in lamps:
            patch.put("lamps", name, "adaptive", None if adaptive else "no")
        return patch.done()

    def with_sensors(self, lamps: Iterable[str], equipment: str) -> str:
        """The text with sensors on lamps: a key of EQUIPMENT."""
        chosen = set(lamps)
        if equipment == PROPOSED:
            bare = replace(self.site, lamps=tuple(replace(lamp, sensors=()) if lamp.id in chosen else lamp for lamp in self.site.lamps))
            wanted = {lamp.id: lamp.sensors for lamp in sensors_plan.propose(bare, sensors_plan.ALL).lamps if lamp.id in chosen}
        else:
            wanted = dict.fromkeys(chosen, tuple(Sensor(kind, dict(RANGES_CM[kind])) for kind in EQUIPMENT[equipment]))
        return self._equipped(wanted)

    def with_radar(self, lamp: str, facing: str) -> str:
        """The text with a radar on a lamp that looks towards a neighbouring point, beside the sensors that look all round."""
        others = tuple(sensor for sensor in self._lamp(lamp).sensors if not sensor.facing)
        return self._equipped({lamp: (*others, Sensor("ld2451", dict(RANGES_CM["ld2451"]), facing))})

    def with_moved(self, points: Iterable[str], dx_cm: int, dy_cm: int) -> str:
        """The text with points so much farther to the east and to the north. Links follow: one whose length was written keeps its bend."""
        moved = set(points)
        patch = Patch(self.text, self.name)
        for lamp in (lamp for lamp in self.site.lamps if lamp.id in moved):
            self._put_place(patch, "lamps", lamp.id, lamp.x_cm + dx_cm, lamp.y_cm + dy_cm)
            if lamp.post_cm is not None:
                patch.put("lamps", lamp.id, "post", place(lamp.post_cm[0] + dx_cm, lamp.post_cm[1] + dy_cm))
        for junction in (junction for junction in self.site.junctions if junction.id in moved):
            self._put_place(patch, "junctions", junction.id, junction.x_cm + dx_cm, junction.y_cm + dy_cm)
        at = {point.id: (point.x_cm, point.y_cm) for point in self.site.points}
        for number, link in enumerate(self.site.links):
            if (link.a in moved) == (link.b in moved) or not patch.has("links", number, "length"):
                continue
            (ax, ay), (bx, by) = at[link.a], at[link.b]
            way = 1 if link.b in moved else -1
            before, after = hypot(bx - ax, by - ay), hypot(bx - ax + way * dx_cm, by - ay + way * dy_cm)
            bend = link.length_cm / before if before else 1.0
            patch.put("links", number, "length", metres(max(1, round(after * bend))))
        return patch.done()

    def _put_place(self, patch: Patch, group: str, name: str, x_cm: int, y_cm: int) -> None:
        """Write a place as it is written in the file: metres on the plane, or degrees."""
        if not patch.has(group, name, "lat"):
            patch.put(group, name, "at", place(x_cm, y_cm))
            return
        plane = Projection(self.site.latitude, self.site.longitude)
        latitude, longitude = plane.to_degrees(np.array([x_cm / 100]), np.array([y_cm / 100]))
        patch.put(group, name, "lat", f"{latitude[0]:.8f}")
        patch.put(group, name, "lon", f"{longitude[0]:.8f}")

    def with_entrance(self, point: str, there: bool) -> str:
        """The text with a place where people come and go, or without."""
        patch = Patch(self.text, self.name)
        if there and point not in self.site.entrances:
            patch.add("entrances", scalar(point))
        elif not there and point in self.site.entrances:
            patch.drop("entrances", point)
        return patch.done()

    def with_links(self, numbers: Iterable[int], keep: bool) -> str:
        """The text with guessed links confirmed, or taken out."""
        patch = Patch(self.text, self.name)
        for number in numbers:
            if keep:
                patch.put("links", number, "guessed", None)
            else:
                patch.drop("links", number)
        return patch.done()

    def _equipped(self, wanted: Mapping[str, Sequence[Sensor]]) -> str:
        models = models_of([sensor for lamp in self.site.lamps for sensor in lamp.sensors])
        patch = Patch(self.text, self.name)
        for name, sensors in wanted.items():
            listed = ", ".join(write_sensor(sensor, models) for sensor in sensors)
            patch.put("lamps", name, "sensors", f"[{listed}]" if sensors else None)
        return patch.done()

    def _lamp(self, name: str) -> Lamp:
        return next(lamp for lamp in self.site.lamps if lamp.id == name)


def guessed_between(site: Site, points: Iterable[str]) -> list[int]:
    """The guessed links that end at one of some points."""
    wanted = set(points)
    return [number for number, link in enumerate(site.links) if link.guessed and wanted & {link.a, link.b}]


@dataclass(frozen=True)
class Doubt:
    """A warning of the site's own check, and the points that it is about (numbers of `Site.points`)."""

    message: str
    line: int
    points: tuple[int, ...]


def doubts(site: Site) -> list[Doubt]:
    """What the site's own check says, with the places on the map."""
    index = {point.id: number for number, point in enumerate(site.points)}
    found = []
    for problem in checks.check(site):
        group, _, name = problem.path.partition(".")
        points: tuple[int, ...] = ()
        if group in ("lamps", "junctions") and name in index:
            points = (index[name],)
        elif group == "links" and name.isdigit() and int(name) < len(site.links):
            link = site.links[int(name)]
            points = (index[link.a], index[link.b])
        found.append(Doubt(problem.message, problem.line, points))
    return found
