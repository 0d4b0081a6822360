"""`lykta broker`: set up the broker of a street, let nodes and people in, take them out again, run one on this machine."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lykta.cli.fleet_options import Asked, whoever
from lykta.errors import EnvironmentLacks, InputError, LyktaError
from lykta.fleet.people import WORD
from lykta.node.network import ACCESS_POINT
from lykta.site import loader

if TYPE_CHECKING:
    from lykta.fleet.broker.files import Written
    from lykta.fleet.broker.network import Network, Place
    from lykta.fleet.broker.revoking import Revocation

_FOLDER = "The folder of the network. Default: SITE.network beside the site; of a packaged site here."
_LISTED = 6
_HISTORY = "fleet.sqlite"
Folder = click.Path(file_okay=False, path_type=Path)


@click.group()
def broker() -> None:
    """Set up the broker of a street: who is let in, what they may do there; run one on this machine.

    \b
    Example:
      lykta broker run kungsholms_strand                               # to try things out
      lykta broker config my_site.yaml --host broker.example.se        # for a real street
      lykta broker revoke K05 --site my_site.yaml --why "cabinet broken open"
    """


@broker.command()
@click.argument("site")
@click.option("--out", "--network", "folder", type=Folder, metavar="FOLDER", help=_FOLDER)
@click.option("--host", default="", help="By which name nodes reach the broker. Default: localhost, which nobody else does.")
@click.option("--address", default="", metavar="IP", help="The same in numbers, for nodes. Default: what this machine knows of the name.")
@click.option(
    "--ntp", default="", metavar="IP", help="The time server of the nodes, in numbers: they connect only when their clock is set."
)
@click.option("--port", type=click.IntRange(1, 65535), help="Its port. Default: 8883")
@click.option("--at", "at", default="", metavar="PATH", help="The folder of the broker's files on its own machine, if it is another.")
@click.option("--district", default="", help="The district of the site. Default: one of its own.")
@click.option("--city", default="", metavar="HOST[:PORT]", help="A broker above the districts, to which theirs connect.")
@click.option("--city-at", default="", metavar="PATH", help="The folder of its files on its own machine.")
@click.option(
    "--wifi", default="", metavar="NAME", help="The access point of nodes without a cable; LYKTA_WIFI has its password, or you type it."
)
@click.option("--seats", multiple=True, metavar="ROLE=N", help="So many programs at once as operator (4), viewer (8), ingest (1).")
@click.option(
    "--person",
    "people",
    multiple=True,
    metavar="NAME=ROLE",
    help="Somebody by name, as operator or viewer: with two operators, settings need a second person.",
)
def config(
    site: str, folder: Path | None, host: str, address: str, ntp: str, port: int | None, at: str, district: str, city: str, city_at: str,
    wifi: str, seats: tuple[str, ...], people: tuple[str, ...],
) -> None:  # fmt: skip
    """Write mosquitto's configuration, certificates and access lists for SITE; add to what is there.

    Run it again whenever lamps were added, and once a year: what is valid is kept, what is missing or will soon be over is made, and what
    was asked for before (host, port, city) need not be said again. Several sites may share a folder: one authority, one city above them.

    \b
    Example:
      lykta broker config my_site.yaml --host broker.example.se --at /etc/lykta --ntp 192.0.2.1
      lykta broker config other_site.yaml --out my_site.network --host b2.example.se --city city.example.se
      lykta broker config my_site.yaml --person anna=operator --person bertil=operator --person cecilia=viewer
    """
    network = _network(site, folder)
    street = network.add(loader.load(site), district)
    place = network.districts[street.district]
    _place(place, host, address, port, at)
    place.ntp = _numeric("--ntp", ntp) if ntp else place.ntp
    if city:
        network.city = _city(city, city_at)
    for one in seats:
        _seat(network, one)
    for one in people:
        person, _, role = one.partition("=")
        network.admit(person, role or "operator")
    written = _write(network)
    if wifi:
        _access_point(network, wifi)
    _report(network, street.district, written)


@broker.command()
@click.argument("node")
@click.option("--site", required=True, help="The site of the node.")
@click.option("--network", "folder", type=Folder, metavar="FOLDER", help=_FOLDER)
@click.option("--why", default="", help="The reason, for those who read the register later.")
@click.option("--who", default="", help="Who does it. Default: LYKTA_WHO, or the user of this machine.")
@click.option("--database", metavar="FILE|URL", help="History, for its record of who did what. Default: fleet.sqlite in the network.")
@click.option("--gone", is_flag=True, help="The lamp is no more: the broker forgets its state too.")
def revoke(node: str, site: str, folder: Path | None, why: str, who: str, database: str | None, gone: bool) -> None:
    """Take NODE (a lamp's id, a node's name, or a person's) from the network: revoke its certificate, cut its session.

    For a board that was stolen or opened, do `lykta site keys SITE --revoke LAMP` as well: that is its radio. The next board of that lamp
    gets a certificate of its own with `lykta broker config`.

    \b
    Example:
      lykta broker revoke K05 --site my_site.yaml --why "cabinet broken open"
      lykta broker revoke anna --site my_site.yaml --why "works elsewhere now"
    """
    from lykta.fleet.broker import revoking
    from lykta.fleet.broker.files import NODES
    from lykta.fleet.broker.network import Network

    if not why:
        raise InputError.of("--why", 'say why, for those who read the register later: --why "cabinet broken open".')
    network = Network.open(folder or loader.beside(site, "network"))
    now = dt.datetime.now(dt.UTC)
    person = network.knows_person(node)
    let_in = node in network.people if person else (network.folder / NODES / network.find(node)[0]).is_dir()
    found = revoking.revoke_person(network, node, why, now) if person else [revoking.revoke(network, node, why, now, gone)]
    _record_revocation(Asked(site, network.folder, database, "", ""), found[0].node, let_in, whoever(who), why)
    then = f"lykta broker config {site} --person NAME=operator lets somebody else in."
    if not person:
        then = f'Its radio keys are another matter: lykta site keys {site} --revoke {found[0].node.partition(".")[2]} --why "{why}"'
    for one in found:
        _tell_revocation(network, one, then)


@broker.command()
@click.argument("site")
@click.option("--out", "--network", "folder", type=Folder, metavar="FOLDER", help=_FOLDER)
@click.option("--port", type=click.IntRange(1, 65535), help="Its port. Default: 8883, or what it was the last time.")
@click.option("--embedded", is_flag=True, help="The small broker inside Lykta, even where mosquitto is installed.")
def run(site: str, folder: Path | None, port: int | None, embedded: bool) -> None:
    """Run the broker of SITE on this machine until Ctrl-C: mosquitto where it is installed, else one inside Lykta.

    Makes the certificates and lists that are missing. A broker of `localhost` (what it is where nobody said otherwise) is reached from this
    machine alone.

    \b
    Example:
      lykta broker run kungsholms_strand
    """
    from lykta.fleet.broker.files import DISTRICTS
    from lykta.fleet.broker.run import find_mosquitto

    network = _network(site, folder)
    street = network.add(loader.load(site))
    place = network.districts[street.district]
    _place(place, "", "", port, "")
    written = _write(network)
    made = len(written.made["nodes"])
    click.echo(f"{network.folder}: certificates of {made + written.kept['nodes']} nodes{f', {made} of them new' if made else ''}.")
    # A terminal that is closed, or a service that is stopped, ends the broker too.
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.default_int_handler)
    its = network.folder / DISTRICTS / street.district
    if place.at:
        raise InputError.of(str(network.folder), f"the files of this broker are for another machine, in {place.at}. Start it there.")
    if embedded or find_mosquitto() is None:
        _run_embedded(network, its, place, site)
    else:
        _run_mosquitto(network, its, place, site)
    click.echo("The broker has ended.")


def _run_mosquitto(network: Network, folder: Path, place: Place, site: str) -> None:
    from lykta.fleet.broker.run import Mosquitto

    with Mosquitto(folder, place) as running:
        try:
            _how_to_connect(network, place, site)
            for line in running.log():
                click.echo(line)
        except KeyboardInterrupt:
            return
    raise InputError.of(str(folder), "mosquitto has ended by itself; its last lines above say why.")


def _run_embedded(network: Network, folder: Path, place: Place, site: str) -> None:
    from lykta.fleet.broker.embedded import WARNING, run_embedded

    click.echo(WARNING, err=True)
    try:
        run_embedded(folder, place, lambda: _how_to_connect(network, place, site))
    except KeyboardInterrupt:
        return


def _how_to_connect(network: Network, place: Place, site: str) -> None:
    only = "this machine alone" if place.local else "every address of this machine"
    folder = network.folder
    named = "" if folder.resolve() == loader.beside(site, "network").resolve() else f" --network {folder}"
    click.echo(f"listening on port {place.port} of {only}, with TLS and certificates on both sides, until Ctrl-C.")
    click.echo(f"  watch   lykta fleet watch {site}{named}")
    click.echo(f"  street  lykta fleet simulate {site}{named}")
    click.echo(f"  flash   lykta flash {site} LAMP --network {folder}")
    click.echo(f"  its files {folder}, of which only you may read `authority`")


def _write(network: Network) -> Written:
    """Write a network; one sentence where the extra is missing."""
    from lykta.fleet.broker.files import write

    return write(network, dt.datetime.now(dt.UTC))


def _network(site: str, folder: Path | None) -> Network:
    """The network of a folder, by default the one beside a site."""
    try:
        from lykta.fleet.broker.network import Network
    except ImportError:
        raise EnvironmentLacks("Networks need the extra fleet: pip install 'lykta[fleet]' (in a clone: make env).") from None
    return Network.at(folder or loader.beside(site, "network"))


def _place(place: Place, host: str, address: str, port: int | None, at: str) -> None:
    place.port = port or place.port
    place.at = at or place.at
    if host or address:
        place.host = host or place.host
        place.address = _numeric("--address", address) if address else _looked_up(place.host)


def _numeric(option: str, address: str) -> str:
    try:
        return str(ipaddress.IPv4Address(address))
    except ValueError:
        raise InputError.of(option, f'"{address}" is no address in numbers, as in 192.0.2.7.') from None


def _looked_up(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except OSError:
        message = f"this machine knows no address of {host}. Nodes ask no name server: say it with --address, as in --address 192.0.2.7"
        raise InputError.of("--host", message) from None


def _access_point(network: Network, name: str) -> None:
    """Keep an access point for flashing, for its owner alone."""
    from lykta.fleet.certificates import write_secret

    password = os.environ.get("LYKTA_WIFI") or click.prompt(f"Password of {name}", hide_input=True, err=True)
    about = json.dumps({"network": name, "password": password}, ensure_ascii=False)
    write_secret(network.folder / ACCESS_POINT, about.encode())


def _city(city: str, at: str) -> Place:
    from lykta.fleet.broker.network import PORT, Place

    host, _, port = city.partition(":")
    if not host or (port and not port.isdecimal()):
        raise InputError.of("--city", f'"{city}" is no HOST or HOST:PORT, as in city.example.se:8883.')
    return Place(host, int(port) if port else PORT, at)


def _seat(network: Network, given: str) -> None:
    role, _, count = given.partition("=")
    if role not in network.seats or not count.isdecimal():
        raise InputError.of(
            "--seats", f'"{given}" is not understood: write one of {", ".join(network.seats)} with a number, as in viewer=12.'
        )
    network.seats[role] = int(count)


def _report(network: Network, district: str, written: Written) -> None:
    folder, place = network.folder, network.districts[district]
    click.echo(f"{folder}: {len(network.sites)} site{'' if len(network.sites) == 1 else 's'}, district {district}, broker {place}")
    for kind, what in (("authority", "brokers"), ("nodes", "nodes"), ("people", "programs")):
        made, kept = written.made[kind], written.kept[kind]
        click.echo(f"  {what:9} {len(made)} certificates made{f' ({_listed(made)})' if made and kept else ''}, {kept} kept")
    if network.people:
        known = ", ".join(f"{person} ({role})" for person, role in sorted(network.people.items()))
        click.echo(f"  people    {known}: give each their own folders {folder}/people/NAME-1 ... and nobody else")
    for name in written.strange:
        click.echo(f"  {name} has a valid certificate, and is no node of these sites any more: lykta broker revoke {name} ... --gone")
    _warn_of_gateways(network)
    if place.local:
        click.echo("  localhost: nobody else can connect. For a real street say --host NAME, by which its nodes reach the broker.")
    elif not place.ntp:
        click.echo("  its nodes know no time server, and without the time none connects after a power cut: name one with --ntp IP.")
    if written.changed:
        click.echo(
            "The files of these brokers are new. Copy each folder to its machine, and start mosquitto with the mosquitto.conf in it:"
        )
        for one in written.changed:
            click.echo(f"  {one}")
    click.echo(f"Nodes get theirs with: lykta flash SITE LAMP --network {folder}")
    click.echo(f"Keep {folder / 'authority'} to yourself, and a backup of it: whoever has it can make nodes and operators.")


def _warn_of_gateways(network: Network) -> None:
    from lykta.fleet.broker.texts import DISTRICT_NODES
    from lykta.plan.gateways import GATEWAY_LAMPS

    for street in network.sites.values():
        for gateway, lamps in street.carried.items():
            if len(lamps) > GATEWAY_LAMPS:
                click.echo(f"  {gateway} would speak for {len(lamps)} lamps; one gateway is for about {GATEWAY_LAMPS}: add another.")
    for district in network.districts:
        count = sum(len(street.connected) for street in network.of_district(district))
        if count > DISTRICT_NODES:
            click.echo(f"  district {district} has {count} nodes; one broker is for {DISTRICT_NODES}: make two districts of it.")


def _record_revocation(asked: Asked, node: str, let_in: bool, who: str, why: str) -> None:
    """Write it down beside what else was done to the street, where there is a history: whoever is out stays out without one, too.

    The same command again, which finishes what a broker out of reach left to do, is no second deed: it is written down only where the
    first was not.
    """
    from lykta.fleet import acts

    if asked.database is None and not (asked.home / _HISTORY).is_file():
        return
    try:
        database = asked.open()
        if let_in or all(act.about != node for act in acts.acts(database, verbs=["revoke"])):
            before = "let in" if let_in else "revoked before"
            acts.note(database, acts.Act(int(asked.now()), who, WORD, "revoke", node, before, "revoked", why))
    except LyktaError as error:
        click.echo(f"{error} It is revoked all the same, and stands in NO record: write it down by hand.", err=True)


def _tell_revocation(network: Network, found: Revocation, then: str) -> None:
    place = network.districts.get(found.district) or network.city
    click.echo(f"{found.node}: {found.certificates} certificate{'' if found.certificates == 1 else 's'} revoked.")
    if found.refused:
        click.echo(f"The broker at {place} refuses it: tried.")
    if found.cut:
        click.echo("Its session, if it had one, is cut.")
    if found.unreached:
        click.echo(f"The broker could not be asked: {found.unreached}")
    if found.refused is False or (found.unreached and not found.reloaded):
        click.echo("Not done yet: the broker must read its list of the revoked again.")
        click.echo(f"  1. copy {found.list} into the folder of its files at {place.host if place else 'the city'}")
        click.echo("  2. there: sudo systemctl reload mosquitto (or send it SIGHUP)")
        click.echo("  3. this same command again, which cuts its session and looks whether it is refused")
        raise click.exceptions.Exit(1)
    click.echo(then)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _LISTED else f"{', '.join(names[:_LISTED])} and {len(names) - _LISTED} more"
