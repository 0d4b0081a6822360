"""A real mosquitto with the files that `lykta broker config` writes: who is let in, and what they can do there.

Delivery is what counts: mosquitto grants a subscription to `#` to anybody. Whoever must hear nothing is sent a last letter that he may
hear, and that has to be the first that he gets.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from lykta.fleet.broker.files import DISTRICTS
from lykta.fleet.broker.network import Network
from tests.fleet.networks import DISTRICT, NODE, NOW, OTHER, broker_of, client, credential, foreign, issued, knock, network, trust
from tests.services import Mosquitto

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


@pytest.mark.usefixtures("broker")
def test_nobody__is_let_in_without_a_certificate(made: Network, tmp_path: Path):
    """TLS alone is not enough."""
    said = knock(made.districts[DISTRICT].port, trust(made, None, tmp_path), NODE)
    assert said == "SSLV3_ALERT_HANDSHAKE_FAILURE"


@pytest.mark.usefixtures("broker")
def test_same_name_of_another_authority__is_refused(made: Network, tmp_path: Path):
    """Anybody can make a certificate with a node's name."""
    said = knock(made.districts[DISTRICT].port, trust(made, foreign(tmp_path / "other", NODE), tmp_path), NODE)
    assert said == "TLSV1_ALERT_UNKNOWN_CA"


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


@pytest.mark.usefixtures("broker")
def test_server_of_another_authority__is_refused_by_who_connects(made: Network, tmp_path: Path):
    """A node that trusts its own authority never speaks to another's broker."""
    foreign(tmp_path / "other", "x")
    context = trust(made, credential(made, NODE), tmp_path, root=tmp_path / "other" / "ca.pem")
    assert knock(made.districts[DISTRICT].port, context, NODE) == "CERTIFICATE_VERIFY_FAILED"


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
