"""The dialog that opens another street: site, profile, requirement, people, night, sensors, radio."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from nicegui import ui

from lykta.errors import LyktaError
from lykta.profiles.loader import DATA
from lykta.scenarios import RADIOS, SENSORS, Scenario, Wish, assemble, find_scenario, load_scenario
from lykta.site import loader
from lykta.studio.session import Session
from lykta.studio.words import N_

#: The fields that name a file or something packaged, and its folder.
_PARTS = {"site": "sites", "profile": "profiles", "requirement": "requirements", "traffic": "traffic"}
_SENSORS = {"site": N_("as the site has them"), "ideal": N_("ideal")}
_RADIOS = {"ideal": N_("nothing lost"), "real": N_("10 % lost, in bursts")}


def ask(session: Session) -> None:
    """Ask which street to open. What is left empty is taken from the site."""
    say, street, names = session.say, session.street, session.names
    with ui.dialog() as dialog, ui.card().classes("dialog"):
        ui.label(say("Open a street")).classes("dialog-title")
        fields = {
            "site": _text(say("Site or scenario: a file or a packaged name"), names.get("site", ""), "sites"),
            "profile": _text(say("Profile"), names.get("profile", ""), "profiles"),
            "requirement": _text(say("Requirement"), names.get("requirement", ""), "requirements"),
            "traffic": _text(say("People"), names.get("traffic", ""), "traffic"),
        }
        for key, field in fields.items():
            field.mark(f"open-{key}")
        with ui.element("div").classes("row"):
            date = ui.input(say("Night that begins on"), value=street.date.isoformat()).props("outlined dense type=date")
            sensors = ui.select({key: say(_SENSORS[key]) for key in SENSORS}, label=say("Sensors"), value=street.sensors)
            radio = ui.select({key: say(_RADIOS[key]) for key in RADIOS}, label=say("Radio"), value=street.radio)
            sensors.props("outlined dense").classes("way")
            radio.props("outlined dense").classes("way")
        if session.draft.changed:
            ui.label(say("The profile has unsaved changes: they are lost when another street is opened.")).classes("notice small")
        wrong = ui.label().classes("field-wrong state-said").props('role="alert"')

        def go() -> None:
            given = {key: str(field.value or "").strip() for key, field in fields.items()}
            try:
                scenario = _found(given, str(date.value), str(sensors.value), str(radio.value), session)
                session.open_street(replace(scenario, engine=street.engine), given)
            except (LyktaError, ValueError) as error:
                wrong.set_text(say.fault(error))
                return
            dialog.close()

        with ui.element("div").classes("row end"):
            ui.button(say("Cancel"), on_click=dialog.close).props("flat no-caps")
            ui.button(say("Open"), on_click=go).props("unelevated no-caps", remove="color").classes("act").mark("open-now")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _packaged(folder: str) -> list[str]:
    return sorted(path.stem for path in (DATA / folder).glob("*.yaml"))


def _must_be_there(session: Session, name: str, packaged: list[str]) -> None:
    """LyktaError for what is neither a file nor comes with Lykta."""
    if name and name not in packaged and not Path(name).is_file():
        said = session.say(
            "“{given}” is neither a file nor one of those that come with Lykta: {known}.", given=name[:80], known=", ".join(packaged)
        )
        raise LyktaError(said)


def _text(label: str, value: str, folder: str) -> ui.input:
    return ui.input(label, value=value, autocomplete=_packaged(folder)).props("outlined dense").classes("wide")


def _found(given: dict[str, str], date: str, sensors: str, radio: str, session: Session) -> Scenario:
    """The scenario that somebody asks for. Names of files count from the folder where the studio was started."""
    names = {key: _beside(name, session.studio.folder) for key, name in given.items()}
    for key, folder in _PARTS.items():
        _must_be_there(session, names[key], [*loader.packaged(), *_packaged("scenarios")] if key == "site" else _packaged(folder))
    path = find_scenario(names["site"])
    if path is not None:
        return load_scenario(path)
    parts = {key: name for key, name in names.items() if key != "site"}
    try:
        day = dt.date.fromisoformat(date)
    except ValueError:
        raise LyktaError(session.say("“{given}” is no date.", given=date[:20])) from None
    return assemble(Wish(names["site"], parts, date=day, sensors=sensors, radio=radio))


def _beside(name: str, folder: Path) -> str:
    near = folder / name
    return str(near) if name and near.is_file() else name
