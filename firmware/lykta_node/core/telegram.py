"""The envelope of the radio: who sent it, that it is new, how long it holds, how far it may be relayed, and the proof.

at      bytes  what
0       1      version (high half), type (low half)
1       1      id of the key: segment (high half), generation (low half)
2       2      sender
4       4      how often the sender has started, below 2^30
8       4      counter of its telegrams since then, below 2^30
12      4      UTC in units of 4 s since 2000; 0: its clock is not set
16      3      age of what is told, when this copy was sent [ms]
19      2      validity: what is older is void [s]
21      1      how often it may still be relayed
22             payload, then the tag: HMAC-SHA256 of all before it, its first 16 bytes

Numbers are big-endian. Age and hops change on the way, so each copy and relay is signed anew. A telegram is taken once,
in any order within the last 30 of its sender. Every check costs less than the one after it; the hash comes last.
"""

from micropython import const

VERSION = const(1)
DETECTION = const(1)  # a frame of `lamp`
HEARTBEAT = const(2)
TIME = const(3)  # a greeting of the post (`parcel`), as are all without another comment
SETTINGS = const(4)
TELEMETRY = const(5)
COMMAND = const(6)  # to one node, with a tag of its own under that node's key
CHUNK = const(7)
RECEIPT = const(8)

KEY = const(1)
SENDER = const(2)
EPOCH = const(4)
COUNTER = const(8)
STAMP = const(12)
AGE = const(16)
VALIDITY = const(19)
HOPS = const(21)
HEADER = const(22)
TAG = const(16)
LONGEST = const(250)  # of ESP-NOW
MOST_HOPS = const(7)
OLDEST = const(16_777_215)  # AGE has 24 bits

STAMP_S = const(4)
_DRIFT = const(30)  # stamps: 2 minutes between two clocks that are both set
_FORGOTTEN = const(150)  # stamps: after 10 minutes of silence a board may have been replaced, and count from 1 again
_WINDOW = const(30)  # telegrams that may overtake each other
_ALL = const(1_073_741_823)  # a bit for each of them

# Verdicts, in the order of the checks.
TAKEN = const(0)
LENGTH = const(1)
UNKNOWN = const(2)  # version or type
SEGMENT = const(3)  # no such key here
STRANGER = const(4)
OLD = const(5)  # taken before, or too old to tell
STALE = const(6)
BUSY = const(7)  # more than RATE in a second
FORGED = const(8)
VERDICTS = const(9)

RATE = const(100)  # hashes a second; each takes about 1 ms on an ESP32
_TOKEN_MS = const(10)


class Key:
    """A shared key, with what HMAC needs worked out once. `sha256` is the constructor of the hash."""

    def __init__(self, identity: int, secret, sha256) -> None:
        self.identity = identity
        self._hash = sha256
        self._inner = bytes([secret[at] ^ 0x36 if at < len(secret) else 0x36 for at in range(64)])
        self._outer = bytes([secret[at] ^ 0x5C if at < len(secret) else 0x5C for at in range(64)])

    def tag(self, data) -> bytes:
        """HMAC-SHA256 of some bytes (RFC 2104): 32 bytes, of which telegrams carry the first TAG."""
        inner = self._hash(self._inner)
        inner.update(data)
        outer = self._hash(self._outer)
        outer.update(inner.digest())
        return outer.digest()

    def sign(self, buffer, length: int) -> int:
        """Write the tag of the first `length` bytes behind them; returns how many bytes there are then."""
        tag = self.tag(memoryview(buffer)[:length])
        for at in range(TAG):
            buffer[length + at] = tag[at]
        return length + TAG

    def proves(self, buffer, begin: int, length: int) -> bool:
        """Whether the last of the `length` bytes from `begin` are the tag of those before them."""
        tag = self.tag(memoryview(buffer)[begin : begin + length - TAG])
        wrong = 0
        for at in range(TAG):  # as long whatever differs
            wrong |= tag[at] ^ buffer[begin + length - TAG + at]
        return wrong == 0


def put(buffer, at: int, size: int, value: int) -> None:
    """Write a number of some bytes."""
    while size:
        size -= 1
        buffer[at + size] = value & 255
        value >>= 8


def number(buffer, at: int, size: int) -> int:
    """Read a number of some bytes; -1 if it is not below 2^30."""
    if size == 4 and buffer[at] >= 64:
        return -1
    value = 0
    for byte in range(at, at + size):
        value = value << 8 | buffer[byte]
    return value


def is_post(buffer) -> bool:
    """Whether a telegram is of the post, by its type."""
    kind = buffer[0] & 15
    return HEARTBEAT < kind <= RECEIPT and kind != COMMAND


def head(buffer, kind: int, sender: int, epoch: int, counter: int, stamp: int, validity: int, hops: int) -> None:
    """Write the header of a new telegram; age and key are written when a copy is sent."""
    buffer[0] = VERSION << 4 | kind
    put(buffer, SENDER, 2, sender)
    put(buffer, EPOCH, 4, epoch)
    put(buffer, COUNTER, 4, counter)
    put(buffer, STAMP, 4, stamp)
    put(buffer, VALIDITY, 2, validity)
    buffer[HOPS] = hops


def seal(buffer, length: int, age: int, key: Key) -> int:
    """Make a telegram of `length` bytes, payload included, ready to send as a copy of a certain age; returns its whole length."""
    put(buffer, AGE, 3, min(age, OLDEST))
    buffer[KEY] = key.identity
    return key.sign(buffer, length)


class Gate:
    """Lets in what is authentic, new and in time, each telegram once; counts what it refuses, by verdict."""

    def __init__(self, senders, keys) -> None:
        """`senders`: ids of the nodes that are listened to, sorted, the own one left out; `keys`: all that are accepted."""
        self._senders = senders
        self._keys = keys
        self._epochs = [-1] * len(senders)
        self._counters = [0] * len(senders)
        self._taken = [0] * len(senders)  # bit n: COUNTER - n was taken
        self._heard = [0] * len(senders)  # own stamp at the last one
        self._tokens = RATE
        self._filled = 0
        self.counts = [0] * VERDICTS

    def check(self, buffer, length: int, elapsed: int, stamp: int) -> int:
        """The verdict on the first `length` bytes of a buffer, `elapsed` ms after the last check.

        `stamp` is that of the own clock, 0 if it is not set. Where the verdict is TAKEN, the same telegram is OLD from now on.
        """
        verdict = self._check(buffer, length, elapsed, stamp)
        if self.counts[verdict] < 1_073_741_823:
            self.counts[verdict] += 1
        return verdict

    def _check(self, buffer, length: int, elapsed: int, stamp: int) -> int:
        self._refill(elapsed)
        if length < HEADER + TAG or length > LONGEST:
            return LENGTH
        if buffer[0] >> 4 != VERSION or not DETECTION <= buffer[0] & 15 <= RECEIPT or buffer[HOPS] > MOST_HOPS:
            return UNKNOWN
        key = self.key_of(buffer)
        if key is None:
            return SEGMENT
        at = self._find(number(buffer, SENDER, 2))
        if at < 0:
            return STRANGER
        epoch = number(buffer, EPOCH, 4)
        counter = number(buffer, COUNTER, 4)
        sent = number(buffer, STAMP, 4)
        if not self._new(at, epoch, counter, sent, stamp):
            return OLD
        if sent < 0 or (sent and stamp and abs(sent - stamp) > _DRIFT and buffer[0] & 15 != TIME):
            return STALE  # a greeting is what puts a wrong clock right; it proves itself that it is no old one
        if number(buffer, AGE, 3) > number(buffer, VALIDITY, 2) * 1000:
            return STALE
        if self._tokens <= 0:
            return BUSY
        self._tokens -= 1
        if not key.proves(buffer, 0, length):
            return FORGED
        self._remember(at, epoch, counter, stamp)
        return TAKEN

    def _refill(self, elapsed: int) -> None:
        """Let tokens drip into the bucket."""
        self._filled += min(max(0, elapsed), RATE * _TOKEN_MS)
        self._tokens = min(RATE, self._tokens + self._filled // _TOKEN_MS)
        self._filled %= _TOKEN_MS

    def key_of(self, buffer):
        """The key that a telegram says it was signed with; None if it is none of ours."""
        for key in self._keys:
            if key.identity == buffer[KEY]:
                return key
        return None

    def _find(self, sender: int) -> int:
        low = 0
        high = len(self._senders)
        while low < high:
            middle = (low + high) // 2
            if self._senders[middle] < sender:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self._senders) and self._senders[low] == sender else -1

    def _new(self, at: int, epoch: int, counter: int, sent: int, stamp: int) -> bool:
        """Whether a telegram was not taken before, as far as can be told."""
        known = self._epochs[at]
        if epoch < 0 or counter < 0:
            return False
        if epoch != known:
            # Its board may have been replaced: nothing it once sent is that fresh after so long a silence.
            replaced = sent > 0 and stamp > 0 and self._heard[at] > 0 and stamp - self._heard[at] > _FORGOTTEN
            return epoch > known or replaced
        ago = self._counters[at] - counter
        return ago < 0 or (ago < _WINDOW and not self._taken[at] >> ago & 1)

    def _remember(self, at: int, epoch: int, counter: int, stamp: int) -> None:
        ahead = counter - self._counters[at]
        if epoch != self._epochs[at]:
            self._epochs[at] = epoch
            self._counters[at] = counter
            self._taken[at] = _ALL  # what came before may have been taken before the own start
        elif ahead > 0:
            kept = self._taken[at] & ((1 << _WINDOW - ahead) - 1) if ahead < _WINDOW else 0
            self._counters[at] = counter
            self._taken[at] = (kept << ahead if kept else 0) | 1
        else:
            self._taken[at] |= 1 << -ahead
        self._heard[at] = stamp
