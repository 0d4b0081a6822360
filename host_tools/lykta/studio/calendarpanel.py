"""The calendar of a profile: which nights are other than ordinary ones, when, and why. The first entry that matches holds."""

from __future__ import annotations

import json
from collections.abc import Callable

from nicegui import ui

from lykta.errors import InputError
from lykta.studio.page import brief
from lykta.studio.scope import ORDINARY
from lykta.studio.session import DRAFT, Session
from lykta.studio.words import N_
from lykta.tune import lists
from lykta.tune.edit import Change, put

CALENDAR = "calendar"
#: What an entry may say of itself, and how it is asked for.
_ASKED = {
    "name": (N_("Name"), ""),
    "event": (N_("Event"), ""),
    "weekdays": (N_("Weekdays"), N_("such as fri-sat, or [mon, wed]")),
    "dates": (N_("Dates"), N_("such as 2026-12-31, each year 12-31, or 06-01..08-31")),
    "holidays": (N_("Holidays of"), N_("the code of a country, such as SE")),
    "from": (N_("First night"), N_("such as 2026-12-31")),
    "until": (N_("Last night"), N_("such as 2026-12-31")),
    "reason": (N_("Reason"), N_("what people will ask about")),
}
_OF_EVENT, _OF_OTHERS = ("event", "from", "until", "weekdays", "reason"), ("name", "weekdays", "dates", "holidays", "reason")
_FREE = ("name", "event", "reason")
#: What can be begun: a further entry with what it needs to be one.
_NEW = {
    "weekend": (N_("Weekend"), ("name: {name}", "weekdays: fri-sat")),
    "holidays": (N_("Public holidays"), ("name: {name}", "holidays: SE")),
    "summer": (N_("A part of the year"), ("name: {name}", "dates: 06-01..08-31")),
    "event": (N_("A special day"), ("event: {name}", "from: {date}", "until: {date}", "reason: {reason}")),
}


class Calendar:
    """The entries. `go` is called with the number of an entry whose settings somebody wants to see."""

    def __init__(self, session: Session, go: Callable[[int], None], unfolded: bool) -> None:
        self._session, self._go = session, go
        say = session.say
        with ui.element("details").classes("panel").props("open" if unfolded else ""):
            with ui.element("summary"):  # the child itself: a browser takes no other for its handle
                ui.label(say("Calendar"))
            ui.label(
                say(
                    "Nights that differ from ordinary ones. A night belongs to the date of its evening; the first entry that matches holds."
                )
            ).classes("field-said")
            for number in range(len(session.draft.profile.calendar)):
                self._entry(number)
            self._wrong = ui.label().classes("field-wrong").props('role="alert"').mark("calendar-wrong")
            with ui.element("div").classes("choice"):
                ui.label(say("Add")).classes("choice-name")
                for key, (name, _) in _NEW.items():
                    with ui.element("button").classes("chip").props('type="button"') as button:
                        ui.label(say(name))
                    button.on("click", lambda key=key: self._add(key)).mark(f"calendar-add-{key}")

    def _entry(self, number: int) -> None:
        """One entry: what it says, and what can be done with it."""
        session, say = self._session, self._session.say
        entry, written = session.draft.profile.calendar[number], session.draft.entries()[number]
        with ui.element("div").classes("field"):
            with ui.element("div").classes("field-head"):
                ui.label(f"{number + 1}. {brief(entry.name, 30)}").classes("field-name")
                if entry is session.draft.profile.entry(session.street.date):
                    ui.label(say("this night")).classes("tag")
                self._tool("tune", say("Its settings"), lambda: self._go(number), f"calendar-go-{number}")
                if number:
                    up = say("Move up: it goes before the one above")
                    self._tool("arrow_upward", up, lambda: self._raise(number), f"calendar-up-{number}")
                self._tool("delete", say("Take out"), lambda: self._take_out(number), f"calendar-out-{number}")
            for key in _OF_EVENT if "event" in written else _OF_OTHERS:
                self._field(number, key, written.get(key, ""))

    def _tool(self, icon: str, said: str, act: Callable[[], None], mark: str) -> None:
        button = ui.button(icon=icon, on_click=act).props("flat dense round size=sm").classes("ink").mark(mark)
        button.props["aria-label"] = said
        button.tooltip(said)

    def _field(self, number: int, key: str, value: str) -> None:
        say = self._session.say
        name, example = _ASKED[key]
        with ui.element("div").classes("field-head"):
            ui.label(say(name)).classes("choice-name grow")
            field = ui.input(value=value, placeholder=say(example) if example else "").props("dense outlined").classes("field-value wide")
            field.props["aria-label"] = f"{number + 1}: {say(name)}"
            field.mark(f"calendar-{number}-{key}")
        wrong = ui.label().classes("field-wrong").props('role="alert"')

        def typed() -> None:
            given = " ".join(str(field.value or "").split())
            wrong.set_text("" if given == value else self._write(number, key, given))

        for moment in ("blur", "keydown.enter"):
            field.on(moment, typed)

    # -- what people do; each is one step that can be undone

    def _write(self, number: int, key: str, given: str) -> str:
        """Write a value, or take it out; what is wrong with it, or ""."""
        draft, say = self._session.draft, self._session.say
        try:
            if given:
                text = put(draft.text, [Change((CALENDAR, number, key), _quoted(given) if key in _FREE else given)], draft.name)
            else:
                text = lists.without(draft.text, CALENDAR, number, key, draft.name)
            draft.replace(text)
        except InputError as error:
            return say.error(error.problems[0].message)
        self._session.tell(DRAFT)
        return ""

    def _add(self, key: str) -> None:
        session = self._session
        name, lines = _NEW[key]
        said = {"name": _quoted(session.say(name)), "date": session.street.date.isoformat(), "reason": _quoted(session.say("say why"))}
        if self._replace(lambda text, file: lists.add(text, CALENDAR, [line.format(**said) for line in lines], file)):
            self._go(len(session.draft.profile.calendar) - 1)

    def _raise(self, number: int) -> None:
        if self._replace(lambda text, file: lists.raised(text, CALENDAR, number, file)):
            self._go(number - 1)

    def _take_out(self, number: int) -> None:
        if self._replace(lambda text, file: lists.take_out(text, CALENDAR, number, file)):
            self._go(ORDINARY)

    def _replace(self, change: Callable[[str, str], str]) -> bool:
        """Take the text after a change; whether it is one without errors."""
        session = self._session
        try:
            session.draft.replace(change(session.draft.text, session.draft.name))
        except InputError as error:
            self._wrong.set_text(session.say.error(error.problems[0].message))
            return False
        session.tell(DRAFT)
        return True


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
