"""Networks with certificates for tests, and clients that come to their brokers in every way."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
from aiomqtt import ProtocolVersion

from lykta.fleet.broker.files import AUTHORITY, DISTRICTS, NODES, PEOPLE, Written, write
from lykta.fleet.broker.network import Network, Place
from lykta.fleet.certificates import Credential, authority_in
from lykta.site.model import Site
from tests.services import HOST, Mosquitto, free_port
from tests.site.streets import row

#: Real clocks judge these certificates.
NOW = dt.datetime.now(dt.UTC)
DISTRICT = "street"
#: What a node of the row is called.
NODE = "street.L0"
OTHER = "street.L1"


def network(folder: Path, site: Site | None = None, port: int | None = None, city: int = 0) -> tuple[Network, Written]:
    """The network of a site, of three lamps in a row by default, with a broker on a free port of loopback."""
    made = Network.at(folder)
    street = made.add(site or row(3))
    made.districts[street.district].port = port or free_port()
    if city:
        made.city = Place(port=city)
    return made, write(made, NOW)


def broker_of(made: Network, district: str = DISTRICT) -> Mosquitto:
    """Its mosquitto, not started."""
    folder = made.folder / DISTRICTS / district
    (folder / "run").mkdir(exist_ok=True)
    return Mosquitto(folder / "run", (folder / "mosquitto.conf").read_text(encoding="utf-8"), made.districts[district].port)


def credential(made: Network, name: str) -> Credential:
    """What a node or a program was given."""
    folder = made.folder / NODES / name
    pair = (
        (folder / "cert", folder / "certkey")
        if folder.exists()
        else tuple(made.folder / PEOPLE / name / x for x in ("cert.pem", "key.pem"))
    )
    found = Credential.read(*pair)
    assert found is not None
    return found


def issued(made: Network, name: str, now: dt.datetime) -> Credential:
    """A certificate of the network's authority, made at another time."""
    with authority_in(made.folder / AUTHORITY, made.name, now) as authority:
        return authority.client(name, "node")


def foreign(folder: Path, name: str) -> Credential:
    """A certificate of another authority for a name."""
    with authority_in(folder, "Kungsholms strand", NOW) as authority:
        return authority.client(name, "node")


def trust(made: Network, shown: Credential | None, folder: Path, root: Path | None = None) -> ssl.SSLContext:
    """What a client believes, and what it shows."""
    context = ssl.create_default_context(cafile=str(root or made.folder / AUTHORITY / "ca.pem"))
    if shown is not None:
        pem = folder / "shown.pem"
        pem.write_bytes(shown.cert_pem + shown.key_pem)
        context.load_cert_chain(str(pem))
    return context


def knock(port: int, context: ssl.SSLContext, client: str) -> str:
    """Whether a broker lets somebody in: "in", or the reason in the words of TLS.

    Tried with TLS 1.3 as computers speak it, and with 1.2 as nodes do: there the reason always arrives before the end.
    """
    newest = asyncio.run(_knock(port, context, client))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    said = asyncio.run(_knock(port, context, client))
    assert (newest == "in") == (said == "in"), f"TLS 1.3: {newest}, 1.2: {said}"
    return said


async def _knock(port: int, context: ssl.SSLContext, client: str) -> str:
    try:
        reader, writer = await asyncio.open_connection(HOST, port, ssl=context, server_hostname="localhost")
    except ssl.SSLError as error:
        return error.reason or str(error)
    except ConnectionResetError:
        return "hung up"
    try:
        name = client.encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(name).to_bytes(2, "big") + name
        writer.write(bytes([0x10, len(body)]) + body)
        answer = await reader.readexactly(4)
        return "in" if answer == b"\x20\x02\x00\x00" else f"code {answer[3]}"
    except (ssl.SSLError, asyncio.IncompleteReadError, ConnectionError):
        return "hung up"
    finally:
        writer.close()


@asynccontextmanager
async def client(
    made: Network, name: str, folder: Path, port: int = 0, identifier: str = "", **more: object
) -> AsyncIterator[aiomqtt.Client]:
    """A client with the certificate of a name, MQTT 5: the broker tells it why it refuses."""
    given = {"identifier": identifier or name, "protocol": ProtocolVersion.V5, "timeout": 30, **more}
    where = port or next(iter(made.districts.values())).port
    async with aiomqtt.Client("localhost", where, tls_context=trust(made, credential(made, name), folder), **given) as one:
        yield one
