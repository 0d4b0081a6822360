"""The panel of a lamp: its state, its last day, what was ordered; and the list in which lamps are found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from lykta.errors import LyktaError
from lykta.fleet.model import NodeState
from lykta.studio.liveorders import Orders
from lykta.studio.liveparts import Redrawn, prose
from lykta.studio.livepicture import DAY_S, picture
from lykta.studio.livewatch import Watch
from lykta.studio.livewhy import WhyPanel
from lykta.studio.livewords import Tells
from lykta.studio.page import brief
from lykta.studio.session import Session

_LISTED = 40


class LampPanel:
    """Tells of the lamps that are chosen; without any, of all that need somebody."""

    def __init__(self, session: Session, watch: Watch, tells: Tells, orders: Orders, go: Callable[[str], Awaitable[None]]) -> None:
        self._session = session
        self._watch = watch
        self._tells = tells
        self._orders = orders
        self._go = go
        self._lamps: list[str] = []
        self._history: list[dict[str, Any]] = []
        self._wanted = ""
        say = session.say
        with ui.element("div").classes("panel stack"):
            self._field = ui.input(say("Find a lamp"), on_change=lambda event: self._find(str(event.value or "")))
            self._field.props("outlined dense clearable type=search").mark("find-lamp")
            self._list = Redrawn(ui.element("div").classes("listing"))
        self._whole = ui.element("div").classes("stack")
        with self._whole:
            with ui.element("div").classes("panel stack"):
                self._head = Redrawn(ui.element("div").classes("stack"))
                self._facts = Redrawn(ui.element("div").classes("facts").mark("lamp-facts"))
                self._acts = Redrawn(ui.element("div").classes("row"))
            with ui.element("div").classes("panel stack"):
                ui.label(say("The last day")).props('role="heading" aria-level="2"').classes("state-title")
                self._day = Redrawn(ui.element("div").classes("stack"))
            self._why_panel = ui.element("div")
            with self._why_panel:
                self._why = WhyPanel(session, watch, tells)

    async def choose(self, lamps: list[str]) -> None:
        """Tell of these."""
        self._lamps = lamps
        self._history = []
        if len(lamps) == 1:
            self._why.choose(lamps[0])
            self._history = await self._reports(lamps[0])
        self.refresh()

    async def _reports(self, lamp: str) -> list[dict[str, Any]]:
        """What the history has of a day, and what was heard since: whoever records writes with a delay."""
        from lykta.fleet import history

        fleet = self._watch.fleet
        if fleet is None or lamp not in fleet.names:
            return []
        node, now = fleet.names[lamp], int(fleet.time())
        try:
            return await fleet.in_thread(lambda: history.reports(fleet.database, node, now - DAY_S, now))
        except LyktaError:
            return []  # the banner above the map says so

    def _find(self, wanted: str) -> None:
        self._wanted = wanted
        self._refresh_list()

    def refresh(self) -> None:
        """Bring it up to date."""
        self._refresh_list()
        self._whole.set_visibility(bool(self._lamps))
        if not self._lamps:
            return
        lamps, say = self._lamps, self._session.say
        title = brief(lamps[0], 60) if len(lamps) == 1 else say("{count} lamps", count=len(lamps))
        zones = sorted({one.zone for one in self._watch.street.site.lamps if one.id in lamps})
        self._head.show((title, *zones), lambda: self._draw_head(title, zones))
        state = self._watch.state(lamps[0]) if len(lamps) == 1 else None
        facts = self._facts_of(state) if state is not None else self._facts_of_many() if len(lamps) > 1 else ()
        self._facts.show(facts, lambda: self._draw_facts(facts))
        self._acts.show((tuple(lamps), tuple(zones), state is not None), lambda: self._draw_acts(zones))
        self._refresh_day(state)
        self._why_panel.set_visibility(len(lamps) == 1)
        if len(lamps) == 1:
            self._why.refresh(state)

    # -- the list

    def _refresh_list(self) -> None:
        fleet, wanted = self._watch.fleet, self._wanted.strip().lower()
        states = [] if fleet is None else list(fleet.nodes.values())
        found = [state for state in states if wanted in state.lamp.lower()] if wanted else [state for state in states if _needs(state)]
        found.sort(key=lambda state: (not state.alarms, state.online is not False, not state.faults))
        rows = [(state.lamp, self._tells.status(state), ", ".join(map(self._tells.alarm, state.alarms))) for state in found[:_LISTED]]
        self._list.show((tuple(rows), len(found), bool(wanted), bool(self._lamps)), lambda: self._draw_list(rows, len(found), bool(wanted)))

    def _draw_list(self, rows: list[tuple[str, str, str]], count: int, searched: bool) -> None:
        say = self._session.say
        if not rows:
            said = (
                say("No lamp has this in its name.")
                if searched
                else say("Nothing is wrong with any lamp that was heard. Click one on the map, or find it by its name.")
            )
            ui.label(said).classes("quiet")
        for lamp, status, alarms in rows if searched or not self._lamps else []:

            async def go(lamp: str = lamp) -> None:
                self._field.set_value("")  # it is found: the list would push what is told of it out of sight
                await self._go(lamp)

            with ui.element("button").props('type="button"').on("click", go):
                ui.label(brief(lamp, 40)).classes("told")
                ui.label(brief(alarms or status, 60)).classes("quiet")
        if count > len(rows):
            ui.label(say("and {count} more", count=count - len(rows))).classes("quiet")

    # -- the lamp

    def _draw_head(self, title: str, zones: list[str]) -> None:
        with ui.element("div").classes("spread"):
            ui.label(title).classes("state-title").props('role="heading" aria-level="2"').mark("lamp-name")
            ui.label(brief(", ".join(zones), 60)).classes("quiet")

    def _facts_of(self, state: NodeState) -> tuple[tuple[str, str], ...]:
        say, tells, now = self._session.say, self._tells, self._watch.now()
        heard = None if state.seen is None else now - state.seen
        facts = [
            (say("State"), tells.status(state)),
            (say("Last heard"), tells.ago(heard)),
            (say("Level"), tells.level(state, now)),
            (say("Mean power"), tells.watts(state.power_mw, state.estimated)),
            (say("Detections"), "–" if state.begin is None else tells.detections(state.detections)),
        ]
        if state.faults:
            facts.append((say("Faults"), "; ".join(map(tells.fault, state.faults))))
        if state.alarms:
            facts.append((say("Alarms"), "; ".join(map(tells.alarm, state.alarms))))
        if (ordered := self._watch.overrides.get(state.name)) is not None:
            until = tells.moment(ordered.until or 0, now)
            facts.append(
                (say("Ordered"), say("at least {level} until {until}", level=tells.percent(self._orders.level_of(ordered)), until=until))
            )
        if state.window is not None and state.window > now:
            facts.append((say("Window"), say("open until {time}", time=tells.clock(state.window))))
        facts += [
            (say("Settings"), str(state.settings or "–")),
            (say("Software"), f"{state.software} {state.slot.strip('-')}".strip() or "–"),
            (say("Running since"), "–" if state.started is None else tells.moment(state.started, now)),
            (say("Starts"), self._session.say.number(state.boots) if state.boots else "–"),
        ]
        if state.heap is not None:
            facts.append((say("Free memory"), f"{say.number(state.heap / 1000, 1)} kB"))
        return tuple(facts)

    def _facts_of_many(self) -> tuple[tuple[str, str], ...]:
        say = self._session.say
        states = [state for lamp in self._lamps if (state := self._watch.state(lamp)) is not None]
        there = sum(state.online is True for state in states)
        return (
            (say("Online"), say("{count} of {all}", count=there, all=len(states))),
            (say("Alarms"), say.number(sum(len(state.alarms) for state in states))),
        )

    def _draw_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        if not facts:
            ui.label("–")
            ui.label(self._session.say("This lamp has no node, or nothing is known without the broker."))
        for name, value in facts:
            ui.label(name)
            ui.label(brief(value, 300))

    def _draw_acts(self, zones: list[str]) -> None:
        say, orders = self._session.say, self._orders
        lamps = [lamp for lamp in self._lamps if self._watch.state(lamp) is not None]
        if not orders.may or not lamps:
            return
        more = ui.button(say("More light"), icon="light_mode", on_click=lambda: orders.more_light(lamps, zones))
        more.props("no-caps outline dense").mark("more-light")
        window = ui.button(say("Commissioning window"), icon="visibility", on_click=lambda: orders.window(lamps))
        window.props("no-caps outline dense").mark("window")

    # -- its day, and why

    def _refresh_day(self, state: NodeState | None) -> None:
        reports = list(self._history)
        if state is not None:
            last = reports[-1]["until"] if reports else 0
            reports += [one for one in self._watch.reports.get(state.name, ()) if one["until"] > last]
        marks = tuple((one["until"], one["level"]) for one in reports)
        minute = int(self._watch.now() // 300)
        self._day.show((marks, minute), lambda: self._draw_day(reports))

    def _draw_day(self, reports: list[dict[str, Any]]) -> None:
        say = self._session.say
        if not reports:
            prose(say("No report of the last day. `lykta fleet record` keeps the history while nobody looks.")).classes("quiet small")
            return
        said = say("Mean levels of the last 24 hours, {count} reports.", count=len(reports))
        ui.html(picture(reports, self._watch.now(), self._tells, said), sanitize=False)
        ui.label(say("Bars: mean level of a quarter of an hour. Below: somebody was detected. ▾ above: a fault.")).classes("quiet small")


def _needs(state: NodeState) -> bool:
    """Whether somebody should look after it."""
    return bool(state.alarms or state.faults or state.online is False)
