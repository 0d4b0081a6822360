"""ESP-NOW broadcast: frames to whoever is near, frames from whoever is near. Never blocks, never raises; counts what it loses.

Traps of the ESP32 that this is built round:

- `send` waits up to 2 s for room in the radio's queue. It is not called while 8 frames of ours are still on their way.
- A buffer for receiving must have MAX_DATA_LEN bytes, or the frame is lost with a ValueError; afterwards its length is the frame's.
- Every sender's address stays in a table for ever, and whoever forges addresses makes it grow. Past MOST_ADDRESSES nothing is read any
  more: the node counts as one whose radio is silent, and is bright, until it is started anew.
- Frames that come while the buffer is full are lost, though their sender was told that they arrived: read often, `overflows` tells.
"""

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from espnow import ESPNow
    from network import WLAN

BROADCAST = b"\xff\xff\xff\xff\xff\xff"
LONGEST = const(250)  # what every version of ESP-NOW takes
MOST_ADDRESSES = const(256)  # about 100 bytes each

_RXBUF = const(2_048)  # 30 frames of the street's length
_ON_THE_WAY = const(8)
_COUNT = const(0x3FFFFFFF)


class Radio:
    """The radio of a node on one channel. Nothing is sent or received before `start`."""

    def __init__(self, espnow: "ESPNow", channel: int, wlan: "WLAN") -> None:
        """`wlan`: the station interface, which ESP-NOW needs even where no access point is joined."""
        self._espnow = espnow
        self._channel = channel
        self._wlan = wlan
        self._data: list[object] = [None, None, 0, 0]  # sender, frame, dBm, when
        self.up = False
        self.rssi = 0  # of the frame received last [dBm]
        self.sent = 0
        self.received = 0
        self.dropped = 0  # frames not sent: queue full, too long, or radio down
        self.errors = 0  # what the radio refused, in either direction
        self.deaf = False  # the table of addresses is full

    def start(self) -> bool:
        """Switch the radio on; False if it refused. May be called again."""
        self.up = False
        try:
            self._wlan.active(True)
            self._wlan.config(pm=self._wlan.PM_NONE)  # asleep it would miss frames
            if not self._wlan.isconnected():  # joined, it is on the channel of the access point
                self._wlan.config(channel=self._channel)
            self._espnow.config(rxbuf=_RXBUF)
            self._espnow.active(True)
            self._join()
        except (OSError, ValueError, RuntimeError):
            self._failed()
            return False
        self.up = True
        return True

    def send(self, frame) -> bool:
        """Broadcast a frame (bytes-like, at most LONGEST); False if it was not taken."""
        try:
            if self.up and 0 < len(frame) <= LONGEST and self._outstanding() < _ON_THE_WAY:
                self._espnow.send(BROADCAST, frame, False)
                self.sent = (self.sent + 1) & _COUNT
                return True
        except (OSError, ValueError, MemoryError):
            self._failed()
        self.dropped = (self.dropped + 1) & _COUNT
        return False

    def receive(self, buffer: bytearray) -> int:
        """Take a frame into a buffer of MAX_DATA_LEN bytes; its length, 0 if there is none. Sets `rssi`; does not allocate."""
        if not self.up or self.deaf:
            return 0
        data = self._data
        data[1] = buffer
        try:
            if not self._espnow.any():
                return 0
            length = self._espnow.recvinto(data, 0)
        except (OSError, ValueError, MemoryError):
            self._failed()
            return 0
        if length:
            self.rssi = data[2]  # type: ignore[assignment]  # the stubs do not tell the items of this list apart
            self.received = (self.received + 1) & _COUNT
            self.deaf = len(self._espnow.peers_table) >= MOST_ADDRESSES
        return length

    def overflows(self) -> int:
        """How many frames came while the buffer was full."""
        return self._espnow.stats()[4] if self.up else 0

    def _outstanding(self) -> int:
        """How many frames are on their way: sent, and their end not reported yet."""
        stats = self._espnow.stats()
        return stats[0] - stats[1]

    def _join(self) -> None:
        """Make the broadcast address a peer, unless it is one since an earlier start."""
        try:
            self._espnow.add_peer(BROADCAST)
        except OSError as error:
            if "EXIST" not in str(error):
                raise

    def _failed(self) -> None:
        self.errors = (self.errors + 1) & _COUNT
