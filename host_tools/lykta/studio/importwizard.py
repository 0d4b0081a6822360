"""The import wizard: hand over the files, see what will be matched and what not, then take it over."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from nicegui import events, ui

from lykta.errors import LyktaError
from lykta.site import sensors_plan
from lykta.site.importer import Imported
from lykta.site.inventory import NEEDED, Peek
from lykta.site.model import Site
from lykta.studio import importing, mapping
from lykta.studio.board import Board
from lykta.studio.importing import NO_SENSORS, Matched, Wish
from lykta.studio.page import brief, fault, working
from lykta.studio.session import Session
from lykta.studio.words import N_

_COLUMNS = {"lat": N_("Latitude"), "lon": N_("Longitude"), "type": N_("Kind of luminaire"), "id": N_("Number of the post")}
_SENSORS = {
    NO_SENSORS: N_("none yet"),
    sensors_plan.ENTRANCES: N_("at the entrances"),
    sensors_plan.EVERY_2ND: N_("on every second post"),
    sensors_plan.ALL: N_("on every post"),
}
_SKIPPED = 5
_GUESS = ""


class ImportWizard:
    """The dialog. `opened` is called with the site that was written."""

    def __init__(self, session: Session, opened: Callable[[Site], Awaitable[None]]) -> None:
        self._session = session
        self._opened = opened
        with ui.dialog().props("maximized") as self._dialog, ui.element("div").classes("panel stack wizard").mark("wizard"):
            self._body = ui.element("div").classes("stack").style("flex: 1; min-height: 0")

    def open(self) -> None:
        """Begin anew."""
        self._wish = Wish()
        self._folder = tempfile.TemporaryDirectory(prefix="lykta-import-")
        self._files()
        self._dialog.open()

    def _close(self) -> None:
        self._dialog.close()
        self._body.clear()
        self._folder.cleanup()

    # -- first: the files

    def _files(self) -> None:
        say = self._session.say
        self._body.clear()
        with self._body:
            self._head(say("Import a street: the files"))
            with ui.element("div").classes("wizard-files"):
                with ui.element("div").classes("stack"):
                    ui.label(say("Lamps: the city's list (CSV, GeoJSON), or an OpenStreetMap extract"))
                    self._upload("lamps")
                with ui.element("div").classes("stack"):
                    ui.label(say("Ways, if the lamps are a list: an OpenStreetMap extract (.osm, .osm.pbf). Without, links are guessed."))
                    self._upload("ways")
            self._chosen = ui.element("div").classes("stack")
            with ui.element("div").classes("row"):
                name = ui.input(label=say("Name of the street")).props("outlined dense").mark("site-name")
                name.on_value_change(lambda event: setattr(self._wish, "name", str(event.value or "").strip()))
                zone = ui.input(label=say("Time zone"), placeholder=say("found by the place")).props("outlined dense").mark("site-timezone")
                zone.on_value_change(lambda event: setattr(self._wish, "timezone", str(event.value or "").strip()))
            self._said = ui.element("div")
            with ui.element("div").classes("row"):
                self._next = ui.button(say("See what will be matched"), on_click=self._match).props("no-caps unelevated").mark("match")
                ui.button(say("Cancel"), on_click=self._close).props("no-caps flat")
            self._next.set_enabled(False)

    def _upload(self, what: str) -> None:
        async def take(event: events.UploadEventArguments) -> None:
            await self._take(what, event)

        say = self._session.say
        accepted = ",".join(importing.ENDINGS if what == "lamps" else (".osm", ".pbf"))
        upload = ui.upload(label=say("Drop a file here, or choose one"), on_upload=take, auto_upload=True, max_files=1)
        upload.props(f'accept="{accepted}" flat bordered').mark(f"upload-{what}").style("width: 100%")

    async def _take(self, what: str, event: events.UploadEventArguments) -> None:
        self._said.clear()
        try:
            path = importing.keep(Path(self._folder.name), event.file.name, await event.file.read())
            setattr(self._wish, what, path)
            self._show_columns(self._wish.peek)
        except LyktaError as error:
            with self._said:
                fault(self._session, self._session.say.fault(error))
        self._next.set_enabled(self._wish.lamps is not None)

    def _show_columns(self, found: Peek | None) -> None:
        """Which column is what, with the first rows beside it."""
        say = self._session.say
        self._chosen.clear()
        if found is None:
            return
        with self._chosen:
            ui.label(say("What the columns are")).props('role="heading" aria-level="3"').style("font-weight: 650")
            with ui.element("div").classes("row"):
                for key, name in _COLUMNS.items():
                    own = found.columns[key]
                    choices = {heading: brief(heading, 30) for heading in found.headings}
                    if key not in NEEDED:
                        choices = {_GUESS: say("none"), **choices}
                    select = (
                        ui.select(choices, value=own if own in choices else None, label=say(name))
                        .props("outlined dense")
                        .style("min-width: 180px")
                    )
                    select.on_value_change(lambda event, key=key: self._wish.columns.__setitem__(key, str(event.value or "")))
            with ui.element("table").classes("plain"):
                for row in (found.headings, *found.rows):
                    with ui.element("tr"):
                        for cell in row:
                            with ui.element("th" if row is found.headings else "td"):
                                ui.label(brief(cell, 24))

    # -- second: what will be matched

    async def _match(self) -> None:
        wish = self._wish
        assert wish.lamps is not None
        self._next.set_enabled(False)
        self._said.clear()
        with self._said:
            working(self._session, N_("Matching lamps and ways; a city takes half a minute"))
        given = wish.lamps, wish.ways, wish.name, wish.timezone, dict(wish.columns)
        try:
            found = await self._session.bench.now(importing.match, *given)
        except LyktaError as error:
            self._said.clear()
            with self._said:
                fault(self._session, self._session.say.fault(error))
            self._next.set_enabled(True)
            return
        self._preview(found, importing.matched(found))

    def _preview(self, imported: Imported, counts: Matched) -> None:
        say = self._session.say
        self._body.clear()
        with self._body:
            self._head(say("Import a street: what was matched"))
            with ui.element("div").classes("map-view").style("height: 100%; min-height: 0; flex: 1"):
                with ui.element("div").classes("map-place"):
                    board = Board(say)
                    board.load(mapping.drawing(imported.site, counts.unmatched))
                with ui.element("div").classes("map-side"):
                    self._counts(imported, counts)
                    self._take_over(imported)

    def _counts(self, imported: Imported, counts: Matched) -> None:
        say = self._session.say
        facts = [
            (say("Heads in the file"), counts.heads),
            (say("Posts"), counts.posts),
            (say("On a way"), counts.linked),
            (say("Too far from any way (ringed)"), len(counts.unmatched)),
            (say("Rows without a place"), counts.skipped),
            (say("Never dimmed (ground, flood lights)"), counts.fixed),
            (say("Ways"), counts.ways),
            (say("Guessed links (dashed)"), counts.guessed),
            (say("Entrances"), counts.entrances),
            (say("Proposed floors"), counts.floors),
        ]
        with ui.element("div").classes("panel stack"):
            with ui.element("div").classes("facts").mark("counts"):
                for name, value in facts:
                    ui.label(name)
                    ui.label(say.number(value))
                ui.label(say("Length of the ways"))
                ui.label(f"{say.number(counts.length_cm / 100_000, 1)} km")
                ui.label(say("Time zone"))
                ui.label(imported.site.timezone + (say(" (by the place)") if imported.timezone_guessed else ""))
            for key, column in imported.columns.items():
                ui.label(say("{what}: column “{column}”", what=say(_COLUMNS[key]), column=brief(column, 40))).classes("quiet small")
            for problem in imported.skipped[:_SKIPPED]:
                ui.label(brief(str(problem), 160)).classes("quiet small")

    def _take_over(self, imported: Imported) -> None:
        say = self._session.say
        with ui.element("div").classes("panel stack"):
            sensors = ui.select(
                {key: say(name) for key, name in _SENSORS.items()}, value=sensors_plan.EVERY_2ND, label=say("Sensors to begin with")
            )
            sensors.props("outlined dense").mark("propose")
            name = (
                ui.input(label=say("File name"), value=importing.file_name(imported.site.name)).props("outlined dense").mark("import-file")
            )
            ui.label(say("In {folder}", folder=str(self._session.studio.folder))).classes("quiet small")
            ui.label(say("Nobody knows the power of these lamps yet: write it under `fixtures` in the file.")).classes("quiet small")
            said = ui.element("div")

            async def save() -> None:
                await self._save(imported, str(sensors.value), str(name.value or ""), said)

            with ui.element("div").classes("row"):
                ui.button(say("Take it over"), on_click=save).props("no-caps unelevated").mark("take-over")
                ui.button(say("Back"), on_click=self._files).props("no-caps flat")
                ui.button(say("Cancel"), on_click=self._close).props("no-caps flat")

    async def _save(self, imported: Imported, sensors: str, name: str, said: ui.element) -> None:
        assert self._wish.lamps is not None
        target = self._session.studio.folder / importing.file_name(name)
        said.clear()
        with said:
            working(self._session, N_("Writing the street, and reading it again"))
        try:
            site = await self._session.bench.now(importing.take_over, imported, self._wish.lamps.name, sensors, target)
        except LyktaError as error:
            said.clear()
            with said:
                fault(self._session, self._session.say.fault(error))
            return
        self._close()
        await self._opened(site)

    def _head(self, title: str) -> None:
        ui.label(title).props('role="heading" aria-level="2"').classes("state-title")
