"""What one open page knows: site, profile, people, nights simulated so far; and who wants to hear when any of it changes.

Every view is handed the session of its page. Two open pages share nothing but the processes that simulate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lykta.plan import Plan
from lykta.scenarios import Outcome, Scenario, fit
from lykta.studio import nights
from lykta.studio.access import SOMEBODY, Person
from lykta.studio.draft import Draft
from lykta.studio.simulator import Simulator
from lykta.studio.words import Words
from lykta.studio.work import Bench
from lykta.tune.stage import Ticket

if TYPE_CHECKING:
    from lykta.studio.studio import Studio

#: What can change: another street (or date, people, sensors), the draft of the profile, what nights came to, language or colours.
STREET, DRAFT, RESULT, LOOK = "street", "draft", "result", "look"
_OUTCOMES_KEPT = 3


@dataclass
class Session:
    """One open page. `street`: the scenario with the profile as it was opened; `draft`: the profile as it is now."""

    studio: Studio
    person: Person = SOMEBODY
    say: Words = field(default_factory=Words)
    dark: bool = True
    street: Scenario = field(init=False)
    plan: Plan = field(init=False)
    draft: Draft = field(init=False)
    ticket: Ticket = field(init=False)
    simulator: Simulator = field(init=False)
    doubts: list[str] = field(default_factory=list)
    #: What a view wants to find again when it is built anew, by names of its own.
    kept: dict[str, Any] = field(default_factory=dict)
    #: Brings a view to the front, by its key.
    visit: Callable[[str], Awaitable[None]] = field(init=False)

    def __post_init__(self) -> None:
        self._ears: defaultdict[str, list[Callable[[], object]]] = defaultdict(list)
        self._outcomes: dict[tuple[str, int], Outcome] = {}
        self.names = dict(self.studio.names)
        self._take(self.studio.scenario)

    @property
    def bench(self) -> Bench:
        """The processes that simulate."""
        return self.studio.bench

    @property
    def scenario(self) -> Scenario:
        """The scenario with the profile as it is now."""
        return replace(self.street, profile=self.draft.profile)

    def listen(self, what: str, ear: Callable[[], object]) -> None:
        """Call `ear` whenever something of this kind changes. A view that is built anew is forgotten with `deafen` first."""
        self._ears[what].append(ear)

    def deafen(self) -> None:
        """Forget everybody who listens: the page is built anew."""
        self._ears.clear()

    def tell(self, what: str) -> None:
        """Tell everybody who listens that something has changed."""
        for ear in list(self._ears[what]):
            ear()

    @property
    def profile_name(self) -> str:
        """How somebody would name the profile that was opened: its file, or the packaged name."""
        return self.names.get("profile") or self.street.site.profile or self.draft.name

    def open_street(self, scenario: Scenario, names: Mapping[str, str] | None = None) -> None:
        """Go to another street, date, people or requirement. InputError where its parts do not fit; then nothing changes.

        `names`: how site, profile, requirement and traffic were named, where they were.
        """
        self._take(scenario)
        self.names = dict(names or {"site": scenario.site.file or scenario.site.name})
        self.tell(STREET)

    def _take(self, scenario: Scenario) -> None:
        plan, doubtful = fit(scenario)
        draft = Draft.open(scenario.profile)
        self.street, self.plan, self.draft = scenario, plan, draft
        self.doubts = [problem.message for problem in doubtful]
        self.ticket = Ticket.of(scenario)
        self._outcomes.clear()
        if hasattr(self, "simulator"):
            self.simulator.stop()
        self.simulator = Simulator(self, lambda: self.tell(RESULT))

    def close(self) -> None:
        """The page is gone: drop what is under way for it."""
        self.deafen()
        self.simulator.stop()

    async def outcome(self, seed: int) -> Outcome:
        """A whole night as the profile lights it now: levels, detections, people, readings and the whole score. Takes seconds."""
        key = (self.draft.text, seed)
        if key not in self._outcomes:
            found = await self.bench.night(seed, nights.outcome, self.ticket, self.draft.text, self.draft.name, seed)
            while len(self._outcomes) >= _OUTCOMES_KEPT:
                self._outcomes.pop(next(iter(self._outcomes)))
            self._outcomes[key] = found
        return self._outcomes[key]
