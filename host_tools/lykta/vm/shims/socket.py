"""Sockets of the virtual board: TCP over the link to the host, which decides who answers there (`vm/peers`); no datagram ever arrives.

A connection has a serial number (`value` of its frames), and a window each way of as many bytes as the ESP32's: who does not read stops
who sends. With no network under them packets wait, as TCP's do, and come when it is back.

    frame      to the host                                  to the node
    NET_OPEN   connect: port (2 bytes, big-endian), host    it is open
    NET_DATA   bytes                                        bytes
    NET_ROOM   so many bytes were read (2 bytes)            the same
    NET_CLOSE  `which` 0: no more comes; else it is cut     the same; `which`: the error that the node sees
"""

import errno
import io

from vboard import NET_CLOSE, NET_DATA, NET_OPEN, NET_ROOM, NEVER, board

AF_INET = 2
AF_INET6 = 10
SOCK_STREAM = 1
SOCK_DGRAM = 2
SOCK_RAW = 3
IPPROTO_IP = 0
IPPROTO_TCP = 6
IPPROTO_UDP = 17
SOL_SOCKET = 4095
SO_REUSEADDR = 4
SO_BROADCAST = 32
TCP_NODELAY = 1

WINDOW = 5760  # bytes, of lwIP on the ESP32
_MOST = 10  # sockets that lwIP has there
_EAGAIN = errno.EAGAIN  # numbers as this VM's `errno` has them: some are others on the ESP32
_ENFILE = 23
_NAME_ERROR = -202  # of getaddrinfo
_POLL, _CLOSE = 3, 4
_IN, _OUT, _ERR, _HUP = 1, 4, 8, 16
_NEW, _CONNECTING, _OPEN, _CLOSED = range(4)
_CONNECT_MS = 18_000  # lwIP gives up its last try to reach nobody
_SIZE = 2

_open = {}  # serial number -> socket
_serial = [0]
#: Interfaces that may carry packets: objects with `isconnected()`. See `network`.
interfaces = []


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    """[(family, type, protocol, "", (address, port))]. Asks nobody: an address in numbers is one, a name is found if the host knows it.

    On the ESP32 a name blocks all else for up to half a minute; here it is left to the host, which says who answers to it.
    """
    if not linked() and not _numeric(host):
        raise OSError(_NAME_ERROR)
    return [(AF_INET, type or SOCK_STREAM, proto or IPPROTO_TCP, "", (host, port))]


def _numeric(host):
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() for part in parts)


def linked():
    """Whether any interface has an address."""
    return any(interface.isconnected() for interface in interfaces)


class socket(io.IOBase):  # noqa: N801 - its name on the ESP32
    """A TCP socket, or a datagram's that reaches nobody; blocks until it is told not to."""

    def __init__(self, af=AF_INET, type=SOCK_STREAM, proto=IPPROTO_TCP, fileno=None):
        self._state = _NEW
        self._type = type
        self._timeout = None  # ms; 0: never blocks
        self._number = -1
        self._until = NEVER  # connecting
        self._in = bytearray()
        self._ended = False  # the other side sends no more
        self._error = 0
        self._wait = bytearray()  # what could not go out without a network
        self._room = WINDOW
        self._read = 0  # bytes read and not yet told

    # --- to and from the host -----------------------------------------------------------------------------------

    def took(self, kind, which, data):
        """What the host says of this connection."""
        if kind == NET_OPEN and self._state == _CONNECTING:
            self._state = _OPEN
        elif kind == NET_DATA:
            self._in += data
        elif kind == NET_ROOM:
            self._room += int.from_bytes(data, "big")
        elif kind == NET_CLOSE:
            self._ended = True
            self._error = which
            if self._state == _CONNECTING:
                self._state = _OPEN  # the next call says how it failed
                self._error = which or errno.ECONNRESET

    def _tell(self):
        """Send what waited for a network, and how much was read."""
        if not linked():
            return
        if self._wait:
            board.emit(NET_DATA, 0, self._number, bytes(self._wait))
            self._wait = bytearray()
        if self._read:
            board.emit(NET_ROOM, 0, self._number, self._read.to_bytes(_SIZE, "big"))
            self._read = 0

    def _flags(self):
        """What may be done without waiting, as select.poll has it."""
        if self._state == _CONNECTING and board.now >= self._until:
            self._state = _OPEN
            self._error = errno.ETIMEDOUT
        if self._state != _OPEN:
            return _OUT | _HUP if self._state in (_NEW, _CLOSED) else 0
        if self._error:
            return _IN | _OUT | _ERR
        self._tell()
        if not linked():
            return 0
        return (_IN if self._in or self._ended else 0) | (_OUT if self._room > 0 else 0)

    def _wait_for(self, flag):
        """Block until a flag is there; OSError where it must not, or does not come in time."""
        until = NEVER if self._timeout is None else board.now + self._timeout
        while not self._flags() & flag:
            if board.now >= until:
                raise OSError(_EAGAIN if self._timeout == 0 else errno.ETIMEDOUT)
            board.wait(min(until, self._until if self._state == _CONNECTING else until))
        if self._error and not (flag == _IN and self._in):
            raise OSError(self._error)
        if self._state != _OPEN:
            raise OSError(errno.ENOTCONN)

    # --- the API ------------------------------------------------------------------------------------------------

    def connect(self, address):
        """Begin to connect; OSError(EINPROGRESS) where it must not wait for the end of it."""
        if self._type != SOCK_STREAM or not linked():
            raise OSError(errno.EHOSTUNREACH)
        if len(_open) >= _MOST:
            raise OSError(_ENFILE)
        _serial[0] = max(_serial[0] + 1, board.booted & 0x3FFFFFFF)
        self._number = _serial[0]
        _open[self._number] = self
        self._state = _CONNECTING
        self._until = board.now + _CONNECT_MS
        board.alarms.append([self._until, self._give_up])
        board.emit(NET_OPEN, 0, self._number, address[1].to_bytes(_SIZE, "big") + address[0].encode())
        if self._timeout == 0:
            raise OSError(errno.EINPROGRESS)
        self._wait_for(_OUT)

    def _give_up(self):
        """The time to connect is over: whoever waits is to look."""
        board.alarms[:] = [alarm for alarm in board.alarms if alarm[1] != self._give_up]
        self._flags()

    def send(self, data):
        """Send as much as there is room for: how many bytes."""
        self._wait_for(_OUT)
        some = bytes(memoryview(data)[: self._room])
        self._room -= len(some)
        self._wait += some
        self._tell()
        return len(some)

    def sendall(self, data):
        """Send all of it."""
        sent = 0
        while sent < len(data):
            sent += self.send(memoryview(data)[sent:])
        return sent

    def sendto(self, data, address):
        """Nobody hears datagrams."""
        raise OSError(errno.EHOSTUNREACH)

    def recv(self, size):
        """What has come, at most so many bytes; empty at the end."""
        self._wait_for(_IN)
        found = bytes(self._in[:size])
        self._in = self._in[len(found) :]
        self._read += len(found)
        self._tell()
        return found

    def read(self, size=-1):
        """As recv; without a size all until the end. None where nothing has come and it must not wait."""
        try:
            if size >= 0:
                return self.recv(size)
            found = b""
            piece = self.recv(WINDOW)
            while piece:
                found += piece
                piece = self.recv(WINDOW)
            return found
        except OSError as error:
            if error.errno != _EAGAIN:
                raise
            return None

    def readinto(self, buffer, size=-1):
        """As read, into a buffer: how many bytes."""
        found = self.read(len(buffer) if size < 0 else min(size, len(buffer)))
        if found is None:
            return None
        buffer[: len(found)] = found
        return len(found)

    def readline(self):
        """What has come, to the end of a line at most."""
        self._wait_for(_IN)
        end = self._in.find(b"\n") + 1
        return self.recv(end or len(self._in))

    def write(self, buffer):
        """As send; None where it would have to wait."""
        try:
            return self.send(buffer)
        except OSError as error:
            if error.errno != _EAGAIN:
                raise
            return None

    def settimeout(self, value):
        """How long calls may wait [s]; None: for ever, 0: not at all."""
        self._timeout = None if value is None else int(value * 1000)

    def setblocking(self, value):
        """Whether calls wait."""
        self._timeout = None if value else 0

    def setsockopt(self, level, optname, value):
        """There is nothing to set here."""

    def close(self):
        """End it: what was sent still goes."""
        if self._number in _open and _open[self._number] is self:
            self._tell()
            board.emit(NET_CLOSE, 0, self._number, b"")
            del _open[self._number]
        board.alarms[:] = [alarm for alarm in board.alarms if alarm[1] != self._give_up]
        self._state = _CLOSED

    def ioctl(self, request, argument):
        """What select.poll asks, and the end of the stream."""
        if request == _POLL:
            return self._flags() & (argument | _ERR | _HUP)
        if request == _CLOSE:
            self.close()
        return 0


def _take(kind):
    def taker(which, value, data):
        found = _open.get(value)
        if found:
            found.took(kind, which, bytes(data))
        elif kind in (NET_OPEN, NET_DATA) and linked():
            board.emit(NET_CLOSE, errno.ECONNRESET, value, b"")  # of a life before this one

    return taker


for _kind in (NET_OPEN, NET_DATA, NET_ROOM, NET_CLOSE):
    board.takers[_kind] = _take(_kind)
