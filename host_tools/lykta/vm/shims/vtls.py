"""TLS of this VM's own (`tls`, mbedTLS as on the ESP32) over the board's sockets: only who waits is another, see `hooks`.

select.poll sleeps 1 ms of real time for each look at such a stream; here asyncio asks the socket below. mbedTLS takes its time of day
from the machine, not from the board: certificates hold or not by the real calendar.
"""

import io
import sys

import tls as _tls
from tls import *  # noqa: F403 - all names of the built-in module

_POLL, _CLOSE = 3, 4
_IN, _OUT = 1, 4


class _Below(io.IOBase):
    """A socket as mbedTLS wants it: errors are negative numbers, since an exception would fly through it."""

    def __init__(self, socket):
        self._socket = socket
        self.wants = 0  # what mbedTLS could not do last: read or write

    def readinto(self, buffer):
        """Bytes read; None where there are none."""
        return self._tried(_IN, self._socket.readinto, buffer)

    def write(self, buffer):
        """Bytes written; None where there is no room."""
        return self._tried(_OUT, self._socket.write, buffer)

    def _tried(self, what, function, buffer):
        try:
            count = function(buffer)
        except OSError as error:
            return -error.errno
        self.wants = what if count is None else 0
        return count

    def setblocking(self, value):
        """Whether calls wait."""
        self._socket.setblocking(value)

    def ioctl(self, request, argument):
        """As the socket's."""
        return self._socket.ioctl(request, argument)


class Stream(io.IOBase):
    """A TLS stream over a socket."""

    def __init__(self, stream, below, socket):
        self._stream = stream
        self._below = below
        self._socket = socket
        self._more = False  # deciphered bytes may be left
        self._wants = 0  # what must be possible below before anything is here

    def _done(self, result):
        """What mbedTLS waits for, where it could not do what it was asked."""
        self._wants = self._below.wants if result is None else 0
        return result

    def read(self, size=-1):
        """Up to so many bytes; None where nothing has come."""
        found = self._done(self._stream.read(size))
        self._more = found is not None and len(found) == size
        return found

    def readinto(self, buffer, size=-1):
        """The same, into a buffer."""
        found = self._done(self._stream.readinto(buffer) if size < 0 else self._stream.readinto(buffer, size))
        self._more = found == (len(buffer) if size < 0 else size)
        return found

    def readline(self):
        """A line, or what there is."""
        self._more = True
        return self._stream.readline()

    def write(self, buffer):
        """As much as there is room for; None where there is none."""
        return self._done(self._stream.write(buffer))

    def setblocking(self, value):
        """Whether calls wait."""
        self._stream.setblocking(value)

    def cipher(self):
        """(name, version) of the cipher in use."""
        return self._stream.cipher()

    def close(self):
        """End it, and the socket."""
        self._stream.close()

    def ioctl(self, request, argument):
        """What select.poll asks, and the end of the stream."""
        if request == _POLL:
            if self._wants:
                return argument if self._socket.ioctl(_POLL, self._wants) else 0
            return self._socket.ioctl(request, argument) | (argument & _IN if self._more else 0)
        if request == _CLOSE:
            self.close()
        return 0


class SSLContext:
    """As the built-in one."""

    def __init__(self, protocol):
        self._context = _tls.SSLContext(protocol)

    @property
    def verify_mode(self):
        """Whether the other side must prove who it is."""
        return self._context.verify_mode

    @verify_mode.setter
    def verify_mode(self, value):
        self._context.verify_mode = value

    def load_verify_locations(self, cadata):
        """Whom to believe."""
        self._context.load_verify_locations(cadata)

    def load_cert_chain(self, cert, key):
        """Who we are."""
        self._context.load_cert_chain(cert, key)

    def wrap_socket(self, sock, *, server_side=False, do_handshake_on_connect=True, server_hostname=None):
        """A TLS stream over a socket."""
        options = {"server_side": server_side, "do_handshake_on_connect": do_handshake_on_connect}
        below = _Below(sock)
        return Stream(self._context.wrap_socket(below, server_hostname=server_hostname, **options), below, sock)


def install():
    """Put this module in the place of the built-in one; before the firmware is imported."""
    sys.modules["tls"] = sys.modules["vtls"]
