"""The record of what people do to a street: who, when, why, before and after. It is added to, and nothing of it is changed or taken away.

    number = note(database, Act(now, "anna", "certificate", "override", "34 lamps", "none", "at least 100 % until 03:00", "accident"))
    acts(database, since)                # the newest first, each with what the nodes answered

An act is one thing that one person did, to however many lamps; the commands to single nodes name the act that they belong to. The database
itself refuses to change or delete a row (`schema`), whichever program asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, insert, select

from lykta.fleet import schema
from lykta.fleet.database import Database
from lykta.fleet.people import WORD

_LONG, _SHORT = 1000, 300
_FIELDS = ("at", "who", "proof", "verb", "about", "before", "after", "why")
_LISTED = 8


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did. `proof`: what said who it was; `about`: to which lamps, or to what; `before`, `after`: how it was and became.

    `number`: of the entry; `sent`, `done`, `refused`: to how many nodes it went, and what they answered.
    """

    at: int
    who: str
    proof: str
    verb: str
    about: str
    before: str = ""
    after: str = ""
    why: str = ""
    number: int = 0
    sent: int = 0
    done: int = 0
    refused: int = 0

    @property
    def proved(self) -> bool:
        """Whether more than a word said who it was."""
        return self.proof != WORD


def note(database: Database, act: Act) -> int:
    """Write an act down; its number. Gone where that is not possible."""
    with database.using() as connection:
        return note_in(connection, act)


def note_in(connection: Connection, act: Act) -> int:
    """The same, as a part of something that is written as a whole."""
    row = {key: getattr(act, key) for key in _FIELDS}
    row |= {"who": act.who[:80], "why": act.why[:_SHORT], **{key: row[key][:_LONG] for key in ("about", "before", "after")}}
    key = connection.execute(insert(schema.acts).values(row)).inserted_primary_key
    return int(key[0]) if key else 0


def acts(database: Database, since: int = 0, verbs: Sequence[str] = (), most: int = 1000) -> list[Act]:
    """What was done since a time [s since 1970], the newest first, with what became of it; of some verbs or of all."""
    table, commands = schema.acts, schema.commands
    query = select(table).where(table.c.at >= since).order_by(table.c.number.desc()).limit(most)
    if verbs:
        query = query.where(table.c.verb.in_(verbs))
    found = {row.number: Act(**{key: getattr(row, key) for key in (*_FIELDS, "number")}) for row in database.rows(query)}
    if not found:
        return []
    joined = commands.outerjoin(schema.answers, schema.answered())
    # A letter that was sent again counts once.
    nodes, ok = func.count(commands.c.node.distinct()), schema.answers.c.ok
    tallied = select(
        commands.c.act,
        nodes.filter(commands.c.sent.is_not(None)).label("sent"),
        nodes.filter(ok.is_(True)).label("done"),
        nodes.filter(ok.is_(False)).label("refused"),
    )
    tallied = tallied.select_from(joined).where(commands.c.act.in_(found)).group_by(commands.c.act)
    for row in database.rows(tallied):
        found[row.act] = replace(found[row.act], sent=row.sent, done=row.done, refused=row.refused)
    return list(found.values())


def said_of(lamps: Sequence[str], all_of: int) -> str:
    """Lamps in few words: all of them, or their ids as far as there is room."""
    if len(lamps) == all_of:
        return f"all {all_of} lamps"
    shown = ", ".join(lamps[:_LISTED])
    return shown if len(lamps) <= _LISTED else f"{shown} and {len(lamps) - _LISTED} more"


def tallied(said: Sequence[tuple[str, str]]) -> str:
    """What is so of which lamps (lamp, what), in few words: `none on 30; at least 50 % until 03:00 on K01, K02`."""
    lamps: dict[str, list[str]] = {}
    for lamp, what in said:
        lamps.setdefault(what, []).append(lamp)
    if len(lamps) == 1:
        return next(iter(lamps))
    order = sorted(lamps.items(), key=lambda pair: -len(pair[1]))
    return "; ".join(f"{what} on {said_of(its, 0) if len(its) <= _LISTED else len(its)}" for what, its in order)
