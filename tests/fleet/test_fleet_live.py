"""A fleet on a real mosquitto with certificates, and on a real PostgreSQL: what goes away comes back, and nothing is missing."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from lykta.errors import InputError
from lykta.fleet import acts, carrier, rollout, settings, topics
from lykta.fleet import fleet as module
from lykta.fleet.broker.access import take
from lykta.fleet.broker.files import DISTRICTS, NODES
from lykta.fleet.broker.network import Network
from lykta.fleet.carrier import Lost, Refused
from lykta.fleet.certificates import INGEST, OPERATOR
from lykta.fleet.client import Broker
from lykta.fleet.database import Database, Gone
from lykta.fleet.fleet import Fleet
from lykta.fleet.people import CERTIFICATE, Person
from lykta.fleet.proposals import Proposals
from lykta.fleet.simulate_light import Crowd, broker_of
from lykta.fleet.simulate_mqtt import LightLink
from lykta.node.keyfiles import place_of
from lykta.node.keys import KeyStore
from lykta.node.street import Street, load_street
from tests import services
from tests.fleet import networks
from tests.fleet.post import DISTRICT, NIGHT, name, report, topic, until
from tests.fleet.test_database import count

pytestmark = pytest.mark.services

LAMPS = [f"K{number:02}" for number in range(5, 13)]
YEAR = dt.timedelta(days=365)


@pytest.fixture(scope="module")
def street() -> Street:
    """Kungsholms strand."""
    return load_street("kungsholms_strand")


@pytest.fixture(scope="module")
def made(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Its network."""
    return networks.network(tmp_path_factory.mktemp("network"), street.site)[0]


@pytest.fixture
def mosquitto(made: Network) -> Iterator[services.Mosquitto]:
    """Its broker, with nothing kept of another test."""
    state = made.folder / DISTRICTS / DISTRICT / "state"
    shutil.rmtree(state)
    state.mkdir()
    with contextlib.closing(networks.broker_of(made, DISTRICT)) as one:
        yield one.start()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than needed."""
    monkeypatch.setattr(module, "_AGAIN_S", 0.05)
    monkeypatch.setattr(carrier, "FIRST_S", 0.05)
    monkeypatch.setattr(carrier, "LONGEST_S", 0.1)


@contextlib.contextmanager
def connected(made: Network, role: str) -> Iterator[Broker]:
    """The broker, for a program in a role."""
    with take(made.folder, role) as access:
        yield Broker(access.host, access.port, access.client, access.authority, access.certificate, access.key)


@contextlib.contextmanager
def recording(made: Network, street: Street, database: Database, said: list[str]) -> Iterator[Fleet]:
    """The recorder of the network."""
    with connected(made, INGEST) as broker:
        yield Fleet(street, partial(broker.connect, True), database, "anna", record=True, now=lambda: NIGHT, said=said.append)


async def tell(crowd: Crowd, lamps: list[str], at: int) -> None:
    """Nodes tell; the broker has acknowledged it when this returns."""
    where = crowd.where
    for lamp in lamps:
        link = await LightLink.open(where.host, where.port, name(lamp), where.context(name(lamp)))
        listening = asyncio.create_task(link.listen())
        link.publish(topic(lamp, topics.TELEMETRY), report(at))
        await link.settled()
        listening.cancel()
        link.cut()


@pytest.mark.slow
def test_postgres_gone_in_the_middle__what_the_broker_acknowledged_is_stored(
    made: Network, street: Street, mosquitto: services.Mosquitto, postgres: services.Database, tmp_path: Path
):
    """Nodes go on telling while the database is away; all of it is there afterwards, once."""

    async def work() -> None:
        said: list[str] = []
        database = Database.open(postgres.url, DISTRICT)
        crowd = Crowd([], broker_of(street, made.folder, None, tmp_path)[0])
        with recording(made, street, database, said) as fleet:
            async with fleet:
                await fleet.wait_connected()
                await tell(crowd, LAMPS, NIGHT)
                await until(lambda: fleet.tally.stored == len(LAMPS))
                postgres.server.stop()
                await tell(crowd, LAMPS, NIGHT + 900)
                await until(lambda: bool(said))
                await tell(crowd, LAMPS, NIGHT + 1800)
                postgres.server.start()
                await until(lambda: fleet.tally.stored == 3 * len(LAMPS))
        assert count(database, "telemetry") == 3 * len(LAMPS)
        assert ["does not answer" in said[0], "is back" in said[1]] == [True, True]
        database.close()

    asyncio.run(work())


def test_recorder_away__finds_what_came_meanwhile(made: Network, street: Street, mosquitto: services.Mosquitto, tmp_path: Path):
    """The session at the broker outlives the connection, and the broker itself is started anew in between."""

    async def work() -> None:
        database = Database.open(tmp_path / "fleet.sqlite", DISTRICT)
        own = tmp_path / "own"
        own.mkdir()
        crowd = Crowd([], broker_of(street, made.folder, None, own)[0])
        with recording(made, street, database, []) as fleet:
            async with fleet:
                await fleet.wait_connected()
        await tell(crowd, LAMPS, NIGHT)
        mosquitto.stop()
        mosquitto.start()
        with recording(made, street, database, []) as fleet:
            async with fleet:
                await until(lambda: fleet.tally.stored == len(LAMPS))
        assert count(database, "telemetry") == len(LAMPS)

    asyncio.run(work())


def test_postgres__takes_a_batch_twice_and_prunes(postgres: services.Database):
    """The same statements as for SQLite, in the other dialect."""
    from lykta.fleet.database import Batch
    from tests.fleet.test_database import row

    database = Database.open(postgres.url, DISTRICT)
    opened = {"node": "s.K01", "kind": "lamp-out", "opened": 1, "closed": None, "detail": ""}
    batch = Batch(telemetry=[row(), row("s.K02"), row("s.K02", NIGHT - 90_000)], opened=[opened])
    database.write(batch)
    database.write(batch)
    assert [count(database, table) for table in ("telemetry", "alarms", "nodes")] == [3, 1, 2]
    assert database.prune(NIGHT - 86_400, NIGHT) == 1
    assert database.rows(text("select count(*) from alarms where closed is null"))[0][0] == 1
    database.close()


def test_postgres__keeps_proposals_and_refuses_to_change_the_record(street: Street, postgres: services.Database):
    """The same as SQLite: what was proposed comes back to the byte; no row of a record is changed, deleted or truncated."""
    database = Database.open(postgres.url, DISTRICT)
    board = Proposals(database, street, ("anna", "bertil"), lambda: NIGHT)
    one = board.propose(street, Person("anna", proof=CERTIFICATE), "winter", LAMPS[:2])
    board.approve(one.number, Person("bertil", proof=CERTIFICATE))
    push = board.begin(one.number, Person("bertil", proof=CERTIFICATE))
    assert push.files == settings.files_of(street, LAMPS[:2], dt.datetime.fromtimestamp(NIGHT, dt.UTC).date())
    assert [(act.verb, act.sent) for act in acts.acts(database)] == [("settings", 0), ("approve", 0), ("propose", 0)]
    for table in ("acts", "proposals", "decisions", "proposed", "contents"):
        column = "digest" if table in ("proposed", "contents") else "who"
        for statement in (f"update {table} set {column} = 'x'", f"delete from {table}", f"truncate {table} cascade"):
            with pytest.raises(Gone, match="nothing in it is changed or deleted"), database.using() as connection:
                connection.execute(text(statement))
    database.close()


def test_postgres_that_does_not_run__is_said(postgres: services.Database):
    """Where it is, without its password."""
    postgres.server.stop()
    with pytest.raises(Gone, match="does not answer") as caught:
        Database.open(postgres.url)
    assert postgres.server.password not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [("expired", "our certificate has expired"), ("early", "certificate"), ("foreign", "not of its authority"), ("none", "certificate")],
)
def test_certificate_that_is_no_good__is_explained(made: Network, mosquitto: services.Mosquitto, tmp_path: Path, wrong: str, said: str):
    """Which side does not like which certificate, and what to do."""
    ages = {"expired": networks.NOW - 11 * YEAR, "early": networks.NOW + dt.timedelta(days=3)}
    person = "operator-1"
    shown = networks.foreign(tmp_path / "other", person) if wrong == "foreign" else None
    shown = networks.issued(made, person, ages[wrong]) if wrong in ages else shown
    pem = tmp_path / "shown.pem"
    if shown is not None:
        pem.write_bytes(shown.cert_pem + shown.key_pem)
    port = made.districts[DISTRICT].port
    broker = Broker("localhost", port, person, made.folder / "authority" / "ca.pem", pem if shown else None, pem if shown else None)

    async def connect() -> None:
        async with broker.connect():
            raise AssertionError("it was let in")

    with pytest.raises(Refused, match=said):
        asyncio.run(connect())


def test_broker_of_another_authority__is_not_spoken_to(made: Network, mosquitto: services.Mosquitto, tmp_path: Path):
    """Somebody else listens on that port."""
    networks.foreign(tmp_path / "other", "x")
    broker = Broker("localhost", made.districts[DISTRICT].port, "operator-1", tmp_path / "other" / "ca.pem")

    async def connect() -> None:
        async with broker.connect():
            raise AssertionError("it was trusted")

    with pytest.raises(Refused, match="not of our authority"):
        asyncio.run(connect())


def test_broker_that_does_not_run__is_said():
    """And how to start one."""
    broker = Broker("localhost", services.free_port(), "operator-1")

    async def connect() -> None:
        async with broker.connect():
            raise AssertionError("there is none")

    with pytest.raises(Lost, match="lykta broker run"):
        asyncio.run(connect())


def test_settings__are_sent_once_and_go_on_where_they_stopped(
    made: Network, street: Street, mosquitto: services.Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """One version as long as site and profile are the same; the broker keeps the letters for who is away."""
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path / "keys"))
    KeyStore.make(street.site, place_of(street.site.name), networks.NOW).keys(street.segments)
    database = Database.open(tmp_path / "fleet.sqlite", DISTRICT)

    async def work() -> None:
        with connected(made, OPERATOR) as broker:
            async with Fleet(street, broker.connect, database, "anna", now=lambda: NIGHT) as fleet:
                await fleet.wait_connected()
                board, anna = Proposals(database, street, now=lambda: NIGHT), Person("anna")
                one = board.alone(street, anna, "winter", LAMPS)
                first = await rollout.roll_out(fleet, board, one.number, anna)
                again = Proposals(database, street, now=lambda: NIGHT + 86_400).alone(street, anna, "", LAMPS)
                resumed = board.begin(again.number, anna)
                assert (first.resumed, resumed.resumed, resumed.version) == (False, True, first.version)
                assert set(settings.stand(resumed.lamps, resumed.version, fleet).values()) == {settings.OFFLINE}
                fewer = Proposals(database, street, now=lambda: NIGHT + 2 * 86_400).alone(street, anna, "", LAMPS[:2])
                assert fewer.version == first.version
        where = broker_of(street, made.folder, None, tmp_path)[0]
        link = await LightLink.open(where.host, where.port, name("K05"), where.context(name("K05")))
        listening = asyncio.create_task(link.listen())
        link.subscribe(topic("K05", topics.SETTINGS))
        await until(lambda: link.got == 1)
        listening.cancel()
        link.cut()

    asyncio.run(work())


def test_real_network__is_not_simulated(made: Network, street: Street, tmp_path: Path):
    """A simulated street would push out the nodes on the posts."""
    other = Network.open(made.folder)
    other.districts[DISTRICT].host = "broker.example.se"
    other.folder = tmp_path
    other.save()
    with pytest.raises(InputError, match="this network is real"):
        broker_of(street, tmp_path, None, tmp_path)
    assert (made.folder / NODES).is_dir()
