"""Why a lamp of the real street was as bright as it was at a time, as far as the history can say.

    found = past(database, street, "K05", at, now)      # Unrecorded where the history has nothing of that node
    found = present(street, state, order, alarms, now)  # the same of what a node told last, without a history
    found.rule, found.planned, found.report             # `studio/pasttelling` has the words

Nodes tell means of a quarter of an hour and longer, and who came by never leaves them. So this says what was planned, what was ordered,
what the node reported, and which rule explains its level; where two would, the stronger by the order of the rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from lykta import profiles
from lykta.corehost import schema as core
from lykta.document import Document
from lykta.errors import InputError, LyktaError
from lykta.fleet import history, schema
from lykta.fleet.database import Database
from lykta.fleet.model import Alarm, Command, NodeState
from lykta.fleet.proposal import Proposal
from lykta.fleet.proposals import Proposals
from lykta.node.street import Street
from lykta.plan.night import floors_of
from lykta.plan.nodefiles import node_names
from lykta.profiles import Profile, agenda

#: The rules that a mean level is explained by, the strongest first; DARK: less than was planned; UNKNOWN: no report of that time.
OFF, FAULT, OVERRIDE, PRESENCE, FLOOR, PHASE, DARK, BURNS, UNKNOWN = RULES = (
    "off", "fault", "override", "presence", "floor", "phase", "dark", "burns", "unknown",
)  # fmt: skip
#: A mean is not held to be another level than one that is so near [permille].
SLACK = 20
#: Faults that are only told of: the lamp is as bright as ever.
HARMLESS = frozenset(("lamp", "memory", "task"))


class Unrecorded(LyktaError):
    """Nothing is recorded of a node at that time. `began`: when its history begins [s since 1970], None where it has none."""

    def __init__(self, said: str, began: int | None) -> None:
        super().__init__(said)
        self.began = began


@dataclass(frozen=True)
class Planned:
    """What a profile plans for a lamp at a time: `phase` "" while the light is off; levels in permille, the floor of the site apart."""

    phase: str
    idle: int
    presence: int
    floor: int


@dataclass(frozen=True)
class Reported:
    """What a node told of the stretch of time that a moment lies in [s since 1970]; level in permille, a mean."""

    begin: int
    until: int
    level: int
    energy_mwh: int | None
    estimated: bool
    detections: int
    faults: tuple[str, ...]
    doubt: bool


@dataclass(frozen=True)
class Past:
    """A lamp at a time `at` [s since 1970]. `profile`: by which it was planned; `certain`: whether that is known to be what the node had.

    `settings`: version that the node then had, 0 where it is not recorded; `proposal`: that it came from; `order`: the override in force,
    with the node's answer; `alarms`: open then; `online`: by the broker, None where not recorded; `seen`: when it was last heard before.
    """

    lamp: str
    zone: str
    at: int
    planned: Planned
    profile: str
    certain: bool
    report: Reported | None
    order: Command | None
    alarms: tuple[Alarm, ...]
    settings: int
    proposal: Proposal | None
    online: bool | None
    seen: int | None
    rule: str


def past(database: Database, street: Street, lamp: str, at: int, now: int) -> Past:
    """A lamp at a time, as the history has it. InputError for a time that is to come, Unrecorded where nothing is recorded of the node."""
    one = street.lamp(lamp)
    node = node_names(street.site)[one.id]
    if at > now:
        raise InputError.of("--at", "that is still to come, and only what was can be told.")
    seen = _seen(database, node, at)
    if seen is None:
        raise _nothing(database, street, node, one.id)
    version, online = _state(database, node, at)
    proposal = Proposals(database, street).of_version(version) if version else None
    profile = _profile(street, proposal)
    plan = planned(street, one.id, at, profile)
    report, order = _report(database, node, at), _order(database, node, at)
    return Past(
        lamp=one.id,
        zone=one.zone,
        at=at,
        planned=plan,
        profile=profile.name,
        certain=proposal is not None,
        report=report,
        order=order,
        alarms=_alarms(database, node, at),
        settings=version,
        proposal=proposal,
        online=online,
        seen=seen,
        rule=rule(plan, report, order, _around(street, one.id, report, profile)),
    )


def present(
    street: Street, state: NodeState, order: Command | None, alarms: Sequence[Alarm], now: int, proposal: Proposal | None = None
) -> Past:
    """A lamp by what its node told last: at the end of its last report, or now where it has told of none.

    `order`: in force now; one given after that report is told, and explains nothing of it. `proposal`: what its settings came from.
    """
    one = street.lamp(state.lamp)
    report = None
    if state.level is not None and state.begin is not None and state.until is not None:
        report = Reported(
            state.begin, state.until, state.level, state.energy_mwh, state.estimated, state.detections, state.faults, state.doubt
        )
    at = now if report is None else min(report.until - 1, now)
    profile = _profile(street, proposal)
    plan, was = planned(street, one.id, at, profile), order if order is not None and order.at <= at else None
    return Past(
        lamp=one.id,
        zone=one.zone,
        at=at,
        planned=plan,
        profile=profile.name,
        certain=proposal is not None,
        report=report,
        order=order,
        alarms=tuple(alarms),
        settings=state.settings,
        proposal=proposal,
        online=state.online,
        seen=None if state.seen is None else int(state.seen),
        rule=rule(plan, report, was, _around(street, one.id, report, profile)),
    )


def _profile(street: Street, proposal: Proposal | None) -> Profile:
    """The profile of a proposal; the street's where there is none, or none that was kept."""
    return profiles.read_profile(Document.read(proposal.text, "profile")) if proposal and proposal.text else street.profile


def planned(street: Street, lamp: str, at: float, profile: Profile | None = None) -> Planned:
    """What a profile, by default the street's, plans for a lamp at a time [s since 1970]."""
    site, one = street.site, street.lamp(lamp)
    date = (dt.datetime.fromtimestamp(at, ZoneInfo(site.timezone)) - dt.timedelta(hours=12)).date()
    tonight = agenda(profile or street.profile, site.latitude, site.longitude, site.timezone, date)
    t_ms = round(at * 1000) - tonight.times.origin_utc_ms
    phase = tonight.at(t_ms)
    if phase is None:
        return Planned("", 0, 0, 0)
    row = phase.rows[one.zone]
    floor = next((permille for since, permille in reversed(floors_of(one.floors, site.timezone, date)) if since <= t_ms), 0)
    levels = [row[core.position(core.PHASE_SETTINGS + core.PRESENCE, user)] for user in range(core.CLASSES)]
    return Planned(phase.name, row[core.IDLE], max(levels), floor)


def rule(plan: Planned, report: Reported | None, order: Command | None, around: Sequence[Planned] = ()) -> str:
    """Which rule explains what a node reported. `around`: what was planned where that stretch of time begins and ends.

    no report                                                        UNKNOWN
    a fault that makes it bright                                     FAULT
    an override that it has not refused, and the level is of it      OVERRIDE
    no phase: dark, or not                                           OFF, BURNS
    below what it should rest at                                     DARK
    above it                                                         PRESENCE
    at it: the floor where that is higher                            FLOOR, PHASE
    """
    if report is None:
        return UNKNOWN
    if set(report.faults) - HARMLESS:
        return FAULT
    rests = [max(one.idle, one.floor) for one in (plan, *around)]
    least = level_of(order)
    raised = report.level > max(rests) + SLACK
    if least > max(rests) and (report.level >= least - SLACK or (raised and not report.detections)):
        return OVERRIDE
    if not plan.phase and not raised:
        return OFF
    if report.level < min(rests) - SLACK:
        return DARK
    if raised:
        return PRESENCE if plan.phase else BURNS
    return FLOOR if plan.floor > plan.idle else PHASE


def _around(street: Street, lamp: str, report: Reported | None, profile: Profile) -> list[Planned]:
    """What was planned at the ends of a report: where a phase begins in it, its mean lies between."""
    return [planned(street, lamp, at, profile) for at in (report.begin, report.until)] if report else []


def level_of(order: Command | None) -> int:
    """The least light that an override asks for [permille]; 0 for none, and for one that the node has refused."""
    if order is None or order.ok is False:
        return 0
    words = order.detail.partition("at least ")[2].partition(" %")[0]
    return round(10 * float(words)) if words else 0


# --- what the history has ---------------------------------------------------------------------------------------------


def _report(database: Database, node: str, at: int) -> Reported | None:
    """The report of the stretch of time that a moment lies in."""
    table = schema.telemetry
    query = select(table).join(schema.nodes, schema.nodes.c.id == table.c.node)
    query = query.where(schema.nodes.c.name == node, table.c.begin <= at, table.c.until > at).order_by(table.c.until).limit(1)
    for row in database.rows(query):
        faults = tuple(row.faults.split(",")) if row.faults else ()
        return Reported(row.begin, row.until, row.level, row.energy_mwh, row.estimated, row.detections, faults, row.doubt)
    return None


def _order(database: Database, node: str, at: int) -> Command | None:
    """The override in force, with what the node answered."""
    return history.standing(database, at, [node]).get(node)


def _alarms(database: Database, node: str, at: int) -> tuple[Alarm, ...]:
    table = schema.alarms
    query = select(table).join(schema.nodes, schema.nodes.c.id == table.c.node).where(schema.nodes.c.name == node, table.c.opened <= at)
    query = query.where((table.c.closed.is_(None)) | (table.c.closed > at)).order_by(table.c.opened)
    return tuple(Alarm(node, row.kind, row.opened, row.detail, row.closed) for row in database.rows(query))


def _state(database: Database, node: str, at: int) -> tuple[int, bool | None]:
    """(version of the settings that it had, whether it was there): what it last said of itself before a time."""
    table = schema.states
    query = select(table).join(schema.nodes, schema.nodes.c.id == table.c.node).where(schema.nodes.c.name == node, table.c.since <= at)
    rows = database.rows(query.order_by(table.c.since.desc()).limit(100))
    version = next((row.settings for row in rows if row.online and row.settings), 0)
    return version, rows[0].online if rows else None


def _seen(database: Database, node: str, at: int) -> int | None:
    """When anything was last heard of a node up to a time, its reports of that time included; None where nothing was."""
    number = select(schema.nodes.c.id).where(schema.nodes.c.name == node).scalar_subquery()
    telemetry, events, states = schema.telemetry, schema.events, schema.states
    wanted = (
        select(func.max(telemetry.c.until)).where(telemetry.c.node == number, telemetry.c.begin <= at),
        select(func.max(events.c.received)).where(events.c.node == number, events.c.received <= at),
        select(func.max(states.c.since)).where(states.c.node == number, states.c.since <= at, states.c.online),
    )
    found = database.rows(select(*(query.scalar_subquery() for query in wanted)))[0]
    heard = [min(value, at) for value in found if value is not None]
    return max(heard, default=None)


def _nothing(database: Database, street: Street, node: str, lamp: str) -> Unrecorded:
    """That there is no history of a node, or where it begins."""
    table = schema.telemetry
    query = select(func.min(table.c.begin)).join(schema.nodes, schema.nodes.c.id == table.c.node).where(schema.nodes.c.name == node)
    first = database.rows(query)[0][0]
    said = f"{database}  nothing is recorded of {lamp}"
    if first is None:
        return Unrecorded(f"{said}. `lykta fleet record {street.name}` keeps the history from now on.", None)
    began = dt.datetime.fromtimestamp(first, ZoneInfo(street.site.timezone))
    return Unrecorded(f"{said} at that time: its history begins on {began:%Y-%m-%d at %H:%M}.", first)
