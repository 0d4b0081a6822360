"""Night: the simulated night played on the map, its worst moments, and why a lamp was as bright as it was."""

from __future__ import annotations

import numpy as np
from nicegui import background_tasks, ui

from lykta.errors import LyktaError
from lykta.scenarios import Outcome
from lykta.score import Outage
from lykta.score.model import Moment
from lykta.studio import replay
from lykta.studio.board import Board
from lykta.studio.mapping import drawing
from lykta.studio.nightpanel import WhyPanel
from lykta.studio.page import brief, empty, fault, working
from lykta.studio.session import DRAFT, STREET, Session
from lykta.studio.telling import CAUSES, ONE, Teller
from lykta.studio.words import N_
from lykta.studio.work import Newest

_MINUTE_MS = 60_000
_NIGHTS = tuple(range(1, 21))
_SHAPES = (("●", N_("walkers")), ("➤", N_("cyclists")), ("▬", N_("cars")), ("◆", N_("animals")), ("◯", N_("a sensor sees somebody")))


async def build(session: Session) -> None:
    """Put the view where it is called."""
    await _Night(session).build()


class _Night:
    """The view on one page."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seed = session.street.seeds[0]
        self._outcome: Outcome | None = None
        self._newest = Newest()
        self._stale = False

    async def build(self) -> None:
        session, say = self._session, self._session.say
        ui.add_head_html('<link rel="stylesheet" href="/lykta/map.css">')
        with ui.element("div").classes("map-view"):
            with ui.element("div").classes("map-place"):
                self._head()
                self._board = Board(say, plays=True)
                self._board.on_choose(self._chosen)
                self._board.on_moment(self._stands)
                self._board.on_shown(self._opened)
            with ui.element("div").classes("map-side"):
                self._panel = WhyPanel(session, self._seek)
                with ui.element("div").classes("panel stack"):
                    with ui.element("div").classes("spread"):
                        ui.label(say("The worst moments")).props('role="heading" aria-level="2"').classes("state-title")
                        choices = {seed: say("Night {number}", number=seed) for seed in sorted({*_NIGHTS, self._seed})}
                        select = ui.select(choices, value=self._seed, on_change=lambda event: self._other_night(event.value))
                        select.props(f'dense outlined aria-label="{say("Which night")}"').mark("night")
                    self._moments = ui.element("div").classes("listing")
        self._drawn = session.street.site
        self._board.load(drawing(self._drawn))
        session.listen(STREET, self._renew)
        session.listen(DRAFT, self._renew)
        background_tasks.create(self._load())

    def _head(self) -> None:
        say = self._session.say
        with ui.element("div").classes("spread"):
            with ui.element("div").classes("row"):
                ui.label(say("simulated")).classes("tag")
                self._title = ui.label().classes("quiet")
            with ui.element("div").classes("legend"):
                for shape, name in _SHAPES:
                    with ui.element("span").classes("key"):
                        ui.label(shape).props('aria-hidden="true"')
                        ui.label(say(name))

    # -- the night

    def _renew(self) -> None:
        """Street or profile have changed: the night is lit anew, at once where somebody looks, else when he does."""
        self._stale = True
        self._newest.renew()
        if self._board.seen:
            background_tasks.create(self._load())

    async def _opened(self) -> None:
        if self._stale:
            await self._load()

    async def _other_night(self, seed: int) -> None:
        self._seed = seed
        await self._load()

    async def _load(self) -> None:
        """Light the night and hand it to the map."""
        session = self._session
        self._stale = False
        number = self._newest.renew()
        self._moments.clear()
        with self._moments:
            working(session, N_("Simulating the night"))
        try:
            outcome = await self._newest.run(number, lambda: session.outcome(self._seed))
        except LyktaError as error:
            self._moments.clear()
            with self._moments:
                fault(session, session.say.fault(error))
            return
        if outcome is not None and not self._board.is_deleted:  # whoever waited may have closed the page
            self._show(outcome)

    def _show(self, outcome: Outcome) -> None:
        session, say = self._session, self._session.say
        plan = outcome.night.plan
        again = self._outcome is not None and self._outcome.night.plan.site == plan.site
        at_ms = self._board.t_ms if again else liveliest(outcome)
        self._outcome = outcome
        self._teller = Teller(say, plan.agenda.times.origin_utc_ms, plan.site.timezone)
        demand = brief(session.street.demand.name, 30)
        self._title.set_text(f"{say.date(plan.date)}, {demand}")
        if not replay.fits(outcome):
            self._moments.clear()
            with self._moments:
                empty(
                    session,
                    "location_city",
                    N_("Too many lamps to play"),
                    N_("A city is looked at street by street: open one street of it."),
                )
            return
        if self._drawn != plan.site:
            self._drawn = plan.site
            self._board.load(drawing(plan.site))
        self._board.night(replay.payload(outcome, outages=outages(session)), at_ms)
        self._panel.take(outcome, self._teller)
        self._list(outcome)

    def _list(self, outcome: Outcome) -> None:
        say = self._session.say
        self._moments.clear()
        with self._moments:
            if not outcome.score.worst:
                ui.label(say("In this night everybody had full light all the time.")).classes("quiet")
            for number, moment in enumerate(outcome.score.worst):
                with (
                    ui.element("button").props('type="button"').on("click", lambda moment=moment: self._go(moment)).mark(f"moment-{number}")
                ):
                    ui.label(self._teller.clock(moment.begin_ms)).classes("number")
                    ui.label(self._said(moment)).style("flex: 1")

    def _said(self, moment: Moment) -> str:
        say = self._session.say
        who = {"who": say(ONE[moment.road_user]), "lamp": brief(moment.lamp, 24), "why": say(CAUSES[moment.cause])}
        if moment.dark_s:
            return say("{seconds} s dark: {who} at {lamp}, {why}", seconds=say.number(moment.dark_s, 1), **who)
        return say("{seconds} s without all of the light: {who} at {lamp}, {why}", seconds=say.number(moment.seconds, 1), **who)

    # -- what somebody does

    async def _go(self, moment: Moment) -> None:
        """Show a moment: its lamp, and the seconds before it."""
        assert self._outcome is not None
        plan = self._outcome.night.plan
        lamp = plan.graph.index[moment.lamp]
        self._board.select([lamp])
        self._board.look(moment.x_cm, moment.y_cm)
        self._board.seek(replay.begin_of(moment, plan.begin_ms), play=True)
        await self._panel.ask(lamp, moment.begin_ms)

    async def _seek(self, t_ms: int) -> None:
        """Go to a moment that the explanation names."""
        self._board.seek(t_ms)

    async def _chosen(self, points: tuple[int, ...]) -> None:
        if self._outcome is not None:
            lamps = [point for point in points if 0 <= point < len(self._outcome.night.plan.site.lamps)]
            await self._panel.ask(lamps[0] if lamps else -1, self._board.t_ms)

    async def _stands(self, t_ms: int, playing: bool) -> None:
        if not playing:
            await self._panel.ask(self._panel.lamp, t_ms)


def liveliest(outcome: Outcome) -> int:
    """A minute before that in which most was detected: where a replay has something to show."""
    plan = outcome.night.plan
    times = outcome.night.detections["t_ms"].to_numpy()
    if not len(times):
        return plan.begin_ms
    minutes = np.bincount(np.maximum(0, times - plan.begin_ms) // _MINUTE_MS)
    return int(plan.begin_ms + max(0, int(minutes.argmax()) - 1) * _MINUTE_MS)


def outages(session: Session) -> list[Outage]:
    """The dead lamps of the scenario."""
    return [Outage(dead.lamp, dead.from_ms, dead.until_ms) for dead in session.street.broken.dead_lamps]
