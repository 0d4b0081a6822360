"""Tune: every setting of the profile, and what the light of the street makes of it, at once."""

from __future__ import annotations

from nicegui import ui

from lykta.report.strips import strips
from lykta.studio import nights
from lykta.studio.diagram import Diagram
from lykta.studio.figures import Figures
from lykta.studio.nights import Frame
from lykta.studio.page import working
from lykta.studio.session import DRAFT, RESULT, Session


async def build(session: Session) -> None:
    """Put the view where it is called."""
    await _Tune(session).build()


class _Tune:
    """The view on one page."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def build(self) -> None:
        session = self._session
        ui.add_head_html('<link rel="stylesheet" href="/lykta/tune.css">')
        self._strips = strips(session.street.site)
        rows, columns = Diagram.size()
        session.simulator.frame = Frame(session.plan.begin_ms, session.plan.end_ms, rows, columns)
        with ui.element("div").classes("tune"):
            self._figures = Figures(session)
            with ui.element("div").classes("panel"):
                self._diagram = Diagram(session)
                self._waiting = working(session, session.say("Simulating the first night"))
        session.listen(RESULT, self._shown)
        session.listen(DRAFT, self._changed)
        self._changed()
        people = await session.bench.now(nights.people, session.ticket, 1, session.simulator.strip)
        self._diagram.draw(self._strips[session.simulator.strip], people, session.simulator.frame)

    def _changed(self) -> None:
        draft = self._session.draft
        self._session.simulator.go(draft.text, draft.name)

    def _shown(self) -> None:
        known = self._session.simulator.known(self._session.draft.text)
        if known.picture:
            self._waiting.set_visibility(False)
            self._diagram.show(known.picture)
        self._figures.show()
