"""How a program of ours gets to a network: certificates of its role, and where the broker is.

    with take(folder, VIEWER) as access:
        access.host, access.port, access.client, access.authority, access.certificate, access.key

One certificate is one client: who connects with it pushes out whoever else has it. So there are several of each role, and a program takes
one that no other program on this machine has. They are folders that can be handed on; take a different one to every machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from lykta.errors import InputError
from lykta.fleet.broker.files import PEOPLE
from lykta.fleet.broker.network import seats_of
from lykta.fleet.certificates import OPERATOR, VIEWER, name_of


@dataclass(frozen=True)
class Access:
    """Where to connect, and as whom. `client`: the name in the certificate, and client id; `districts`: what can be heard there.

    `person`: whom the certificate names, "" where it is for whoever sits there; `operators`: all who are known by name to may change the
    street.
    """

    host: str
    port: int
    client: str
    authority: Path
    certificate: Path
    key: Path
    districts: tuple[str, ...]
    role: str = ""
    person: str = ""
    operators: tuple[str, ...] = ()


@contextlib.contextmanager
def take(folder: Path, role: str, district: str = "", who: str = "") -> Iterator[Access]:
    """A free place of a role. `folder`: of a network, of its people, or of one of them; `district`: where each has a broker of its own.

    `who`: whose place, where that person has one; otherwise one of those that are nobody's. An operator may do what a viewer may.
    InputError where there is none, all are taken, or it is not clear which broker is meant.
    """
    seats = _seats(folder, role, who)
    for seat in seats:
        held = os.open(seat / "cert.pem", os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            continue
        try:
            yield _access(seat, district)
        finally:
            os.close(held)
        return
    message = f"all {len(seats)} places of the role {role} are taken by programs on this machine. End one, or make more: "
    raise InputError.of(str(folder), f"{message}lykta broker config SITE --out {folder} --seats {role}={len(seats) + 4}")


def _seats(folder: Path, role: str, who: str) -> list[Path]:
    """The places that may be taken, in the order in which they are tried."""
    if (folder / "access.json").is_file():
        found = own = [folder]  # handed on: it is meant, whosever it is
    else:
        found = [one for one in [*folder.glob("*"), *(folder / PEOPLE).glob("*")] if (one / "access.json").is_file()]
        persons = {one: str(_about(one).get("person") or "") for one in found}
        own = [one for one in found if who and persons[one] == who]
        found = own or [one for one in found if not persons[one]]
    roles = (VIEWER, OPERATOR) if own and role == VIEWER else (role,)
    seats = [one for one in found if _about(one).get("role") in roles]
    if not seats:
        message = f"here is no access in the role {role}. It is in the folder people/ of a network: lykta broker config SITE --out FOLDER"
        raise InputError.of(str(folder), message)
    return sorted(seats, key=lambda seat: (len(seat.name), seat.name))


def _about(seat: Path) -> dict[str, object]:
    try:
        about = json.loads((seat / "access.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        about = None
    if not isinstance(about, dict):
        raise InputError.of(str(seat / "access.json"), "this file is damaged. `lykta broker config` writes it anew.")
    return about


def _access(seat: Path, district: str) -> Access:
    about = _about(seat)
    brokers, city = about.get("brokers"), about.get("city")
    if not isinstance(brokers, dict) or not isinstance(about.get("name"), str):
        raise InputError.of(str(seat / "access.json"), "this file is damaged. `lykta broker config` writes it anew.")
    if district and district not in brokers:
        raise InputError.of(district, f"the network has no such district. It has {', '.join(sorted(brokers))}.")
    if not city and not district and len(brokers) != 1:
        raise InputError.of(str(seat), f"each district has a broker of its own: say which with --district ({', '.join(sorted(brokers))}).")
    place = city if isinstance(city, list) and not district else brokers[district or next(iter(brokers))]
    host, port = place
    heard = (district,) if district else tuple(brokers)
    name, person, operators = str(about["name"]), str(about.get("person") or ""), about.get("operators")
    if person and (name not in seats_of(person) or _named(seat / "cert.pem") != name):
        raise InputError.of(str(seat), f"the certificate here is not {person}'s. `lykta broker config` writes it anew.")
    known = tuple(map(str, operators)) if isinstance(operators, list) else ()
    files = (seat / "ca.pem", seat / "cert.pem", seat / "key.pem")
    return Access(host, port, name, *files, heard, str(about.get("role")), person, known)


def _named(certificate: Path) -> str:
    """The common name of a certificate; "" where it cannot be read."""
    try:
        return name_of(x509.load_pem_x509_certificate(certificate.read_bytes()))
    except (OSError, ValueError, IndexError):
        return ""
