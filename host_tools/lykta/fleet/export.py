"""The history as Parquet: one file for each table, with what every column means in its metadata."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, select

from lykta import wholefile
from lykta.errors import LyktaError
from lykta.fleet import schema
from lykta.fleet.database import Database

#: Rows that are held in memory at once.
_PIECE = 50_000
#: The column by which the rows of a table are in a time.
_TIMES = {
    "telemetry": "until", "events": "received", "states": "since", "answers": "received", "alarms": "opened", "commands": "at",
    "acts": "at", "proposals": "at", "decisions": "at",
}  # fmt: skip


def arrow_schema(table: Table) -> pa.Schema:
    """The schema of a table in Parquet: names of nodes instead of their numbers, the meaning of each column in its metadata."""
    fields = []
    for column in table.columns:
        if column.name != "id":
            meaning = "name of the node: site.lamp" if column.name == "node" else column.comment or ""
            fields.append(pa.field(column.name, _type(column), bool(column.nullable), {"meaning": meaning}))
    return pa.schema(fields, {"table": f"lykta.fleet.{table.name}", "version": str(schema.VERSION)})


def _type(column: Column[Any]) -> pa.DataType:
    if column.name == "node":
        return pa.dictionary(pa.int32(), pa.string())
    if isinstance(column.type, Boolean):
        return pa.bool_()
    if isinstance(column.type, BigInteger):
        return pa.int64()
    return pa.int32() if isinstance(column.type, Integer) else pa.string()


def export(database: Database, folder: Path, begin: int, until: int) -> Iterator[tuple[Path, int]]:
    """Write the rows of every table that lie in a time [s since 1970]: (file, how many rows). LyktaError where that is not possible."""
    names = database.names()
    for table in schema.EXPORTED:
        path = folder / f"{table.name}.parquet"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with wholefile.beside(path) as new:
                count = _write(database, table, new, names, begin, until)
        except OSError as error:
            raise LyktaError(f"{path}  cannot be written: {error.strerror}. Choose another place.") from None
        yield path, count


def _write(database: Database, table: Table, path: Path, names: dict[int, str], begin: int, until: int) -> int:
    wanted = arrow_schema(table)
    query = select(*(table.c[name] for name in wanted.names)).order_by(*table.primary_key.columns)
    if table.name in _TIMES:
        time = table.c[_TIMES[table.name]]
        query = query.where(time >= begin, time < until)
    count = 0
    with pq.ParquetWriter(path, wanted, compression="zstd") as writer, database.using() as connection:
        for rows in connection.execution_options(yield_per=_PIECE).execute(query).partitions():
            columns: dict[str, list[Any]] = {name: list(values) for name, values in zip(wanted.names, zip(*rows, strict=True), strict=True)}
            if "node" in columns:
                columns["node"] = [names.get(number) for number in columns["node"]]
            writer.write_table(pa.table(columns, schema=wanted))
            count += len(rows)
    return count
