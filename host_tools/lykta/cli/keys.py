"""`lykta site keys`: make the keys of a site's radio, change them step by step, take them from a board that was stolen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import click

from lykta.errors import InputError
from lykta.node.acceptance import without_newest_keys
from lykta.node.keyfiles import place_of
from lykta.node.keys import PREPARED, STEADY, SWITCHED, KeyStore
from lykta.node.street import Street, load_street

_NEXT = {
    STEADY: "provision every node a last time: only then nobody takes the old keys any more.",
    PREPARED: "provision every node, so that it takes old and new ones. When all have them: `lykta site keys {site} --rotate`.",
    SWITCHED: "provision every node, so that it signs with the new ones. When all do: `lykta site keys {site} --rotate`.",
}


@click.command()
@click.argument("name", metavar="SITE")
@click.option("--rotate", is_flag=True, help="One step of changing the keys that nodes share: prepare, switch, retire.")
@click.option("--anyway", is_flag=True, help="Rotate although some nodes do not have the present keys: they will fall silent.")
@click.option("--revoke", metavar="LAMP", help="Its board was stolen or opened: new keys for it, and for all it shared keys with.")
@click.option("--why", default="", help="The reason, with --revoke.")
@click.option("--keyring", is_flag=True, help="Keep new keys in the keyring of this system, not in a file.")
def keys(name: str, rotate: bool, anyway: bool, revoke: str | None, why: str, keyring: bool) -> None:
    """Make the keys of a site's radio, change them, revoke those of one board.

    The first time, keys are drawn for every node, and for each segment (64 neighbouring lamps at most) that shares one. They are kept
    in a file that only you may read (LYKTA_KEYS names another folder), or in the keyring of this system; never in the site. Keep a backup:
    whoever loses them must provision every node again. Nodes get them when they are provisioned (`lykta flash`).

    \b
    Example:
      lykta site keys my_site.yaml
      lykta site keys my_site.yaml --revoke K05 --why "cabinet broken open"
    """
    if rotate and revoke:
        raise click.UsageError("--rotate and --revoke are two steps: give one of them.")
    street = load_street(name)
    place = place_of(street.site.name, keyring=keyring)
    if place.read() is None:
        if rotate or revoke:
            KeyStore.open(street.site, place)  # says that there are none
        store = KeyStore.make(street.site, place, dt.datetime.now(dt.UTC))
        store.keys(street.segments)
        click.echo(f"{_tally(store)} drawn. They are in {place}.")
        click.echo(f"Keep a backup of it where only you can read it. Next: lykta flash {name} LAMP --port PORT")
        return
    store = KeyStore.open(street.site, place)
    store.keys(street.segments)
    with street.inventory() as inventory:
        behind = without_newest_keys(street, inventory, store)
    if rotate:
        if behind and not anyway:
            message = f"{_listed(behind)} would fall silent: by the inventory they do not have the present keys. Provision them first"
            raise InputError.of(name, f"{message} (`lykta flash {name} --all`). If they are gone for good: --anyway")
        stage = store.rotate()
        click.echo(f"{_stage_of(stage)}: {_NEXT[stage].format(site=name)}")
    elif revoke:
        _revoke(street, store, revoke, why)
    else:
        _show(street, store, behind)


def _revoke(street: Street, store: KeyStore, lamp: str, why: str) -> None:
    if not why:
        raise InputError.of("--why", 'say why, for those who read the inventory later: --why "cabinet broken open".')
    heard = street.heard(street.lamp(lamp).id)
    behind = street.behind(lamp)
    store.revoke(lamp, heard, why, dt.datetime.now(dt.UTC), behind)
    with street.inventory() as inventory:
        mac = inventory.revoke(lamp, why)
    concerned = [one for one in street.lamps if set(street.heard(one)) & set(heard)]
    board = f"its board {mac} is refused from now on" if mac else "it had no board in the inventory"
    click.echo(f"{lamp} has new keys; {board}.")
    if behind:
        click.echo(f"It was the gateway of {_listed(behind)}, and held their own keys: they have new ones too.")
    click.echo(f"It shared keys with {len(concerned) - 1} other nodes: {', '.join(one for one in concerned if one != lamp)}.")
    click.echo("What was stolen can make them brighter, never darker, until they no longer take the old keys. So:")
    click.echo(f"  1. put another board on {lamp}, and provision all of them (lykta flash {street.name} --all)")
    click.echo(f"  2. lykta site keys {street.name} --rotate, and provision them again")
    click.echo(f"  3. lykta site keys {street.name} --rotate, and provision them a last time")


def _show(street: Street, store: KeyStore, behind: Sequence[str]) -> None:
    click.echo(f'keys of "{street.site.name}": {_tally(store)}, drawn {store.made[:10]}, in {store.place}')
    for stage in sorted(store.stages() - {STEADY}):
        click.echo(f"  {_stage_of(stage)}: {_NEXT[stage].format(site=street.name)}")
    if behind:
        click.echo(f"  not provisioned with them yet: {_listed(behind)}")
    for one in store.revoked:
        click.echo(f"  {one.when[:10]}  revoked those of {one.lamp}: {one.why}")


def _listed(lamps: Sequence[str]) -> str:
    most = 12
    return ", ".join(lamps) if len(lamps) <= most else f"{', '.join(lamps[:most])} and {len(lamps) - most} more"


def _tally(store: KeyStore) -> str:
    shared = len(store.segments)
    return f"{len(store.lamps)} keys of nodes and {shared} shared by {'a segment' if shared == 1 else 'segments'}"


def _stage_of(stage: str) -> str:
    return {STEADY: "the old keys are dropped", PREPARED: "new keys are drawn", SWITCHED: "the new keys are to be used"}[stage]
