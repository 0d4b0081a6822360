"""Hypothesis strategies: small streets, who is on them, what gets lost. Everything within the bounds of the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from lykta.corehost import schema
from lykta.site.graph import Graph
from tests.core import streets
from tests.core.judge import Verdict, judge, owed_by
from tests.core.people import PACE, STOP, TURN, Incident, Trip, ideal_readings, walk
from tests.core.world import REAL, Core, World, settings_row

FIRST_MS = 5_000
#: The speeds of a class, at most this much faster or slower than what somebody walks on average: 1.2 / 0.82 < 1.5.
SPEEDS = {int(schema.PEDESTRIAN): (61, 290), int(schema.CYCLIST): (183, 1040)}
PACES = (820, 1200)


@dataclass(frozen=True)
class Plan:
    """A street in words, so that a failing example can be read."""

    shape: str
    pitches: tuple[tuple[int, ...], ...]
    seeing: tuple[bool, ...]
    side_cm: int = 0

    def graph(self, kind: str = "ideal") -> Graph:
        """The site."""
        if self.shape == "line":
            return streets.line(self.pitches[0], self._seeing(len(self.pitches[0]) + 1), kind)
        if self.shape == "ring":
            return streets.ring(self.pitches[0], self._seeing(len(self.pitches[0])), kind)
        return streets.star(self.pitches, self.seeing, self.side_cm, kind)

    def _seeing(self, count: int) -> list[bool]:
        return [self.seeing[number % len(self.seeing)] for number in range(count)]

    @property
    def entrances(self) -> list[str]:
        """Where people come in."""
        if self.shape == "line":
            return ["west", "east"]
        if self.shape == "ring":
            return ["gate"]
        return [*"ABCD"[: len(self.pitches)], *(["side"] if self.side_cm else [])]


@dataclass(frozen=True)
class Scene:
    """A street and the people on it, seen by ideal sensors."""

    plan: Plan
    trips: tuple[Trip, ...]

    def play(self, core: Core = REAL, row: Sequence[int] | None = None) -> list[Verdict]:
        """Let it happen, and judge every user against what the settings promise."""
        graph = self.plan.graph()
        users = [walk(graph, trip, 400_000) for trip in self.trips]
        world = World(graph, row or settings_row(), core)
        world.read(ideal_readings(graph, users))
        world.run(max(user.end_ms for user in users) + 1)
        return [judge(graph, user, world.lights, owed_by(world.row, user.road_user)) for user in users]


#: Every post sees, or every second or third: with the first post of every way among them.
SEEING = ((True,), (True,), (True, False), (True, False, False))
FARTHEST_CM = 3400
#: Light stays for `linger` from the last evidence, not from when somebody stopped: the longest stops, where every post sees, or not [s].
LONGEST_STOP_S, LONGEST_UNSEEN_STOP_S = 140, 60


def lines(fewest: int = 3, most: int = 8) -> st.SearchStrategy[Plan]:
    """Posts along a line."""
    pitches = st.lists(st.integers(1700, FARTHEST_CM), min_size=fewest, max_size=most).map(tuple)
    return st.builds(Plan, st.just("line"), st.tuples(pitches), st.sampled_from(SEEING))


def rings() -> st.SearchStrategy[Plan]:
    """Posts in a ring with one way in."""
    pitches = st.lists(st.integers(1700, FARTHEST_CM), min_size=4, max_size=7).map(tuple)
    return st.builds(Plan, st.just("ring"), st.tuples(pitches), st.just((True,)))


def stars(side: bool = True) -> st.SearchStrategy[Plan]:
    """Arms of posts around a junction."""
    nearest = st.integers(900, FARTHEST_CM // 2)  # two of them are as far apart as posts along an arm
    arm = st.tuples(nearest, st.lists(st.integers(1700, FARTHEST_CM), max_size=3)).map(lambda parts: (parts[0], *parts[1]))
    arms = st.lists(arm, min_size=3, max_size=4).map(tuple)
    sides = st.sampled_from((0, 1500)) if side else st.just(0)
    return st.builds(Plan, st.just("star"), arms, st.just((True,)), sides)


def plans() -> st.SearchStrategy[Plan]:
    """Any of these."""
    return st.one_of(lines(), stars(), rings())


@st.composite
def trips(draw: st.DrawFn, plan: Plan, habits: Sequence[str] = (), within_ms: int = 60_000, slowest: int = 0) -> Trip:
    """Somebody: pedestrian or cyclist, who changes pace a little, and does what `habits` names (STOP, TURN)."""
    road_user = draw(st.sampled_from(sorted(SPEEDS)))
    speed = draw(st.integers(max(slowest, SPEEDS[road_user][0]), SPEEDS[road_user][1]))
    incidents = [Incident(at, PACE, speed * pace // 1000) for at, pace in draw(_paces)]
    if habits:
        if STOP in habits and draw(st.booleans()):
            longest = LONGEST_STOP_S if all(plan.seeing) else LONGEST_UNSEEN_STOP_S
            incidents.append(Incident(draw(_place), STOP, 1000 * draw(st.integers(1, longest))))
        if TURN in habits and draw(st.booleans()):
            incidents.append(Incident(draw(_place), TURN))
    return Trip(
        draw(st.sampled_from(plan.entrances)),
        FIRST_MS + 500 * draw(st.integers(0, within_ms // 500)),
        speed,
        road_user,
        tuple(draw(st.lists(st.integers(0, 2), min_size=1, max_size=3))),
        tuple(incidents),
    )


_paces = st.lists(st.tuples(st.integers(0, 15_000), st.integers(*PACES)), max_size=2)


_place = st.integers(1500, 15_000)


@st.composite
def scenes(
    draw: st.DrawFn,
    where: Callable[[], st.SearchStrategy[Plan]] = plans,
    habits: Sequence[str] = (),
    most: int = 5,
    within_ms: int = 60_000,
    groups: bool = True,
    slowest: int = 0,
) -> Scene:
    """A street with one to `most` people, alone or (`groups`) in pairs that keep together until each goes his way."""
    plan = draw(where())
    found: list[Trip] = []
    for trip in draw(st.lists(trips(plan, habits, within_ms, slowest), min_size=1, max_size=most)):
        found.append(trip)
        if groups and draw(st.integers(0, 3)) == 0:  # somebody goes with him, and perhaps another way at a junction
            choices = tuple(draw(st.lists(st.integers(0, 2), min_size=1, max_size=3)))
            found.append(Trip(trip.entrance, trip.t_ms + draw(st.integers(0, 3)) * 500, trip.speed_cms, trip.road_user, choices))
    return Scene(plan, tuple(found))
