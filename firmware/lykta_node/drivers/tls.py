"""Streams to a server that proves who it is, to which we prove who we are: TCP with TLS, certificates both ways.

The server's certificate must come from our authority and bear the expected name; nothing is sent before that is seen. The host is an
address in numbers: a name would stop everything else, for as long as a name server is silent.
"""

import asyncio
import errno
import select
import socket

import tls
from micropython import const

_LOOK_MS = const(50)


def numeric(host) -> bool:
    """Whether a host is an IPv4 address in numbers."""
    parts = host.split(".") if isinstance(host, str) else ()
    for part in parts:
        if not part.isdigit() or int(part) > 255:
            return False
    return len(parts) == 4


class Tls:
    """Opens streams. `ca`, `cert`, `key`: DER; `server`: the name that the server's certificate must have. Raises ValueError or OSError."""

    def __init__(self, ca: bytes, cert: bytes, key: bytes, server: str) -> None:
        self._server = server
        self._context = context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.verify_mode = tls.CERT_REQUIRED  # type: ignore[attr-defined]  # the stubs leave it out
        context.load_verify_locations(ca)
        context.load_cert_chain(cert, key)

    async def open(self, host: str, port: int):
        """A stream that is connected; the handshake comes with the first bytes that are written."""
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        stream = None
        try:
            tcp.setblocking(False)
            try:
                tcp.connect(socket.getaddrinfo(host, port)[0][-1])
            except OSError as error:
                if error.errno != errno.EINPROGRESS:
                    raise
            await _connected(tcp)
            safe = self._context.wrap_socket(tcp, server_hostname=self._server, do_handshake_on_connect=False)
            safe.setblocking(False)
            stream = _Stream(safe, tcp)
        finally:
            if stream is None:
                tcp.close()
        return stream


class _Stream(asyncio.StreamReader):
    """Both ways, as all streams of MicroPython. After an error its TLS leaves the socket below open: of those there are only ten."""

    def __init__(self, safe, tcp) -> None:
        super().__init__(safe)
        self._safe = safe
        self._tcp = tcp

    async def wait_closed(self) -> None:
        """Close both."""
        try:
            self._safe.close()
        finally:
            self._tcp.close()


async def _connected(tcp) -> None:
    """Wait until a connection is open."""
    poller = select.poll()
    poller.register(tcp, select.POLLOUT)
    found = poller.poll(0)
    while not found:
        await asyncio.sleep_ms(_LOOK_MS)
        found = poller.poll(0)
    if found[0][1] & (select.POLLERR | select.POLLHUP):
        raise OSError(errno.ECONNREFUSED)
