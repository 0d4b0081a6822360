"""Why a lamp of the real street was so bright: by what its node told last, or at a time that somebody names, by the history.

What is said, and which rule explains the level, is `fleet.past` in the words of `pasttelling`, as `lykta why` says it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from lykta.errors import LyktaError
from lykta.fleet.model import Alarm, Command, NodeState
from lykta.fleet.past import Unrecorded, past, present
from lykta.fleet.proposal import Proposal
from lykta.fleet.proposals import Proposals
from lykta.studio.liveparts import Redrawn, prose
from lykta.studio.livewatch import Watch
from lykta.studio.livewords import Tells
from lykta.studio.page import brief
from lykta.studio.pasttelling import PastTeller
from lykta.studio.session import Session

_LONGEST = 600


class WhyPanel:
    """The panel. `choose` says of which lamp it tells."""

    def __init__(self, session: Session, watch: Watch, tells: Tells) -> None:
        self._session = session
        self._watch = watch
        self._tells = tells
        self._tell = PastTeller(session.say, watch.street.site.timezone)
        self._state: NodeState | None = None
        self._lamp = ""
        self._at: int | None = None  # the time that somebody has named; None: what was told last
        self._lines: tuple[str, ...] = ()  # of that time
        self._proposals: dict[int, Proposal | None] = {}  # by the version that they were rolled out as
        self._asked: set[int] = set()
        say = session.say
        with ui.element("div").classes("panel stack"):
            ui.label(say("Why was it so bright?")).props('role="heading" aria-level="2"').classes("state-title")
            with ui.element("div").classes("row"):
                self._time = ui.input(say("At what time"), on_change=self._named)
                self._time.props("outlined dense stack-label type=datetime-local debounce=600").mark("why-at")
                self._now = ui.button(say("What it told last"), on_click=self._back).props("flat no-caps dense").mark("why-now")
            self._said = Redrawn(ui.element("div").classes("stack").props('aria-live="polite"').mark("lamp-why"))

    def choose(self, lamp: str) -> None:
        """Tell of this lamp; a time that was named stands."""
        self._lamp, self._lines = lamp, ()
        if self._at is not None:
            background_tasks.create(self._ask())

    def refresh(self, state: NodeState | None) -> None:
        """Bring it up to date."""
        self._now.set_visibility(self._at is not None)
        if self._at is not None:
            lines = self._lines
            self._said.show(("then", self._lamp, self._at, lines), lambda: self._draw(lines))
        elif state is None:
            self._said.show(None, lambda: ui.label("–"))
        else:
            self._refresh_last(state)

    # -- what was told last

    def _refresh_last(self, state: NodeState) -> None:
        version = state.settings
        if version and version not in self._asked:
            self._asked.add(version)
            background_tasks.create(self._look_up(version))
        order, alarms, proposal = self._order(state), self._alarms(state), self._proposals.get(version)
        told = (state.lamp, state.until, state.level, state.faults, state.online, version, order, tuple(alarms), repr(proposal))
        self._said.show(told, lambda: self._draw(self._last(state, order, alarms, proposal)))

    def _last(self, state: NodeState, order: Command | None, alarms: Sequence[Alarm], proposal: Proposal | None) -> Sequence[str]:
        try:
            return self._tell.lines(present(self._watch.street, state, order, alarms, int(self._watch.now()), proposal))
        except LyktaError as error:
            return [brief(self._session.say.fault(error), _LONGEST)]  # a node that the site does not know

    def _order(self, state: NodeState) -> Command | None:
        """The order in force, with what the node has answered."""
        order = self._watch.overrides.get(state.name)
        answer = None if order is None else self._watch.answers.get((state.name, order.number))
        return order if order is None or answer is None else replace(order, ok=answer.ok, reason=answer.reason)

    def _alarms(self, state: NodeState) -> list[Alarm]:
        return [] if self._watch.fleet is None else [alarm for alarm in self._watch.fleet.alarms if alarm.node == state.name]

    async def _look_up(self, version: int) -> None:
        """Whose settings these are."""
        fleet = self._watch.fleet
        if fleet is None:
            self._asked.discard(version)
            return
        try:
            board = Proposals(fleet.database, self._watch.street)
            self._proposals[version] = await fleet.in_thread(lambda: board.of_version(version))
        except LyktaError:
            self._asked.discard(version)  # the banner above the map says so; it is asked again

    # -- at a time

    async def _named(self) -> None:
        """Somebody has named a time, on the clocks of the street."""
        try:
            moment = dt.datetime.fromisoformat(str(self._time.value or ""))
        except ValueError:
            self._at = None
            self.refresh(self._watch.state(self._lamp))
            return
        self._at = int(moment.replace(tzinfo=ZoneInfo(self._watch.street.site.timezone)).timestamp())
        await self._ask()

    def _back(self) -> None:
        self._time.set_value("")

    async def _ask(self) -> None:
        """Ask the history about that time."""
        fleet, lamp, at = self._watch.fleet, self._lamp, self._at
        if at is None:
            return
        lines: Sequence[str]
        if fleet is None:
            lines = [self._session.say("Nothing is known without the broker.")]
        elif at > fleet.time():
            lines = [self._session.say("That is still to come, and only what was can be told.")]
        else:
            now = int(fleet.time())
            try:
                lines = self._tell.lines(await fleet.in_thread(lambda: past(fleet.database, self._watch.street, lamp, at, now)))
            except Unrecorded as error:
                lines = [self._unrecorded(error)]
            except LyktaError as error:
                lines = [brief(self._session.say.fault(error), _LONGEST)]
        if (lamp, at) == (self._lamp, self._at):  # nobody has asked something else meanwhile
            self._lines = tuple(lines)
            self.refresh(self._watch.state(lamp))

    def _unrecorded(self, error: Unrecorded) -> str:
        say = self._session.say
        if error.began is None:
            return say("Nothing is recorded of this lamp. `lykta fleet record` keeps the history while nobody looks.")
        began = self._tells.moment(error.began, self._watch.now())
        return say("Nothing is recorded of this lamp at that time: its history begins {time}.", time=began)

    def _draw(self, lines: Sequence[str]) -> None:
        """The line that decides first."""
        for number, line in enumerate(lines):
            prose(line).classes("step-line quiet" if number else "step-line decides")


__all__ = ["WhyPanel"]
