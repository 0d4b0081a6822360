"""A broker in memory, for tests and for time that is not real: retained letters, last wills, sessions that outlive a connection.

broker = MemoryBroker()
async with broker.connect("host", keep=True) as connection: ...
broker.publish(topic, payload)          # as a node would
broker.cut()                            # every connection is lost; sessions keep what comes, and what was not acknowledged
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from lykta.fleet.carrier import Letter, Lost, Refused

_NUMBERS = 65_535


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic belongs to a filter of MQTT, with + and #."""
    wanted, given = pattern.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
    return len(wanted) == len(given) and all(word in ("+", level) for word, level in zip(wanted, given, strict=True))


@dataclass
class _Session:
    """What a broker keeps for a client. `unacknowledged`: sent to it, in order."""

    filters: dict[str, int] = field(default_factory=dict)
    waiting: deque[Letter] = field(default_factory=deque)
    unacknowledged: dict[int, Letter] = field(default_factory=dict)
    connection: MemoryConnection | None = None
    next_number: int = 1

    def put(self, letter: Letter, qos: int) -> None:
        """A letter for this client; without a connection only one of QoS 1 is kept."""
        if self.connection is None and not qos:
            return
        number = 0
        if qos:
            number, self.next_number = self.next_number, self.next_number % _NUMBERS + 1
        self.waiting.append(Letter(letter.topic, letter.payload, letter.retained, number))
        if self.connection is not None:
            self.connection.rings.set()


class MemoryBroker:
    """The broker. `refuse`: filters that nobody may read; `published`: all that came, if `record`."""

    def __init__(self, refuse: Sequence[str] = (), record: bool = False) -> None:
        self.retained: dict[str, bytes] = {}
        self.published: list[tuple[str, bytes]] = []
        self.refuse = tuple(refuse)
        self.is_down = False
        self._record = record
        self._sessions: dict[str, _Session] = {}

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """A letter for whoever has asked for its topic."""
        if self._record:
            self.published.append((topic, payload))
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        for session in self._sessions.values():
            granted = [most for pattern, most in session.filters.items() if matches(pattern, topic)]
            if granted:
                session.put(Letter(topic, payload), min(qos, max(granted)))

    def cut(self, down: bool = False) -> None:
        """Every connection is lost; `down`: and none comes about until `is_down` is False again."""
        self.is_down = down
        for session in self._sessions.values():
            if session.connection is not None:
                session.connection.end()

    def kept(self, client: str) -> int:
        """How many letters wait for a client, or were not acknowledged by it."""
        session = self._sessions.get(client)
        return len(session.waiting) + len(session.unacknowledged) if session else 0

    def connection(self, client: str, keep: bool = False) -> Callable[[], AbstractAsyncContextManager[MemoryConnection]]:
        """What `Fleet` wants: opens connections of a client."""
        return lambda: self.connect(client, keep)

    @asynccontextmanager
    async def connect(self, client: str, keep: bool = False) -> AsyncIterator[MemoryConnection]:
        """A connection of a client; the one that it had is lost."""
        if self.is_down:
            raise Lost("No broker answers.")
        session = self._sessions.get(client)
        if session is not None and session.connection is not None:
            session.connection.end()
        if session is None or not keep:
            session = self._sessions[client] = _Session()
        session.waiting.extendleft(reversed(list(session.unacknowledged.values())))
        session.unacknowledged = {}
        connection = session.connection = MemoryConnection(self, session)
        if session.waiting:
            connection.rings.set()
        try:
            yield connection
        finally:
            connection.end()
            if not keep and self._sessions.get(client) is session:
                del self._sessions[client]


class MemoryConnection:
    """See `carrier.Connection`."""

    def __init__(self, broker: MemoryBroker, session: _Session) -> None:
        self.rings = asyncio.Event()
        self._broker = broker
        self._session = session
        self._alive = True

    def end(self) -> None:
        """It is lost."""
        self._alive = False
        if self._session.connection is self:
            self._session.connection = None
        self.rings.set()

    def _check(self) -> None:
        if not self._alive:
            raise Lost("The connection to the broker was lost.")

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        """See `carrier.Connection`."""
        self._check()
        for pattern, qos in filters:
            if pattern in self._broker.refuse:
                raise Refused(f"The broker does not let us read {pattern}.")
            self._session.filters[pattern] = qos
            for topic, payload in self._broker.retained.items():
                if matches(pattern, topic):
                    self._session.put(Letter(topic, payload, retained=True), qos)

    async def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """See `carrier.Connection`."""
        self._check()
        self._broker.publish(topic, payload, qos, retain)

    async def letters(self, most: int, linger_s: float) -> list[Letter]:
        """See `carrier.Connection`."""
        while not self._session.waiting:
            self._check()
            self.rings.clear()
            await self.rings.wait()
        self._check()
        found = [self._session.waiting.popleft() for _ in range(min(most, len(self._session.waiting)))]
        self._session.unacknowledged |= {letter.number: letter for letter in found if letter.number}
        return found

    def acknowledge(self, letters: Sequence[Letter]) -> None:
        """See `carrier.Connection`."""
        if self._alive:
            for letter in letters:
                self._session.unacknowledged.pop(letter.number, None)
