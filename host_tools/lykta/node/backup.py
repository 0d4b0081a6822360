"""What makes a board this node, in one file and back: its settings and tables, never its keys.

The file is a zip: `backup.json` (format, lamp, MAC, when, versions) and the files of `/data` as they are on the node. Keys stay where
they are: on the node, and in the site's store.
"""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lykta import wholefile
from lykta.errors import InputError
from lykta.node import nodesettings
from lykta.node.device import Device
from lykta.node.session import Info, unsealed

_FORMAT = 1
_ABOUT = "backup.json"
#: What is kept. Not `keys`: a backup may be sent by mail.
FILES = ("identity", "board", "program", "table", "adjacent")


@dataclass(frozen=True)
class Backup:
    """A node as it was: the contents of its files, without the headers of its store. `when`: ISO 8601, UTC."""

    lamp: str
    mac: str
    when: str
    files: Mapping[str, bytes]


def save(board: Device, about: Info, path: Path, now: dt.datetime) -> Backup:
    """Write a node's files into a zip. InputError where it has none, OSError where it cannot be written."""
    files = {}
    for name in FILES:
        if about.versions.get(name, -1) >= 0:
            files[name] = _without_password(name, unsealed(board.read(f"/data/{name}"))[1])
    if not files:
        raise InputError.of(board.port, "this board is no node yet: there is nothing to keep.")
    backup = Backup(about.lamp, about.mac, now.astimezone(dt.UTC).isoformat(timespec="seconds"), files)
    head = {"format": _FORMAT, "lamp": backup.lamp, "mac": backup.mac, "when": backup.when}
    with wholefile.beside(path) as new, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_ABOUT, json.dumps(head, ensure_ascii=False))
        for name, content in files.items():
            archive.writestr(name, content)
    return backup


def _without_password(name: str, content: bytes) -> bytes:
    """A file as it may be sent by mail: the board's without the access point. `lykta flash` brings it again."""
    try:
        about = json.loads(content) if name == "board" else None
    except ValueError:
        return content
    if not isinstance(about, dict) or "wifi" not in about:
        return content
    del about["wifi"]
    return json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()


def load(path: Path) -> Backup:
    """A backup from its file. InputError for a file that is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            head = json.loads(archive.read(_ABOUT))
            if head["format"] != _FORMAT:
                raise InputError.of(str(path), "a newer Lykta has written this backup. Update Lykta first.")
            files = {name: archive.read(name) for name in FILES if name in archive.namelist()}
            json.loads(files.get("identity", b"{}"))
            return Backup(head["lamp"], head["mac"], head["when"], files)
    except FileNotFoundError:
        raise InputError.of(str(path), "there is no such file.") from None
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError):
        raise InputError.of(str(path), "this is no backup of a node, or it is damaged.") from None


def restore(board: Device, about: Info, backup: Backup) -> list[str]:
    """Put the files of a backup back; the names of those that were different. Each keeps its predecessor on the node."""
    changed = []
    for name, content in backup.files.items():
        here = about.versions.get(name, -1)
        if here >= 0 and unsealed(board.read(f"/data/{name}"))[1] == content:
            continue
        nodesettings.keep(board, name, content, here + 1 if here >= 0 else 1)
        changed.append(name)
    return changed
