"""UARTs of the virtual board: bytes come at the speed of the line, and are lost where nobody fetches them in time."""

import io

from vboard import UART_END, UART_IN, UART_OUT, UART_SET, board

_FIFO = 128  # bytes that the chip holds when the ring is full; then it throws all of them away
_POLL = 3
_READABLE = 1
_WRITABLE = 4


class UART(io.IOBase):
    """A UART. Reading never waits (timeout 0) unless told to."""

    INV_RX = 4
    INV_TX = 32
    INV_RTS = 64
    INV_CTS = 8
    RTS = 1
    CTS = 2
    IRQ_RX = 1
    IRQ_BREAK = 2
    IRQ_RXIDLE = 4096

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, **options):
        if id not in (1, 2):  # 0 is the console
            raise ValueError("UART(%d) does not exist" % id if id else "UART(0) is the console")
        self._id = id
        self._handler = None
        _uarts[id] = self
        self._size = 256
        self._timeout = 0
        self.init(baudrate, bits, parity, stop, **options)

    def init(
        self, baudrate=9600, bits=8, parity=None, stop=1, *, tx=None, rx=None, txbuf=None, rxbuf=None, timeout=None, timeout_char=None,
        invert=None, flow=None, rts=None, cts=None,
    ):  # fmt: skip
        """Set it up; what was received before is lost."""
        if rxbuf is not None:
            if rxbuf <= _FIFO:
                raise ValueError("rxbuf must be greater than %d" % _FIFO)
            self._size = rxbuf
        if timeout is not None:
            self._timeout = timeout
        self._baud = baudrate
        self._byte_us = 1_000_000 * (1 + bits + (parity is not None) + stop) // baudrate
        self._ring = bytearray()
        self._fifo = bytearray()
        self._coming = []  # [when its first byte came, data, how many of them are in]
        board.emit(UART_SET, self._id, baudrate)

    def deinit(self):
        """Let go of it; it hears nothing any more."""
        _uarts.pop(self._id, None)

    def feed(self, data, baud):
        """The host sends bytes, one after the other from now on; at another speed they arrive as garbage, as ever."""
        if baud and baud != self._baud:
            step = 1 + max(baud, self._baud) // min(baud, self._baud)
            data = bytes([data[at] ^ 0xA5 | 0x80 for at in range(0, len(data), step)])
        self._coming.append([board.now, data, 0])
        # Whoever polled while they came must look again when all are in.
        board.at(board.now + (len(data) * self._byte_us + 999) // 1000, UART_END)
        if self._handler:
            board.schedule(self._handler, self)

    def _receive(self):
        """Take in what has come by now: the ring first, then what the chip itself holds; beyond that it empties its own."""
        while self._coming:
            coming = self._coming[0]
            begun, data, taken = coming
            whole = (board.now - begun) * 1000 // self._byte_us
            arrived = data[taken : min(len(data), max(whole, 1))]
            coming[2] = taken + len(arrived)
            for byte in arrived:
                if len(self._ring) < self._size:
                    self._ring.append(byte)
                else:
                    self._fifo.append(byte)
                    if len(self._fifo) > _FIFO:
                        self._fifo = bytearray()
            if coming[2] < len(data):
                break
            self._coming.pop(0)

    def any(self):
        """How many bytes can be read."""
        if self._coming:
            self._receive()
        return len(self._ring)

    def read(self, nbytes=None):
        """Up to `nbytes` bytes, all there are by default; None where there are none."""
        self._await(1 if nbytes is None else nbytes)
        count = len(self._ring) if nbytes is None else min(nbytes, len(self._ring))
        return self._take(count) or None

    def readinto(self, buf, nbytes=None):
        """Fill a buffer with what there is; how many bytes, None for none."""
        wanted = len(buf) if nbytes is None else min(nbytes, len(buf))
        self._await(wanted)
        data = self._take(min(wanted, len(self._ring)))
        buf[: len(data)] = data
        return len(data) or None

    def readline(self):
        """A line, or what there is of it."""
        self._await(1)
        end = self._ring.find(b"\n")
        return self._take(end + 1 if end >= 0 else len(self._ring)) or None

    def _await(self, count):
        """Block until so many bytes are there, or the timeout is over."""
        until = board.now + self._timeout
        while self.any() < count and board.now < until:
            board.wait(min(until, board.now + 1))

    def _take(self, count):
        data = bytes(self._ring[:count])
        self._ring = self._ring[count:] + self._fifo
        self._fifo = bytearray()
        return data

    def write(self, buf):
        """Send bytes; how many were taken: all of them."""
        data = buf.encode() if isinstance(buf, str) else bytes(buf)
        board.emit(UART_OUT, self._id, self._baud, data)
        return len(data)

    def flush(self):
        """Wait until all is sent."""

    def txdone(self):
        """Whether all is sent."""
        return True

    def sendbreak(self):
        """Send a break."""

    def irq(self, handler=None, trigger=0, hard=False):
        """Call a handler when something comes in."""
        self._handler = handler
        return self

    def ioctl(self, request, argument):
        """What select.poll asks."""
        if request != _POLL:
            return 0
        return argument & (_WRITABLE | (_READABLE if self.any() else 0))


_uarts = {}


def _take_bytes(which, value, data):
    if which in _uarts:
        _uarts[which].feed(data, value)


board.takers[UART_IN] = _take_bytes
