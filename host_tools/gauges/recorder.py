"""Runs on the VM beside instrumented firmware: holds its counters, and writes down which lines ran.

The folder that LYKTA_RAN names gets one file for each VM, with a line `file 0110...` for each file, written anew whenever there
is something new: at the end, and, in lockstep, whenever the node goes to sleep, since the host ends a VM without notice.
"""

import binascii
import sys

import uos  # the VM's own, not the shim

_files = {}
_written = [0]


def counters(name, count):
    """The counters of a file; one set, however often it is loaded."""
    if name not in _files:
        _files[name] = bytearray(count)
    return _files[name]


def write():
    """Write down what ran, if anything ran for the first time since."""
    ran = sum([sum(values) for values in _files.values()])
    if ran == _written[0] or not _folder:
        return
    _written[0] = ran
    with uos.VfsPosix("/").open(_path, "w") as file:  # a path of the host, whatever is mounted
        for name, values in _files.items():
            file.write(name + " " + "".join(["1" if value else "0" for value in values]) + "\n")


def _on_exchange():
    """In lockstep, write before every message to the host."""
    if "vboard" not in sys.modules:
        return
    board = sys.modules["vboard"].board
    exchange = board.exchange
    if exchange is None:
        return

    def written(until):
        write()
        exchange(until)

    board.exchange = written


_folder = uos.getenv("LYKTA_RAN")
_path = "{}/{}".format(_folder, binascii.hexlify(uos.urandom(8)).decode())
_on_exchange()
sys.atexit(write)
