"""When the phases of a kind of night begin, and when the light goes off: one field each."""

from __future__ import annotations

from nicegui import ui

from lykta.errors import InputError
from lykta.profiles import Night
from lykta.profiles.starts import show_start
from lykta.studio.scope import ORDINARY
from lykta.studio.session import DRAFT, Session
from lykta.studio.settingnames import phase
from lykta.tune.edit import Change, Path

#: In place of a phase: the end of the night.
END = ""


class Times:
    """The clock or sun times of ordinary nights, or of an entry of the calendar."""

    def __init__(self, session: Session, entry: int) -> None:
        self._session, self._entry = session, entry
        self._shown: dict[str, ui.input] = {}
        self._wrong: dict[str, ui.label] = {}
        with ui.element("details").classes("panel"):
            with ui.element("summary"):  # the child itself: a browser takes no other for its handle
                ui.label(session.say("Phases of the night"))
            ui.label(session.say("Clock times such as 22:00, or from the sun: sunset - 15 min, sunrise.")).classes("field-said")
            for name in (*(phase.name for phase in self._night.phases), END):
                self._put(name)
        session.listen(DRAFT, self.show)
        self.show()

    @property
    def _night(self) -> Night:
        profile = self._session.draft.profile
        return profile.ordinary if self._entry == ORDINARY else profile.calendar[self._entry].night

    def _put(self, name: str) -> None:
        said = phase(self._session.say, name) if name else self._session.say("Light off")
        with ui.element("div").classes("field-head"):
            ui.label(said).classes("field-name")
            start = ui.input().props("dense outlined").classes("field-value wide")
            start.props["aria-label"] = said
            for moment in ("blur", "keydown.enter"):
                start.on(moment, lambda: self._typed(name))
            start.mark(f"start-{name or 'end'}")
        self._shown[name] = start
        self._wrong[name] = ui.label().classes("field-wrong").props('role="alert"')

    def show(self) -> None:
        """Show what the draft has."""
        if self._entry >= len(self._session.draft.profile.calendar):
            return  # it was taken out, and this is about to go too
        written = self._written()
        for name, start in self._shown.items():
            if name in written:
                start.set_value(written[name])

    def _written(self) -> dict[str, str]:
        night = self._night
        return {**{phase.name: show_start(phase.start) for phase in night.phases}, END: show_start(night.end)}

    def _typed(self, name: str) -> None:
        session, given = self._session, str(self._shown[name].value or "").strip()
        written = self._written()
        self._wrong[name].set_text("")
        if given == written[name]:
            return
        try:
            session.draft.put(self._change(name, given), step=f"start {name}")
        except InputError as error:
            self._wrong[name].set_text(session.say.error(error.problems[0].message))
            return
        session.tell(DRAFT)

    def _change(self, name: str, given: str) -> Change:
        """What is to be written. An entry that has no times of its own is given all of them: its phases go before all others."""
        night: Path = () if self._entry == ORDINARY else ("calendar", self._entry)
        if name == END:
            return Change((*night, "end"), given)
        entries = self._session.draft.entries()
        if self._entry == ORDINARY or "phases" in entries[self._entry]:
            return Change((*night, "phases", name), given)
        times = {**self._written(), name: given}
        return Change((*night, "phases"), "{" + ", ".join(f"{key}: {value}" for key, value in times.items() if key != END) + "}")
