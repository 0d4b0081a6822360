"""The dialog that saves a profile."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui

from lykta.errors import LyktaError
from lykta.studio import saving, simulator
from lykta.studio.results import readings
from lykta.studio.session import DRAFT, Session
from lykta.studio.words import N_

_NO_BREAK = "\N{NO-BREAK SPACE}%"


def ask(session: Session) -> None:
    """Ask where to save the draft, and for a reason where it breaks the requirement."""
    say, found = session.say, saving.standing(session)
    with ui.dialog() as dialog, ui.card().classes("dialog"):
        ui.label(say("Save the profile")).classes("dialog-title")
        ui.label(_said(session, found)).classes("notice" if not found.conforms else "quiet")
        if saved := _less(session):
            ui.label(saved).classes("quiet")
        where = ui.input(say("File"), value=str(saving.proposal(session))).props("outlined dense").classes("wide").mark("save-file")
        reason = ui.input(say("Reason")).props("outlined dense").classes("wide").mark("save-reason")
        reason.set_visibility(not found.conforms)
        wrong = ui.label().classes("field-wrong").props('role="alert"')

        def save() -> None:
            try:
                path = saving.save(session, Path(str(where.value).strip()), str(reason.value or ""))
            except LyktaError as error:
                wrong.set_text(say.fault(error))
                return
            dialog.close()
            session.tell(DRAFT)
            ui.notify(say("Saved in {file}.", file=path), type="positive")

        with ui.element("div").classes("row end"):
            ui.button(say("Cancel"), on_click=dialog.close).props("flat no-caps")
            shown = say("Save") if found.conforms else say("Save as non-conforming")
            ui.button(shown, on_click=save).props("unelevated no-caps", remove="color").classes("act").mark("save-now")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _said(session: Session, found: saving.Standing) -> str:
    """How the draft stands, and what that means for saving it."""
    how = how_it_stands(session, found)
    return how if found.conforms or not found.nights else f"{how} {session.say('It can be saved only as non-conforming, with a reason.')}"


def _less(session: Session) -> str:
    """What the draft takes against the profile as it was opened or saved last; "" where the two are one, or not both simulated."""
    say, draft, known = session.say, session.draft, session.simulator.known
    if not draft.changed:
        return ""
    found = next((one for one in readings(known(draft.text).rows, known(draft.original).rows) if one.measure.key == "energy"), None)
    if found is None or found.gain is None or found.before is None:
        return ""
    now, before = (found.measure.shown(say, one.value) for one in (found.now, found.before))
    return say("Energy of the lamps: {now} a night; the profile as it was opened takes {before}.", now=now, before=before)


def how_it_stands(session: Session, found: saving.Standing) -> str:
    """Whether the draft keeps the requirement, as far as was simulated."""
    say, least = session.say, session.say.percent(found.least)
    if not found.nights:
        return say("No night of it has been simulated yet, so nobody can tell whether it keeps the requirement.")
    broken = ", ".join(f"{one.measure.who(say)} {say.percent(one.now.value, 2)}" for one in found.broken).replace(" %", _NO_BREAK)
    if found.nights < len(simulator.SEEDS):
        text = N_("So far the profile keeps the requirement: full light {least} of the time for each class ({nights} of {all} nights).")
        if found.broken:
            text = N_("So far the profile breaks the requirement, full light {least} of the time: {broken} ({nights} of {all} nights).")
        return say(text, least=least, broken=broken, nights=found.nights, all=len(simulator.SEEDS))
    text = N_("The profile keeps the requirement: full light at least {least} of the time for each class ({nights} nights).")
    if found.broken:
        text = N_("The profile breaks the requirement, full light {least} of the time: {broken} ({nights} nights).")
    return say(text, least=least, broken=broken, nights=found.nights)
