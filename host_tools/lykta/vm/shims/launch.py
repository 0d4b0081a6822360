"""A node's life in a VM: `launch.run(fd)` is all that the host starts. Mounts the node's folder as `/`, runs boot.py, then main.py.

The host's first message: its length (4 bytes), then JSON:

    root     folder on the host that becomes the file system    nvs      file that keeps the non-volatile storage
    now      ms                                                  shift    what ticks_ms shows then
    rtc      ms since 2000-01-01, or null: never set             cause    of the reset
    mac      twelve hexadecimal digits                           delay    ms that a radio frame takes at the least
    inputs   [kind, which, value, hexadecimal data]: levels on the wires, access points
    trace    "", "targets" or "all": main.py runs the app, with a hook (see `vtrace`) where there is something to trace
"""

import hashlib
import json
import os
import random
import struct
import sys
import uos

# All shims at once: later imports must not need the host's files.
import binascii
import esp32
import espnow
import hooks
import lockstep
import machine
import network
import socket
import time
import vtrace
from vboard import NEVER, Reset, board

_SHIMS = (espnow, machine, network, socket, time)


def run(fd):
    """Live until the host ends it; `fd`: the link to it."""
    link = lockstep.Link(fd)
    (length,) = struct.unpack("<I", link.read(4))
    about = json.loads(link.read(length))
    board.now = board.booted = board.horizon = about["now"]
    board.shift = about["shift"]
    board.rtc = None if about["rtc"] is None else about["rtc"] - board.now
    board.cause = about["cause"]
    board.mac = binascii.unhexlify(about["mac"])
    board.delay = about["delay"]
    board.emit = link.emit
    board.exchange = link.exchange
    hooks.install()
    # Drawn alike in every run, and by no two nodes or lives.
    random.seed(int.from_bytes(hashlib.sha256(board.mac + b"%d" % board.now).digest()[:4], "big"))
    for kind, which, value, data in about["inputs"]:
        if kind in board.takers:
            board.takers[kind](which, value, binascii.unhexlify(data))
    _keep_nvs(about["nvs"])
    _jail(about["root"])
    try:
        _execute("boot.py")
        if about["trace"]:
            hooks.collect_late()
            _trace(about["trace"])
        _execute("main.py")
    except Reset:
        raise
    except Exception as error:  # noqa: BLE001 - as the chip's own main does: it prints, and goes to its prompt
        sys.print_exception(error)
    # The chip is at its prompt now: nobody types, and only the watchdog can end it.
    while True:
        board.wait(NEVER)


def _execute(name):
    """Run a file as the chip does after a reset, if it is there."""
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return
    exec(compile(source, name, "exec"), {"__name__": "__main__"})


def _trace(what):
    """Let main.py run the app with a hook. An app that cannot be imported is main.py's affair."""
    try:
        from lykta_node import app
    except Exception:  # noqa: BLE001
        return
    run = app.run
    app.run = lambda: run(vtrace.Trace(what))


def _jail(root):
    """The folder is all that the firmware sees of the host."""
    os.jail += (uos.VfsPosix(), root)
    os.umount("/")
    os.mount(uos.VfsPosix(root), "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]


def _keep_nvs(path):
    """Read the storage from its file, and write it there at every commit; the file is outside of what the firmware sees."""
    disk = uos.VfsPosix()

    def write(kept):
        text = {space: {key: _text(value) for key, value in values.items()} for space, values in kept.items()}
        with disk.open(path + ".new", "w") as file:
            file.write(json.dumps(text))
        disk.rename(path + ".new", path)

    try:
        with disk.open(path, "r") as file:
            for space, values in json.loads(file.read()).items():
                esp32.kept[space] = {key: binascii.unhexlify(value) if isinstance(value, str) else value for key, value in values.items()}
    except OSError:
        pass
    esp32.on_commit[0] = write


def _text(value):
    return value if isinstance(value, int) else binascii.hexlify(value).decode()
