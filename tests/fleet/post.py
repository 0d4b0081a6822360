"""What nodes would tell, and a fleet that hears it from a broker in memory, with a clock that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lykta.fleet import messages, topics
from lykta.fleet.database import Database
from lykta.fleet.fleet import Fleet
from lykta.fleet.memory import MemoryBroker
from lykta.fleet.model import Change
from lykta.node.street import load_street

DISTRICT = "kungsholms_strand"
#: 2026-12-14 22:00 UTC, in the night; and noon of the day after.
NIGHT, NOON = 1_797_285_600, 1_797_336_000
TELEMETRY: dict[str, Any] = {
    "begin": None, "until": None, "seconds": 900, "boot": 3, "uptime": 5000, "level": 600, "energy_mwh": 3000, "estimated": True,
    "detections": 4, "faults": (), "heap": 60_000, "block": 30_000, "dropped": 0, "refused": {}, "doubt": False,
}  # fmt: skip
STATE: dict[str, Any] = {
    "online": True, "software": "0.1.0", "slot": "a", "settings": 7, "tier": 1, "boots": 3, "started": NIGHT - 5000, "window": None,
}  # fmt: skip
EVENT: dict[str, Any] = {
    "at": NIGHT, "boot": 3, "uptime": 5000, "number": 1, "kind": "fault", "what": "radar", "count": 1, "detail": "it does not answer",
}  # fmt: skip


def name(lamp: str) -> str:
    """The node of a lamp of Kungsholms strand."""
    return f"{DISTRICT}.{lamp}"


def topic(lamp: str, kind: topics.Kind) -> str:
    """One of its topics."""
    return topics.topic_of(DISTRICT, name(lamp), kind)


def report(until: int | None = NIGHT, **told: Any) -> bytes:
    """Telemetry of the quarter of an hour before a time."""
    times = {"begin": None if until is None else until - 900, "until": until}
    return messages.encode(messages.Telemetry(**{**TELEMETRY, **times, **told}))


def state(**told: Any) -> bytes:
    """The state of a node that is online."""
    return messages.encode(messages.State(**{**STATE, **told}))


def event(**told: Any) -> bytes:
    """An event."""
    return messages.encode(messages.Event(**{**EVENT, **told}))


class Scene:
    """Kungsholms strand, a broker in memory and a database in a file; `now` is the time."""

    def __init__(self, folder: Path, now: float = NIGHT) -> None:
        self.broker = MemoryBroker(record=True)
        self.database = Database.open(folder / "fleet.sqlite", DISTRICT)
        self.now = now
        self.said: list[str] = []
        self.street = load_street("kungsholms_strand")

    def fleet(self, record: bool = True, client: str = "record", who: str = "anna") -> Fleet:
        """A fleet of it."""
        connect = self.broker.connection(client, keep=record)
        return Fleet(self.street, connect, self.database, who, record, now=lambda: self.now, said=self.said.append)

    def telemetry(self, lamp: str, until: int | None = NIGHT, **told: Any) -> None:
        """A node tells."""
        self.broker.publish(topic(lamp, topics.TELEMETRY), report(until, **told))

    def state(self, lamp: str, **told: Any) -> None:
        """A node tells who it is."""
        self.broker.publish(topic(lamp, topics.STATE), state(**told), retain=True)


async def until(holds: Callable[[], bool]) -> None:
    """Let others work until something holds. Only a fault keeps it from that."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.002)


async def next_change(fleet: Fleet, *kinds: str) -> Change:
    """The next change of some kinds."""
    async for change in fleet.changes(kinds):
        return change
    raise AssertionError("the stream of changes has no end")
