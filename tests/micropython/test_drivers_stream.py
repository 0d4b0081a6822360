"""The frames of the radars' UARTs: found whole, split or between garbage, and never by an allocation."""

from doubles import Uart
from micropython import heap_lock, heap_unlock

from lykta_node.drivers import stream
from lykta_node.drivers.stream import ANSWER, NOTHING, REPORT, Stream

_REPORT = bytes.fromhex("F4F3F2F1 1100 03018A28003C158A1E013C0F765F003C0F F8F7F6F5".replace(" ", ""))
_OTHER = bytes.fromhex("F4F3F2F10D0002AA02510000000 03B000055 00F8F7F6F5".replace(" ", ""))
_EMPTY = bytes.fromhex("F4F3F2F10000F8F7F6F5")
_ANSWER = bytes.fromhex("FDFCFBFA0400FE01000004030201")


def _found(frames, now):
    """What a stream finds by now: (kind, content), until nothing."""
    found = []
    kind = frames.next(now)
    while kind != NOTHING:
        found.append((kind, bytes(frames.data[frames.content : frames.content + frames.length])))
        kind = frames.next(now)
    return found


def _content(frame):
    return bytes(frame[6:-4])


def test_stream__finds_frames_of_both_kinds():
    """Reports, answers and a report of length 0, back to back."""
    uart = Uart()
    uart.feed(_REPORT + _ANSWER + _EMPTY + _OTHER)
    expected = [(REPORT, _content(_REPORT)), (ANSWER, _content(_ANSWER)), (REPORT, b""), (REPORT, _content(_OTHER))]
    frames = Stream(uart)
    assert expected == _found(frames, 0)
    assert frames.garbage == 0


def test_stream__finds_a_frame_split_at_any_byte():
    """Wherever the poll falls into a frame, it is found whole at the next one, and so is what follows."""
    both = _REPORT + _ANSWER
    for cut in range(len(both) + 1):
        uart = Uart()
        frames = Stream(uart)
        uart.feed(both[:cut])
        found = _found(frames, 0)
        uart.feed(both[cut:])
        found += _found(frames, 50)
        assert [REPORT, ANSWER] == [kind for kind, _ in found], cut
        assert frames.garbage == 0


def test_stream__finds_a_frame_that_comes_byte_by_byte():
    """One byte a poll is enough."""
    uart = Uart()
    frames = Stream(uart)
    found = []
    for at in range(len(_REPORT)):
        uart.feed(_REPORT[at : at + 1])
        found += _found(frames, at)
    assert [(REPORT, _content(_REPORT))] == found


def test_stream__finds_the_frame_after_any_garbage():
    """Noise of every length, with pieces of headers in it, costs no frame and is counted."""
    noise = bytes.fromhex("F4F4F3F4F3F2FDFCFDF4F3F2F1FFFFF4F3F2F1110003") + bytes(range(256))
    for length in range(len(noise)):
        uart = Uart(1024)
        frames = Stream(uart)
        uart.feed(noise[:length] + _REPORT)
        found = _found(frames, 0) + _found(frames, 200)
        assert [(REPORT, _content(_REPORT))] == found, length
        assert length == frames.garbage


def test_stream__finds_the_frame_that_begins_inside_a_broken_one():
    """Bytes lost in the middle of a frame never take the next one with them."""
    for lost in range(1, len(_REPORT) - 1):
        uart = Uart()
        frames = Stream(uart)
        uart.feed(_REPORT[:lost] + _OTHER + _ANSWER)
        found = _found(frames, 0) + _found(frames, 200)
        assert [_content(_OTHER), _content(_ANSWER)] == [content for _, content in found], lost


def test_stream__no_bit_flipped_in_the_frame_of_it_gets_through_as_another():
    """A flipped bit in header, length or end loses the frame, and no more than that frame."""
    for at in list(range(6)) + list(range(len(_REPORT) - 4, len(_REPORT))):
        for bit in range(8):
            uart = Uart()
            frames = Stream(uart)
            broken = bytearray(_REPORT)
            broken[at] ^= 1 << bit
            uart.feed(broken + _OTHER)
            found = _found(frames, 0) + _found(frames, 200)
            assert [(REPORT, _content(_OTHER))] == found, (at, bit)


def test_stream__gives_up_a_frame_that_does_not_go_on():
    """A false header with a long length holds a true frame back for 100 ms, not until the next one comes."""
    uart = Uart()
    frames = Stream(uart)
    uart.feed(bytes.fromhex("F4F3F2F13C00") + _REPORT)
    assert [] == _found(frames, 0)
    assert [] == _found(frames, 50)
    assert [(REPORT, _content(_REPORT))] == _found(frames, 100)


def test_stream__survives_an_overflow_of_the_buffer():
    """What the UART could not hold is lost; the first whole frame after it is found."""
    uart = Uart(64)
    frames = Stream(uart)
    uart.feed(_REPORT * 4)  # 108 bytes: the third frame is cut
    assert 2 == len(_found(frames, 0))
    uart.feed(_OTHER)
    assert [(REPORT, _content(_OTHER))] == _found(frames, 20) + _found(frames, 220)


def test_stream__a_line_that_babbles_does_not_hold_up_the_lamp():
    """No more than 512 bytes are read at one time of the clock, however many come."""

    class Babble(Uart):
        def any(self):
            return 200

        def readinto(self, buffer, count=-1):
            self.taken = getattr(self, "taken", 0) + count
            return count

    uart = Babble()
    frames = Stream(uart)
    assert NOTHING == frames.next(7)
    assert NOTHING == frames.next(7)
    assert 512 == uart.taken
    frames.next(8)
    assert 1024 == uart.taken


def test_stream__noise_is_never_a_frame():
    """A hundred thousand bytes of noise, half of them such as frames have: no frame, no exception, no memory, and then it still hears."""
    uart = Uart()
    frames = Stream(uart)
    marks = b"\xf4\xf3\xf2\xf1\xfd\xfc\xfb\xfa\xf8\xf7\xf6\xf5\x04\x03\x02\x01\x00\x02"
    piece = bytearray(200)
    seed = 1
    now = 0
    for _ in range(500):
        for at in range(len(piece)):
            seed = (seed * 1103 + 12345) % 1000003
            piece[at] = marks[seed % len(marks)] if seed & 64 else seed >> 3 & 255
        uart.feed(piece)
        heap_lock()
        try:
            found = frames.next(now)
        finally:
            heap_unlock()
        assert NOTHING == found
        now += 50
    assert 99_000 < frames.garbage
    uart.feed(_REPORT)
    assert [(REPORT, _content(_REPORT))] == _found(frames, now) + _found(frames, now + 100)


def test_stream__works_over_the_wrap_of_the_clock():
    """Giving up counts 100 ms from 2^30 - 20 too."""
    uart = Uart()
    frames = Stream(uart)
    uart.feed(bytes.fromhex("F4F3F2F13C00") + _REPORT)
    assert [] == _found(frames, 2**30 - 20)
    assert [] == _found(frames, 20)
    assert 1 == len(_found(frames, 90))


def test_stream__needs_no_memory():
    """Frames, garbage and giving up with the heap locked."""
    uart = Uart()
    frames = Stream(uart)
    uart.feed(b"\xf4\xf3\xf2\xf1\x3c\x00junk" + _REPORT + _ANSWER)
    count = 0
    heap_lock()
    try:
        for now in range(0, 400, 50):
            while frames.next(now):
                count += 1
    finally:
        heap_unlock()
    assert 2 == count


def test_command__is_the_frame_of_the_makers_examples():
    """Enable and end of configuration, byte by byte."""
    assert bytes.fromhex("FDFCFBFA0400FF00010004030201") == stream.command(0xFF, b"\x01\x00")
    assert bytes.fromhex("FDFCFBFA0200FE0004030201") == stream.command(0xFE)
