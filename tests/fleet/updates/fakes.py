"""A fleet in memory that behaves as nodes do when they are offered an update, and a roll-out whose time is virtual."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lykta.fleet import model, topics
from lykta.fleet.carrier import Lost
from lykta.fleet.model import Answer, Change, NodeState
from lykta.fleet.updates import record as records
from lykta.fleet.updates.bundle import Bundle, make
from lykta.fleet.updates.record import Folder, Record
from lykta.fleet.updates.roll import STAGES, Limits, Roll
from lykta.node import releasekeys

OLD, NEW = "1.0", "2.0"
MINUTE = 60.0
LIMITS = Limits(soak_s=20 * MINUTE, silent_s=10 * MINUTE, patience_s=240 * MINUTE)
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BACKUP = Ed25519PrivateKey.from_private_bytes(bytes(range(100, 132)))
KEYS = releasekeys.PublicKeys(SIGNER.public_key().public_bytes_raw(), BACKUP.public_key().public_bytes_raw())
PACKAGE = {"lykta_node/app.mpy": b"app" * 900, "lykta_node/core/law.mpy": b"law" * 100, "lykta_node/tasks/empty.mpy": b""}


def bundle(version: str = NEW, package: dict[str, bytes] | None = None) -> Bundle:
    """A signed bundle."""
    about, files = make(package or PACKAGE, version, ("esp32",), security=1, expires=None, runtime=(1, 20, 0), rom=False, key=0)
    return Bundle(releasekeys.sign(about, SIGNER.sign), files)


@dataclass
class Node:
    """How a node takes an update. `fate`: "well", "went back", "no room", "faults", "vanishes", "away" (offline), "slow"."""

    state: NodeState
    fate: str = "well"
    offers: list[bytes] = field(default_factory=list)
    due: float = -1.0


class Fleet:
    """See `roll.Carrier`. Time passes by `pass_time`; nodes take 5 min to fetch and 1 min to prove themselves."""

    district = "test"

    def __init__(self, count: int, fates: dict[int, str] | None = None) -> None:
        self.now = 1_800_000_000.0
        names = [f"test.L{number:03}" for number in range(count)]
        self.people = {name: Node(NodeState(name, name[5:], online=True, software=OLD)) for name in names}
        for number, fate in (fates or {}).items():
            self.people[names[number]].fate = fate
            self.people[names[number]].state.online = fate != "away"
        self.retained: dict[str, bytes] = {}
        self.away = False
        self.order: list[str] = []
        self._queues: list[asyncio.Queue[Change]] = []

    @property
    def nodes(self) -> dict[str, NodeState]:
        """Their states."""
        return {name: node.state for name, node in self.people.items()}

    def time(self) -> float:
        """Virtual."""
        return self.now

    async def changes(self, kinds: Iterable[str] = ()) -> AsyncIterator[Change]:
        """Answers."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._queues.append(queue)
        while True:
            yield await queue.get()

    async def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        """As a broker takes it."""
        if self.away:
            raise Lost("No broker answers.")
        assert retain
        assert len(payload) <= 4096
        self.retained[topic] = payload
        if not payload:
            del self.retained[topic]
        found = topics.read(topic)
        if isinstance(found, topics.Topic):
            self._offered(self.people[found.node], payload)

    def _offered(self, node: Node, payload: bytes) -> None:
        node.offers.append(payload)
        node.due = -1.0
        if payload and node.state.online:
            if self.wanted is not None and node.state.software == self.wanted.version:
                self.say(node, True, "in use")
                return
            self.order.append(node.state.name)
            self.say(node, True, "begun")
            node.due = self.now + 6 * MINUTE

    wanted: Bundle | None = None

    def say(self, node: Node, ok: bool, reason: str) -> None:
        """An answer."""
        assert self.wanted is not None
        answer = Answer(node.state.name, "update", self.wanted.number, ok, reason)
        for queue in self._queues:
            queue.put_nowait(Change(model.ANSWER, node.state.name, self.now, "", answer))

    def pass_time(self, seconds: float) -> None:
        """What is due happens."""
        self.now += seconds
        for node in self.people.values():
            if node.due >= 0 and node.due <= self.now:
                node.due = -1.0
                self._end(node)
            elif node.state.online:
                node.state.seen = self.now

    def _end(self, node: Node) -> None:
        assert self.wanted is not None
        if node.fate in ("went back", "no room"):
            self.say(node, False, node.fate)
        elif node.fate != "slow":
            node.state.software = self.wanted.version
            self.say(node, True, "in use")
            if node.fate == "faults":
                node.state.faults = ("radar",)
            if node.fate == "vanishes":
                node.state.online = False


def begun(fleet: Fleet, wanted: Bundle, folder: Folder, shares: tuple[float, ...] = STAGES) -> Record:
    """A new roll-out, written down."""
    order = records.spread(list(fleet.people))
    order.sort(key=lambda name: not fleet.people[name].state.online)
    found = Record.new(wanted, fleet.now, order, shares)
    folder.begin(found, wanted)
    return found


def roll(
    fleet: Fleet, wanted: Bundle, path: Path, hours: float = 48, each: Callable[[Roll], None] = lambda roll: None,
    shares: tuple[float, ...] = STAGES, limits: Limits = LIMITS,
) -> tuple[Record, list[str]]:  # fmt: skip
    """Roll out until it ends by itself or so many virtual hours are over; goes on with what the folder has. (record, what was said)."""
    said: list[str] = []
    folder = Folder(path)
    fleet.wanted = wanted
    found = folder.load()
    if found is None or found.bundle != wanted.id:
        found = begun(fleet, wanted, folder, shares)

    async def all_of() -> Record:
        rolling = Roll(fleet, wanted, found, folder.save, limits, said.append, beat_s=0.0)
        task = asyncio.create_task(rolling.run())
        end = fleet.now + hours * 3600
        while not task.done() and fleet.now < end:
            for _ in range(4):
                await asyncio.sleep(0)
            fleet.pass_time(30)
            each(rolling)
        if not task.done():
            task.cancel()
        await asyncio.gather(task, return_exceptions=not task.done())
        return rolling.record

    return asyncio.run(all_of()), said
