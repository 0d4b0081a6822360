"""`lykta why`: why a lamp was as bright as it was, on the real street by its history, or in a simulated night exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from lykta.cli import fleet_options as fleets
from lykta.cli.options import Asked, night_options, scenario_of
from lykta.errors import InputError, LyktaError
from lykta.progress import Progress
from lykta.studio.saying import Plain
from lykta.units import near_miss

if TYPE_CHECKING:
    from lykta.sim.night import Night

_TRACKS, _SIGHTINGS = 4, 3
_NETWORK = "The folder that `lykta broker` made. Default: SITE.network, where there is one."


@click.command()
@click.argument("site")
@click.argument("lamp")
@click.option(
    "--at", "at", required=True, metavar="TIME", help="03:12 on the clocks of the site (the last such time), or 2026-12-14 03:12."
)
@click.option("--simulated", is_flag=True, help="In a simulated night, also where the street has a network.")
@click.option(
    "--night",
    "folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="FOLDER",
    help="In the night that `lykta simulate --out FOLDER` wrote; give the same options as there.",
)
@click.option("--seed", type=click.IntRange(0), help="Which simulated night. Default: 1.")
@night_options
@click.option("--network", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help=_NETWORK)
@click.option(
    "--database", metavar="FILE|URL", help="History: a file, or postgresql://user@host/name. Default: fleet.sqlite in the network."
)
def why(
    site: str, lamp: str, at: str, simulated: bool, folder: Path | None, seed: int | None, asked: Asked, network: Path | None,
    database: str | None,
) -> None:  # fmt: skip
    """Why a lamp was as bright as it was: on the real street by its history, or in a simulated night.

    The rule that decided, and what was behind it. On a street with a network its history is asked: what was planned, ordered, reported;
    faults, alarms and settings of that time. Nodes report means of a quarter of an hour, so who came by is not told. Without a network, or
    with --simulated, --night, --seed, --date, --traffic, --sensors or --radio, a simulated night is asked, and every track and detection is
    told.

    \b
    Example:
      lykta why my_site.yaml K05 --at 03:12
      lykta why kungsholms_strand K05 --at 23:10 --traffic busy --seed 7
    """
    options = fleets.Asked(site, network, database, "", asked.profile or "")
    wants_night = simulated or folder or seed is not None or any((asked.date, asked.traffic, asked.sensors, asked.radio, asked.requirement))
    if wants_night and (network or database):
        raise InputError.of("--network", "the history knows what was, a simulated night what would be: give options of one of them.")
    recorded = not wants_night and (network or database or options.folder.is_dir())
    lines = _recorded(options, lamp, at) if recorded else _simulated(site, lamp, at, folder, seed, asked)
    for line in lines:
        click.echo(line)


# --- the history ------------------------------------------------------------------------------------------------------


def _recorded(asked: fleets.Asked, lamp: str, at: str) -> Iterator[str]:
    database = asked.open()
    from lykta.fleet.past import past
    from lykta.studio.pasttelling import PastTeller

    street = asked.street()
    now = asked.now()
    moment = last_moment(at, street.site.timezone, dt.datetime.fromtimestamp(now, dt.UTC))
    found = past(database, street, lamp, int(moment.timestamp()), int(now))
    tell = PastTeller(Plain(), street.site.timezone)
    yield f"{found.lamp} of {street.site.name}, zone {found.zone}, at {tell.moment(found.at)}, by its history:"
    yield from (f"  {line}" for line in tell.lines(found))


def last_moment(text: str, timezone: str, now: dt.datetime) -> dt.datetime:
    """A time of day (03:12: the last one), or a date and time, on the clocks of the site. InputError for none."""
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    try:
        if len(text) <= len("03:12:00"):
            moment = dt.datetime.combine(local.date(), dt.time.fromisoformat(text.zfill(5)), zone)
            return moment if moment <= local else moment - dt.timedelta(days=1)
        return dt.datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise InputError.of("--at", f'"{text}" is no time. Write 03:12, or 2026-12-14 03:12.') from None


# --- a simulated night ------------------------------------------------------------------------------------------------


def _simulated(site: str, lamp: str, at: str, folder: Path | None, seed: int | None, asked: Asked) -> Iterator[str]:
    from lykta.studio.telling import Teller
    from lykta.studio.why import why as why_of

    night, number = _night(site, lamp, folder, seed, asked)
    plan = night.plan
    tell = Teller(Plain(), plan.agenda.times.origin_utc_ms, plan.site.timezone)
    t_ms = _moment_in(night, at, tell)
    found = why_of(night, number, t_ms)
    where = f"{found.lamp_id} of {plan.site.name}, zone {found.zone}, at {tell.clock(t_ms)}"
    yield f"{where}, simulated: night of {plan.agenda.times.date}, seed {night.seed}:"
    yield f"  {tell.rule(found)}"
    if found.state is not None:
        yield f"  {tell.level(round(found.state.level, -1))} → {tell.level(found.state.target)}"
    for reason in found.reasons[:_TRACKS]:
        yield f"  {'●' if reason.track.lights else '○'} {tell.place(reason)}: {tell.track(reason)}, {tell.span(reason)}"
        yield from (f"      {tell.sighting(one)}" for one in reason.sightings[:_SIGHTINGS])
        if reason.sightings:
            yield f"      {tell.truth(reason.sightings[0])}"
    if len(found.reasons) > _TRACKS:
        yield f"  and {len(found.reasons) - _TRACKS} more tracks"
    yield "  Changes of this lamp:"
    for step in (*found.before, *found.after):
        mark = ">" if found.before and step is found.before[-1] else " "
        yield f"  {mark} {tell.change(step)}"


def _night(site: str, lamp: str, folder: Path | None, seed: int | None, asked: Asked) -> tuple[Night, int]:
    """The night that is asked about, and the number of the lamp: simulated now; of a folder it must be the very night in it."""
    from lykta import scenarios

    about = _about(folder) if folder else {}
    written = about.get("seeds") or [1]
    wanted = seed if seed is not None else int(written[0])
    if folder and asked.date is None and about.get("date"):
        from dataclasses import replace

        asked = replace(asked, date=dt.datetime.fromisoformat(str(about["date"])))
    scenario, plan = scenario_of(site, asked, [wanted])
    lamps = [one.id for one in plan.site.lamps]
    if lamp not in lamps:
        raise InputError.of(site, f'"{plan.site.name}" has no lamp "{lamp}".{near_miss(lamp, lamps)}')
    with Progress("simulating"):
        night = next(iter(scenarios.run(scenario, plan))).night
    if night.merged < 0:
        raise LyktaError("The nodes of this engine do not show what they know. Simulate with the kernel to ask why: leave --engine out.")
    if folder:
        _must_be(night, folder)
    return night, lamps.index(lamp)


def _about(folder: Path) -> dict[str, Any]:
    import json

    try:
        return dict(json.loads((folder / "summary.json").read_text(encoding="utf-8"))["about"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError.of(str(folder), "is not the folder of one night: `lykta simulate --out` writes such folders.") from None


def _must_be(night: Night, folder: Path) -> None:
    """InputError where a night is not the one whose levels lie in a folder."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        same = pq.read_table(folder / "levels.parquet").equals(night.levels)
    except (OSError, pa.ArrowException):
        raise InputError.of(str(folder), "its levels.parquet cannot be read. `lykta simulate --out` writes it.") from None
    if not same:
        message = (
            "is another night than the one simulated now. Give the options with which it was simulated: its report.html has the command."
        )
        raise InputError.of(str(folder), message)


def _moment_in(night: Night, at: str, tell: Any) -> int:
    """A time of day in a night, in ms since its origin. InputError for one in which it is not simulated."""
    plan = night.plan
    zone = ZoneInfo(plan.site.timezone)
    begins = dt.datetime.fromtimestamp((plan.agenda.times.origin_utc_ms + plan.begin_ms) / 1000, zone)
    ends = dt.datetime.fromtimestamp((plan.agenda.times.origin_utc_ms + plan.end_ms) / 1000, zone)
    moment = last_moment(at, plan.site.timezone, ends)
    if not begins <= moment <= ends:
        span = f"from {tell.clock(plan.begin_ms)} to {tell.clock(plan.end_ms)}"
        raise InputError.of("--at", f"{at} is not in that night: it is simulated {span} (night of {plan.agenda.times.date}).")
    return int(moment.timestamp() * 1000) - plan.agenda.times.origin_utc_ms
