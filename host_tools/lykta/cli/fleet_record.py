"""The history of a fleet: the service that keeps it, and its export."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lykta.cli.fleet_options import Asked, fleet_of, fleet_options, run, shown
from lykta.errors import InputError
from lykta.progress import Progress

if TYPE_CHECKING:
    from lykta.fleet.fleet import Fleet

_DAY_S = 86_400
#: How often old history is deleted, and a line is said [s].
_PRUNE_S, _REPORT_S = 3_600.0, 900.0


@click.command()
@fleet_options
@click.option("--keep", type=click.IntRange(1), default=400, show_default=True, metavar="DAYS", help="Keep telemetry so long.")
@click.option("--keep-events", type=click.IntRange(1), default=800, show_default=True, metavar="DAYS", help="Keep events so long.")
@click.option("--once", is_flag=True, help="Write what waits at the broker, and end.")
def record(asked: Asked, keep: int, keep_events: int, once: bool) -> None:
    """Keep the history: write all that nodes tell into the database, until Ctrl-C or SIGTERM.

    Only one may do it for a network. What nodes tell is acknowledged to the broker when it is on the disk, and the broker keeps what comes
    while this does not run: nothing is lost but what the broker has no room for. Alarms and the record of commands are never deleted.

    \b
    Example:
      lykta fleet record my_site.yaml
      lykta fleet record my_site.yaml --database postgresql://lykta@db/fleet --keep 1200
    """
    with contextlib.suppress(KeyboardInterrupt):
        run(_record(asked, keep, keep_events, once))


async def _record(asked: Asked, keep: int, keep_events: int, once: bool) -> None:
    timezone = asked.street().site.timezone

    def say(text: str) -> None:
        """A line with the time that it is in the street, which of a simulated one is another than ours."""
        click.echo(f"{shown(asked.now(), timezone)}  {text}", err=True)

    async with fleet_of(asked, "ingest", record=True, said=say) as fleet:
        click.echo(f"recording {fleet.district} into {fleet.database}")
        if once:
            await _drained(fleet)
            click.echo(f"{fleet.tally.stored} rows written.")
            return
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        with contextlib.suppress(NotImplementedError):  # Windows has no such signals
            loop.add_signal_handler(signal.SIGTERM, ended.set)
        work = [
            asyncio.create_task(one) for one in (_prune(fleet, keep, keep_events, say), _report(fleet, say), _until(ended), fleet.run())
        ]
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in work:
            task.cancel()
        for task in done:
            task.result()


async def _until(ended: asyncio.Event) -> None:
    await ended.wait()


async def _drained(fleet: Fleet) -> None:
    """Nothing new has come for a second."""
    before = -1
    while fleet.tally.messages != before:
        before = fleet.tally.messages
        await asyncio.sleep(1.0)


async def _prune(fleet: Fleet, keep: int, keep_events: int, say: Callable[[str], None]) -> None:
    from lykta.fleet.database import Gone

    while True:
        now = int(fleet.time())
        try:
            deleted = await fleet.in_thread(partial(fleet.database.prune, now - keep * _DAY_S, now - keep_events * _DAY_S))
            if deleted:
                say(f"{deleted} rows were older than that, and are deleted.")
        except Gone as error:
            say(str(error))
        await asyncio.sleep(_PRUNE_S)


async def _report(fleet: Fleet, say: Callable[[str], None]) -> None:
    """Now and then a line of what was done: for who reads the journal."""
    while True:
        await asyncio.sleep(_REPORT_S)
        tally, counts = fleet.tally, fleet.counts()
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(tally.reasons.items()))
        bad = f", {tally.bad} made no sense ({reasons})" if tally.bad else ""
        fleet_now = f"{counts['online']} of {counts['nodes']} online, {counts['alarms']} alarms"
        say(f"{fleet_now}; {tally.messages} messages, {tally.stored} rows{bad}")


@click.command()
@fleet_options
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@click.option("--from", "begin", default="", metavar="DATE", help="From this day on (UTC). Default: all.")
@click.option("--to", "until", default="", metavar="DATE", help="Up to this day, without it.")
def export(asked: Asked, out: Path, begin: str, until: str) -> None:
    """Write the history as Parquet: telemetry, events, states, answers, alarms, commands, letters; acts, proposals and decisions.

    No name of a person but in commands, acts, proposals and decisions; of who passes a lamp nothing is ever known. `letters` and `proposed`
    (the files of each node, by SHA-256) have no time, and are written whole.

    Every column says in its metadata what it is. pandas, DuckDB and spreadsheets' importers read it.

    \b
    Example:
      lykta fleet export my_site.yaml --from 2026-11-01 --to 2026-12-01 --out november/
    """
    from lykta.fleet.export import export as write

    first, last = _day(begin, "--from", 0), _day(until, "--to", 2**40)
    with Progress("writing") as bar:
        for path, count in write(asked.open(), out, first, last):
            bar.say(f"{path}  {count} rows")


def _day(text: str, option: str, otherwise: int) -> int:
    if not text:
        return otherwise
    try:
        return int(dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC).timestamp())
    except ValueError:
        raise InputError.of(option, f'"{text}" is no day. Write 2026-11-01.') from None
