"""The definitions, section 2, taken literally at single moments: slow, plain, and sharing no code with the score.

Only the dimmer's law is taken from the core, and the graph is read as a list of links.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from functools import cache

from lykta.corehost import dimmer
from lykta.profiles.model import Need
from tests.score.world import World

NAMES = ("pedestrian", "cyclist", "car")
FAR = 10**9


class Oracle:
    """Answers for any ms of a drawn night what is owed and what is lit."""

    def __init__(self, world: World) -> None:
        self.world = world
        points = [point.id for point in world.site.points]
        self.links = [(points.index(link.a), points.index(link.b), link.length_cm, link.way) for link in world.site.links]
        self.classes = {way.id: way.classes for way in world.site.ways}
        self.anchors = [[points.index(name) for name in (lamp.id, *lamp.anchors)] for lamp in world.site.lamps]
        self.stretches: dict[int, list[dict[str, int]]] = {}
        for found in world.trajectories.to_pylist():
            if any(NAMES[found["road_user"]] in needs for _, needs in world.rules.phases):
                self.stretches.setdefault(found["user"], []).append(found)
        self.rows = [[found for found in world.levels.to_pylist() if found["lamp"] == lamp] for lamp in range(len(self.anchors))]
        self.starts = [[found["t_ms"] for found in rows] for rows in self.rows]
        self.onsets = {user: self._onsets(user) for user in self.stretches}

    def level(self, lamp: int, t: int) -> int:
        """The level of a lamp."""
        at = bisect_right(self.starts[lamp], t) - 1
        if at < 0:
            return 0
        found = self.rows[lamp][at]
        goal, way = dimmer.position_of(found["target_permille"]), (t - found["t_ms"]) * found["rate"]
        position = found["position"]
        return dimmer.level_of(min(position + way, goal) if goal > position else max(position - way, goal))

    def stretch(self, user: int, t: int) -> dict[str, int] | None:
        """Where a user is going at a moment."""
        return next((found for found in self.stretches[user] if found["t0_ms"] <= t < found["t1_ms"]), None)

    @staticmethod
    def chainage(found: dict[str, int], t: int) -> Fraction:
        """Where on the link he is."""
        share = Fraction(t - found["t0_ms"], found["t1_ms"] - found["t0_ms"])
        return found["from_cm"] + (found["to_cm"] - found["from_cm"]) * share

    def _onsets(self, user: int) -> tuple[int, int]:
        """The first ms inside a first, and inside a second lamp's coverage; found by bisection in each stretch."""
        coverage = self.world.coverage
        entered: dict[int, int] = {}
        for found in self.stretches[user]:
            for kind, link, low, high, lamp in zip(
                coverage.road_user, coverage.link, coverage.from_cm, coverage.to_cm, coverage.lamp, strict=True
            ):
                if kind == found["road_user"] and link == found["link"]:
                    t = self._first_inside(found, int(low), int(high))
                    if t is not None:
                        entered[int(lamp)] = min(t, entered.get(int(lamp), FAR))
        times = sorted(entered.values())
        return (times + [FAR, FAR])[0], (times + [FAR, FAR])[1]

    def _first_inside(self, found: dict[str, int], low: int, high: int) -> int | None:
        """The first ms of a stretch at which the user is between two chainages: he moves one way, so bisection finds it."""
        first, last = found["t0_ms"], found["t1_ms"] - 1
        rising = found["to_cm"] >= found["from_cm"]

        def come(t: int) -> bool:
            at = self.chainage(found, t)
            return at >= low if rising else at <= high

        if not come(last):
            return None
        while first < last:
            middle = (first + last) // 2
            first, last = (first, middle) if come(middle) else (middle + 1, last)
        return first if low <= self.chainage(found, first) <= high else None

    @cache  # noqa: B019 - an oracle lives for one test
    def lengths(self, source: int, closed: int, name: str) -> dict[int, int]:
        """Shortest lengths from a point over links that a class may use, one link closed: relaxed until nothing changes."""
        length = {source: 0}
        changed = True
        while changed:
            changed = False
            for number, (a, b, cm, way) in enumerate(self.links):
                if number == closed or name not in self.classes[way]:
                    continue
                for here, there in ((a, b), (b, a)):
                    if here in length and length[here] + cm < length.get(there, FAR):
                        length[there] = length[here] + cm
                        changed = True
        return length

    def heading(self, user: int, found: dict[str, int]) -> bool:
        """Whether he goes (or last went, or will go, on this link) from b to a."""
        if found["from_cm"] != found["to_cm"]:
            return found["to_cm"] < found["from_cm"]
        rows = self.stretches[user]
        at = rows.index(found)
        earlier = next((other for other in reversed(rows[:at]) if other["from_cm"] != other["to_cm"]), None)
        later = next((other for other in rows[at:] if other["from_cm"] != other["to_cm"]), None)
        for other in (earlier, later):
            if other is not None and other["link"] == found["link"]:
                return other["to_cm"] < other["from_cm"]
        return found["from_cm"] >= self.links[found["link"]][2]

    def distances(self, user: int, found: dict[str, int], t: int) -> tuple[dict[int, Fraction], dict[int, Fraction]]:
        """(f_u, b_u) by lamp, for those that can be reached."""
        link, name = found["link"], NAMES[found["road_user"]]
        a, b, cm, _ = self.links[link]
        chainage = self.chainage(found, t)
        ends = [(b, cm - chainage), (a, chainage)]
        if self.heading(user, found):
            ends.reverse()
        both = []
        for point, rest in ends:
            length = self.lengths(point, link, name)
            reach = {lamp: min((length[p] for p in own if p in length), default=None) for lamp, own in enumerate(self.anchors)}
            both.append({lamp: rest + cm for lamp, cm in reach.items() if cm is not None})
        return both[0], both[1]

    def need(self, road_user: int, t: int) -> Need | None:
        """What a class is owed at a moment."""
        phases = self.world.rules.phases
        number = max([0, *(n for n, (begin, _) in enumerate(phases) if begin <= t)])
        return phases[number][1].get(NAMES[road_user])

    def owed(self, user: int, t: int, strict: bool = False) -> tuple[set[int], set[int], dict[int, Fraction], Fraction] | None:
        """(M_u, N_u within it, f_u of those in front, A) while a user is in duty, else None."""
        found = self.stretch(user, t)
        need = self.need(found["road_user"], t) if found else None
        first, second = self.onsets[user]
        tau = 0 if strict else self.world.rules.tau_ms
        if found is None or need is None or (not strict and t < first + tau) or not self.world.begin_ms <= t < self.world.end_ms:
            return None
        speed = Fraction(abs(found["to_cm"] - found["from_cm"]) * 1000, found["t1_ms"] - found["t0_ms"])
        whole = speed.numerator // speed.denominator
        ahead = need.ahead_cm
        if t >= second + tau:
            ahead = max(ahead, whole * need.preview_ms // 1000)
            if found["road_user"] == 2:
                ahead = max(ahead, whole * 5 // 2 + whole * whole * 10 // 6867)
        if speed < 20:
            ahead = need.behind_cm
        front, back = self.distances(user, found, t)
        needed = {lamp for lamp, cm in front.items() if cm <= ahead} | {lamp for lamp, cm in back.items() if cm <= need.behind_cm}
        nearest = self._near(front, back)
        return needed, nearest & needed, {lamp: cm for lamp, cm in front.items() if cm <= ahead}, Fraction(ahead)

    def _near(self, front: dict[int, Fraction], back: dict[int, Fraction]) -> set[int]:
        """N_u: the nearest lamp (in front where both are as near) and the next one ahead of the user."""
        order = sorted(front, key=lambda lamp: (front[lamp], lamp))
        behind = min(back, key=lambda lamp: (back[lamp], lamp), default=None)
        if behind is None or (order and front[order[0]] <= back[behind]):
            return set(order[:2])
        return {behind, *[lamp for lamp in order if lamp != behind][:1]}

    def required(self, t: int, strict: bool = False) -> dict[int, int]:
        """req_j of every lamp that somebody needs at a moment."""
        required: dict[int, int] = {}
        for user in self.stretches:
            found = self.owed(user, t, strict)
            if found is not None:
                need = self.need(self.stretch(user, t)["road_user"], t)  # type: ignore[index]
                for lamp in found[0]:
                    required[lamp] = max(required.get(lamp, 0), need.level_permille, self.floor(lamp, t))  # type: ignore[union-attr]
        return required

    def floor(self, lamp: int, t: int) -> int:
        """The floor of a lamp."""
        return next((level for begin, level in reversed(self.world.floors[lamp]) if begin <= t), 0)

    def status(self, t: int, strict: bool = False) -> dict[int, str]:
        """ "lit", "late" or "dark" of every user in duty at a moment."""
        required = self.required(t, strict)
        found = {}
        for user in self.stretches:
            owed = self.owed(user, t, strict)
            if owed is not None:
                unlit = {lamp for lamp in owed[0] if self.level(lamp, t) < required[lamp] - 20}
                found[user] = "dark" if unlit & owed[1] else "late" if unlit else "lit"
        return found

    def shortfall(self, t: int) -> dict[int, float]:
        """The mean over M_u of what is missing, by user in duty."""
        required = self.required(t)
        found = {}
        for user in self.stretches:
            owed = self.owed(user, t)
            if owed is not None and owed[0]:
                missing = [max(0, required[lamp] - self.level(lamp, t)) / required[lamp] for lamp in owed[0]]
                found[user] = sum(missing) / len(missing)
        return found

    def metres(self, t: int) -> dict[int, float]:
        """Unbroken light ahead [cm] of every user in duty who moves."""
        required = self.required(t)
        found = {}
        for user in self.stretches:
            owed, stretch = self.owed(user, t), self.stretch(user, t)
            if owed is not None and stretch is not None:
                speed = Fraction(abs(stretch["to_cm"] - stretch["from_cm"]) * 1000, stretch["t1_ms"] - stretch["t0_ms"])
                if speed >= 20:
                    broken = [cm for lamp, cm in owed[2].items() if self.level(lamp, t) < required[lamp] - 20]
                    found[user] = float(min([owed[3], *broken]))
        return found
