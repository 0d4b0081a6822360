"""Files that are there whole or as they were: written beside, and put in place in one step.

    wholefile.write(path, text)
    with wholefile.beside(path) as new:
        library.write(new)

Whatever goes wrong meanwhile, a full disk or Ctrl-C, the old file stays as it was and nothing lies beside it. OSError is the caller's to
explain: only it knows what the file was for.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(path: Path, mode: int | None = None, sync: bool = False) -> Iterator[Path]:
    """A file in the same folder, which becomes `path` when the block ends, and is gone if it fails.

    `mode`: who may read it, from its first moment; None: as the old file, or as new files are made here. `sync`: wait until the disk has
    it. A link stays a link: what it points to is replaced.
    """
    path = Path(os.path.realpath(path))
    old = path.stat().st_mode & 0o777 if mode is None and path.exists() else None
    new = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    first = mode if mode is not None else 0o666 if old is None else 0o600
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, first))
    try:
        if old is not None:
            new.chmod(old)
        yield new
        if sync:
            _sync(new)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def write(path: Path, content: str | bytes, mode: int | None = None, sync: bool = False) -> None:
    """Write a file whole or not at all; a text as UTF-8, its line ends as they are. See `beside` for the rest."""
    with beside(path, mode, sync) as new:
        new.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
