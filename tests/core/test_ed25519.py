"""Ed25519 and SHA-512 of the node, against another implementation, the vectors of RFC 8032, and what forgers try."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lykta import corehost

assert corehost  # it makes the node's package known
ed25519: Any = importlib.import_module("lykta_node.core.ed25519")
sha512: Any = importlib.import_module("lykta_node.core.sha512")

ORDER = (1 << 252) + 27742317777372353535851937790883648493
PRIME = (1 << 255) - 19
#: RFC 8032, 7.1: tests 1 to 3, 1024 left out for its length, and SHA(abc).
VECTORS = {
    "1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    "2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    "SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
}
#: Every point of order 1, 2, 4 and 8, and their spellings that are not the shortest.
SMALL = [
    (1).to_bytes(32, "little"),
    (PRIME - 1).to_bytes(32, "little"),
    bytes(32),
    bytes(31) + b"\x80",
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    (PRIME + 1).to_bytes(32, "little"),
    PRIME.to_bytes(32, "little"),
]


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """What the verifier says at last."""
    said = list(ed25519.verification(public, message, signature))
    assert set(said[:-1]) <= {None}
    return bool(said[-1])


def hashed(data: bytes) -> bytes:
    """The hash, all slices at once."""

    def whole() -> Iterator[bytes]:
        yield (yield from sha512.digest(data))

    return next(value for value in whole() if value is not None)


def drawn(seed: bytes) -> tuple[Ed25519PrivateKey, bytes]:
    """A key of the other implementation, and its public half."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key, key.public_key().public_bytes_raw()


@given(st.binary(max_size=400))
def test_sha512__is_that_of_hashlib(data: bytes):
    """For any bytes."""
    assert hashed(data) == hashlib.sha512(data).digest()


@pytest.mark.parametrize("length", [0, 55, 56, 63, 64, 111, 112, 119, 120, 127, 128, 129, 239, 240, 241, 1_000])
def test_sha512__pads_to_whole_blocks(length: int):
    """At every edge of the padding."""
    assert hashed(bytes(length)) == hashlib.sha512(bytes(length)).digest()


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_of_the_rfc__are_good(name: str):
    """Public key, message, signature of RFC 8032, 7.1."""
    public, message, signature = map(bytes.fromhex, VECTORS[name])
    assert verified(public, message, signature)
    assert not verified(public, message + b"!", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_signature_of_another_implementation__is_good(seed: bytes, message: bytes):
    """Whatever `cryptography` signs."""
    key, public = drawn(seed)
    assert verified(public, message, key.sign(message))


@given(st.binary(min_size=32, max_size=32), st.integers(0, 64 * 8 - 1))
def test_any_flipped_bit_of_a_signature__is_found(seed: bytes, bit: int):
    """Of R or S."""
    key, public = drawn(seed)
    signature = bytearray(key.sign(b"message"))
    signature[bit // 8] ^= 1 << bit % 8
    assert not verified(public, b"message", bytes(signature))


@given(st.binary(min_size=32, max_size=32), st.integers(0, 255))
def test_any_flipped_bit_of_a_key__is_found(seed: bytes, bit: int):
    """The key of somebody else, or of nobody."""
    key, public = drawn(seed)
    other = bytearray(public)
    other[bit // 8] ^= 1 << bit % 8
    assert not verified(bytes(other), b"message", key.sign(b"message"))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_noise__is_no_signature(public: bytes, signature: bytes):
    """Nor raises it anything."""
    assert not verified(public, b"message", signature)


@pytest.mark.parametrize("times", [1, 2, 14])
def test_s_beyond_its_order__is_refused(times: int):
    """The same signature spelt another way would be another bundle."""
    key, public = drawn(bytes(32))
    signature = key.sign(b"message")
    scalar = int.from_bytes(signature[32:], "little") + times * ORDER
    assert scalar < 1 << 256
    assert not verified(public, b"message", signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("public", SMALL, ids=bytes.hex)
def test_key_of_small_order__is_no_key(public: bytes):
    """Under such a one anybody can sign: R the neutral point and S zero is good for one message in a few."""
    neutral = (1).to_bytes(32, "little") + bytes(32)
    assert not any(verified(public, bytes([number]), neutral) for number in range(40))


def test_key_beyond_the_prime__is_refused():
    """y = p + 3 spells the point of y = 3, if that is one; so do some more: each is refused, its canonical spelling is a point."""
    seen = 0
    for y in range(2, 19):
        steps = ed25519._point(y.to_bytes(32, "little"))
        assert _end(ed25519._point((y + PRIME).to_bytes(32, "little"))) is None
        seen += _end(steps) is not None
    assert seen > 0


def test_r_that_is_not_the_shortest_spelling__is_refused():
    """R is compared as bytes: the top bit of a neutral x, or y beyond the prime, is another R."""
    for wrong in (bytes([1]) + bytes(30) + b"\x80", (PRIME + 1).to_bytes(32, "little")):
        assert not verified(drawn(bytes(32))[1], b"message", wrong + bytes(32))


@pytest.mark.parametrize(("key", "signature"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_wrong_lengths__are_refused(key: int, signature: int):
    """Nothing is read beyond what is there."""
    assert not verified(bytes(key), b"message", bytes(signature))


def test_slices__are_many():
    """So that each is short: none does more than four squarings, or a step of two doublings and a sum."""
    key, public = drawn(bytes(32))
    assert len(list(ed25519.verification(public, bytes(127), key.sign(bytes(127))))) > 280


def _end(steps: Any) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
