"""A simulated night as a test asks about it: seconds in the dark, service, saving; what to print and draw where a claim fails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lykta import profiles
from lykta import site as sites
from lykta.corehost import schema
from lykta.errors import LyktaError
from lykta.plan import Plan
from lykta.report.clock import Clock
from lykta.report.light import Light, caps
from lykta.report.static import space_time
from lykta.report.strips import Movements, lines, strips
from lykta.scenarios import Outcome, Scenario, fit, run
from lykta.score import Outage, Score
from lykta.score.quantities import EVERYONE, QUANTITIES
from lykta.score.requirements import judge_all, of_texts
from lykta.sim.baselines import find as find_scheme
from lykta.site import Site
from lykta.testing.street import Broke, Given, Person, Street, broken
from lykta.traffic import Demand

#: The night of worlds that are written down: an equinox, so that it is neither long nor short.
DATE = dt.date(2026, 3, 20)
PROFILE = REQUIREMENT = "kungsholms_strand"
_AROUND_MS = 600_000  # of the picture, before and after the worst moment
_EVERYONE = ("everyone", "")


@dataclass(frozen=True)
class Seconds:
    """Seconds of each user of a class in a night, in the order of entry. Nobody's worst is 0."""

    what: str
    values: NDArray[np.float64]
    users: NDArray[np.int64]

    def max(self) -> float:
        """Those of who had most of them; 0 where nobody came."""
        return float(self.values.max(initial=0.0))

    def sum(self) -> float:
        """All of them."""
        return float(self.values.sum())

    def mean(self) -> float:
        """The mean of all users; 0 where nobody came."""
        return float(self.values.mean()) if len(self.values) else 0.0

    def quantile(self, share: float) -> float:
        """What a share of the users did not exceed: `quantile(0.95)`, the nearest rank; 0 where nobody came."""
        return float(np.quantile(self.values, share, method="inverted_cdf")) if len(self.values) else 0.0

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[float]:
        return iter(self.values.tolist())

    def __array__(self, dtype: object = None, copy: bool | None = None) -> NDArray[np.float64]:
        return np.array(self.values)

    def __repr__(self) -> str:
        if not len(self.values):
            return f"<{self.what}: nobody came>"
        worst = int(np.argmax(self.values))
        return f"<{self.what}: {len(self.values)} of them, at worst {self.values[worst]:.1f} s, user {self.users[worst]}>"


class SimulatedNight:
    """One night, simulated and scored. `score` is all that Lykta knows of it; the rest are the questions that tests ask.

    Its text says how to have it again: the seed and the scenario, or the Python that makes it.
    """

    def __init__(self, scenario: Scenario, plan: Plan, outcome: Outcome, again: str) -> None:
        self.scenario = scenario
        self.plan = plan
        self.outcome = outcome
        self.again = again

    @property
    def score(self) -> Score:
        """The whole score."""
        return self.outcome.score

    @property
    def seed(self) -> int:
        """The seed of its chances."""
        return self.outcome.night.seed

    @property
    def users(self) -> pa.Table:
        """One row for each road user (`lykta.score.USERS`)."""
        return self.score.users

    @property
    def levels(self) -> pa.Table:
        """How bright every lamp was when (`lykta.tables.LEVELS`)."""
        return self.outcome.night.levels

    @property
    def trajectories(self) -> pa.Table:
        """Who went where when (`lykta.tables.TRAJECTORIES`)."""
        return self.outcome.night.trajectories

    @property
    def saving(self) -> float:
        """The share of the lamps' electricity that always on would take more; 0 where that is nothing."""
        return self.score.energy.saving or 0.0

    @property
    def net_saving(self) -> float:
        """The same, net of what nodes and sensors take."""
        return self.score.energy.net_saving or 0.0

    @property
    def lowest_level(self) -> float:
        """The lowest level of any living lamp, as a share of full."""
        return self.score.lowest_permille / 1000

    def dark_seconds(self, road_user: str = "", standing: bool = True) -> Seconds:
        """Seconds in the dark, for each user of a class (everyone: ""). `standing` False: without those who stood longer than `linger`."""
        return self._seconds("dark", road_user, "" if standing else "stationary_ms")

    def late_seconds(self, road_user: str = "") -> Seconds:
        """Seconds with light at their feet, but not as far ahead as it is owed."""
        return self._seconds("late", road_user)

    def owed_seconds(self, road_user: str = "") -> Seconds:
        """Seconds for which light was owed."""
        return self._seconds("duty", road_user)

    def service(self, road_user: str = "") -> float:
        """The share of the time in which a class (everyone: "") had all the light that is owed; 1 where nobody came."""
        if road_user in _EVERYONE:
            found = self.score.everyone.service
        else:
            self._code(road_user)
            found = self.score.classes[road_user].service if road_user in self.score.classes else None
        return 1.0 if found is None else found

    def quantity(self, name: str, road_user: str = EVERYONE) -> float | None:
        """Any figure that a scenario can require, by its name: `quantity("changes per lamp and hour")`."""
        if name not in QUANTITIES:
            raise LyktaError(f'There is no figure "{name}": choose {", ".join(QUANTITIES)}.')
        return QUANTITIES[name].read([self.score], road_user)

    def require(self, *texts: str) -> None:
        """AssertionError, with the shortest explanation, unless requirements written as in a scenario hold: "saving at least 45 %"."""
        failed = [found for found in judge_all(of_texts(texts, "require"), [self.score]) if not found.met]
        if failed:
            raise AssertionError("\n".join(line for found in failed for line in (found.said, *found.detail)))

    def _code(self, road_user: str) -> int:
        if road_user not in schema.CLASS_NAMES:
            raise LyktaError(f'There is no class "{road_user}": choose {", ".join(schema.CLASS_NAMES)}, or everyone.')
        return list(schema.CLASS_NAMES).index(road_user)

    def _seconds(self, what: str, road_user: str, without: str = "") -> Seconds:
        table = self.users
        chosen = table["on_ms"].to_numpy() >= 0
        if road_user not in _EVERYONE:
            chosen = chosen & (table["road_user"].to_numpy() == self._code(road_user))
        ms = table[f"{what}_ms"].to_numpy().astype(np.int64)
        if without:
            ms = ms - np.minimum(ms, table[without].to_numpy())
        who = "all users" if road_user in _EVERYONE else f"each {road_user}"
        name = "seconds of owed light" if what == "duty" else f"{what} seconds"
        return Seconds(f"{name} of {who}, seed {self.seed}", ms[chosen] / 1000, table["user"].to_numpy().astype(np.int64)[chosen])

    def picture(self) -> str:
        """The space-time diagram (SVG) of the ten minutes before and after the worst moment; of all if nobody lacked light."""
        night, score = self.outcome.night, self.score
        site, clock = (
            self.scenario.site,
            Clock(self.plan.agenda.times.origin_utc_ms, self.scenario.site.timezone, score.begin_ms, score.end_ms),
        )
        moment = max(score.worst, key=lambda found: (found.dark_s, found.seconds), default=None)
        everyone = strips(site)
        strip = next((one for one in everyone if moment and any(leg.link == moment.link for leg in one.legs)), everyone[0])
        span = (score.begin_ms, score.end_ms)
        if moment is not None:
            span = max(span[0], moment.begin_ms - _AROUND_MS), min(span[1], moment.end_ms + _AROUND_MS)
        dead = [Outage(one.lamp, one.from_ms, one.until_ms) for one in self.scenario.broken.dead_lamps]
        return space_time(
            strip, Light(night.levels, caps(site)), lines(strip, Movements(night.trajectories)), clock,
            title=f"{site.name}, {self.scenario.date}, simulated, seed {self.seed}", outages=dead, from_ms=span[0], until_ms=span[1],
        )  # fmt: skip

    def __repr__(self) -> str:
        return self.again


#: The nights that were made since the test began, the latest last; `plugin` tells of them where the test fails.
_made: list[SimulatedNight] = []


def forget_nights() -> None:
    """A new test begins."""
    _made.clear()


def latest_night() -> SimulatedNight | None:
    """The night that was made (or asked for) last in this test: with Hypothesis the smallest that breaks the claim."""
    return _made[-1] if _made else None


def note_night(night: SimulatedNight) -> None:
    """A test has this night in its hands; only the latest is kept."""
    _made[:] = [night]


def simulated(scenario: Scenario, plan: Plan, seed: int, again: str) -> SimulatedNight:
    """The night of a seed. `plan`: that of the scenario (`lykta.scenarios.fit`). LyktaError where the sun does not set."""
    if plan.end_ms <= plan.begin_ms:
        raise LyktaError(f"{scenario.site.name}: the sun does not set on {scenario.date}, so there is no night to test.")
    (outcome,) = run(scenario, plan, (seed,))
    night = SimulatedNight(scenario, plan, outcome, again)
    note_night(night)
    return night


@cache
def _parts(profile: str, requirement: str) -> tuple[profiles.Profile, profiles.Requirement]:
    return profiles.load_profile(profile), profiles.load_requirement(requirement)


@cache
def _site_of(which: str) -> Site:
    return sites.load(which)


def night_of(
    street: Street | str | Path, people: Sequence[Person] = (), broke: Sequence[Broke] = (), *, profile: str | Path = PROFILE,
    requirement: str | Path = REQUIREMENT, date: dt.date = DATE, seed: int = 1, radio: str = "ideal", scheme: str = "",
    engine: str = "python",
) -> SimulatedNight:  # fmt: skip
    """Simulate a night with given people on a street, or on a site by its file or packaged name.

    night_of(Street((20, 20)), [Person("pedestrian"), Person("cyclist", way=("east", "west"))], [Broke("silent", ("P2",))])

    `scheme`: a yardstick lights it instead of the nodes ("group"). `engine`: pure Python needs no time to compile; all give the same.
    InputError where anything does not fit.
    """
    wanted, owed = _parts(str(profile), str(requirement))
    site = street.site() if isinstance(street, Street) else _site_of(str(street))
    source = Given(tuple(people))
    scenario = Scenario(
        site.name, site, wanted, owed, Demand("people who were written down", {}, source=source), date, (seed,), radio=radio, engine=engine,
        scheme=find_scheme(scheme) if scheme else None,
    )  # fmt: skip
    plan, _ = fit(scenario)
    scenario = replace(scenario, broken=broken(site, broke, plan.begin_ms, plan.end_ms))
    given = {"profile": (profile, PROFILE), "requirement": (requirement, REQUIREMENT), "radio": (radio, "ideal"), "scheme": (scheme, "")}
    options = [f"{name}={str(value)!r}" for name, (value, default) in given.items() if str(value) != default]
    options += [f"date={date!r}"] if date != DATE else []
    shown = repr(street) if isinstance(street, Street) else repr(str(street))
    again = ", ".join([shown, repr(list(people)), *([repr(list(broke))] if broke else []), *options, f"seed={seed}"])
    return simulated(scenario, plan, seed, f"night_of({again})")
