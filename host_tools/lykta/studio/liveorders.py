"""Orders from the page: light as a minimum for a lamp, a zone or the whole street, the emergency light, commissioning windows.

An order only ever gives more light; it ends by itself, is written down with who and why before it is sent, and can be ended by hand.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from lykta.errors import LyktaError
from lykta.fleet.fleet import Fleet
from lykta.fleet.model import Command
from lykta.fleet.people import TOKEN, Person
from lykta.studio.livewatch import Watch
from lykta.studio.livewords import Tells
from lykta.studio.page import brief
from lykta.studio.session import Session

_FULL = 1000
_HOURS = (1, 2, 4, 8)
_EMERGENCY_H = 2
_LEVELS = (1000, 800, 600, 400)
_WINDOW_MIN = (15, 60, 240)
_DETAIL = re.compile(r"at least ([\d.]+) %")
_LONGEST_WHY = 300
Give = Callable[[Fleet], Awaitable[list[Command]]]


class Orders:
    """What a person may order on one page."""

    def __init__(self, session: Session, watch: Watch, tells: Tells) -> None:
        self._session = session
        self._watch = watch
        self._tells = tells

    @property
    def by(self) -> Person:
        """The person at this page, as the record names people."""
        return person_of(self._session)

    @property
    def may(self) -> bool:
        """Whether this person may order, and the studio has the access for it."""
        return self._session.person.operates and self._watch.operates

    def build(self) -> None:
        """The largest button of the page; without the right to press it, what gives that right."""
        say = self._session.say
        if self.may:
            button = ui.button(say("Emergency light"), icon="flare", on_click=self.emergency).props("no-caps unelevated", remove="color")
            button.classes("emergency").mark("emergency")
            return
        with ui.element("div").classes("notice small").mark("read-only"):
            ui.label(say("You look, and change nothing.")).style("font-weight: 650")
            if self._session.person.operates:
                ui.label(say("This machine has the access of a viewer: an operator's is in the folder people/ of the network."))
            elif self._session.studio.access.guarded:
                ui.label(say("Orders want the role operator, which whoever started the studio can give you."))
            else:
                token = "LYKTA_STUDIO_TOKEN=... lykta studio " + brief(self._watch.street.name, 80)
                ui.label(say("To give orders, start the studio with a token: {command}", command=token))

    @staticmethod
    def level_of(command: Command) -> int | None:
        """The least light that an override asks for [permille]."""
        found = _DETAIL.search(command.detail)
        return None if found is None else round(float(found[1]) * 10)

    # -- dialogs

    async def emergency(self) -> None:
        """All lamps at full, after one confirmation."""
        say, lamps = self._session.say, self._lamps()
        title = say("Light all {count} lamps fully?", count=self._session.say.number(len(lamps)))
        with ui.dialog() as dialog, ui.element("div").classes("panel stack live-dialog"):
            ui.label(title).classes("state-title").props('role="heading" aria-level="2"')
            ui.label(say("Nobody gets less light by it. It ends by itself, and here with “End”.")).classes("quiet")
            hours = self._hours(_EMERGENCY_H)
            why = self._why(say("Emergency"))
            wrong = ui.label().classes("field-wrong").props('role="alert"')

            async def light() -> None:
                until = self._until(int(hours.value))
                await self._give(dialog, wrong, str(why.value), lambda fleet: fleet.emergency(str(why.value).strip(), until, self.by))

            with ui.element("div").classes("row end"):
                ui.button(say("Cancel"), on_click=dialog.close).props("flat no-caps")
                button = ui.button(say("Light everything now"), icon="flare", on_click=light).props("no-caps unelevated", remove="color")
                button.classes("red").mark("emergency-now")
        _open(dialog)

    async def more_light(self, lamps: Sequence[str], zones: Sequence[str]) -> None:
        """At least so much light: on some lamps, their zone, or all."""
        say = self._session.say
        scopes = {"lamps": brief(", ".join(lamps), 60)} if lamps else {}
        scopes |= {f"zone {zone}": say("zone {zone}", zone=brief(zone, 40)) for zone in zones}
        scopes |= {"all": say("all lamps")}
        with ui.dialog() as dialog, ui.element("div").classes("panel stack live-dialog"):
            ui.label(say("More light")).classes("state-title").props('role="heading" aria-level="2"')
            ui.label(say("At least so much: people who come by, floors and faults may give more.")).classes("quiet")
            scope = ui.select(scopes, value=next(iter(scopes)), label=say("Where")).props("outlined dense").mark("order-scope")
            choices = {level: self._tells.percent(level) for level in _LEVELS}
            level = ui.select(choices, value=_FULL, label=say("At least")).props("outlined dense").mark("order-level")
            hours = self._hours(_EMERGENCY_H)
            why = self._why("")
            wrong = ui.label().classes("field-wrong").props('role="alert"')

            async def light() -> None:
                chosen, until = self._scope(str(scope.value), lamps), self._until(int(hours.value))
                least, reason = int(level.value), str(why.value).strip()
                await self._give(dialog, wrong, reason, lambda fleet: fleet.override(chosen, least, until, reason, self.by))

            with ui.element("div").classes("row end"):
                ui.button(say("Cancel"), on_click=dialog.close).props("flat no-caps")
                button = ui.button(say("Give this light"), on_click=light).props("no-caps unelevated", remove="color")
                button.classes("act").mark("order-now")
        _open(dialog)

    async def window(self, lamps: Sequence[str]) -> None:
        """Open a commissioning window, or make it last longer."""
        say = self._session.say
        with ui.dialog() as dialog, ui.element("div").classes("panel stack live-dialog"):
            ui.label(say("Commissioning window")).classes("state-title").props('role="heading" aria-level="2"')
            said = say(
                "A level of the moment tells who walks home. The window is written down, closes by itself, and nothing of it is stored."
            )
            ui.label(said).classes("quiet")
            ui.label(brief(", ".join(lamps), 120))
            choices = {minutes: say("{count} min", count=minutes) for minutes in _WINDOW_MIN}
            minutes = ui.select(choices, value=_WINDOW_MIN[0], label=say("For")).props("outlined dense")
            why = self._why("")
            wrong = ui.label().classes("field-wrong").props('role="alert"')

            async def change() -> None:
                seconds, reason = 60 * int(minutes.value), str(why.value).strip()
                await self._give(dialog, wrong, reason, lambda fleet: fleet.window(lamps, seconds, reason, self.by))

            with ui.element("div").classes("row end"):
                ui.button(say("Cancel"), on_click=dialog.close).props("flat no-caps")
                button = ui.button(say("Open it"), on_click=change)
                button.props("no-caps unelevated", remove="color").classes("act").mark("window-now")
        _open(dialog)

    async def end(self, nodes: Sequence[str]) -> None:
        """End what was ordered for some nodes."""
        fleet = self._watch.fleet
        lamps = [] if fleet is None else [fleet.nodes[node].lamp for node in nodes if node in fleet.nodes]
        await self._give(None, None, "ended", lambda fleet: fleet.override(lamps, 0, dt.datetime.now(dt.UTC), "ended by hand", self.by))

    async def close(self, lamps: Sequence[str]) -> None:
        """Close the commissioning window of some lamps."""
        await self._give(None, None, "closed by hand", lambda fleet: fleet.window(lamps, 0, "closed by hand", self.by))

    # -- their parts

    def _lamps(self) -> list[str]:
        return self._watch.street.lamps

    def _scope(self, scope: str, lamps: Sequence[str]) -> list[str]:
        if scope == "lamps":
            return list(lamps)
        kind, _, zone = scope.partition(" ")
        return self._lamps() if kind == "all" else [one.id for one in self._watch.street.site.lamps if one.zone == zone and one.adaptive]

    def _hours(self, usual: int) -> ui.select:
        say = self._session.say
        choices = {
            hours: say("{count} h, until {time}", count=hours, time=self._tells.clock(self._watch.now() + 3600 * hours)) for hours in _HOURS
        }
        return ui.select(choices, value=usual, label=say("For")).props("outlined dense").mark("order-hours")

    def _until(self, hours: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(int(self._watch.now()) + 3600 * hours, dt.UTC)

    def _why(self, value: str) -> ui.input:
        say = self._session.say
        return (
            ui.input(say("Reason, for those who read the record"), value=value)
            .props(f"outlined dense maxlength={_LONGEST_WHY}")
            .mark("why")
        )

    async def _give(self, dialog: ui.dialog | None, wrong: ui.label | None, why: str, give: Give) -> None:
        """Give an order in this person's name; where it cannot be, say so where the person looks."""
        say, fleet, heard = self._session.say, self._watch.fleet, list[str]()
        self._watch.ears.append(hear := heard.append)
        try:
            if not self.may:
                raise LyktaError(say("You look, and change nothing."))
            if not why.strip():
                raise LyktaError(say("Say why: it is kept with the order."))
            if fleet is None or not fleet.connected:
                raise LyktaError(say("There is no connection to the broker, so nothing was sent."))
            given = await give(fleet)
        except LyktaError as error:
            if wrong is None:
                ui.notify(brief(say.fault(error), 300), type="negative")
            else:
                wrong.set_text(brief(say.fault(error), 600))
            return
        finally:
            self._watch.ears.remove(hear)
        for command in given:
            self._watch.note(command)
        self._watch.turn += 1
        if dialog is not None:
            dialog.close()
        ui.notify(say("Sent to {count} lamps.", count=len(given)) if len(given) != 1 else say("Sent to one lamp."), position="top")
        for told in heard:  # light for an emergency is ordered also where it cannot be written down
            ui.notify(brief(say.error(told), 400), type="warning", position="top", timeout=0, close_button=say("Close"))


def person_of(session: Session) -> Person:
    """Who sits at a page, as the record names people: a token says who it is."""
    return Person(session.person.name, session.person.role, TOKEN)


def _open(dialog: ui.dialog) -> None:
    dialog.on("hide", dialog.delete)
    dialog.open()
