"""What an update is made of: a head, which is signed, the list of its files, and the files, cut into pieces.

at      bytes  head
0       4      "LYKU"
4       1      version of the form
5       1      FILES for a folder of the file system, IMAGE for a ROM partition
6       1      which key signed it: RELEASE or BACKUP
7       1      0
8       4      security counter, below 2^30: a node takes none that is lower than the highest that it ever confirmed
12      4      void from this stamp on: UTC in units of 4 s since 2000
16      4      the runtime it needs at least: major, minor, patch, 0
20      2      length of a piece
22      2      how many files
24      4      length of the list
28      4      length of all files
32      32     SHA-256 of the list
64      24     chips it is for, as ASCII with commas, filled with zeros
88      24     version, ASCII, filled with zeros
112     64     Ed25519 of CONTEXT and all before it

An entry of the list: length of the name (1), the name below the folder of a slot, length (4), SHA-256 (32). The list is cut into pieces,
then each file by itself, in its order; pieces are numbered through from 0. What comes as a piece: id of the bundle (8), number (2), data.
The id is the beginning of the SHA-256 of the head. All numbers are big-endian.
"""

from micropython import const

from .telegram import number

MAGIC = b"LYKU"
CONTEXT = b"lykta update 1\x00"
VERSION = const(1)
FILES = const(0)
IMAGE = const(1)
RELEASE = const(0)
BACKUP = const(1)

SIGNED = const(112)
LENGTH = const(176)
ID = const(8)
PIECE_HEAD = const(10)
_TEXT = const(24)
_LEAST_PIECE = const(256)
_LONGEST_PIECE = const(4_000)
_LARGEST = const(2_097_152)  # of all files together
_LONGEST_LIST = const(16_384)
_DIGEST = const(32)
_LONGEST_NAME = const(64)
_FILES = const(256)


class Head:
    """The head of a bundle: `data`, and what it says."""

    def __init__(self, data: bytes) -> None:
        """To be asked for nothing but `sound` before that is known."""
        self.data = data
        self.sound = len(data) == LENGTH and data[:4] == MAGIC and data[4] == VERSION and data[5] <= IMAGE and data[6] <= BACKUP
        if not self.sound:
            return
        self.form = data[5]
        self.key = data[6]
        self.security = number(data, 8, 4)
        self.expiry = number(data, 12, 4)
        self.runtime = (data[16], data[17], data[18])
        self.piece = number(data, 20, 2)
        self.files = number(data, 22, 2)
        self.list_length = number(data, 24, 4)
        self.length = number(data, 28, 4)
        self.list_hash = data[32:64]
        self.chips = _text(data, 64).split(",")
        self.version = _text(data, 88)

    def sizes(self) -> bool:
        """Whether its numbers are such as a bundle can have."""
        if self.security < 0 or self.expiry < 0 or not _LEAST_PIECE <= self.piece <= _LONGEST_PIECE:
            return False
        if not 0 < self.files <= _FILES or not 0 < self.length <= _LARGEST or not self.version:
            return False
        return 0 < self.list_length <= _LONGEST_LIST

    def pieces(self, length: int) -> int:
        """Into how many pieces something is cut."""
        return (length + self.piece - 1) // self.piece


class Entry:
    """A file in the list. `first`: the number of its first piece."""

    def __init__(self, name: str, length: int, digest: bytes, first: int) -> None:
        self.name = name
        self.length = length
        self.digest = digest
        self.first = first


def entries(head: Head, listed):
    """The files of a list that has the hash in its head; None if it makes no sense all the same."""
    found = []
    at = total = 0
    piece = head.pieces(head.list_length)
    while at < len(listed):
        end = at + 1 + listed[at]
        if end + 4 + _DIGEST > len(listed):
            return None
        name = _name(listed[at + 1 : end])
        length = number(listed, end, 4)
        if not name or length < 0:
            return None
        found.append(Entry(name, length, listed[end + 4 : end + 4 + _DIGEST], piece))
        piece += head.pieces(length)
        total += length
        at = end + 4 + _DIGEST
    good = len(found) == head.files and total == head.length and piece <= 65_535
    return found if good and len({entry.name for entry in found}) == len(found) else None


def _name(data) -> str:
    """A name that stays below the folder that it is for; "" if these bytes are none."""
    if not 0 < len(data) <= _LONGEST_NAME:
        return ""
    for byte in data:
        if not 33 <= byte <= 126 or byte == 92:  # a backslash
            return ""
    name = bytes(data).decode()
    for part in name.split("/"):
        if part in ("", ".", ".."):
            return ""
    return name


def _text(data, at: int) -> str:
    """ASCII that is filled with zeros; "" if it is something else."""
    text = data[at : at + _TEXT].rstrip(b"\x00")
    for byte in text:
        if not 33 <= byte <= 126:
            return ""
    return text.decode()
