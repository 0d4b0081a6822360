"""`lykta fleet`: many nodes on a network, from a desk."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from lykta.cli.fleet_options import Asked, ago, fleet_of, fleet_options, lamp_options, lamps_of, run, settled, shown
from lykta.cli.terminal import make_console

if TYPE_CHECKING:
    from lykta.fleet.database import Database
    from lykta.fleet.fleet import Fleet
    from lykta.fleet.model import Alarm, NodeState

#: Commands in modules of their own: name -> (module, one line of help). They are imported when they are wanted.
_ELSEWHERE = {
    "override": ("fleet_orders", "At least so much light until a time: on lamps, zones or the whole site."),
    "identify": ("fleet_orders", "Let a lamp's status LED blink."),
    "walktest": ("fleet_orders", "Let lamps show by blinks whom their sensors see."),
    "window": ("fleet_orders", "A commissioning window: levels of the moment, at most 4 h, never stored."),
    "restart": ("fleet_orders", "Start nodes anew."),
    "propose": ("fleet_settings", "Propose settings: what would change, for another operator to approve."),
    "approve": ("fleet_settings", "Approve settings that somebody else has proposed."),
    "refuse": ("fleet_settings", "Refuse settings that somebody has proposed."),
    "withdraw": ("fleet_settings", "Take back one's own proposal."),
    "proposals": ("fleet_settings", "What was proposed, by whom, what it changes, what became of it."),
    "roll-out": ("fleet_settings", "Send settings that were approved; show who has taken them."),
    "back": ("fleet_settings", "The way back: what was in force before, as a new version."),
    "push": ("fleet_settings", "Send settings at once, in a street that one person sets up."),
    "emergency": ("fleet_orders", "Emergency light: every lamp at full at once; it ends by itself."),
    "commands": ("fleet_commands", "The record: who did what, when, why, before and after; what became of it."),
    "record": ("fleet_record", "Keep the history: the service that writes all that nodes tell into the database."),
    "export": ("fleet_record", "Write the history as Parquet."),
    "update": ("fleet_update", "New firmware over the network: keys, bundles, rolling out, undoing."),
    "simulate": ("fleet_simulate", "A street without hardware: whole firmwares in real time, or light nodes by the thousand."),
}


#: How long a window for watching is open, and when a lamp that did not open it is asked again [s].
_WINDOW_S, _AGAIN_S = 3600.0, 20.0
#: Nodes tell of themselves every quarter of an hour: a history that is older is not kept any more [s].
_STALE_S = 1800


class _Group(click.Group):
    """Commands of this module, and those that lie elsewhere."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All of them."""
        return sorted({*self.commands, *_ELSEWHERE})

    def get_command(self, context: click.Context, cmd_name: str) -> click.Command | None:
        """One of them."""
        if cmd_name in _ELSEWHERE:
            command: click.Command = getattr(importlib.import_module(f"lykta.cli.{_ELSEWHERE[cmd_name][0]}"), cmd_name.replace("-", "_"))
            return command
        return super().get_command(context, cmd_name)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        here = {name: command.get_short_help_str(80) for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted({**here, **{name: text for name, (_, text) in _ELSEWHERE.items()}}.items()))


@click.group(cls=_Group)
def fleet() -> None:
    """Many nodes on a network: see, command, record, update and simulate them.

    Without hardware, in three terminals:

    \b
    Example:
      lykta broker run kungsholms_strand
      lykta fleet simulate kungsholms_strand
      lykta fleet watch kungsholms_strand --live "to see how it works"
    """


@fleet.command()
@fleet_options
@lamp_options
@click.option(
    "--live", default="", metavar="WHY", help="Open a commissioning window of an hour for these lamps, and say why: it is logged."
)
@click.option("--who", default="", help="Who opens it. Default: LYKTA_WHO, or the user of this machine.")
def watch(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], live: str, who: str) -> None:
    """See the fleet live in the terminal, until Ctrl-C.

    Levels are means of a quarter of an hour: a level of the moment at 03:12 tells who walks home. Only in a commissioning window do lamps
    tell it (●), and nothing of that is stored.

    \b
    Example:
      lykta fleet watch my_site.yaml
      lykta fleet watch my_site.yaml --zone park --live "new sensors by the pond"
    """
    with contextlib.suppress(KeyboardInterrupt):
        run(_watch(asked, lamps, zones, live, who))


async def _watch(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], live: str, who: str) -> None:
    from rich.live import Live

    from lykta.cli.fleet_view import View
    from lykta.fleet import history
    from lykta.fleet.carrier import Lost
    from lykta.fleet.database import Gone
    from lykta.fleet.model import Event

    lines: list[str] = []
    async with fleet_of(asked, "operator" if live else "viewer", who, said=lines.append) as fleet:
        chosen = lamps_of(fleet.street, lamps, zones)
        view = View(fleet, chosen)
        lines.clear()
        view.events.extendleft(event for _, event in await fleet.in_thread(lambda: history.events(fleet.database, most=20)))

        async def listen() -> None:
            async for change in fleet.changes(["event", "link"]):
                if isinstance(change.about, Event):
                    view.events.appendleft(change.about)

        work = [asyncio.create_task(listen()), *([asyncio.create_task(_keep_open(fleet, chosen, live))] if live else [])]
        try:
            with Live(view, console=make_console(), screen=True, auto_refresh=False) as screen:
                while True:
                    view.said = _what_is_away(fleet, lines)
                    screen.refresh()
                    await asyncio.sleep(0.5)
        finally:
            for task in work:
                task.cancel()
            with contextlib.suppress(Lost, Gone):  # a window that cannot be closed ends by itself
                if live and fleet.connected:
                    await fleet.window([lamp for lamp in chosen if fleet.nodes[fleet.names[lamp]].window], 0, live)


def _what_is_away(fleet: Fleet, lines: list[str]) -> str:
    """What is wrong with broker or database, for the last line of the screen."""
    if not fleet.connected:
        return lines[-1] if lines else ""
    return fleet.away and f"What nodes tell is shown all the same; what others ordered meanwhile is not known. {fleet.away}"


async def _keep_open(fleet: Fleet, lamps: list[str], why: str) -> None:
    """Open the window of lamps as they come; a restart ends it, and then it is opened again."""
    from lykta.fleet.carrier import Lost
    from lykta.fleet.database import Gone

    asked: dict[str, float] = {}
    until = time.monotonic() + _WINDOW_S
    while (left := until - time.monotonic()) > _AGAIN_S:
        now = time.monotonic()
        open_ = [lamp for lamp in lamps if (node := fleet.nodes[fleet.names[lamp]]).online and not node.window]
        due = [lamp for lamp in open_ if now - asked.get(lamp, -_AGAIN_S) >= _AGAIN_S]
        with contextlib.suppress(Lost, Gone):  # no window that is not written down
            if due:
                await fleet.window(due, int(left), why)
                asked.update(dict.fromkeys(due, now))
        await asyncio.sleep(1)


@fleet.command()
@fleet_options
@lamp_options
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object.")
def status(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], as_json: bool) -> int:
    """Say once how the fleet is.

    Exit status 0 where all is well, 1 where a node is offline or an alarm is open.

    \b
    Example:
      lykta fleet status my_site.yaml
      lykta fleet status my_site.yaml --json | jq '.nodes[] | select(.online | not) | .lamp'
    """
    return run(_status(asked, lamps, zones, as_json))


async def _status(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], as_json: bool) -> int:
    async with fleet_of(asked, "viewer") as fleet:
        chosen = lamps_of(fleet.street, lamps, zones)
        await settled(fleet)
        nodes = [fleet.nodes[fleet.names[lamp]] for lamp in chosen]
        names = {node.name for node in nodes}
        alarms = [alarm for alarm in fleet.alarms if alarm.node in names]
        if as_json:
            told = {"site": fleet.street.site.name, "district": fleet.district, **_counts(nodes, alarms)}
            click.echo(
                json.dumps({**told, "nodes": [_as_json(node) for node in nodes], "alarms": [asdict(one) for one in alarms]}, indent=1)
            )
        else:
            _print_status(fleet.street.site.name, fleet.street.site.timezone, nodes, alarms, fleet.time())
        return int(bool(alarms) or any(not node.online for node in nodes))


def _counts(nodes: list[NodeState], alarms: list[Alarm]) -> dict[str, int]:
    return {"count": len(nodes), "online": sum(node.online is True for node in nodes), "open_alarms": len(alarms)}


def _as_json(node: NodeState) -> dict[str, Any]:
    told = {key: value for key, value in asdict(node).items() if key not in ("live", "live_at")}
    return {**told, "power_mw": node.power_mw}


def _print_status(site: str, timezone: str, nodes: list[NodeState], alarms: list[Alarm], now: float) -> None:
    from lykta.fleet.telling import NO_SLOT

    console = make_console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title, right in (
        ("lamp", 0),
        ("", 0),
        ("heard", 1),
        ("level", 1),
        ("power", 1),
        ("settings", 1),
        ("software", 0),
        ("what is wrong", 0),
    ):
        table.add_column(title, justify="right" if right else "left", no_wrap=title != "what is wrong")
    for node in nodes:
        wrong = ", ".join([*node.alarms, *(fault for fault in node.faults)])
        table.add_row(
            node.lamp,
            {True: "[green]online[/]", False: "[red]offline[/]", None: "[dim]never seen[/]"}[node.online],
            "" if node.seen is None else ago(now - node.seen),
            "" if node.level is None else f"{node.level / 10:.0f} %",
            "" if node.power_mw is None else f"{node.power_mw / 1000:.1f} W{'~' if node.estimated else ''}",
            str(node.settings or ""),
            f"{node.software} {'' if node.slot == NO_SLOT else node.slot}".strip(),
            f"[red]{wrong}[/]" if node.alarms else wrong,
        )
    console.print(table)
    counts = _counts(nodes, alarms)
    console.print(f"\n{site}: {counts['online']} of {counts['count']} online, {counts['open_alarms']} open alarms.", highlight=False)
    if any(node.power_mw is not None and node.estimated for node in nodes):
        console.print("~ worked out of the level: these nodes have no meter.", style="dim")
    for alarm in alarms:
        console.print(f"  {shown(alarm.opened, timezone)}  {alarm.kind}  {alarm.node}  {alarm.detail}", highlight=False, style="red")


@fleet.command()
@fleet_options
@lamp_options
@click.option("--kind", "kinds", multiple=True, help="Of this kind: fault, right, start, security, command, settings, update, window ...")
@click.option("--hours", type=click.FloatRange(min=0), default=24.0, show_default=True, help="Of so many hours.")
@click.option("--most", type=click.IntRange(1), default=200, show_default=True, help="The newest of them.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a JSON object in each line.")
def events(
    asked: Asked,
    lamps: tuple[str, ...],
    zones: tuple[str, ...],
    kinds: tuple[str, ...],
    hours: float,
    most: int,
    follow: bool,
    as_json: bool,
) -> None:
    """What happened, as nodes tell it.

    From the history, as the recorder has written it down; with --follow also as it comes.

    \b
    Example:
      lykta fleet events my_site.yaml --kind security --hours 168
      lykta fleet events my_site.yaml --lamp K05 --follow
    """
    from lykta.fleet import history

    street = asked.street()
    names = _names(asked, lamps, zones)
    database = asked.open()
    since = int(asked.now() - hours * 3600)
    found = history.events(database, since, 0, names, kinds, most)
    for _, event in found:
        _print_event(event, street.site.timezone, as_json)
    if not found and not as_json:
        click.echo(f"Nothing of that kind is written down of the last {hours:g} hours." + ("" if follow else " --follow shows what comes."))
    _warn_unrecorded(asked, database)
    if follow:
        with contextlib.suppress(KeyboardInterrupt):
            run(_follow(asked, set(names), set(kinds), as_json))


async def _follow(asked: Asked, names: set[str], kinds: set[str], as_json: bool) -> None:
    from lykta.fleet.model import Event

    async with fleet_of(asked, "viewer", said=lambda text: click.echo(text, err=True)) as fleet:
        async for change in fleet.changes(["event"]):
            event = change.about
            if isinstance(event, Event) and (not names or event.node in names) and (not kinds or event.kind in kinds):
                _print_event(event, fleet.street.site.timezone, as_json)


def _print_event(event: Any, timezone: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(event)))
        return
    from lykta.fleet.telling import told

    at = shown(event.at or event.received, timezone) + ("" if event.at else "?")
    times = f" ({event.count} times)" if event.count > 1 else ""
    click.echo(f"{at:20} {event.node:28} {event.kind:9} {told(event, timezone)}{times}")


def _names(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...]) -> list[str]:
    """The nodes that are meant; none where all are."""
    from lykta.plan.nodefiles import node_names

    street = asked.street()
    names = node_names(street.site)
    return [names[lamp] for lamp in lamps_of(street, lamps, zones)] if lamps or zones else []


@fleet.command()
@fleet_options
@click.option("--days", type=click.FloatRange(min=0), default=0.0, help="Also those that were closed in so many days.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a JSON object in each line.")
def alarms(asked: Asked, days: float, as_json: bool) -> None:
    """The alarms that are open.

    As the recorder has written them down: `lykta fleet record` must run, or have run, for there to be any.

    \b
    Example:
      lykta fleet alarms my_site.yaml
      lykta fleet alarms my_site.yaml --days 30
    """
    from lykta.fleet import history
    from lykta.fleet.model import MEANINGS

    database: Database = asked.open()
    since = int(asked.now() - days * 86_400)
    timezone = asked.street().site.timezone
    found = history.alarms(database, since, closed=days > 0)
    for alarm in found:
        if as_json:
            click.echo(json.dumps(asdict(alarm)))
            continue
        closed = f"closed {shown(alarm.closed, timezone)}" if alarm.closed else "open"
        click.echo(f"{shown(alarm.opened, timezone)}  {alarm.node:28} {alarm.kind:12} {closed:26} {alarm.detail or MEANINGS[alarm.kind]}")
    if not found and not as_json:
        click.echo("No alarm is open." if not days else "There were none.")
    _warn_unrecorded(asked, database)


def _warn_unrecorded(asked: Asked, database: Database) -> None:
    """Say so where the history is not what happened: nobody keeps it, or not any more."""
    last = database.written()
    if last is None or asked.now() - last > _STALE_S:
        since = "yet" if last is None else f"since {shown(last, asked.street().site.timezone)}"
        keeps = f"`lykta fleet record {asked.site}` keeps it; `lykta fleet status {asked.site}` asks the broker."
        click.echo(f"That is the history, and nobody has written it {since}: {keeps}", err=True)
