"""`lykta accept`: what of a street is done, what is open, and the page that is signed."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lykta import wholefile
from lykta.cli.cable import STYLES, writing
from lykta.cli.terminal import make_console
from lykta.errors import InputError
from lykta.node import acceptancepage
from lykta.node.acceptance import LampRecord, has_keys, records
from lykta.node.labels import Label
from lykta.node.street import Street, load_street
from lykta.node.verdicts import FAIL, NOT_CHECKED, PASS
from lykta.units import NotAQuantity, parse, show

SOMETHING_OPEN = 1
_HEIGHT_CM = (200, 2_000)  # of a lamp over the ground
_RANGE_CM = (50, 20_000)


class Length(click.ParamType[int]):
    """A length with its unit, within limits, in cm."""

    name = "length"

    def __init__(self, lowest: int, highest: int) -> None:
        self.lowest = lowest
        self.highest = highest

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The length in cm."""
        try:
            found = parse("length", str(value))
        except NotAQuantity as error:
            self.fail(str(error), param, ctx)
        if not self.lowest <= found <= self.highest:
            self.fail(f"{value} is out of its limits: {show('length', self.lowest)} to {show('length', self.highest)}.", param, ctx)
        return found


@click.command()
@click.argument("name", metavar="SITE")
@click.option("--lamp", metavar="LAMP", help="Only this lamp, with its history; what is measured below is written down for it.")
@click.option("--height", type=Length(*_HEIGHT_CM), help="Its mounting height, e.g. '6 m'.")
@click.option("--aim", metavar="TEXT", help="Where its sensors look, e.g. 'along the path, 20 degrees down'.")
@click.option("--range", "range_cm", type=Length(*_RANGE_CM), help="How far they see, walked off, e.g. '8 m'.")
@click.option(
    "--page", type=click.Path(file_okay=False, path_type=Path), help="Folder for an HTML page for each street, to print and sign."
)
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a line for each lamp; `-` prints them.")
@click.option(
    "--labels", "--label", "label", type=click.Path(file_okay=False, path_type=Path), help="Folder for the labels of the posts, as PNG."
)
@click.option("--who", default="", help="Who you are, for what is written down; the user of this machine (LYKTA_WHO) where not given.")
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
def accept(
    name: str, lamp: str | None, height: int | None, aim: str | None, range_cm: int | None, page: Path | None, csv_file: Path | None,
    label: Path | None, who: str, as_json: bool,
) -> int:  # fmt: skip
    """List what is open before a street can be taken over; write its page, table and labels.

    What is known comes from `lykta flash`, `lykta node selftest` and `lykta node walktest`; what only a person knows is given here.
    Exit status 1 while something has failed or was not checked.

    \b
    Example:
      lykta accept my_site.yaml
      lykta accept my_site.yaml --lamp K05 --height "6 m" --aim "along the path"
      lykta accept my_site.yaml --page acceptance/ --csv acceptance.csv
    """
    street = load_street(name)
    measured = {key: value for key, value in (("height_cm", height), ("aim", aim), ("range_cm", range_cm)) if value is not None}
    if measured and not lamp:
        raise InputError.of("--lamp", "say of which lamp: --lamp LAMP.")
    if lamp:
        street.lamp(lamp)
    with street.inventory(who) as inventory:
        if measured and lamp:
            inventory.note(lamp, "measured", measured)
            click.echo(f"written down for {lamp}, by {inventory.who}.", err=True)
        known = records(street, inventory)
    shown = [one for one in known if lamp in (None, one.lamp)]
    if not has_keys(street):
        click.echo("the keys of this site are not on this machine: whether the nodes have the newest is not compared.", err=True)
    if page or label:
        _write(street, shown, page, label)
    if csv_file:
        _write_table(shown, csv_file)
    if as_json:
        click.echo(json.dumps([_told(one) for one in shown], ensure_ascii=False, indent=2))
    elif csv_file is None or str(csv_file) != "-":
        _print(street, shown, lamp is not None)
    return 0 if all(one.verdict == PASS for one in shown) else SOMETHING_OPEN


def _write(street: Street, shown: list[LampRecord], page: Path | None, label: Path | None) -> None:
    now = dt.datetime.now()
    if page:
        with writing(page):
            written = acceptancepage.write_pages(page, street.site.name, street.profile.name, shown, now)
        for path in written:
            click.echo(f"{path}", err=True)
    if label:
        with writing(label):
            label.mkdir(parents=True, exist_ok=True)
            for one in shown:
                if one.claim is not None:
                    since = dt.date.fromisoformat(one.claim.since[:10])
                    Label(street.site.name, one.lamp, one.claim.mac, since).write(label / f"{_file_name(one.lamp)}.png")
        click.echo(f"{sum(one.claim is not None for one in shown)} labels in {label}", err=True)


def _file_name(lamp: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in lamp)


def _write_table(shown: list[LampRecord], csv_file: Path) -> None:
    text = acceptancepage.table(shown)
    if str(csv_file) == "-":
        click.echo(text, nl=False)
        return
    with writing(csv_file):
        csv_file.parent.mkdir(parents=True, exist_ok=True)
        wholefile.write(csv_file, text)
    click.echo(f"{csv_file}: {len(shown)} lamps", err=True)


def _print(street: Street, shown: list[LampRecord], details: bool) -> None:
    console = make_console()
    if details:
        for one in shown:
            _print_lamp(console, street, one)
        return
    for title, theirs in acceptancepage.by_street(shown).items():
        where = f", {escape(street.site.name)}" if title != street.site.name else ""  # a site may be one street
        console.print(f"[bold]{escape(title)}[/bold]{where}", highlight=False)
        table = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0), show_edge=False)
        for heading in ("lamp", "board", "verdict", "open"):
            table.add_column(heading, no_wrap=heading != "open")
        for one in theirs:
            style = STYLES[one.verdict]
            parts = ", ".join(f"[{STYLES[item.verdict]}]{escape(item.part)}[/]" for item in one.open)
            left = parts if one.claim else "no board yet"
            table.add_row(escape(one.lamp), one.claim.mac if one.claim else "none", f"[{style}]{one.verdict}[/]", left)
        console.print(table)
    counts = {verdict: sum(one.verdict == verdict for one in shown) for verdict in (PASS, FAIL, NOT_CHECKED)}
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()), highlight=False)
    virtual = sum(one.virtual for one in shown)
    if virtual:
        are = "is" if virtual == 1 else "are"
        console.print(f"[yellow]{virtual} of the boards {are} virtual: this is training.[/yellow]", highlight=False)


def _print_lamp(console: Console, street: Street, one: LampRecord) -> None:
    console.print(f"[bold]{escape(one.lamp)}[/bold]  [{STYLES[one.verdict]}]{one.verdict}[/]", highlight=False)
    for item in one.items:
        line = f"  [{STYLES[item.verdict]}]{item.verdict:<11}[/]  {escape(item.part):<14} {escape(item.text)}"
        console.print(line, highlight=False, soft_wrap=True)
    for hint in _hints(street, one):
        console.print(f"  next: {escape(hint)}", highlight=False, soft_wrap=True)
    console.print("  history" if one.history else "  no history", highlight=False)
    for event in one.history:
        line = f"    {event.at[:16].replace('T', ' ')}  {event.who}: {acceptancepage.told(event)}"
        console.print(escape(line), highlight=False, soft_wrap=True)


def _hints(street: Street, one: LampRecord) -> list[str]:
    """The commands that close what is open, each once."""
    flash, walk = f"lykta flash {street.name} {one.lamp}", f"lykta node walktest --site {street.name}"
    measure = f"lykta accept {street.name} --lamp {one.lamp}"
    by_part = dict.fromkeys(("board", "as planned", "as left"), flash)
    by_part |= {"height": f"{measure} --height '6 m'", "aim": f"{measure} --aim 'along the path'", "range seen": walk}
    by_part |= {item.part: walk for item in one.open if item.part.endswith(" way")}
    parts = [item.part for item in one.open if one.claim or item.part in ("board", "height", "aim")]
    return list(dict.fromkeys(by_part.get(part, f"lykta node selftest --site {street.name}") for part in parts))


def _told(one: LampRecord) -> dict[str, object]:
    return {
        "lamp": one.lamp,
        "street": one.street,
        "verdict": one.verdict,
        "board": vars(one.claim) if one.claim else None,
        "items": [vars(item) for item in one.items],
        "measured": dict(one.measured),
        "curve": [dict(point) for point in one.curve],
        "neighbours": dict(one.neighbours),
        "history": [vars(event) for event in one.history],
    }
