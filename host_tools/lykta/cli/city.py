"""`lykta city`: a night of a site of many streets, street by street; totals of every lamp."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import click
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lykta.cli.simulate import Seeds
from lykta.errors import InputError
from lykta.profiles import load_profile
from lykta.scenarios import DATE
from lykta.score import totals
from lykta.sim import city as streets
from lykta.sim.night import ENGINES, engine_of
from lykta.site import load
from lykta.traffic import load_demand


@click.command()
@click.argument("what", metavar="SITE")
@click.option("--profile", default="", metavar="FILE", help="Profile: a file or a packaged name. Default: the one that the site names.")
@click.option(
    "--traffic", default="", metavar="FILE", help="Who comes by, in the whole site together. Default: the one that the site names."
)
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), default=None, help=f"The night that begins on this day. Default: {DATE}.")
@click.option("--seed", "seeds", type=Seeds(), default="1", show_default=True, metavar="N", help="The seed of the night.")
@click.option("--levels-of", multiple=True, metavar="LAMP", help="Write the levels of this lamp too. May be given again.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for totals.parquet and levels.parquet."
)
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="auto: compiled where Numba is installed.")
def city(
    what: str, profile: str, traffic: str, date: dt.datetime | None, seeds: list[int], levels_of: tuple[str, ...],
    out: Path, engine: str,
) -> None:  # fmt: skip
    """Simulate a night of a site of many streets, street by street.

    Streets that nothing joins are simulated one by one, on all processors and in the memory of one. Energy, light, changes and
    detections of every lamp are written; nobody's way through the city is kept.

    \b
    Example:
      lykta city my_city.yaml --profile my_profile.yaml --traffic quiet --out night/
    """
    if len(seeds) != 1:
        raise InputError.of("--seed", "a city is simulated for one night at a time: give one seed.")
    site = load(what)
    night = date.date() if date else DATE
    named = {"profile": profile or site.profile, "traffic": traffic or site.traffic}
    if absent := [key for key, value in named.items() if not value]:
        raise InputError.of(what, f"the site names no {' and no '.join(absent)}. Give {' '.join(f'--{key} ...' for key in absent)}.")
    chosen, demand = load_profile(named["profile"]), load_demand(named["traffic"], night)
    known = Counter(lamp.id for lamp in site.lamps)
    if unknown := [lamp for lamp in levels_of if lamp not in known]:
        raise InputError.of("--levels-of", f"the site has no lamp {', '.join(unknown)}.")
    if missing := chosen.missing_zones(lamp.zone for lamp in site.lamps):
        raise InputError(missing)
    corridors = list(streets.split(site, chosen, demand, seeds[0], night))
    tally = streets.simulate(corridors, out, totals, engine=engine_of(engine), levels_of=levels_of)
    table = pq.read_table(out / "totals.parquet")
    used, always_on = (pc.sum(table[name]).as_py() or 0.0 for name in ("energy_wh", "always_on_wh"))
    click.echo(f"{site.name}, {night}, simulated: {tally.lamps:,} lamps in {tally.corridors:,} streets, {tally.users:,} road users")
    if always_on and all(fixture.power_known for fixture in site.fixtures.values()):
        click.echo(
            f"Electricity  {used / 1000:,.1f} kWh; always on {always_on / 1000:,.1f} kWh: {100 * (1 - used / always_on):.1f} % saved"
        )
    else:
        click.echo("Electricity  cannot be said: the power of the lamps is not known. Light and changes are in the table.")
    click.echo(f"Totals       {out / 'totals.parquet'}")
