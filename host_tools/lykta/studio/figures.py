"""The figures beside the picture: now, before, and the difference where it is more than chance."""

from __future__ import annotations

from html import escape

from nicegui import ui

from lykta.studio.results import LEAST_NIGHTS, Reading, readings, spread
from lykta.studio.session import Session
from lykta.studio.words import N_

_CARDS = ("energy", "saving")
_MOST_IN_A_ROW = 6


class Figures:
    """The figures of the profile as it is now, beside another: the weightiest as cards, all of them as a table."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._cards = ui.html("", sanitize=False).classes("cards-place").props('aria-live="polite"')

    def table(self) -> None:
        """Put the table where it is called."""
        self._table = ui.html("", sanitize=False).classes("figures")

    def show(self, beside: str) -> None:
        """Show what is known of now, and of another profile beside it."""
        session = self._session
        now = session.simulator.known(session.draft.text).rows
        before = session.simulator.known(beside).rows if beside != session.draft.text else None
        rows = readings(now, before)
        self._cards.set_content(self._as_cards(rows))
        self._table.set_content(self._as_table(rows, len(now)))

    def _as_cards(self, rows: list[Reading]) -> str:
        """Energy and saving, then service and dark seconds of each class."""
        first = [one for one in rows if one.measure.key in _CARDS or one.measure.key.split()[0] in ("service", "dark")]
        return f"<div class='cards{' many' if len(first) > _MOST_IN_A_ROW else ''}'>{''.join(map(self._card, first))}</div>"

    def _card(self, one: Reading) -> str:
        say, measure = self._session.say, one.measure
        gain = self._gain(one) or "&nbsp;"
        value = f"<div class='value'>{escape(measure.shown(say, one.now.value))}</div>"
        name = f"<div class='name'>{escape(measure.name(say))}</div>"
        ends = f"<div class='note'>{escape(spread(measure, say, one.now)) or '&nbsp;'}</div>"
        return f"<div class='card'>{name}{value}{ends}<div class='note'>{gain}</div></div>"

    def _gain(self, one: Reading) -> str:
        """The difference, with what it means in a sign as well as in colour; grey where it may be chance."""
        if one.gain is None or one.gain.value is None:
            return ""
        sign = {"better": "▲ ", "worse": "▼ ", "same": ""}[one.verdict]
        said = {"better": N_("better"), "worse": N_("worse"), "same": N_("no more than chance")}[one.verdict]
        shown = escape(one.measure.shown(self._session.say, one.gain.value, signed=True))
        return f"<span class='{one.verdict}' title='{escape(self._session.say(said))}'>{sign}{shown}</span>"

    def _as_table(self, rows: list[Reading], count: int) -> str:
        say = self._session.say
        head = "".join(
            f"<th scope='col'>{escape(say(one)) if one else ''}</th>" for one in ("", N_("Now"), N_("Compared"), N_("Difference"))
        )
        nights = say("{count} nights so far; in brackets 95 % intervals. Grey: no more than chance.", count=count)
        if count < LEAST_NIGHTS:
            nights = say("One night so far: how sure the figures are, further nights will tell.")
        body = "".join(map(self._row, rows))
        return f"<table class='plain'><caption>{escape(nights)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _row(self, one: Reading) -> str:
        say, measure = self._session.say, one.measure
        cells = [
            f"{escape(measure.shown(say, one.now.value))} <small>{escape(spread(measure, say, one.now))}</small>",
            escape(measure.shown(say, one.before.value)) if one.before else "",
            self._gain(one) + (f" <small>{escape(spread(measure, say, one.gain))}</small>" if one.gain else ""),
        ]
        return f"<tr><th scope='row'>{escape(measure.name(say))}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
