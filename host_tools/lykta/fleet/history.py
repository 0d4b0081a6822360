"""What the database knows: the latest of every node, alarms, events, and reports of a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from lykta.fleet import schema
from lykta.fleet.database import Database
from lykta.fleet.model import Alarm, Command, Event, NodeState

#: Reports older than this say nothing of today [s].
RECENT_S = 86_400


def restore(database: Database, nodes: Mapping[str, NodeState], since: int) -> None:
    """Fill in the last report of every node, not older than a time [s since 1970], and what it last said that it runs."""
    table = schema.telemetry
    newest = select(table.c.node, func.max(table.c.until).label("until")).where(table.c.until >= since).group_by(table.c.node).subquery()
    query = select(table, schema.nodes.c.name).join(newest, (newest.c.node == table.c.node) & (newest.c.until == table.c.until))
    for row in database.rows(query.join(schema.nodes, schema.nodes.c.id == table.c.node)):
        node = nodes.get(row.name)
        if node is not None:
            node.begin, node.until, node.level, node.energy_mwh = row.begin, row.until, row.level, row.energy_mwh
            node.estimated, node.detections, node.doubt = row.estimated, row.detections, row.doubt
            node.faults = tuple(row.faults.split(",")) if row.faults else ()
            node.heap, node.block, node.dropped, node.refused = row.heap, row.block, row.dropped or 0, row.refused or 0
            node.seen = float(row.received)
    states = schema.states
    last = select(states.c.node, func.max(states.c.since).label("since")).group_by(states.c.node).subquery()
    query = select(states, schema.nodes.c.name).join(last, (last.c.node == states.c.node) & (last.c.since == states.c.since))
    for row in database.rows(query.join(schema.nodes, schema.nodes.c.id == states.c.node)):
        node = nodes.get(row.name)
        if node is not None and row.online:
            node.software, node.slot, node.settings = row.software or "", row.slot or "", row.settings or 0
            node.tier, node.boots, node.started = row.tier or 0, row.boots or 0, row.started


def open_alarms(database: Database) -> list[Alarm]:
    """The alarms that are open."""
    return alarms(database, closed=False)


def alarms(database: Database, since: int = 0, closed: bool = True, most: int = 1000) -> list[Alarm]:
    """Alarms, the newest first: the open ones, and with `closed` those that were closed since a time [s since 1970]."""
    table = schema.alarms
    query = select(table, schema.nodes.c.name).join(schema.nodes, schema.nodes.c.id == table.c.node)
    query = query.where((table.c.closed.is_(None)) | (table.c.closed >= since)) if closed else query.where(table.c.closed.is_(None))
    query = query.order_by(table.c.opened.desc(), table.c.id.desc()).limit(most if closed else 1_000_000)
    return [Alarm(row.name, row.kind, row.opened, row.detail, row.closed) for row in database.rows(query)]


def standing(database: Database, now: int, nodes: Sequence[str] = ()) -> dict[str, Command]:
    """The overrides in force at a time [s since 1970], by node: the last that was given until then, if it lasts; of some or of all."""
    table, answers = schema.commands, schema.answers
    newest = select(func.max(table.c.id)).where(table.c.verb == "override", table.c.at <= now).group_by(table.c.node)
    joined = table.join(schema.nodes, schema.nodes.c.id == table.c.node).outerjoin(answers, schema.answered())
    query = select(table, schema.nodes.c.name, answers.c.ok, answers.c.reason).select_from(joined)
    query = query.where(table.c.id.in_(newest), table.c.until > now)
    if nodes:
        query = query.where(schema.nodes.c.name.in_(nodes))
    fields = ("at", "who", "why", "verb", "number", "detail", "until", "sent", "ok")
    return {
        row.name: Command(node=row.name, reason=row.reason or "", **{key: getattr(row, key) for key in fields})
        for row in database.rows(query)
    }


def events(
    database: Database, since: int = 0, after: int = 0, nodes: Sequence[str] = (), kinds: Sequence[str] = (), most: int = 1000
) -> list[tuple[int, Event]]:
    """Events (number, event), the newest `most` in the order in which they came: since a time, after a number, of nodes, of kinds."""
    table = schema.events
    query = select(table, schema.nodes.c.name).join(schema.nodes, schema.nodes.c.id == table.c.node)
    query = query.where(table.c.received >= since, table.c.id > after)
    if nodes:
        query = query.where(schema.nodes.c.name.in_(nodes))
    if kinds:
        query = query.where(table.c.kind.in_(kinds))
    rows = database.rows(query.order_by(table.c.id.desc()).limit(most))
    return [(row.id, Event(row.name, row.received, row.at, row.kind, row.what, row.detail, row.count)) for row in reversed(rows)]


def reports(database: Database, node: str, begin: int, until: int) -> list[dict[str, Any]]:
    """The reports of a node that end within a time [s since 1970], in its order, with the columns of `schema.telemetry`."""
    table = schema.telemetry
    query = select(table).join(schema.nodes, schema.nodes.c.id == table.c.node)
    query = query.where(schema.nodes.c.name == node, table.c.until > begin, table.c.until <= until).order_by(table.c.until)
    return [dict(row._mapping) for row in database.rows(query)]
