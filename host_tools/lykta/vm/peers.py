"""Who answers to the sockets of a street's nodes: something in this process, in virtual time, or a real address, in real time.

```python
network = Network(street, {("10.0.0.1", 8883): Broker})  # a peer for each connection: see `Peer`
network = Network(street, real({"10.0.0.1": "127.0.0.1"}))  # 10.0.0.1:8883 of the street is 127.0.0.1:8883 of this machine
```

Nobody at an address: the connection is refused. A node that loses power says nothing: its connections stay half open, as in the field.
"""

from __future__ import annotations

import errno
import selectors
import socket
from collections.abc import Callable, Mapping

from lykta.vm.frames import NET_CLOSE, NET_DATA, NET_OPEN, NET_ROOM, Frame
from lykta.vm.street import Street

#: From what a node sends to the answer of a peer that answers at once [ms]; more where the street's own delay asks for it.
LATENCY_MS = 20
#: What may be on its way in one direction [bytes]: lwIP's window on the ESP32.
WINDOW = 5_760


class Connection:
    """One connection of a node, seen from the other end. What is sent beyond the node's window waits here until the node has read."""

    def __init__(self, network: Network, node: int, serial: int, address: tuple[str, int]) -> None:
        self.node = node
        self.serial = serial
        self.address = address
        self.open = False  # accepted
        self.closed = False
        self.network = network
        self._waiting = bytearray()
        self._room = WINDOW
        self._end: int | None = None

    @property
    def waiting(self) -> int:
        """Bytes that the node has not made room for yet."""
        return len(self._waiting)

    def accept(self, in_ms: int = 0) -> None:
        """Let the connection be open, so many ms later than it could be."""
        self.open = True
        self._tell(NET_OPEN, 0, b"", in_ms)

    def send(self, data: bytes, in_ms: int = 0) -> None:
        """Send to the node, as far as it reads."""
        self._waiting += data
        self._pass(in_ms)

    def read(self, count: int) -> None:
        """So many bytes of the node were taken: it may send as many more."""
        if not self.closed:
            self._tell(NET_ROOM, 0, count.to_bytes(2, "big"))

    def close(self, error: int = 0) -> None:
        """End it: once all that waits is sent, or at once where it is cut (`error`: what the node sees, as ECONNRESET)."""
        if error:
            self._waiting.clear()
        self._end = error
        self._pass(0)

    def room(self, count: int) -> None:
        """The node has read so many bytes."""
        self._room += count
        self._pass(0)

    def _pass(self, in_ms: int) -> None:
        some = bytes(self._waiting[: self._room])
        if some and not self.closed:
            del self._waiting[: len(some)]
            self._room -= len(some)
            self._tell(NET_DATA, 0, some, in_ms)
        if self._end is not None and not self._waiting and not self.closed:
            self._tell(NET_CLOSE, self._end, b"", in_ms)
            self.closed = True

    def _tell(self, kind: int, which: int, data: bytes, in_ms: int = 0) -> None:
        self.network.tell(self.node, kind, which, self.serial, data, in_ms)


class Peer:
    """The other end of a connection: accepts, reads all and says nothing. What is to be otherwise is overridden."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def connected(self) -> bool:
        """Whether the connection is open: accepted, and not ended by this side."""
        return self.connection.open and not self.connection.closed

    def opened(self) -> None:
        """A node wants to connect: `connection.accept`, or `close(errno)`, or let it wait."""
        self.connection.accept()

    def took(self, data: bytes) -> None:
        """Bytes of the node."""
        self.connection.read(len(data))

    def ended(self, error: int) -> None:
        """The node sends no more; `error`: it has cut the connection."""
        self.connection.close()


class Refused(Peer):
    """Nobody listens there."""

    def opened(self) -> None:
        """No."""
        self.connection.close(errno.ECONNREFUSED)


class Dead(Peer):
    """A machine that is switched off, or behind a firewall that says nothing."""

    def opened(self) -> None:
        """Nothing comes back."""

    def ended(self, error: int) -> None:
        """Nor here."""


Answers = Mapping[tuple[str, int], Callable[[Connection], Peer]] | Callable[[Connection], Peer]


class Network:
    """All connections of a street. `answers`: by address, or a function that makes the peer of any connection."""

    def __init__(self, street: Street, answers: Answers, latency_ms: int = LATENCY_MS) -> None:
        self.street = street
        self.answers = answers
        self.now_ms = 0
        self.peers: dict[tuple[int, int], Peer] = {}
        self._latency_ms = max(latency_ms, 2 * street.delay_ms)
        street.network = self

    def took(self, node: int, frame: Frame) -> None:
        """A frame of a node's socket."""
        self.now_ms = frame.t_ms
        key = node, frame.value
        if frame.kind == NET_OPEN:
            self._open(key, frame.data[2:].decode(), int.from_bytes(frame.data[:2], "big"))
            return
        peer = self.peers.get(key)
        if peer is None:
            return
        if frame.kind == NET_DATA:
            peer.took(frame.data)
        elif frame.kind == NET_ROOM:
            peer.connection.room(int.from_bytes(frame.data, "big"))
        elif frame.kind == NET_CLOSE:
            del self.peers[key]
            peer.ended(frame.which)

    def tell(self, node: int, kind: int, which: int, serial: int, data: bytes, in_ms: int) -> None:
        """Send a node a frame, which takes the latency."""
        if self.street.nodes[node].alive:
            self.street.inject(node, Frame(kind, which, serial, self.now_ms + self._latency_ms + in_ms, data))

    def call(self, in_ms: int, function: Callable[[], None]) -> None:
        """Let a peer do something in so many ms."""

        def due(t_ms: int) -> None:
            self.now_ms = t_ms
            function()

        self.street.call(self.now_ms + in_ms, due)

    def _open(self, key: tuple[int, int], host: str, port: int) -> None:
        connection = Connection(self, key[0], key[1], (host, port))
        make = self.answers if callable(self.answers) else self.answers.get((host, port), Refused)
        self.peers[key] = make(connection)
        self.peers[key].opened()


class Real(Peer):
    """A connection to a real address, kept by `Bridge`."""

    def __init__(self, connection: Connection, bridge: Bridge, address: tuple[str, int]) -> None:
        super().__init__(connection)
        self._bridge = bridge
        self._address = address
        self._out = bytearray()
        self._open = False
        self._ended = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    def opened(self) -> None:
        """Begin to connect; `Bridge.pump` says how it went."""
        self.socket.setblocking(False)
        if self.socket.connect_ex(self._address) not in (0, errno.EINPROGRESS):
            self.connection.close(errno.ECONNREFUSED)
            self.socket.close()
            return
        self._bridge.watch(self, out=True)

    def took(self, data: bytes) -> None:
        """Pass on, as far as the other side takes it."""
        self._out += data
        self._bridge.watch(self, out=True)

    def ended(self, error: int) -> None:
        """Pass that on, once all is sent."""
        self._ended = True
        if error or not self._out:
            self._bridge.forget(self)

    def ready(self, can_read: bool, can_write: bool) -> None:
        """The real socket has something, or room for more."""
        try:
            if can_write:
                self._write()
            if can_read and self.connection.waiting < WINDOW:
                self._read()
        except OSError as error:
            self._bridge.forget(self)
            self.connection.close(error.errno or errno.ECONNRESET)

    def _write(self) -> None:
        if not self._open:
            failed = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                raise OSError(failed, "cannot connect")
            self._open = True
            self.connection.accept()
        if self._out:
            sent = self.socket.send(self._out)
            del self._out[:sent]
            self.connection.read(sent)
        if not self._out:
            self._bridge.watch(self, out=False)
            if self._ended:
                self._bridge.forget(self)

    def _read(self) -> None:
        data = self.socket.recv(WINDOW)
        if data:
            self.connection.send(data)
        else:
            self._bridge.forget(self)
            self.connection.close()


class Bridge:
    """The real sockets behind a street that lives in real time: `pump` between two `street.run`, never longer than the time that is left.

    `addresses`: host of the street -> host of this machine's network; others are refused.
    """

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._selector = selectors.DefaultSelector()

    def __call__(self, connection: Connection) -> Peer:
        """The peer of a connection, for `Network`."""
        host, port = connection.address
        if host not in self._addresses:
            return Refused(connection)
        return Real(connection, self, (self._addresses[host], port))

    def pump(self, network: Network, wait_s: float = 0.0) -> None:
        """Let through what the real sockets have for the nodes, at most so long waiting for the first of it."""
        network.now_ms = max(network.now_ms, network.street.now_ms)
        if not self._selector.get_map():
            return
        for key, events in self._selector.select(wait_s):
            key.data.ready(bool(events & selectors.EVENT_READ), bool(events & selectors.EVENT_WRITE))

    def watch(self, peer: Real, out: bool) -> None:
        """Look at a socket, for room too where something waits."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if out else 0)
        if peer.socket.fileno() < 0:
            return
        if peer.socket.fileno() in self._selector.get_map():
            self._selector.modify(peer.socket, events, peer)
        else:
            self._selector.register(peer.socket, events, peer)

    def forget(self, peer: Real) -> None:
        """Close a socket, if it is not yet."""
        if peer.socket.fileno() < 0:
            return
        if peer.socket.fileno() in self._selector.get_map():
            self._selector.unregister(peer.socket)
        peer.socket.close()

    def close(self) -> None:
        """Close all of them."""
        for key in list(self._selector.get_map().values()):
            self.forget(key.data)
        self._selector.close()
