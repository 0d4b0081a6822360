"""The ESP32's own: non-volatile storage, partitions, temperature."""

from vboard import board

HEAP_DATA = 4
HEAP_EXEC = 1
WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True

_NVS_NOT_FOUND = 0x1102
_NVS_NOT_ENOUGH_SPACE = 0x1105
_NVS_KEY_TOO_LONG = 0x1109
_NVS_INVALID_LENGTH = 0x110C
_NAMES = {
    _NVS_NOT_FOUND: "ESP_ERR_NVS_NOT_FOUND",
    _NVS_NOT_ENOUGH_SPACE: "ESP_ERR_NVS_NOT_ENOUGH_SPACE",
    _NVS_KEY_TOO_LONG: "ESP_ERR_NVS_KEY_TOO_LONG",
    _NVS_INVALID_LENGTH: "ESP_ERR_NVS_INVALID_LENGTH",
}
_LONGEST = 15  # letters of a namespace or a key
_ROOM = 16_384  # bytes of blobs in the partition of the official images (24 kB, a part of it kept free)

#: namespace -> {key: int or bytes}: what was committed. `jail.keep_nvs` gives it a file.
kept = {}
#: Called with `kept` after every commit.
on_commit = [None]


def _fails(code):
    raise OSError(-code, _NAMES[code])


class NVS:
    """A namespace of the storage. What is not committed does not survive a reset."""

    def __init__(self, namespace):
        if len(namespace) > _LONGEST:
            _fails(_NVS_KEY_TOO_LONG)
        self._namespace = namespace
        self._values = dict(kept.get(namespace, {}))

    def _get(self, key, kind):
        found = self._values.get(key)
        if not isinstance(found, kind):
            _fails(_NVS_NOT_FOUND)
        return found

    def _set(self, key, value):
        if len(key) > _LONGEST:
            _fails(_NVS_KEY_TOO_LONG)
        self._values[key] = value

    def get_i32(self, key):
        """An integer; OSError where there is none of this name."""
        return self._get(key, int)

    def set_i32(self, key, value):
        """Keep an integer of 32 bits."""
        if not -0x8000_0000 <= value <= 0x7FFF_FFFF:
            raise OverflowError("overflow converting long int to machine word")
        self._set(key, value)

    def get_blob(self, key, buffer):
        """Bytes into a buffer: how many."""
        found = self._get(key, bytes)
        if len(found) > len(buffer):
            _fails(_NVS_INVALID_LENGTH)
        buffer[: len(found)] = found
        return len(found)

    def set_blob(self, key, value):
        """Keep bytes."""
        used = sum(len(v) for space in kept.values() for v in space.values() if isinstance(v, bytes))
        if used + len(value) > _ROOM:
            _fails(_NVS_NOT_ENOUGH_SPACE)
        self._set(key, bytes(value))

    def erase_key(self, key):
        """Forget it."""
        if key not in self._values:
            _fails(_NVS_NOT_FOUND)
        del self._values[key]

    def commit(self):
        """Write it down for good."""
        kept[self._namespace] = dict(self._values)
        if on_commit[0]:
            on_commit[0](kept)


class Partition:
    """A partition of the flash; the table with two slots, so that the runtime can be updated."""

    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    _TABLE = (
        (1, 2, 0x9000, 0x5000, "nvs", False),
        (1, 0, 0xE000, 0x2000, "otadata", False),
        (0, 16, 0x10000, 0x180000, "ota_0", False),
        (0, 17, 0x190000, 0x180000, "ota_1", False),
        (1, 129, 0x310000, 0xF0000, "vfs", False),
    )
    _chosen = ["ota_0", "ota_0"]  # to be booted next; running

    def __init__(self, id, block_size=4096):
        label = self._chosen[id] if isinstance(id, int) else id
        for entry in self._TABLE:
            if entry[4] == label:
                self._entry = entry
                return
        raise OSError(2)

    @staticmethod
    def find(type=0, subtype=255, label=None):
        """The partitions of a type."""
        return [
            Partition(entry[4])
            for entry in Partition._TABLE
            if entry[0] == type and subtype in (255, entry[1]) and label in (None, entry[4])
        ]

    def info(self):
        """(type, subtype, address, size, label, encrypted)."""
        return self._entry

    def set_boot(self):
        """Boot this one next time."""
        if self._entry[0] != self.TYPE_APP:
            raise OSError(-0x102, "ESP_ERR_INVALID_ARG")
        self._chosen[0] = self._entry[4]

    def get_next_update(self):
        """The slot that is not running."""
        return Partition("ota_1" if self._chosen[1] == "ota_0" else "ota_0")

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        """The running image is good."""


def raw_temperature():
    """The chip's temperature, in Fahrenheit."""
    return 128


def idf_heap_info(capabilities):
    """[(total, free, largest free block, least free ever)] of the memory outside MicroPython's heap."""
    return [(113_840, 40_000, 31_744, 38_000)] if board.now >= 0 else []
