"""The files of a node as what the tasks need; whatever is missing or makes no sense is replaced by something that only adds light.

    identity   JSON: site, lamp, number, board          else: a lamp that nobody knows
    board      JSON: pins and devices                   else: none
    program    integers of `core/almanac`               else: none, and full light
    table      integers of `core/neighbours`, then where the own rows begin and how many rows there are
                                                        else: a lamp alone
    adjacent   integers: whose heartbeats count         else: nobody, which is a fault where the table has neighbours
    keys       (id, 32 bytes) of each shared key, the first to sign with, then the own key of 32 bytes
                                                        else: none, and no radio

Integers have 4 bytes, the lowest first.
"""

import json
import struct
from array import array

from micropython import const

from ..core import neighbours, payload, schema, telegram
from ..core.lamp import LINK_UNKNOWN, NEVER
from . import reasons

NOBODY = const(65_535)  # the number of a lamp that does not know who it is
_KEY = const(32)
_SHARED = const(33)
_ROWS = const(4_000)  # the most of a table
_ALL = const(7)
_RANGE_CM = const(800)


class Papers:
    """What a store holds for this node. `wrong`: set of `reasons` for what it does not."""

    def __init__(self, store, sha256) -> None:
        self.wrong = 0
        identity = self._json(store, "identity", reasons.IDENTITY)
        self.lamp = str(identity.get("lamp", "?"))
        self.kind = str(identity.get("board", ""))  # of board
        self.number = NOBODY
        number = identity.get("number")
        if isinstance(number, int) and 0 <= number < NOBODY:
            self.number = number
        else:
            self.wrong |= reasons.IDENTITY
        self.board = self._json(store, "board", reasons.BOARD)
        self.program = integers(store.read("program"))
        self.table, self.own, self.rows = self._table(integers(store.read("table")))
        self.adjacent = [other for other in integers(store.read("adjacent")) if 0 <= other < NOBODY]
        if self.table[neighbours.NEIGHBOURS] and not self.adjacent:
            self.wrong |= reasons.TABLE
        self.keys: list[telegram.Key] = []
        self.key: "telegram.Key | None" = None  # the node's own
        self._take_keys(store.read("keys"), sha256)

    def senders(self):
        """Who may be heard: origins of the table, whose heartbeats count, gateways, whose post comes by; sorted, without this lamp."""
        known = set(self.adjacent)
        for number in range(self.rows):
            known.add(self.table[neighbours.HEADER + number * neighbours.ROW_LENGTH])
        gateways = self.part("radio").get("gateways", [])
        known.update([other for other in gateways if isinstance(other, int)])
        post = self.part("radio").get("post")
        if isinstance(post, dict):
            passing = [pair[0] for pair in post.get("below", []) if isinstance(pair, list) and pair] + [post.get("gateway")]
            known.update([other for other in passing if isinstance(other, int)])
        known.discard(self.number)
        return array("i", sorted([other for other in known if 0 <= other <= payload.LAMPS]))

    def part(self, name: str) -> dict:  # type: ignore[type-arg]  # MicroPython has no `dict[str, ...]`
        """A part of the board's file; empty if there is none."""
        part = self.board.get(name)
        return part if isinstance(part, dict) else {}

    def _json(self, store, name: str, reason: int) -> dict:  # type: ignore[type-arg]  # as above
        text = store.read(name)
        try:
            found = json.loads(text) if text is not None else None
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        self.wrong |= reason
        return {}

    def _table(self, found):
        """(neighbour table, where the own rows begin, how many rows there are)."""
        rows = found[len(found) - 1] if rows_sound(found, self.number) else 0
        if rows:
            return found[: len(found) - 2], found[len(found) - 2], rows
        self.wrong |= reasons.TABLE
        return _alone(self.number), neighbours.HEADER, 1

    def _take_keys(self, found, sha256) -> None:
        if found is None or len(found) < _SHARED + _KEY or (len(found) - _KEY) % _SHARED:
            self.wrong |= reasons.KEYS
            return
        for at in range(0, len(found) - _KEY, _SHARED):
            self.keys.append(telegram.Key(found[at], found[at + 1 : at + _SHARED], sha256))
        self.key = telegram.Key(0, found[len(found) - _KEY :], sha256)


def rows_sound(found, number: int) -> bool:
    """Whether the integers of a file `table` are that of lamp `number`."""
    length = len(found) - 2 - neighbours.HEADER
    if length < neighbours.ROW_LENGTH or length % neighbours.ROW_LENGTH:
        return False
    rows = found[len(found) - 1]
    own = found[len(found) - 2]
    if rows * neighbours.ROW_LENGTH != length or rows > _ROWS or own < 0 or own != neighbours.find(found, rows, number):
        return False
    return _sound(found, rows)


def integers(data):
    """The integers in a file; none if there is none, or a torn one."""
    if data is None or len(data) % 4:
        return array("i")
    return array("i", struct.unpack("<" + str(len(data) // 4) + "i", data))


def _alone(number: int):
    """The table of a lamp that knows no neighbour: one way past it, on which everybody may come from everywhere."""
    table = array("i", [0] * (neighbours.HEADER + neighbours.ROW_LENGTH))
    table[neighbours.ADMITS] = _ALL
    table[neighbours.RANGE] = _RANGE_CM
    table[neighbours.FACING] = table[neighbours.OPPOSITE] = LINK_UNKNOWN
    table[neighbours.OPEN] = _ALL
    for road_user in range(schema.CLASSES):
        table[neighbours.SEES + road_user] = _RANGE_CM
    at = neighbours.HEADER
    table[at + neighbours.FROM_LAMP] = number
    table[at + neighbours.FLAGS] = neighbours.LAST
    for gate in range(at + neighbours.GATES, at + neighbours.ROW_LENGTH):
        table[gate] = NEVER
    return table


def _sound(table, rows: int) -> bool:
    """Whether the rows of a table can be used: sorted by origin, the last of each marked, nothing that leads out of them."""
    for number in range(rows):
        at = neighbours.HEADER + number * neighbours.ROW_LENGTH
        last = number == rows - 1 or table[at + neighbours.ROW_LENGTH] != table[at]
        if table[at] < 0 or table[at + neighbours.DISTANCE] < 0:
            return False
        if table[at + neighbours.FLAGS] & ~neighbours.FORKS != (neighbours.LAST if last else 0):
            return False
        if number and table[at] < table[at - neighbours.ROW_LENGTH]:
            return False
    return 0 < table[neighbours.ADMITS] <= _ALL
