"""Street: the map of lamps, ways, zones and sensors; what each lamp does in a night; edits with undo; what the site's check says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from nicegui import ui

from lykta.errors import InputError, LyktaError
from lykta.site.model import Site
from lykta.studio import editing, mapping
from lykta.studio.board import Board
from lykta.studio.editing import SiteDraft
from lykta.studio.importing import file_name
from lykta.studio.importwizard import ImportWizard
from lykta.studio.keeping import kept
from lykta.studio.page import brief, fault, working
from lykta.studio.session import STREET, Session
from lykta.studio.streetpanel import StreetPanel
from lykta.studio.words import N_

_MANY = 1500  # lamps beyond which reading goes to a process, and simulating is left to the command line
_LISTED = 30
_SHOWN_ZONES = 8


async def build(session: Session) -> None:
    """Put the view where it is called."""
    _Street(session).build()


class _Street:
    """The view on one page."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._draft = kept(session, "street", lambda: SiteDraft.open(session.street.site))

    def build(self) -> None:
        session, say = self._session, self._session.say
        ui.add_head_html('<link rel="stylesheet" href="/lykta/map.css">')
        with ui.element("div").classes("map-view"):
            with ui.element("div").classes("map-place"):
                self._bar()
                self._legend = ui.element("div").classes("legend")
                self._board = Board(say, edits=True)
                self._board.on_choose(self._chosen)
                self._board.on_move(self._moved)
                self._board.on_step(lambda back: self._step(back=back))
            with ui.element("div").classes("map-side"):
                self._notice = ui.element("div")
                self._panel = StreetPanel(session, self._edit)
                with ui.element("div").classes("panel stack"):
                    ui.label(say("What the check says")).props('role="heading" aria-level="2"').classes("state-title")
                    self._check = ui.element("div").classes("listing")
        self._wizard = ImportWizard(session, self._open)
        session.listen(STREET, self._other_street)
        self._show(stay=False)
        self._panel.show(())

    def _bar(self) -> None:
        say = self._session.say
        with ui.element("div").classes("map-bar"):
            self._undo = (
                ui.button(say("Undo"), icon="undo", on_click=lambda: self._step(back=True)).props("flat dense no-caps").mark("undo")
            )
            self._redo = (
                ui.button(say("Redo"), icon="redo", on_click=lambda: self._step(back=False)).props("flat dense no-caps").mark("redo")
            )
            self._try = ui.button(say("Simulate"), icon="play_circle", on_click=self._simulate).props("flat dense no-caps").mark("try")
            self._save = ui.button(say("Save"), icon="save", on_click=self._ask_save).props("flat dense no-caps").mark("save")
            ui.button(say("Import"), icon="upload_file", on_click=lambda: self._wizard.open()).props("flat dense no-caps").mark("import")
            self._file = ui.label().classes("quiet small").style("margin-left: auto; overflow-wrap: anywhere")

    # -- showing

    def _show(self, *, stay: bool) -> None:
        session, draft = self._session, self._draft
        drawing = mapping.drawing(draft.site)
        drawing["tiles"] = mapping.tiles(draft.site, session.studio.tiles, session.studio.attribution)
        if stay:
            self._board.change(drawing)
        else:
            self._board.load(drawing)
            self._board.select(())
        self._panel.take(draft, self._simulated())
        self._show_check()
        self._show_legend()
        self._show_bar()

    def _simulated(self) -> bool:
        """Whether what is on the map is what Tune and Night simulate."""
        return self._draft.site.lamps == self._session.street.site.lamps and self._draft.site.links == self._session.street.site.links

    def _show_bar(self) -> None:
        draft, say = self._draft, self._session.say
        self._undo.set_enabled(bool(draft.history.done))
        self._redo.set_enabled(bool(draft.history.undone))
        self._save.set_enabled(draft.changed)
        self._try.set_enabled(not self._simulated() and len(draft.site.lamps) <= _MANY)
        said = say("changed, not saved") if draft.changed else say("saved")
        self._file.set_text(f"{brief(Path(draft.name).name)}: {said}")

    def _show_legend(self) -> None:
        say, site = self._session.say, self._draft.site
        colours = mapping.ZONE_COLOURS["dark" if self._session.dark else "light"]
        self._legend.clear()
        with self._legend:
            for number, zone in enumerate(site.zones[:_SHOWN_ZONES]):
                with ui.element("span").classes("key"):
                    ui.element("span").classes("dot").style(f"background: {colours[number % len(colours)]}")
                    ui.label(brief(zone, 24))
            for sign, name in (*_SIGNS, *([_DOUBTFUL] if self._board.ringed else [])):
                with ui.element("span").classes("key"):
                    ui.label(sign).props('aria-hidden="true"')
                    ui.label(say(name))

    def _show_check(self) -> None:
        say = self._session.say
        found = editing.doubts(self._draft.site)
        self._board.ring(sorted({point for doubt in found for point in doubt.points}))
        self._panel.doubtful(found)
        self._check.clear()
        with self._check:
            if not found:
                ui.label(say("Nothing is doubtful."))
            for doubt in found[:_LISTED]:
                with ui.element("button").props('type="button"').on("click", lambda doubt=doubt: self._go(doubt)):
                    ui.label(brief(say.error(doubt.message), 400)).style("flex: 1")
                    if doubt.points:
                        ui.icon("my_location")
            if len(found) > _LISTED:
                ui.label(say("and {count} more; `lykta site check` has them all", count=len(found) - _LISTED)).classes("quiet")

    def _go(self, doubt: editing.Doubt) -> None:
        if doubt.points:
            self._board.select(doubt.points[:1], centre=True)
            self._panel.show(doubt.points[:1])

    def _say(self, said: str, *, wrong: str = "") -> None:
        """Tell something above the panel. `wrong`: what was not done, where that is so."""
        self._notice.clear()
        with self._notice:
            if wrong:
                fault(self._session, said, wrong)
            else:
                ui.label(said).classes("notice")

    # -- what somebody does

    async def _chosen(self, points: tuple[int, ...]) -> None:
        await self._panel.look_at(points)

    async def _moved(self, points: tuple[int, ...], dx_cm: int, dy_cm: int) -> None:
        known = self._draft.site.points
        names = [known[point].id for point in points if 0 <= point < len(known)]
        await self._edit(lambda draft: draft.with_moved(names, dx_cm, dy_cm))

    async def _edit(self, make: Callable[[SiteDraft], str]) -> None:
        """Change the text, and read it again; where that gives no site, nothing is changed and it is said why."""
        draft = self._draft
        try:
            text = make(draft)
            site = await self._read(text)
        except InputError as error:
            self._say(
                "\n".join(self._session.say.error(problem.message) for problem in error.problems[:4]), wrong=N_("Nothing was changed")
            )
            self._board.release()
            return
        self._notice.clear()
        draft.take(text, site)
        self._show(stay=True)
        await self._panel.look_at(self._board.chosen)

    async def _step(self, *, back: bool) -> None:
        draft = self._draft
        text = draft.history.next(back=back)
        if text is not None:
            draft.step(await self._read(text), back=back)
            self._show(stay=True)
            await self._panel.look_at(self._board.chosen)

    async def _read(self, text: str) -> Site:
        draft = self._draft
        if len(draft.site.lamps) <= _MANY:
            return editing.read(text, draft.name, draft.folder)
        with self._notice:
            waiting = working(self._session, N_("Reading the city"))
        try:
            return await self._session.bench.now(editing.read, text, draft.name, draft.folder)
        finally:
            waiting.delete()

    async def _simulate(self) -> None:
        """Let Tune and Night work on the street as it is on the map, with the profile as it is."""
        session = self._session
        profile = session.draft
        try:
            session.open_street(replace(session.street, site=self._draft.site))
        except LyktaError as error:
            self._say(
                session.say("It cannot be simulated yet: {why}", why=session.say.fault(error)[:600]), wrong=N_("Nothing was simulated")
            )
            return
        session.draft = profile
        self._say(session.say("Tune and Night simulate this street now."))
        self._show(stay=True)
        await self._panel.look_at(self._board.chosen)

    async def _ask_save(self) -> None:
        draft, say = self._draft, self._session.say
        if draft.path is not None:
            self._save_to(None)
            return
        with ui.dialog() as dialog, ui.element("div").classes("panel stack").style("min-width: 420px; background: var(--panel)"):
            ui.label(say("This street comes with Lykta. Save a copy as")).classes("state-title")
            name = (
                ui.input(value=f"my_{Path(draft.name).stem}.yaml")
                .props(f'outlined dense aria-label="{say("File name")}"')
                .mark("file-name")
            )
            ui.label(say("In {folder}", folder=str(self._session.studio.folder))).classes("quiet small")
            with ui.element("div").classes("row"):
                ui.button(say("Save"), on_click=lambda: dialog.submit(name.value)).props("no-caps unelevated").mark("save-copy")
                ui.button(say("Cancel"), on_click=lambda: dialog.submit(None)).props("no-caps flat")
        chosen = await dialog
        dialog.delete()
        if chosen:
            self._save_to(self._session.studio.folder / file_name(str(chosen)))

    def _save_to(self, path: Path | None) -> None:
        try:
            saved = self._draft.save(path)
        except LyktaError as error:
            self._say(self._session.say.fault(error), wrong=N_("Nothing was saved"))
            return
        self._say(self._session.say("Saved in {file}.", file=brief(str(saved), 200)))
        self._show_bar()

    async def _open(self, site: Site) -> None:
        """Show a site that has just been imported, and simulate it where that can be done."""
        self._draft = kept(self._session, "street", lambda: SiteDraft.open(site), anew=True)
        self._notice.clear()
        self._show(stay=False)
        self._panel.show(())
        if len(site.lamps) > _MANY:
            self._say(self._session.say("A city is looked at and edited here. Simulate it with `lykta city`; tune one of its streets."))

    def _other_street(self) -> None:
        """Another view opened another street: show it, unless this one is the draft that it was made of."""
        if not self._simulated():
            self._draft = kept(self._session, "street", lambda: SiteDraft.open(self._session.street.site), anew=True)
            self._show(stay=False)
            self._panel.show(())


_SIGNS = (("▼", N_("entrance")), ("◯", N_("sensor and its range")), ("◔", N_("radar")), ("◎", N_("has a floor")))
_DOUBTFUL = ("⭕", N_("the check doubts it"))
Edit = Callable[[Callable[[SiteDraft], str]], Awaitable[None]]
