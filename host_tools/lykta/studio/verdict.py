"""What the requirement asks of the profile, what it reaches, what that means, why, and what to do: above the picture of Tune.

Who sees the example for the first time reads here that it falls short of what is asked for, where it does: that has to be said in words
that need no manual, with the way to something better beside it.
"""

from __future__ import annotations

from collections import Counter

from nicegui import ui

from lykta.errors import LyktaError
from lykta.scenarios import Outcome
from lykta.studio import saving, simulator
from lykta.studio.page import working
from lykta.studio.results import Reading, means
from lykta.studio.saving import Standing
from lykta.studio.session import Session
from lykta.studio.telling import CAUSES
from lykta.studio.words import N_

#: The night of which it is told why: the one that is drawn.
_SEED = simulator.SEEDS[0]
_CAUSES = 3
_WHO = {"pedestrian": N_("Pedestrians"), "cyclist": N_("Cyclists"), "car": N_("Cars")}


class Verdict:
    """How the draft stands against the requirement, as far as was simulated."""

    def __init__(self, session: Session) -> None:
        self._session = session
        say = session.say
        self._told: object = None
        self._open = False
        with ui.element("div").classes("panel verdict").props('role="status"').mark("verdict") as self._panel:
            with ui.element("div").classes("spread"):
                with ui.element("div").classes("verdict-title"):
                    self._icon = ui.icon("task_alt").props('aria-hidden="true"')
                    self._title = ui.label().classes("stands").mark("stands")
                with ui.element("div").classes("row") as self._ways:
                    find = ui.button(say("Find one that keeps it"), icon="query_stats", on_click=lambda: session.visit("better"))
                    find.props("unelevated dense no-caps", remove="color").classes("act small").mark("find")
                    seen = ui.button(say("See where"), icon="nights_stay", on_click=lambda: session.visit("night"))
                    seen.props("outline dense no-caps").classes("small ink").mark("see-where")
            self._lines = ui.element("div").classes("verdict-lines")
            self._why = ui.element("details").on("toggle", self._unfold, js_handler="(e) => emit(e.target.open)")
            with self._why:
                with ui.element("summary"):
                    ui.label(say("What that means, and why"))
                self._meaning = ui.element("div").classes("stack small")
        self.show()

    def show(self) -> None:
        """Bring it up to date with the nights that were simulated so far."""
        session = self._session
        found, busy = saving.standing(session), session.simulator.busy
        self._panel.set_visibility(found.nights > 0)
        told = found, busy, session.draft.text
        if not found.nights or told == self._told:
            return
        self._told = told
        self._panel.classes(replace=f"panel verdict {'keeps' if found.conforms else 'breaks'}")
        self._icon.set_name("task_alt" if found.conforms else "error_outline")
        self._title.set_text(self._headline(found))
        self._title.classes(replace=f"stands {'keeps' if found.conforms else 'breaks'}")
        self._ways.set_visibility(bool(found.broken) and not busy)
        self._why.set_visibility(bool(found.broken))
        self._lines.clear()
        with self._lines:
            for one in found.served:
                self._line(one, one in found.broken, found.least)
        if self._open:
            self._explain(found)

    def _headline(self, found: Standing) -> str:
        say, all_ = self._session.say, len(simulator.SEEDS)
        if found.nights < all_:
            text = N_(
                "So far the profile breaks the requirement: some people have less light than is asked for ({nights} of {all} nights)."
            )
            if not found.broken:
                text = N_("So far the profile keeps the requirement: everybody has the light that is asked for ({nights} of {all} nights).")
            return say(text, nights=found.nights, all=all_)
        text = N_("The profile breaks the requirement: some people have less light than is asked for.")
        if not found.broken:
            text = N_("The profile keeps the requirement: everybody has the light that is asked for.")
        return say(text)

    def _line(self, one: Reading, short: bool, least: float) -> None:
        """What a class is owed and has."""
        say, share = self._session.say, one.now.value or 0.0
        with ui.element("div").classes("verdict-line short" if short else "verdict-line"):
            ui.label("▼" if short else "✓").classes("sign").props('aria-hidden="true"')
            text = N_("{who}: full light {share} of the time, {least} is asked for")
            ui.label(say(text, who=say(_WHO[one.measure.group]), share=say.percent(share, 2), least=say.percent(least)))

    # -- what that means

    async def _unfold(self, event: object) -> None:
        self._open = bool(getattr(event, "args", False))
        if self._open:
            await self._explain_all()

    def _explain(self, found: Standing) -> None:
        """What full light is, and how much of it lacks: known of the nights that were simulated."""
        session, say = self._session, self._session.say
        self._meaning.clear()
        rows = {one.measure.key: one.now.value or 0.0 for one in means(session.simulator.known(session.draft.text).rows)}
        with self._meaning:
            ui.label(
                say(
                    "Full light: every lamp as far ahead and behind as the requirement asks (at the bottom of this page) shines as bright "
                    "as it asks. A second in which one of them does not counts as missing, however bright the others are."
                )
            )
            for one in found.broken:
                group = one.measure.group
                late, dark, still = (rows[f"{kind} {group}"] for kind in ("late", "dark", "still"))
                told = {"who": say(_WHO[group]), "late": say.number(late), "dark": say.number(dark), "still": say.number(still)}
                ui.label(
                    say(
                        "{who}, all of them together in a night: {late} s in which a lamp farther off was not up; {dark} s in which one of "
                        "the two nearest was not; {still} s for who stood still longer than the profile waits (linger).",
                        **told,
                    )
                )
            self._causes = ui.element("div").classes("stack")
            ui.label(
                say(
                    "What to do: let the light reach farther or stay longer (lit ahead, lit behind, hold, linger), or let Lykta look for a "
                    "profile that keeps the requirement. It costs energy; how much stands beside it."
                )
            )

    async def _explain_all(self) -> None:
        """The same, and the causes of what lacks, which take a whole night to be found."""
        session, found = self._session, saving.standing(self._session)
        self._explain(found)
        with self._causes:
            working(session, N_("Looking for the causes in the first night"))
        text = session.draft.text
        try:
            outcome = await session.outcome(_SEED)
        except LyktaError as error:
            self._causes.clear()
            with self._causes:
                ui.label(session.say.fault(error)).classes("quiet")
            return
        if text == session.draft.text and not self._panel.is_deleted:
            self._causes.clear()
            with self._causes:
                self._tell_causes(outcome, found)

    def _tell_causes(self, outcome: Outcome, found: Standing) -> None:
        session, say = self._session, self._session.say
        lacking: Counter[str] = Counter()
        for group in (one.measure.group for one in found.broken):
            if (served := outcome.score.classes.get(group)) is not None:
                lacking.update(served.late_causes)
                lacking.update(served.dark_causes)
        whole = sum(lacking.values())
        if whole:
            most = ", ".join(
                f"{say(CAUSES[cause])} {say.percent(s / whole, 0)}" for cause, s in lacking.most_common(_CAUSES) if cause in CAUSES
            )
            ui.label(say("Why, in the first night: {causes} of what lacks.", causes=most))
        if outcome.score.lowest_permille:
            ui.label(say("It is never dark: no lamp goes below {level}.", level=say.quantity("level", outcome.score.lowest_permille)))
        if session.street.sensors != "ideal":
            ui.label(
                say(
                    "The sensors are simulated as real ones are: they miss some people, and most cannot tell who comes, or how fast. What "
                    "that costs is seen with ideal sensors: press the name of the street, at the top."
                )
            )
