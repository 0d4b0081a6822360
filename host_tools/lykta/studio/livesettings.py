"""Settings for the real street: proposed by one person, approved by another, rolled out, and the way back.

What is proposed is the profile of this page, as it is tuned. All rules (who may, who must be another, what has been overtaken) are those
of `fleet.proposals`, which the command line uses too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nicegui import background_tasks, ui

from lykta.errors import LyktaError
from lykta.fleet import rollout, settings
from lykta.fleet.fleet import Fleet
from lykta.fleet.proposal import APPROVED, OPEN, OVERTAKEN, REFUSED, ROLLED_OUT, WITHDRAWN, Proposal
from lykta.fleet.proposals import Proposals
from lykta.fleet.rollout import Progress
from lykta.studio.livechanges import told
from lykta.studio.livejudging import Judgement, conformity, said_of
from lykta.studio.liveorders import Orders, person_of
from lykta.studio.liveparts import Redrawn
from lykta.studio.livewatch import Watch
from lykta.studio.livewords import Tells
from lykta.studio.page import brief
from lykta.studio.session import Session
from lykta.studio.words import N_

_LISTED, _CHANGES, _LAMPS = 8, 12, 12
_READ_BEATS = 3
_STATES = {
    OPEN: N_("waits for another operator"),
    APPROVED: N_("approved, not rolled out yet"),
    REFUSED: N_("refused"),
    WITHDRAWN: N_("withdrawn"),
    ROLLED_OUT: N_("rolled out"),
    OVERTAKEN: N_("overtaken by other settings"),
}
_STANDS = {
    settings.TAKEN: N_("in use"),
    settings.WAITING: N_("waiting"),
    settings.OFFLINE: N_("offline; the broker keeps it for them"),
    settings.REFUSED: N_("refused; their old settings stay"),
    settings.NEWER: N_("use a later version"),
}
Deed = Callable[[Fleet, Proposals, str], Awaitable[object]]


class SettingsPanel:
    """Proposals and what became of them."""

    def __init__(self, session: Session, watch: Watch, tells: Tells, orders: Orders) -> None:
        self._session = session
        self._watch = watch
        self._tells = tells
        self._orders = orders
        self._found: list[Proposal] | None = None
        self._progress: Progress | None = None
        self._beats = 0
        say = session.say
        with ui.element("div").classes("panel stack"):
            ui.label(say("Settings of the street")).props('role="heading" aria-level="2"').classes("state-title")
            self._acts = Redrawn(ui.element("div").classes("stack"))
            self._wrong = ui.label().classes("field-wrong state-said").props('role="alert"')
        self._list = Redrawn(ui.element("div").classes("stack").mark("proposals"))

    def _board(self, fleet: Fleet) -> Proposals:
        return Proposals(fleet.database, self._watch.street, self._watch.operators, fleet.time)

    async def load(self) -> None:
        """Read what was proposed, and how far the newest version has come."""
        fleet = self._watch.fleet
        if fleet is None:
            return
        board = self._board(fleet)
        try:
            self._found = await fleet.in_thread(lambda: board.all(_LISTED))
            sent = next((one.number for one in self._found if one.state == ROLLED_OUT), None)
            self._progress = None if sent is None else await rollout.progress(fleet, board, sent)
        except LyktaError:
            return  # the banner above the map says so
        self._draw()

    def refresh(self) -> None:
        """Bring it up to date."""
        self._beats += 1
        if self._beats % _READ_BEATS == 0:
            background_tasks.create(self.load())
        self._draw()

    def _draw(self) -> None:
        found = self._found
        second = len({name.casefold() for name in self._watch.operators}) >= 2  # as `people.needs_second` has it
        changed = self._session.draft.profile.name
        before = sum(one.state == ROLLED_OUT for one in found or ()) > 1  # else there is nothing to go back to
        self._acts.show((found is None, second, changed, before), lambda: self._draw_acts(second, before))
        self._list.show((None if found is None else tuple(map(repr, found)), repr(self._progress)), lambda: self._draw_list(found))

    # -- what can be done

    def _draw_acts(self, second: bool, before: bool) -> None:
        say = self._session.say
        if not self._orders.may:
            ui.label(say("Operators propose, approve and roll out settings here.")).classes("quiet")
            return
        profile = brief(self._session.draft.profile.name, 40)
        said = (
            say("Another operator approves what you propose.") if second else say("You are the only operator: nobody else has to approve.")
        )
        ui.label(said).classes("quiet small")
        with ui.element("div").classes("row"):
            button = ui.button(say("Propose “{profile}”", profile=profile), icon="upload", on_click=self._propose)
            button.props("no-caps unelevated", remove="color").classes("act").mark("propose")
            if before:
                back = ui.button(say("Way back"), icon="undo", on_click=self._back).props("no-caps outline").mark("way-back")
                back.tooltip(say("The settings of before, as a new version"))

    async def _propose(self) -> None:
        """The profile of this page, as it is now."""
        session, street = self._session, replace(self._watch.street, profile=self._session.draft.profile)
        text, by = session.draft.text, person_of(session)

        async def propose(fleet: Fleet, board: Proposals, why: str) -> None:
            made = board.propose if board.needs_second else board.alone
            verdict = conformity(session)
            await fleet.in_thread(lambda: made(street, by, why, conformity=verdict, text=text))

        await self._ask(session.say("Propose these settings"), session.say("Propose"), propose, lambda: Judgement(session))

    async def _back(self) -> None:
        by = person_of(self._session)

        async def back(fleet: Fleet, board: Proposals, why: str) -> None:
            one = await fleet.in_thread(lambda: board.back(by, why))
            await rollout.roll_out(fleet, board, one.number, by)

        say = self._session.say
        await self._ask(say("Take the newest settings back?"), say("Go back now"), back)

    async def _decide(self, number: int, verb: str) -> None:
        by, say = person_of(self._session), self._session.say

        async def decide(fleet: Fleet, board: Proposals, why: str) -> None:
            deeds = {"approve": board.approve, "refuse": board.refuse, "withdraw": board.withdraw}
            await fleet.in_thread(lambda: deeds[verb](number, by, why))

        titles = {"approve": say("Approve"), "refuse": say("Refuse"), "withdraw": say("Withdraw")}
        await self._ask(say("Proposal {number}", number=number), titles[verb], decide)

    async def _roll_out(self, number: int) -> None:
        by = person_of(self._session)

        async def roll(fleet: Fleet, board: Proposals, why: str) -> None:
            await rollout.roll_out(fleet, board, number, by)

        await self._do(roll, "", None)

    async def _ask(self, title: str, verb: str, deed: Deed, before: Callable[[], object] = lambda: None) -> None:
        """Ask for the reason, then do it. `before` builds what should be read before that."""
        say = self._session.say
        with ui.dialog() as dialog, ui.element("div").classes("panel stack live-dialog"):
            ui.label(title).classes("state-title").props('role="heading" aria-level="2"')
            before()
            why = ui.input(say("Reason, for those who read the record")).props("outlined dense maxlength=300").mark("why")
            wrong = ui.label().classes("field-wrong state-said").props('role="alert"')

            async def go() -> None:
                if await self._do(deed, str(why.value or "").strip(), wrong):
                    dialog.close()

            with ui.element("div").classes("row end"):
                ui.button(say("Cancel"), on_click=dialog.close).props("flat no-caps")
                ui.button(verb, on_click=go).props("no-caps unelevated", remove="color").classes("act").mark("do-it")
        dialog.on("hide", dialog.delete)
        dialog.open()

    async def _do(self, deed: Deed, why: str, wrong: ui.label | None) -> bool:
        """Do it; whether it was done, and else why not, where the person looks."""
        fleet, said = self._watch.fleet, wrong or self._wrong
        said.set_text("")
        try:
            if not self._orders.may:
                raise LyktaError(self._session.say("You look, and change nothing."))
            if fleet is None or not fleet.connected:
                raise LyktaError(self._session.say("There is no connection to the broker, so nothing was sent."))
            await deed(fleet, self._board(fleet), why)
        except LyktaError as error:
            said.set_text(brief(self._session.say.fault(error), 600))
            return False
        await self.load()
        return True

    # -- what there is

    def _draw_list(self, found: list[Proposal] | None) -> None:
        if not found:
            with ui.element("div").classes("panel"):
                ui.label(self._session.say("Nothing was proposed yet: the nodes have what was written by cable.")).classes("quiet")
        newest = next((one.number for one in found or () if one.state == ROLLED_OUT), None)
        for one in found or ():
            with ui.element("div").classes("panel stack"):
                self._draw_one(one)
                if one.number == newest and self._progress is not None:
                    self._draw_progress(self._progress)

    def _draw_one(self, one: Proposal) -> None:
        say, tells = self._session.say, self._tells
        with ui.element("div").classes("spread"):
            ui.label(f"{one.number}. {brief(one.profile, 40)}").style("font-weight: 650")
            ui.label(say(_STATES.get(one.state, one.state))).classes("tag").mark(f"proposal-{one.number}")
        when = tells.moment(one.at, self._watch.now())
        ui.label(say("{who}, {time}: {why}", who=brief(one.who, 40), time=when, why=brief(one.why, 200))).classes("small")
        for change in one.changes[:_CHANGES]:
            ui.label(brief(told(say, change), 160)).classes("step-line small number")
        if not one.changes:
            ui.label(say("No setting differs from what is known to be in force.")).classes("quiet small")
        if len(one.changes) > _CHANGES:
            ui.label(say("and {count} more", count=len(one.changes) - _CHANGES)).classes("quiet small")
        verdict, kind = said_of(self._session, one.conformity)
        ui.label(verdict).classes(f"{kind} small").mark(f"conformity-{one.number}")
        if one.conformity.conforms is not None:
            ui.label(brief(tells.recorded(one.conformity.said), 240)).classes("quiet small")
        for decision in (one.verdict, one.rollout):
            if decision is not None:
                version = f" ({decision.version})" if decision.version else ""
                why = f": {brief(decision.why, 120)}" if decision.why else ""
                at, what = tells.moment(decision.at, self._watch.now()), tells.recorded(decision.what)
                ui.label(f"{brief(decision.who, 40)}, {at}, {what}{version}{why}").classes("quiet small")
        self._draw_verdicts(one)

    def _draw_verdicts(self, one: Proposal) -> None:
        say, by = self._session.say, person_of(self._session)
        if not self._orders.may or one.state not in (OPEN, APPROVED):
            return
        number = one.number
        with ui.element("div").classes("row"):
            if one.state == APPROVED:
                button = ui.button(say("Roll out"), on_click=lambda: self._roll_out(number))
                button.props("no-caps unelevated", remove="color").classes("act").mark(f"roll-out-{number}")
            elif by.same_as(one.who):
                ui.button(say("Withdraw"), on_click=lambda: self._decide(number, "withdraw")).props("no-caps outline dense")
            else:
                approve = ui.button(say("Approve"), on_click=lambda: self._decide(number, "approve"))
                approve.props("no-caps unelevated", remove="color").classes("act").mark(f"approve-{number}")
                ui.button(say("Refuse"), on_click=lambda: self._decide(number, "refuse")).props("no-caps outline dense")

    def _draw_progress(self, progress: Progress) -> None:
        say, counts, all_ = self._session.say, progress.counts, max(1, len(progress.lamps))
        with ui.element("div").classes("bar").props('aria-hidden="true"'):
            for state, kind in ((settings.TAKEN, ""), (settings.REFUSED, "ill")):
                ui.element("span").classes(kind).style(f"width: {100 * counts.get(state, 0) / all_:.1f}%")
        for state, text in _STANDS.items():
            lamps = [lamp for lamp, what in progress.lamps.items() if what == state]
            if lamps:
                names = brief(", ".join(lamps[:_LAMPS]), 120) + ("…" if len(lamps) > _LAMPS else "")
                ui.label(f"{len(lamps)} {say(text)}: {names}").classes("small")
        for lamp, reason in list(progress.reasons.items())[:_LAMPS]:
            ui.label(f"{brief(lamp, 40)}: {brief(reason, 160)}").classes("worse small")
