"""One connection to the broker, from CONNECT to its end: bytes in and out, and how long each may take.

A task of its own reads; whoever owns the session writes, looks after it once a second (`check`), and is rung when something has come.
What comes too fast is left in the socket, so that the broker waits, not the light. Every way in which it can end is an `OSError`.
"""

import asyncio
import errno

from micropython import const

from ..core import mqtt
from . import ticks

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .alarm import Alarm

KEEP_ALIVE_S = const(120)
ANSWER_MS = const(20_000)  # for whatever the broker is asked
OPEN_MS = const(25_000)  # to connect, or for the handshake
WRITE_MS = const(10_000)  # for a packet to go
_QUIET_MS = const(60_000)  # then it is asked whether it is there
_A_SECOND = const(20)  # packets that are taken
_SECOND_MS = const(1_000)
_ACKNOWLEDGED = const(8)  # PUBACKs that may wait to be written before reading stops


class Session:
    """A connection over a stream that is open. `take(packet, buffer)` is called with each PUBLISH that comes, and must not wait."""

    def __init__(self, stream, buffer, alarm: "Alarm", take) -> None:
        """`buffer`: mqtt.LONGEST bytes for what comes; used by one session after the other."""
        self._stream = stream
        self._buffer = buffer
        self._alarm = alarm
        self._take = take
        self._packet = mqtt.Packet(buffer)
        self._reader: "asyncio.Task[None] | None" = None
        self._error: "OSError | None" = None  # why it has ended
        self._numbers: list[int] = []  # of PUBLISHes to acknowledge
        self._wanted = 0  # the type of the answer that has not come yet,
        self._number = 0  # its number,
        self._asked = 0  # and when that was [ticks]
        self._heard = ticks.now()
        self._pings = 0  # since then
        self._began = -1  # when a packet began to come that is not whole yet [ticks]
        self._sent = ticks.now()
        self.code = 0  # of the last answer

    async def begin(self, client: str, will_topic: str, will: bytes) -> int:
        """CONNECT, and read from then on. Returns the broker's code: 0, or why it does not want us."""
        await self._write(mqtt.connect(client, KEEP_ALIVE_S, will_topic, will), OPEN_MS)  # the first bytes: the handshake, too
        self._want(mqtt.CONNACK, 0)
        self._reader = asyncio.create_task(self._read())
        await self.answered()
        return self.code

    async def answered(self) -> None:
        """Wait until the last question is answered."""
        while self._wanted:
            await self.check()
            await self._alarm.sleep(_SECOND_MS)
        await self.check()

    async def publish(self, topic: str, payload: bytes, again: bool, retain: bool, number: int) -> None:
        """PUBLISH; with a number in QoS 1, to be acknowledged: `free` says when."""
        await self._write(mqtt.publish(topic, payload, number, again, retain))
        if number:
            self._want(mqtt.PUBACK, number)

    async def subscribe(self, topics, number: int) -> int:
        """SUBSCRIBE: 0, or mqtt.REFUSED if one of the topics is not for us."""
        await self._write(mqtt.subscribe(number, topics))
        self._want(mqtt.SUBACK, number)
        await self.answered()
        return self.code

    async def unsubscribe(self, topic: str, number: int) -> None:
        """UNSUBSCRIBE."""
        await self._write(mqtt.unsubscribe(number, topic))
        self._want(mqtt.UNSUBACK, number)
        await self.answered()

    def free(self) -> bool:
        """Whether no answer is awaited."""
        return not self._wanted

    async def check(self) -> None:
        """Write what is due. OSError where the session is over: ended, cut, silent, late with an answer or with the rest of a packet."""
        if self._error is not None:
            raise self._error
        now = ticks.now()
        late = self._wanted and ticks.since(self._asked, now) > ANSWER_MS
        half = self._began >= 0 and ticks.since(self._began, now) > ANSWER_MS
        if late or half or ticks.since(self._heard, now) > _QUIET_MS + 2 * ANSWER_MS:
            raise OSError(errno.ETIMEDOUT)
        while self._numbers:
            await self._write(mqtt.puback(self._numbers.pop(0)))
        # A broker that only listens, in QoS 0, is asked too: that we speak says nothing of it.
        if ticks.since(self._heard, now) > _QUIET_MS + self._pings * ANSWER_MS or ticks.since(self._sent, now) > _QUIET_MS:
            self._pings += 1
            await self._write(mqtt.ping())

    async def end(self) -> None:
        """Stop reading, close the socket. The broker sends the last will."""
        if self._reader is not None:
            self._reader.cancel()
        try:
            await asyncio.wait_for_ms(self._stream.wait_closed(), WRITE_MS)
        except (OSError, asyncio.TimeoutError):
            pass  # it is closed all the same

    # --- bytes --------------------------------------------------------------------------------------------------

    async def _write(self, packet: bytes, limit: int = WRITE_MS) -> None:
        self._stream.write(packet)
        try:
            await asyncio.wait_for_ms(self._stream.drain(), limit)
        except asyncio.TimeoutError:
            raise OSError(errno.ETIMEDOUT) from None
        self._sent = ticks.now()

    def _want(self, kind: int, number: int) -> None:
        self._wanted = kind
        self._number = number
        self._asked = ticks.now()

    async def _read(self) -> None:
        """Take packets until it ends."""
        try:
            second = ticks.now()
            packets = 0
            while True:
                await self._read_packet()
                packets += 1
                spent = ticks.since(second, ticks.now())
                if packets >= _A_SECOND or spent >= _SECOND_MS:
                    await asyncio.sleep_ms(max(0, _SECOND_MS - spent))
                    second = ticks.now()
                    packets = 0
        except (OSError, ValueError, MemoryError) as error:
            self._error = error if isinstance(error, OSError) else OSError(errno.ECONNRESET)
            self._alarm.ring()

    async def _read_packet(self) -> None:
        buffer = self._buffer
        await self._fill(1)
        self._began = ticks.now()
        first = buffer[0]
        length = mqtt.Length()
        left = mqtt.MORE
        while left == mqtt.MORE:
            await self._fill(1)
            left = length.take(buffer[0])
        if left == mqtt.BAD:
            raise OSError(errno.EINVAL)
        await self._fill(left)
        self._began = -1
        self._heard = ticks.now()
        self._pings = 0
        if not self._packet.read(first, left):
            raise OSError(errno.EINVAL)
        await self._handle()

    async def _fill(self, length: int) -> None:
        """Read so many bytes to the beginning of the buffer."""
        at = 0
        view = memoryview(self._buffer)
        while at < length:
            count = await self._stream.readinto(view[at:length])
            if count == 0:
                raise OSError(errno.ECONNRESET)
            at += count or 0

    async def _handle(self) -> None:
        packet = self._packet
        if packet.type == mqtt.PUBLISH:
            while len(self._numbers) >= _ACKNOWLEDGED:
                await asyncio.sleep_ms(_SECOND_MS)
            self._take(packet, self._buffer)
            if packet.number:
                self._numbers.append(packet.number)
        elif packet.type == self._wanted and (packet.type == mqtt.CONNACK or packet.number == self._number):
            self.code = packet.code
            self._wanted = 0
        self._alarm.ring()
