"""`lykta node selftest` and `lykta node walktest`: whether the node at the top of the post does what it should."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from lykta.cli.cable import Record, ask, asks, port_option, show_finding, site_option, the_port
from lykta.cli.terminal import make_console
from lykta.node import programs, session
from lykta.node import selftest as tests
from lykta.node.device import Device
from lykta.node.programs import Happened
from lykta.node.verdicts import FAIL, NOT_CHECKED, PASS, Finding, overall

FAILED = 1
_CLASSES = ("walker", "cyclist", "car")
_COMING, _GOING = "coming", "going"
_LONGEST_MIN = 10


@click.command(short_help="Test a node and its lamp.")
@port_option
@site_option
@click.option("--quick", is_flag=True, help="Only what the node finds by itself: no questions, no walking.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def selftest(port: str | None, site_name: str | None, quick: bool, as_json: bool) -> int:
    """Test a node: files, memory, lamp, radio, sensors, clock; then what only you can see.

    The lamp goes full, half, full. You are asked what you saw, may measure the dimming at five points, and walk past each sensor. What
    nobody looked at is NOT CHECKED. Exit status 1 if something failed.

    \b
    Example:
      lykta node selftest --site my_site.yaml
    """
    console = make_console(stderr=as_json)
    about: dict[str, Any] = {}
    with session.attended(the_port(port)) as board:
        who = session.info(board)
        record = Record(site_name, who)
        session.calm(board)
        session.set_clock(board, dt.datetime.now(dt.UTC))
        console.print(f"[bold]{escape(who.lamp or who.mac)}[/bold]: testing, about half a minute", highlight=False)
        findings = tests.own(board, lambda found: show_finding(console, found))
        findings = [found for found in findings if found.part != "light" or found.verdict != NOT_CHECKED]
        _add(console, findings, tests.light(ask))
        if not quick and asks():
            _curve(board, console, findings, about)
            _walk_past(board, console, findings, about, record)
    verdict = overall(found.verdict for found in findings)
    parts = [vars(found) for found in findings]
    if as_json:
        click.echo(
            json.dumps({"lamp": who.lamp, "mac": who.mac, "verdict": verdict, "parts": parts, **about}, ensure_ascii=False, indent=2)
        )
    else:
        console.print(f"[bold]{escape(who.lamp or who.mac)}: {verdict}[/bold] ({tests.tally(findings)})", highlight=False)
    record.note("selftest", {"verdict": verdict, "parts": parts, **about})
    return FAILED if verdict == FAIL else 0


def _add(console: Console, findings: list[Finding], finding: Finding) -> None:
    findings.append(finding)
    show_finding(console, finding)


def _curve(board: Device, console: Console, findings: list[Finding], about: dict[str, Any]) -> None:
    if ask("Measure the dimming at five points?", ("yes", "no")) != "yes":
        _add(console, findings, Finding("dim curve", NOT_CHECKED, "not measured"))
        return
    session.calm(board)
    finding, points = tests.curve(board, ask, click.echo)
    _add(console, findings, finding)
    about["curve"] = points


def _walk_past(board: Device, console: Console, findings: list[Finding], about: dict[str, Any], record: Record) -> None:
    names = tests.sensors(session.described(board))
    if not names:
        return
    listed = ", ".join(names)
    if ask(f"Walk past each sensor ({listed})? PIRs need a minute first", ("yes", "no")) != "yes":
        for name in names:
            _add(console, findings, Finding(name, NOT_CHECKED, "nobody walked past it"))
        return
    session.calm(board)
    console.print("    Ctrl-C when you have seen enough", highlight=False)
    watched = tests.walked_past(board, names, lambda said: console.print(f"    {escape(said)}", highlight=False))
    for finding in watched.findings():
        _add(console, findings, finding)
    about["neighbours"] = {record.lamp_named(int(number)): dbm for number, dbm in watched.neighbours().items()}


@click.command(short_help="Walk past: are you noticed?")
@port_option
@site_option
@click.option("--minutes", type=click.IntRange(1, _LONGEST_MIN), default=_LONGEST_MIN, show_default=True, help="It ends by itself.")
def walktest(port: str | None, site_name: str | None, minutes: int) -> int:
    """Walk past, and see whether you are noticed: the lamp blinks twice, the LED flashes, a line appears here.

    It ends by itself, or with Ctrl-C. Then you are asked whether a radar told coming from going; that, how far it saw you, and which
    neighbours were heard, is written down. Exit status 1 if something failed.

    \b
    Example:
      lykta node walktest --site my_site.yaml --minutes 3
    """
    console = make_console()
    with session.attended(the_port(port)) as board:
        who = session.info(board)
        record = Record(site_name, who)
        session.calm(board)
        session.set_clock(board, dt.datetime.now(dt.UTC))
        names = tests.sensors(session.described(board))
        watched = tests.Watched(names)
        console.print(f"[bold]{escape(who.lamp or who.mac)}[/bold]: walk past it; {minutes} min, Ctrl-C ends it", highlight=False)

        def take(event: Happened) -> None:
            said = watched.take(event) or _said(event)
            if said:
                console.print(f"[dim]{dt.datetime.now():%H:%M:%S}[/dim]  {escape(said)}", highlight=False, soft_wrap=True)

        try:
            session.perform(board, programs.walk(minutes * 60), minutes * 60 + 30.0, take, lambda _: None)
        except KeyboardInterrupt:
            board.interrupt()
    findings = [*watched.findings(), *(_direction(number, name, watched) for number, name in enumerate(names) if name.startswith("LD2451"))]
    for finding in findings:
        show_finding(console, finding)
    about = {
        "parts": [vars(finding) for finding in findings],
        "range_m": {names[number]: round(far / 100, 1) for number, far in watched.farthest.items() if far and number < len(names)},
        "neighbours": {record.lamp_named(int(number)): dbm for number, dbm in watched.neighbours().items()},
    }
    record.note("walktest", about)
    return FAILED if any(finding.verdict == FAIL for finding in findings) else 0


def _said(event: Happened) -> str:
    """What to show of an event that is no reading."""
    if event.kind == "F":
        wrong = [word for word in event.text.split(", ") if word not in ("", "warm-up")]
        return f"not well: {', '.join(wrong)}" if wrong else ""
    if event.kind != "D" or len(event.numbers) != 4:
        return ""
    classes, speed, came, _ = event.numbers
    who = " or ".join(name for bit, name in enumerate(_CLASSES) if classes >> bit & 1)
    fast = f", {speed / 100:.1f} m/s" if speed else ""
    way = f", by link {came}" if came != programs.LINK_UNKNOWN else ""
    return f"-> noticed: {who or 'somebody'}{fast}{way}"


def _direction(number: int, name: str, watched: tests.Watched) -> Finding:
    """Whether a radar that tells coming from going told it right: it looks the way that the site says, or the other."""
    speeds = watched.speeds.get(number, [])
    part = f"{name} way"
    if not speeds:
        return Finding(part, NOT_CHECKED, "it reported no speed: walk towards it, and away from it")
    ways = f"{sum(speed > 0 for speed in speeds)} times coming, {sum(speed < 0 for speed in speeds)} times going"
    answer = ask(f"{name} said you were {_COMING if speeds[0] > 0 else _GOING} first. Were you?", ("yes", "no", "skip"))
    if answer == "yes":
        return Finding(part, PASS, ways)
    if answer == "no":
        return Finding(part, FAIL, f"{ways}, the wrong way round: turn it, or `towards` in the site")
    return Finding(part, NOT_CHECKED, f"{ways}; nobody said whether that is right")
