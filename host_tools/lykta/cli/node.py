"""`lykta node`: the board on the cable: which it is, whether it is well, what it says, its settings."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
from rich.markup import escape

from lykta.cli.cable import Record, asks, port_option, site_option, the_port, writing
from lykta.cli.node_tests import selftest, walktest
from lykta.cli.terminal import make_console
from lykta.errors import InputError
from lykta.node import backup as backups
from lykta.node import logs as consoles
from lykta.node import nodesettings, programs, session
from lykta.node.device import BAUD
from lykta.node.errors import BoardError
from lykta.node.ports import Port, find_ports, is_network, look
from lykta.node.session import Info
from lykta.plan.board_reader import load_board, packaged_boards

_IDENTIFY_S = 60
_LOOK_S = 20.0
#: pyserial's terminal, which reads the port in a thread: of a lost connection that would tell with a traceback, and end well.
_TERMINAL = """
import sys, threading
from serial.tools import miniterm
lost = []
threading.excepthook = lost.append
miniterm.main()
if lost:
    print("the connection to the board ended. Check the cable, then run the same command again.", file=sys.stderr)
    sys.exit(2)
"""


@click.group()
def node() -> None:
    """Look at the board on the cable: which it is, whether it is well, what it says; change its settings.

    \b
    Example:
      lykta node list
      lykta node info --port /dev/ttyUSB0
      lykta node selftest --site my_site.yaml
    """


@node.command(name="list", short_help="List the boards that are plugged in.")
@click.option("--ask", is_flag=True, help="Ask each board who it is: that stops its program for some seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_(ask: bool, as_json: bool) -> None:
    """List the boards that are plugged in.

    \b
    Example:
      lykta node list --ask
    """
    ports = find_ports()
    if as_json:
        click.echo(json.dumps([_row(port, ask) for port in ports], ensure_ascii=False, indent=2))
        return
    if not ports:
        click.echo("No board is plugged in. Use a cable with data wires; a virtual board: lykta virtual-board")
    for port in ports:
        row = _row(port, ask)  # each is shown as it answers: to ask takes a moment
        click.echo("  ".join(word for word in (row["port"], row["about"], row["lamp"]) if word))
        details = [f"USB {row['usb']}" if row["usb"] else "", f"may be {row['boards']}" if row["boards"] else "", row["says"]]
        if any(details):
            click.echo(f"    {'; '.join(detail for detail in details if detail)}")


def _row(port: Port, ask: bool) -> dict[str, str]:
    """What is known of one port."""
    boards = [name for name in packaged_boards() if port.usb and load_board(name).fits_usb(*port.usb)]
    usb = f"{port.usb[0]:04x}:{port.usb[1]:04x}" if port.usb else ""
    row = {"port": port.name, "about": port.about, "usb": usb, "boards": ", ".join(boards), "lamp": "", "mac": "", "says": ""}
    if ask:
        try:
            with session.attended(port.name, attempts=1) as board:
                about = session.info(board)
            row |= {"lamp": about.lamp, "mac": about.mac, "says": f"{about.mac}, {about.machine}"}
        except BoardError as error:
            row["says"] = error.what
    return row


@node.command(short_help="Show who a node is and how it is.")
@port_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def info(port: str | None, as_json: bool) -> None:
    """Show who a node is and how it is: lamp, versions, memory, starts, its last crash.

    \b
    Example:
      lykta node info
    """
    with session.attended(the_port(port)) as board:
        about = session.info(board)
    if as_json:
        click.echo(json.dumps(vars(about), ensure_ascii=False, indent=2))
        return
    for title, text in _told(about):
        click.echo(f"{title:<12}{text}")


def _told(about: Info) -> list[tuple[str, str]]:
    """What to show of a node, line by line."""
    identity = about.identity
    who = f"{about.lamp} of {identity.get('site')}, number {identity.get('number')}, board {identity.get('board')}"
    files = ", ".join(f"{name} {version}" for name, version in sorted(about.versions.items()) if version >= 0)
    missing = ", ".join(name for name, version in sorted(about.versions.items()) if version == -1 and name != "adjacent")
    counts = about.counts
    lines = [
        ("lamp", who if about.lamp else "nobody yet: lykta flash SITE LAMP"),
        ("MAC", about.mac),
        ("runtime", f"MicroPython {about.runtime}, {about.machine}"),
        ("firmware", f"slots {about.slots}" if about.slots else "in the root" if about.firmware else "none of ours"),
        ("files", (files or "none") + (f"; missing or damaged: {missing}" if missing else "")),
        ("memory", f"{about.memory:,} bytes free"),
        ("flash", f"{about.flash[1]:,} of {about.flash[0]:,} bytes free"),
        ("started by", about.cause),
    ]
    if "boots" in counts:
        lines.append(("starts", f"{counts['boots']}, {counts.get('failed', 0)} since the last good one; {about.rung}"))
    if about.crash:
        lines.append(("last crash", about.crash.strip().splitlines()[-1]))
    return lines


@node.command(short_help="Follow what a node prints.")
@port_option
def logs(port: str | None) -> None:
    """Follow what a node prints, with the time and with what it means; Ctrl-C ends it.

    The node is not disturbed, as far as its USB chip lets us: some boards start anew when their port is opened.

    \b
    Example:
      lykta node logs
    """
    name = the_port(port)
    console = make_console()
    click.echo(f"{name}: listening; Ctrl-C ends it.", err=True)
    try:
        for line in consoles.follow(name):
            text, meaning = consoles.explained(line)
            note = f"  [dim]({escape(meaning)})[/dim]" if meaning else ""
            console.print(f"[dim]{dt.datetime.now():%H:%M:%S}[/dim]  {escape(text)}{note}", highlight=False, soft_wrap=True)
    except KeyboardInterrupt:
        click.echo("", err=True)


@node.command(short_help="Blink, to be seen from below.")
@port_option
@click.option("--seconds", type=click.IntRange(1, 60), default=_IDENTIFY_S, show_default=True)
def identify(port: str | None, seconds: int) -> None:
    """Blink: LED fast, lamp between full and half, so that one sees from below which it is.

    \b
    Example:
      lykta node identify --seconds 30
    """
    with session.attended(the_port(port)) as board:
        session.calm(board)
        click.echo(f"blinking for {seconds} s; Ctrl-C ends it.", err=True)
        session.perform(board, programs.identify(seconds), seconds + _LOOK_S, lambda _: None, lambda _: None)


@node.command(name="get", short_help="Show the settings on a node.")
@port_option
@click.argument("names", nargs=-1, metavar="[SETTING]...")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def get(port: str | None, names: tuple[str, ...], as_json: bool) -> None:
    """Show the settings on a node: all that differ from the defaults, or those named.

    SETTING is `idle`, `pedestrian.hold`, `2.idle`: the phase (as numbered here), the class, the key; phase and class may be left out.

    \b
    Example:
      lykta node get
      lykta node get hold 2.idle
    """
    with session.attended(the_port(port)) as board:
        version, program = nodesettings.read(board)
    shown = nodesettings.shown(program, [nodesettings.wish(name, program, needs_value=False) for name in names])
    if as_json:
        click.echo(json.dumps({"version": version, "until": program.until.isoformat(), "settings": shown}, ensure_ascii=False, indent=2))
        return
    for phase in program.phases():
        click.echo(f"phase {nodesettings.title(phase)}")
        lines = [(name, text) for name, text in shown.items() if name.partition(".")[0] == str(phase.number)]
        for name, text in lines:
            click.echo(f"  {name.partition('.')[2]:<24}{text}")
        if not lines:
            click.echo("  as the defaults" if phase.row >= 0 else "  no light")
    click.echo(f"version {version}; clocks and holidays are known until {program.until}")


@node.command(name="set", short_help="Change settings on a node.")
@port_option
@site_option
@click.argument("settings", nargs=-1, required=True, metavar="SETTING=VALUE...")
def set_(port: str | None, site_name: str | None, settings: tuple[str, ...]) -> None:
    """Change settings on a node, checked as those of a profile; it starts anew with them.

    This is for trying something out at the post. The next `lykta flash` brings back what site and profile say: change it there as well.
    What was, stays on the node as the previous version, to which it falls back if it cannot start.

    \b
    Example:
      lykta node set "pedestrian.hold=20 s" "2.idle=30 %"
    """
    with session.attended(the_port(port)) as board:
        about = session.info(board)
        record = Record(site_name, about)
        version, program = nodesettings.read(board)
        changed = nodesettings.apply(program, [nodesettings.wish(text, program, needs_value=True) for text in settings])
        if not changed:
            click.echo("nothing to change: it is so already.")
            return
        nodesettings.write(board, program, version + 1)
    for line in changed:
        click.echo(line)
    click.echo(f"{about.lamp or 'the node'} has version {version + 1} of its settings, and starts with them.")
    record.note("settings", {"changed": changed, "version": version + 1})


@node.command(short_help="Keep a node's settings in a file.")
@port_option
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file; LAMP-DATE.lykta.zip where not given.")
def backup(port: str | None, output: Path | None) -> None:
    """Keep a node's settings and tables in a file. Keys are not in it: they stay on the node, and in the site's own store.

    \b
    Example:
      lykta node backup -o K05.zip
    """
    now = dt.datetime.now(dt.UTC)
    with session.attended(the_port(port)) as board:
        about = session.info(board)
        target = output or Path(f"{about.lamp or about.mac.replace(':', '')}-{now:%Y%m%d}.lykta.zip")
        with writing(target):
            saved = backups.save(board, about, target, now)
    click.echo(f"{target}: {', '.join(saved.files)} of {saved.lamp or saved.mac}. No keys are in it.")


@node.command(short_help="Put back what `backup` kept.")
@port_option
@site_option
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--other-lamp", is_flag=True, help="Although this node is another lamp than that of the backup.")
def restore(port: str | None, site_name: str | None, file: Path, other_lamp: bool) -> None:
    """Put back what `backup` kept; what is so already is not written.

    With the site, its inventory says whether this board may be that lamp, and is told of it.

    \b
    Example:
      lykta node restore K05.zip
    """
    saved = backups.load(file)
    with session.attended(the_port(port)) as board:
        about = session.info(board)
        if not about.firmware:
            raise session.no_firmware(board.port)
        if about.lamp and about.lamp != saved.lamp and not other_lamp:
            message = (
                f"this is the backup of {saved.lamp} ({saved.when[:10]}), but the node is {about.lamp}. If that is meant: --other-lamp"
            )
            raise InputError.of(str(file), message)
        identity = json.loads(saved.files["identity"]) if "identity" in saved.files else about.identity
        record = Record(site_name, replace(about, identity=identity))
        changed = backups.restore(board, about, saved)
    click.echo(f"put back: {', '.join(changed)}." if changed else "nothing to put back: it is so already.")
    if about.versions.get("keys", -1) == -1:
        click.echo(f"It has no keys, so no radio: lykta flash SITE {saved.lamp} brings them.", err=True)
    if changed:
        record.note("settings", {"changed": [f"{', '.join(changed)} as on {saved.when[:10]}, from a backup"]})


@node.command(short_help="Type to MicroPython on the board.")
@port_option
def repl(port: str | None) -> None:
    """Type to MicroPython on the board itself; Ctrl-C stops the node's program, Ctrl-D starts it anew, Ctrl-] ends this.

    \b
    Example:
      lykta node repl
    """
    name = the_port(port)
    if not asks():
        raise InputError.of("lykta node repl", "is for a person at a terminal; a script uses `mpremote connect PORT exec CODE`.")
    look(name)
    # mpremote waits for keys and port at once, which a port over a network cannot do; pyserial's own terminal can.
    over_network = ["-c", _TERMINAL, "--raw", "--eol", "CR", name, str(BAUD)]
    command = [sys.executable, *(over_network if is_network(name) else ["-m", "mpremote", "connect", name, "repl"])]
    status = subprocess.run(command, check=False).returncode
    if status:
        raise click.exceptions.Exit(status)


@node.command(name="factory-reset", short_help="Make a node nobody again.")
@port_option
@site_option
@click.option("--confirm", metavar="LAMP", help="The lamp's name, for scripts: without it you are asked to type it.")
def factory_reset(port: str | None, site_name: str | None, confirm: str | None) -> None:
    """Make a node nobody again: its identity, settings, tables, keys and counts are removed; firmware and runtime stay.

    The lamp is full afterwards. Removed is not shredded: who reads the flash chip itself may find traces. Before a board leaves your
    hands, write it anew with `lykta flash`, or erase all of it with `esptool erase-flash`.

    \b
    Example:
      lykta node factory-reset
    """
    with session.attended(the_port(port)) as board:
        about = session.info(board)
        if not about.firmware:
            raise session.no_firmware(board.port)
        if set(about.versions.values()) == {-1} and not board.files("/data"):
            click.echo("it is nobody already: there is nothing to remove.")
            return
        name = about.lamp or about.mac
        record = Record(site_name, about) if about.lamp else None
        typed = (
            confirm
            if confirm is not None
            else click.prompt(f"This removes all that makes this board {name}. Type {name} to do it", err=True)
        )
        if typed.strip() != name:
            raise InputError.of("factory-reset", f'"{typed}" is not "{name}": nothing was removed.')
        session.calm(board)
        certified = "/data/cert" in board.files("/data")
        board.run(programs.FORGET, patience_s=_LOOK_S)
    click.echo(f"{name} is nobody now, and full. Make it a lamp again: lykta flash SITE LAMP")
    if certified:
        click.echo("It had a certificate, with which its broker still lets it in. If it leaves your hands:")
        click.echo(f'  lykta broker revoke {name} --site {site_name or "SITE"} --why "..."')
    if record is not None:
        record.note("reset", {})


for _verb in (selftest, walktest):
    node.add_command(_verb)
