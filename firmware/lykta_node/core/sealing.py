"""What the post between a lamp and its gateway is sealed with: keys that hold from one greeting to the next, under the lamp's own key.

Who shares the segment's key can pass letters on, not read or write them. A greeting (`parcel.TIME`) has eight random bytes of either side;
together with the lamp's own key they make the secret of a session, and so a key for AES-128 and one for HMAC-SHA256 that no
other session has. Nothing recorded before either side started holds after it.

A letter is encrypted (AES in counter mode), then signed. Where the counter begins never comes twice under a key: it holds who writes,
to whom, how often he has started and the number of his letter. The tag covers the same, the kind, and all that is encrypted.

Counter mode is made from single blocks here: not every MicroPython has it. `sha256` and `aes` are handed in; `aes(key, 1)` must have
`encrypt(source, target)`.
"""

from micropython import const

from . import telegram

NONCE = const(8)  # bytes that each side adds to a session
SECRET = const(32)
PREFIX = const(16)  # room before the text of a letter, in which the tag finds what is not in it
TAG = telegram.TAG

_ECB = const(1)
_BLOCK = const(16)
_STRIDE = const(256)  # bytes worked on at a time
_COUNT = const(14)  # where a block's own number is


def secret(own: telegram.Key, lamp: int, gateway: int, asked, answered) -> bytes:
    """The secret of a session between a lamp and a gateway, from the lamp's own key and what each side drew."""
    text = bytearray(b"lykta post 1")
    at = len(text)
    text.extend(bytes(4))
    telegram.put(text, at, 2, lamp)
    telegram.put(text, at + 2, 2, gateway)
    text.extend(asked)
    text.extend(answered)
    return own.tag(text)


class Session:
    """The two keys of a session; `number` tells it from the one before (a byte, no secret)."""

    def __init__(self, secret, sha256, aes) -> None:
        self._aes = aes(sha256(secret + b"\x01").digest()[:_BLOCK], _ECB)
        self._key = telegram.Key(0, sha256(secret + b"\x02").digest(), sha256)
        self.number = sha256(secret + b"\x03").digest()[0]
        self._stream = bytearray(_STRIDE)

    def tag(self, data) -> bytes:
        """The proof of some bytes: the first TAG of their HMAC."""
        return self._key.tag(data)[:TAG]

    def proves(self, buffer, length: int) -> bool:
        """Whether the last of some bytes are the proof of those before."""
        return self._key.proves(buffer, 0, length)

    def seal(self, buffer, length: int, head) -> int:
        """Encrypt the `length` bytes from PREFIX of a buffer and sign them; what there is then, from PREFIX on.

        `head`: sender, recipient, how often the sender has started, number of the letter, kind.
        """
        self._write_prefix(buffer, head)
        self._crypt(buffer, PREFIX, PREFIX + length)
        return self._key.sign(buffer, PREFIX + length) - PREFIX

    def open(self, buffer, length: int, head) -> bool:
        """Whether a sealed letter of `length` bytes from PREFIX is authentic; it is decrypted then."""
        if length < TAG:
            return False
        self._write_prefix(buffer, head)
        if not self._key.proves(buffer, 0, PREFIX + length):
            return False
        self._crypt(buffer, PREFIX, PREFIX + length - TAG)
        return True

    def _write_prefix(self, buffer, head) -> None:
        sender, recipient, epoch, number, kind = head
        telegram.put(buffer, 0, 2, sender)
        telegram.put(buffer, 2, 2, recipient)
        telegram.put(buffer, 4, 4, epoch)
        telegram.put(buffer, 8, 4, number)
        telegram.put(buffer, 12, 2, kind)
        telegram.put(buffer, _COUNT, 2, 0)

    def _crypt(self, buffer, begin: int, end: int) -> None:
        """Add the stream of the counter to some bytes: from text to cipher, and back."""
        stream = self._stream
        view = memoryview(buffer)
        number = 0
        while begin < end:
            size = min(_STRIDE, end - begin)
            blocks = (size + _BLOCK - 1) // _BLOCK
            for block in range(blocks):
                at = block * _BLOCK
                stream[at : at + _COUNT] = buffer[:_COUNT]
                telegram.put(stream, at + _COUNT, 2, number)
                number += 1
            whole = memoryview(stream)[: blocks * _BLOCK]
            self._aes.encrypt(whole, whole)
            mixed = int.from_bytes(view[begin : begin + size], "big") ^ int.from_bytes(whole[:size], "big")
            buffer[begin : begin + size] = mixed.to_bytes(size, "big")
            begin += size
