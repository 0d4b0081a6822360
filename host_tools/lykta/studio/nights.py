"""What the processes beside the page do: a night of a profile as figures and a picture, or the whole of it.

A profile travels as text; people, readings and what is owed are made once for a street and a seed, and kept.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lykta.corehost import schema
from lykta.document import Document
from lykta.plan import Plan
from lykta.profiles import Profile, read_profile
from lykta.report.colour import NO_LAMP, PALETTE
from lykta.report.light import Light as Drawn
from lykta.report.light import caps
from lykta.report.png import encode
from lykta.report.static import raster
from lykta.report.strips import Line, Movements, Strip, lines, strips
from lykta.scenarios import Outcome, fit, run
from lykta.scenarios.run import linger
from lykta.score import duty
from lykta.score.intervals import Ints, common, gaps, ints, sums, union
from lykta.score.light import Light
from lykta.score.night import Night as Owed
from lykta.score.service import in_near_set, unlit
from lykta.score.statistics import Floats
from lykta.score.tally import AT, GROUPS, brief_row, spent
from lykta.studio import translation
from lykta.tune.stage import Stage, Ticket, stage_of

#: Void in the picture, between the bands of lamps.
_VOID = (128, 128, 128)
_QUICK_PACKING = 1
#: The profile that is looked at, and the one beside it.
_PLANS_KEPT = 2


@dataclass(frozen=True)
class Frame:
    """What of the night is drawn: from when to when [ms], in so many rows and columns."""

    from_ms: int
    until_ms: int
    rows: int = 640
    columns: int = 900


@dataclass(frozen=True)
class Order:
    """A night to be lit with the text of a profile. `frame`: what to draw of it, on which strip; None for figures alone."""

    ticket: Ticket
    text: str
    file: str
    seed: int
    frame: Frame | None = None
    strip: int = 0


@dataclass(frozen=True)
class Lit:
    """What a night came to: a row of `score.tally` (NaN where not known), its picture (PNG, empty without), how long it took, and how long
    the processor worked on it: less, where others use it too."""

    seed: int
    row: Floats
    picture: bytes
    took_s: float
    worked_s: float


def light(order: Order) -> Lit:
    """Light a night, count and draw it."""
    began, began_work = time.perf_counter(), time.process_time()
    translation.watch()
    stage = stage_of(order.ticket)
    plan = _plan_of(order.ticket, order.text, order.file)
    levels = stage.levels(plan, order.seed)
    row = figures(stage, plan, order.seed, levels)
    picture = b""
    if order.frame is not None:
        picture = _draw(stage, strips(stage.scenario.site)[order.strip], levels, order.frame)
    return Lit(order.seed, row, picture, time.perf_counter() - began, time.process_time() - began_work)


def profile_of(text: str, file: str) -> Profile:
    """The profile in a text."""
    return read_profile(Document.read(text, file))


@lru_cache(_PLANS_KEPT)
def _plan_of(ticket: Ticket, text: str, file: str) -> Plan:
    """The plan of a profile, which is the same in all its nights."""
    return stage_of(ticket).plan_of(profile_of(text, file))


def figures(stage: Stage, plan: Plan, seed: int, levels: object) -> Floats:
    """The row of a night as `score.tally` has it, without causes: energy, and for each class lit, late and dark time."""
    owed = stage.case(seed).owed
    lit = stage.light_of(plan, levels)
    every, dark, still = _lacking(owed, lit, ints(linger(plan)))
    owed_ms = sums(owed.duty.spans.user, owed.duty.spans.end - owed.duty.spans.begin, len(owed.road_user))
    by_class = [_by_class(owed, ms) for ms in (owed_ms, every, dark, still)]
    all_ms, missing, dark_ms, still_ms = by_class
    row = brief_row(spent(plan.site, lit), all_ms, all_ms - missing)
    for place, group in enumerate(GROUPS):
        whole = slice(None) if place == schema.CLASSES else slice(place, place + 1)
        own = np.isin(owed.road_user, np.arange(schema.CLASSES)[whole])
        row[AT[f"late {group}"]] = (missing - dark_ms)[whole].sum() / 1000
        row[AT[f"dark {group}"]] = dark_ms[whole].sum() / 1000
        row[AT[f"stationary {group}"]] = still_ms[whole].sum() / 1000
        row[AT[f"users {group}"]] = int(((owed_ms > 0) & own).sum())
        row[AT[f"ever_dark {group}"]] = int(((dark > still) & own).sum())
    return row


def _lacking(owed: Owed, lit: Light, linger_ms: Ints) -> tuple[Ints, Ints, Ints]:
    """(without full light, dark, dark since they stand still for long) of every user [ms]."""
    users = len(owed.road_user)
    rows = unlit(owed.duty, lit)
    every = union(rows.by_user())
    near = union(in_near_set(owed.duty, rows, lit.lamps).by_user())
    still = common(every, duty.standing(owed.motion, linger_ms))
    moving = common(near, gaps(still)) if len(still) else near
    return every.total(users), moving.total(users) + still.total(users), still.total(users)


def _by_class(owed: Owed, ms: Ints) -> Ints:
    known = owed.road_user < schema.CLASSES
    return sums(owed.road_user[known], ms[known], schema.CLASSES)


def _draw(stage: Stage, strip: Strip, levels: object, frame: Frame) -> bytes:
    edges = np.linspace(frame.from_ms, frame.until_ms, frame.rows + 1)
    drawn = Drawn(levels, caps(stage.scenario.site))
    pixels = raster(strip, drawn, edges, frame.columns, stage.outages())
    return encode(pixels, (*PALETTE, _VOID), transparent=NO_LAMP, packing=_QUICK_PACKING)


def people(ticket: Ticket, seed: int, strip: int) -> list[Line]:
    """The lines of everybody along a strip: the same whatever the profile."""
    stage = stage_of(ticket)
    return lines(strips(stage.scenario.site)[strip], Movements(stage.case(seed).world.moves))


def prepare(ticket: Ticket, seed: int) -> None:
    """Make people, readings and what is owed of a night ready."""
    stage_of(ticket).case(seed)


def outcome(ticket: Ticket, text: str, file: str, seed: int) -> Outcome:
    """A whole night of a profile."""
    translation.watch()
    scenario = replace(stage_of(ticket).scenario, profile=profile_of(text, file), seeds=(seed,))
    plan, _ = fit(scenario)
    return next(run(scenario, plan))
