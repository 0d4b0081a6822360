"""Why a lamp was as bright as it was: the rule that decided, the tracks behind it, and the detections behind those.

Plain data; the words are the view's. What the lamp knew comes from the node's own rows (`sim.instant`), whom a sensor really saw
from the simulation: the two are kept apart, since on a real street only the first is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lykta.corehost import schema
from lykta.sim.instant import Instant, Track, instant
from lykta.sim.night import Night
from lykta.tables import ANIMAL

_LONGEST_CHAIN = 12
_UNKNOWN_LINK = 255
#: The rules by the code in LEVELS.cause; 0 is a lamp that no node controls.
RULES = ("fixed", "fault", "override", "presence", "phase", "floor")


@dataclass(frozen=True)
class Sighting:
    """A detection: what the node made of it (`speed_cms` 0 and `came_from` "" are unknown), and who it really was.

    `truth`: pedestrian, cyclist, car, animal, or "" for a false alarm. `user`: his number, -1 for nobody.
    """

    lamp: int
    lamp_id: str
    number: int
    t_ms: int
    speed_cms: int
    came_from: str
    truth: str
    user: int


@dataclass(frozen=True)
class Reason:
    """A track of a lamp, with the detections that it was followed over, the newest first."""

    track: Track
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True)
class Step:
    """A change of a lamp's target: when, to what [permille], by which rule, and its level then."""

    t_ms: int
    level: int
    target: int
    rule: str


@dataclass(frozen=True)
class Why:
    """Everything that decided the level of a lamp at a moment. `state` is None for a lamp that no node controls."""

    lamp: int
    lamp_id: str
    zone: str
    phase: str
    t_ms: int
    state: Instant | None
    rule: str
    reasons: tuple[Reason, ...]
    before: tuple[Step, ...]  # changes up to the moment, the newest last
    after: tuple[Step, ...]


def why(night: Night, lamp: int, t_ms: int, steps: int = 4) -> Why:
    """Why a lamp of a simulated night had its level at a moment."""
    state = instant(night, lamp, t_ms)
    site = night.plan.site
    phases = [phase.name for begins_ms, phase in night.plan.agenda.phases if begins_ms <= t_ms]
    changes = _steps(night, lamp)
    past = [step for step in changes if step.t_ms <= t_ms]
    reasons = tuple(Reason(track, sightings(night, track)) for track in state.tracks) if state else ()
    return Why(
        lamp=lamp,
        lamp_id=site.lamps[lamp].id,
        zone=site.lamps[lamp].zone,
        phase=phases[-1] if phases else "",
        t_ms=t_ms,
        state=state,
        rule=RULES[state.cause] if state else RULES[0],
        reasons=reasons,
        before=tuple(past[-steps:]),
        after=tuple(changes[len(past) : len(past) + steps]),
    )


def _steps(night: Night, lamp: int) -> list[Step]:
    levels = night.levels
    own = np.flatnonzero(levels["lamp"].to_numpy() == lamp)
    columns = (levels[name].to_numpy()[own].tolist() for name in ("t_ms", "level_permille", "target_permille", "cause"))
    return [Step(t_ms, level, target, RULES[cause]) for t_ms, level, target, cause in zip(*columns, strict=True)]


def sightings(night: Night, track: Track) -> tuple[Sighting, ...]:
    """The detections that a track was followed over, the newest first; none where several tracks had to become one."""
    found: list[Sighting] = []
    lamp, number, before_ms = track.origin, track.number, track.evidence_ms
    while lamp >= 0 and len(found) < _LONGEST_CHAIN:
        at = _row(night, lamp, number, before_ms)
        if at is None:
            break
        one = night.detections.slice(at, 1).to_pylist()[0]
        found.append(_sighting(night, one))
        lamp, number, before_ms = one["prev_lamp"], one["prev_number"], one["t_ms"]
    return tuple(found)


def _row(night: Night, lamp: int, number: int, before_ms: int) -> int | None:
    """The row of a detection: numbers come again in a long night, so the last one by then counts."""
    table = night.detections
    same = (table["lamp"].to_numpy() == lamp) & (table["number"].to_numpy() == number) & (table["t_ms"].to_numpy() <= before_ms)
    rows = np.flatnonzero(same)
    return int(rows[-1]) if len(rows) else None


def _sighting(night: Night, row: dict[str, int]) -> Sighting:
    graph, site = night.plan.graph, night.plan.site
    links = graph.out_links(row["lamp"])
    came = site.points[graph.head(links[row["from_link"]])].id if row["from_link"] < min(len(links), _UNKNOWN_LINK) else ""
    return Sighting(
        lamp=row["lamp"],
        lamp_id=site.lamps[row["lamp"]].id,
        number=row["number"],
        t_ms=row["t_ms"],
        speed_cms=row["speed_cms"],
        came_from=came,
        truth=_class_of(night, row["user"]),
        user=row["user"],
    )


def _class_of(night: Night, user: int) -> str:
    if user < 0:
        return ""
    own = np.flatnonzero(night.trajectories["user"].to_numpy() == user)
    code = int(night.trajectories["road_user"].to_numpy()[own[0]]) if len(own) else -1
    if code == ANIMAL:
        return "animal"
    return schema.CLASS_NAMES[code] if 0 <= code < schema.CLASSES else ""
