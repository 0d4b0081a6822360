"""Bundles and the keys that sign them: what the host writes is what the node reads, and nothing damaged or foreign gets by."""

from __future__ import annotations

import datetime as dt
import importlib
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lykta import corehost
from lykta.errors import InputError
from lykta.fleet.updates import bundle as bundles
from lykta.node import manifest, releasekeys
from tests.fleet.updates.fakes import BACKUP, KEYS, PACKAGE, SIGNER, bundle

assert corehost  # it makes the node's package known
node: Any = importlib.import_module("lykta_node.core.bundle")
ed25519: Any = importlib.import_module("lykta_node.core.ed25519")

WORDS = "four words of mine"


@given(
    st.dictionaries(st.from_regex(r"lykta_node/[a-z_]{1,20}\.mpy", fullmatch=True), st.binary(max_size=5_000), min_size=1, max_size=12),
    st.integers(0, 2**30 - 1),
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2090, 1, 1)) | st.none(),
    st.sampled_from([("esp32",), ("esp32", "esp32c3", "esp32s3")]),
    st.integers(0, 1),
)
def test_node__reads_what_the_host_writes(
    files: dict[str, bytes], security: int, expires: dt.datetime | None, chips: tuple[str, ...], key: int
):
    """Head, list and pieces, by the node's own code; its Ed25519 agrees with the signature."""
    files["lykta_node/app.mpy"] = b"app"
    until = expires.replace(tzinfo=dt.UTC) if expires else None
    about, _ = bundles.make(files, "1.2.3", chips, security=security, expires=until, runtime=(1, 29, 0), rom=False, key=key)
    made = bundles.Bundle(releasekeys.sign(about, (SIGNER, BACKUP)[key].sign), files)
    head = node.Head(made.head)
    assert head.sound and head.sizes()
    assert (head.version, tuple(head.chips), head.security, head.runtime, head.key) == ("1.2.3", chips, security, (1, 29, 0), key)
    assert head.expiry == (0 if until is None else int((until - dt.datetime(2000, 1, 1, tzinfo=dt.UTC)).total_seconds()) // 4)
    pieces = list(made.pieces())
    listed = b"".join(piece[node.PIECE_HEAD :] for piece in pieces[: head.pieces(head.list_length)])
    entries = node.entries(head, listed)
    assert {entry.name for entry in entries} == set(files)
    for entry in entries:
        own = pieces[entry.first : entry.first + head.pieces(entry.length)]
        assert b"".join(piece[node.PIECE_HEAD :] for piece in own) == files[entry.name]
        assert all(
            piece[: node.PIECE_HEAD] == bytes.fromhex(made.id) + number.to_bytes(2, "big") for number, piece in enumerate(own, entry.first)
        )
    assert max(map(len, pieces)) <= 4096


def test_signature__is_good_to_the_node_and_to_the_host():
    """The release key's is not that of the backup key."""
    made = bundle()
    message = node.CONTEXT + made.head[: node.SIGNED]
    assert list(ed25519.verification(KEYS.release, message, made.head[node.SIGNED :]))[-1] is True
    assert releasekeys.verify(made.head, KEYS)
    assert not releasekeys.verify(made.head, releasekeys.PublicKeys(KEYS.backup, KEYS.release))


def test_file__comes_back_as_it_was_and_any_damage_is_found(tmp_path: Path):
    """Cut anywhere, or a byte changed in list or contents."""
    made = bundle()
    path = tmp_path / "it.lykta"
    data = made.to_bytes()
    path.write_bytes(data)
    assert bundles.read(path) == made
    for end in range(0, len(data), 97):
        path.write_bytes(data[:end])
        with pytest.raises(InputError):
            bundles.read(path)
    for at in range(manifest.LENGTH, len(data), 53):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(InputError):
            bundles.read(path)
    path.write_bytes(data + b"more")
    with pytest.raises(InputError, match="its length"):
        bundles.read(path)


def test_changed_head__is_signed_by_nobody(tmp_path: Path):
    """A head that says something else reads well, and is refused by its signature."""
    made = bundle()
    changed = made.head[:11] + bytes([made.head[11] ^ 1]) + made.head[12:]
    assert not releasekeys.verify(changed, KEYS)
    assert not releasekeys.verify(b"no head", KEYS)


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"version": ""}, "cannot be a version"),
        ({"version": "with a space"}, "cannot be a version"),
        ({"version": "x" * 25}, "cannot be a version"),
        ({"chips": ("esp32",) * 5}, "cannot be a list of chips"),
        ({"security": 1 << 30}, "security counter"),
        ({"package": {f"lykta_node/{number}.mpy": b"" for number in range(257)}}, "more than a node takes"),
        ({"package": {"lykta_node/app.mpy": bytes(3 << 20)}}, "more than a node takes"),
    ],
)
def test_what_no_node_would_take__is_not_built(about: dict[str, Any], why: str):
    """Said before anything is signed."""
    given_ = {"package": PACKAGE, "version": "1", "chips": ("esp32",), "security": 0, **about}
    with pytest.raises(InputError, match=why):
        bundles.make(
            given_["package"],
            given_["version"],
            given_["chips"],
            security=given_["security"],
            expires=None,
            runtime=(1, 0, 0),
            rom=False,
            key=0,
        )


def test_keys__are_encrypted_and_for_their_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two of them, in two places; the public halves beside the other keys of this machine; drawn once."""
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path / "keys"))
    assert releasekeys.public_keys() is None
    known = releasekeys.draw(tmp_path / "medium", tmp_path / "safe", WORDS)
    assert releasekeys.public_keys() == known
    assert known.release != known.backup
    for path in (tmp_path / "medium" / "release.pem", tmp_path / "safe" / "backup.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "ENCRYPTED" in path.read_text()
    assert not (tmp_path / "keys" / "release.pem").exists()
    with pytest.raises(InputError, match="keys already"):
        releasekeys.draw(tmp_path / "other", tmp_path / "else", WORDS)
    with pytest.raises(InputError, match="shorter than 12"):
        releasekeys.draw(tmp_path / "other", tmp_path / "else", "short")
    signed = releasekeys.signer(tmp_path / "medium" / "release.pem", lambda: WORDS)(b"message")
    assert list(ed25519.verification(known.release, b"message", signed))[-1] is True


def test_key__that_cannot_be_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Another passphrase, no medium, a damaged public file."""
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path / "keys"))
    releasekeys.draw(tmp_path, tmp_path, WORDS)
    with pytest.raises(InputError, match="another passphrase"):
        releasekeys.signer(tmp_path / "release.pem", lambda: "some other words")
    with pytest.raises(InputError, match="plugged in"):
        releasekeys.signer(tmp_path / "gone" / "release.pem", lambda: WORDS)
    for text in ("{", '{"release": "00", "backup": "00"}', "[]"):
        releasekeys.public_path().write_text(text)
        with pytest.raises(InputError, match="damaged"):
            releasekeys.public_keys()


def test_manifest_of_the_cable__is_no_offer():
    """It is not signed, and for no chip that there is."""
    head = manifest.unsigned(PACKAGE, "1.0", "cable")
    assert not releasekeys.verify(head, KEYS)
    assert node.Head(head).sound
    assert manifest.read_head(head[:-1]) is None
    assert manifest.read_head(b"\xff" * manifest.LENGTH) is None
