"""Small parts of the view Live: what is drawn anew only when it has changed, sentences with commands in them, the signs of its legend."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from nicegui import ui

from lykta.studio.words import N_, Words

#: The signs of the map, as `static/map/live.js` draws them on its dark ground.
_SIGNS = {
    "online": (N_("online (mean level)"), '<circle cx="9" cy="9" r="5.5" fill="#fff3cf"/>'),
    "offline": (N_("offline"), '<path d="M5 5l8 8M5 13l8-8" stroke="#ff8fa8" stroke-width="2.4"/>'),
    "never": (N_("never heard"), '<circle cx="9" cy="9" r="4.5" fill="none" stroke="#8d99a8" stroke-width="1.6"/>'),
    "alarm": (N_("alarm"), '<path d="M9 3l7 12H2z" fill="#ffb454"/><path d="M9 7v4M9 12.6v1.4" stroke="#0b0e14" stroke-width="1.7"/>'),
    "fault": (N_("fault"), '<path d="M9 3l6 6-6 6-6-6z" fill="none" stroke="#ffb454" stroke-width="1.8"/>'),
    "override": (
        N_("ordered light"),
        '<path d="M3 3h12v12H3z" fill="none" stroke="#6cc4ff" stroke-width="2"/><circle cx="9" cy="9" r="3" fill="#fff3cf"/>',
    ),
    "exact": (
        N_("level of this moment"),
        '<circle cx="9" cy="9" r="6" fill="none" stroke="#fff" stroke-width="1.3"/><circle cx="9" cy="9" r="3" fill="#fff3cf"/>',
    ),
}


class Redrawn:
    """A part of the page that is drawn anew only when what it says has changed: what somebody points at stays where it is."""

    def __init__(self, element: ui.element) -> None:
        self.element = element
        self._said: Hashable = self

    def show(self, said: Hashable, draw: Callable[[], object]) -> None:
        """Draw, unless `said`, which is all that it depends on, is what it was."""
        if said != self._said:
            self._said = said
            self.element.clear()
            with self.element:
                draw()

    def forget(self) -> None:
        """Draw anew the next time, whatever it says."""
        self._said = self


def prose(text: str) -> ui.element:
    """A sentence; what stands in it between `backticks` is written as a command is."""
    with ui.element("div").classes("prose") as whole:
        for number, part in enumerate(text.split("`")):
            if part and number % 2:
                with ui.element("code"):
                    ui.label(part)
            elif part:
                ui.label(part)
    return whole


def key(say: Words, sign: str) -> None:
    """A sign of the map with its meaning."""
    text, drawn = _SIGNS[sign]
    with ui.element("span").classes("key"):
        ui.html(f'<svg viewBox="0 0 18 18" aria-hidden="true">{drawn}</svg>', sanitize=False)
        ui.label(say(text))
