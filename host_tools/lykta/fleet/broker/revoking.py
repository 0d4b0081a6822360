"""Takes a node, or a person, from a network: its certificates are revoked, its broker hears of it, and its live session ends.

mosquitto reads the list of the revoked again when it is told so, and then lets nobody in who is on it; but who is connected stays. So we
connect in the node's name for a moment, with a certificate of ten minutes: a broker has one session of a name, and ends the other one.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lykta.errors import InputError
from lykta.fleet.broker import run
from lykta.fleet.broker.files import AUTHORITY, CITY, DISTRICTS, NODES, PEOPLE, write, write_crl
from lykta.fleet.broker.network import Network, Place, seats_of
from lykta.fleet.carrier import Lost, Refused
from lykta.fleet.certificates import Credential, authority_in, write_public, write_secret
from lykta.fleet.topics import STATE, topic_of

#: Certificates that were revoked, until a broker was seen to refuse them.
_REVOKED = "revoked"
_TRIES, _PAUSE_S = 20, 0.5


@dataclass(frozen=True)
class Revocation:
    """What came of it. `certificates`: how many were revoked now; `list`: the file that the broker must read.

    `reloaded`: the broker on this machine was told to; `refused`: a broker was seen to refuse the revoked certificate (None: there is
    none to try with); `cut`: a session in the node's name was ended; `unreached`: why the broker could not be asked, "" where it could.
    """

    node: str
    district: str
    certificates: int
    list: Path
    reloaded: bool
    refused: bool | None
    cut: bool
    unreached: str


def revoke(network: Network, node: str, why: str, now: dt.datetime, forget: bool = False) -> Revocation:
    """Revoke a node by its name or its lamp's. `forget`: it is gone for good, so the broker forgets its state too.

    Done again, it finishes what is left to do when the broker was out of reach. InputError for an unknown node.
    """
    name, district = network.find(node)
    place, folder = network.districts[district], network.folder / DISTRICTS / district
    revoked = network.folder / AUTHORITY / _REVOKED / name
    with authority_in(network.folder / AUTHORITY, network.name, now) as authority:
        count = len(authority.revoke(name, why))
        _set_aside(network.folder / NODES / name, revoked)
        write_crl(network, authority)
        moment = authority.moment(name)
    reloaded = run.reload(folder)
    refused, cut, unreached = None, False, ""
    try:
        old = Credential.read(revoked / "cert.pem", revoked / "key.pem")
        if old is not None:
            refused = asyncio.run(_is_refused(place, folder / "ca.pem", name, old, _TRIES if reloaded else 1))
        topic = topic_of(district, name, STATE) if forget else ""
        cut = asyncio.run(_lets_in(place, folder / "ca.pem", name, moment, topic))
    except Lost as error:
        unreached = str(error)
    if refused:
        shutil.rmtree(revoked)
    return Revocation(name, district, count, folder / "crl.pem", reloaded, refused, cut, unreached)


def revoke_person(network: Network, person: str, why: str, now: dt.datetime) -> list[Revocation]:
    """Revoke all certificates of somebody who is known by name, and forget the name; for each broker what came of the first of them.

    Done again, it finishes what is left to do when a broker was out of reach. InputError for an unknown name.
    """
    kept = network.folder / AUTHORITY / _REVOKED
    if not network.knows_person(person):
        raise InputError.of(person, f"the network knows {', '.join(network.people) or 'nobody'} by name.")
    network.people.pop(person, None)
    with authority_in(network.folder / AUTHORITY, network.name, now) as authority:
        count = sum(len(authority.revoke(name, why)) for name in seats_of(person))
        for name in seats_of(person):
            _set_aside(network.folder / PEOPLE / name, kept / name)
        lists = write_crl(network, authority)
        moments = {name: authority.moment(name) for name in seats_of(person)}
    write(network, now, nodes=False)  # the others learn who is still there, and the access lists
    places = [*network.districts.items(), *([(CITY, network.city)] if network.city is not None else [])]
    found = [_revoked_at(network, person, place, file, kept, moments, count) for (_, place), file in zip(places, lists, strict=True)]
    if all(one.refused for one in found):
        for name in moments:
            shutil.rmtree(kept / name, ignore_errors=True)
    return found


def _revoked_at(
    network: Network, person: str, place: Place, file: Path, kept: Path, moments: Mapping[str, Credential], count: int
) -> Revocation:
    """What came of it at one broker: every session of the person's is ended."""
    reloaded = run.reload(file.parent)
    refused, cut, unreached = None, False, ""
    root = network.folder / AUTHORITY / "ca.pem"
    try:
        for name, moment in moments.items():
            old = Credential.read(kept / name / "cert.pem", kept / name / "key.pem")
            if old is not None:
                refused = refused is not False and asyncio.run(_is_refused(place, root, name, old, _TRIES if reloaded else 1))
            cut = asyncio.run(_lets_in(place, root, name, moment)) or cut
    except Lost as error:
        unreached = str(error)
    return Revocation(person, file.parent.name, count, file, reloaded, refused, cut, unreached)


def _set_aside(files: Path, revoked: Path) -> None:
    """Take away what would be flashed, or used; keep the certificate, to see later that it is refused."""
    old = Credential.read(files / "cert", files / "certkey") or Credential.read(files / "cert.pem", files / "key.pem")
    if old is not None:
        revoked.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_public(revoked / "cert.pem", old.cert_pem)
        write_secret(revoked / "key.pem", old.key_pem)
    shutil.rmtree(files, ignore_errors=True)


async def _is_refused(place: Place, root: Path, name: str, credential: Credential, tries: int) -> bool:
    """Whether the broker refuses a certificate; a broker that was just told to read its list does so when it comes to it."""
    for attempt in range(tries):
        if attempt:
            await asyncio.sleep(_PAUSE_S)
        if not await _lets_in(place, root, name, credential):
            return True
    return False


async def _lets_in(place: Place, root: Path, name: str, credential: Credential, forget: str = "") -> bool:
    """Whether the broker lets a certificate in; Lost where it cannot be asked. `forget`: a topic whose retained letter is taken away."""
    from lykta.fleet.client import Broker

    with _on_disk(credential) as (certificate, key):
        try:
            async with Broker(place.host, place.port, name, root, certificate, key).connect() as connection:
                if forget:
                    await connection.publish(forget, b"", retain=True)
                return True
        except Refused:
            return False


@contextlib.contextmanager
def _on_disk(credential: Credential) -> Iterator[tuple[Path, Path]]:
    """A certificate and its key in files, as long as the library for TLS needs them."""
    with tempfile.TemporaryDirectory(prefix="lykta-") as folder:
        certificate, key = Path(folder) / "cert.pem", Path(folder) / "key.pem"
        write_public(certificate, credential.cert_pem)
        write_secret(key, credential.key_pem)
        yield certificate, key
