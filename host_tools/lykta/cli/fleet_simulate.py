"""`lykta fleet simulate`: a street without hardware, on a real broker."""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.live import Live
from rich.text import Text

from lykta.cli.fleet_options import Asked, fleet_options
from lykta.cli.terminal import make_console
from lykta.errors import EnvironmentLacks, InputError

if TYPE_CHECKING:
    from lykta.fleet.simulate_loop import Standing

#: Without a terminal a line so often [s].
_LINE_S = 30.0
_TROUBLES = ("storm", "unjittered", "half-open", "slow", "flood")


@click.command()
@fleet_options
@click.option("--nodes", type=click.IntRange(1), help="So many lamps of the site, from its beginning. Default: all of them.")
@click.option("--engine", type=click.Choice(["loop", "light"]), default="loop", show_default=True, help="Whole firmwares, or light nodes.")
@click.option("--speed", type=click.FloatRange(1, 60), default=1.0, show_default=True, help="So many times as fast as real time.")
@click.option("--at", default="22:00", show_default=True, metavar="TIME", help="What time it is in the street when it begins.")
@click.option("--traffic", metavar="FILE", help="Who comes by: a demand, a CSV of counts, quiet, kungsholms@30. Default: the site's.")
@click.option(
    "--trouble", type=click.Choice(["storm", "unjittered", "half-open", "slow", "flood"]), help="Of light nodes, once all are there."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the people.")
def simulate(
    asked: Asked, nodes: int | None, engine: str, speed: float, at: str, traffic: str | None, trouble: str | None, seed: int
) -> None:
    """Let a street live on the broker of this machine, until Ctrl-C or the end of its night.

    `loop`: every node is a MicroPython machine with the whole firmware, its keys and its certificate; people walk by, and the light goes
    with them. It is night in the street: `watch` and the commands take its time. `light`: nodes that only speak, for as many as a broker is
    to bear; each tells what it would once a quarter of an hour, at `--speed` times the pace.

    \b
    Example:
      lykta broker run kungsholms_strand                 # in another terminal
      lykta fleet simulate kungsholms_strand --nodes 34
      lykta fleet simulate my_city.yaml --engine light --nodes 5000 --trouble storm
    """
    # Whoever ends us, by Ctrl-C or otherwise, lets the street end as by a power cut, and its clock be taken away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked.open().close()  # says what is missing
    if engine == "light":
        _light(asked, nodes, speed, seed, trouble or "")
    else:
        _loop(asked, nodes, speed, at, traffic, seed)


def _loop(asked: Asked, nodes: int | None, speed: float, at: str, traffic: str | None, seed: int) -> None:
    from lykta.traffic import load_demand

    try:
        from lykta.fleet import simulate_loop
    except ImportError as error:
        raise _lacks(error) from None
    street = asked.street()
    moment = simulate_loop.moment_at(at, street.site.timezone, dt.datetime.now(dt.UTC))
    wanted = traffic or street.site.traffic
    if not wanted:
        raise InputError.of(asked.site, "the site names no traffic: give --traffic quiet, or a file.")
    beside = street.path.parent / wanted
    demand = load_demand(str(beside) if beside.is_file() and not traffic else wanted, moment.date())
    what = simulate_loop.Asked(street, asked.folder, demand, nodes or len(street.lamps), moment, speed, seed)
    shown = _Shown(street.site.name, speed, asked.site)
    with contextlib.suppress(KeyboardInterrupt), shown:
        simulate_loop.run(what, shown.tell, shown.stand)
    click.echo("The street has no power any more.")


def _lacks(error: ImportError) -> EnvironmentLacks:
    """One sentence where an extra is missing."""
    return EnvironmentLacks(f"A live street needs the extras fleet and vm: pip install 'lykta[fleet,vm]' ({error}).")


class _Shown:
    """What is shown of a living street: sentences, and one line that changes where somebody watches; else a line now and then."""

    def __init__(self, site: str, speed: float, name: str) -> None:
        self._site = site
        self._speed = speed
        self._name = name
        self._console = make_console(highlight=False)
        self._live = Live(Text(""), console=self._console, auto_refresh=False) if sys.stdout.isatty() else None
        self._said = 0.0
        self._all = 0

    def __enter__(self) -> None:
        """The line comes with the first standing: an error before that stands alone."""

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def tell(self, text: str) -> None:
        """A sentence."""
        self._console.print(text, soft_wrap=True)

    def stand(self, standing: Standing) -> None:
        """How the street is now."""
        first = standing.connections > 0 and self._all == 0
        self._all = max(self._all, standing.connections)
        if first:
            self.tell(f'Nodes come to the broker. See them: lykta fleet watch {self._name} --live "to see how it works"')
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{standing.local:%H:%M:%S} ", "bold")
        # Whoever looks at an empty street wants to know when to look again.
        soon = f" (next at {standing.next:%H:%M:%S})" if standing.next and not standing.users else ""
        line.append(f"{standing.users} in the street{soon}, {standing.passed} gone by, {standing.connections} nodes connected")
        if self._speed != 1:
            line.append(f", {self._speed:g} times as fast as real time", "dim")
        if standing.restarts:
            line.append(f", {standing.restarts} restarts", "yellow")
        if standing.behind_s > 1:
            line.append(f", {standing.behind_s:.0f} s behind: this machine is too slow for it", "yellow")
        if self._live is not None:
            self._live.start()
            self._live.update(line, refresh=True)
        elif time.monotonic() - self._said >= _LINE_S:
            self._said = time.monotonic()
            click.echo(line.plain)


def _light(asked: Asked, nodes: int | None, speed: float, seed: int, trouble: str) -> None:
    from lykta.fleet import simulate_light

    shown = make_console(highlight=False)
    with contextlib.suppress(KeyboardInterrupt):
        simulate_light.run(asked.street(), Path(asked.folder), nodes, speed, seed, partial(shown.print, soft_wrap=True), trouble)
    click.echo("The nodes are gone.")
