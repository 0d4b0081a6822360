"""The store: whatever the power does and whenever, what was written whole is read, and never a mixture."""

import os

import vfs
from doubles import Nvs

from lykta_node.drivers.store import Store

_BLOCK = 512
_BLOCKS = 48
_OLD = b"old settings " * 40
_NEW = b"new settings, and longer " * 50
_NEWER = b"newer"


class PowerCut(OSError):
    """The power goes."""


class Flash:
    """A block device for littlefs whose power is cut at its n-th write: `how` says what that write leaves behind."""

    def __init__(self, data=b"\xff" * (_BLOCK * _BLOCKS)):
        self.data = bytearray(data)
        self.writes = 0
        self.cut_at = -1
        self.how = "clean"
        self.dead = False

    def readblocks(self, block, buffer, offset=0):
        if self.dead:
            raise PowerCut(5)
        at = block * _BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self._count(block * _BLOCK + offset, buffer)
        at = block * _BLOCK + offset
        self.data[at : at + len(buffer)] = buffer

    def ioctl(self, what, value):
        if what == 4:
            return _BLOCKS
        if what == 5:
            return _BLOCK
        if what == 6:
            at = value * _BLOCK
            blank = b"\xff" * _BLOCK
            self._count(at, blank)
            self.data[at : at + _BLOCK] = blank
        return 0

    def _count(self, at, buffer):
        """One more write; if it is the one, leave half of it or rubbish, and die."""
        if self.dead:
            raise PowerCut(5)
        self.writes += 1
        if self.writes == self.cut_at:
            self.dead = True
            if self.how == "torn":
                self.data[at : at + len(buffer) // 2] = buffer[: len(buffer) // 2]
            elif self.how == "garbage":
                self.data[at : at + len(buffer)] = bytes((at * 7 + 13 * number) & 255 for number in range(len(buffer)))
            raise PowerCut(5)


class OneFile(Store):
    """A mutant: it looks at nothing but the file itself."""

    def read(self, name):
        return self._content(name)


class Hasty(Store):
    """A mutant: it writes before it has finished what a cut interrupted."""

    def _recover(self, name):
        pass


def mount(flash, kind=Store):
    """Power on: a store on what the flash holds, at /flash, and its `flash`. What still runs on the old one writes nothing any more."""
    try:
        vfs.umount("/flash")
    except OSError:
        pass
    fresh = Flash(flash.data)
    flash.dead = True
    vfs.mount(vfs.VfsLfs2(fresh, progsize=16, readsize=16), "/flash")
    files = kind("/flash", Nvs())
    files.flash = fresh
    return files


def formatted():
    """A flash with a file system, and `settings` in version 1."""
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=16, readsize=16)
    files = mount(flash)
    files.write("settings", _OLD, 1)
    return files.flash


def cut(flash, at, how, data, version, kind=Store):
    """Write until the power goes at the at-th write from now: (the flash, whether the power went)."""
    files = mount(flash, kind)
    files.flash.cut_at = files.flash.writes + at
    files.flash.how = how
    try:
        files.write("settings", data, version)
        return files.flash, False
    except OSError:
        return files.flash, True


def writes_of_a_write():
    """How many writes to the flash one `write` takes."""
    files = mount(formatted())
    before = files.flash.writes
    files.write("settings", _NEW, 2)
    return files.flash.writes - before


def test_store__survives_a_power_cut_at_every_write():
    """At each write to the flash, clean, torn or rubbish: the old or the new content is read, whole, and the next write works."""
    points = writes_of_a_write()
    assert points > 5
    kept = set()
    for how in ("clean", "torn", "garbage"):
        for at in range(1, points + 1):
            flash, went = cut(formatted(), at, how, _NEW, 2)
            assert went, (how, at)
            files = mount(flash)
            found = files.read("settings")
            assert found in (_OLD, _NEW), (how, at)
            assert files.version("settings") == (1 if found == _OLD else 2)
            kept.add(found)
            files.write("settings", _NEWER, 3)
            assert _NEWER == mount(files.flash).read("settings")
    assert {_OLD, _NEW} == kept


def test_store__survives_a_second_power_cut_while_it_recovers():
    """The second cut anywhere in the write after the first: what was once read never goes back to something older."""
    points = writes_of_a_write()
    for first in range(1, points + 1):
        for second in range(1, points + 3, 2):
            flash, _ = cut(formatted(), first, "torn", _NEW, 2)
            files = mount(flash)
            before = files.version("settings")
            flash, went = cut(files.flash, second, "torn", _NEWER, 3)
            after = mount(flash).version("settings")
            assert after in ((before, 3) if went else (3,)), (first, second, before, after)


def previous(kind):
    """A cut, a whole write, then damage: (version read after the cut, version read after the damage) for every place of the cut."""
    found = []
    for at in range(1, writes_of_a_write() + 1):
        flash, _ = cut(formatted(), at, "clean", _NEW, 2, kind)
        files = mount(flash, kind)
        before = files.version("settings")
        files.write("settings", _NEWER, 3)
        spoil("settings", 48)
        found.append((before, files.version("settings")))
    return found


def test_store__the_previous_is_what_was_last_read():
    """Whatever a cut left behind, the file before the newest is the one that held until then."""
    for before, after in previous(Store):
        assert before == after


def test_store__the_power_cuts_find_what_is_wrong():
    """Two mutants fail: one that reads the file itself only, one that does not finish what a cut interrupted."""
    missing = 0
    for at in range(1, writes_of_a_write() + 1):
        flash, _ = cut(formatted(), at, "clean", _NEW, 2)
        missing += mount(flash, OneFile).read("settings") is None
    assert missing > 0
    assert [] != [before for before, after in previous(Hasty) if before != after]


def folder():
    """A store in an empty file system."""
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=16, readsize=16)
    return mount(flash)


def spoil(name, at):
    """Flip a bit of a file."""
    with open("/flash/" + name, "rb") as file:
        data = bytearray(file.read())
    data[at] ^= 1
    with open("/flash/" + name, "wb") as file:
        file.write(data)


def test_store__reads_what_was_written():
    """Content and version; nothing where there is nothing."""
    files = folder()
    assert None is files.read("keys")
    assert -1 == files.version("keys")
    files.write("keys", b"", 0)
    assert (b"", 0) == (files.read("keys"), files.version("keys"))
    files.write("keys", b"abc", 7)
    assert (b"abc", 7) == (files.read("keys"), files.version("keys"))
    assert [] == files.damaged


def test_store__any_flipped_bit_brings_back_the_previous():
    """In magic, version, length, hash or content: the file before it is read, and the damage is named."""
    files = folder()
    files.write("board", b"first", 1)
    files.write("board", b"second", 2)
    for at in range(44 + len(b"second")):
        spoil("board", at)
        assert b"first" == files.read("board"), at
        assert 1 == files.version("board")
        spoil("board", at)
    assert ["board"] == files.damaged
    assert b"second" == files.read("board")


def test_store__a_damaged_file_never_pushes_out_a_good_one():
    """Written over damage, the previous stays the last that was good."""
    files = folder()
    files.write("board", b"first", 1)
    files.write("board", b"second", 2)
    spoil("board", 48)
    files.write("board", b"third", 3)
    spoil("board", 46)
    assert b"first" == files.read("board")


def test_store__the_first_version_is_kept_as_any_other():
    """Version 0 is a version: it becomes the previous."""
    files = folder()
    files.write("board", b"first", 0)
    files.write("board", b"second", 1)
    spoil("board", 48)
    assert (b"first", 0) == (files.read("board"), files.version("board"))


def test_store__nothing_valid_at_all_is_none():
    """Both broken: None, and said so."""
    files = folder()
    files.write("board", b"first", 1)
    files.write("board", b"second", 2)
    spoil("board", 48)
    spoil("board.old", 44)
    assert None is files.read("board")
    assert ["board"] == files.damaged


def test_store__a_length_that_lies_asks_for_no_memory():
    """A header that claims 4 GB is only a damaged file."""
    files = folder()
    with open("/flash/board", "wb") as file:
        file.write(b"LYKT\x01\x00\x00\x00\xff\xff\xff\xff" + bytes(40))
    assert None is files.read("board")


def test_store__forget__leaves_nothing():
    """Current, previous and what was being written."""
    files = folder()
    files.write("keys", b"secret 1", 1)
    files.write("keys", b"secret 2", 2)
    with open("/flash/keys.new", "wb"):
        pass  # cut before its first byte
    files.forget("keys")
    assert [] == os.listdir("/flash")
    files.forget("keys")


def test_store__a_full_flash_keeps_the_old():
    """No room: OSError, and the old content holds."""
    files = folder()
    files.write("program", b"small", 1)
    try:
        files.write("program", bytes(_BLOCK * _BLOCKS), 2)
        raise AssertionError("it fitted")
    except OSError:
        pass
    assert b"small" == files.read("program")
    files.write("program", b"small too", 3)
    assert b"small too" == files.read("program")


def test_store__counts_in_nvs():
    """Counters last once set; a flash that refuses is told, not raised; long names are cut as NVS wants them."""
    nvs = Nvs()
    files = Store("/nowhere", nvs)
    assert 0 == files.count("boots")
    assert files.set_count("boots", 41)
    assert 41 == Store("/nowhere", nvs).count("boots")
    assert {"boots": 41} == nvs.kept
    assert files.set_count("a_name_that_is_too_long", 3)
    assert 3 == files.count("a_name_that_is_too_long")
    nvs.broken = True
    assert not files.set_count("boots", 42)
    assert 41 == files.count("boots")
