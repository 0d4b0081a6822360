"""A real mosquitto with the files that `lykta broker config` writes: who is let in, and what they can do there.

Delivery is what counts: mosquitto grants a subscription to `#` to anybody. Whoever must hear nothing is sent a last letter that he may
hear, and that has to be the first that he gets.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiomqtt
import pytest
from aiomqtt import ProtocolVersion

from lykta.fleet.broker import revoking, run
from lykta.fleet.broker.access import take
from lykta.fleet.broker.files import AUTHORITY, DISTRICTS, PEOPLE, write, write_crl
from lykta.fleet.broker.network import Network
from lykta.fleet.carrier import Refused
from lykta.fleet.certificates import OPERATOR, authority_in
from lykta.fleet.client import Broker
from tests.fleet.networks import DISTRICT, NODE, NOW, OTHER, broker_of, client, credential, foreign, issued, knock, network, trust
from tests.services import Mosquitto, free_port
from tests.site.streets import row

pytestmark = pytest.mark.services

HERE = f"lykta/v1/{DISTRICT}"
YEAR = dt.timedelta(days=365)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A network of three nodes."""
    return network(tmp_path_factory.mktemp("network"))[0]


@pytest.fixture
def broker(made: Network) -> Iterator[Mosquitto]:
    """Its broker, running, without anything that it kept of another test."""
    shutil.rmtree(made.folder / DISTRICTS / DISTRICT / "state")
    (made.folder / DISTRICTS / DISTRICT / "state").mkdir()
    with contextlib.closing(broker_of(made)) as one:
        yield one.start()


async def first(messages: aiomqtt.Client) -> tuple[str, bytes]:
    """The next message that comes."""
    async with asyncio.timeout(30):
        message = await anext(aiter(messages.messages))
    return message.topic.value, bytes(message.payload)


# --- who is let in --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("broker")
def test_node__is_let_in(made: Network, tmp_path: Path):
    """With the files that it was given."""
    assert knock(made.districts[DISTRICT].port, trust(made, credential(made, NODE), tmp_path), NODE) == "in"


@pytest.mark.security(2, 4)
@pytest.mark.usefixtures("broker")
def test_nobody__is_let_in_without_a_certificate(made: Network, tmp_path: Path):
    """TLS alone is not enough."""
    said = knock(made.districts[DISTRICT].port, trust(made, None, tmp_path), NODE)
    assert said == "SSLV3_ALERT_HANDSHAKE_FAILURE"


@pytest.mark.security(4)
@pytest.mark.usefixtures("broker")
def test_same_name_of_another_authority__is_refused(made: Network, tmp_path: Path):
    """Anybody can make a certificate with a node's name."""
    said = knock(made.districts[DISTRICT].port, trust(made, foreign(tmp_path / "other", NODE), tmp_path), NODE)
    assert said == "TLSV1_ALERT_UNKNOWN_CA"


@pytest.mark.security(4)
@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize(
    ("made_at", "said"),
    [(NOW - 11 * YEAR, "SSLV3_ALERT_CERTIFICATE_EXPIRED"), (NOW + dt.timedelta(days=3), "SSLV3_ALERT_BAD_CERTIFICATE")],
    ids=["expired", "not-yet-valid"],
)
def test_certificate_out_of_its_time__is_refused(made: Network, tmp_path: Path, made_at: dt.datetime, said: str):
    """Over since a year; or made by a machine whose clock is three days ahead."""
    shown = issued(made, NODE, made_at)
    assert knock(made.districts[DISTRICT].port, trust(made, shown, tmp_path), NODE) == said


@pytest.mark.security(3)
@pytest.mark.usefixtures("broker")
def test_server_of_another_authority__is_refused_by_who_connects(made: Network, tmp_path: Path):
    """A node that trusts its own authority never speaks to another's broker."""
    foreign(tmp_path / "other", "x")
    context = trust(made, credential(made, NODE), tmp_path, root=tmp_path / "other" / "ca.pem")
    assert knock(made.districts[DISTRICT].port, context, NODE) == "CERTIFICATE_VERIFY_FAILED"


@pytest.mark.security(2)
@pytest.mark.usefixtures("broker")
def test_plain_tcp__gets_no_answer(made: Network):
    """There is no listener without TLS."""

    async def plain() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.districts[DISTRICT].port)
        writer.write(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03abc")
        try:
            return await reader.read(100)
        except ConnectionError:
            return b""
        finally:
            writer.close()

    assert not asyncio.run(plain()).startswith(b"\x20")


# --- what they can do -----------------------------------------------------------------------------------------------


@pytest.mark.security(5)
@pytest.mark.usefixtures("broker")
def test_node_speaking_as_another__is_not_delivered(made: Network, tmp_path: Path):
    """State, events and commands in another's name, or to anywhere else: nobody gets them."""

    async def scene() -> tuple[str, bytes]:
        async with client(made, "operator-1", tmp_path) as operator, client(made, NODE, tmp_path) as node:
            await operator.subscribe("#", qos=1)
            for topic in (f"n/{OTHER}/state", f"n/{OTHER}/up/event", f"n/{OTHER}/down/command", f"n/{NODE}/down/command", "update/b/0"):
                await node.publish(f"{HERE}/{topic}", b"not mine", qos=1, retain=True)
            await node.publish(f"{HERE}/n/{NODE}/up/event", b"mine", qos=1)
            return await first(operator)

    assert asyncio.run(scene()) == (f"{HERE}/n/{NODE}/up/event", b"mine")


@pytest.mark.security(5)
@pytest.mark.usefixtures("broker")
def test_node_that_subscribes_to_all__hears_only_what_is_for_it(made: Network, tmp_path: Path):
    """Neither what others tell, nor what they are told, retained or not, nor what the broker says of itself."""

    async def scene() -> tuple[str, bytes]:
        async with (
            client(made, "operator-1", tmp_path) as operator,
            client(made, OTHER, tmp_path) as other,
            client(made, NODE, tmp_path) as node,
        ):
            await operator.publish(f"{HERE}/n/{OTHER}/down/settings", b"secret", qos=1, retain=True)
            for filters in ("#", f"{HERE}/#", f"{HERE}/n/{OTHER}/#", f"{HERE}/n/+/down/+", "$SYS/#"):
                await node.subscribe(filters, qos=1)
            await other.publish(f"{HERE}/n/{OTHER}/up/telemetry", b"1", qos=1)
            await other.publish(f"{HERE}/n/{OTHER}/state", b"1", qos=1, retain=True)
            await operator.publish(f"{HERE}/n/{OTHER}/down/command", b"1", qos=1)
            await operator.publish(f"{HERE}/n/{NODE}/down/command", b"mine", qos=1)
            return await first(node)

    assert asyncio.run(scene()) == (f"{HERE}/n/{NODE}/down/command", b"mine")


@pytest.mark.usefixtures("broker")
def test_piece_of_an_update__is_for_every_node(made: Network, tmp_path: Path):
    """Retained by the operator, it answers at once whoever asks for it."""

    async def scene() -> tuple[str, bytes]:
        async with client(made, "operator-1", tmp_path) as operator, client(made, NODE, tmp_path) as node:
            await operator.publish(f"{HERE}/update/b1/7", b"piece", qos=1, retain=True)
            await node.subscribe(f"{HERE}/update/b1/7", qos=1)
            return await first(node)

    assert asyncio.run(scene()) == (f"{HERE}/update/b1/7", b"piece")


@pytest.mark.security(6)
@pytest.mark.usefixtures("broker")
def test_client_id_of_another__pushes_nobody_out(made: Network, tmp_path: Path):
    """A node that says that it is another is itself: the other stays, and hears what comes."""

    async def scene() -> tuple[str, bytes]:
        async with client(made, "operator-1", tmp_path) as operator, client(made, OTHER, tmp_path) as other:
            await other.subscribe(f"{HERE}/n/{OTHER}/down/+", qos=1)
            async with client(made, NODE, tmp_path, identifier=OTHER):
                await operator.publish(f"{HERE}/n/{OTHER}/down/command", b"still here", qos=1)
                return await first(other)

    assert asyncio.run(scene()) == (f"{HERE}/n/{OTHER}/down/command", b"still here")


@pytest.mark.security(5)
@pytest.mark.usefixtures("broker")
def test_letter_that_is_refused__ends_no_session(made: Network, tmp_path: Path):
    """A gateway that still has a letter for a lamp that is no longer its own goes on with the others."""

    async def scene() -> tuple[str, bytes]:
        async with client(made, "viewer-1", tmp_path) as viewer, client(made, NODE, tmp_path, protocol=ProtocolVersion.V311) as node:
            await viewer.subscribe(f"{HERE}/n/{NODE}/up/+", qos=1)
            for _ in range(3):
                await node.publish(f"{HERE}/n/{OTHER}/up/event", b"not mine", qos=1)
            await node.publish(f"{HERE}/n/{NODE}/up/event", b"mine", qos=1)
            return await first(viewer)

    assert asyncio.run(scene()) == (f"{HERE}/n/{NODE}/up/event", b"mine")


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("who", ["viewer-1", "ingest-1"])
def test_viewer__commands_nobody(made: Network, tmp_path: Path, who: str):
    """Who may only look cannot say anything to a node, nor in its name; who may, is heard."""

    async def scene() -> tuple[tuple[str, bytes], tuple[str, bytes]]:
        async with (
            client(made, who, tmp_path) as viewer,
            client(made, "operator-1", tmp_path) as operator,
            client(made, NODE, tmp_path) as node,
        ):
            await node.subscribe(f"{HERE}/n/{NODE}/down/+", qos=1)
            await operator.subscribe(f"{HERE}/update/#", qos=1)
            for topic in (f"n/{NODE}/down/command", f"n/{NODE}/down/settings", f"n/{NODE}/state", "update/b/0"):
                await viewer.publish(f"{HERE}/{topic}", b"1", qos=1)
            await operator.publish(f"{HERE}/n/{NODE}/down/command", b"allowed", qos=1)
            await operator.publish(f"{HERE}/update/b/1", b"allowed", qos=1)
            return await first(node), await first(operator)

    assert asyncio.run(scene()) == ((f"{HERE}/n/{NODE}/down/command", b"allowed"), (f"{HERE}/update/b/1", b"allowed"))


@pytest.mark.usefixtures("broker")
def test_letter_that_is_too_long__ends_the_session_of_who_sent_it(made: Network, tmp_path: Path):
    """4,096 bytes go; a kilobyte more does not, and nobody gets it."""

    async def scene() -> tuple[str, int]:
        async with client(made, "viewer-1", tmp_path) as viewer:
            await viewer.subscribe(f"{HERE}/n/{NODE}/up/+", qos=1)
            with pytest.raises(aiomqtt.MqttError):
                async with client(made, NODE, tmp_path) as node:
                    await node.publish(f"{HERE}/n/{NODE}/up/event", bytes(5120), qos=0)
                    await first(node)
            async with client(made, NODE, tmp_path) as node:
                await node.publish(f"{HERE}/n/{NODE}/up/event", bytes(4096), qos=1)
            topic, payload = await first(viewer)
            return topic, len(payload)

    assert asyncio.run(scene()) == (f"{HERE}/n/{NODE}/up/event", 4096)


# --- who is taken out -----------------------------------------------------------------------------------------------


@pytest.mark.security(7, 24)
def test_revoked__is_refused_after_the_list_is_read_and_the_live_session_is_cut(tmp_path: Path):
    """The whole way: the broker as `run` starts it, a node in it, revoked by its lamp."""
    made = network(tmp_path / "network")[0]
    old, other, place = credential(made, NODE), credential(made, OTHER), made.districts[DISTRICT]

    async def scene() -> str:
        async with client(made, NODE, tmp_path, protocol=ProtocolVersion.V311) as node, client(made, OTHER, tmp_path) as bystander:
            found = await asyncio.to_thread(revoking.revoke, made, "L0", "stolen", NOW)
            assert (found.certificates, found.reloaded, found.refused, found.cut, found.unreached) == (1, True, True, True, "")
            with pytest.raises(aiomqtt.MqttError):
                await first(node)
            await bystander.publish(f"{HERE}/n/{OTHER}/up/event", b"still here", qos=1)
        return "cut"

    with run.Mosquitto(made.folder / DISTRICTS / DISTRICT, place) as broker:
        threading.Thread(target=lambda: list(broker.log()), daemon=True).start()
        assert asyncio.run(scene()) == "cut"
        assert knock(place.port, trust(made, old, tmp_path), NODE) == "SSLV3_ALERT_CERTIFICATE_REVOKED"
        assert knock(place.port, trust(made, other, tmp_path), OTHER) == "in"
    assert list((made.folder / "authority" / "revoked").iterdir()) == []


@pytest.mark.security(7)
def test_person_revoked__is_refused_by_the_broker_and_told_why(tmp_path: Path):
    """All certificates of an operator; whoever still has a copy hears that it was revoked, not that something is broken."""
    made = network(tmp_path / "network")[0]
    made.admit("anna", OPERATOR)
    made.admit("bertil", OPERATOR)
    write(made, NOW)
    copy = shutil.copytree(made.folder / PEOPLE / "anna-2", tmp_path / "copy")
    place = made.districts[DISTRICT]

    async def connect() -> str:
        with take(copy, OPERATOR) as access:
            async with Broker(access.host, access.port, access.client, access.authority, access.certificate, access.key).connect():
                return access.person

    with run.Mosquitto(made.folder / DISTRICTS / DISTRICT, place) as broker:
        threading.Thread(target=lambda: list(broker.log()), daemon=True).start()
        assert asyncio.run(connect()) == "anna"
        (found,) = revoking.revoke_person(made, "anna", "works elsewhere", NOW)
        assert (found.certificates, found.reloaded, found.refused, found.unreached) == (3, True, True, "")
        with pytest.raises(Refused, match="our certificate was revoked: somebody has said that it shall not be used any more"):
            asyncio.run(connect())
    assert Network.open(made.folder).operators == ["bertil"]
    assert not list((made.folder / PEOPLE).glob("anna*"))


def test_live_session__survives_the_list_alone(made: Network, broker: Mosquitto, tmp_path: Path):
    """Why a session has to be cut: mosquitto that has read the list goes on with whoever is connected."""
    mine = network(tmp_path / "network", port=made.districts[DISTRICT].port)[0]
    broker.stop()
    again = broker_of(mine)

    async def scene() -> tuple[str, bytes]:
        async with client(mine, "operator-1", tmp_path) as operator, client(mine, NODE, tmp_path) as node:
            await node.subscribe(f"{HERE}/n/{NODE}/down/+", qos=1)
            with authority_in(mine.folder / AUTHORITY, mine.name, NOW) as authority:
                authority.revoke(NODE, "stolen")
                write_crl(mine, authority)
            again.reload()
            await operator.publish(f"{HERE}/n/{NODE}/down/command", b"still here", qos=1)
            return await first(node)

    with contextlib.closing(again.start()):
        shown = trust(mine, credential(mine, NODE), tmp_path)
        assert asyncio.run(scene()) == (f"{HERE}/n/{NODE}/down/command", b"still here")
        assert knock(made.districts[DISTRICT].port, shown, NODE) == "SSLV3_ALERT_CERTIFICATE_REVOKED"


@pytest.mark.security(24)
def test_lamp_that_is_gone__leaves_no_state_behind(made: Network, broker: Mosquitto, tmp_path: Path):
    """`--gone`: who asks later does not hear of it."""
    mine = network(tmp_path / "network", port=made.districts[DISTRICT].port)[0]
    broker.stop()

    async def tell() -> None:
        for name in (NODE, OTHER):
            async with client(mine, name, tmp_path) as node:
                await node.publish(f"{HERE}/n/{name}/state", b"here", qos=1, retain=True)

    async def ask() -> str:
        async with client(mine, "viewer-1", tmp_path) as viewer:
            await viewer.subscribe(f"{HERE}/n/+/state", qos=1)
            return (await first(viewer))[0]

    with contextlib.closing(broker_of(mine).start()):
        asyncio.run(tell())
        revoking.revoke(mine, "L0", "taken down", NOW, forget=True)
        assert asyncio.run(ask()) == f"{HERE}/n/{OTHER}/state"


# --- gateways and the city ------------------------------------------------------------------------------------------


@pytest.mark.security(5)
def test_gateway__speaks_for_its_lamps_and_for_no_others(tmp_path: Path):
    """Of four lamps with two gateways, each speaks for its own neighbour; heard it is only there."""
    site = row(4)
    site = replace(site, lamps=tuple(replace(lamp, board="esp32_poe") if lamp.id in ("L0", "L3") else lamp for lamp in site.lamps))
    made = network(tmp_path / "network", site)[0]

    async def scene() -> list[tuple[str, bytes]]:
        async with client(made, "operator-1", tmp_path) as operator, client(made, "street.L0", tmp_path) as gateway:
            await operator.subscribe(f"{HERE}/n/+/up/+", qos=1)
            await gateway.subscribe(f"{HERE}/n/+/down/+", qos=1)
            for lamp in ("L2", "L3", "L1"):
                await gateway.publish(f"{HERE}/n/street.{lamp}/up/event", lamp.encode(), qos=1)
            for lamp in ("L3", "L2", "L1"):
                await operator.publish(f"{HERE}/n/street.{lamp}/down/command", lamp.encode(), qos=1)
            return [await first(operator), await first(gateway)]

    with contextlib.closing(broker_of(made).start()):
        assert asyncio.run(scene()) == [(f"{HERE}/n/street.L1/up/event", b"L1"), (f"{HERE}/n/street.L1/down/command", b"L1")]


def test_city__hears_its_districts_and_reaches_their_nodes(tmp_path: Path):
    """State and events go up, commands come down, through a bridge that proves itself; what a node may not say does not go up either."""
    made = network(tmp_path / "network", city=free_port())[0]
    assert made.city is not None
    city_files = made.folder / "city"
    (city_files / "run").mkdir()
    city = Mosquitto(city_files / "run", (city_files / "mosquitto.conf").read_text(encoding="utf-8"), made.city.port)
    district = broker_of(made)

    async def scene() -> list[object]:
        async with client(made, "operator-1", tmp_path, port=made.city.port) as operator, client(made, NODE, tmp_path) as node:
            await operator.subscribe(f"{HERE}/n/+/state", qos=1)
            await operator.subscribe(f"{HERE}/n/+/up/+", qos=1)
            await node.subscribe(f"{HERE}/n/{NODE}/down/+", qos=1)
            await node.publish(f"{HERE}/n/{OTHER}/up/event", b"not mine", qos=1)
            await node.publish(f"{HERE}/n/{NODE}/state", b"here", qos=1, retain=True)
            heard = [await first(operator)]
            await operator.publish(f"{HERE}/n/{NODE}/down/command", b"go", qos=1)
            return [*heard, await first(node)]

    with contextlib.closing(city.start()), contextlib.closing(district.start()):
        city.wait_for("as bridge-street")
        assert asyncio.run(scene()) == [(f"{HERE}/n/{NODE}/state", b"here"), (f"{HERE}/n/{NODE}/down/command", b"go")]
