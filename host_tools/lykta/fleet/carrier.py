"""What the fleet wants of a broker, whichever it is: take letters, acknowledge them once they are stored, send, come back when lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from lykta.errors import LyktaError

#: Full jitter: the n-th attempt waits between nothing and the lesser of these [s].
FIRST_S, LONGEST_S = 1.0, 900.0


class Lost(LyktaError):
    """The connection to the broker was lost, or there was none to be had; trying again later may help."""


class Refused(Lost):
    """The broker, or we, refuse the other: no use in trying until somebody puts that right."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that came. `number`: by which it is acknowledged; 0 with QoS 0."""

    topic: str
    payload: bytes
    retained: bool = False
    number: int = 0


class Connection(Protocol):
    """A connection as long as it lives; every call may raise Lost."""

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        """Take the letters of these topics, each with its QoS. Lost if the broker refuses one."""

    async def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Send a letter; with QoS 1 the broker has it when this returns."""

    async def letters(self, most: int, linger_s: float) -> list[Letter]:
        """The next letters: waits for one, then `linger_s` for more, up to `most`."""

    def acknowledge(self, letters: Sequence[Letter]) -> None:
        """Tell the broker that it need not keep these any more: they are stored."""


#: Opens a connection. `session` "" forgets everything when it ends; else the broker keeps what comes meanwhile for that name.
Connect = Callable[[], AbstractAsyncContextManager[Connection]]


async def keep(
    connect: Connect,
    live: Callable[[Connection], Awaitable[None]],
    down: Callable[[Lost], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    draw: Callable[[float, float], float] = random.uniform,
) -> None:
    """Live on one connection after the other, until `live` returns by itself; what it raises besides Lost goes up.

    Waits with full jitter between attempts, so that a fleet that lost its broker does not come back all at once. `down` is told once
    when the connection is lost, not at every attempt that fails.
    """
    attempt, told = 0, False
    while True:
        try:
            async with connect() as connection:
                attempt, told = 0, False
                await live(connection)
                return
        except Lost as error:
            if not told:
                down(error)
                told = True
        await sleep(draw(0, min(LONGEST_S, FIRST_S * 2 ** min(attempt, 20))))
        attempt += 1
