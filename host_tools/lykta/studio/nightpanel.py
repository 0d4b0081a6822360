"""The panel of the night that says why a lamp was as bright as it was, and steps from change to change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from lykta.errors import LyktaError
from lykta.scenarios import Outcome
from lykta.studio.page import brief
from lykta.studio.session import Session
from lykta.studio.telling import RULES, Teller
from lykta.studio.why import Reason, Step, Why, why
from lykta.studio.work import Newest

_SIGHTINGS = 5
_TRACKS = 6


class WhyPanel:
    """Explains one lamp at one moment. `seek` is called with a time [ms] that somebody wants to see."""

    def __init__(self, session: Session, seek: Callable[[int], Awaitable[None]]) -> None:
        self._session = session
        self._seek = seek
        self._outcome: Outcome | None = None
        self._newest = Newest()
        self.lamp = -1
        with ui.element("div").classes("panel stack"):
            ui.label(session.say("Why is it so bright?")).props('role="heading" aria-level="2"').classes("state-title")
            self._body = ui.element("div").classes("stack").props('aria-live="polite"')
        self._invite()

    def take(self, outcome: Outcome, teller: Teller) -> None:
        """Explain another night from now on."""
        self._outcome, self._teller = outcome, teller
        if self.lamp >= len(outcome.night.plan.site.lamps):
            self.lamp = -1
        self._invite()

    async def ask(self, lamp: int, t_ms: int) -> None:
        """Explain a lamp at a moment; -1: none. Only the last question is answered."""
        self.lamp = lamp
        number = self._newest.renew()
        if lamp < 0 or self._outcome is None:
            self._invite()
            return
        night = self._outcome.night
        if night.merged < 0:
            self._say_that(self._session.say("The nodes of this engine do not show what they know. Simulate with the kernel to ask why."))
            return
        try:
            found = await self._newest.run(number, lambda: self._session.bench.now(why, night, lamp, t_ms))
        except LyktaError as error:
            self._say_that(self._session.say.fault(error))
            return
        if found is not None:
            self._show(found)

    def _invite(self) -> None:
        self._say_that(
            self._session.say("Choose a lamp on the map, and pause: here stands which rule, which track and which detection made it so.")
        )

    def _say_that(self, said: str) -> None:
        self._body.clear()
        with self._body:
            ui.label(said).classes("quiet")

    def _show(self, found: Why) -> None:
        say, tell = self._session.say, self._teller
        self._body.clear()
        with self._body:
            with ui.element("div").classes("spread"):
                ui.label(f"{brief(found.lamp_id, 24)}, {tell.clock(found.t_ms)}").style("font-weight: 650").mark("why-lamp")
                if found.state is not None:
                    ui.label(f"{tell.level(round(found.state.level, -1))} → {tell.level(found.state.target)}").classes("number")
            ui.label(tell.rule(found)).mark("why-rule")
            for reason in found.reasons[:_TRACKS]:
                self._reason(reason)
            if len(found.reasons) > _TRACKS:
                ui.label(say("and {count} more tracks", count=len(found.reasons) - _TRACKS)).classes("quiet small")
            self._changes(found)

    def _reason(self, reason: Reason) -> None:
        tell = self._teller
        with ui.element("div").classes("step-line" + (" decides" if reason.track.lights else "")):
            ui.label(tell.place(reason))
            ui.label(tell.track(reason)).classes("quiet small")
            ui.label(tell.span(reason)).classes("small")
            for one in reason.sightings[:_SIGHTINGS]:
                ui.label(tell.sighting(one)).classes("quiet small number")
            if reason.sightings:
                ui.label(tell.truth(reason.sightings[0])).classes("quiet small").style("font-style: italic")

    def _changes(self, found: Why) -> None:
        say = self._session.say
        ui.label(say("Changes of this lamp")).classes("quiet small")
        with ui.element("div").classes("listing"):
            for step in found.before:
                self._change(step, step is found.before[-1])
            for step in found.after:
                self._change(step, False)

    def _change(self, step: Step, now: bool) -> None:
        say, tell = self._session.say, self._teller
        with ui.element("button").props('type="button"').classes("now" if now else "").on("click", lambda: self._seek(step.t_ms)):
            ui.label(tell.clock(step.t_ms)).classes("number")
            ui.label(say("{from} → {to}", **{"from": tell.level(step.level), "to": tell.level(step.target)})).classes("number")
            ui.label(say(RULES[step.rule])).classes("quiet")
