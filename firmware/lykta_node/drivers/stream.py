"""Frames of a Hi-Link radar out of a stream of bytes, whatever else is in it; and commands, one at a time.

    report   F4 F3 F2 F1 | length (2) | content | F8 F7 F6 F5
    answer   FD FC FB FA | length (2) | content | 04 03 02 01   (commands have the same form)

Little-endian. There is no checksum, so a frame counts only if its end stands where its length says. What does not fit is given up
byte by byte: a frame that begins inside a broken one is found. Nothing here allocates after the start.
"""

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import UART

# What `next` found.
NOTHING = const(0)
REPORT = const(1)
ANSWER = const(2)

COUNT = const(0x3FFFFFFF)  # counters stay at 2^30 - 1, times are ms on the wrapping ticks of the ESP32 (period 2^30)

_REPORT_BEGIN = b"\xf4\xf3\xf2\xf1"
_REPORT_END = b"\xf8\xf7\xf6\xf5"
_ANSWER_BEGIN = b"\xfd\xfc\xfb\xfa"
_ANSWER_END = b"\x04\x03\x02\x01"
_HEAD = const(6)
_FRAME = const(10)  # a frame without its content
_LONGEST = const(64)  # content; the longest known is 35 bytes (LD2410, engineering)
_ROOM = const(160)  # two of the longest frames and more
_CHUNK = const(32)
_GAP_MS = const(100)  # the bytes of a frame follow each other: 74 of them take 7 ms, and a poll comes every 50 ms at the latest
_AT_ONCE = const(512)  # bytes read at one time of the clock: a line that babbles never holds up the lamp

_MORE = const(-1)
_BROKEN = const(-2)


def command(code: int, value: bytes = b"") -> bytes:
    """The frame of a command."""
    length = 2 + len(value)
    return _ANSWER_BEGIN + bytes((length & 255, length >> 8, code & 255, code >> 8)) + value + _ANSWER_END


class Stream:
    """The frames that come in on a UART. After `next`, `content` and `length` say where in `data` the frame's content stands."""

    def __init__(self, uart: "UART") -> None:
        self._uart = uart
        self._chunk = bytearray(_CHUNK)
        self._begin = 0
        self._end = 0
        self._came = 0
        self._time = -1
        self._read = 0
        self._frame = 0  # bytes of the frame found last: they make room at the next call
        self.data = bytearray(_ROOM)
        self.content = 0
        self.length = 0
        self.garbage = 0  # bytes that belonged to no frame

    def next(self, now: int) -> int:
        """The kind of the next whole frame; NOTHING if there is none yet. Call it again until then."""
        self._begin += self._frame
        self._frame = 0
        while True:
            kind = self._judge()
            if kind == _MORE:
                if self._fill(now):
                    continue
                if self._begin == self._end or (now - self._came) & COUNT < _GAP_MS:
                    return NOTHING
            elif kind != _BROKEN:
                self.content = self._begin + _HEAD
                self._frame = self.length + _FRAME
                return kind
            self._begin += 1
            self.garbage = min(self.garbage + 1, COUNT)

    def left(self, now: int) -> int:
        """In how many ms `next` gives up a frame whose end has not come; COUNT: there is none."""
        if self._begin + self._frame >= self._end:
            return COUNT
        return max(0, _GAP_MS - ((now - self._came) & COUNT))

    def send(self, frame: bytes) -> None:
        """Write a command. Whether it arrived, only the answer tells."""
        self._uart.write(frame)

    def _judge(self) -> int:
        """What stands at the beginning: a whole frame (its kind), one that may become whole (_MORE), or none (_BROKEN)."""
        have = self._end - self._begin
        if have == 0:
            return _MORE
        data = self.data
        kind = REPORT if data[self._begin] == 0xF4 else ANSWER
        begin = _REPORT_BEGIN if kind == REPORT else _ANSWER_BEGIN
        for at in range(min(have, 4)):
            if data[self._begin + at] != begin[at]:
                return _BROKEN
        if have < _HEAD:
            return _MORE
        self.length = data[self._begin + 4] | data[self._begin + 5] << 8
        if self.length > _LONGEST:
            return _BROKEN
        if have < self.length + _FRAME:
            return _MORE
        end = _REPORT_END if kind == REPORT else _ANSWER_END
        first = self._begin + _HEAD + self.length
        for at in range(4):
            if data[first + at] != end[at]:
                return _BROKEN
        return kind

    def _fill(self, now: int) -> bool:
        """Take over what has come, a chunk at most; whether anything did."""
        if now != self._time:
            self._time = now
            self._read = 0
        waiting = min(self._uart.any(), _CHUNK, _AT_ONCE - self._read)
        if waiting <= 0:
            return False
        count = self._uart.readinto(self._chunk, waiting) or 0
        data = self.data
        if self._end + count > _ROOM:
            for at in range(self._begin, self._end):
                data[at - self._begin] = data[at]
            self._end -= self._begin
            self._begin = 0
        for at in range(count):
            data[self._end + at] = self._chunk[at]
        self._end += count
        self._read += count
        self._came = now
        return count > 0
