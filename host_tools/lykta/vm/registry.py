"""Which virtual boards run on this machine: `lykta virtual-board` says so here, and whoever looks for ports finds them."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def folder() -> Path:
    """Where it is written down: LYKTA_VIRTUAL_BOARDS, else a folder of the user's own among the temporary ones."""
    named = os.environ.get("LYKTA_VIRTUAL_BOARDS")
    return Path(named) if named else Path(tempfile.gettempdir()) / f"lykta-{os.getuid() if hasattr(os, 'getuid') else 'boards'}"


@contextmanager
def announced(ports: Sequence[str], about: str) -> Iterator[None]:
    """For as long as this lasts, the ports are found. `about`: what is on them, for people."""
    file = folder() / f"{os.getpid()}.json"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(json.dumps({"ports": list(ports), "about": about}), encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running() -> list[tuple[str, str]]:
    """(port, what is on it) of all virtual boards that are there; what a bench that died left behind is cleared away."""
    found = []
    for file in sorted(folder().glob("*.json")):
        if not _alive(int(file.stem)):
            file.unlink(missing_ok=True)
            continue
        with contextlib.suppress(OSError, ValueError, KeyError):
            about = json.loads(file.read_text(encoding="utf-8"))
            found += [(port, f"{about['about']}, number {number}") for number, port in enumerate(about["ports"], 1)]
    return found


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
