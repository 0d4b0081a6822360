"""The file system of a board at a prompt: no Ctrl-C while it works.

This VM raises KeyboardInterrupt wherever it happens to be, in the middle of LittleFS too, whose caches then lie: files are not found, or
the VM crashes. The chip raises it between two bytecodes. So whoever types asks first whether the file system works (`vm/console`).
"""

import io

_FREE, _BUSY = b"0", b"1"


class Guard:
    """Says in a file of the host whether the file system works: one byte, "1" or "0"."""

    def __init__(self, path):
        self._file = open(path, "r+b")

    def __enter__(self):
        try:
            self._say(_BUSY)
        except KeyboardInterrupt:
            self._say(_FREE)  # it came just before anybody could know
            raise

    def __exit__(self, *error):
        self._say(_FREE)

    def _say(self, what):
        self._file.seek(0)
        self._file.write(what)


class File(io.IOBase):
    """A file, each call of which is guarded."""

    def __init__(self, file, guard):
        self._file = file
        self._guard = guard

    def ioctl(self, request, argument):
        """What the VM itself asks of a stream: 4 closes it."""
        if request == 4:
            self.close()
        return 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line


class Disk:
    """A file system, each call of which is guarded."""

    def __init__(self, disk, guard):
        self._disk = disk
        self._guard = guard

    def open(self, path, mode):
        """A file."""
        with self._guard:
            return File(self._disk.open(path, mode), self._guard)

    def ilistdir(self, path):
        """All of a folder at once: between two entries nobody could guard it."""
        with self._guard:
            return iter(list(self._disk.ilistdir(path)))


def _guarded(inner, name):
    def call(self, *given):
        with self._guard:
            return getattr(getattr(self, inner), name)(*given)

    return call


for _name in ("read", "readinto", "readline", "readlines", "write", "seek", "tell", "flush", "close"):
    setattr(File, _name, _guarded("_file", _name))
for _name in ("mount", "umount", "chdir", "getcwd", "mkdir", "remove", "rename", "rmdir", "stat", "statvfs"):
    setattr(Disk, _name, _guarded("_disk", _name))
