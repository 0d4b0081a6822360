"""The left side of Tune: which zone, phase and people; every setting of them; the phases of the night."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from lykta.document import Document
from lykta.errors import InputError
from lykta.profiles import en13201
from lykta.profiles.loader import ALL
from lykta.profiles.starts import show_start
from lykta.profiles.table import CLASSES, EVERYONE, SETTINGS, Setting
from lykta.site.stretches import lit_ways
from lykta.studio.fields import Field
from lykta.studio.page import brief
from lykta.studio.scope import Scope, find
from lykta.studio.session import DRAFT, Session
from lykta.studio.settingnames import WHO, broken_rule
from lykta.tune.edit import Change

_LEVELS = ("idle", "fault", "level")


class Controls:
    """All settings of the draft, at one place of it at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        lit = {lamp.zone for lamp in session.street.site.lamps}
        zones = [zone for zone in session.draft.profile.zones if zone in lit]
        self._scope = Scope(zones[0])
        self._fields: dict[str, Field] = {}
        self._choices: dict[str, Callable[[], None]] = {}
        with ui.element("div").classes("controls stack"):
            self._heading()
            with ui.element("div").classes("panel stack"):
                self._choice("zone", session.say("Zone"), {zone: brief(zone, 28) for zone in zones})
                self._choice("phase", session.say("When"), self._phases())
            with ui.element("div").classes("panel stack"):
                ui.label(session.say("The zone")).classes("section")
                self._put(False)
            with ui.element("div").classes("panel stack"):
                ui.label(session.say("Its people")).classes("section")
                self._choice("who", session.say("Who"), {who: session.say(WHO[who]) for who in (EVERYONE, *CLASSES)})
                self._put(True)
            self._starts()
        session.listen(DRAFT, self.show)
        self.show()

    def _heading(self) -> None:
        session, say = self._session, self._session.say
        entry = session.draft.profile.entry(session.street.date)
        if entry is not None:
            said = say(
                "This night is one of the calendar: {name}. What its entry says goes before what is set here.", name=brief(entry.name)
            )
            ui.label(said).classes("notice small")

    def _phases(self) -> dict[str, str]:
        night = self._session.draft.profile.night(self._session.street.date)
        return {ALL: self._session.say("All night"), **{phase.name: brief(phase.name, 20) for phase in night.phases}}

    def _choice(self, part: str, title: str, choices: dict[str, str]) -> None:
        """A row of buttons, one of which is chosen."""
        buttons: dict[str, ui.element] = {}
        with ui.element("div").classes("choice").props(f'role="radiogroup" aria-label="{title}"'):
            ui.label(title).classes("choice-name")
            for key, shown in choices.items():
                with ui.element("button").classes("chip").props('type="button" role="radio"') as button:
                    ui.label(shown)
                button.on("click", lambda key=key: self._go(part, key)).mark(f"{part}-{key}")
                buttons[key] = button

        def mark() -> None:
            now = getattr(self._scope, part)
            for key, button in buttons.items():
                button.props(f'aria-checked="{str(key == now).lower()}"')

        self._choices[part] = mark

    def _go(self, part: str, key: str) -> None:
        now = {"zone": self._scope.zone, "phase": self._scope.phase, "who": self._scope.who} | {part: key}
        self._scope = Scope(**now)
        for field in self._fields.values():
            field.complain("")
        self.show()

    def _put(self, per_class: bool) -> None:
        for setting in SETTINGS:
            if setting.per_class == per_class:
                self._fields[setting.key] = Field(self._session.say, setting, self._wanted)

    def show(self) -> None:
        """Show what the draft has at the place of now."""
        draft, date = self._session.draft, self._session.street.date
        text = Document.read(draft.text, draft.name)
        for mark in self._choices.values():
            mark()
        for setting in SETTINGS:
            found = find(draft.profile, text, self._scope, setting, date)
            user = CLASSES.index(self._scope.who) if setting.per_class and self._scope.who in CLASSES else 0
            lighting = self._lighting(found.value) if setting.key in _LEVELS else ""
            self._fields[setting.key].show(found, setting.defaults[user], lighting)
        for name, start in self._shown_starts.items():
            start.set_value(self._written_start(name))

    def _lighting(self, level_permille: int) -> str:
        """The class of EN 13201 that is left at a level on the stretches of the zone."""
        say, parts = self._session.say, []
        for way in lit_ways(self._session.street.site, self._scope.zone):
            if way.design is None:
                continue
            left = en13201.remaining(way.design, level_permille)
            light = f"{say.number(left.average, 2 if left.average < 3 else 1)} {left.unit}"
            if left.lighting_class:
                parts.append(say("{way}: class {name}, {light}", way=brief(way.name or way.id, 30), name=left.lighting_class, light=light))
            else:
                parts.append(say("{way}: below class {name}, {light}", way=brief(way.name or way.id, 30), name=left.lowest, light=light))
        return "EN 13201: " + "; ".join(parts) + "." if parts else ""

    def _wanted(self, setting: Setting, value: int) -> str:
        """Write a value; what is wrong with it, or ""."""
        session = self._session
        change = self._scope.change(setting, value)
        try:
            session.draft.put(change, step=f"{change.path}")
        except InputError as error:
            return self._why_not(setting, value) or error.problems[0].message
        session.tell(DRAFT)
        return ""

    def _why_not(self, setting: Setting, value: int) -> str:
        """The rule that a value would break, in the language of the page; "" where it is another."""
        rows = [list(row) for _, row in self._scope.rows(self._session.draft.profile, self._session.street.date)]
        for row in rows:
            for user in self._scope.road_users() if setting.per_class else [0]:
                row[setting.position(user)] = value
        return broken_rule(self._session.say, rows)

    # -- the phases of the night

    def _starts(self) -> None:
        session = self._session
        self._shown_starts: dict[str, ui.input] = {}
        self._wrong_starts: dict[str, ui.label] = {}
        with ui.element("details").classes("panel"):
            ui.html(f"<summary>{session.say('Phases of the night')}</summary>", sanitize=False)
            ui.label(session.say("Clock times such as 22:00, or from the sun: sunset - 15 min, sunrise.")).classes("field-said")
            for name in (*(phase.name for phase in session.draft.profile.ordinary.phases), ""):
                said = brief(name, 20) if name else session.say("Light off")
                with ui.element("div").classes("field-head"):
                    ui.label(said).classes("field-name")
                    start = ui.input().props("dense outlined").classes("field-value wide")
                    start.props["aria-label"] = said
                    for moment in ("blur", "keydown.enter"):
                        start.on(moment, lambda name=name: self._start_typed(name))
                    start.mark(f"start-{name or 'end'}")
                self._shown_starts[name] = start
                self._wrong_starts[name] = ui.label().classes("field-wrong").props('role="alert"')

    def _written_start(self, name: str) -> str:
        night = self._session.draft.profile.ordinary
        return show_start(next((phase.start for phase in night.phases if phase.name == name), night.end) if name else night.end)

    def _start_typed(self, name: str) -> None:
        session, written = self._session, str(self._shown_starts[name].value or "").strip()
        if written == self._written_start(name):
            self._wrong_starts[name].set_text("")
            return
        try:
            session.draft.put(Change(("phases", name) if name else ("end",), written), step=f"start {name}")
        except InputError as error:
            self._wrong_starts[name].set_text(error.problems[0].message)
            return
        self._wrong_starts[name].set_text("")
        session.tell(DRAFT)
