"""Ethernet of a gateway: switched on once; what is plugged in where is for others to do. As `wifi` to whoever asks."""

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from network import LAN

_COUNT = const(0x3FFFFFFF)


class Lan:
    """A network cable."""

    def __init__(self, lan: "LAN") -> None:
        self._lan = lan
        self._on = False
        self._joined = False
        self.losses = 0  # times that the network was lost
        self.errors = 0  # what the interface refused

    def poll(self, now: int) -> bool:
        """Whether there is a network."""
        joined = False
        try:
            if not self._on:
                self._lan.active(True)
                self._on = True
            joined = self._lan.isconnected()
        except (OSError, RuntimeError):
            self.errors = (self.errors + 1) & _COUNT
        if self._joined and not joined:
            self.losses = (self.losses + 1) & _COUNT
        self._joined = joined
        return joined
