"""One letter on its way through air that loses, doubles and delays: the very code of lamp and gateway, without their tasks."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from lykta.corehost import parcel, sealing, telegram

LAMP, GATEWAY = 7, 3
OWN = bytes(range(32))


class Blocks:
    """AES as MicroPython's `cryptolib.aes(key, 1)` has it."""

    def __init__(self, key: bytes, mode: int) -> None:
        assert mode == 1
        self._encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()

    def encrypt(self, source: Any, target: Any) -> None:
        """Encrypt whole blocks in place."""
        target[:] = self._encryptor.update(bytes(source))


def session(asked: bytes = b"asked...", answered: bytes = b"answered", own: bytes = OWN) -> Any:
    """A session of the lamp."""
    secret = sealing.secret(telegram.Key(0, own, hashlib.sha256), LAMP, GATEWAY, asked, answered)
    return sealing.Session(secret, hashlib.sha256, Blocks)


def sealed(using: Any, data: bytes, number: int = 1, kind: int = 2, epoch: int = 5) -> bytes:
    """A letter of the lamp as it goes through the air."""
    buffer = bytearray(sealing.PREFIX) + data + bytes(sealing.TAG)
    length = using.seal(buffer, len(data), (LAMP, GATEWAY, epoch, number, kind))
    return bytes(buffer[sealing.PREFIX : sealing.PREFIX + length])


class Chunk(NamedTuple):
    """A chunk on the air: which letter, which place, of how many, whether it asks, and the frame."""

    number: int
    index: int
    count: int
    asks: bool
    frame: bytes


class Sender:
    """Sends letters, one after the other, each for as long as it takes or for `patience` rounds."""

    def __init__(self, using: Any, letters: list[bytes]) -> None:
        self._using = using
        self._waiting = list(enumerate(letters, start=1))
        self.number = 0
        self._load()

    def _load(self) -> None:
        self.out: Any = None
        if self._waiting:
            self.number, data = self._waiting.pop(0)
            self._text = sealed(self._using, data, self.number)
            self.out = parcel.Outgoing(parcel.chunks(len(self._text)))

    def next(self) -> Chunk | None:
        """What it sends now."""
        index = -1 if self.out is None else self.out.next()
        if index < 0:
            return None
        frame = bytearray(parcel.DATA) + self._text[index * parcel.CHUNK : (index + 1) * parcel.CHUNK]
        chunk = Chunk(self.number, index, self.out.count, self.out.asks(), bytes(frame))
        self.out.sent(index)
        return chunk

    def receipt(self, number: int, state: int, bits: int) -> None:
        """A receipt reaches it."""
        if self.out is not None and number == self.number:
            self.out.receipt(state, bits)
            if self.out.whole:
                self._load()

    def wait(self, ms: int) -> None:
        """Time passes."""
        if self.out is not None:
            self.out.pass_time(ms)


class Receiver:
    """Takes letters, and says what it has. `taken`: those that were whole and authentic."""

    def __init__(self, using: Any, room: int = parcel.MOST * parcel.CHUNK) -> None:
        self._using = using
        self._room = bytearray(sealing.PREFIX + room)
        self.incoming = parcel.Incoming(self._room, sealing.PREFIX)
        self.last = 0
        self.taken: list[bytes] = []

    def take(self, chunk: Chunk) -> tuple[int, int, int] | None:
        """A chunk arrives; the receipt: number, state, bits."""
        if chunk.number <= self.last:
            return (chunk.number, parcel.WHOLE, 0) if chunk.asks else None
        mark = (LAMP, 5, chunk.number, 0, chunk.count)
        if not self.incoming.collects(mark) and not self.incoming.begin(mark, chunk.count):
            return (chunk.number, parcel.FULL, 0)
        self.incoming.take(chunk.index, chunk.frame, len(chunk.frame))
        if self.incoming.whole():
            if self._using.open(self._room, self.incoming.length, (LAMP, GATEWAY, 5, chunk.number, 2)):
                self.taken.append(bytes(self._room[sealing.PREFIX : sealing.PREFIX + self.incoming.length - sealing.TAG]))
                self.last = chunk.number
                return (chunk.number, parcel.WHOLE, 0)
            self.incoming.clear()
        return (chunk.number, parcel.HAVE, self.incoming.bits) if chunk.asks else None


def bad_air(seed: int, loss: float, doubled: float, delayed: float) -> Iterator[list[int]]:
    """For each frame that is sent: after how many others each of its copies arrives; an empty list where it is lost."""
    draws = random.Random(seed)
    while True:
        copies = 0 if draws.random() < loss else 2 if draws.random() < doubled else 1
        yield [draws.randrange(1, 40) if draws.random() < delayed else 0 for _ in range(copies)]
