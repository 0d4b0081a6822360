"""Tune: every setting of the profile, and what the light of the street makes of it, at once."""

from __future__ import annotations

from nicegui import events, ui

from lykta import __version__
from lykta.errors import LyktaError
from lykta.profiles import load_profile, packaged
from lykta.report.clock import Clock
from lykta.report.strips import strips
from lykta.studio import nights, savedialog
from lykta.studio.controls import Controls
from lykta.studio.diagram import Diagram
from lykta.studio.draft import Draft
from lykta.studio.figures import Figures
from lykta.studio.nights import Frame
from lykta.studio.page import brief, working
from lykta.studio.session import DRAFT, RESULT, STREET, Session
from lykta.studio.verdict import Verdict
from lykta.studio.words import N_

#: What stands beside the profile of now: as before the last change, as opened or saved last, or another profile.
PREVIOUS, SAVED = "previous", "saved"
_STEP_MS = 900_000
_BOTH_ENDS = "(e) => emit([...e.target.closest('.window').querySelectorAll('.part')].map((end) => Number(end.value)))"


async def build(session: Session) -> None:
    """Put the view where it is called."""
    ui.add_head_html('<link rel="stylesheet" href="/lykta/tune.css">')
    place = ui.element("div").classes("tune-place")

    async def fill() -> None:
        place.clear()
        with place:
            await _Tune(session).build()

    session.listen(STREET, fill)
    await fill()


class _Tune:
    """The view on one page, for one street."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._strips = strips(session.street.site)
        plan = session.plan
        self._clock = Clock(plan.agenda.times.origin_utc_ms, session.street.site.timezone, plan.begin_ms, plan.end_ms)
        self._beside, self._other, self._both = PREVIOUS, "", False

    async def build(self) -> None:
        """Put controls, figures and picture."""
        session, plan = self._session, self._session.plan
        rows, columns = Diagram.size()
        simulator = session.simulator
        simulator.strip = min(simulator.strip, len(self._strips) - 1)
        simulator.frame = Frame(plan.begin_ms, plan.end_ms, rows, columns)
        with ui.element("div").classes("tune"):
            Controls(session)
            with ui.element("div").classes("stack result"):
                self._tools()
                self._figures = Figures(session)
                self._window()
                with ui.element("div").classes("pictures"):
                    self._now = self._picture(session.say("Now"))
                    self._then = self._picture(session.say("Compared"))
                self._then[0].set_visibility(False)
                self._table = ui.element("div").classes("panel scroll")
                with self._table:
                    self._figures.table()
                self._locked()
        session.listen(RESULT, self._shown)
        session.listen(DRAFT, self._changed)
        self._changed()
        await self._draw()

    def _tools(self) -> None:
        session, say = self._session, self._session.say
        with ui.element("div").classes("row tools"):
            self._undo = self._tool("undo", say("Undo"), self._back)
            self._redo = self._tool("redo", say("Redo"), self._forth)
            choices = {PREVIOUS: say("the previous step"), SAVED: say("the profile as saved")}
            choices |= {f"profile:{name}": name for name in packaged("profiles")}
            self._select = ui.select(
                choices,
                value=self._beside,
                label=say("Compare with"),
                on_change=self._compare,
                with_input=True,
                new_value_mode="add-unique",
            )
            self._select.props("outlined dense").classes("beside").mark("beside")
            ui.switch(say("Two pictures"), on_change=self._two).props("dense").mark("both")
            save = ui.button(say("Save"), icon="save", on_click=lambda: savedialog.ask(session))
            save.props('unelevated no-caps aria-keyshortcuts="Control+S"', remove="color").classes("act").classes("save").mark("save")
            save.tooltip("Ctrl+S")
        with ui.element("div").classes("row"):
            ui.label(say("simulated")).classes("tag")
            self._state = ui.label().classes("quiet small").props('role="status"')
        self._verdict = Verdict(session)
        self._wrong = ui.label().classes("field-wrong").props('role="alert"')

    def _tool(self, icon: str, said: str, act: events.Handler[events.ClickEventArguments]) -> ui.button:
        button = ui.button(icon=icon, on_click=act).props(f'flat dense round aria-label="{said}"')
        button.tooltip(said)
        return button.mark(icon)

    def _window(self) -> None:
        """Which part of the night is drawn, of which way."""
        session, plan, say = self._session, self._session.plan, self._session.say
        with ui.element("div").classes("row window"):
            if len(self._strips) > 1:
                ways = {number: brief(strip.title, 40) for number, strip in enumerate(self._strips)}
                self._way = ui.select(ways, value=session.simulator.strip, label=say("Way"), on_change=self._other_way)
                self._way.props("outlined dense").classes("way").mark("way")
            ui.label(say("Part of the night")).classes("quiet small")
            self._from = self._end_of_part(say("From"), plan.begin_ms, "from")
            self._until = self._end_of_part(say("Until"), plan.end_ms, "until")
            self._said_part = ui.label().classes("small number")

    def _end_of_part(self, said: str, value: int, mark: str) -> ui.element:
        """A slider for one end of the part of the night that is drawn."""
        plan = self._session.plan
        slider = ui.element("input").classes("slider part").mark(mark)
        slider.props(f"type=range min={plan.begin_ms} max={plan.end_ms} step=any value={value}")
        slider.props["aria-label"] = f"{self._session.say('Part of the night')}: {said}"
        return slider.on("change", self._other_part, js_handler=_BOTH_ENDS)

    def _picture(self, title: str) -> tuple[ui.element, Diagram, ui.element]:
        with ui.element("div").classes("panel picture") as panel:
            ui.label(title).classes("picture-title")
            diagram = Diagram(self._session)
            waiting = working(self._session, self._session.say("Simulating the first night"))
        return panel, diagram, waiting

    def _locked(self) -> None:
        """The requirement, which no profile changes."""
        say, owed = self._session.say, self._session.street.requirement
        with ui.element("div").classes("panel"):
            with ui.element("div").classes("row"):
                ui.icon("lock")
                ui.label(say("Requirement {name}, locked: a profile is judged by it, and never changes it.", name=brief(owed.name)))
            for phase in owed.phases:
                for who, need in phase.needs.items():
                    level, ahead = say.quantity("level", need.level_permille), say.quantity("length", need.ahead_cm)
                    behind, whose = say.quantity("length", need.behind_cm), say(_PLURAL[who])
                    said = say("{who}: {level}, {ahead} ahead, {behind} behind", who=whose, level=level, ahead=ahead, behind=behind)
                    ui.label(said).classes("quiet small")

    # -- what people do

    def _back(self) -> None:
        if self._session.draft.undo():
            self._session.tell(DRAFT)

    def _forth(self) -> None:
        if self._session.draft.redo():
            self._session.tell(DRAFT)

    def _compare(self, event: events.ValueChangeEventArguments[str]) -> None:
        self._wrong.set_text("")
        if not event.value:  # whoever goes through it with the Tab key chooses nothing
            self._select.set_value(self._beside)
            return
        self._beside = str(event.value)
        if self._beside not in (PREVIOUS, SAVED):
            try:
                profile = load_profile(self._beside.removeprefix("profile:"))
                if missing := profile.missing_zones(lamp.zone for lamp in self._session.street.site.lamps):
                    raise LyktaError(missing[0].message)
                self._other = Draft.open(profile).text
            except LyktaError as error:
                self._wrong.set_text(self._session.say.fault(error))
                self._beside = PREVIOUS
        self._changed()

    def _two(self, event: events.ValueChangeEventArguments[bool | None]) -> None:
        self._both = bool(event.value)
        self._then[0].set_visibility(self._both)
        self._changed()

    async def _other_way(self, event: events.ValueChangeEventArguments[int]) -> None:
        self._session.simulator.strip = int(event.value)
        await self._draw()
        self._changed()

    async def _other_part(self, event: events.GenericEventArguments) -> None:
        """Draw another part of the night: to the quarter of an hour, and at least one."""
        plan = self._session.plan
        low, high = sorted(round(float(end) / _STEP_MS) * _STEP_MS for end in event.args)
        low, high = max(plan.begin_ms, low), min(plan.end_ms, max(high, low + _STEP_MS))
        rows, columns = Diagram.size()
        self._session.simulator.frame = Frame(low, high, rows, columns)
        await self._draw()
        self._changed()

    # -- what is shown

    @property
    def _compared(self) -> str:
        """The text of the profile that stands beside."""
        draft = self._session.draft
        return {PREVIOUS: draft.previous, SAVED: draft.original}.get(self._beside, self._other)

    async def _draw(self) -> None:
        """Draw axes and people anew: they are the same for every profile."""
        session, simulator = self._session, self._session.simulator
        frame = simulator.frame
        self._said_part.set_text(f"{self._clock.text(frame.from_ms)} – {self._clock.text(frame.until_ms)}")
        people = await session.bench.now(nights.people, session.ticket, 1, simulator.strip)
        for _, diagram, _ in (self._now, self._then):
            diagram.draw(self._strips[simulator.strip], people, frame)

    def _changed(self) -> None:
        draft = self._session.draft
        self._undo.set_enabled(bool(draft.history.done))
        self._redo.set_enabled(bool(draft.history.undone))
        self._session.simulator.go(draft.text, draft.name, self._compared, self._both)

    def _shown(self) -> None:
        simulator, say = self._session.simulator, self._session.say
        self._wrong.set_text(simulator.error)
        for (_, diagram, waiting), text in ((self._now, self._session.draft.text), (self._then, self._compared)):
            known = simulator.known(text)
            if known.picture and known.frame == (simulator.frame, simulator.strip):
                waiting.set_visibility(False)
                diagram.show(known.picture)
        count = len(simulator.known(self._session.draft.text).rows)
        more = say("simulating further nights") if simulator.busy else ""
        said = say("{count} nights (seeds 1 to {count})", count=count) if count > 1 else say("one night (seed 1)") if count else ""
        self._state.set_text(", ".join(one for one in (said, more, f"Lykta {__version__}") if one))
        self._verdict.show()
        self._figures.show(self._compared)


_PLURAL = {"pedestrian": N_("pedestrians"), "cyclist": N_("cyclists"), "car": N_("cars")}
__all__ = ["PREVIOUS", "SAVED", "build"]
