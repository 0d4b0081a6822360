"""ESP-NOW of the virtual board: a small receive buffer, and nothing heard while the station scans."""

import io

from network import WLAN
from vboard import RADIO_IN, RADIO_OUT, board

ADDR_LEN = 6
KEY_LEN = 16
#: What this image takes, and so how long a buffer for receiving must be. Older ones take 250.
MAX_DATA_LEN = 1470
MAX_TOTAL_PEER_NUM = 20
MAX_ENCRYPT_PEER_NUM = 6

_HEADER = 13  # bytes that a message takes in the receive buffer besides its own: 7 and the sender's address
_BROADCAST = b"\xff" * 6
_UNDERSTOOD = 250  # longer ones are lost on every board with an older image: here on all
_AIR_MS = 1  # what a frame takes on the air, rounded up
_AT_ONCE = 10  # frames that the driver holds for sending; a guess
_POLL = 3
_READABLE = 1
_WRITABLE = 4
_BASE = 12388
_NOT_INIT, _ARG, _NO_MEM, _FULL, _NOT_FOUND, _INTERNAL, _EXIST, _IF = range(_BASE + 1, _BASE + 9)
_NAMES = {
    _NOT_INIT: "ESP_ERR_ESPNOW_NOT_INIT",
    _ARG: "ESP_ERR_ESPNOW_ARG",
    _FULL: "ESP_ERR_ESPNOW_FULL",
    _NOT_FOUND: "ESP_ERR_ESPNOW_NOT_FOUND",
    _EXIST: "ESP_ERR_ESPNOW_EXIST",
    _IF: "ESP_ERR_ESPNOW_IF",
}


def _fails(code):
    raise OSError(-code, _NAMES[code])


class ESPNow(io.IOBase):
    """The one radio; every object is the same."""

    def __new__(cls):
        if not _radios:
            radio = super().__new__(cls)
            radio._start()
            _radios.append(radio)
        return _radios[0]

    def __init__(self):
        pass

    def _start(self):
        self._on = False
        self._size = 526
        self._timeout = 300_000
        self._handler = None
        self._peers = {}
        self._buffer = []  # (sender, message)
        self._used = 0
        self._sent = self._received = self._dropped = 0
        self._sizes = {}  # id of a buffer -> how long it was when it came first
        self._air_free = 0  # when what was sent so far is on the air
        self._data = [None, bytearray(MAX_DATA_LEN)]
        self.peers_table = {}

    def active(self, flag=None):
        """Whether it is on, or switch it; off it forgets its peers and what it holds."""
        if flag is not None:
            if self._on and not flag:
                self._peers = {}
                self._buffer = []
                self._used = 0
            self._on = bool(flag)
        return self._on

    def config(self, param=None, *, rxbuf=None, timeout_ms=None, rate=None):
        """One setting by name ("rxbuf", "timeout_ms"), or set some; the buffer is made when it is switched on."""
        if param is not None:
            if param not in ("rxbuf", "timeout_ms"):
                raise ValueError("unknown config param")
            return self._size if param == "rxbuf" else self._timeout
        if rxbuf is not None:
            self._size = rxbuf
        if timeout_ms is not None:
            self._timeout = timeout_ms

    def _check(self):
        if not self._on:
            _fails(_NOT_INIT)

    def add_peer(self, mac, lmk=None, channel=0, ifidx=0, encrypt=False):
        """A peer must be added before it can be sent to, all stations at once (ff:ff:ff:ff:ff:ff) too."""
        self._check()
        if len(mac) != ADDR_LEN:
            raise ValueError("ESPNow: bad peer address")
        if bytes(mac) in self._peers:
            _fails(_EXIST)
        if len(self._peers) >= MAX_TOTAL_PEER_NUM:
            _fails(_FULL)
        if lmk and bytes(mac) == _BROADCAST:
            _fails(_ARG)
        self._peers[bytes(mac)] = (lmk, channel, ifidx, bool(lmk))

    def mod_peer(self, mac, lmk=None, channel=None, ifidx=None, encrypt=True):
        """Change a peer."""
        self._check()
        if bytes(mac) not in self._peers:
            _fails(_NOT_FOUND)
        self._peers[bytes(mac)] = (lmk, channel or 0, ifidx or 0, bool(lmk))

    def del_peer(self, mac):
        """Forget a peer."""
        self._check()
        if self._peers.pop(bytes(mac), None) is None:
            _fails(_NOT_FOUND)

    def get_peer(self, mac):
        """(mac, lmk, channel, ifidx, encrypt)."""
        self._check()
        if bytes(mac) not in self._peers:
            _fails(_NOT_FOUND)
        return (bytes(mac),) + self._peers[bytes(mac)]

    def get_peers(self):
        """All of them."""
        return tuple((mac,) + peer for mac, peer in self._peers.items())

    def peer_count(self):
        """(peers, those encrypted)."""
        return (len(self._peers), sum(1 for peer in self._peers.values() if peer[3]))

    def set_pmk(self, pmk):
        """The key that encrypts the keys of peers."""
        if len(pmk) != KEY_LEN:
            raise ValueError("ESPNow: bad key")

    def send(self, mac, msg=None, sync=True):
        """Send to a peer, or to all: True, always for ff:ff:ff:ff:ff:ff. `sync` waits until it is on the air; a full driver waits too."""
        self._check()
        if msg is None:
            mac, msg = _BROADCAST, mac
        data = msg.encode() if isinstance(msg, str) else bytes(msg)
        if not 0 < len(data) <= MAX_DATA_LEN:
            raise ValueError("ESPNow: message too long" if data else "ESPNow: message empty")
        if bytes(mac) not in self._peers:
            _fails(_NOT_FOUND)
        if not (WLAN(0).active() or WLAN(1).active()):
            _fails(_IF)
        if self._air_free - board.now >= _AT_ONCE * _AIR_MS:
            board.sleep(_AIR_MS)
        self._air_free = max(self._air_free, board.now) + _AIR_MS
        self._sent += 1
        if len(data) <= _UNDERSTOOD:
            board.emit(RADIO_OUT, WLAN(0).config("channel"), self._air_free - board.now, bytes(mac) + data)
        if sync:
            board.sleep(self._air_free - board.now)
        return True

    def heard(self, sender, rssi, message):
        """A frame reaches the antenna. What does not fit into the buffer is dropped, though the sender is told it came."""
        if not self._on or not WLAN(0).listening():
            return
        needs = _HEADER + len(message)
        if self._used + needs > self._size:
            self._dropped += 1
            return
        self._received += 1
        self._used += needs
        self._buffer.append((sender, message))
        entry = self.peers_table.setdefault(sender, [0, 0])
        entry[0] = rssi
        entry[1] = board.ticks()
        if self._handler:
            board.schedule(self._handler, self)

    def any(self):
        """Whether there is something to read."""
        self._check()
        return bool(self._buffer)

    def recvinto(self, data, timeout_ms=None):
        """Read into data[0] (the sender) and data[1] (a bytearray): the length, 0 where none came in time.

        The bytearray must have MAX_DATA_LEN bytes, and has the length of the message afterwards.
        """
        self._check()
        until = board.now + (self._timeout if timeout_ms is None else timeout_ms)
        while not self._buffer and board.now < until:
            board.wait(until)
        if not self._buffer:
            return 0
        sender, message = self._buffer.pop(0)
        self._used -= _HEADER + len(message)
        data[0] = sender
        known = self._sizes.get(id(data[1]), 0)
        if max(known, len(data[1])) < MAX_DATA_LEN:
            raise ValueError("ESPNow.recvinto: buffer too small")
        if not known:
            self._sizes[id(data[1])] = len(data[1])
        data[1][:] = message
        if len(data) > 2:
            data[2] = self.peers_table[sender][0]
        if len(data) > 3:
            data[3] = self.peers_table[sender][1]
        return len(message)

    def irecv(self, timeout_ms=None):
        """[sender, message] in a list that is used again; [None, None] where none came in time."""
        length = self.recvinto(self._data, timeout_ms)
        return [self._data[0], self._data[1][:length]] if length else [None, None]

    def recv(self, timeout_ms=None):
        """The same as a new list."""
        sender, message = self.irecv(timeout_ms)
        return [bytes(sender), bytes(message)] if sender else [None, None]

    def irq(self, callback):
        """Call a function, with the radio, when something comes in."""
        self._handler = callback

    def stats(self):
        """(sent, answered, not answered, received, dropped)."""
        on_their_way = max(0, self._air_free - board.now) // _AIR_MS
        return (self._sent, self._sent - on_their_way, 0, self._received, self._dropped)

    def __iter__(self):
        return self

    def __next__(self):
        return self.irecv()

    def ioctl(self, request, argument):
        """What select.poll asks."""
        if request != _POLL:
            return 0
        return argument & (_WRITABLE | (_READABLE if self._buffer else 0))


_radios = []


def _take_frame(which, value, data):
    """A frame on channel `which` with a strength [dBm]; data: six bytes of the sender, and the message."""
    if _radios and which == WLAN(0).config("channel"):
        _radios[0].heard(bytes(data[:6]), value, bytes(data[6:]))


board.takers[RADIO_IN] = _take_frame
