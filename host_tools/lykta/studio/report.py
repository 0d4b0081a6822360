"""Report: the report of a night, as the command line writes it, to look at, to keep and to print."""

from __future__ import annotations

import asyncio
import datetime as dt
import re

from nicegui import ui

from lykta.errors import LyktaError
from lykta.studio import reporting, savedialog
from lykta.studio.page import brief, empty, working
from lykta.studio.reporting import Heading
from lykta.studio.session import DRAFT, STREET, Session
from lykta.studio.simulator import SEEDS
from lykta.studio.words import N_


async def build(session: Session) -> None:
    """Put the view where it is called."""
    ui.add_head_html('<link rel="stylesheet" href="/lykta/tune.css">')
    view = _Report(session)
    view.build()
    session.listen(DRAFT, view.changed)
    session.listen(STREET, view.changed)


class _Report:
    """The view on one page."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._html: str = session.kept.get("report", "")
        self._seed = SEEDS[0]

    def build(self) -> None:
        """Put what it is made of, the buttons, and the place of the report."""
        say, session = self._session.say, self._session
        with ui.element("div").classes("tune report"):
            with ui.element("div").classes("controls stack"), ui.element("div").classes("panel stack"):
                ui.label(say("What stands above the figures")).classes("section")
                self._city = ui.input(say("City"), value=session.kept.get("city", "")).props("outlined dense maxlength=80").mark("city")
                self._day = (
                    ui.input(say("Date of the report"), value=say.date(dt.date.today())).props("outlined dense maxlength=40").mark("day")
                )
                self._night = ui.number(say("Night (seed)"), value=self._seed, min=1, max=1_000_000, precision=0).props("outlined dense")
                self._night.mark("seed")
                ui.label(say("The command that makes the same night")).classes("quiet small")
                self._command = ui.label().classes("mono small")
                self._unsaved = ui.element("div").classes("notice small stack")
                with self._unsaved:
                    ui.label(say("The profile has unsaved changes: the command would make another night. The report will say so."))
                    ui.button(say("Save"), icon="save", on_click=lambda: savedialog.ask(session)).props("outline dense no-caps")
                with ui.element("div").classes("row"):
                    self._make = (
                        ui.button(say("Make the report"), icon="description", on_click=self._go)
                        .props("unelevated no-caps", remove="color")
                        .classes("act")
                    )
                    self._make.mark("make")
                with ui.element("div").classes("row") as self._keep:
                    ui.button("HTML", icon="download", on_click=self._as_html).props("outline no-caps").mark("html")
                    ui.button("PDF", icon="picture_as_pdf", on_click=self._as_pdf).props("outline no-caps").mark("pdf")
                if say.language != "en":
                    ui.label(say("The report itself is in English, as from the command line.")).classes("quiet small")
                self._wrong = ui.label().classes("field-wrong").props('role="alert"')
            with ui.element("div").classes("stack result"):
                self._empty = empty(
                    session, "description", N_("No report yet"),
                    N_("Figures, pictures, worst moments and all settings of one night: the same page as on the command line."),
                )  # fmt: skip
                self._waiting = working(session, N_("Simulating the whole night and writing its report"))
                self._waiting.set_visibility(False)
                self._frame = ui.element("div")
                self._empty.set_visibility(not self._html)
                self._show()
        self._night.on_value_change(self.changed)
        self.changed()

    def _show(self) -> None:
        """Show the report that was made last, in a frame of its own: one that was filled while it was hidden may stay white."""
        self._frame.clear()
        if self._html:
            with self._frame:
                frame = ui.element("iframe").classes("report-frame").props('sandbox="allow-scripts"')
            frame.props["title"] = self._session.say("Report")
            frame.props["srcdoc"] = self._html

    def changed(self) -> None:
        """The profile, the street or the night is another one: what the command would be, and whether it can be."""
        self._seed = int(self._night.value or SEEDS[0])
        self._command.set_text(self._said_command())
        self._unsaved.set_visibility(self._session.draft.changed)
        self._keep.set_visibility(bool(self._html))

    def _said_command(self) -> str:
        session = self._session
        path, folder = session.draft.path, session.studio.folder
        named = session.profile_name if path is None else reporting.named_from(path, folder)
        return reporting.command(session.names, session.street, named, self._seed)

    async def _go(self) -> None:
        session, say = self._session, self._session.say
        session.kept["city"] = str(self._city.value or "")
        notes = ("The profile had changes that were not saved, so the command alone makes another night.",) if session.draft.changed else ()
        heading = Heading(session.kept["city"].strip(), str(self._day.value or "").strip(), notes)
        self._wrong.set_text("")
        self._empty.set_visibility(False)
        self._frame.clear()
        self._waiting.set_visibility(True)
        self._make.disable()
        try:
            self._html = await session.bench.night(
                self._seed,
                reporting.page,
                session.ticket,
                session.draft.text,
                session.draft.name,
                self._seed,
                self._said_command(),
                heading,
            )
            session.kept["report"] = self._html
            ui.notify(say("The report is ready."))
        except LyktaError as error:
            self._wrong.set_text(self._session.say.fault(error))
            self._empty.set_visibility(not self._html)
        finally:
            self._waiting.set_visibility(False)
            self._show()
            self._make.enable()
        self.changed()

    def _name(self) -> str:
        plain = re.sub(r"[^\w-]+", "_", brief(self._session.street.site.name, 40)).strip("_") or "lykta"
        return f"{plain}_{self._session.street.date.isoformat()}_{self._seed}"

    def _as_html(self) -> None:
        ui.download.content(self._html.encode(), f"{self._name()}.html", "text/html")

    async def _as_pdf(self) -> None:
        self._wrong.set_text("")
        try:
            printed = await asyncio.to_thread(reporting.pdf, self._html)
        except LyktaError as error:
            self._wrong.set_text(self._session.say.fault(error))
            return
        ui.download.content(printed, f"{self._name()}.pdf", "application/pdf")
