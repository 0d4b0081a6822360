"""`lykta site`: draw up, check, show, import and equip streets."""

from __future__ import annotations

import json
import shutil
import zoneinfo
from pathlib import Path

import click

from lykta.cli.keys import keys
from lykta.errors import InputError
from lykta.plan.nodefiles import check_boards
from lykta.site import checks, loader, sensors_plan
from lykta.site.drawing import picture
from lykta.site.imported import remarks, unmatched_csv
from lykta.site.importer import Imported, import_site
from lykta.site.jsonschema import fixture_schema, json_schema
from lykta.site.model import Site
from lykta.site.page import figures, page
from lykta.site.template import KINDS, template
from lykta.site.timezones import nearest_timezone
from lykta.site.writer import write
from lykta.units import NotAQuantity, near_miss, parse

_LISTED = 8
Output = click.Path(dir_okay=False, path_type=Path)
Input = click.Path(path_type=Path)


def _length(context: click.Context, parameter: click.Parameter, value: str) -> int:
    """A length with its unit, in cm."""
    try:
        return parse("length", value)
    except NotAQuantity as error:
        raise click.BadParameter(str(error), context, parameter) from None


@click.group()
def site() -> None:
    """Draw up, import, check and show streets.

    \b
    Example:
      lykta site import city_lamps.csv --ways city.osm.pbf -o my_site.yaml
      lykta site check my_site.yaml
      lykta site show my_site.yaml --open
    """


@site.command()
@click.argument("name")
@click.option("-o", "--output", type=Output, help="The file to write; NAME.yaml where not given.")
@click.option("--from", "source", help="Copy this packaged site instead of drawing a row of lamps.")
@click.option("--kind", type=click.Choice(KINDS), default="path", show_default=True)
@click.option("--lamps", type=click.IntRange(1, 500), default=12, show_default=True, help="How many lamps in the row.")
@click.option("--pitch", callback=_length, default="25 m", show_default=True, help="From one lamp to the next.")
@click.option("--at", "place", nargs=2, type=float, default=(59.295, 18.0484), show_default=True, help="Latitude and longitude.")
@click.option("--timezone", default="", help="As in Europe/Stockholm; guessed from the place where not given.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def new(
    name: str,
    output: Path | None,
    source: str | None,
    kind: str,
    lamps: int,
    pitch: int,
    place: tuple[float, float],
    timezone: str,
    force: bool,
) -> None:
    """Write a first site to change by hand: a row of lamps with a word on every key.

    \b
    Example:
      lykta site new harbour_path --lamps 20 --pitch "28 m" --at 59.33 18.03
      lykta site new my_valla --from valla_torg
    """
    target = output or Path(f"{name}.yaml")
    _may_write(target, force)
    if source:
        if source not in loader.packaged():
            hint = near_miss(source, loader.packaged())
            raise InputError.of(source, f"is no packaged site ({', '.join(loader.packaged())}).{hint}")
        shutil.copyfile(loader.find(source), target)
    else:
        zone = _timezone(timezone) or nearest_timezone(*place)
        text = template(
            _title(name), str(target), kind=kind, lamps=lamps, pitch_cm=pitch, latitude=place[0], longitude=place[1], timezone=zone
        )
        target.write_text(text, encoding="utf-8")
    click.echo(f"{target} is written. Look at it with: lykta site show {target} --open")


@site.command()
@click.argument("name", metavar="SITE")
@click.option("--json", "as_json", is_flag=True, help="Print figures and warnings as JSON.")
def check(name: str, as_json: bool) -> None:
    """Check a site: every mistake at once, then what is doubtful.

    SITE is a file, or the name of a packaged site (valla_torg, kungsholms_strand). Mistakes give exit status 2; warnings do not.

    \b
    Example:
      lykta site check my_site.yaml
    """
    loaded = loader.load(name)
    check_boards(loaded)
    warnings = checks.check(loaded)
    if as_json:
        told = [{"line": one.line, "column": one.column, "path": one.path, "message": one.message} for one in warnings]
        click.echo(json.dumps({"name": loaded.name, "figures": dict(figures(loaded)), "warnings": told}, ensure_ascii=False, indent=2))
        return
    _print_figures(loaded)
    for warning in warnings:
        click.echo(str(warning))
    click.echo(f"no mistakes, {len(warnings)} warning{'' if len(warnings) == 1 else 's'}.")


@site.command()
@click.argument("name", metavar="SITE")
@click.option("-o", "--output", type=Output, help="An .html (to move about in) or .svg file; SITE.html where not given.")
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
def show(name: str, output: Path | None, opened: bool) -> None:
    """Draw the map of a site: ways, lamps, sensors with their range, entrances, floors; guessed links are dashed.

    \b
    Example:
      lykta site show valla_torg -o valla.svg
      lykta site show my_site.yaml --open
    """
    loaded = loader.load(name)
    target = output or Path(f"{Path(name).stem}.html")
    if target.suffix not in (".svg", ".html"):
        raise InputError.of(str(target), "a map is an .svg or .html file: give the output one of these endings.")
    text = picture(loaded) if target.suffix == ".svg" else page(loaded, checks.check(loaded))
    target.write_text(text, encoding="utf-8")
    click.echo(f"the map is in {target}")
    if opened:
        click.launch(str(target))


@site.command(name="import")
@click.argument("file", type=Input)
@click.option("-o", "--output", type=Output, required=True, help="The site to write.")
@click.option("--ways", type=Input, help="An OpenStreetMap extract that has the ways (.osm.pbf, .osm).")
@click.option("--name", default="", help="What people call the site; from the file name where not given.")
@click.option("--timezone", default="", help="As in Europe/Stockholm; guessed from the place where not given.")
@click.option("--lat", "lat", default="", metavar="COLUMN", help="The column of the latitude, where it is not found by itself.")
@click.option("--lon", "lon", default="", metavar="COLUMN", help="The column of the longitude.")
@click.option("--type", "kind", default="", metavar="COLUMN", help="The column of the kind of luminaire.")
@click.option("--id", "ids", default="", metavar="COLUMN", help="The column of the number of the post.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def import_(
    file: Path, output: Path, ways: Path | None, name: str, timezone: str, lat: str, lon: str, kind: str, ids: str, force: bool
) -> None:
    """Make an editable site of an inventory: an OpenStreetMap extract, or a list of lamps (CSV, GeoJSON).

    An extract (.osm.pbf, .osm) has ways and lamps. A list has latitude and longitude; its ways come from an extract given with
    --ways, else links between neighbours of at most 40 m are guessed, to be looked at. Imported sites have no sensors yet, and
    nobody knows the power of their lamps: `lykta site plan` proposes sensors, `fixtures` in the file takes the power.

    \b
    Example:
      lykta site import helsinki.osm.pbf -o helsinki.yaml
      lykta site import lamps.csv --ways city.osm.pbf -o city.yaml
    """
    _may_write(output, force)
    columns = {"lat": lat, "lon": lon, "type": kind, "id": ids}
    imported = import_site(file, ways=ways, name=name, timezone=_timezone(timezone), columns=columns)
    head = [f"Imported by `lykta site import` from {file.name}; to be corrected by hand.", *remarks(imported)]
    output.write_text(write(imported.site, {"unknown": "unknown"}, head), encoding="utf-8")
    _print_imported(imported, output)


@site.command()
@click.argument("name", metavar="SITE")
@click.option("--sensors", type=click.Choice(sensors_plan.CHOICES), required=True, help="Where sensors should hang.")
@click.option("-o", "--output", type=Output, required=True, help="The site to write.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def plan(name: str, sensors: str, output: Path, force: bool) -> None:
    """Propose sensors for the lamps that have none: PIR on paths, radar (LD2451) on streets.

    Everything else in the file stays as it is, comments too.

    \b
    Example:
      lykta site plan my_site.yaml --sensors every-2nd -o my_site_with_sensors.yaml
    """
    _may_write(output, force)
    before = loader.load(name)
    after = sensors_plan.propose(before, sensors)
    text = loader.find(name).read_text(encoding="utf-8-sig")
    output.write_text(sensors_plan.write_into(text, before, after), encoding="utf-8")
    told = ", ".join(f"{number} {what}" for what, number in sensors_plan.tally(after).items())
    click.echo(f"{output} is written: {told}.")


@site.command()
@click.option("--fixture", is_flag=True, help="The schema of fixture files instead.")
def schema(fixture: bool) -> None:
    """Print the JSON Schema of site files, for editors that complete and check.

    \b
    Example:
      lykta site schema > site.schema.json
    """
    click.echo(json.dumps(fixture_schema() if fixture else json_schema(), ensure_ascii=False, indent=2))


site.add_command(keys)


# -- words and checks of the verbs


def _may_write(target: Path, force: bool) -> None:
    if target.exists() and not force:
        raise InputError.of(str(target), "is there already. Give another name with -o, or --force to write over it.")
    if not target.parent.is_dir():
        raise InputError.of(str(target), f"there is no folder {target.parent}. Make it first.")


def _timezone(name: str) -> str:
    known = zoneinfo.available_timezones()
    if name and name not in known:
        raise InputError.of("--timezone", f'"{name}" is no time zone.{near_miss(name, known)} Write it as in "Europe/Stockholm".')
    return name


def _title(name: str) -> str:
    words = " ".join("".join(sign if sign.isalnum() else " " for sign in Path(name).stem).split())
    return words[:1].upper() + words[1:] if words else "Site"


def _print_figures(loaded: Site) -> None:
    click.echo(loaded.name + (f" ({loaded.note})" if loaded.note else ""))
    width = max(len(name) for name, _ in figures(loaded))
    for name, value in figures(loaded):
        click.echo(f"  {name:<{width}}  {value}")


def _print_imported(imported: Imported, output: Path) -> None:
    if imported.columns:
        click.echo("columns: " + ", ".join(f'{key} from "{column}"' for key, column in imported.columns.items()))
    click.echo(f"{imported.heads} heads on {imported.posts} posts")
    _print_figures(imported.site)
    for problem in imported.skipped[:_LISTED]:
        click.echo(str(problem))
    if len(imported.skipped) > _LISTED:
        click.echo(f"and {len(imported.skipped) - _LISTED} more rows without a readable position")
    for remark in remarks(imported):
        click.echo(remark)
    listed = _write_unmatched(imported, output)
    if listed is not None:
        click.echo(f"what could not be matched is listed in {listed}")
    click.echo(f"{output} is written. Next: lykta site show {output} --open; lykta site plan {output} --sensors every-2nd -o ...")


def _write_unmatched(imported: Imported, output: Path) -> Path | None:
    """What was not matched, as CSV beside the site; None where there is nothing."""
    text = unmatched_csv(imported)
    if not text:
        return None
    target = output.with_suffix(".unmatched.csv")
    target.write_text(text, encoding="utf-8", newline="")
    return target
