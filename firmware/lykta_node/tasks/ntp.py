"""The time from a server, for a node that has an access point: one small question an hour, never waited for.

NTP is not authenticated. That is why the clock doubts whatever jumps (`clock`), and why nothing else hangs on it.
"""

import asyncio

from micropython import const

from . import ticks

_PORT = const(123)
_LENGTH = const(48)
_ASK = b"\x1b" + bytes(47)  # version 3, client
_SECONDS = const(40)  # transmit time of the server, since 1900
_TO_2000 = 3_155_673_600  # seconds from 1900 to 2000; the era after 2036 begins at 0 again
_ERA = 1 << 32
_EVERY_MS = const(3_600_000)
_AGAIN_MS = const(30_000)
_ANSWER_MS = const(2_000)
_LOOK_MS = const(1_000)


class Ntp:
    """`wifi` is polled for the access point; `socket()` makes a datagram socket; `server` is its address in numbers: no name is asked."""

    def __init__(self, wifi, server: str, socket, clock) -> None:
        self.turns = 0
        self._wifi = wifi
        self._server = server
        self._socket = socket
        self._clock = clock
        self._wait = 0
        self._asked = 0

    async def run(self) -> None:
        """Keep the access point, ask every hour."""
        self._asked = ticks.now()
        while True:
            self.turns = (self.turns + 1) & ticks.WRAP
            now = ticks.now()
            if self._wifi.poll(now) and ticks.since(self._asked, now) >= self._wait:
                self._asked = now
                self._wait = _EVERY_MS if await self._ask() else _AGAIN_MS
            await asyncio.sleep_ms(_LOOK_MS)

    async def _ask(self) -> bool:
        """One question; whether the clock could be set."""
        socket = None
        try:
            socket = self._socket()
            socket.setblocking(False)
            socket.sendto(_ASK, (self._server, _PORT))
            asked = ticks.now()
            while ticks.since(asked, ticks.now()) < _ANSWER_MS:
                await asyncio.sleep_ms(50)
                answer = self._receive(socket)
                if answer is not None:
                    return self._take(answer)
        except OSError:
            return False
        finally:
            if socket is not None:
                socket.close()
        return False

    def _receive(self, socket):
        """What has come; None if nothing has."""
        try:
            return socket.recv(_LENGTH)
        except OSError:
            return None

    def _take(self, answer) -> bool:
        """Set the clock by an answer that is one: of a server, in step with a better clock."""
        if len(answer) < _LENGTH or answer[0] & 7 != 4 or answer[0] >> 6 == 3 or answer[1] == 0:
            return False
        seconds = int.from_bytes(answer[_SECONDS : _SECONDS + 4], "big") - _TO_2000
        if seconds < 0:
            seconds += _ERA
        ms = (answer[_SECONDS + 4] << 8 | answer[_SECONDS + 5]) * 1000 >> 16
        return self._clock.set(seconds // 86_400, seconds % 86_400, ms)
