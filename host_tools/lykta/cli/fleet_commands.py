"""The record of what people did to a fleet: who, when, why, before and after; and each command to each lamp."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lykta.cli.fleet_options import Asked, answer_of, fleet_options, lamp_options, lamps_of, shown

if TYPE_CHECKING:
    from lykta.fleet.acts import Act
    from lykta.node.street import Street


@click.command()
@fleet_options
@lamp_options
@click.option("--days", type=click.FloatRange(min=0), default=7.0, show_default=True, help="Of so many days.")
@click.option("--each", is_flag=True, help="Every command to every lamp, with its answer; so it is with --lamp and --zone.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a JSON object in each line.")
def commands(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], days: float, each: bool, as_json: bool) -> None:
    """The record: who did what to the street, when and why, how it was before and after. The newest first.

    A name with * is what somebody said of himself; without, a certificate or a token said it. Nothing in this record can be changed or
    deleted. `lykta fleet export` writes it as Parquet: acts, commands, proposals, decisions.

    \b
    Example:
      lykta fleet commands my_site.yaml --days 90
      lykta fleet commands my_site.yaml --lamp K05
    """
    from lykta.fleet import acts

    street = asked.street()
    since = int(asked.now() - days * 86_400)
    if each or lamps or zones:
        _each(asked, street, lamps, zones, since, as_json)
        return
    found = acts.acts(asked.open(), since)
    for one in found:
        click.echo(json.dumps(asdict(one)) if as_json else _line(one, street.site.timezone))
    if not found and not as_json:
        click.echo("Nothing was done. (Commands that an older Lykta gave: --each.)")


def _line(one: Act, timezone: str) -> str:
    """An act in a line."""
    who = one.who if one.proved else f"{one.who}*"
    change = f"{one.before} -> {one.after}" if one.before and one.after else one.after or one.before
    answers = f"  [{one.done} done, {one.refused} refused, {one.sent - one.done - one.refused} no answer]" if one.sent else ""
    why = f'  "{one.why}"' if one.why else ""
    return f"{shown(one.at, timezone)}  {who:10} {one.verb:9} {one.about}: {change}{answers}{why}"


def _each(asked: Asked, street: Street, lamps: tuple[str, ...], zones: tuple[str, ...], since: int, as_json: bool) -> None:
    from lykta.fleet import commands as record
    from lykta.plan.nodefiles import node_names

    names = node_names(street.site)
    chosen = [names[lamp] for lamp in lamps_of(street, lamps, zones)] if lamps or zones else []
    found = record.given(asked.open(), since, chosen)
    for one in found:
        told = f"{shown(one.at, street.site.timezone)}  {one.who:10} {one.node:28} {one.verb:9} {one.detail}"
        click.echo(json.dumps(asdict(one)) if as_json else f"{told}  [{answer_of(one)}]" + (f'  "{one.why}"' if one.why else ""))
    if not found and not as_json:
        click.echo("No command was given.")
