"""One setting on the page: its name, what it does, a value to write and a slider to move, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable

from nicegui import events, ui

from lykta.profiles.table import Setting
from lykta.profiles.texts import TEXTS
from lykta.studio.scope import Found
from lykta.studio.settingnames import NAMES, WHO, phase
from lykta.studio.words import Words
from lykta.units import NotAQuantity

#: How far one step of the slider goes, by kind of value [in the integers of the code].
_STEPS = {"level": 10, "time": 1000, "length": 100, "speed": 10, "count": 1}
_SHORT_TIME_MS, _SHORT_STEP_MS = 5000, 100
_PACE_S = 0.12
_KEY = re.compile(r"`(\w+)`")
_BARE = re.compile(r"\d+(?:[.,]\d+)?")
_WHAT_STANDS_THERE = "(e) => emit(e.target.value)"
#: Is handed the setting and the value; returns what is wrong with it, "" if nothing.
Wanted = Callable[[Setting, int], str]


class Field:
    """A setting at the place that is looked at. `wanted` is called with each value that somebody gives it."""

    def __init__(self, say: Words, setting: Setting, wanted: Wanted) -> None:
        self._say, self._setting, self._wanted = say, setting, wanted
        self._value = setting.defaults[0]
        name = say(NAMES[setting.key])
        with ui.element("div").classes("field") as self.element:
            with ui.element("div").classes("field-head"):
                ui.label(name).classes("field-name")
                self._origin = ui.label().classes("origin")
                self._text = ui.input().props(f'dense outlined aria-label="{name}" debounce=0').classes("field-value")
                for event in ("blur", "keydown.enter"):  # with the text: the field itself may tell it later than the key
                    self._text.on(event, self._typed, js_handler=_WHAT_STANDS_THERE)
                self._text.mark(f"field-{setting.key}")
            limits = f"type=range min={setting.lowest} max={setting.highest} step={self._step()}"
            self._slider = ui.element("input").classes("slider").props(f'{limits} aria-label="{name}"')
            self._slider.on("input", self._moved, js_handler="(e) => emit(Number(e.target.value))", throttle=_PACE_S)
            self._slider.mark(f"slider-{setting.key}")
            self._said = ui.label(explained(say, setting.key)).classes("field-said")
            self._others = ui.label().classes("field-others")
            self._wrong = ui.label().classes("field-wrong").props('role="alert"')
        self.complain("")

    def _step(self) -> int:
        """A step that the limits are multiples of, so that the slider stands on whole values."""
        setting, step = self._setting, _STEPS[self._setting.kind]
        fine = setting.kind == "time" and (setting.highest <= _SHORT_TIME_MS or setting.lowest % step)
        return _SHORT_STEP_MS if fine else step

    def show(self, found: Found, default: int, lighting: str = "") -> None:
        """Show what the setting is at a place; `lighting`: the class that is left at this level."""
        say, setting = self._say, self._setting
        self._value = found.value
        self._text.set_value(say.quantity(setting.kind, found.value))
        self._slider.props(f"value={found.value}")
        low, high, usual = (_whole(say.quantity(setting.kind, value)) for value in (setting.lowest, setting.highest, default))
        hint = say("{low} to {high}, by default {default}", low=low, high=high, default=usual)
        self._said.set_text(f"{explained(say, setting.key)} {hint}." + (f" {lighting}" if lighting else ""))
        self._origin.set_text("" if found.written else say("inherited"))
        self._origin.set_visibility(not found.written)
        others = ", ".join(f"{_who(say, who)} {say.quantity(setting.kind, value)}" for who, value in found.others[:6])
        self._others.set_text(say("Finer: {others}", others=others) if others else "")
        self._others.set_visibility(bool(others))

    def complain(self, said: str) -> None:
        """Say at the field what is wrong with its value; "" for nothing."""
        self._wrong.set_text(said)
        self._wrong.set_visibility(bool(said))
        self._text.props(f'aria-invalid="{str(bool(said)).lower()}"')
        self.element.classes("wrong") if said else self.element.classes(remove="wrong")

    def _moved(self, event: events.GenericEventArguments) -> None:
        self._give(int(event.args))

    def _typed(self, event: events.GenericEventArguments) -> None:
        say, setting = self._say, self._setting
        text = (event.args if isinstance(event.args, str) else str(self._text.value or "")).strip()
        if _BARE.fullmatch(text):  # in the unit that stands there already
            text += f" {say.quantity(setting.kind, self._value).partition(' ')[2]}"
        try:
            value = say.parse(setting.kind, text)
        except NotAQuantity as error:
            self.complain(str(error))
            return
        low, high = say.quantity(setting.kind, setting.lowest), say.quantity(setting.kind, setting.highest)
        if value < setting.lowest:
            self.complain(say("That is below the lowest, {low}. Write {low} to {high}.", low=low, high=high))
        elif value > setting.highest:
            self.complain(say("That is above the highest, {high}. Write {low} to {high}.", low=low, high=high))
        elif value != self._value:
            self._give(value)
        else:
            self._text.set_value(say.quantity(setting.kind, value))
            self.complain("")

    def _give(self, value: int) -> None:
        self.complain(self._wanted(self._setting, value))


def _whole(quantity: str) -> str:
    """A quantity that no line parts from its unit."""
    return quantity.replace(" ", "\N{NO-BREAK SPACE}")


def explained(say: Words, key: str) -> str:
    """What a setting does; other settings by the names they have on the page."""
    return _KEY.sub(lambda found: f"“{say(NAMES[found[1]])}”", say(TEXTS[key]))


def _who(say: Words, keys: str) -> str:
    """Phase and class as people read them."""
    return " ".join(say(WHO[key]).lower() if key in WHO else phase(say, key) for key in keys.split())
