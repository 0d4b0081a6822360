"""`lykta virtual-board`: boards to practise on, that esptool, mpremote and `lykta flash` take for real ones."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import click

from lykta.cli.cable import writing
from lykta.errors import InputError
from lykta.node.image import training_image, training_name
from lykta.plan.board_reader import load_board
from lykta.vm import registry
from lykta.vm.bench import KINDS, Bench
from lykta.vm.faults import KINDS as FAULTS

_HELP = """\
  2 cut=20000     give board 2 a fault: the cable is pulled after 20000 more bytes
  2 heal          nothing is wrong with board 2 any more
  2 pull          pull the cable of board 2 now; `2 plug` plugs it in again
  2 boot          press EN on board 2 and hold BOOT, until it is written
  list            all boards, and what they do
  quit            end (or Ctrl-C)
Faults: """


@click.command(name="virtual-board")
@click.option("--board", "name", default="esp32_devkitc", show_default=True, metavar="BOARD", help="Which board: a name, or a board file.")
@click.option("--count", type=click.IntRange(1, 200), default=1, show_default=True, metavar="N", help="So many of them.")
@click.option("--socket", "kind", flag_value="socket", default="socket", help="Ports socket://..., on every system (the default).")
@click.option("--rfc2217", "kind", flag_value="rfc2217", help="Ports rfc2217://...: with reset lines as over USB, but slow.")
@click.option("--pty", "kind", flag_value="pty", help="Pseudo-terminals, where the system has them.")
@click.option("--folder", type=click.Path(path_type=Path), metavar="FOLDER", help="Keep their flash here. Default: nowhere.")
@click.option("--tcp-port", type=click.IntRange(0, 65_535), default=0, metavar="N", help="TCP port of the first one. Default: any.")
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="A fault of all from the start: cut=20000, deaf ...")
@click.option("--speed", type=click.IntRange(0), default=1, show_default=True, help="Their time passes so much faster; 0: no waiting.")
@click.option("--real-speed", is_flag=True, help="Lines no faster than their baud rate, as a cable is.")
def virtual_board(
    name: str, count: int, kind: str, folder: Path | None, tcp_port: int, faults: tuple[str, ...], speed: int, real_speed: bool
) -> None:
    """Boards to practise on, which flash and node take for real ones.

    They have ports of their own: the real esptool flashes them, the real mpremote works on them. `lykta flash` and `lykta node` find them
    by themselves. The image that stands in for MicroPython on them is written beside their flash. Words typed here give a board a fault
    or pull its cable; `help` lists them.

    \b
    Example:
      lykta virtual-board --count 34 --folder bench/
      lykta flash my_site.yaml --all --image bench/         # in another terminal
    """
    assert kind in KINDS
    board = load_board(name)
    with tempfile.TemporaryDirectory(prefix="lykta-boards-") as away:
        home = folder or Path(away)
        image = home / training_name(board)
        with writing(home):
            home.mkdir(parents=True, exist_ok=True)
            image.write_bytes(training_image(board))
        bench = Bench(
            home,
            board.chip.name,
            count=count,
            kind=kind,
            flash_bytes=board.flash_bytes,
            speed=speed,
            real_speed=real_speed,
            first_port=tcp_port,
        )
        with bench, registry.announced(bench.ports, f"virtual {board.id}"):
            for number in range(count):
                for fault in faults:
                    _fault(bench, number, fault)
            _announce(bench, image)
            _listen(bench)


def _announce(bench: Bench, image: Path) -> None:
    for number, port in enumerate(bench.ports, 1):
        click.echo(f"{number:>3}  {port}")
    click.echo(f"\nTheir image: {image}")
    click.echo(f"In another terminal:  lykta flash SITE --all --image {image}")
    click.echo("Here: `help`, or Ctrl-C to end.")


def _listen(bench: Bench) -> None:
    """Do what is typed, until somebody ends it; without a terminal, wait for that."""
    if not sys.stdin.isatty():
        while True:
            time.sleep(3600)
    while True:
        click.echo("> ", nl=False)
        line = sys.stdin.readline()
        if not line or line.strip() in ("quit", "q", "exit"):
            return
        try:
            _do(bench, line.split())
        except InputError as error:
            click.echo(error, err=True)


def _do(bench: Bench, words: list[str]) -> None:
    if not words:
        return
    if words[0] == "help":
        click.echo(_HELP + ", ".join(f"{fault}{'=N' if number else ''}" for fault, number in FAULTS.items()))
    elif words[0] == "list":
        for number, port in enumerate(bench.ports):
            left = bench.boards[number].faults.left
            wrong = ", ".join(f"{kind}={value}" if FAULTS[kind] else kind for kind, value in left.items())
            click.echo(f"{number + 1:>3}  {port}  {bench.state(number)}{'  ' + wrong if wrong else ''}")
    elif words[0].isdigit() and 1 <= int(words[0]) <= len(bench.ports) and len(words) > 1:
        for word in words[1:]:
            _fault(bench, int(words[0]) - 1, word)
    else:
        raise InputError.of(" ".join(words), "is nothing that I know. `help` lists all.")


def _fault(bench: Bench, number: int, word: str) -> None:
    """Do something to a board."""
    if word == "heal":
        bench.heal(number)
    elif word == "pull":
        bench.pull(number)
    elif word == "plug":
        bench.plug(number)
    elif word == "boot":
        bench.hold_boot(number)
    else:
        try:
            bench.fault(number, word)
        except ValueError as error:
            raise InputError.of(word, f"{error}.") from None
