"""Writes the files of a network: for its brokers, its nodes, its people. What is valid is kept, what is missing is made.

written = write(network, now)          # authority, certificates, configurations; network.json last
written.made["nodes"]                  # names of nodes with a new certificate: these are to be flashed
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lykta.errors import InputError
from lykta.fleet.broker import texts
from lykta.fleet.broker.network import Network, Place
from lykta.fleet.certificates import BRIDGE, NODE, Authority, Credential, authority_in, write_public, write_secret
from lykta.progress import track

#: How far a node is protected against who opens its post: see SECURITY.md. All that we flash is of the first tier.
TIER = 1
AUTHORITY, DISTRICTS, CITY, NODES, PEOPLE = "authority", "districts", "city", "nodes", "people"


@dataclass
class Written:
    """What was done. `made`: who has a new certificate, by kind (AUTHORITY stands for brokers and bridges); `kept`: how many had one.

    `strange`: names with valid certificates that are no nodes of the network any more; `changed`: brokers whose files are others now.
    """

    made: dict[str, list[str]] = field(default_factory=lambda: {AUTHORITY: [], NODES: [], PEOPLE: []})
    kept: dict[str, int] = field(default_factory=lambda: {AUTHORITY: 0, NODES: 0, PEOPLE: 0})
    strange: list[str] = field(default_factory=list)
    changed: list[Path] = field(default_factory=list)


def write(network: Network, now: dt.datetime, nodes: bool = True) -> Written:
    """Write all files of a network; `nodes` False: but those of nodes, so that who was revoked stays so.

    InputError where they cannot be written, or the authority cannot be used.
    """
    network.folder.mkdir(parents=True, exist_ok=True)
    written = Written()
    with authority_in(network.folder / AUTHORITY, network.name, now) as authority:
        writer = _Writer(network, authority, written)
        for district in network.districts:
            writer.district(district)
        if network.city is not None:
            writer.city(network.city)
        connected = [(street.district, name) for street in network.sites.values() for name in street.connected.values()]
        for district, name in track(connected if nodes else [], "certificates of nodes"):
            writer.node(district, name)
        for name, role, person in network.seat_names():
            writer.person(name, role, person)
        written.strange = _strange(network, authority)
        network.save()
    return written


def write_crl(network: Network, authority: Authority) -> list[Path]:
    """Write the list of the revoked for every broker; returns the files."""
    folders = [network.folder / DISTRICTS / district for district in network.districts]
    folders += [network.folder / CITY] if network.city is not None else []
    files = [folder / "crl.pem" for folder in folders]
    for file in files:
        write_public(file, authority.crl())
    return files


def _strange(network: Network, authority: Authority) -> list[str]:
    nodes = {name for street in network.sites.values() for name in street.connected.values()}
    now = authority.now.isoformat()
    holding = [one.name for one in authority.issued if one.role == NODE and not one.revoked and one.until > now]
    return [name for name in dict.fromkeys(holding) if name not in nodes]


class _Writer:
    """Writes files of a network with the certificates of its authority."""

    def __init__(self, network: Network, authority: Authority, written: Written) -> None:
        self._network = network
        self._authority = authority
        self._written = written

    def district(self, district: str) -> None:
        """The folder of a district's broker."""
        place, city = self._network.districts[district], self._network.city
        folder = self._network.folder / DISTRICTS / district
        bridge = (district, city) if city is not None else None
        self._broker(folder, place, texts.access_of_district(self._network, district), bridge)
        if city is not None:
            name = texts.bridge_name(district)
            kept = Credential.read(folder / "bridge.pem", folder / "bridge.key")
            made = self._authority.client(name, BRIDGE, kept)
            self._count(AUTHORITY, name, kept, made)
            _keep(folder / "bridge.pem", made.cert_pem)
            _keep(folder / "bridge.key", made.key_pem, secret=True)

    def city(self, place: Place) -> None:
        """The folder of the city's broker."""
        self._broker(self._network.folder / CITY, place, texts.access_of_city(self._network), None)

    def _broker(self, folder: Path, place: Place, access: str, bridge: tuple[str, Place] | None) -> None:
        for one in (folder, folder / "conf.d", folder / "state"):
            one.mkdir(parents=True, exist_ok=True)
            one.chmod(0o700)
        kept = Credential.read(folder / "server.pem", folder / "server.key")
        made = self._authority.server(place.names, kept)
        self._count(AUTHORITY, str(place), kept, made)
        its = PurePosixPath(place.at or folder.resolve())
        files = {
            "mosquitto.conf": texts.configuration(place, its, bridge).encode(),
            "acl": access.encode(),
            "ca.pem": self._authority.root.cert_pem,
            "server.pem": made.cert_pem,
        }
        changed = [_keep(folder / name, content) for name, content in files.items()]
        # mosquitto refuses lists that others may read, in its newer versions.
        (folder / "acl").chmod(0o600)
        changed.append(_keep(folder / "server.key", made.key_pem, secret=True))
        if not (folder / "crl.pem").exists():
            write_public(folder / "crl.pem", self._authority.crl())
        if any(changed):
            self._written.changed.append(folder)

    def node(self, district: str, name: str) -> None:
        """The four files of a node."""
        folder = self._network.folder / NODES / name
        _private(folder)
        kept = Credential.read(folder / "cert", folder / "certkey")
        made = self._authority.client(name, NODE, kept)
        self._count(NODES, name, kept, made)
        place = self._network.districts[district]
        uplink = {"host": place.address, "port": place.port, "district": district, "name": name, "server": place.host, "tier": TIER}
        uplink |= {"ntp": place.ntp} if place.ntp else {}
        _keep(folder / "uplink", json.dumps(uplink, separators=(",", ":")).encode())
        _keep(folder / "ca", self._authority.root.cert_der)
        _keep(folder / "cert", made.cert_der)
        _keep(folder / "certkey", made.key_der, secret=True)

    def person(self, name: str, role: str, person: str) -> None:
        """The folder of a program of ours; `person`: whose alone it is, "" for whoever sits there."""
        folder = self._network.folder / PEOPLE / name
        _private(folder)
        kept = Credential.read(folder / "cert.pem", folder / "key.pem")
        made = self._authority.client(name, role, kept)
        self._count(PEOPLE, name, kept, made)
        brokers = {district: [place.host, place.port] for district, place in self._network.districts.items()}
        city = self._network.city
        about: dict[str, object] = {"name": name, "role": role, "brokers": brokers, "city": [city.host, city.port] if city else None}
        about |= {"person": person, "operators": self._network.operators}
        _keep(folder / "access.json", (json.dumps(about, indent=1) + "\n").encode())
        _keep(folder / "ca.pem", self._authority.root.cert_pem)
        _keep(folder / "cert.pem", made.cert_pem)
        _keep(folder / "key.pem", made.key_pem, secret=True)

    def _count(self, kind: str, name: str, kept: Credential | None, made: Credential) -> None:
        if made is kept:
            self._written.kept[kind] += 1
        else:
            self._written.made[kind].append(name)


def _private(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise InputError.of(str(folder), f"this folder cannot be made: {error.strerror}. Give another one with --out.") from None


def _keep(path: Path, content: bytes, secret: bool = False) -> bool:
    """Write a file if it is another one; whether it was. Nobody waits for the disk: what a power cut takes the next run makes anew."""
    if path.exists() and path.read_bytes() == content and (not secret or not path.stat().st_mode & 0o077):
        return False
    (write_secret if secret else write_public)(path, content, sync=False)
    return True
