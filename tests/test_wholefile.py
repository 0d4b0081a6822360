"""Files that are written whole or not at all, and never leave anything beside them."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from lykta import wholefile


def listed(folder: Path) -> list[str]:
    """The names of everything in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_write__replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path):
    """The new content is there, the old one gone, and no other file."""
    path = tmp_path / "profile.yaml"
    path.write_text("old\n")
    wholefile.write(path, "ny ljusnivå\r\n", sync=True)
    assert path.read_bytes() == "ny ljusnivå\r\n".encode()
    assert listed(tmp_path) == ["profile.yaml"]


@pytest.mark.parametrize("old", ["old\n", None])
def test_write__that_finds_the_disk_full_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str | None):
    """Half a file was written beside when the disk was full: neither it nor half of the target is left."""
    path = tmp_path / "profile.yaml"
    if old is not None:
        path.write_text(old)
    real = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        real(self, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        wholefile.write(path, "new and long\n")
    assert listed(tmp_path) == ([] if old is None else ["profile.yaml"])
    assert old is None or path.read_text() == old


def test_write__that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path):
    """A folder stands where the file should be: it stays, and nothing lies beside it."""
    (tmp_path / "profile.yaml").mkdir()
    with pytest.raises(OSError, match=r"profile\.yaml"):
        wholefile.write(tmp_path / "profile.yaml", "text")
    assert listed(tmp_path) == ["profile.yaml"]


def test_beside__ended_by_ctrl_c_leaves_the_old_file(tmp_path: Path):
    """An interrupt while a library writes is no reason to leave half a file."""
    path = tmp_path / "night.parquet"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), wholefile.beside(path) as new:
        new.write_bytes(b"half")
        raise KeyboardInterrupt
    assert (listed(tmp_path), path.read_bytes()) == (["night.parquet"], b"old")


def test_write__keeps_who_may_read_it(tmp_path: Path):
    """A file that others may read stays so; a secret is for its owner alone from its first moment."""
    path, secret = tmp_path / "site.yaml", tmp_path / "ca.key"
    path.write_text("old")
    path.chmod(0o664)
    wholefile.write(path, "new")
    with wholefile.beside(secret, mode=0o600) as new:
        assert new.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o664
    assert secret.stat().st_mode & 0o777 == 0o600


def test_write__through_a_link_changes_what_it_points_to(tmp_path: Path):
    """A link to a file elsewhere stays a link."""
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "site.yaml", tmp_path / "site.yaml"
    target.write_text("old")
    link.symlink_to(target)
    wholefile.write(link, "new")
    assert link.is_symlink()
    assert (target.read_text(), listed(target.parent)) == ("new", ["site.yaml"])
