"""`lykta studio`: open the page on which a street is looked at, tuned and watched."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from lykta.cli.options import Asked, night_options, scenario_of
from lykta.cli.terminal import make_console
from lykta.errors import LyktaError
from lykta.studio.access import LEAST_TOKEN, OPERATOR, Access, Person, read_people

#: The example that a first-time visitor sees.
EXAMPLE = "valla_torg"
TOKEN = "LYKTA_STUDIO_TOKEN"
_NEED = "Whoever can reach this address would come in"


@click.command()
@click.argument("what", metavar="[SITE]", default=EXAMPLE)
@night_options
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="The port of the page. Default: the first free one from 8765 on.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Beyond this computer only with tokens.")
@click.option("--tokens", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Who may come in: names, roles, tokens.")
@click.option(
    "--network",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="The network whose nodes are watched: the folder that `lykta broker` made. Default: SITE.network.",
)
@click.option(
    "--database", default="", metavar="FILE|URL", help="Its history: a file, or postgresql://user@host/name. Default: that in the network."
)
@click.option(
    "--tiles",
    default="",
    metavar="URL",
    help="Map tiles that the browser fetches: https://.../{z}/{x}/{y}.png.",
)
@click.option("--attribution", default="", metavar="TEXT", help="Whose map tiles these are, as their owner wants it said.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.pass_context
def studio(
    context: click.Context, what: str, asked: Asked, port: int | None, host: str, tokens: Path | None, network: Path | None,
    database: str, tiles: str, attribution: str, no_browser: bool,
) -> int:  # fmt: skip
    """Open the page on which a street is looked at, tuned and watched.

    SITE is a site, a scenario, or the name of a packaged one; without it, the example Valla Torg. The page is for this computer alone.
    With --host others can reach it, and then it opens only with a token: that of LYKTA_STUDIO_TOKEN, or those of people in a file.

    Where a network of its nodes lies beside the site, the real street is watched too: read-only, unless a token says who gives orders.

    \b
    Example:
      lykta studio my_site.yaml --profile my_profile.yaml
      LYKTA_STUDIO_TOKEN=... lykta studio my_site.yaml --network my_site.network
    """
    from lykta.studio.server import bind, loopback, serve
    from lykta.studio.studio import Studio

    access = _access(tokens)
    if not loopback(host) and not access.guarded:
        raise LyktaError(
            f"--host {host}: {_NEED}, so it needs a token. Set {TOKEN} to one drawn at random, or name people in a file: --tokens FILE."
        )
    if bool(tiles) != bool(attribution):
        raise LyktaError("--tiles and --attribution go together: whoever draws the map wants to be named.")
    if tiles and not tiles.startswith(("https://", "http://")):
        raise LyktaError(f'--tiles: "{tiles}" is no address of map tiles. Write https://.../{{z}}/{{x}}/{{y}}.png.')
    scenario, _ = scenario_of(what, asked, [1])
    bound = bind(host, port)
    command = shlex.join(["lykta", "studio", what])
    console = make_console()

    def ready(address: str) -> None:
        console.print(f"[bold]Studio[/bold]       {address}   (Ctrl-C ends it)", highlight=False, soft_wrap=True)

    names = {"site": what, "profile": asked.profile or "", "requirement": asked.requirement or "", "traffic": asked.traffic or ""}
    whole = Studio(scenario, access, names=names, command=command, tiles=tiles, attribution=attribution, network=network, database=database)
    serve(whole, bound, not no_browser, ready)
    return 0


def _access(tokens: Path | None) -> Access:
    """Who may come in. InputError or LyktaError where a token is too short to be one."""
    people = read_people(tokens) if tokens else ()
    alone = os.environ.get(TOKEN, "")
    if alone and len(alone) < LEAST_TOKEN:
        raise LyktaError(f"{TOKEN} has {len(alone)} characters and can be guessed. Take {LEAST_TOKEN} or more, drawn at random.")
    return Access((*people, *([Person("operator", OPERATOR, alone)] if alone else [])))
