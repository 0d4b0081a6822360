"""The history of a fleet: SQLite in one file by default, PostgreSQL by URL. Whatever `write` has returned from is on the disk.

    database = Database.open("kungsholms_strand.fleet.sqlite", "Kungsholms strand")
    database.write(batch)        # one transaction; Gone or Full where it was not possible, and then nothing of it was written

Every row has a key of its own, so a batch that is written a second time changes nothing: a broker may deliver twice.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, bindparam, create_engine, delete, event, func, inspect, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from lykta.errors import InputError, LyktaError, Message
from lykta.fleet import schema

#: Deleting is done in pieces of so many seconds of history, so that writing never waits for long.
_PIECE_S = 86_400
_DISK_FULL = "53100"  # of PostgreSQL's error codes
#: The lock of PostgreSQL under which tables are made; any number that nobody else takes.
_TURNS = 1_818_850_161


class Gone(LyktaError):
    """The database does not answer, or cannot be written; trying again later may help."""


class Full(Gone):
    """Its disk is full."""


@dataclass
class Batch:
    """What is written at once. Rows have the columns of `schema`, but `node` is a name.

    `closed`: alarms that end: node, kind, closed.
    """

    telemetry: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    opened: list[dict[str, Any]] = field(default_factory=list)
    closed: list[dict[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.lists()))

    def lists(self) -> tuple[list[dict[str, Any]], ...]:
        """All its lists."""
        return self.telemetry, self.events, self.states, self.answers, self.opened, self.closed


class Database:
    """One database. It may be used from several threads."""

    def __init__(self, url: URL, district: str = "") -> None:
        """`district`: whose history it is; a database of another one is refused. Nothing is opened before it is needed."""
        self.url = url
        self.district = district
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()
        self._inode = 0
        self._engine: Engine | None = None
        self._statements: dict[str, Any] = {}

    @classmethod
    def open(cls, where: str | Path, district: str = "") -> Database:
        """The database in a file or at a URL (postgresql://...); its tables are made where there are none. InputError, or Gone."""
        database = cls(url_of(where), district)
        with database.using():
            pass
        return database

    def __str__(self) -> str:
        """Where it is, without a password."""
        return self.url.database or "" if self._is_file else self.url.render_as_string(hide_password=True)

    @property
    def _is_file(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def close(self) -> None:
        """Let go of it."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    # --- writing --------------------------------------------------------------------------------------------------

    def write(self, batch: Batch) -> None:
        """Write all of a batch, or nothing: then Gone or Full."""
        if not batch:
            return
        with self.using() as connection:
            numbers = self.numbers(connection, (row["node"] for rows in batch.lists() for row in rows))
            tables = (schema.telemetry, schema.events, schema.states, schema.answers, schema.alarms)
            for table, rows in zip(tables, batch.lists(), strict=False):
                self.insert(connection, table, [{**row, "node": numbers[row["node"]]} for row in rows])
            if batch.closed:
                closing = update(schema.alarms).where(
                    schema.alarms.c.node == bindparam("whose"),
                    schema.alarms.c.kind == bindparam("which"),
                    schema.alarms.c.closed.is_(None),
                )
                rows = [{"whose": numbers[row["node"]], "which": row["kind"], "when": row["closed"]} for row in batch.closed]
                connection.execute(closing.values(closed=bindparam("when")), rows)
        self._numbers = numbers  # only now: a number that was rolled back may become another's

    def insert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows; those that are there already stay as they are."""
        if rows:
            if table.name not in self._statements:
                dialect = sqlite if self._is_file else postgresql
                self._statements[table.name] = dialect.insert(table).on_conflict_do_nothing()
            connection.execute(self._statements[table.name], rows)

    def numbers(self, connection: Connection, names: Iterable[str]) -> dict[str, int]:
        """The numbers of nodes; those that are new get theirs now."""
        news = {name for name in names if name not in self._numbers}
        if news:
            self.insert(connection, schema.nodes, [{"name": name} for name in sorted(news)])
            found = connection.execute(select(schema.nodes.c.name, schema.nodes.c.id).where(schema.nodes.c.name.in_(news)))
            return {**self._numbers, **{row.name: row.id for row in found}}
        return self._numbers

    def prune(self, telemetry_before: int, events_before: int) -> int:
        """Delete telemetry and events older than a time each [s since 1970]; alarms and commands stay. How many rows were deleted."""
        deleted = 0
        for table, column, before in (
            (schema.telemetry, schema.telemetry.c.until, telemetry_before),
            (schema.events, schema.events.c.received, events_before),
        ):
            with self.using() as connection:
                first = connection.execute(select(func.min(column))).scalar()
            while first is not None and first < before:
                first = min(first + _PIECE_S, before)
                with self.using() as connection:
                    deleted += connection.execute(delete(table).where(column < first)).rowcount
        return deleted

    # --- reading --------------------------------------------------------------------------------------------------

    def rows(self, query: Any) -> list[Row[Any]]:
        """The rows of a query over the tables of `schema`."""
        with self.using() as connection:
            return list(connection.execute(query))

    def names(self) -> dict[int, str]:
        """The names of all nodes by number."""
        return {row.id: row.name for row in self.rows(select(schema.nodes))}

    def written(self) -> int | None:
        """When the newest letter of a node was written down [s since 1970]; None where nobody has kept a history yet."""
        newest = (select(func.max(table.c.received)).scalar_subquery() for table in (schema.telemetry, schema.events))
        return max((at for at in self.rows(select(*newest))[0] if at is not None), default=None)

    # --- the connection -------------------------------------------------------------------------------------------

    @contextmanager
    def using(self) -> Iterator[Connection]:
        """A transaction, on the disk when it is left. Gone or Full where that was not possible."""
        try:
            with self._lock, self._opened().begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._told(error) from None

    def _opened(self) -> Engine:
        """The engine; opened anew where the file was taken away or replaced, since SQLite would go on writing into nothing."""
        if self._engine is not None and self._inode and self._inode != _inode_of(self.url.database):
            self.close()
            raise Gone(f"{self}  the database was taken away while it was in use. What comes now goes into a new one of that name.")
        if self._engine is None:
            self._engine = self._make()
        return self._engine

    def _make(self) -> Engine:
        """Connect, and make the tables where there are none."""
        engine = create_engine(self.url, **({} if self._is_file else {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5}}))
        if self._is_file:
            event.listen(engine, "connect", _set_up)
        self._numbers = {}
        with engine.begin() as connection:
            if set(schema.metadata.tables) - set(inspect(connection).get_table_names()):
                self._take_turns(connection)
                schema.metadata.create_all(connection)
            kept = {row.key: row.value for row in connection.execute(select(schema.about))}
            if int(kept.get("version", schema.VERSION)) > schema.VERSION:
                raise InputError.of(str(self), "a newer Lykta has written this database. Update Lykta first.")
            if self.district and kept.get("district", self.district) != self.district:
                raise InputError.of(
                    str(self), f'this is the history of "{kept["district"]}", not of "{self.district}". Name another database.'
                )
            if int(kept.get("version", schema.VERSION)) < schema.VERSION:
                self._take_turns(connection)
                _complete(connection)
            news = {"version": str(schema.VERSION), **({"district": self.district} if self.district else {})}
            self.insert(connection, schema.about, [{"key": key, "value": value} for key, value in news.items() if key not in kept])
        self._inode = _inode_of(self.url.database) if self._is_file else 0
        return engine

    def _take_turns(self, connection: Connection) -> None:
        """Until the end of the transaction no other program makes tables here: of several that are started at once each would make them."""
        if not self._is_file:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURNS})")
        elif not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]  # it is one of sqlite3
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _told(self, error: SQLAlchemyError) -> Gone:
        """What happened, said to people."""
        origin = getattr(error, "orig", None) or error
        said = str(origin).strip().partition("\n")[0]
        if getattr(origin, "sqlstate", None) == _DISK_FULL or "disk is full" in said:
            return Full(f"{self}  the disk of the database is full. Make room, or shorten its history with `lykta fleet record --keep`.")
        if isinstance(error, DBAPIError) and not self._is_file:
            return Gone(
                Message("{database}  the database does not answer ({said}). Does it run, and may you use it?", database=self, said=said)
            )
        return Gone(
            Message(
                "{database}  the database cannot be used ({said}). Is it another file, or may you not write here?", database=self, said=said
            )
        )


def _complete(connection: Connection) -> None:
    """Give tables that an older version made the columns that they lack."""
    for column in schema.ADDED:
        if column.name not in {one["name"] for one in inspect(connection).get_columns(column.table.name)}:
            kind = column.type.compile(connection.dialect)
            connection.execute(sql(f"ALTER TABLE {column.table.name} ADD COLUMN {column.name} {kind}"))
            for index in column.table.indexes:
                if list(index.columns) == [column]:
                    index.create(connection)
    connection.execute(update(schema.about).where(schema.about.c.key == "version").values(value=str(schema.VERSION)))


def url_of(where: str | Path) -> URL:
    """The URL of a database: that of a file, or one given as such. InputError for one that is none, or of a kind that is not known."""
    text = str(where)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).absolute()))
    try:
        url = make_url(text)
        url = url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url
        if url.get_backend_name() in ("sqlite", "postgresql") and url.get_dialect():
            return url
    except (ArgumentError, NoSuchModuleError, ValueError):
        pass
    raise InputError.of(text, "is no database that Lykta knows. Write the name of a file, or postgresql://user@host/name.")


def _set_up(connection: Any, _: Any) -> None:
    """Readers never wait for a writer; what was committed is on the disk."""
    # Who is to wait for others must be told first: to change the mode takes the file for a moment.
    for pragma in ("busy_timeout = 10000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _inode_of(path: str | None) -> int:
    try:
        return Path(path or "").stat().st_ino
    except OSError:
        return 0
