"""The ESP32's `os`: files, and nothing of the host. In the jail, `rename` goes round a fault of this VM."""

import uos
from uos import VfsFat, VfsLfs2, chdir, getcwd, ilistdir, listdir, mkdir, mount, remove, rmdir, stat, statvfs, umount, urandom  # noqa: F401

#: (a file system without a root of its own, the folder on the host that is `/`), once there is a jail. There the VM's own `rename`
#: works out both paths in one buffer, and so finds neither.
jail = []


def rename(old_path, new_path):
    """Rename a file or a folder; what had the new name is gone."""
    if jail:
        disk, root = jail
        disk.rename(root + _whole(old_path), root + _whole(new_path))
    else:
        uos.rename(old_path, new_path)


unlink = remove


def _whole(path):
    return path if path.startswith("/") else getcwd().rstrip("/") + "/" + path


def sync():
    """Write everything out."""


def uname():
    """(sysname, nodename, release, version, machine)."""
    return ("esp32", "esp32", "1.29.0", "v1.29.0", "Generic ESP32 module with ESP32")
