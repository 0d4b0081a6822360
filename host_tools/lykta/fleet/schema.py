"""The tables of a fleet's history. Every column says what it is; `lykta fleet export` writes the same words into Parquet.

Times are whole seconds since 1970, UTC. Nodes are numbered, since a district of 15,000 writes 1.4 million rows of telemetry a day.
Nothing here is finer than what a node reports: means and sums over at least a quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    and_,
    event,
)

#: Of these tables; a database that a newer Lykta has written is refused, one of an older is given what it lacks.
VERSION = 2

metadata = MetaData()

about = Table(
    "about",
    metadata,
    Column("key", String(40), primary_key=True, comment="version, district"),
    Column("value", String(200), nullable=False, comment="its value"),
)

nodes = Table(
    "nodes",
    metadata,
    Column("id", Integer, primary_key=True, comment="number of the node in this database"),
    Column("name", String(64), nullable=False, unique=True, comment="site.lamp, as on the network"),
)

telemetry = Table(
    "telemetry",
    metadata,
    # Rows come nearly in the order of `until`: with it first, writing goes to the end of the table, and retention takes its beginning.
    Column("until", BigInteger, primary_key=True, comment="end of the time that the row is about [s since 1970, UTC]"),
    Column("node", Integer, primary_key=True, comment="number of the node"),
    Column("begin", BigInteger, primary_key=True, comment="its beginning [s since 1970, UTC]"),
    Column("level", Integer, nullable=False, comment="mean of the luminous flux [permille of the design flux]"),
    Column("energy_mwh", BigInteger, comment="energy of the lamp [mWh]; empty where nobody knows"),
    Column("estimated", Boolean, nullable=False, comment="whether the energy is worked out of the level, since there is no meter"),
    Column("detections", Integer, nullable=False, comment="how many detections the node's own sensors made"),
    Column("faults", String(300), nullable=False, comment="names of what the node finds wrong, with commas between"),
    Column("heap", Integer, comment="free memory of the node [bytes]"),
    Column("block", Integer, comment="its largest free block [bytes]"),
    Column("dropped", Integer, comment="messages that the node had to drop since it started"),
    Column("refused", Integer, comment="telegrams that the node refused in that time"),
    Column("boot", BigInteger, comment="how often the node had started"),
    Column("doubt", Boolean, nullable=False, comment="whether its clock was not set, or not believed; then times are ours"),
    Column("received", BigInteger, nullable=False, comment="when it was received [s since 1970, UTC]"),
    sqlite_with_rowid=False,
)
Index("telemetry_of_node", telemetry.c.node, telemetry.c.until)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True, comment="number of the event in this database"),
    Column("received", BigInteger, nullable=False, index=True, comment="when it was received [s since 1970, UTC]"),
    Column("node", ForeignKey("nodes.id"), nullable=False, comment="number of the node"),
    Column("at", BigInteger, comment="when it happened, by the node's clock [s since 1970, UTC]; empty where that was not set"),
    Column("boot", BigInteger, nullable=False, comment="how often the node had started"),
    Column("number", BigInteger, nullable=False, comment="number of the event since that start; a gap: some were dropped"),
    Column("kind", String(24), nullable=False, comment="fault, right, start, security, override, command, settings, update, window"),
    Column("what", String(24), nullable=False, comment="what happened, in one word"),
    Column("count", BigInteger, nullable=False, comment="how often, since the last one of the same kind and word"),
    Column("detail", String(120), nullable=False, comment="more about it"),
)
# An event that the broker delivers twice is stored once. Where the node's clock was not set it may be there twice: numbers begin anew
# when a board is replaced, and rather that than an event that is missing.
Index("events_once", events.c.node, events.c.at, events.c.boot, events.c.number, events.c.kind, events.c.what, unique=True)

states = Table(
    "states",
    metadata,
    Column("node", ForeignKey("nodes.id"), primary_key=True, comment="number of the node"),
    Column("since", BigInteger, primary_key=True, comment="from when on it was so [s since 1970, UTC]"),
    Column("online", Boolean, nullable=False, comment="whether the broker had a connection of it"),
    Column("software", String(40), comment="version of its software; this and what follows is empty while it is offline"),
    Column("slot", String(1), comment="slot that runs: a, b, or - without slots"),
    Column("settings", BigInteger, comment="version of the settings in use"),
    Column("tier", Integer, comment="how far its software is protected against who opens it"),
    Column("boots", BigInteger, comment="how often it has started"),
    Column("started", BigInteger, comment="when it started [s since 1970, UTC]"),
    sqlite_with_rowid=False,
)

answers = Table(
    "answers",
    metadata,
    Column("node", ForeignKey("nodes.id"), primary_key=True, comment="number of the node"),
    Column("to", String(24), primary_key=True, comment="what it answers: command, settings, update"),
    Column("number", BigInteger, primary_key=True, comment="number of the command, version of the settings or update"),
    Column("received", BigInteger, nullable=False, comment="when it was received [s since 1970, UTC]"),
    Column("ok", Boolean, nullable=False, comment="whether it was obeyed"),
    Column("reason", String(200), nullable=False, comment="why not"),
    sqlite_with_rowid=False,
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", Integer, primary_key=True, comment="number of the alarm in this database"),
    Column("node", ForeignKey("nodes.id"), nullable=False, comment="number of the node"),
    Column("kind", String(20), nullable=False, comment="lamp-out, day-burning, stuck-sensor, silent-node, energy-off"),
    Column("opened", BigInteger, nullable=False, comment="when it was opened [s since 1970, UTC]"),
    Column("closed", BigInteger, comment="when it was closed; empty while it is open [s since 1970, UTC]"),
    Column("detail", String(300), nullable=False, comment="what was found"),
)
#: Opened once: two programs that find the same cannot both open it.
Index(
    "alarms_open",
    alarms.c.node,
    alarms.c.kind,
    unique=True,
    sqlite_where=alarms.c.closed.is_(None),
    postgresql_where=alarms.c.closed.is_(None),
)

commands = Table(
    "commands",
    metadata,
    Column("id", Integer, primary_key=True, comment="number of the entry"),
    Column("at", BigInteger, nullable=False, index=True, comment="when it was given [s since 1970, UTC]"),
    Column("who", String(80), nullable=False, comment="the person who gave it"),
    Column("why", String(300), nullable=False, comment="the reason that was given"),
    Column("node", ForeignKey("nodes.id"), nullable=False, comment="number of the node"),
    Column("verb", String(20), nullable=False, comment="override, identify, walktest, restart, settings, window"),
    Column("number", BigInteger, nullable=False, comment="number of the command, or version of the settings; answers name it"),
    Column("detail", String(300), nullable=False, comment="with which values"),
    Column("until", BigInteger, comment="when its effect ends; empty where it has none that lasts [s since 1970, UTC]"),
    Column("sent", BigInteger, comment="when the broker had it [s since 1970, UTC]; empty until then"),
    Column("act", BigInteger, index=True, comment="number of the act that it is a part of"),
)

letters = Table(
    "letters",
    metadata,
    Column("node", ForeignKey("nodes.id"), primary_key=True, comment="number of the node"),
    Column("version", BigInteger, primary_key=True, comment="version of the settings"),
    Column("file", String(20), primary_key=True, comment="which file of the node: program, table, adjacent"),
    Column("digest", String(64), nullable=False, comment="SHA-256 of its content"),
)

acts = Table(
    "acts",
    metadata,
    Column("number", Integer, primary_key=True, comment="number of the act"),
    Column("at", BigInteger, nullable=False, index=True, comment="when it was done [s since 1970, UTC]"),
    Column("who", String(80), nullable=False, comment="the person who did it"),
    Column("proof", String(12), nullable=False, comment="what said who it was: certificate, token, word"),
    Column("verb", String(20), nullable=False, comment="override, window, restart, settings, propose, approve, refuse, update ..."),
    Column("about", String(1000), nullable=False, comment="to which lamps, or to what"),
    Column("before", String(1000), nullable=False, comment="how it was"),
    Column("after", String(1000), nullable=False, comment="how it shall be"),
    Column("why", String(300), nullable=False, comment="the reason that was given"),
)

proposals = Table(
    "proposals",
    metadata,
    Column("number", Integer, primary_key=True, comment="number of the proposal"),
    Column("at", BigInteger, nullable=False, comment="when it was made [s since 1970, UTC]"),
    Column("who", String(80), nullable=False, comment="the person who made it"),
    Column("proof", String(12), nullable=False, comment="what said who it was: certificate, token, word"),
    Column("why", String(300), nullable=False, comment="the reason that was given"),
    Column("profile", String(200), nullable=False, comment="name of the profile"),
    Column("text", Text, nullable=False, comment="the profile as it was proposed, YAML"),
    Column("compared", String(300), nullable=False, comment="what it was compared with"),
    Column("changes", Text, nullable=False, comment="which settings become others: JSON"),
    Column("conformity", Text, nullable=False, comment="whether it keeps the requirement: JSON"),
    Column("follows", BigInteger, nullable=False, comment="version of the settings that were in force then; 0: none was sent"),
    Column("undoes", Integer, comment="number of the proposal that it takes back; empty where it takes back none"),
)

decisions = Table(
    "decisions",
    metadata,
    # Each step is decided once, whoever comes second.
    Column("proposal", ForeignKey("proposals.number"), primary_key=True, comment="number of the proposal"),
    Column("step", String(12), primary_key=True, comment="verdict, or rollout"),
    Column("at", BigInteger, nullable=False, comment="when [s since 1970, UTC]"),
    Column("who", String(80), nullable=False, comment="the person who decided"),
    Column("proof", String(12), nullable=False, comment="what said who it was: certificate, token, word"),
    Column("what", String(12), nullable=False, comment="approved, refused, withdrawn; rolled out"),
    Column("why", String(300), nullable=False, comment="the reason that was given"),
    Column("version", BigInteger, comment="as which version the settings were rolled out"),
)

proposed = Table(
    "proposed",
    metadata,
    Column("proposal", ForeignKey("proposals.number"), primary_key=True, comment="number of the proposal"),
    Column("node", ForeignKey("nodes.id"), primary_key=True, comment="number of the node"),
    Column("file", String(20), primary_key=True, comment="which file of the node: program, table, adjacent"),
    Column("digest", String(64), nullable=False, comment="SHA-256 of its content"),
    sqlite_with_rowid=False,
)

contents = Table(
    "contents",
    metadata,
    Column("digest", String(64), primary_key=True, comment="SHA-256 of what is kept"),
    Column("content", LargeBinary, nullable=False, comment="a file of nodes, deflated (zlib)"),
)

#: Columns that a database of an older version lacks.
ADDED = (commands.c.act,)


def answered() -> ColumnElement[bool]:
    """What joins a command with its answer: settings are answered as such, every other command as a command."""
    settings = (commands.c.verb == "settings") & (answers.c.to == "settings")
    others = (commands.c.verb != "settings") & (answers.c.to == "command")
    return and_(answers.c.node == commands.c.node, answers.c.number == commands.c.number, settings | others)


def _never_changed(table: Table) -> None:
    """Let the database refuse whoever changes or deletes a row of a table."""
    said = f"the table {table.name} is a record: nothing in it is changed or deleted"
    for verb in ("UPDATE", "DELETE"):
        lite = f"CREATE TRIGGER {table.name}_{verb.lower()} BEFORE {verb} ON {table.name} BEGIN SELECT RAISE(ABORT, '{said}'); END"
        event.listen(table, "after_create", _ddl(lite, "sqlite"))
    body = f"BEGIN RAISE EXCEPTION '{said}'; END"
    function = f"CREATE OR REPLACE FUNCTION {table.name}_kept() RETURNS trigger LANGUAGE plpgsql AS $kept$ {body} $kept$"
    when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name}"
    trigger = f"CREATE TRIGGER {table.name}_kept {when} FOR EACH STATEMENT EXECUTE FUNCTION {table.name}_kept()"
    for statement in (function, trigger):
        event.listen(table, "after_create", _ddl(statement, "postgresql"))


def _ddl(statement: str, dialect: str) -> Callable[..., object]:
    made: DDL = DDL(statement)  # type: ignore[no-untyped-call]
    return made.execute_if(dialect=dialect)


RECORDS = (acts, proposals, decisions, proposed, contents)
for _one in RECORDS:
    _never_changed(_one)

#: What `lykta fleet export` writes, with the names of nodes in place of their numbers.
EXPORTED = (telemetry, events, states, answers, alarms, commands, letters, acts, proposals, decisions, proposed)
