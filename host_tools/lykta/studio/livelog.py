"""The record on the page: who changed what of the street, when, why, how it was before and became; and alarms of before."""

from __future__ import annotations

from nicegui import background_tasks, ui

from lykta.errors import LyktaError
from lykta.fleet.acts import Act
from lykta.fleet.model import Alarm
from lykta.studio.liveparts import Redrawn, prose
from lykta.studio.livewatch import Watch
from lykta.studio.livewords import VERBS, Tells
from lykta.studio.page import brief
from lykta.studio.session import Session

_DAYS, _DEEDS, _ALARMS = 30, 100, 60


class LogPanel:
    """What people did, and which alarms there were."""

    def __init__(self, session: Session, watch: Watch, tells: Tells) -> None:
        self._session = session
        self._watch = watch
        self._tells = tells
        self._acts: list[Act] | None = None
        self._alarms: list[Alarm] = []
        self._turn = -1
        with ui.element("div").classes("panel stack"):
            ui.label(session.say("Who changed what")).props('role="heading" aria-level="2"').classes("state-title")
            self._deeds = Redrawn(ui.element("div").classes("stack").mark("record"))
        with ui.element("div").classes("panel stack"):
            ui.label(session.say("Alarms of the last 30 days")).props('role="heading" aria-level="2"').classes("state-title")
            self._past = Redrawn(ui.element("div").classes("stack"))

    async def load(self) -> None:
        """Read it from the history."""
        from lykta.fleet import acts, history

        fleet = self._watch.fleet
        self._turn = self._watch.turn
        if fleet is None:
            return
        since = int(fleet.time()) - _DAYS * 86_400
        try:
            self._acts = await fleet.in_thread(lambda: acts.acts(fleet.database, since, most=_DEEDS))
            self._alarms = await fleet.in_thread(lambda: history.alarms(fleet.database, since, most=_ALARMS))
        except LyktaError:
            return  # the banner above the map says so
        self._draw()

    def refresh(self) -> None:
        """Bring it up to date; what happened since it was read is read again."""
        if self._turn != self._watch.turn:
            background_tasks.create(self.load())
        self._draw()

    def _draw(self) -> None:
        found = self._acts
        self._deeds.show(None if found is None else tuple(found), lambda: self._draw_deeds(found))
        self._past.show(tuple(self._alarms), self._draw_past)

    def _draw_deeds(self, found: list[Act] | None) -> None:
        say = self._session.say
        if not found:
            said = say("The history cannot be read now.") if found is None else say("Nobody has changed anything in 30 days.")
            ui.label(said).classes("quiet")
        for act in found or ():
            self._draw_deed(act)

    def _draw_deed(self, act: Act) -> None:
        say, tells = self._session.say, self._tells
        verb = say(VERBS[act.verb]) if act.verb in VERBS else brief(act.verb, 30)
        with ui.element("div").classes("deed ill" if act.refused else "deed"):
            with ui.element("div").classes("spread"):
                ui.label(f"{brief(act.who, 40)}: {verb}").style("font-weight: 650")
                ui.label(tells.moment(act.at, self._watch.now())).classes("quiet number")
            ui.label(brief(tells.recorded(act.about), 160)).classes("small")
            if act.before or act.after:
                before, after = (brief(tells.recorded(one), 160) or "–" for one in (act.before, act.after))
                ui.label(f"{before} → {after}").classes("small number")
            if act.why:
                ui.label(f"“{brief(tells.reason(act.why), 300)}”").classes("small")
            if act.sent:
                told = {"done": act.done, "refused": act.refused, "sent": act.sent}
                ui.label(say("{done} of {sent} have done it, {refused} refused", **told)).classes("quiet small")

    def _draw_past(self) -> None:
        say, tells = self._session.say, self._tells
        if not self._alarms:
            prose(say("There were none, or nobody kept the history: `lykta fleet record` does.")).classes("quiet")
        for alarm in self._alarms:
            lamp = brief(alarm.node.partition(".")[2] or alarm.node, 40)
            opened = tells.moment(alarm.opened, self._watch.now())
            closed = say("open") if alarm.closed is None else say("until {time}", time=tells.moment(alarm.closed, self._watch.now()))
            with ui.element("div").classes("deed" if alarm.closed is not None else "deed ill"):
                ui.label(f"{lamp}: {tells.alarm(alarm.kind)}")
                ui.label(f"{opened} – {closed}" if alarm.closed is None else f"{opened} {closed}").classes("quiet small")
