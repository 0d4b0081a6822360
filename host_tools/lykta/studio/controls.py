"""The left side of Tune: which zone, phase and people; every setting of them; the phases of the night."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from nicegui import ui

from lykta.errors import InputError
from lykta.profiles import en13201
from lykta.profiles.loader import ALL
from lykta.profiles.table import CLASSES, EVERYONE, SETTINGS, Setting
from lykta.site.stretches import lit_ways
from lykta.studio.calendarpanel import Calendar
from lykta.studio.fields import Field
from lykta.studio.page import brief, focus
from lykta.studio.scope import ORDINARY, Scope, find
from lykta.studio.session import DRAFT, Session
from lykta.studio.settingnames import WHO, broken_rule, phase
from lykta.studio.times import Times
from lykta.studio.words import N_

_LEVELS = ("idle", "fault", "level")


class Controls:
    """All settings of the draft, at one place of it at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        lit = {lamp.zone for lamp in session.street.site.lamps}
        zones = [zone for zone in session.draft.profile.zones if zone in lit]
        self._zones = zones
        profile = session.draft.profile
        tonight = profile.entry(session.street.date)
        self._scope = Scope(zones[0], entry=ORDINARY if tonight is None else profile.calendar.index(tonight))
        self._calendar_open = False
        self._place = ui.element("div").classes("controls stack")
        self._build()
        session.listen(DRAFT, self._changed)

    def _build(self) -> None:
        """Put everything anew: other entries in the calendar, or another kind of night, have other phases."""
        session = self._session
        self._fields: dict[str, Field] = {}
        self._choices: dict[str, Callable[[], None]] = {}
        self._chips: dict[tuple[str, Any], ui.element] = {}
        self._kinds = self._nights()
        self._scope = self._held(self._scope)
        self._place.clear()
        with self._place:
            with ui.element("div").classes("panel stack"):
                self._choice("zone", session.say("Zone"), {zone: brief(zone, 28) for zone in self._zones})
                if len(self._kinds) > 1:
                    nights = {key: brief(name, 28) for key, (name, _) in self._kinds.items()}
                    self._choice("entry", session.say("Night"), nights)
                self._choice("phase", session.say("When"), self._phases())
                self._other_night()
            with ui.element("div").classes("panel stack"):
                ui.label(session.say("The zone")).classes("section")
                self._put(False)
            with ui.element("div").classes("panel stack"):
                ui.label(session.say("Its people")).classes("section")
                self._choice("who", session.say("Who"), {who: session.say(WHO[who]) for who in (EVERYONE, *CLASSES)})
                self._put(True)
            Times(session, self._scope.entry)
            Calendar(session, self._go_to, self._calendar_open)
        self.show()

    def _nights(self) -> dict[int, tuple[str, tuple[str, ...]]]:
        """(name, phases) of every kind of night, by its entry in the calendar."""
        profile = self._session.draft.profile
        kinds = [(self._session.say("Ordinary"), profile.ordinary), *((one.name, one.night) for one in profile.calendar)]
        return {number: (name, tuple(phase.name for phase in night.phases)) for number, (name, night) in enumerate(kinds, ORDINARY)}

    def _held(self, scope: Scope) -> Scope:
        """A place that there is: an entry or phase that was taken out is none."""
        scope = scope if scope.entry in self._kinds else replace(scope, entry=ORDINARY)
        return scope if scope.phase in (ALL, *self._kinds[scope.entry][1]) else replace(scope, phase=ALL)

    def _other_night(self) -> None:
        """Say so where what is set here is not in force in the night that is simulated."""
        session, say = self._session, self._session.say
        tonight = session.draft.profile.entry(session.street.date)
        number = ORDINARY if tonight is None else session.draft.profile.calendar.index(tonight)
        if number == self._scope.entry:
            return
        text = N_(
            "The night that is simulated, {date}, is another one of the calendar: {name}. Open another date to see what you set here."
        )
        if number == ORDINARY:
            text = N_("The night that is simulated, {date}, is an ordinary one ({name}). Open another date to see what you set here.")
        ui.label(say(text, date=say.date(session.street.date), name=brief(self._kinds[number][0], 28))).classes("notice small")

    def _phases(self) -> dict[str, str]:
        names = self._kinds[self._scope.entry][1]
        return {ALL: self._session.say("All night"), **{name: phase(self._session.say, name) for name in names}}

    def _changed(self) -> None:
        """The draft is another one: put everything anew where its nights are others, else show its values."""
        if self._nights() == self._kinds:
            self.show()
        else:
            self._build()

    def _go_to(self, entry: int) -> None:
        """Look at the settings of an entry of the calendar, whose list stays open."""
        self._calendar_open = True
        self._scope = replace(self._scope, entry=entry)
        self._build()

    def _choice(self, part: str, title: str, choices: Mapping[Any, str]) -> None:
        """A row of buttons, one of which is chosen."""
        buttons: dict[str | int, ui.element] = {}
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
                button.props(f'aria-checked="{str(key == now).lower()}" tabindex="{0 if key == now else -1}"')

        self._choices[part] = mark
        self._chips |= {(part, key): button for key, button in buttons.items()}

    def _go(self, part: str, key: Any) -> None:
        self._scope = replace(self._scope, **{part: key})
        if part == "entry":
            self._build()
            focus(self._chips[part, key].html_id)
            return
        for field in self._fields.values():
            field.complain("")
        self.show()

    def _put(self, per_class: bool) -> None:
        for setting in SETTINGS:
            if setting.per_class == per_class:
                self._fields[setting.key] = Field(self._session.say, setting, self._wanted)

    def show(self) -> None:
        """Show what the draft has at the place of now."""
        draft = self._session.draft
        for mark in self._choices.values():
            mark()
        for setting in SETTINGS:
            found = find(draft.profile, draft.document, self._scope, setting)
            user = CLASSES.index(self._scope.who) if setting.per_class and self._scope.who in CLASSES else 0
            lighting = self._lighting(found.value) if setting.key in _LEVELS else ""
            self._fields[setting.key].show(found, setting.defaults[user], lighting)

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
            session.draft.put(change, step=str(change.path))
        except InputError as error:
            return self._why_not(setting, value) or session.say.error(error.problems[0].message)
        session.tell(DRAFT)
        return ""

    def _why_not(self, setting: Setting, value: int) -> str:
        """The rule that a value would break, in the language of the page; "" where it is another."""
        rows = [list(row) for _, row in self._scope.rows(self._session.draft.profile)]
        for row in rows:
            for user in self._scope.road_users() if setting.per_class else [0]:
                row[setting.position(user)] = value
        return broken_rule(self._session.say, rows)
