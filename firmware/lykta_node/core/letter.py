"""What goes between a node and its people: the kinds of letters, and the sealed one that carries settings.

Letters up are JSON, made by `tasks`; here are only their kinds. Down come commands (`payload.COMMAND`), updates, and settings, sealed:

at      bytes  what
0       1      version of the form (high half), SETTINGS (low half)
1       1      how many files
2       2      recipient: the number of the lamp
4       4      version of the settings, below 2^30, higher than any before
8              each file: what it is (1), how it is packed (1), its length unpacked (3), its length here (3), itself
               then the tag: HMAC-SHA256 of all before it under the node's own key, all 32 bytes

Numbers are big-endian. Whoever carries a letter is a postman: only the tag proves who wrote it. A letter is a whole: all its files
hold from the same version on, or none.
"""

from micropython import const

from .telegram import number, put

# Kinds of letters: up
STATE = const(1)
TELEMETRY = const(2)
EVENT = const(3)
ANSWER = const(4)
LIVE = const(5)
# down
SETTINGS = const(6)
COMMAND = const(7)
UPDATE = const(8)
PIECE = const(9)
# up, for the carrier: 8 bytes of a bundle's id, 2 of a piece
WANT = const(10)
KINDS = const(11)

LONGEST = const(4096)  # any letter
LONGEST_UP = const(1024)

VERSION = const(1)
FILES = const(1)
RECIPIENT = const(2)
SETTINGS_VERSION = const(4)
HEADER = const(8)
TAG = const(32)
_FILE_HEAD = const(8)

# Files.
PROGRAM = const(1)
TABLE = const(2)
ADJACENT = const(3)
NAMES = ("", "program", "table", "adjacent")

# How a file is packed.
PLAIN = const(0)
DEFLATED = const(1)  # raw deflate, window of 2^WINDOW bytes
WINDOW = const(10)
LARGEST = const(65_536)  # of a file, unpacked: more does not fit beside the rest of a node


def begin(buffer, recipient: int, version: int) -> int:
    """Write the head of a letter without files; returns where the first begins."""
    buffer[0] = VERSION << 4 | SETTINGS
    buffer[FILES] = 0
    put(buffer, RECIPIENT, 2, recipient)
    put(buffer, SETTINGS_VERSION, 4, version)
    return HEADER


def add(buffer, at: int, file: int, packing: int, length: int, data) -> int:
    """Add a file, packed as said, `length` bytes unpacked; returns where the next begins."""
    buffer[FILES] += 1
    buffer[at] = file
    buffer[at + 1] = packing
    put(buffer, at + 2, 3, length)
    put(buffer, at + 5, 3, len(data))
    buffer[at + _FILE_HEAD : at + _FILE_HEAD + len(data)] = data
    return at + _FILE_HEAD + len(data)


def seal(buffer, end: int, key) -> int:
    """Write the tag behind the last file; returns the length of the letter."""
    tag = key.tag(memoryview(buffer)[:end])
    for at in range(TAG):
        buffer[end + at] = tag[at]
    return end + TAG


class Reader:
    """A letter that came: `open` it, see that it `proves` to be ours, then take its files one by one with `next`."""

    def __init__(self, buffer) -> None:
        self._buffer = buffer
        self._end = 0
        self._at = 0
        self._left = 0
        self.form = 0  # version of the form that it says it has
        self.recipient = self.version = -1
        self.file = self.packing = self.length = 0  # of the file taken last,
        self.begin = self.end = 0  # and where it stands

    def open(self) -> bool:
        """Whether this is such a letter at all: form, lengths, each file once. Nothing is proved by it."""
        buffer = self._buffer
        self._end = len(buffer) - TAG
        if self._end < HEADER or len(buffer) > LONGEST or buffer[0] & 15 != SETTINGS:
            return False
        self.form = buffer[0] >> 4
        if self.form != VERSION:
            return False
        self.recipient = number(buffer, RECIPIENT, 2)
        self.version = number(buffer, SETTINGS_VERSION, 4)
        seen = 0
        self.rewind()
        while self.next():
            if seen >> self.file & 1:
                return False
            seen |= 1 << self.file
        found = self._left == 0 and self._at == self._end
        self.rewind()
        return found and seen > 0 and self.version > 0

    def proves(self, key) -> bool:
        """Whether it was sealed with this key."""
        tag = key.tag(memoryview(self._buffer)[: self._end])
        wrong = 0
        for at in range(TAG):  # as long whatever differs
            wrong |= tag[at] ^ self._buffer[self._end + at]
        return wrong == 0

    def rewind(self) -> None:
        """Begin with the first file again."""
        self._at = HEADER
        self._left = self._buffer[FILES]

    def next(self) -> bool:
        """Take the next file; False where there is none, or none that makes sense."""
        at = self._at
        if self._left == 0 or at + _FILE_HEAD > self._end:
            return False
        buffer = self._buffer
        self.file = buffer[at]
        self.packing = buffer[at + 1]
        self.length = number(buffer, at + 2, 3)
        self.begin = at + _FILE_HEAD
        self.end = self.begin + number(buffer, at + 5, 3)
        if self.end > self._end or not 0 < self.file < len(NAMES) or self.packing > DEFLATED or self.length > LARGEST:
            return False
        if self.packing == PLAIN and self.end - self.begin != self.length:
            return False
        self._at = self.end
        self._left -= 1
        return True
