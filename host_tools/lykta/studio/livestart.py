"""What Live shows of a street without a network: what brings one to life, and a simulated street at one button."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from lykta.errors import LyktaError
from lykta.studio.liveparts import prose
from lykta.studio.livetrial import Trial
from lykta.studio.livewatch import network_of, site_of
from lykta.studio.page import brief, empty, working
from lykta.studio.session import Session
from lykta.studio.words import N_

_LOOK_S = 2.0
_STEPS = (
    (N_("a broker, with certificates for every node"), "lykta broker run {site}"),
    (N_("nodes: simulated ones, as whole firmwares; real ones with `lykta flash`"), "lykta fleet simulate {site}"),
    (N_("the history, which keeps alarms and levels while nobody looks"), "lykta fleet record {site}"),
)


def build(session: Session, found: Callable[[], None]) -> None:
    """Say what is missing; call `found` as soon as there is a network."""
    say, site = session.say, site_of(session)
    empty(
        session,
        "sensors_off",
        N_("This street has no network yet"),
        N_("With one, its lamps are seen here as they are now: level, energy, faults, alarms; and orders are given from here."),
    ).classes("live-empty")
    with ui.element("div").classes("panel stack").style("max-width: 760px; margin: 0 auto"):
        ui.label(say("Three commands, each in a terminal of its own, bring it to life")).props('role="heading" aria-level="2"').classes(
            "state-title"
        )
        with ui.element("div").classes("commands"):
            for number, (text, command) in enumerate(_STEPS, 1):
                prose(f"{number}. {say(text)}")
                with ui.element("code"):
                    ui.label(command.format(site=brief(site, 200)))
        ui.label(say("This page finds {folder} by itself.", folder=brief(str(network_of(session)), 200))).classes("quiet small")
        _build_trial(session, found)

    def look() -> None:
        if network_of(session).is_dir():
            found()

    ui.timer(_LOOK_S, look)


def _build_trial(session: Session, found: Callable[[], None]) -> None:
    """A simulated street at one button: it ends with the studio, and leaves nothing behind."""
    say = session.say
    ui.label(say("Or only to look: nodes that tell what the profile plans, on a broker of their own, as long as the studio runs.")).classes(
        "small"
    )
    place = ui.element("div").classes("stack")

    async def start() -> None:
        place.clear()
        with place:
            working(session, N_("Certificates are made, and the nodes get power"))
        try:
            await Trial.begin(session)
        except LyktaError as error:
            place.clear()
            with place:
                ui.label(brief(say.fault(error), 600)).classes("field-wrong").props('role="alert"')
                offer()
            return
        found()

    def offer() -> None:
        button = ui.button(say("Start a simulated street"), icon="play_circle", on_click=start)
        button.props("no-caps unelevated", remove="color").classes("act").style("align-self: flex-start").mark("start-trial")

    with place:
        offer()
