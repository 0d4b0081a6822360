"""Letters in pieces: through whatever air, a letter arrives as it was written or not at all, and never mixed with another."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from lykta.corehost import letter, parcel, sealing
from tests.core.posted import Chunk, Receiver, Sender, bad_air, sealed, session

STEPS = 4_000


def deliver(letters: list[bytes], seed: int, loss: float, doubled: float, delayed: float, steps: int = STEPS) -> Receiver:
    """Let a lamp send letters through bad air, receipts too; what the gateway has at the end."""
    sender, receiver = Sender(session(), letters), Receiver(session())
    there, back = bad_air(seed, loss, doubled, delayed), bad_air(seed + 1, loss, doubled, delayed)
    arriving: list[tuple[int, Chunk]] = []
    returning: list[tuple[int, tuple[int, int, int]]] = []
    for step in range(steps):
        chunk = sender.next()
        if chunk is None:
            sender.wait(500)
        else:
            arriving += [(step + late, chunk) for late in next(there)]
        for due, one in [pair for pair in arriving if pair[0] <= step]:
            arriving.remove((due, one))
            receipt = receiver.take(one)
            if receipt is not None:
                returning += [(step + late, receipt) for late in next(back)]
        for due, told in [pair for pair in returning if pair[0] <= step]:
            returning.remove((due, told))
            sender.receipt(*told)
        if sender.out is None:
            break
    return receiver


def text(length: int, seed: int = 0) -> bytes:
    """Something to write."""
    return bytes((17 * at + seed) & 255 for at in range(length))


@settings(max_examples=25)
@given(
    lengths=st.lists(st.integers(0, letter.LONGEST), min_size=1, max_size=3),
    seed=st.integers(0, 1 << 20),
    loss=st.floats(0, 0.6),
    doubled=st.floats(0, 0.5),
    delayed=st.floats(0, 0.5),
)
@example([letter.LONGEST, 0, 199], 1, 0.6, 0.5, 0.5)
def test_letters__arrive_as_they_were_written_in_their_order(lengths: list[int], seed: int, loss: float, doubled: float, delayed: float):
    """Up to 60 % lost either way, chunks twice and far out of order: every letter, each once, nothing else."""
    letters = [text(length, number) for number, length in enumerate(lengths)]
    assert letters == deliver(letters, seed, loss, doubled, delayed).taken


@settings(max_examples=25)
@given(lengths=st.lists(st.integers(0, letter.LONGEST), min_size=2, max_size=4), seed=st.integers(0, 1 << 20), steps=st.integers(1, 60))
def test_letters__cut_off_at_any_moment_are_whole_or_not_there(lengths: list[int], seed: int, steps: int):
    """The air goes dead after any number of frames: what has arrived is the beginning of the list."""
    letters = [text(length, number) for number, length in enumerate(lengths)]
    taken = deliver(letters, seed, 0.3, 0.3, 0.3, steps).taken
    assert letters[: len(taken)] == taken


@settings(max_examples=40)
@given(st.data())
def test_chunks__of_several_letters_never_make_one(data: st.DataObject):
    """Chunks of three letters of one length, in any order and under any of their numbers: only what somebody wrote comes out."""
    using = session()
    letters = [text(3 * parcel.CHUNK - 30, number) for number in range(3)]
    receiver = Receiver(using)
    for _ in range(data.draw(st.integers(1, 40))):
        which, number, index = data.draw(st.integers(0, 2)), data.draw(st.integers(1, 3)), data.draw(st.integers(0, 2))
        whole = sealed(using, letters[which], which + 1)
        frame = bytes(parcel.DATA) + whole[index * parcel.CHUNK : (index + 1) * parcel.CHUNK]
        receiver.take(Chunk(number, index, 3, True, frame))
    assert all(one in letters for one in receiver.taken)
    assert len(receiver.taken) == len(set(receiver.taken))


def test_letter__with_one_wrong_chunk_is_refused_and_comes_again_whole():
    """Who holds the segment's key can spoil a letter, not change it: all of it is asked for anew."""
    using, data = session(), text(900)
    receiver, whole = Receiver(using), sealed(using, text(900))
    count = parcel.chunks(len(whole))
    for index in range(count):
        piece = bytearray(whole[index * parcel.CHUNK : (index + 1) * parcel.CHUNK])
        piece[0] ^= index == 2
        told = receiver.take(Chunk(1, index, count, True, bytes(parcel.DATA) + bytes(piece)))
    assert told == (1, parcel.HAVE, 0) and receiver.taken == []
    for index in range(count):
        receiver.take(Chunk(1, index, count, False, bytes(parcel.DATA) + whole[index * parcel.CHUNK : (index + 1) * parcel.CHUNK]))
    assert [data] == receiver.taken


def test_round__sends_what_is_missing_and_nothing_twice():
    """Six chunks, two lost: the receipt brings just these two, the last of them asks."""
    out = parcel.Outgoing(6)
    sent = []
    while (index := out.next()) >= 0:
        sent.append((index, out.asks()))
        out.sent(index)
    assert sent == [(0, False), (1, False), (2, False), (3, False), (4, False), (5, True)]
    out.receipt(parcel.HAVE, 0b110110)
    again = []
    while (index := out.next()) >= 0:
        again.append((index, out.asks()))
        out.sent(index)
    assert again == [(0, False), (3, True)]


def test_silence__of_the_other_side_is_asked_into_ever_more_rarely():
    """One chunk after 1, 2, 4, 8, ... s, at most every 64 s; a receipt brings the whole round at once."""
    out = parcel.Outgoing(3)
    times, now = [], 0
    while now < 400_000:
        while (index := out.next()) >= 0:
            times.append(now)
            out.sent(index)
        out.pass_time(1_000)
        now += 1_000
    assert times == [0, 0, 0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 127_000, 191_000, 255_000, 319_000, 383_000]
    out.receipt(parcel.HAVE, 0b001)
    assert (out.next(), out.asks()) == (1, False)


def test_room__that_is_full_is_waited_for():
    """A receiver without room says so: the next try comes after 16 s, and nothing is lost."""
    out = parcel.Outgoing(1)
    out.sent(out.next())
    out.receipt(parcel.FULL, 0)
    assert (out.next(), out.pause()) == (-1, 16_000)
    out.pass_time(16_000)
    assert out.next() == 0


@pytest.mark.parametrize(
    ("index", "count", "size"),
    [(0, 0, 10), (0, 22, 200), (0, 255, 200), (3, 3, 200), (255, 3, 200), (0, 3, 199), (2, 3, 0), (2, 3, 201), (0, 1, 0), (1, 3, 100)],
)
def test_chunk__that_cannot_be_one_is_not_taken(index: int, count: int, size: int):
    """Index, count and length must fit: only the last chunk may be short, none empty or longer than 200 bytes."""
    incoming = parcel.Incoming(bytearray(sealing.PREFIX + parcel.MOST * parcel.CHUNK), sealing.PREFIX)
    begun = incoming.begin((1, 1, 1, 1, count), count)
    assert not (begun and incoming.take(index, bytes(parcel.DATA + size), parcel.DATA + size))


def test_letter__of_the_longest_kind_fits():
    """4,096 bytes and their tag are 21 chunks, as many as a receipt has bits for and a frame has room for."""
    assert parcel.chunks(letter.LONGEST + sealing.TAG) == parcel.MOST
    assert parcel.MOST <= 8 * (parcel.RECEIPT_END - parcel.BITS) - 2
    assert parcel.DATA + parcel.CHUNK + sealing.TAG == 250


@settings(max_examples=30)
@given(st.integers(0, 1 << 16), st.integers(0, 255), st.binary(min_size=8, max_size=8))
def test_seal__of_another_session_sender_or_number_does_not_open(at: int, flip: int, drawn: bytes):
    """One bit of a letter, another draw of either side, another number, kind, sender or start: refused."""
    using, data = session(), b"what was written" * 4

    def opens(key: Any, letter_text: bytes, head: tuple[int, int, int, int, int]) -> bool:
        buffer = bytearray(sealing.PREFIX) + letter_text
        return bool(key.open(buffer, len(letter_text), head))

    whole, head = sealed(using, data), (7, 3, 5, 1, 2)
    bent = bytearray(whole)
    bent[at % len(whole)] ^= flip
    assert opens(using, whole, head)
    assert opens(using, bytes(bent), head) == (flip == 0)
    assert not opens(session(asked=drawn), whole, head) and not opens(session(answered=drawn), whole, head)
    for place in range(5):
        assert not opens(using, whole, tuple(value + (place == number) for number, value in enumerate(head)))  # type: ignore[arg-type]


def test_seal__hides_the_text_and_never_uses_a_stream_twice():
    """The same text in two letters, from two starts, or to and fro: no two blocks of what goes through the air agree, nor tell the text."""
    using, data = session(), bytes(160)
    seen: set[bytes] = set()
    for head in ((7, 3, 5, 1, 2), (7, 3, 5, 2, 2), (7, 3, 6, 1, 2), (3, 7, 5, 1, 2), (7, 3, 5, 1 << 20, 2)):
        buffer = bytearray(sealing.PREFIX) + data + bytes(sealing.TAG)
        using.seal(buffer, len(data), head)
        blocks = {bytes(buffer[at : at + 16]) for at in range(sealing.PREFIX, sealing.PREFIX + 160, 16)}
        assert len(blocks) == 10 and not blocks & seen and bytes(16) not in blocks
        seen |= blocks


def test_seal__is_counter_mode_and_hmac_of_the_standards():
    """The stream is what the library's own AES-CTR makes of the same counter, the tag its HMAC of all before it."""
    import hashlib
    import hmac

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    from lykta.corehost import telegram
    from tests.core.posted import OWN

    secret = hmac.new(OWN, b"lykta post 1\x00\x07\x00\x03asked...answered", hashlib.sha256).digest()
    assert secret == sealing.secret(telegram.Key(0, OWN, hashlib.sha256), 7, 3, b"asked...", b"answered")
    data = text(600)
    prefix = b"\x00\x07\x00\x03\x00\x00\x00\x05\x00\x00\x00\x01\x00\x02\x00\x00"
    key = hashlib.sha256(secret + b"\x01").digest()[:16]
    cipher = Cipher(algorithms.AES(key), modes.CTR(prefix)).encryptor().update(data)
    tag = hmac.new(hashlib.sha256(secret + b"\x02").digest(), prefix + cipher, hashlib.sha256).digest()[:16]
    assert cipher + tag == sealed(session(), data)
