"""Keeps a connection to the broker whenever there is a network; in no hurry, and in nobody's way.

Between two tries lies a pause drawn from all of 0 to a limit, which doubles from 1 s to nearly 15 min, so that nodes that lost the same
broker do not come back in step; the first after a start, or after a connection that was good, is drawn from 20 s. Of an outage the log
tells once when it begins and once when it ends.

While the clock is not set nobody could see whether the broker's certificate still holds: then there is no connection at all. NTP, a
neighbour, a command by radio or the cable may set it; the broker never has to.
"""

import asyncio
import errno

from micropython import const

from ..core import mqtt
from . import ticks
from .alarm import Alarm
from .clock import UNSET
from .courier import WILL, Courier
from .session import OPEN_MS, Session

_SPREAD_MS = const(20_000)
_FIRST_MS = const(1_000)
_LONGEST_MS = const(850_000)  # with a try that fails still below 15 min
_WELL_MS = const(60_000)  # a connection of that length was good
_LOOK_MS = const(1_000)
_CALM_LOOKS = const(30)
_FAILS = (OSError, ValueError, MemoryError, asyncio.TimeoutError)


class Uplink:
    """The task. `about`: the file `uplink` of the node; `dial(host, port)` gives a stream."""

    def __init__(self, about, dial, network, clock, level, draw, log, tell) -> None:
        """`network.poll(now)`: whether there is one; `draw(n)`: a random integer below n; `level()`: of the light; `tell`: of events."""
        self.turns = 0
        self.tries = 0  # connections that were begun,
        self.connections = 0  # and those that the broker accepted
        self._host = about["host"]
        self._port = about["port"]
        self._name = about["name"]
        self._dial = dial
        self._network = network
        self._clock = clock
        self._level = level
        self._draw = draw
        self._log = log
        self._tell = tell
        self._alarm = Alarm()
        self._buffer = bytearray(mqtt.LONGEST)
        self.courier = Courier(about["district"], self._alarm, log)
        self._limit = _FIRST_MS
        self._pause = 0
        self._since = 0  # ticks from which the pause counts
        self.kept = ""  # what keeps us from the broker: clock, refused, away;
        self.why = ""  # and the sentence about it

    async def run(self) -> None:
        """Keep a connection for ever."""
        self._since = ticks.now()
        self._pause = self._draw(_SPREAD_MS)
        while True:
            if self._turn() and ticks.since(self._since, ticks.now()) >= self._pause and self._may():
                await self._try()
            else:
                await asyncio.sleep_ms(_LOOK_MS)

    def hurry(self) -> bool:
        """Somebody waits at the foot of the post: the next try is due now. Whether there is a network."""
        self._pause = 0
        return self._turn()

    def _turn(self) -> bool:
        """Once a second at the least: the network wants to be looked after. Whether there is one."""
        self.turns = (self.turns + 1) & ticks.WRAP
        return self._network.poll(ticks.now())

    def _may(self) -> bool:
        """Whether there is a clock to judge certificates by."""
        if self._clock.state == UNSET:
            self._say("clock", "not before the clock is set: an old certificate would do")
            return False
        return True

    async def _try(self) -> None:
        """One connection, from its beginning to its end, and the pause after it."""
        await self._calm()
        self.tries = (self.tries + 1) & ticks.WRAP
        self._since = began = ticks.now()
        reached = False
        try:
            session = await self._connect()
            try:
                reached = await self._begin(session)
                while reached:
                    await self._round(session)
            finally:
                await session.end()
        except _FAILS as error:
            self._failed(reached, error)
        if reached and ticks.since(began, ticks.now()) >= _WELL_MS:
            self._limit = _FIRST_MS
            self._since = ticks.now()
            self._pause = self._draw(_SPREAD_MS)
        else:
            self._pause = self._draw(self._limit)
            self._limit = min(self._limit * 2, _LONGEST_MS)

    async def _calm(self) -> None:
        """Wait, not for ever, until the light stands still: a handshake computes for a second, and a ramp would stumble."""
        for _ in range(_CALM_LOOKS):
            level = self._level()
            await asyncio.sleep_ms(_LOOK_MS)
            self._turn()
            if level == self._level():
                return

    async def _connect(self) -> Session:
        stream = await asyncio.wait_for_ms(self._dial(self._host, self._port), OPEN_MS)
        return Session(stream, self._buffer, self._alarm, self.courier.take)

    async def _begin(self, session: Session) -> bool:
        """Introduce ourselves; whether the broker wants us."""
        code = await session.begin(self._name, self.courier.will_topic(), WILL)
        if code:
            self._say("refused", f"the broker refuses {self._name}, code {code}: is its certificate valid, and for this name?")
            return False
        self.connections = (self.connections + 1) & ticks.WRAP
        self._log.say("uplink: connected")
        self.kept = ""
        self.courier.connected()
        return True

    async def _round(self, session: Session) -> None:
        """Whatever can go, goes; then wait for the next thing to happen."""
        if not self._turn():
            raise OSError(errno.ENOTCONN)
        await session.check()
        if not await self.courier.round(session):
            await self._alarm.sleep(_LOOK_MS)

    def _failed(self, reached: bool, error: Exception) -> None:
        """Say why, once in each outage."""
        text = "it took too long" if isinstance(error, asyncio.TimeoutError) else repr(error)
        if isinstance(error, ValueError):
            text = str(error).strip()  # of mbedTLS, in words
        self._say("away", f"{'lost' if reached else 'no connection'}: {text}")
        if not reached and _distrusts(error):
            self._tell("security", "broker", text)

    def _say(self, what: str, text: str) -> None:
        self.why = text
        if what != self.kept:
            self.kept = what
            self._log.say("uplink: " + text)


def _distrusts(error: Exception) -> bool:
    """Whether it was we who did not believe the broker: mbedTLS has numbers below 0."""
    return isinstance(error, ValueError) or (isinstance(error, OSError) and isinstance(error.errno, int) and error.errno < 0)
