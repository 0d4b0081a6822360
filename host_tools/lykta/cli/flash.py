"""`lykta flash`: make the board on the cable the node of a lamp; or a whole street of them, one after the other or several at once."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import click
from rich.markup import escape

from lykta.cli import INTERRUPTED
from lykta.cli.cable import asks, show_finding, the_port, writing
from lykta.cli.terminal import make_console
from lykta.errors import InputError, LyktaError
from lykta.node import esp, rounds
from lykta.node.errors import BoardError
from lykta.node.flashing import Options, Outcome, Wanted
from lykta.node.inventory import Inventory, inventory_path
from lykta.node.labels import Label
from lykta.node.ports import find_ports
from lykta.node.rounds import Assignment, Images, Preparation, flash_all
from lykta.node.street import Street, load_street
from lykta.node.verdicts import FAIL
from lykta.progress import Bar, Bars

_MOST_JOBS = 8
_LISTED = 12
_FINISHING = "What is under way is finished first. Ctrl-C once more leaves it as it is: the same command goes on from there."
_IMAGE = "MicroPython's image: a file, or a folder of them (LYKTA_IMAGE says it once). Without, a board keeps what it has."
_NETWORK = "What `lykta broker config` wrote. Default: SITE.network, unless it is only for this machine."
Choose = Callable[[str, str], Wanted]


@click.command()
@click.argument("site")
@click.argument("lamp", required=False)
@click.option("--all", "whole_street", is_flag=True, help="All lamps, guided: plug in, press Enter, next lamp.")
@click.option("--port", "ports", multiple=True, envvar="LYKTA_PORT", metavar="PORT", help="The board's port; several times for several.")
@click.option("--image", type=click.Path(path_type=Path), envvar="LYKTA_IMAGE", metavar="PATH", help=_IMAGE)
@click.option("--sha256", default="", metavar="HEX", help="What the image has, compared by you; said once for each new image.")
@click.option("--profile", default="", metavar="FILE", help="Another profile than the site names.")
@click.option("--network", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help=_NETWORK)
@click.option("--replace", is_flag=True, help="The lamp gets another board: its history stays, the old board is free.")
@click.option("--rewrite", is_flag=True, help="Write the runtime, even if it is right already.")
@click.option("--erase", is_flag=True, help="Erase the whole flash first: files, counters, everything.")
@click.option("--test/--no-test", default=True, help="Run the self-test at the end (the default), or not.")
@click.option("--jobs", type=click.IntRange(1, 64), default=_MOST_JOBS, show_default=True, metavar="N", help="So many boards at once.")
@click.option("--baud", type=int, default=esp.BAUD, show_default=True, help="Speed of the loader; 115200 for bad cables.")
@click.option("--labels", type=click.Path(path_type=Path), metavar="FOLDER", help="Where labels for the posts go. Default: SITE.labels/")
@click.option("--who", default="", metavar="NAME", help="Who does it, for the inventory (LYKTA_WHO says it once).")
@click.option("--dry-run", is_flag=True, help="Only say what would be written.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each board, and ask nothing.")
@click.pass_context
def flash(
    context: click.Context, site: str, lamp: str | None, whole_street: bool, ports: tuple[str, ...], image: Path | None, sha256: str,
    profile: str, network: Path | None, replace: bool, rewrite: bool, erase: bool, test: bool, jobs: int, baud: int, labels: Path | None,
    who: str, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Make the board on the cable the node of a lamp; or a whole street of them.

    MicroPython, firmware, settings and keys of that lamp of SITE, self-test, label. Run it again whenever something went wrong: it looks
    what is right already, and writes only the rest.

    \b
    Example:
      lykta site keys my_site.yaml                                    # once
      lykta flash my_site.yaml K05 --image images/
      lykta flash my_site.yaml --all --image images/
    """
    if bool(lamp) == whole_street:
        raise InputError.of("lykta flash", "say which lamp, or --all for all of them, guided.")
    if whole_street and replace:
        raise InputError.of("--replace", "is for one lamp: say which board takes whose place, as in `lykta flash SITE K05 --replace`.")
    street = load_street(site, profile, network)
    if lamp:
        lamp = street.lamp(lamp).id
    options = Options(rewrite=rewrite, erase=erase, replace=replace, dry_run=dry_run, test=test, baud=baud)
    with street.inventory(who) as inventory:
        preparation = Preparation(street, Images(image, sha256, inventory.images()), dt.date.today(), [lamp] if lamp else ())
        table = _Table(street, preparation, inventory, options, jobs, _Printer(street, labels, as_json, dry_run))
        outcomes = table.one(lamp, the_port(ports[0] if ports else None)) if lamp else table.all(list(ports))
    context.exit(rounds.worst(outcomes))


class _Table:
    """The table on which boards are flashed."""

    def __init__(
        self, street: Street, preparation: Preparation, inventory: Inventory, options: Options, jobs: int, printer: _Printer
    ) -> None:
        self._street = street
        self._preparation = preparation
        self._inventory = inventory
        self._options = options
        self._jobs = jobs
        self._printer = printer

    def one(self, lamp: str, port: str) -> list[Outcome]:
        """One lamp on one port."""
        return self._flash([port], rounds.only(self._preparation, lamp), lamp)

    def all(self, ports: list[str]) -> list[Outcome]:
        """Lamp after lamp, until none waits or somebody says enough."""
        assignment = Assignment(self._preparation, self._inventory, self._street.lamps)
        if self._printer.as_json or not asks():
            return self._flash(self._ports(ports), assignment.choose)
        outcomes: dict[str, Outcome] = {}
        count, open_ = len(self._street.lamps), len(assignment.waiting())
        self._printer.say(f"{self._street.site.name}: {count} lamps, {open_} of them without a board.")
        while True:
            answer = self._next(assignment)
            if answer == "q":
                break
            waiting = assignment.waiting()
            if answer == "s" and waiting:
                assignment.skip(waiting[0])
                continue
            found = self._ports(ports, quiet=True)
            if not found:
                self._printer.say("No board is plugged in. Use a cable with data wires; a virtual board: lykta virtual-board")
                continue
            for outcome in self._flash(found, assignment.choose):
                outcomes[outcome.lamp or outcome.port] = outcome
            if not assignment.waiting() and all(outcome.well for outcome in outcomes.values()):
                break
        self._printer.summary(list(outcomes.values()), assignment.waiting())
        return list(outcomes.values())

    def _next(self, assignment: Assignment) -> str:
        """What the person wants: "" to go on, "s" to skip a lamp, "q" to stop."""
        waiting = assignment.waiting()
        text = "Every lamp has a board. Press Enter to look at those that are plugged in, and put right what is not (q: stop)"
        if waiting:
            several = "Plug in its board, or several for the lamps after it; then press Enter"
            text = f"Next: {waiting[0]}. {several} (s: skip this lamp, q: stop)"
        answer: str = click.prompt(f"\n{text}", default="", show_default=False, prompt_suffix=" ", err=True)
        return answer.strip().lower()[:1]

    def _ports(self, given: list[str], quiet: bool = False) -> list[str]:
        """The ports that were given, or all with a board on them."""
        found = given or [port.name for port in find_ports()]
        if not found and not quiet:
            raise InputError.of("--port", "no board is plugged in. Use a cable with data wires; a virtual board: lykta virtual-board")
        return found

    def _flash(self, ports: list[str], choose: Choose, lamp: str = "") -> list[Outcome]:
        buttons = self._street.boards[lamp or self._street.lamps[0]].buttons
        with Bars() as bars:
            watchers = {port: _Watcher(bars, port, lamp, alone=len(ports) == 1) for port in ports}

            def done(outcome: Outcome) -> None:
                watchers[outcome.port].finish()
                self._printer.outcome(outcome, bars, alone=len(ports) == 1)

            def stop() -> None:
                signal.signal(signal.SIGINT, _leave)
                with bars.aside():
                    click.echo(_FINISHING, err=True)

            return flash_all(ports, choose, buttons, self._options, self._inventory, watchers.__getitem__, self._jobs, done, stop)


def _leave(*_: object) -> None:
    """End at once, whatever the threads of the boards do: what they leave behind the same command repairs."""
    sys.stderr.write("\x1b[?25h\ninterrupted\n" if sys.stderr.isatty() else "\ninterrupted\n")  # the cursor is hidden beside bars
    sys.stderr.flush()
    esp.leave()
    os._exit(INTERRUPTED)


class _Watcher:
    """A bar for one board. `alone`: what it finds is said as it comes."""

    def __init__(self, bars: Bars, port: str, lamp: str, alone: bool) -> None:
        self._bars = bars
        self._port = port
        self._alone = alone
        self._bar: Bar | None = None
        self._title = lamp or port

    def step(self, title: str, total: int = 0) -> None:
        """A new step."""
        if self._bar is None:
            self._bar = self._bars.add(self._title)
        self._bar.begin(title, total)

    def done(self, amount: int) -> None:
        """How far it is."""
        if self._bar is not None:
            self._bar.reach(amount)

    def finish(self) -> None:
        """The board is done: its bar vanishes."""
        if self._bar is not None:
            self._bar.end()

    def say(self, text: str) -> None:
        """Above the bars, where there is one board only."""
        if self._alone:
            self._bars.say(text)

    def name(self, lamp: str) -> None:
        """It is for this lamp."""
        self._title = f"{lamp} on {self._port}"
        if self._bar is not None:
            self._bar.title = self._title


class _Printer:
    """Says how it went: for people, or as JSON."""

    def __init__(self, street: Street, labels: Path | None, as_json: bool, dry_run: bool) -> None:
        self.as_json = as_json
        self._street = street
        self._labels = labels or inventory_path(street.name).with_name(f"{street.path.stem}.labels")
        self._dry_run = dry_run
        self._console = make_console(soft_wrap=True, highlight=False)

    def say(self, text: str) -> None:
        """A sentence for a person."""
        if not self.as_json:
            self._console.print(text, markup=False)

    def outcome(self, outcome: Outcome, bars: Bars, alone: bool) -> None:
        """One board is done: above the bars of the others. `alone`: there are no others, so all of it is shown."""
        if self.as_json:
            click.echo(json.dumps(_as_json(outcome), ensure_ascii=False))
            return
        with bars.aside():
            self._tell(outcome, alone)

    def _tell(self, outcome: Outcome, alone: bool) -> None:
        name = outcome.lamp or outcome.port
        if outcome.error is not None:
            said = str(outcome.error)
            self._console.print(f"[bold red]FAILED[/bold red]  {escape(said if said.startswith(name) else f'{name}  {said}')}")
            return
        if self._dry_run:
            for change in outcome.changes or ["nothing: all is right"]:
                self._console.print(f"{escape(name)} ({outcome.mac})  would write {escape(change)}")
            return
        for finding in outcome.findings:
            if alone or finding.verdict == FAIL:
                show_finding(self._console, finding)
        self._console.print(escape(_sentence(outcome, alone)), style="" if outcome.well else "bold red")
        if outcome.changes:
            self._label(outcome, alone)

    def _label(self, outcome: Outcome, alone: bool) -> None:
        """The label for the post, as a picture; where there is one board only, on the terminal too."""
        label = Label(self._street.site.name, outcome.lamp, outcome.mac, dt.date.today())
        if alone:
            self._console.print(label.text(), markup=False)
        file = self._labels / f"{outcome.lamp}.png"
        try:
            with writing(file):
                self._labels.mkdir(parents=True, exist_ok=True)
                label.write(file)
        except LyktaError as error:  # the board is well all the same
            again = f"Later: lykta accept {self._street.name} --labels FOLDER"
            self._console.print(f"  its label: {escape(str(error))} {escape(again)}", style="yellow")
        else:
            self._console.print(f"  its label: {escape(str(file))}")

    def summary(self, outcomes: list[Outcome], waiting: list[str]) -> None:
        """After the last board."""
        good = sum(outcome.well for outcome in outcomes)
        failed = [outcome.lamp or outcome.port for outcome in outcomes if not outcome.well]
        text = f"\n{_boards(good)}"
        news = [outcome.lamp for outcome in outcomes if outcome.well and outcome.changes]
        if 0 < len(news) < good:
            text += f" Written: {_listed(news)}; on the others all was right already."
        if failed:
            text += f" Not yet: {', '.join(failed)}. Run the same command again for them."
        if waiting:
            text += f" Without a board: {_listed(waiting)}."
        self.say(f"{text} What is open on the posts: lykta accept {self._street.name}")


def _sentence(outcome: Outcome, alone: bool) -> str:
    """How it ended, in a sentence; which of several boards it was is told by its port."""
    board = outcome.mac if alone else f"{outcome.mac} on {outcome.port}"
    about = f"({board}, {outcome.work_s:.0f} s)"
    if not outcome.changes and not outcome.tested:
        return f"{outcome.lamp}: everything was right already; nothing was written {about}."
    if not outcome.well:
        return f"{outcome.lamp}: written, but the self-test found something. Put it right, then run the same command again ({board})."
    return f"{outcome.lamp}: {'it is ready for its post' if outcome.tested else 'written, not tested'} {about}."


def _listed(lamps: list[str]) -> str:
    return ", ".join(lamps[:_LISTED]) + (f" and {len(lamps) - _LISTED} more" if len(lamps) > _LISTED else "")


def _boards(count: int) -> str:
    return f"{count} board is well." if count == 1 else f"{count} boards are well."


def _as_json(outcome: Outcome) -> dict[str, object]:
    """What a script wants to know of a board."""
    error = outcome.error
    return {
        "lamp": outcome.lamp,
        "port": outcome.port,
        "mac": outcome.mac,
        "chip": outcome.chip,
        "runtime": outcome.runtime,
        "changes": outcome.changes,
        "tested": outcome.tested,
        "verdict": outcome.verdict,
        "findings": [{"part": one.part, "verdict": one.verdict, "text": one.text} for one in outcome.findings],
        "seconds": round(outcome.work_s, 2),
        "error": None
        if error is None
        else {
            "code": error.code if isinstance(error, BoardError) else "input",
            "what": error.what if isinstance(error, BoardError) else str(error),
            "remedy": error.remedy if isinstance(error, BoardError) else "",
        },
    }
