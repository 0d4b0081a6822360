"""Bundles as a host makes and signs them, and a mailbox that brings their pieces: for tests of updates on the VM.

The signer is made of the verifier's own sums of points; tests on the host hold both against another implementation.
"""

import struct
from hashlib import sha256

from lykta_node.core import bundle, ed25519, sha512

_L = ed25519._L
RELEASE_SECRET = bytes(range(32))
BACKUP_SECRET = bytes(range(100, 132))
CHIP = "esp32"
PIECE = 512


def hashed(data):
    """SHA-512 at once."""
    steps = sha512.digest(data)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def verified(public, message, signature):
    """What the verifier says in the end."""
    return list(ed25519.verification(public, message, signature))[-1]


def times(scalar, point=ed25519._BASE):
    """So many times a point, spelt in 32 bytes."""
    found = ed25519._NOTHING
    for bit in range(255, -1, -1):
        found = ed25519._double(found, True)
        if scalar >> bit & 1:
            found = ed25519._add(found, ed25519._ready(point))
    inverse = pow(found[2], ed25519._P - 2, ed25519._P)
    x, y = found[0] * inverse % ed25519._P, found[1] * inverse % ed25519._P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _split(secret):
    digest = hashed(secret)
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:]


def public_of(secret):
    """The public key."""
    return times(_split(secret)[0])


def sign(secret, message):
    """An Ed25519 signature (RFC 8032, 5.1.6)."""
    scalar, prefix = _split(secret)
    nonce = int.from_bytes(hashed(prefix + message), "little") % _L
    point = times(nonce)
    challenge = int.from_bytes(hashed(point + times(scalar) + message), "little") % _L
    return point + ((nonce + challenge * scalar) % _L).to_bytes(32, "little")


def keys():
    """The file of a node that knows both keys."""
    return public_of(RELEASE_SECRET) + public_of(BACKUP_SECRET)


class Bundle:
    """A bundle of files; what is not said otherwise is as a node takes it."""

    def __init__(self, files, version="2.0", **other):
        about = {
            "security": 1, "expiry": 0, "runtime": (1, 20, 0), "piece": PIECE, "chips": CHIP, "form": bundle.FILES, "key": bundle.RELEASE,
            "secret": RELEASE_SECRET,
        }  # fmt: skip
        about.update(other)
        self.files = files
        self.version = version
        listed = b""
        contents = []
        for name in sorted(files):
            data = files[name]
            listed += bytes([len(name)]) + name.encode() + struct.pack(">I", len(data)) + sha256(data).digest()
            contents.append(data)
        self.listed = about.get("listed", listed)
        parts = [self.listed] + contents
        step = about["piece"]
        self.pieces = [part[at : at + step] for part in parts for at in range(0, len(part), step)]
        head = bundle.MAGIC + bytes([bundle.VERSION, about["form"], about["key"], 0])
        head += struct.pack(">II", about["security"], about["expiry"]) + bytes(about["runtime"]) + b"\x00"
        head += struct.pack(">HH", step, about.get("count", len(files)))
        head += struct.pack(">II", len(self.listed), about.get("length", sum([len(data) for data in contents])))
        head += sha256(self.listed).digest() + _padded(about["chips"]) + _padded(version)
        self.head = head + sign(about["secret"], bundle.CONTEXT + head)
        self.id = sha256(self.head).digest()[: bundle.ID]
        self.number = int.from_bytes(self.id[:4], "big") >> 2


def _padded(text):
    return text.encode() + bytes(24 - len(text))
