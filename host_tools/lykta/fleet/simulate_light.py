"""Light nodes: they connect with the certificates of real ones and tell what those would tell, by the thousand, to see what a broker bears.

storm        all lose their power and come back at once, as after a power cut, each after a pause drawn as the firmware draws it
unjittered   the same, without drawing: all at the same moment
half-open    connections that are opened and say nothing, beside the nodes
slow         a subscriber of everything that never reads, beside the nodes
flood        every node asks anew for letters that are retained for it
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import ssl
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lykta.errors import InputError
from lykta.fleet import messages, topics
from lykta.fleet.broker.access import take
from lykta.fleet.broker.files import NODES
from lykta.fleet.broker.network import Network
from lykta.fleet.carrier import LONGEST_S, Lost
from lykta.fleet.certificates import VIEWER
from lykta.fleet.clock import now_of
from lykta.fleet.expected import Expectation
from lykta.fleet.simulate_mqtt import LightLink
from lykta.node.street import Street
from lykta.plan.nodefiles import node_names

#: After a start the firmware draws its first pause from so much; when it fails the limit doubles from 1 s.
SPREAD_S, FIRST_S = 20.0, 1.0
PERIOD_S = 900
#: Handshakes that this one process begins at once: more would only wait in its own queue.
_AT_ONCE = 200
#: How often a line is said [s].
_BEAT_S = 10.0


@dataclass(frozen=True)
class Where:
    """A broker for light nodes. `context(node)`: TLS of one, None without."""

    host: str
    port: int
    district: str
    context: Callable[[str], ssl.SSLContext | None] = lambda name: None


@dataclass
class Count:
    """What the nodes have seen together. `connects[second]`: connections that came about in it; `waits`: how long each took [s]."""

    began: float = field(default_factory=time.monotonic)
    connects: Counter[int] = field(default_factory=Counter)
    attempts: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    connected: int = 0
    failed: int = 0
    sent: int = 0

    def second(self) -> int:
        """Seconds since it began."""
        return int(time.monotonic() - self.began)

    def text(self) -> str:
        """In one line."""
        waits = sorted(self.waits)
        if not waits:
            return f"{self.connected} connected, {self.failed} attempts failed"
        middle, late = waits[len(waits) // 2], waits[min(len(waits) - 1, len(waits) * 99 // 100)]
        peak = max(self.attempts.values())
        took = f"handshake p50 {middle * 1000:.0f} ms, p99 {late * 1000:.0f} ms"
        return f"{self.connected} connected, {self.failed} attempts failed, at most {peak} attempts in a second, {took}"


#: How bright a lamp was, and what it took [permille, mWh]: of a node, from, to [s since 1970], and how often somebody came by.
Lit = Callable[[str, int, int, int], tuple[int, int]]
#: So often a quarter of an hour somebody comes by where the light is never down.
_BUSY = 20
_TENTHS = range(0, 1001, 100)


def half_lit(node: str, begin: int, until: int, detections: int) -> tuple[int, int]:
    """A lamp at half, brighter where somebody came by: for load, where nobody looks at the lamps."""
    level = min(1000, 500 + 25 * detections)
    return level, 5 * level


class Planned:
    """Lamps lit as their profile plans: for somebody who looks at them."""

    def __init__(self, street: Street) -> None:
        self._expected = Expectation(street)
        self._lamps = {node: lamp for lamp, node in node_names(street.site).items()}
        self._powers = {node: [self._expected.power_mw(lamp, level) for level in _TENTHS] for node, lamp in self._lamps.items()}

    def __call__(self, node: str, begin: int, until: int, detections: int) -> tuple[int, int]:
        """Between what the profile gives when nobody comes by and when somebody always does."""
        expected = self._expected.of(self._lamps[node], begin, until)
        share = min(1.0, detections / _BUSY)
        energy_mwh = expected.lowest_mwh + share * (expected.highest_mwh - expected.lowest_mwh)
        level = np.interp(energy_mwh * 3600 / (until - begin), self._powers[node], _TENTHS)
        return round(float(level)), round(energy_mwh)


class LightNode:
    """One of them: connects, says who it is, reports; comes back when it is cut."""

    def __init__(
        self, name: str, where: Where, count: Count, now: Callable[[], float], draw: random.Random, gate: asyncio.Semaphore,
        lit: Lit = half_lit,
    ) -> None:  # fmt: skip
        self.name = name
        self._lit = lit
        self.jittered = True
        self._where = where
        self.count = count
        self._now = now
        self._draw = draw
        self._gate = gate
        self._link: LightLink | None = None
        self._boots = 0
        self._reports_in = draw.uniform(0, PERIOD_S)

    async def live(self, speed: float) -> None:
        """Come back whenever the connection is lost."""
        limit, first = FIRST_S, True
        while True:
            longest = SPREAD_S if first else limit
            await asyncio.sleep((self._draw.uniform(0, longest) if self.jittered else longest) / speed)
            first, limit = False, min(2 * limit, LONGEST_S)
            with contextlib.suppress(Lost):
                await self._connected(speed)
                limit = FIRST_S

    async def _connected(self, speed: float) -> None:
        count, where = self.count, self._where
        topic = topics.topic_of(where.district, self.name, topics.STATE)
        try:
            async with self._gate:
                count.attempts[count.second()] += 1
                began = time.monotonic()
                link = await LightLink.open(where.host, where.port, self.name, where.context(self.name), (topic, messages.OFFLINE))
        except Lost:
            count.failed += 1
            raise
        count.waits.append(time.monotonic() - began)
        count.connects[count.second()] += 1
        count.connected += 1
        self._link = link
        self._boots += 1
        telling = asyncio.create_task(self._tell(link, speed))
        try:
            await link.listen()
        finally:
            telling.cancel()
            count.connected -= 1
            self._link = None
            link.cut()

    async def _tell(self, link: LightLink, speed: float) -> None:
        state = messages.State(True, "light", "-", 0, 1, "light", 0, self._boots, int(self._now()), None)
        link.publish(topics.topic_of(self._where.district, self.name, topics.STATE), messages.encode(state), retain=True)
        for kind in ("settings", "command", "update"):
            link.subscribe(topics.topic_of(self._where.district, self.name, topics.KINDS[kind]))
        while True:
            await asyncio.sleep(self._reports_in / speed)
            self._reports_in = PERIOD_S
            link.publish(topics.topic_of(self._where.district, self.name, topics.TELEMETRY), self.report(int(self._now())))
            self.count.sent += 1

    def report(self, until: int) -> bytes:
        """What it tells of the last quarter of an hour."""
        begin, detections = until - PERIOD_S, int(self._draw.expovariate(1 / 6))
        level, energy_mwh = self._lit(self.name, begin, until, detections)
        told = messages.Telemetry(
            begin, until, PERIOD_S, self._boots, PERIOD_S, level, energy_mwh, True, detections, (), 60_000, 30_000, 0, {}, False
        )
        return messages.encode(told)

    def cut(self) -> None:
        """Its power is gone."""
        if self._link is not None:
            self._link.cut()

    def ask_again(self) -> None:
        """Subscribe once more: the broker sends again what it retains."""
        if self._link is not None:
            self._link.subscribe(topics.topic_of(self._where.district, self.name, topics.SETTINGS))


class Crowd:
    """Light nodes together. `make`: their tasks, as long as the crowd is entered."""

    def __init__(
        self, names: Sequence[str], where: Where, seed: int = 1, speed: float = 1.0, now: Callable[[], float] = time.time,
        lit: Lit = half_lit,
    ) -> None:  # fmt: skip
        self.count = Count()
        self.where = where
        self._speed = speed
        gate = asyncio.Semaphore(_AT_ONCE)
        self.nodes = [LightNode(name, where, self.count, now, random.Random(f"{seed} {name}"), gate, lit) for name in names]
        self._tasks: list[asyncio.Task[None]] = []
        self._others: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Crowd:
        self._tasks = [asyncio.create_task(node.live(self._speed)) for node in self.nodes]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._others:
            writer.transport.abort()

    async def all_there(self) -> float:
        """Wait until all are connected; how long that took [s]."""
        began = time.monotonic()
        while self.count.connected < len(self.nodes):
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def storm(self, jittered: bool = True) -> float:
        """A power cut: all connections end without a farewell, and all nodes start at once. How long until all are back [s]."""
        self.count = Count()
        for node in self.nodes:
            node.count = self.count
            node.jittered = jittered
        await self.__aexit__()
        await self.__aenter__()
        return await self.all_there()

    async def half_open(self, number: int) -> None:
        """Connections that are opened and say nothing."""
        for _ in range(number):
            _, writer = await asyncio.open_connection(self.where.host, self.where.port)
            self._others.append(writer)

    async def slow(self, name: str, context: ssl.SSLContext | None) -> None:
        """A subscriber of everything that never reads."""
        link = await LightLink.open(self.where.host, self.where.port, name, context)
        for topic in topics.of_nodes(self.where.district):
            link.subscribe(topic)
        link.writer.transport.pause_reading()  # type: ignore[attr-defined]  # of the transports of streams
        self._others.append(link.writer)


def run(
    street: Street, folder: Path, nodes: int | None, speed: float, seed: int, told: Callable[[str], None], trouble: str = ""
) -> None:  # fmt: skip
    """Light nodes of a site on the broker of its network, until interrupted. LyktaError where that is not possible."""
    with tempfile.TemporaryDirectory(prefix="lykta-") as own:
        where, names = broker_of(street, folder, nodes, Path(own))
        asyncio.run(_run(names, where, folder, speed, seed, told, trouble, Planned(street)))


async def _run(
    names: list[str], where: Where, folder: Path, speed: float, seed: int, told: Callable[[str], None], trouble: str, lit: Lit
) -> None:  # fmt: skip
    async with Crowd(names, where, seed, speed, now_of(folder), lit) as crowd:
        told(f"{len(names)} light nodes connect to {where.host}:{where.port}, spread over {SPREAD_S / speed:.0f} s.")
        waiting = asyncio.create_task(_tell_of_waiting(crowd, told))
        took = await crowd.all_there()
        waiting.cancel()
        told(f"after {took:.1f} s: {crowd.count.text()}")
        if trouble:
            await _trouble(crowd, trouble, folder, told)
        while True:
            await asyncio.sleep(_BEAT_S)
            told(
                f"{crowd.count.connected} of {len(names)} connected, {crowd.count.sent} reports sent, {crowd.count.failed} attempts failed"
            )


async def _tell_of_waiting(crowd: Crowd, told: Callable[[str], None]) -> None:
    """What holds it up, as long as not all are there."""
    while True:
        await asyncio.sleep(_BEAT_S)
        count, where = crowd.count, crowd.where
        if not count.connected and count.failed:
            told(f"No broker answers at {where.host}:{where.port}. Start it in another terminal: lykta broker run SITE")
        else:
            told(f"{count.connected} of {len(crowd.nodes)} connected, {count.failed} attempts failed")


async def _trouble(crowd: Crowd, trouble: str, folder: Path, told: Callable[[str], None]) -> None:
    if trouble in ("storm", "unjittered"):
        told("Power cut: all come back " + ("as the firmware does, each in its own time." if trouble == "storm" else "at the same moment."))
        took = await crowd.storm(trouble == "storm")
        told(f"all back after {took:.1f} s: {crowd.count.text()}")
    elif trouble == "half-open":
        await crowd.half_open(len(crowd.nodes))
        told(f"{len(crowd.nodes)} connections are open that say nothing; a storm beside them.")
        told(f"all back after {await crowd.storm():.1f} s: {crowd.count.text()}")
    elif trouble == "slow":
        with take(folder, VIEWER) as access:
            context = ssl.create_default_context(cafile=str(access.authority))
            context.load_cert_chain(str(access.certificate), str(access.key))
            await crowd.slow(access.client, context)
            told(f"{access.client} hears everything, and never reads; a storm beside it.")
            told(f"all back after {await crowd.storm():.1f} s: {crowd.count.text()}")
    elif trouble == "flood":
        for node in crowd.nodes:
            node.ask_again()
        told("Every node has asked anew for what is retained for it.")


def broker_of(street: Street, folder: Path, nodes: int | None, own: Path) -> tuple[Where, list[str]]:
    """The broker of a site's network, and names of nodes that connect to it; `own`: a folder for certificates as Python wants them."""
    network = Network.open(folder)
    known = network.sites.get(street.site.name)
    if known is None:
        raise InputError.of(str(folder), f"this network has no such site. Add it: lykta broker config {street.name}")
    place = network.districts[known.district]
    if not place.local:
        raise InputError.of(str(folder), f"this network is real: its broker is {place}. Light nodes would push out those on the posts.")
    names = list(known.connected.values())
    if nodes is not None and nodes > len(names):
        raise InputError.of("--nodes", f"the site has {len(names)} nodes that connect by themselves. Take a larger site, or fewer nodes.")
    names = names[:nodes]
    return Where(place.host, place.port, known.district, lambda name: _context(folder / NODES / name, own / name)), names


def _context(files: Path, own: Path) -> ssl.SSLContext:
    """TLS as a node, of its DER files."""
    kinds = (("cert", "CERTIFICATE", "cert.pem"), ("certkey", "EC PRIVATE KEY", "key.pem"), ("ca", "CERTIFICATE", "ca.pem"))
    if not own.is_dir():
        own.mkdir(mode=0o700)
        for name, kind, pem in kinds:
            (own / pem).write_text(_pem((files / name).read_bytes(), kind), encoding="ascii")
    context = ssl.create_default_context(cafile=str(own / "ca.pem"))
    context.load_cert_chain(str(own / "cert.pem"), str(own / "key.pem"))
    return context


def _pem(der: bytes, kind: str) -> str:
    text = base64.encodebytes(der).decode("ascii")
    return f"-----BEGIN {kind}-----\n{text}-----END {kind}-----\n"
