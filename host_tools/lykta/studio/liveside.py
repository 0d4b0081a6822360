"""What stands beside the live map: the emergency light, and panels for alarms, a lamp, settings, software and the record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from nicegui import ui

from lykta.fleet.model import Alarm, Event
from lykta.studio.livelamp import LampPanel
from lykta.studio.livelog import LogPanel
from lykta.studio.liveorders import Orders
from lykta.studio.liveparts import Redrawn, prose
from lykta.studio.livesettings import SettingsPanel
from lykta.studio.liveupdates import UpdatePanel
from lykta.studio.livewatch import Watch
from lykta.studio.livewords import ILL, WELL, Tells
from lykta.studio.page import brief
from lykta.studio.session import Session
from lykta.studio.words import N_

_ALARMS, _EVENTS = 60, 40
_SIGNS = {ILL: "▲", WELL: "✓"}
_TITLES = {
    "alarms": N_("Alarms"),
    "lamp": N_("Lamp"),
    "settings": N_("Settings"),
    "software": N_("Software"),
    "log": N_("Record"),
}


class Panel(Protocol):
    """One of the panels."""

    def refresh(self) -> None:
        """Bring it up to date."""


class Side:
    """The panels. `go` brings a lamp, by its id, to the map."""

    def __init__(self, session: Session, watch: Watch, tells: Tells, orders: Orders, go: Callable[[str], Awaitable[None]]) -> None:
        self._session = session
        self._watch = watch
        self._tells = tells
        self._go = go
        self._now = "alarms"
        self._tabs: dict[str, ui.element] = {}
        self._bodies: dict[str, ui.element] = {}
        orders.build()
        self._build_tabs()
        with self._body("alarms"):
            self._alarms = AlarmPanel(session, watch, tells, go)
        with self._body("lamp"):
            self._lamp = LampPanel(session, watch, tells, orders, go)
        with self._body("settings"):
            self._settings = SettingsPanel(session, watch, tells, orders)
        with self._body("software"):
            self._updates = UpdatePanel(session, watch, tells)
        with self._body("log"):
            self._log = LogPanel(session, watch, tells)
        self._turn_to("alarms")

    def _build_tabs(self) -> None:
        say = self._session.say
        with ui.element("div").classes("side-tabs").props(f'role="tablist" aria-label="{say("Panels")}"'):
            for name in _TITLES:
                tab = ui.element("button").classes("tab")
                tab.props(f'role="tab" type="button" id="live-tab-{name}" aria-controls="live-{name}"')
                with tab.on("click", lambda name=name: self._press(name)).mark(f"live-tab-{name}"):
                    ui.label(say(_TITLES[name]))
                    if name == "alarms":
                        self._badge = ui.label().classes("badge")
                self._tabs[name] = tab

    def _body(self, name: str) -> ui.element:
        body = ui.element("div").classes("stack").props(f'role="tabpanel" id="live-{name}" aria-labelledby="live-tab-{name}"')
        self._bodies[name] = body
        return body

    async def _press(self, name: str) -> None:
        self._turn_to(name)
        await self._shown()

    def _turn_to(self, name: str) -> None:
        self._now = name
        for one, tab in self._tabs.items():
            tab.props(f'aria-selected="{str(one == name).lower()}" tabindex="{0 if one == name else -1}"')
            tab.classes("now") if one == name else tab.classes(remove="now")
        for one, body in self._bodies.items():
            body.set_visibility(one == name)

    async def _shown(self) -> None:
        if self._now == "log":
            await self._log.load()
        elif self._now == "settings":
            await self._settings.load()
        elif self._now == "software":
            await self._updates.load()
        self.refresh()

    def refresh(self) -> None:
        """Bring what is looked at up to date."""
        count = 0 if self._watch.fleet is None else len(self._watch.fleet.alarms)
        self._badge.set_text(str(count))
        self._badge.set_visibility(count > 0)
        panels: dict[str, Panel] = {
            "alarms": self._alarms,
            "lamp": self._lamp,
            "settings": self._settings,
            "software": self._updates,
            "log": self._log,
        }
        panels[self._now].refresh()

    async def choose(self, lamps: Sequence[str]) -> None:
        """Tell of these lamps."""
        if lamps:
            self._turn_to("lamp")
        await self._lamp.choose(list(lamps))


class AlarmPanel:
    """The alarms that are open, and the newest of what nodes told."""

    def __init__(self, session: Session, watch: Watch, tells: Tells, go: Callable[[str], Awaitable[None]]) -> None:
        self._session = session
        self._watch = watch
        self._tells = tells
        self._go = go
        with ui.element("div").classes("panel stack"):
            ui.label(session.say("Open alarms")).props('role="heading" aria-level="2"').classes("state-title")
            self._open = Redrawn(ui.element("div").classes("listing").props('aria-live="polite"').mark("alarms"))
        with ui.element("div").classes("panel stack"):
            ui.label(session.say("What nodes told")).props('role="heading" aria-level="2"').classes("state-title")
            self._told = Redrawn(ui.element("div").classes("listing").mark("events"))

    def refresh(self) -> None:
        """Bring it up to date."""
        watch = self._watch
        alarms = [] if watch.fleet is None else watch.fleet.alarms
        self._open.show((tuple(alarms), watch.fleet is None), lambda: self._draw_alarms(alarms))
        events = list(watch.events)[:_EVENTS]
        self._told.show(tuple(events), lambda: self._draw_events(events))

    def _draw_alarms(self, alarms: list[Alarm]) -> None:
        say, tells = self._session.say, self._tells
        if not alarms:
            said = say("No alarm is open.") if self._watch.fleet is not None else say("Nothing is known without the broker.")
            ui.label(said).classes("quiet")
        for alarm in alarms[:_ALARMS]:
            title = f"{tells.alarm(alarm.kind)}: {brief(_lamp(alarm.node), 40)}"
            self._row(alarm.node, "▲", "ill", title, tells.moment(alarm.opened, self._watch.now()), brief(tells.advice(alarm.kind), 200))
        if len(alarms) > _ALARMS:
            prose(say("and {count} more; `lykta fleet alarms` has them all", count=len(alarms) - _ALARMS)).classes("quiet")

    def _draw_events(self, events: list[Event]) -> None:
        tells = self._tells
        if not events:
            ui.label(self._session.say("Nothing yet.")).classes("quiet")
        for event in events:
            like = tells.like(event)
            title = f"{brief(_lamp(event.node), 40)}: {brief(tells.event(event), 120)}"
            at = event.received if event.at is None else event.at
            self._row(event.node, _SIGNS.get(like, "·"), like, title, tells.moment(at, self._watch.now()))

    def _row(self, node: str, sign: str, like: str, title: str, at: str, more: str = "") -> None:
        async def go() -> None:
            await self._go(_lamp_of(self._watch, node))

        with ui.element("button").props('type="button"').on("click", go):
            ui.label(sign).classes(f"sign {like}").props('aria-hidden="true"')
            with ui.element("span").classes("told"):
                with ui.element("span").classes("line"):
                    ui.label(title)
                    ui.label(at).classes("quiet number")
                if more:
                    ui.label(more).classes("quiet small")


def _lamp(node: str) -> str:
    return node.partition(".")[2] or node


def _lamp_of(watch: Watch, node: str) -> str:
    """The lamp of a node by its id in the site, which the name of the node may write otherwise."""
    if watch.fleet is not None and node in watch.fleet.nodes:
        return watch.fleet.nodes[node].lamp
    return _lamp(node)
