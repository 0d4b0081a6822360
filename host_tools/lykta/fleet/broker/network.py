"""A network as it was asked for: districts with their brokers, sites in them, the city above them, and how many programs may watch.

It is kept in `network.json` of the network's folder, so that every later run adds to it instead of asking again.

    FOLDER/
      network.json            this
      authority/              makes certificates; stays on this machine
      districts/DISTRICT/     goes to the machine of that broker
      city/                   goes to the machine of the broker above them
      nodes/NODE/             what `lykta flash` writes to a node
      people/ROLE-NUMBER/     what a program of an operator, a viewer or the database uses
      people/NAME-NUMBER/     the same for one person: the certificate says who it is
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lykta.errors import InputError
from lykta.fleet.certificates import INGEST, OPERATOR, VIEWER, write_public
from lykta.fleet.topics import checked
from lykta.plan.gateways import carriers
from lykta.plan.nodefiles import boards_of, district_of, node_names
from lykta.site.graph import Graph
from lykta.site.model import Site

FILE = "network.json"
PORT = 8883
LOCAL = "localhost"
#: How many programs may be connected at once in each role. One certificate is one client: a second would push out the first.
SEATS: Mapping[str, int] = {OPERATOR: 4, VIEWER: 8, INGEST: 1}
#: So many programs of one person at once.
PERSON_SEATS = 3
_FORMAT = 1
_PERSON = re.compile(r"[a-z][a-z0-9_]{1,39}")
_DISTRICT = 56  # its bridge must have a name too, of 64 at most


def seats_of(person: str) -> list[str]:
    """The names of somebody's certificates: one for each program that may run at once."""
    return [f"{person}-{number}" for number in range(1, PERSON_SEATS + 1)]


@dataclass
class Place:
    """Where a broker is reached. `host` "localhost": from this machine alone. `at`: the folder of its files there, if it is another.

    `address`: the host in numbers, for nodes: asking a name server would stop everything else that they do. `ntp`: the time server of its
    nodes, in numbers, "" where nobody has named one: a node connects only when its clock is set.
    """

    host: str = LOCAL
    port: int = PORT
    at: str = ""
    address: str = "127.0.0.1"
    ntp: str = ""

    @property
    def local(self) -> bool:
        """Whether nobody from outside this machine shall reach it."""
        return self.host in (LOCAL, "127.0.0.1", "::1")

    @property
    def names(self) -> list[str]:
        """What its certificate is for: its name, and this machine's own addresses, for who runs beside it."""
        return list(dict.fromkeys([self.host, LOCAL, self.address, "127.0.0.1", "::1"]))

    def __str__(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"


@dataclass
class Street:
    """A site in a district. `nodes`: name on the network by lamp; `carriers`: by lamp without a network of its own, its gateway's lamp."""

    district: str
    nodes: dict[str, str]
    carriers: dict[str, str]

    @property
    def connected(self) -> dict[str, str]:
        """The nodes that connect by themselves, by lamp."""
        return {lamp: name for lamp, name in self.nodes.items() if lamp not in self.carriers}

    @property
    def carried(self) -> dict[str, list[str]]:
        """The nodes for which a gateway speaks, by its name."""
        found: dict[str, list[str]] = {}
        for lamp, gateway in self.carriers.items():
            found.setdefault(self.nodes[gateway], []).append(self.nodes[lamp])
        return found


@dataclass
class Network:
    """All of it. `folder`: where it is kept."""

    folder: Path
    name: str = ""
    districts: dict[str, Place] = field(default_factory=dict)
    city: Place | None = None
    sites: dict[str, Street] = field(default_factory=dict)
    seats: dict[str, int] = field(default_factory=lambda: dict(SEATS))
    people: dict[str, str] = field(default_factory=dict)  # role by name

    @classmethod
    def open(cls, folder: Path) -> Network:
        """The network of a folder. InputError where there is none, or another version's."""
        path = folder / FILE
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            message = "here is no network. Make one: lykta broker config SITE --out FOLDER"
            raise InputError.of(str(folder), message) from None
        except (OSError, ValueError) as error:
            raise InputError.of(str(path), f"cannot be read ({error}). Bring it back from a backup.") from None
        return cls._of(folder, path, kept)

    @classmethod
    def at(cls, folder: Path) -> Network:
        """The network of a folder, or a new one for it."""
        return cls.open(folder) if (folder / FILE).exists() else cls(folder)

    @classmethod
    def _of(cls, folder: Path, path: Path, kept: Any) -> Network:
        try:
            if kept["format"] != _FORMAT:
                raise InputError.of(str(path), "a newer Lykta has written this. Update Lykta first.")
            return cls(
                folder,
                kept["name"],
                {name: Place(**place) for name, place in kept["districts"].items()},
                Place(**kept["city"]) if kept["city"] else None,
                {name: Street(**street) for name, street in kept["sites"].items()},
                kept["seats"],
                kept.get("people", {}),
            )
        except (KeyError, TypeError, AttributeError):
            raise InputError.of(str(path), "this is no network, or it is damaged. Bring it back from a backup.") from None

    def add(self, site: Site, district: str = "") -> Street:
        """A site in a district, by default the one that it is in already, or one of its own; what was known of it before is replaced.

        InputError for names that do not fit, and where another site of the network has nodes of the same names.
        """
        known = self.sites.get(site.name)
        district = checked(district or (known.district if known else district_of(site.name)), "district")
        if len(district) > _DISTRICT:
            raise InputError.of(
                site.file or site.name, f'"{district}" is too long for a district: at most {_DISTRICT} letters. Give --district.'
            )
        street = Street(district, node_names(site), carriers(Graph(site), boards_of(site)))
        for other, its in self.sites.items():
            if other != site.name and set(its.nodes.values()) & set(street.nodes.values()):
                raise InputError.of(site.file or site.name, f'nodes of "{other}", in the same network, have the same names. Rename a site.')
        self.name = self.name or site.name
        self.sites[site.name] = street
        self.districts.setdefault(district, Place())
        return street

    def of_district(self, district: str) -> Iterator[Street]:
        """The sites of a district."""
        return (street for street in self.sites.values() if street.district == district)

    def seat_names(self) -> Iterator[tuple[str, str, str]]:
        """Everybody who is no node: (name in the certificate, role, person), where the person is "" for whoever sits there."""
        for role, count in self.seats.items():
            for number in range(1, count + 1):
                yield f"{role}-{number}", role, ""
        for person, role in self.people.items():
            for name in seats_of(person):
                yield name, role, person

    @property
    def operators(self) -> list[str]:
        """The people who are known by name, and may change the street."""
        return sorted(person for person, role in self.people.items() if role == OPERATOR)

    def admit(self, person: str, role: str) -> None:
        """Let somebody in by name, in a role. InputError for a name that a certificate cannot have, or that is no person's."""
        if not _PERSON.fullmatch(person) or person in (*SEATS, "bridge"):
            message = f'"{person}" cannot be the name of a person here: 2 to 40 small letters, digits or _, a letter first.'
            raise InputError.of("--person", f"{message} Write --person anna=operator.")
        if role not in (OPERATOR, VIEWER):
            raise InputError.of("--person", f'"{role}" is no role of a person: {OPERATOR} or {VIEWER}. Write --person {person}=operator.')
        self.people[person] = role

    def knows_person(self, name: str) -> bool:
        """Whether somebody of that name was ever let in, and no node is called so."""
        nodes = {word for street in self.sites.values() for pair in street.nodes.items() for word in pair}
        return name not in nodes and (name in self.people or (self.folder / "authority" / "revoked" / f"{name}-1").is_dir())

    def find(self, node: str) -> tuple[str, str]:
        """The name of a node and its district, from its name or its lamp's. InputError for none, and for lamps of several sites."""
        found = [(name, street.district) for street in self.sites.values() for lamp, name in street.nodes.items() if node in (lamp, name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError.of(node, f"several sites have such a lamp: {', '.join(name for name, _ in found)}. Say which.")
        raise InputError.of(node, f'no node of the network in "{self.folder}" has this name, nor its lamp.')

    def save(self) -> None:
        """Write it."""
        kept = {key: value for key, value in asdict(self).items() if key != "folder"}
        self.folder.mkdir(parents=True, exist_ok=True)
        write_public(self.folder / FILE, (json.dumps({"format": _FORMAT, **kept}, ensure_ascii=False, indent=1) + "\n").encode())
