"""The record of commands: who gave which, when and why; written down before it is sent, and read with what the node answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import and_, bindparam, func, select, update

from lykta.fleet import acts, schema
from lykta.fleet.acts import Act
from lykta.fleet.database import Database
from lykta.fleet.model import Command

#: What a node says when it does not obey, and what that means to people.
MEANINGS = {
    "broken": "it cannot read it. Is its software older than this program's? `lykta fleet update`",
    "another": "it is for another lamp",
    "old": "it has obeyed one of a higher number, given by a machine with another record, or with a clock that is ahead",
    "late": "it was void when it came. Are the clocks of this machine and of the node right?",
    "forged": "it is not proved under this node's own key. Has it other keys than this machine? Provision it: lykta flash",
    "unable": "its clock is not set, or its flash takes nothing",
}
_TOLD = ("at", "who", "why", "node", "verb", "number", "detail", "until", "sent")


def note(database: Database, given: Sequence[Command], act: Act | int | None = None) -> None:
    """Write commands down before they are sent, and the act that they are a part of; by its number where it is written down already."""
    with database.using() as connection:
        number = acts.note_in(connection, act) if isinstance(act, Act) else act
        numbers = database.numbers(connection, [command.node for command in given])
        rows = [{key: value for key, value in asdict(command).items() if key in _TOLD} for command in given]
        for row in rows:
            row |= {"node": numbers[row["node"]], "act": number}
            row["who"], row["why"], row["detail"] = row["who"][:80], row["why"][:300], row["detail"][:300]
        database.insert(connection, schema.commands, rows)


def note_sent(database: Database, given: Sequence[Command], now: int) -> None:
    """The broker has them."""
    table = schema.commands
    with database.using() as connection:
        numbers = database.numbers(connection, [command.node for command in given])
        mine = and_(table.c.node == bindparam("whose"), table.c.verb == bindparam("which"), table.c.number == bindparam("order"))
        rows = [{"whose": numbers[one.node], "which": one.verb, "order": one.number, "when": now} for one in given]
        if rows:
            connection.execute(update(table).where(mine).values(sent=bindparam("when")), rows)


def last_number(database: Database) -> int:
    """The highest number of a command that anybody has given to any node, settings apart; 0 where none was."""
    table = schema.commands
    (row,) = database.rows(select(func.max(table.c.number)).where(table.c.verb != "settings"))
    return row[0] or 0


def with_sent(command: Command, now: int) -> Command:
    """The same, sent."""
    return replace(command, sent=now)


def given(database: Database, since: int = 0, nodes: Sequence[str] = (), most: int = 1000) -> list[Command]:
    """The commands since a time [s since 1970], the newest first, with the answers of the nodes; of some nodes or of all."""
    table, answers = schema.commands, schema.answers
    joined = table.join(schema.nodes, schema.nodes.c.id == table.c.node).outerjoin(answers, schema.answered())
    query = select(*(table.c[key] for key in _TOLD if key != "node"), schema.nodes.c.name, answers.c.ok, answers.c.reason)
    query = query.select_from(joined).where(table.c.at >= since).order_by(table.c.id.desc()).limit(most)
    if nodes:
        query = query.where(schema.nodes.c.name.in_(nodes))
    return [
        Command(row.at, row.who, row.why, row.name, row.verb, row.number, row.detail, row.until, row.sent, row.ok, row.reason or "")
        for row in database.rows(query)
    ]
