"""Whether settings that somebody proposes keep the requirement: by the nights that this page has simulated, written into the proposal.

Nothing is judged by looking at a profile: it takes nights. Where none was simulated here, that is said, and offered.
"""

from __future__ import annotations

from nicegui import ui

from lykta.fleet.proposal import Conformity
from lykta.studio import saving
from lykta.studio.savedialog import how_it_stands
from lykta.studio.session import Session

#: While nights are simulated, how many there are is looked at so often [s].
_LOOK_S = 0.5


def conformity(session: Session) -> Conformity:
    """The verdict on the profile of a page, in the words that the record keeps; not judged where no night was simulated."""
    found, street = saving.standing(session), session.street
    served = {one.measure.group: one.now.value or 0.0 for one in found.served}
    return Conformity.judged(served, found.least, found.nights, street.demand.name, street.requirement.name)


class Judgement:
    """What is known of it, in a dialog; with a button that simulates. Built where it is called."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._said = ui.label().props('aria-live="polite"').mark("judgement")
        self._simulate = ui.button(session.say("Simulate it first"), icon="nightlight", on_click=self._go)
        self._simulate.props("no-caps outline dense").mark("simulate-first")
        self._nights = -1
        self._look()
        ui.timer(_LOOK_S, self._look)

    def _go(self) -> None:
        draft = self._session.draft
        self._session.simulator.go(draft.text, draft.name)
        self._look()

    def _look(self) -> None:
        """Say how it stands, whenever there are more nights."""
        session, simulator = self._session, self._session.simulator
        nights = len(simulator.known(session.draft.text).rows)
        self._simulate.set_visibility(not nights and not simulator.busy)
        if simulator.error and not simulator.busy:
            self._said.set_text(simulator.error)
        elif not nights and simulator.busy:
            self._said.set_text(session.say("The first night is being simulated."))
        elif nights != self._nights:
            self._nights = nights
            found = saving.standing(session)
            self._said.set_text(how_it_stands(session, found))
            self._said.classes(replace="notice small" if nights and not found.conforms else "small")


def said_of(session: Session, found: Conformity) -> tuple[str, str]:
    """(what is said of a proposal, its class)."""
    say = session.say
    if found.conforms is None:
        return say("Nobody has judged whether it keeps the requirement."), "quiet"
    return (say("It keeps the requirement."), "better") if found.conforms else (say("It breaks the requirement."), "worse")
