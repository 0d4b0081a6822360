"""A board on a cable: `cable.live(about, globals())` is what a VM runs before its prompt. Boot.py, main.py, then the prompt, in real time.

about, JSON:

    flash       file on the host that is the flash          mac         twelve hexadecimal digits
    working     file on the host that says when the file system works, and no Ctrl-C may come (`vdisk`)
    partitions  [type, subtype, start, size, label, False]  cause       of the reset
    running     label of the program's partition            speed       virtual ms that pass in a real one; 0: as fast as it goes
    main        whether to run main.py: not after a reset from the raw REPL
    junk        bytes of the file system that are to stay free, the rest being filled with junk; -1: no junk

The file system is LittleFS in the partition `vfs` of the flash, the non-volatile storage lies in the partition `nvs`.
A reset ends the VM with status 100 + cause. Between zero bytes it tells the host that it is up, and that a watchdog runs
("dog", ms).
"""

import io
import json
import struct
import sys
import uos
import utime

# All shims at once: later imports must not need the host's files.
import asyncio  # noqa: F401
import binascii
import esp32
import espnow
import hashlib
import hooks
import machine
import network
import os
import time
import vdisk
from vboard import NEVER, RESET, WATCHDOG, board

_SHIMS = (binascii, espnow, hashlib, io, machine, network, os, time)
_SECTOR = 4096
_RESET = 100
_FOREVER_MS = 1000
_BOOT = "# This file is executed on every boot (including wake-boot from deepsleep)\n"
_JUNK = "/junk"
_UP = "\0up\0"  # from here on a Ctrl-C is the board's


class Blocks:
    """A part of the flash as a block device."""

    def __init__(self, flash, start, size):
        self._flash = flash
        self._start = start
        self._count = size // _SECTOR

    def readblocks(self, block, buffer, offset=0):
        """Read into a buffer."""
        self._flash.seek(self._start + block * _SECTOR + offset)
        self._flash.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        """Write from a buffer."""
        self._flash.seek(self._start + block * _SECTOR + offset)
        self._flash.write(buffer)

    def ioctl(self, operation, argument):
        """How many blocks (4), of which size (5), erase one (6)."""
        if operation == 4:
            return self._count
        if operation == 5:
            return _SECTOR
        if operation == 6:
            self.writeblocks(argument, b"\xff" * _SECTOR)
        return 0


class Partition(esp32.Partition):
    """A partition whose blocks can be read and written."""

    flash = None

    def __init__(self, id, block_size=_SECTOR):
        super().__init__(id, block_size)
        blocks = Blocks(Partition.flash, self.info()[2], self.info()[3])
        self.readblocks = blocks.readblocks
        self.writeblocks = blocks.writeblocks
        self.ioctl = blocks.ioctl


def live(about, main):
    """Start as the chip does; then the caller's prompt. `main`: the names that the prompt knows."""
    about = json.loads(about)
    board.mac = binascii.unhexlify(about["mac"])
    board.cause = about["cause"]
    board.horizon = 0
    board.exchange = _pace(about["speed"])
    board.emit = _emit
    hooks.install()
    flash = Partition.flash = open(about["flash"], "r+b")
    guard = vdisk.Guard(about["working"])
    uos.umount("/")  # whatever happens from here on, nothing of the host can be seen or written
    esp32.Partition._TABLE = tuple(tuple(entry) for entry in about["partitions"])
    esp32.Partition._chosen = [about["running"], about["running"]]
    esp32.Partition = Partition
    _keep_nvs(flash)
    _mount(guard)
    sys.path[:] = ["", ".frozen", "/lib"]
    print(_UP, end="")
    _fill(about["junk"])
    if _execute("boot.py", main) and about["main"]:
        _execute("main.py", main)


def _pace(speed):
    """Time passes as it does for the person at the cable, or so many times faster."""

    def wait(until):
        while until >= NEVER:
            utime.sleep_ms(_FOREVER_MS)
        if speed:
            utime.sleep_ms((until - board.now) // speed)
        board.now = board.horizon = until

    return wait


def _emit(kind, which, value, data=b""):
    if kind == RESET:
        sys.exit(_RESET + value)
    if kind == WATCHDOG:
        print("\0dog %d\0" % value, end="")


def _execute(name, main):
    """Run a file, if it is there; False if somebody interrupted it."""
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return True
    try:
        exec(compile(source, name, "exec"), main)
    except KeyboardInterrupt as error:
        sys.print_exception(error)
        return False
    except Exception as error:  # noqa: BLE001 - as the chip's own main does: it prints, and goes to its prompt
        sys.print_exception(error)
    return True


def _mount(guard):
    """The file system as `/`; made where the flash is blank, and for ever complained of where it is neither."""
    device = Partition("vfs")
    try:
        disk = uos.VfsLfs2(device, readsize=32, progsize=32, lookahead=32)
    except OSError:
        _complain_unless_blank(device)
        uos.VfsLfs2.mkfs(device, readsize=32, progsize=32, lookahead=32)
        disk = uos.VfsLfs2(device, readsize=32, progsize=32, lookahead=32)
        uos.mount(vdisk.Disk(disk, guard), "/")
        with open("/boot.py", "w") as file:
            file.write(_BOOT)
    else:
        uos.mount(vdisk.Disk(disk, guard), "/")
    uos.chdir("/")


def _complain_unless_blank(device):
    sector = bytearray(_SECTOR)
    device.readblocks(0, sector)
    if sector != b"\xff" * _SECTOR:
        print(_UP, end="")
    while sector != b"\xff" * _SECTOR:
        print("The filesystem appears to be corrupted. Erase the flash completely, then write the image again.")
        utime.sleep_ms(3 * _FOREVER_MS)


def _fill(free):
    """Junk in the file system, until only so much is free; a negative number takes it away."""
    if free < 0:
        try:
            uos.remove(_JUNK)
        except OSError:
            pass  # there is none
        return
    about = uos.statvfs("/")
    spare = about[0] * about[3] - free - 2 * _SECTOR
    if spare > 0:
        with open(_JUNK, "ab") as file:
            for _ in range(spare // _SECTOR):
                file.write(bytes(_SECTOR))


def _keep_nvs(flash):
    """The non-volatile storage, in its partition: length, then JSON."""
    _, _, start, size, _, _ = Partition("nvs").info()
    flash.seek(start)
    (length,) = struct.unpack("<I", flash.read(4))
    if length < size:
        for space, values in json.loads(flash.read(length)).items():
            esp32.kept[space] = {key: binascii.unhexlify(value) if isinstance(value, str) else value for key, value in values.items()}

    def write(kept):
        text = json.dumps({space: {key: _text(value) for key, value in values.items()} for space, values in kept.items()}).encode()
        flash.seek(start)
        flash.write(struct.pack("<I", len(text)) + text)

    esp32.on_commit[0] = write


def _text(value):
    return value if isinstance(value, int) else binascii.hexlify(value).decode()
