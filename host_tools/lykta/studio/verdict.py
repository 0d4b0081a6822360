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
_MOST = 3
_WHO = {"pedestrian": N_("Pedestrians"), "cyclist": N_("Cyclists"), "car": N_("Cars")}


class Verdict:
    """How the draft stands against the requirement, as far as was simulated."""

    def __init__(self, session: Session) -> None:
        self._session = session
        say = session.say
        self._told: object = None
        self._open = False
        self._outcome: tuple[str, Outcome] | None = None  # of which text of the profile
        self._wrong = ""
        with ui.element("div").classes("panel verdict").props('role="status"').mark("verdict") as self._panel:
            with ui.element("div").classes("verdict-title"):
                self._icon = ui.icon("task_alt").props('aria-hidden="true"')
                self._title = ui.label().classes("stands").mark("stands")
            with ui.element("div").classes("spread"):
                self._lines = ui.element("div").classes("verdict-lines")
                with ui.element("div").classes("row") as self._ways:
                    find = ui.button(say("Find one that keeps it"), icon="query_stats", on_click=lambda: session.visit("better"))
                    find.props("unelevated dense no-caps", remove="color").classes("act small").mark("find")
                    seen = ui.button(say("See where"), icon="nights_stay", on_click=lambda: session.visit("night"))
                    seen.props("outline dense no-caps").classes("small ink").mark("see-where")
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
            ui.label(session.say("Full light, of the time:")).classes("quiet")
            for one in found.served:
                self._line(one, one in found.broken)
            ui.label(self._over(found.nights)).classes("quiet")
        if self._open:
            self._explain(found)

    def _headline(self, found: Standing) -> str:
        say, least = self._session.say, self._session.say.percent(found.least)
        if found.nights < len(simulator.SEEDS):
            text = N_("So far the profile keeps the requirement: full light {least} of the time for everybody.")
            if found.broken:
                text = N_("So far the profile breaks the requirement: full light {least} of the time for everybody.")
            return say(text, least=least)
        text = N_("The profile keeps the requirement: full light {least} of the time for everybody.")
        if found.broken:
            text = N_("The profile breaks the requirement: full light {least} of the time for everybody.")
        return say(text, least=least)

    def _over(self, nights: int) -> str:
        say, all_ = self._session.say, len(simulator.SEEDS)
        return say("({count} nights)", count=nights) if nights >= all_ else say("({count} of {all} nights)", count=nights, all=all_)

    def _line(self, one: Reading, short: bool) -> None:
        """What a class has."""
        say = self._session.say
        with ui.element("div").classes("verdict-line short" if short else "verdict-line"):
            ui.label("▼" if short else "✓").classes("sign").props('aria-hidden="true"')
            ui.label(f"{one.measure.who(say)} {say.percent(one.now.value, 2)}")
            ui.label(say("less than is asked for") if short else say("as is asked for")).classes("unseen")

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
            self._tell_causes(found)
            ui.label(
                say(
                    "What to do: let the light reach farther or stay longer (lit ahead, lit behind, hold, linger), or let Lykta look for a "
                    "profile that keeps the requirement. It costs energy; how much stands beside it."
                )
            )

    async def _explain_all(self) -> None:
        """The same, and the causes of what lacks, which take a whole night to be found."""
        session, text = self._session, self._session.draft.text
        if self._outcome is None or self._outcome[0] != text:
            self._outcome, self._wrong = None, ""
            self._explain(saving.standing(session))
            try:
                self._outcome = text, await session.outcome(_SEED)
            except LyktaError as error:
                self._wrong = session.say.fault(error)
        if not self._panel.is_deleted:
            self._explain(saving.standing(session))

    def _tell_causes(self, found: Standing) -> None:
        """Why, as far as it was looked at."""
        session, say = self._session, self._session.say
        if self._wrong:
            ui.label(self._wrong).classes("quiet")
        elif self._outcome is None:
            working(session, N_("Looking for the causes in the first night"))
        elif self._outcome[0] != session.draft.text:
            ui.label(say("Why that is so is looked up when this is opened again.")).classes("quiet")
        else:
            self._tell_outcome(self._outcome[1], [one.measure.group for one in found.broken])

    def _tell_outcome(self, outcome: Outcome, broken: list[str]) -> None:
        session, say = self._session, self._session.say
        lacking: Counter[str] = Counter()
        for served in (outcome.score.classes[group] for group in broken if group in outcome.score.classes):
            lacking.update(served.late_causes)
            lacking.update(served.dark_causes)
        if whole := sum(lacking.values()):
            most = [
                (say(CAUSES[cause]), say.percent(seconds / whole, 0)) for cause, seconds in lacking.most_common(_MOST) if cause in CAUSES
            ]
            ui.label(say("Why, in the first night: {causes} of what lacks.", causes=", ".join(f"{what} {share}" for what, share in most)))
        if lowest := outcome.score.lowest_permille:
            ui.label(say("“Dark” does not mean out: no lamp goes below {level}.", level=say.quantity("level", lowest)))
        if session.street.sensors != "ideal":
            ui.label(
                say(
                    "The sensors are simulated as real ones are: they miss some people, and most cannot tell who comes, or how fast. What "
                    "that costs is seen with ideal sensors: press the name of the street, at the top."
                )
            )
