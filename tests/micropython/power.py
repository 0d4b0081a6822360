"""A flash whose power is cut at its n-th write, as the root of a node that takes updates; NVS is cut at its commits as well.

Three kinds of cuts: `clean` (the write does not happen), `torn` (half of it), `garbage` (rubbish in its place). What is erased reads as
ones, blocks are erased whole: as a NOR flash.
"""

import os

import vfs

BLOCK = 1024
BLOCKS = 128
_GONE = -5  # EIO
KINDS = ("clean", "torn", "garbage")


class PowerCut(BaseException):
    """The power goes: nothing that still runs may catch it."""


class Supply:
    """Counts writes, and cuts the power at one of them."""

    def __init__(self, cut_at=-1, how="clean"):
        self.writes = 0
        self.cut_at = cut_at
        self.how = how
        self.dead = False

    def write(self, into, at, data):
        """A write of `data` at a place: done, or the last thing that happens."""
        if self.dead:
            raise PowerCut()
        self.writes += 1
        if self.writes != self.cut_at:
            into[at : at + len(data)] = data
            return
        self.dead = True
        if self.how == "torn":
            into[at : at + len(data) // 2] = data[: len(data) // 2]
        elif self.how == "garbage":
            into[at : at + len(data)] = bytes([(at * 7 + 13 * number) & 255 for number in range(len(data))])
        raise PowerCut()


class Flash:
    """A block device for littlefs, on a supply. `data`: the chip itself, which each start has in turn; None: a new one."""

    def __init__(self, data=None):
        self.data = bytearray(b"\xff" * (BLOCK * BLOCKS)) if data is None else data
        self.supply = Supply()

    def readblocks(self, block, buffer, offset=0):
        if self.supply.dead:
            return _GONE  # asked by files that nobody closed any more, too, while the heap is locked
        at = block * BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]
        return None

    def writeblocks(self, block, buffer, offset=0):
        if self.supply.dead:
            return _GONE
        self.supply.write(self.data, block * BLOCK + offset, buffer)
        return None

    def ioctl(self, what, value):
        if what == 4:
            return BLOCKS
        if what == 5:
            return BLOCK
        if self.supply.dead:
            return _GONE
        if what == 6:
            self.supply.write(self.data, value * BLOCK, b"\xff" * BLOCK)
        return 0


class Nvs:
    """Counters on a supply: a commit is one write, which happens or not (the runtime's own storage sees to that)."""

    def __init__(self, kept=None, supply=None):
        self.kept = dict(kept or {})
        self.supply = supply or Supply()
        self._new = {}

    def get_i32(self, key):
        if key not in self._new and key not in self.kept:
            raise OSError(-4354, "ESP_ERR_NVS_NOT_FOUND")
        return self._new.get(key, self.kept.get(key))

    def set_i32(self, key, value):
        self._new[key] = value

    def commit(self):
        self.supply.write(bytearray(1), 0, b"x")
        self.kept.update(self._new)


def formatted():
    """A flash with an empty file system."""
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash)
    return flash


def mount(flash):
    """Power on: the flash is the root. What still runs on the one before is dead."""
    vfs.umount("/")
    vfs.mount(vfs.VfsLfs2(flash), "/")
    os.chdir("/")
    os.jail.clear()
