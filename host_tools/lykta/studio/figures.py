"""The figures beside the picture: now, before, and the difference where it is more than chance."""

from __future__ import annotations

from html import escape

from nicegui import ui

from lykta.studio.results import LEAST_NIGHTS, Reading, readings, spread
from lykta.studio.session import Session


class Figures:
    """A table of all figures of the profile as it is now, beside another one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before = session.draft.original
        self._table = ui.html("", sanitize=False).classes("figures").props('aria-live="polite"')

    def compare_with(self, text: str) -> None:
        """Put the figures of another profile beside those of now."""
        self._before = text
        self.show()

    def show(self) -> None:
        """Show what is known."""
        session = self._session
        now = session.simulator.known(session.draft.text).rows
        before = session.simulator.known(self._before).rows if self._before != session.draft.text else None
        self._table.set_content(self._html(readings(now, before), len(now)))

    def _html(self, rows: list[Reading], count: int) -> str:
        say = self._session.say
        head = "".join(f"<th scope='col'>{escape(say(one))}</th>" for one in ("", "Now", "Before", "Difference"))
        nights = say("{count} nights so far; intervals of 95 %, grey is no more than chance.", count=count)
        if count < LEAST_NIGHTS:
            nights = say("One night so far: how sure the figures are, further nights will tell.")
        body = "".join(map(self._row, rows))
        return f"<table class='plain'><caption>{nights}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _row(self, one: Reading) -> str:
        say, measure = self._session.say, one.measure
        cells = [
            f"{measure.shown(say, one.now.value)} <small>{spread(measure, say, one.now)}</small>",
            measure.shown(say, one.before.value) if one.before else "",
            f"<span class='{one.verdict}'>{measure.shown(say, one.gain.value, signed=True)}</span>" if one.gain else "",
        ]
        return f"<tr><th scope='row'>{escape(measure.name(say))}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
