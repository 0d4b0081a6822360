"""What a fleet is told: commands, each written down with who and why before it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lykta.cli.fleet_options import (
    Asked,
    fleet_of,
    fleet_options,
    lamp_options,
    lamps_of,
    listed,
    moment_of,
    run,
    who_options,
)  # fmt: skip
from lykta.errors import InputError
from lykta.progress import Progress
from lykta.units import NotAQuantity, parse

if TYPE_CHECKING:
    from lykta.fleet.fleet import Fleet
    from lykta.fleet.model import Command

#: How long a node may take to answer [s]: one behind a gateway waits for a gap of the radio.
_PATIENCE_S = 20.0
Give = Callable[["Fleet", list[str]], Awaitable[list["Command"]]]


def _ordered(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command to lamps."""
    for option in (who_options, lamp_options, fleet_options):
        command = option(command)
    return command


@click.command()
@_ordered
@click.option("--level", default="100 %", show_default=True, help="At least so much; presence and faults may give more.")
@click.option(
    "--until",
    default="",
    metavar="TIME",
    help="03:00 on the clocks of the site, or 2026-12-14 03:00, also with an offset; within 24 hours.",
)
@click.option("--end", is_flag=True, help="End it now.")
def override(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], why: str, who: str, level: str, until: str, end: bool) -> int:
    """At least so much light until a time: on lamps, zones or the whole site.

    Nobody gets less light by it: presence, floors and faults may always give more. It ends by itself, whatever happens to the network.

    \b
    Example:
      lykta fleet override my_site.yaml --until 03:00 --why "accident at the crossing"
      lykta fleet override my_site.yaml --zone park --end
    """
    if bool(until) == end:
        raise InputError.of("--until", "say until when (--until 03:00), or --end.")
    _need(why, end)
    now = dt.datetime.fromtimestamp(asked.now(), dt.UTC)
    moment = now if end else moment_of(until, asked.street().site.timezone, now)
    permille = 0 if end else _permille(level)
    return run(_order(asked, lamps, zones, who, lambda fleet, chosen: fleet.override(chosen, permille, moment, why)))


@click.command()
@click.argument("sites", nargs=-1, required=True, metavar="SITE...")
@click.option(
    "--network",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="The folder that `lykta broker` made, or people/ROLE-NUMBER of it. Default: SITE.network.",
)
@click.option(
    "--database", metavar="FILE|URL", help="History: a file, or postgresql://user@host/name. Default: fleet.sqlite in the network."
)
@who_options
@click.option("--until", default="", metavar="TIME", help="03:00 on the clocks of the site; within 24 hours. Default: for 4 hours.")
@click.option("--end", is_flag=True, help="End it now.")
def emergency(sites: tuple[str, ...], network: Path | None, database: str | None, why: str, who: str, until: str, end: bool) -> int:
    """Emergency light: every lamp of SITE at full at once, as a minimum, also of several sites, one after the other.

    It ends by itself. Lamps behind a gateway get it by radio. It is sent although the database is away: then a spare one takes the record.

    \b
    Example:
      lykta fleet emergency my_site.yaml --why "search for a missing child"
      lykta fleet emergency north.yaml south.yaml --network city.network --until 05:00
      lykta fleet emergency my_site.yaml --end
    """
    worst = 0
    for site in sites:
        asked = Asked(site, network, database, "", "")
        worst = max(worst, _emergency(asked, why or "emergency", who, until, end))
    return worst


def _emergency(asked: Asked, why: str, who: str, until: str, end: bool) -> int:
    now = dt.datetime.fromtimestamp(asked.now(), dt.UTC)
    site = asked.street().site
    moment = moment_of(until, site.timezone, now) if until else None
    click.echo(f"{site.name}:")

    async def give(fleet: Fleet, chosen: list[str]) -> list[Command]:
        return await fleet.override(chosen, 0, now, why) if end else await fleet.emergency(why, moment)

    return run(_order(asked, (), (), who, give, urgent=True))


def _permille(text: str) -> int:
    try:
        return parse("level", text)
    except NotAQuantity as error:
        raise InputError.of("--level", str(error)) from None


@click.command()
@_ordered
@click.option("--seconds", type=click.IntRange(0, 3600), default=60, show_default=True)
def identify(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], why: str, who: str, seconds: int) -> int:
    """Let a lamp's status LED blink, so that somebody in the street knows which it is.

    \b
    Example:
      lykta fleet identify my_site.yaml --lamp K05
    """
    return run(_order(asked, lamps, zones, who, lambda fleet, chosen: fleet.identify(chosen, seconds, why)))


@click.command()
@_ordered
@click.option("--minutes", type=click.IntRange(0, 60), default=10, show_default=True, help="0 ends it.")
def walktest(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], why: str, who: str, minutes: int) -> int:
    """Let lamps show by blinks whom their sensors see, for somebody who walks past.

    \b
    Example:
      lykta fleet walktest my_site.yaml --lamp K05 --lamp K06
    """
    return run(_order(asked, lamps, zones, who, lambda fleet, chosen: fleet.walk_test(chosen, minutes * 60, why)))


@click.command()
@_ordered
@click.option("--minutes", type=click.IntRange(0, 240), default=60, show_default=True, help="0 closes it.")
def window(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], why: str, who: str, minutes: int) -> int:
    """Open a commissioning window: lamps tell their level of the moment, for at most 4 hours.

    A level of the moment tells who walks home. So the window is written down with who and why, nodes tell of it as an event, it closes by
    itself, and nothing of it is stored.

    \b
    Example:
      lykta fleet window my_site.yaml --zone park --minutes 30 --why "new sensors by the pond"
    """
    _need(why, not minutes)
    return run(_order(asked, lamps, zones, who, lambda fleet, chosen: fleet.window(chosen, minutes * 60, why)))


@click.command()
@_ordered
def restart(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], why: str, who: str) -> int:
    """Start nodes anew, from full light. Say which: --lamp or --zone.

    \b
    Example:
      lykta fleet restart my_site.yaml --lamp K05 --why "its radar does not answer"
    """
    if not lamps and not zones:
        raise InputError.of("--lamp", "say which lamps to restart. (Nobody wants to restart a whole site by leaving something out.)")
    _need(why)
    return run(_order(asked, lamps, zones, who, lambda fleet, chosen: fleet.restart(chosen, why)))


def _need(why: str, excused: bool = False) -> None:
    if not why and not excused:
        raise InputError.of("--why", 'say why, for those who read the record later: --why "accident at the crossing".')


async def _order(asked: Asked, lamps: Sequence[str], zones: Sequence[str], who: str, give: Give, urgent: bool = False) -> int:
    """Give a command to lamps, wait for their answers, and say what became of it: 0 where all have done it."""
    said = (lambda text: click.echo(text, err=True)) if urgent else (lambda text: None)
    async with fleet_of(asked, "operator", who, said=said, urgent=urgent) as fleet:
        chosen = lamps_of(fleet.street, lamps, zones)
        answers: dict[tuple[str, int], tuple[bool, str]] = {}
        listening = asyncio.create_task(_collect(fleet, answers))
        await asyncio.sleep(0)
        given = await give(fleet, chosen)
        wanted = {(command.node, command.number) for command in given}
        with contextlib.suppress(TimeoutError), Progress("waiting for the nodes", len(wanted)) as bar:
            heard = 0
            async with asyncio.timeout(_PATIENCE_S):
                while len(wanted & answers.keys()) < len(wanted):
                    await asyncio.sleep(0.1)
                    bar.advance(len(wanted & answers.keys()) - heard)
                    heard = len(wanted & answers.keys())
        listening.cancel()
        return _say(fleet, given, answers)


async def _collect(fleet: Fleet, answers: dict[tuple[str, int], tuple[bool, str]]) -> None:
    from lykta.fleet.model import Answer

    async for change in fleet.changes(["answer"]):
        if isinstance(change.about, Answer) and change.about.to == "command":
            answers[change.node, change.about.number] = (change.about.ok, change.about.reason)


def _say(fleet: Fleet, given: Sequence[Command], answers: dict[tuple[str, int], tuple[bool, str]]) -> int:
    from lykta.fleet.commands import MEANINGS

    done, refused, silent, reasons = [], [], [], list[str]()
    for command in given:
        ok, reason = answers.get((command.node, command.number), (None, ""))
        lamp = command.node.partition(".")[2]
        if ok:
            done.append(lamp)
        elif ok is None:
            silent.append(lamp)
        else:
            refused.append(f"{lamp} ({reason})")
            reasons += [reason] if reason in MEANINGS and reason not in reasons else []
    what = f"{given[0].verb} {given[0].detail}".strip() if given else "nothing"
    click.echo(f"{what}: {len(done)} of {len(given)} have done it: {listed(done) or 'none'}")
    if refused:
        click.echo(f"refused: {listed(refused)}")
        for reason in reasons:
            click.echo(f"  {reason}: {MEANINGS[reason]}")
    if silent:
        offline = [lamp for lamp in silent if fleet.nodes[fleet.names[lamp]].online is not True]
        click.echo(f"no answer: {listed(silent)}" + (f" (offline: {listed(offline)})" if offline else ""))
        click.echo(
            "A command is void after ten minutes: who comes back later will not obey it. `lykta fleet commands` shows later answers."
        )
    return int(len(done) < len(given))
