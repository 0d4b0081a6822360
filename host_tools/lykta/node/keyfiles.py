"""Where keys are kept: a file that only its owner may read, or the keyring of the system."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path
from typing import Protocol

from lykta import wholefile
from lykta.errors import EnvironmentLacks, InputError

_SERVICE = "lykta"
#: What stands in the file where the keys themselves are in the keyring.
_IN_KEYRING = '{"store": "keyring"}\n'


class Place(Protocol):
    """A place for one text. `str()` of it says where, for people."""

    def read(self) -> str | None:
        """The text; None if there is none. InputError where it must not be used."""

    def write(self, text: str) -> None:
        """Keep a text in the place of what there was."""


def keys_folder() -> Path:
    """The folder of all key files: LYKTA_KEYS, else one in the user's own data folder."""
    named = os.environ.get("LYKTA_KEYS")
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "lykta" / "keys"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lykta" / "keys"


def place_of(site: str, *, keyring: bool = False) -> Place:
    """The place of a site's keys, by its name. `keyring`: in the keyring of the system, where there is nothing else yet."""
    file = KeyFile(keys_folder() / f"{_slug(site)}.json")
    if keyring or file.defers():
        return Keyring(site, file)
    return file


class KeyFile:
    """A file that only its owner may read, in a folder that only he may open."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        """The path."""
        return str(self.path)

    def defers(self) -> bool:
        """Whether it only says that the keys are in the keyring."""
        return self.path.is_file() and self.read() == _IN_KEYRING

    def read(self) -> str | None:
        """The text; None without the file. InputError if others may read it."""
        try:
            mode = self.path.stat().st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                message = (
                    f"others may read these keys (mode {stat.S_IMODE(mode):o}). Run `chmod 600 {self.path}`; if that was so for long, "
                )
                raise InputError.of(str(self.path), message + "rotate them too.")
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError.of(str(self.path), f"the keys cannot be read: {error.strerror}. Who owns the file?") from None

    def write(self, text: str) -> None:
        """Write beside and rename, so that a cut leaves the old ones; never readable for others, not for a moment."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            wholefile.write(self.path, text, mode=0o600, sync=True)
        except OSError as error:
            raise InputError.of(
                str(self.path), f"the keys cannot be kept here: {error.strerror}. LYKTA_KEYS names another folder."
            ) from None


class Keyring:
    """The keyring of the system; a file in the folder of keys says that they are there."""

    def __init__(self, site: str, marker: KeyFile) -> None:
        self.site = site
        self.marker = marker

    def __str__(self) -> str:
        """The keyring and the entry in it."""
        return f"keyring, {_SERVICE}: {self.site}"

    def read(self) -> str | None:
        """The text; None without an entry."""
        import keyring

        with _Speaking():
            text: str | None = keyring.get_password(_SERVICE, self.site)
        return text

    def write(self, text: str) -> None:
        """Keep the text, then say where it is."""
        import keyring

        with _Speaking():
            keyring.set_password(_SERVICE, self.site, text)
        self.marker.write(_IN_KEYRING)


class _Speaking:
    """Turns the errors of the keyring into a sentence."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from keyring.errors import KeyringError

        if isinstance(error, KeyringError):
            said = str(error).rstrip(".") or "it is locked"
            message = f"The keyring of this system cannot be used ({said}). Unlock it, or keep the keys in a file: leave out --keyring."
            raise EnvironmentLacks(message) from None


def _slug(name: str) -> str:
    """A file name of a site's name: two names that differ only in signs or spaces are refused by the content."""
    return re.sub(r"[^\w-]+", "_", name.lower()).strip("_") or "site"
