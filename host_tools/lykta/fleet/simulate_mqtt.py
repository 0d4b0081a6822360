"""As much of MQTT 3.1.1 as a light node needs: connect with a last will, publish with QoS 1, subscribe. For load, not for use."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
import struct
from dataclasses import dataclass, field

from lykta.fleet.carrier import Lost

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _PING = 0x10, 2, 3, 0x40, 0x82, 0xC0
_WILL_QOS1_RETAINED, _CLEAN = 0x2C, 0x02
_TIMEOUT_S = 60.0
_ALIVE_S = 1200


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _packet(head: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, low = rest >> 7, rest & 127
        length.append(low | 128 if rest else low)
        if not rest:
            return bytes([head]) + bytes(length) + body


@dataclass
class LightLink:
    """One connection. `got`: letters that came; `unacknowledged`: letters of ours that the broker has not answered."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    got: int = 0
    unacknowledged: set[int] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        name: str,
        context: ssl.SSLContext | None = None,
        will: tuple[str, bytes] | None = None,
        alive_s: int = 1200,
    ) -> LightLink:
        """Connect, with a last will that is retained. Lost where that is not possible within a minute."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(host, port, ssl=context, limit=16_384)
                link = cls(reader, writer)
                flags = _CLEAN | (_WILL_QOS1_RETAINED if will else 0)
                body = _text("MQTT") + bytes([4, flags]) + struct.pack(">H", _ALIVE_S) + _text(name)
                if will:
                    body += _text(will[0]) + struct.pack(">H", len(will[1])) + will[1]
                writer.write(_packet(_CONNECT, body))
                head, answer = await link._read()
                if head >> 4 != _CONNACK or answer[1] != 0:
                    raise Lost(f"{name} is not let in.")
                return link
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ssl.SSLError) as error:
            raise Lost(f"{name}: {error!r}") from None

    async def _read(self) -> tuple[int, bytes]:
        head = (await self.reader.readexactly(1))[0]
        length = shift = 0
        while True:
            (low,) = await self.reader.readexactly(1)
            length |= (low & 127) << shift
            shift += 7
            if low < 128:
                return head, await self.reader.readexactly(length)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Send with QoS 1; `listen` hears that the broker has it."""
        number = next(self._numbers) % 65_535 + 1
        self.unacknowledged.add(number)
        self.writer.write(_packet(0x32 | int(retain), _text(topic) + struct.pack(">H", number) + payload))

    def subscribe(self, topic: str) -> None:
        """Ask for a topic, with QoS 1."""
        self.writer.write(_packet(_SUBSCRIBE, struct.pack(">H", next(self._numbers) % 65_535 + 1) + _text(topic) + b"\x01"))

    def ping(self) -> None:
        """Say that we are there."""
        self.writer.write(_packet(_PING, b""))

    async def listen(self) -> None:
        """Take what comes until the connection ends: then Lost."""
        try:
            while True:
                head, body = await self._read()
                if head >> 4 == _PUBLISH:
                    self.got += 1
                    if head & 6:
                        at = 2 + struct.unpack_from(">H", body)[0]
                        self.writer.write(_packet(_PUBACK, body[at : at + 2]))
                elif head & 0xF0 == _PUBACK:
                    self.unacknowledged.discard(struct.unpack(">H", body)[0])
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Lost(str(error)) from None

    async def settled(self) -> None:
        """Wait until the broker has acknowledged all, while `listen` runs elsewhere."""
        while self.unacknowledged:
            await asyncio.sleep(0.005)

    def cut(self) -> None:
        """The power is gone: no farewell."""
        transport = self.writer.transport
        with contextlib.suppress(RuntimeError):
            transport.abort()
