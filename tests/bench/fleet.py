"""A fleet in figures: reports stored a second beside what mosquitto alone delivers, memory, storms of nodes, a day without a broker."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import os
import shutil
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import text

from lykta.fleet import messages, topics
from lykta.fleet.broker.files import write
from lykta.fleet.broker.network import Network
from lykta.fleet.carrier import Letter
from lykta.fleet.client import Broker
from lykta.fleet.database import Batch, Database
from lykta.fleet.expected import Expectation
from lykta.fleet.fleet import Fleet
from lykta.fleet.roster import Roster
from lykta.fleet.simulate_light import Crowd, broker_of
from lykta.fleet.simulate_mqtt import LightLink
from lykta.fleet.simulate_outage import outage
from lykta.node.street import Street
from lykta.plan.nodefiles import node_names
from lykta.profiles import load_profile
from tests.services import HOST, Mosquitto, PostgresServer, free_port
from tests.services import Database as PostgresDatabase
from tests.site.streets import row

DISTRICT = "street"
NIGHT = 1_797_285_600
_OPEN = "listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 2000\nmax_queued_messages 0\npersistence false\n"
_AT_ONCE = 2000


def report(quick: bool) -> Iterator[str]:
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="lykta-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's user must come in
        yield from ingest(folder, 3_000 if quick else 10_000)
        yield from memory(2_000 if quick else 15_000)
        yield from storms(folder, 100 if quick else 1_000)
    yield from outages(1_000 if quick else 10_000)


def street(lamps: int) -> Street:
    """A path of so many lamps."""
    return Street("street", Path("street.yaml"), row(lamps), load_profile("kungsholms_strand"))


def telemetry(until: int, level: int = 600) -> bytes:
    """What a node tells once a quarter of an hour."""
    told = messages.Telemetry(until - 900, until, 900, 3, 5000, level, 5 * level, True, 4, (), 60_000, 30_000, 0, {}, False)
    return messages.encode(told)


# --- into the database ------------------------------------------------------------------------------------------------


def ingest(folder: Path, count: int) -> Iterator[str]:
    """Reports that wait at the broker, taken by a bare subscriber, and by the recorder with each database."""
    site = street(1_000)
    names = list(node_names(site.site).values())
    size = len(telemetry(NIGHT))
    yield f"  {count:,} reports of {len(names):,} nodes ({size} bytes each, QoS 1) wait for a session at mosquitto"
    yield "                                              taken a second, and in a second of the processor that the program had"
    (folder / "mqtt").mkdir()
    with contextlib.closing(Mosquitto(folder / "mqtt", port=(port := free_port()), config=_OPEN.format(port=port))) as mosquitto:
        mosquitto.start()
        yield f"    a bare subscriber, which stores nothing:  {asyncio.run(_drain_bare(port, names, count))}"
        rate = asyncio.run(_drain(port, names, count, site, folder / "a.sqlite"))
        yield f"    the recorder, SQLite (fsync each batch):  {rate}"
        server = _postgres(folder)
        try:
            with contextlib.closing(PostgresDatabase(server)) as postgres:
                rate = asyncio.run(_drain(port, names, count, site, postgres.url))
                yield f"    the recorder, PostgreSQL (fsync off):     {rate}"
        finally:
            server.stop()
    yield f"  a district of 15,000 nodes sends {15_000 / 900:.1f} a second, a city of 150,000 {150_000 / 900:.0f}"


def _postgres(folder: Path) -> PostgresServer:
    own = folder / "postgres"
    own.mkdir()
    own.chmod(0o755)
    server = PostgresServer(own)
    server.start()
    return server


async def _fill(port: int, names: list[str], count: int) -> None:
    """Send the reports; the broker has acknowledged all of them when this returns."""
    link = await LightLink.open(HOST, port, "filling")
    listening = asyncio.create_task(link.listen())
    for number in range(count):
        at = NIGHT + 900 * (number // len(names))
        link.publish(topics.topic_of(DISTRICT, names[number % len(names)], topics.TELEMETRY), telemetry(at))
        if len(link.unacknowledged) > 500:
            await link.settled()
    await link.settled()
    listening.cancel()
    link.cut()


def _rates(count: int, began: tuple[float, float]) -> str:
    """Messages a second, by the clock and by the processor."""
    return f"{count / (time.perf_counter() - began[0]):8,.0f} {count / (time.process_time() - began[1]):8,.0f}"


async def _drain_bare(port: int, names: list[str], count: int) -> str:
    """Messages a second into a client that only acknowledges."""
    broker = Broker(HOST, port, "bare")
    async with broker.connect(keep=True) as connection:
        await connection.subscribe([(topic, 1) for topic in topics.of_nodes(DISTRICT)])
    await _fill(port, names, count)
    got, began = 0, (time.perf_counter(), time.process_time())
    async with broker.connect(keep=True) as connection:
        while got < count:
            letters = await connection.letters(_AT_ONCE, 0)
            connection.acknowledge(letters)
            got += len(letters)
        return _rates(count, began)


async def _drain(port: int, names: list[str], count: int, site: Street, where: Path | str) -> str:
    """Messages a second through the recorder into a database."""
    database = Database.open(where, DISTRICT)
    broker = Broker(HOST, port, "record")
    async with broker.connect(keep=True) as connection:
        await connection.subscribe([(topic, 1) for topic in topics.of_nodes(DISTRICT)])
    await _fill(port, names, count)
    began = (time.perf_counter(), time.process_time())
    async with Fleet(site, partial(broker.connect, True), database, "bench", record=True, now=lambda: NIGHT) as fleet:
        while fleet.tally.messages < count or fleet.tally.stored < count:
            await asyncio.sleep(0.01)
        rates = _rates(count, began)
    found = database.rows(text("select count(*) from telemetry"))[0][0]
    assert found == count, f"{found} rows of {count} messages"
    database.close()
    return rates


# --- memory -----------------------------------------------------------------------------------------------------------


def memory(nodes: int) -> Iterator[str]:
    """What the host's program keeps for a district whose nodes have all told their state and a report."""
    site = street(nodes)
    lamps = {name: lamp for lamp, name in node_names(site.site).items()}
    state = messages.encode(messages.State(True, "0.1.0", "a", 217_000_000, 1, "esp32_devkitc", 7, 3, NIGHT, None))
    gc.collect()
    tracemalloc.start()
    roster = Roster(DISTRICT, lamps, Expectation(site))
    _tell(roster, state, NIGHT)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.process_time()
    _tell(roster, state, NIGHT + 900)
    took = time.process_time() - began
    yield f"  state of {nodes:,} nodes in a program: {kept / 1e6:.0f} MB ({kept / nodes:,.0f} bytes each)"
    yield f"  letters read and judged in a second of one processor: {2 * nodes / took:,.0f}"


def _tell(roster: Roster, state: bytes, at: int) -> None:
    """Every node tells who it is, and a report."""
    told = telemetry(at)
    for name in list(roster.nodes):
        batch = Batch()
        list(roster.take(Letter(topics.topic_of(DISTRICT, name, topics.STATE), state, True, 1), at, batch))
        list(roster.take(Letter(topics.topic_of(DISTRICT, name, topics.TELEMETRY), told, False, 2), at, batch))


# --- storms -----------------------------------------------------------------------------------------------------------


def storms(folder: Path, nodes: int) -> Iterator[str]:
    """A power cut of nodes with certificates, each with TLS on both sides, on a broker as `lykta broker config` sets it up."""
    site = street(nodes)
    network = Network.at(folder / "network")
    network.add(site.site)
    network.districts[DISTRICT].port = free_port()
    write(network, dt.datetime.now(dt.UTC))
    config = (folder / "network" / "districts" / DISTRICT / "mosquitto.conf").read_text(encoding="utf-8")
    (folder / "tls").mkdir()
    (folder / "own").mkdir()
    with contextlib.closing(Mosquitto(folder / "tls", config, network.districts[DISTRICT].port)) as mosquitto:
        mosquitto.start()
        pid = mosquitto._process.pid if mosquitto._process else 0
        before = _rss_of(pid)
        where, names = broker_of(site, folder / "network", None, folder / "own")
        yield f"  {nodes:,} light nodes with TLS 1.3 and certificates on both sides; nodes, broker and all share this machine"
        yield from asyncio.run(_storms(Crowd(names, where), lambda: (_rss_of(pid) - before) / nodes))
    shutil.rmtree(folder / "own")


async def _storms(crowd: Crowd, each: Callable[[], float]) -> list[str]:
    lines = []
    async with crowd:
        took = await crowd.all_there()
        lines.append(f"    power on, pauses drawn from 20 s:        all there after {took:5.1f} s; {crowd.count.text()}")
        lines.append(f"    memory of mosquitto for each:            {each() / 1000:.0f} kB")
        took = await crowd.storm()
        lines.append(f"    power cut, drawn:                        all back after {took:5.1f} s; {crowd.count.text()}")
        took = await crowd.storm(jittered=False)
        lines.append(f"    power cut, not drawn (all after 20 s):   all back after {took:5.1f} s; {crowd.count.text()}")
        await crowd.half_open(len(crowd.nodes) // 2)
        took = await crowd.storm()
        lines.append(f"    beside {len(crowd.nodes) // 2} half-open connections:       all back after {took:5.1f} s; {crowd.count.text()}")
    return lines


def _rss_of(pid: int) -> int:
    statm = Path(f"/proc/{pid}/statm")
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.is_file() else 0


# --- a day without a broker -------------------------------------------------------------------------------------------


def outages(nodes: int) -> Iterator[str]:
    """In virtual time."""
    yield f"  {nodes:,} light nodes, the broker away for 24 h (virtual time), 300 handshakes a second"
    for jittered, what in ((True, "as the firmware draws"), (False, "not drawn (yardstick)")):
        found = outage(nodes, 86_400, jittered)
        yield (
            f"    {what:22}  half back after {found.half_s:4.0f} s, all after {found.back_s:5.0f} s; busiest second {found.peak:,} "
            f"attempts, {found.given_up:,} given up; at most {found.most_letters} letters kept by a node"
        )
