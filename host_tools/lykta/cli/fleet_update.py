"""`lykta fleet update`: new firmware over the network, from the keys that sign it to the last node that runs it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lykta.cli.fleet_bundles import build, check, checked, keys
from lykta.cli.fleet_options import Asked, fleet_of, fleet_options, lamp_options, lamps_of, run, shown
from lykta.cli.terminal import make_console
from lykta.errors import InputError, LyktaError
from lykta.progress import Progress
from lykta.site import loader

if TYPE_CHECKING:
    from lykta.fleet.fleet import Fleet
    from lykta.fleet.updates.bundle import Bundle
    from lykta.fleet.updates.record import Folder, Record
    from lykta.fleet.updates.roll import Limits

_LISTED = 12


@click.group()
def update() -> None:
    """New firmware over the network: signed, tried out node by node, undone where it fails.

    \b
    Example:
      lykta fleet update keys
      lykta fleet update build --version 2026.12 --out 2026.12.lykta
      lykta fleet update roll my_site.yaml 2026.12.lykta
      lykta fleet update status my_site.yaml
    """


for _command in (keys, build, check):
    update.add_command(_command)


# --- rolling out ------------------------------------------------------------------------------------------------------


def _folder(asked: Asked) -> Folder:
    from lykta.fleet.updates.record import Folder

    return Folder(loader.beside(asked.site, "updates"))


def _paced(command: Callable[..., int]) -> Callable[..., int]:
    """The options of what goes on for hours."""
    for option in (
        click.option("--at-once", type=click.IntRange(1), default=50, show_default=True, help="So many nodes fetch at the same time."),
        click.option("--patience", type=click.FloatRange(0), default=240.0, show_default=True, help="Minutes that a node may take for it."),
        click.option("--soak", type=click.FloatRange(0), default=20.0, show_default=True,
                     help="Minutes that each stage is watched for. Nodes tell of faults every quarter of an hour."),
        click.option("--unwell", type=click.FloatRange(0, 100), default=2.0, show_default=True,
                     help="Stop where more than this share [%] is not well; below 50 nodes that is a single one."),
    ):  # fmt: skip
        command = option(command)
    return command


def _limits(soak: float, unwell: float, patience: float, at_once: int) -> Limits:
    from lykta.fleet.updates.roll import Limits

    return Limits(soak_s=soak * 60, unwell=unwell / 100, patience_s=patience * 60, at_once=at_once)


@update.command()
@fleet_options
@click.argument("path", metavar="BUNDLE", type=click.Path(path_type=Path))
@lamp_options
@_paced
@click.option("--stages", default="1,10,100", show_default=True, help="Shares of the nodes [%], rising to 100.")
@click.option("--first", multiple=True, metavar="LAMP", help="These lamps begin, for example one that you can see from here.")
def roll(
    asked: Asked, path: Path, lamps: tuple[str, ...], zones: tuple[str, ...], soak: float, unwell: float, patience: float, at_once: int,
    stages: str, first: tuple[str, ...],
) -> int:  # fmt: skip
    """Roll an update out: one node in a hundred, then one in ten, then all, as long as those before are well.

    A node takes it at its own pace into the slot that it does not use, tries it out, and goes back by itself where it fails. The roll-out
    stops by itself when a node goes back, tells of a fault that it did not have, or stays away. Ctrl-C interrupts: the same command goes
    on. Exit status 0 where all have it, 1 where it stopped or some are still to come.

    \b
    Example:
      lykta fleet update roll my_site.yaml 2026.12.lykta --first K05
    """
    return run(_roll(asked, checked(path), lamps, zones, _shares(stages), first, _limits(soak, unwell, patience, at_once)))


def _shares(text: str) -> list[float]:
    try:
        found = [float(word) / 100 for word in text.split(",")]
    except ValueError:
        found = []
    if not found or found[-1] != 1.0 or sorted(set(found)) != found or found[0] <= 0:
        raise InputError.of("--stages", f'"{text}" are no shares of the nodes that rise to 100. Write 1,10,100.')
    return found


async def _roll(
    asked: Asked, made: Bundle, lamps: tuple[str, ...], zones: tuple[str, ...], shares: list[float], first: tuple[str, ...], limits: Limits
) -> int:
    from lykta.fleet.updates import plan
    from lykta.fleet.updates.record import UNDER_WAY, UPDATED

    folder = _folder(asked)
    with folder.alone():
        record = folder.load()
        if record is not None and record.state == UNDER_WAY and record.bundle != made.id:
            message = f"{record.version} is still being rolled out. Go on with it, or end it: lykta fleet update stop {asked.site}"
            raise InputError.of(str(folder.path), message)
        async with fleet_of(asked, "operator") as fleet:
            await _heard(fleet)
            if record is None or record.state != UNDER_WAY:
                begins = [fleet.street.lamp(lamp).id for lamp in first]
                chosen = lamps_of(fleet.street, lamps, zones)
                record, foreign = plan.begin(fleet.street, fleet.nodes, fleet.names, chosen, made, shares, begins, fleet.time())
                await _noted(fleet, record, made.version, "")
                folder.begin(record, made)
                if foreign:
                    click.echo(f"Left out, since their boards have another chip: {_some(foreign)}")
            else:
                click.echo(f"Goes on: {len(record.of(UPDATED))} of {len(record.nodes)} nodes have {record.version}.")
            return await _go_on(asked, fleet, folder, record, made, limits)


async def _heard(fleet: Fleet) -> None:
    """The broker has sent what it retains of the nodes: nothing new has come for a moment."""
    before = -1
    while fleet.tally.messages != before:
        before = fleet.tally.messages
        await asyncio.sleep(0.5)


async def _go_on(asked: Asked, fleet: Fleet, folder: Folder, record: Record, made: Bundle, limits: Limits) -> int:
    """Roll on, with progress, until it ends or somebody interrupts."""
    from lykta.fleet.updates.record import DONE, STOPPED, UPDATED
    from lykta.fleet.updates.roll import Roll

    begin = len(record.of(UPDATED))
    with Progress(f"{made.version}: stage {record.stage + 1} of {len(record.stages)}", total=len(record.nodes)) as bar:
        bar.advance(begin)
        shown_so_far = begin

        def said(text: str) -> None:
            nonlocal shown_so_far
            bar.say(text)
            bar.retitle(f"{made.version}: stage {record.stage + 1} of {len(record.stages)}")
            bar.advance(len(record.of(UPDATED)) - shown_so_far)
            shown_so_far = len(record.of(UPDATED))

        rolling = asyncio.create_task(Roll(fleet, made, record, folder.save, limits, said).run())
        try:
            await asyncio.shield(rolling)
        except asyncio.CancelledError:
            rolling.cancel()
            await asyncio.gather(rolling, return_exceptions=True)
            folder.save(record)
            click.echo("Interrupted. Nodes that were offered it go on by themselves; the same command goes on with the others.", err=True)
            raise
    if record.state == STOPPED:
        kept = len(record.of(UPDATED))
        back = f" {kept} have it; take it back from them: lykta fleet update undo {asked.site}" if kept else " Nobody has it."
        click.echo(f"Nobody else is offered it.{back}")
    elif record.state != DONE:
        away = [node for node in record.nodes if record.nodes[node].state != UPDATED]
        click.echo(f"{_some(away)} cannot be reached: they get it when they come back. The same command takes note of that, and tidies up.")
    return int(record.state != DONE)


@update.command()
@fleet_options
def status(asked: Asked) -> int:
    """How far the roll-out is: exit status 0 where all have it, 1 where some have not, or it stopped.

    \b
    Example:
      lykta fleet update status my_site.yaml
    """
    from lykta.fleet.updates.record import DONE, FAILED, OFFERED

    record = _folder(asked).load()
    if record is None:
        click.echo("Nothing was rolled out here yet.")
        return 0
    console = make_console()
    zone = asked.street().site.timezone
    of = f" (takes {record.undoes} back)" if record.undoes else ""
    console.print(f"{record.version}, bundle {record.bundle}{of}: {record.state}. Begun {shown(record.begun, zone)}.", highlight=False)
    if record.why:
        console.print(f"  {record.why}", style="red", highlight=False)
    for stage, share in enumerate(record.stages):
        counts = Counter(record.nodes[name].state for name in record.in_stage(stage))
        now = " <" if stage == record.stage and record.state != DONE else ""
        told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no node"
        console.print(f"  stage {stage + 1}, up to {share:.0%}: {told}{now}", highlight=False)
    for name in [*record.of(FAILED), *record.of(OFFERED)][:_LISTED]:
        node = record.nodes[name]
        console.print(f"  {name}: {node.state}, {node.reason or 'nothing said yet'}, since {shown(node.since, zone)}", highlight=False)
    return int(record.state != DONE)


@update.command()
@fleet_options
@click.option("--why", default="by hand", help="The reason; it is kept.")
def stop(asked: Asked, why: str) -> None:
    """End a roll-out that was interrupted: nobody else is offered it, and nodes that are fetching stop.

    \b
    Example:
      lykta fleet update stop my_site.yaml --why "the night of the marathon"
    """
    run(_stop(asked, why))


async def _stop(asked: Asked, why: str) -> None:
    from lykta.fleet.updates.record import UNDER_WAY
    from lykta.fleet.updates.roll import Limits, Roll

    folder = _folder(asked)
    with folder.alone():
        record = folder.load()
        if record is None or record.state != UNDER_WAY:
            raise LyktaError("No roll-out is under way here.")
        async with fleet_of(asked, "operator") as fleet:
            rolling = Roll(fleet, folder.bundle(record.bundle), record, folder.save, Limits(), click.echo)
            await fleet.note("update", f"{len(record.nodes)} nodes", f"{record.version} is rolled out", "stopped", why)
            rolling.stop(why)
            await rolling.run()


@update.command()
@fleet_options
@click.option("--to", type=click.Path(path_type=Path), metavar="BUNDLE", help="The version before, where it was not rolled out from here.")
@_paced
def undo(asked: Asked, to: Path | None, soak: float, unwell: float, patience: float, at_once: int) -> int:
    """Take an update back: the nodes that have it get the version before, which most still have in their other slot.

    That must be a bundle: a version below the security counter that nodes have confirmed is not taken any more.

    \b
    Example:
      lykta fleet update undo my_site.yaml
    """
    return run(_undo(asked, to, _limits(soak, unwell, patience, at_once)))


async def _undo(asked: Asked, to: Path | None, limits: Limits) -> int:
    from lykta.fleet.updates import plan
    from lykta.fleet.updates.record import UNDER_WAY
    from lykta.fleet.updates.roll import Roll

    folder = _folder(asked)
    with folder.alone():
        record = folder.load()
        if record is None:
            raise LyktaError("Nothing was rolled out here yet.")
        async with fleet_of(asked, "operator") as fleet:
            await _heard(fleet)
            back, old = plan.undoing(record, folder, checked(to) if to else None, fleet.time())
            if record.state == UNDER_WAY:
                rolling = Roll(fleet, folder.bundle(record.bundle), record, folder.save, limits)
                rolling.stop("it is undone")
                with contextlib.suppress(asyncio.CancelledError):
                    await rolling.run()
            await _noted(fleet, back, old.version, f"takes {record.version} back")
            folder.begin(back, old)
            click.echo(f"{len(back.nodes)} nodes go back to {old.version}.")
            return await _go_on(asked, fleet, folder, back, old, limits)


async def _noted(fleet: Fleet, record: Record, version: str, why: str) -> None:
    """Write down that an update begins."""
    had = ", ".join(sorted({fleet.nodes[name].software or "not known" for name in record.nodes}))
    await fleet.note("update", f"{len(record.nodes)} nodes", had, version, why)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _LISTED else f"{', '.join(names[:_LISTED])} and {len(names) - _LISTED} more"
