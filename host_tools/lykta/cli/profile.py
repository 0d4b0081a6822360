"""`lykta profile`: check a profile, show a night of it, print its JSON Schema."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lykta import profiles
from lykta.cli.terminal import make_console
from lykta.errors import InputError
from lykta.profiles import en13201
from lykta.profiles.agenda import Agenda, NightTimes
from lykta.profiles.levels import LevelUse, levels_of_zone
from lykta.profiles.profile import Profile
from lykta.profiles.table import CLASSES, value
from lykta.site import Site, load
from lykta.site.model import Way
from lykta.site.stretches import lit_ways
from lykta.units import show as show_quantity

ORDINARY = "an ordinary night"


@click.group()
def profile() -> None:
    """Check, show and describe profiles: how bright, when, for whom.

    \b
    Example:
      lykta profile check my_profile.yaml --site my_site.yaml
    """


@profile.command()
@click.argument("file")
@click.option("--site", "site_name", metavar="SITE", help="Site file or packaged site: its zones, and its lighting design values.")
def check(file: str, site_name: str | None) -> None:
    """Check a profile: every mistake at once, and the lighting class that remains at every level.

    FILE is a profile, or the name of a packaged one (valla_torg, kungsholms_strand). With a site, its zones are compared, and
    where its ways have design values, each level is shown with the class of EN 13201 that is left of them.

    \b
    Example:
      lykta profile check my_profile.yaml --site my_site.yaml
    """
    console = make_console()
    checked = profiles.load_profile(file)
    site = load(site_name) if site_name else None
    if site and (missing := checked.missing_zones(lamp.zone for lamp in site.lamps)):
        raise InputError(missing)
    phases = len({phase.name for _, night in checked.nights() for phase in night.phases})
    counts = f"{_count(len(checked.zones), 'zone')}, {_count(phases, 'phase')}, {_count(len(checked.calendar), 'calendar entry')}"
    console.print(f"[bold]{checked.name}[/bold]: {counts}, no errors.", highlight=False)
    below = _print_levels(console, checked, site)
    for warning in [*map(str, checked.check()), *below]:
        console.print(f"[yellow]{warning}[/yellow]", highlight=False, soft_wrap=True)
    verified = "" if en13201.load_table().verified else ", not verified against the standard"
    note = f"Class: EN 13201 by {en13201.FILE.name}{verified}; level x design values, all lamps alike, not in a transition."
    console.print(f"[dim]{note}[/dim]", highlight=False)


def _count(number: int, noun: str) -> str:
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else plural}"


def _print_levels(console: Console, checked: Profile, site: Site | None) -> list[str]:
    """Print every level of a profile with the class that remains; returns the warnings about those below the lowest."""
    table = _table(("zone", False), ("stretch", True), ("for", True), ("level", False), ("when", True), ("light", False), ("class", False))
    warnings: list[str] = []
    for zone in checked.zones:
        for ways in _stretches(site, zone):
            admitted = [name for name in CLASSES if not ways or any(name in way.classes for way in ways)]
            for use in levels_of_zone(checked, zone, admitted):
                light, lighting_class, warning = _class_left(ways, use)
                table.add_row(zone, _names(ways), use.purpose, show_quantity("level", use.level_permille), use.when, light, lighting_class)
                warnings += [f"warning: {zone}, {_names(ways)}: {warning}"] * bool(warning)
        table.add_section()
    console.print(table)
    return warnings


def _table(*columns: tuple[str, bool]) -> Table:
    """A table of columns (heading, whether its text may be broken into lines)."""
    table = Table(header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for heading, breaks in columns:
        table.add_column(heading, no_wrap=not breaks, min_width=len("pedestrian,") if breaks else None)
    return table


def _stretches(site: Site | None, zone: str) -> list[tuple[Way, ...]]:
    """The ways on which the lamps of a zone stand: each with design values by itself, those without together."""
    if site is None:
        return [()]
    ways = lit_ways(site, zone)
    undesigned = tuple(way for way in ways if way.design is None)
    return [*((way,) for way in ways if way.design is not None), *([undesigned] if undesigned else [])] or [()]


def _names(ways: tuple[Way, ...]) -> str:
    names = [way.name or way.id for way in ways]
    return ", ".join(names) if len(names) < 3 else f"{len(names)} ways"


def _class_left(ways: tuple[Way, ...], use: LevelUse) -> tuple[str, str, str]:
    """The average light and the class that remain at a level on a stretch, and a warning if that is below the lowest."""
    if not ways or ways[0].design is None:
        return "", "not computed", ""
    design = ways[0].design
    left = en13201.remaining(design, use.level_permille)
    light = f"{left.average:.3g} {left.unit}"
    if left.lighting_class:
        return light, left.lighting_class, ""
    level = show_quantity("level", use.level_permille)
    what = f"{level} of {design.lighting_class} ({use.purpose}; {use.when}) leaves {light}, below {left.lowest}, the lowest class."
    return light, f"[red]below {left.lowest}[/red]", what


@profile.command()
@click.argument("file")
@click.option("--site", "site_name", metavar="SITE", required=True, help="Site file or packaged site: where the sun sets.")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The date on whose evening the night begins; else today.")
def show(file: str, site_name: str, date: datetime.datetime | None) -> None:
    """Show one night of a profile: its phases in local time, its levels, and why it is as it is.

    \b
    Example:
      lykta profile show valla_torg --site valla_torg --date 2026-12-31
    """
    console = make_console()
    shown, site = profiles.load_profile(file), load(site_name)
    if missing := shown.missing_zones(lamp.zone for lamp in site.lamps):
        raise InputError(missing)
    night = (date or datetime.datetime.now()).date()
    agenda = profiles.agenda(shown, site.latitude, site.longitude, site.timezone, night)
    entry = shown.entry(night)
    why = ORDINARY if entry is None else f"{entry.name}: {entry.reason}" if entry.reason else entry.name
    console.print(f"[bold]{shown.name}[/bold] at {site.name}, night of {night:%A} {night}: {why}.", highlight=False)
    console.print(_sun_words(agenda.times), highlight=False)
    if not agenda.phases:
        console.print("No light this night: the end comes before the first phase begins.", highlight=False)
        return
    console.print(_night_table(shown, agenda))
    left_out = [phase.name for phase in shown.night(night).phases if phase.name not in {kept.name for _, kept in agenda.phases}]
    if left_out:
        console.print(f"Not this night, since the light begins later or ends earlier: {', '.join(left_out)}.", highlight=False)


def _sun_words(times: NightTimes) -> str:
    """What the sun and the clocks do that night, in words."""
    change, clocks = times.offset_after - times.offset_before, ""
    if change:
        at = times.local(times.change_s * 1000 - 1) + datetime.timedelta(milliseconds=1)
        way = "forward" if change > 0 else "back"
        clocks = f" The clocks go {way} by {abs(change)} min at {at:%H:%M}: the night has {times.length_ms / 3_600_000:g} h."
    if times.never_sets:
        return f"The sun does not set.{clocks}"
    if times.never_rises:
        return f"The sun does not rise.{clocks}"
    return f"Sunset {times.local(times.sunset_ms):%H:%M:%S}, sunrise {times.local(times.sunrise_ms):%H:%M:%S}.{clocks}"


def _night_table(shown: Profile, agenda: Agenda) -> Table:
    """Phases with their begins, and the zones in which they change something; under each level, metres lit ahead + behind."""
    table = _table(*((heading, False) for heading in ("from", "phase", "zone", "idle", *CLASSES, "fault")))
    before: Mapping[str, tuple[int, ...]] = {}
    for begin, phase in agenda.phases:
        first = [f"{agenda.times.local(begin):%H:%M}", phase.name]
        changed = [zone for zone in shown.zones if before.get(zone) != phase.rows[zone]]
        for number, zone in enumerate(changed):
            row = phase.rows[zone]
            cells = [_service(row, road_user) for road_user in range(len(CLASSES))]
            table.add_row(*(first if number == 0 else ["", ""]), zone, _level(row, "idle"), *cells, _level(row, "fault"))
        if not changed:
            table.add_row(*first, "as before")
        before = phase.rows
        table.add_section()
    table.add_row(f"{agenda.times.local(agenda.end_ms):%H:%M}", "off")
    return table


def _level(row: tuple[int, ...], key: str) -> str:
    return show_quantity("level", value(row, key))


def _service(row: tuple[int, ...], road_user: int) -> str:
    """What somebody of a class gets: the level, and below it the metres ahead + behind."""
    ahead, behind = (f"{value(row, key, road_user) / 100:g}" for key in ("ahead", "behind"))
    return f"{show_quantity('level', value(row, 'level', road_user))}\n{ahead} + {behind} m"


@profile.command()
@click.option("--requirement", is_flag=True, help="The schema of a requirement instead.")
def schema(requirement: bool) -> None:
    """Print the JSON Schema of a profile (or of a requirement), for editors that complete and check.

    \b
    Example:
      lykta profile schema > profile.schema.json
      (and as first line of a profile:  # yaml-language-server: $schema=profile.schema.json)
    """
    click.echo(json.dumps(profiles.requirement_schema() if requirement else profiles.json_schema(), indent=2, ensure_ascii=False))
