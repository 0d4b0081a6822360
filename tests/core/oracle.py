"""The oracle of claim (a): from what was delivered to one lamp, when somebody may need its light.

Written from definitions section 5 alone, on the links of the site. A detection at a post says: at time t_e somebody was within reach
of it. From there everything that the rules call possible goes on: at any speed in [v_lo, v_hi], along every way without a U-turn (if the
direction is known, not back), not past a healthy sensor that has been silent, until the slowest would have passed it plus `hold`;
then it counts as a miss, `coast_lamps` times; then all of it stays `hold` longer. While that goes on, the lamp is needed from when
the front comes within A of it. Lamps within B of the evidence are needed for `linger`. A frame counts for `frame_max` from receipt.

A later detection takes the place of the one that it says it continues, if that was the sole candidate (the oracle sees for itself),
and nobody is still seen there; on another branch than the one taken the old one stays, until the first sensor there has been silent
for as long as the slowest takes to pass it, plus tau. Everything else adds. A sole candidate is not enough where somebody unseen may
come the other way: at a post from which a way leads out past no other sensor; nor if a sensor in between should have reported it.
There a detection may say that it is *perhaps* of the same user. Then both go on: the new one both ways, at the speeds of its class,
the old one as if it had gone another way; and each, beyond B, only until its first sensor has been silent so long.

Sensors that tell users apart (ENTER) allow two steps more, since each detection is one user. Detections of the same post and way are as
good as each other: one goes on, and what was possible of either stays possible of those left. And if two detections in a row, of users
who are here together, have the same two candidates, both have come: both are continued, by two of which neither direction is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lykta.corehost import lamp as row
from lykta.corehost import schema, settings
from lykta.site.graph import Graph
from tests.core.people import seeing
from tests.core.streets import RANGE_CM
from tests.core.world import Delivery, Frame, World

TOLERANCE = 20
_SLACK_CM = 250  # lengths closer than this count as equal
_SLACK_MS = 200  # clocks and roundings: less than this decides nothing
_EXIT = -1


@dataclass(frozen=True)
class Path:
    """A way from a post without U-turns: lamps met with their lengths, sensors met (near, far, lamp), the exit last."""

    first: int  # which of the links of the post it leaves by
    lamps: tuple[tuple[int, int], ...]
    gates: tuple[tuple[int, int, int], ...]
    arrive: tuple[tuple[int, int], ...]  # lamp, the directed link by which it is reached


def paths(graph: Graph, origin: int, gates: int, beyond_cm: int) -> list[Path]:
    """Every way from a post that passes so many sensors (or ends before) and goes `beyond_cm` beyond the last of them."""
    sensors = set(seeing(graph))
    found: list[Path] = []
    for number, first in enumerate(graph.out_links(origin)):
        waiting = [(first, int(graph.length_cm[first >> 1]), (), (), (), frozenset({origin}))]
        while waiting:
            directed, length, lamps, met, arrive, visited = waiting.pop()
            point = graph.head(directed)
            if point in visited:  # a ring is gone round once
                found.append(Path(number, lamps, met, arrive))
                continue
            if point < graph.lamp_count:
                lamps = (*lamps, (point, length))
                arrive = (*arrive, (point, directed))
                if point in sensors:
                    met = (*met, (max(0, length - RANGE_CM), length + RANGE_CM, point))
            onwards = [link for link in graph.out_links(point) if link != directed ^ 1]
            if not onwards:
                far = max(length, met[-1][1]) if met and met[-1][2] == point else length
                found.append(Path(number, lamps, (*met, (length, far, _EXIT)), arrive))
            elif len(met) >= gates and length > met[gates - 1][1] + beyond_cm:
                found.append(Path(number, lamps, met, arrive))
            else:
                waiting += [(link, length + int(graph.length_cm[link >> 1]), lamps, met, arrive, visited | {point}) for link in onwards]
    return found


@dataclass
class Hypothesis:
    """What one detection means: when the lamp may be needed, and whether it can explain a detection here."""

    frame: Frame
    evidence_ms: int
    spans: list[tuple[int, int]]  # [begin, end) of need, absolute
    routes: list[tuple[int, int, int]]  # (length from its post to here, ms until sensors in between exclude it, link it comes by)
    speeds: tuple[int, int]
    since_ms: int
    whens: list[tuple[int, int, int]] = field(default_factory=list)  # (evidence, v_lo, v_hi) of all that it may stand for
    ended_ms: int = int(row.NEVER)
    branch_ms: int = int(row.NEVER)  # when the first sensor on its way here (or on any way) has been silent for long enough

    def lives(self, t_ms: int) -> bool:
        """Whether it is still possible: not taken away, and not expired."""
        return t_ms < self.ended_ms and any(t_ms < end for _, end in self.spans)


@dataclass
class Oracle:
    """What one lamp must do, given what it was told."""

    world: World
    lamp: int
    tau_ms: int = 3000
    hypotheses: list[Hypothesis] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.graph: Graph = self.world.graph
        self.lead_ms = self.world.block[settings.HEADER + settings.LEAD]  # what the node knows of tau: to sense, tell and ramp up
        self.open = any(path.gates and path.gates[0][2] == _EXIT for path in paths(self.graph, self.lamp, 1, 0))
        self.before: set[tuple[int, int]] = set()  # candidates of the own detection before
        self._paths: dict[tuple[int, int, int], list[Path]] = {}

    def paths(self, origin: int, gates: int, beyond_cm: int) -> list[Path]:
        """See `paths`."""
        key = (origin, gates, beyond_cm)
        if key not in self._paths:
            self._paths[key] = paths(self.graph, *key)
        return self._paths[key]

    def _value(self, classes: int, setting: int) -> int:
        """The most demanding value of a setting among a set of classes."""
        values = [
            self.world.row[schema.position(schema.PHASE_SETTINGS + setting, road_user)]
            for road_user in range(schema.CLASSES)
            if classes >> road_user & 1
        ]
        return min(values) if setting == schema.SLOWEST else max(values)

    def speeds(self, frame: Frame) -> tuple[int, int]:
        """v_lo and v_hi [cm/s]."""
        if frame.speed:
            return max(1, frame.speed // 2), frame.speed * 3 // 2
        return self._value(frame.classes, schema.SLOWEST), self._value(frame.classes, schema.FASTEST)

    def hear(self, delivery: Delivery, trusted: bool = True) -> None:
        """Take one delivery; if not `trusted`, what it says of direction, speed and what it continues counts for nothing."""
        frame, t_ms = delivery.frame, delivery.t_ms
        known = frame if trusted else _undirected(frame)
        if trusted and frame.previous >= 0:
            self._supersede(known, t_ms, (frame.previous, frame.previous_number), frame.moved)
        if trusted and frame.also >= 0:
            self._supersede(known, t_ms, (frame.also, frame.also_number), 0)
        for old in self.hypotheses:
            if old.frame.key == frame.key:  # renewed: he was still there, so what was possible begins anew
                old.ended_ms = min(old.ended_ms, t_ms)
        self.hypotheses.append(self._possible(known, t_ms))

    def _possible(self, frame: Frame, t_ms: int) -> Hypothesis:
        """All that may follow from a detection, as far as it concerns this lamp."""
        evidence = t_ms - frame.age
        slow, fast = self.speeds(frame)
        hold = self._value(frame.classes, schema.HOLD)
        coast = self._value(frame.classes, schema.COAST)
        behind = self._value(frame.classes, schema.BEHIND)
        ahead = self._value(frame.classes, schema.AHEAD)
        if frame.speed:
            ahead = max(ahead, frame.speed * self._value(frame.classes, schema.PREVIEW) // 1000)
        spans: list[tuple[int, int]] = []
        routes: list[tuple[int, int, int]] = []
        branch = -1
        near = False  # within B of the evidence
        passed: list[int] = []  # on any way: when the slowest would have passed the first sensor
        for path in self.paths(frame.origin, coast + 1, max(ahead, behind)):
            length = 0 if frame.origin == self.lamp else dict(path.lamps).get(self.lamp, -1)
            if path.gates and path.first != frame.came:
                passed.append(1000 * (path.gates[0][1] + frame.back) // slow)
            if length < 0:
                continue
            near = near or length <= behind
            if path.first == frame.came:
                if length <= behind:  # within B of the evidence: kept for those who stopped
                    spans.append((0, self._value(frame.classes, schema.LINGER)))
                if length <= behind + frame.back:  # within B of where he may still be
                    spans.append((0, max(0, behind + frame.back - length) * 1000 // fast))
                continue
            missed = [1000 * (far + frame.back) // slow + hold for _, far, _ in path.gates[: coast + 1]]
            nears = [near for near, _, _ in path.gates[: coast + 1]]
            begin = self._reaches(length - ahead, frame.front, fast, nears, missed)
            if begin is not None:
                spans.append((begin, missed[0] - hold + self.lead_ms if frame.perhaps else missed[-1] + hold))
            if length <= behind:
                spans.append((0, self._value(frame.classes, schema.LINGER)))
            before = [gate for gate, (near, _, lamp) in enumerate(path.gates) if near < length and lamp not in (self.lamp, _EXIT)]
            if len(before) <= coast:  # farther it is not followed: so many sensors do not miss somebody
                routes.append((length, missed[before[-1]] if before else 0, dict(path.arrive).get(self.lamp, -1)))
            if missed:
                branch = max(branch, missed[0] - hold + self.lead_ms)
        limit = int(row.NEVER) if frame.origin == self.lamp else t_ms + self.world.row[schema.FRAME_MAX]
        absolute = [(max(t_ms, evidence + begin), min(limit, evidence + end)) for begin, end in spans]
        branch = branch if branch >= 0 else max(passed, default=int(row.NEVER))
        if near and self.world.apart:  # each detection is one user: who stopped close by is not he who was seen elsewhere
            branch = max(branch, self._value(frame.classes, schema.LINGER))
        return Hypothesis(frame, evidence, absolute, routes, (slow, fast), t_ms, [(evidence, slow, fast)], branch_ms=evidence + branch)

    @staticmethod
    def _reaches(x: int, front: int, fast: int, nears: Sequence[int], missed: Sequence[int]) -> int | None:
        """When the front is first at `x` from the post, held back by silent sensors; None if never."""
        waited = 0
        for near, miss in zip(nears, missed, strict=True):
            if x <= max(near, front):
                return max(waited, max(0, x - front) * 1000 // fast)
            waited = miss
        return None

    def _supersede(self, new: Frame, t_ms: int, old_key: tuple[int, int], moved: int) -> None:
        """A detection continues another: what was possible of that one, as far as this lamp is on the way taken, is no more."""
        for old in self.hypotheses:
            if old.frame.key != old_key or old.ended_ms <= t_ms:
                continue
            if new.perhaps or (not self._on_the_way(new) and self._could_come(old) and not self._between(old.frame, new, moved)):
                old.ended_ms = min(old.ended_ms, max(t_ms, old.branch_ms))
            elif old.frame.still != 1:
                old.ended_ms = t_ms
                self._leave(old, new, t_ms)

    def _leave(self, gone: Hypothesis, new: Frame, t_ms: int) -> None:
        """What was possible of one goes on being possible of others that could as well have gone where it went."""
        for other in self.hypotheses:
            if other.lives(t_ms) and other.frame.key != gone.frame.key and self.world.apart and self.alike(other, gone, new.origin):
                other.spans += gone.spans
                other.whens += gone.whens

    def alike(self, one: Hypothesis, other: Hypothesis, to: int) -> bool:
        """Whether two detections are of the same post, and may be of users of the same class on the same way to another post."""
        if one.frame.origin != other.frame.origin or not one.frame.classes & other.frame.classes:
            return False
        towards = {path.first for path in self.paths(one.frame.origin, 99, 0) if to in dict(path.lamps)}
        return bool(towards - {one.frame.came, other.frame.came})

    def _length(self, origin: int, came: int | None = None, only: bool = False) -> int | None:
        """The least length from a post to here: not by, or only by, one of its links."""
        if origin == self.lamp:
            return 0
        lengths = [
            dict(path.lamps)[self.lamp]
            for path in self.paths(origin, 99, 0)
            if self.lamp in dict(path.lamps) and (came is None or (path.first == came) == only)
        ]
        return min(lengths, default=None)

    def _on_the_way(self, frame: Frame) -> bool:
        return self._length(frame.origin, frame.came) is not None

    def _could_come(self, old: Hypothesis) -> bool:
        return self._length(old.frame.origin, old.frame.came) is not None

    def _between(self, old: Frame, new: Frame, moved: int) -> bool:
        """Whether this lamp stands between two posts that a user went from and to."""
        one, other = self._length(old.origin, old.came), self._length(new.origin, new.came, only=True)
        return one is not None and other is not None and one + other <= moved + _SLACK_CM

    def candidates(self, t_ms: int, classes: int, slack_ms: int) -> list[Hypothesis]:
        """The detections that may be of the user whom this lamp's own sensor sees now, give or take so many ms."""
        found = []
        for old in self.hypotheses:
            if not old.lives(t_ms) or old.frame.origin == self.lamp or not old.frame.classes & classes:
                continue
            silent = t_ms - max(when for when, *_ in old.whens)  # sensors in between have reported whoever went on before
            if any(
                silent >= barred and _explains(old, length, t_ms - when, speeds, slack_ms)
                for length, barred, _ in old.routes
                for when, *speeds in old.whens
            ):
                found.append(old)
        return found

    def needed(self) -> list[tuple[int, int]]:
        """When the lamp must be at req, tau after somebody may first need it: [begin, end), apart and rising."""
        spans = sorted(
            (begin, min(end, old.ended_ms)) for old in self.hypotheses for begin, end in old.spans if begin < min(end, old.ended_ms)
        )
        joined: list[list[int]] = []
        for begin, end in spans:
            if joined and begin <= joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], end)
            else:
                joined.append([begin, end])
        return [(begin + self.tau_ms, end) for begin, end in joined if begin + self.tau_ms < end]


def _undirected(frame: Frame) -> Frame:
    return Frame(
        frame.origin, frame.number, frame.classes, 0, int(row.LINK_UNKNOWN), frame.age, frame.still, -1, 0, 0, RANGE_CM, RANGE_CM, -1, 0, 0,
        frame.left, frame.group, 0, 0,
    )  # fmt: skip


@dataclass(frozen=True)
class Breach:
    """A lamp that was not at req although somebody may have needed it, by what it had been told."""

    lamp: int
    t_ms: int
    level: int
    needed: tuple[int, int]


def breaches(world: World, until_ms: int, tau_ms: int = 3000) -> list[Breach]:
    """Where a street that has run until a moment broke claim (a)."""
    oracles = [Oracle(world, lamp, tau_ms) for lamp in range(len(world.lamps))]
    told = sorted(
        ((delivery.t_ms, order, lamp, delivery) for lamp, all_of in enumerate(world.deliveries) for order, delivery in enumerate(all_of)),
        key=lambda item: (item[0], item[1], item[2]),
    )
    trusted: dict[tuple[int, int], bool] = {}
    for t_ms, _, lamp, delivery in told:
        frame = delivery.frame
        if frame.origin == lamp and frame.key not in trusted:
            trusted[frame.key] = _justified(oracles[lamp], t_ms, frame)
        oracles[lamp].hear(delivery, trusted[frame.key])
    found = []
    level = max(world.row[schema.position(schema.PHASE_SETTINGS + schema.PRESENCE, road_user)] for road_user in range(2))
    for oracle in oracles:
        for begin, end in oracle.needed():
            dark = world.lights[oracle.lamp].below(level - TOLERANCE, begin, min(end - _SLACK_MS, until_ms))
            if dark is not None:
                found.append(Breach(oracle.lamp, dark, world.lights[oracle.lamp].level(dark), (begin, end)))
    return found


def _explains(old: Hypothesis, length: int, took: int, speeds: Sequence[int], slack_ms: int) -> bool:
    """Whether a user who was there can be here, so many ms later: give or take what the sensors' ranges leave open."""
    nearest = length - old.frame.front - RANGE_CM
    farthest = length + old.frame.back + RANGE_CM
    return nearest * 1000 <= speeds[1] * (took + slack_ms) and farthest * 1000 >= speeds[0] * (took - slack_ms)


def _justified(oracle: Oracle, t_ms: int, frame: Frame) -> bool:
    """Whether what a detection says it continues is all that it can continue."""
    continued = {key for key in ((frame.previous, frame.previous_number), (frame.also, frame.also_number)) if key[0] >= 0}
    surely = oracle.candidates(t_ms, frame.classes, 0)
    may = {old.frame.key for old in oracle.candidates(t_ms, frame.classes, _SLACK_MS)}
    keys = {old.frame.key for old in surely}
    before, oracle.before = oracle.before, may
    if not continued:
        return True
    if frame.perhaps:
        return frame.came == row.LINK_UNKNOWN and frame.speed == 0
    if oracle.open or not continued <= may:
        return False
    if frame.also >= 0:
        return oracle.world.apart and keys <= continued <= before
    return keys <= continued or (oracle.world.apart and all(oracle.alike(old, surely[0], oracle.lamp) for old in surely))
