"""The link to the host: tells until when this node sleeps and what went out meanwhile; is told the time, and what comes in.

One message each way, over one end of a socket pair that the VM inherits; little-endian.

    node -> host   length of what follows (4), flags (4), until when it sleeps [ms] (8); then frames
    host -> node   length of what follows (4), how far it may go on by itself from then on [ms] (4), the time [ms] (8); then frames
    frame          kind (1), which (1), bytes of data (2), value (4), when [ms] (8); then the data

Kinds are those of `vboard`. The host sends frames in the order of time, and all there are up to where the node may go by itself.
"""

import struct
import sys

from vboard import DUTY, NET_CLOSE, NET_DATA, NET_OPEN, NET_ROOM, NEVER, PIN_OUT, RADIO_OUT, RESET, TRACE, board

HEAD = "<IIq"
FRAME = "<BBHiq"
SIZE = 16

URGENT = 1  # there is something for others among the frames
_QUIET = (DUTY, PIN_OUT, TRACE)
_ANSWERED = (RADIO_OUT, NET_OPEN, NET_DATA, NET_ROOM, NET_CLOSE)


class Link:
    """The node's end."""

    def __init__(self, fd):
        self._file = open(fd, "r+b", 0)
        self._out = bytearray(4096)
        self._end = SIZE
        self._flags = 0
        self._head = bytearray(SIZE)

    def read(self, size):
        """So many bytes; ends the VM where the host has gone."""
        data = self._file.read(size)
        if not data or len(data) < size:
            sys.exit(0)
        return data

    def emit(self, kind, which, value, data=b""):
        """Something goes out: with the next message, since time stands still until then."""
        end = self._end
        needs = end + SIZE + len(data)
        if needs > len(self._out):
            self._out += bytearray(needs)
        struct.pack_into(FRAME, self._out, end, kind, which, len(data), value, board.now)
        if data:
            self._out[end + SIZE : needs] = data
        self._end = needs
        if kind not in _QUIET:
            self._flags = URGENT
            if kind in _ANSWERED:
                # Somebody may answer: it would be heard no sooner than the way there and back takes.
                board.horizon = min(board.horizon, board.now + 2 * board.delay - 1)
            elif kind == RESET:
                self.exchange(NEVER)

    def exchange(self, until):
        """Sleep until then, or until the host has something: sets the time, and what comes in."""
        struct.pack_into(HEAD, self._out, 0, self._end - SIZE, self._flags, until)
        self._file.write(memoryview(self._out)[: self._end])
        self._end = SIZE
        self._flags = 0
        head = self._head
        if self._file.readinto(head) != SIZE:
            sys.exit(0)
        length, ahead, now = struct.unpack(HEAD, head)
        board.now = now
        board.horizon = now + ahead
        if length:
            data = self.read(length)
            at = 0
            while at < length:
                kind, which, size, value, t = struct.unpack_from(FRAME, data, at)
                at += SIZE + size
                board.at(t, kind, which, value, data[at - size : at] if size else b"")
