"""Release keys: who may sign updates. The secret halves stay off line, under a passphrase; nodes know the public ones.

`release.json` in the folder of keys (`keyfiles.keys_folder`) has both public halves, and is all that flashing needs; it is no secret.
`release.pem` and `backup.pem` are Ed25519 keys as PKCS #8, encrypted. The backup key signs when the release key is lost or known to
others; it belongs in a safe, away from the other one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lykta.errors import EnvironmentLacks, InputError
from lykta.node import manifest
from lykta.node.keyfiles import KeyFile, keys_folder

#: The file of a node, and the names of the two keys by their number in a head.
NODE_FILE = "release"
NAMES = {manifest.RELEASE: "release", manifest.BACKUP: "backup"}
_PUBLIC = "release.json"
_LENGTH = 32
_SHORTEST = 12  # letters of a passphrase


@dataclass(frozen=True)
class PublicKeys:
    """The public halves, 32 bytes each."""

    release: bytes
    backup: bytes

    def node_file(self) -> bytes:
        """What a node keeps of them."""
        return self.release + self.backup

    def of(self, key: int) -> bytes:
        """One of them, by its number in a head."""
        return self.backup if key == manifest.BACKUP else self.release


def public_path() -> Path:
    """Where the public halves are."""
    return keys_folder() / _PUBLIC


def public_keys() -> PublicKeys | None:
    """The public halves; None where there are no keys yet. InputError where the file is damaged."""
    path = public_path()
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found = PublicKeys(bytes.fromhex(told["release"]), bytes.fromhex(told["backup"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        found = PublicKeys(b"", b"")
    if len(found.release) != _LENGTH or len(found.backup) != _LENGTH:
        raise InputError.of(str(path), "the public release keys are damaged. Take the file from whoever made them.")
    return found


def draw(folder: Path, backup_folder: Path, passphrase: str) -> PublicKeys:
    """Draw both keys. InputError where there are some already: nodes that know them would take nothing that others sign."""
    _need_library()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if len(passphrase) < _SHORTEST:
        raise InputError.of("passphrase", f"it is shorter than {_SHORTEST} characters. Take four words.")
    places = {manifest.RELEASE: secret_path(folder, manifest.RELEASE), manifest.BACKUP: secret_path(backup_folder, manifest.BACKUP)}
    for path in (*places.values(), public_path()):
        if path.exists():
            raise InputError.of(str(path), "there are release keys already. Nodes that know them would take no update that others sign.")
    public = {}
    for number, path in places.items():
        key = Ed25519PrivateKey.generate()
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
        KeyFile(path).write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode())
        public[number] = key.public_key().public_bytes_raw()
    keys = PublicKeys(public[manifest.RELEASE], public[manifest.BACKUP])
    KeyFile(public_path()).write(json.dumps({"release": keys.release.hex(), "backup": keys.backup.hex()}) + "\n")
    return keys


def secret_path(folder: Path, key: int) -> Path:
    """Where a secret half is."""
    return folder / f"{NAMES[key]}.pem"


def signer(path: Path, passphrase: Callable[[], str]) -> Callable[[bytes], bytes]:
    """What signs with the key in a file. InputError where that cannot be used, or the passphrase is another."""
    _need_library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = KeyFile(path).read()
    if text is None:
        raise InputError.of(str(path), "there is no such key. Is the medium with it plugged in? `lykta fleet update keys` draws keys.")
    try:
        key = load_pem_private_key(text.encode(), passphrase().encode())
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError.of(str(path), "the key does not open: another passphrase, or the file is damaged.")
    return key.sign


def sign(head: manifest.Head, by: Callable[[bytes], bytes]) -> bytes:
    """A head with its signature: the offer."""
    told = head.signed_part()
    return told + by(manifest.CONTEXT + told)


def verify(head: bytes, keys: PublicKeys) -> bool:
    """Whether one of the keys has signed a head, as nodes will look."""
    _need_library()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    about = manifest.read_head(head)
    if about is None or about.key not in NAMES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(keys.of(about.key)).verify(head[manifest.SIGNED :], manifest.CONTEXT + head[: manifest.SIGNED])
    except InvalidSignature:
        return False
    return True


def _need_library() -> None:
    try:
        import cryptography  # noqa: F401 - only whether it is there
    except ImportError:
        raise EnvironmentLacks("Release keys need the extra fleet: pip install 'lykta[fleet]' (in a clone: make env).") from None
