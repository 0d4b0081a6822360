"""Finding a VM: the one named, the environment's, the one on PATH; else a sentence that says how to get one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.errors import EnvironmentLacks
from lykta.vm import find
from lykta.vm.find import OLDEST, find_vm, version_of

pytestmark = pytest.mark.micropython


def test_find_vm__finds_one_that_is_new_enough():
    """What it finds runs, and has the version asked for."""
    assert version_of(find_vm()) >= OLDEST


def test_find_vm__takes_the_one_named_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """LYKTA_MICROPYTHON decides, whatever else there is."""
    named = tmp_path / "mine"
    named.write_text("#!/bin/sh\n")
    named.chmod(0o755)
    monkeypatch.setenv("LYKTA_MICROPYTHON", str(named))
    assert str(named) == find_vm()


def test_find_vm__missing_one_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Without a VM the message names what to install."""
    monkeypatch.setenv("LYKTA_MICROPYTHON", str(tmp_path / "nowhere"))
    with pytest.raises(EnvironmentLacks, match="install the package `micropython`"):
        find_vm()


def test_find_vm__passes_over_one_that_is_too_old(monkeypatch: pytest.MonkeyPatch):
    """An old VM is as good as none."""
    monkeypatch.setattr(find, "version_of", lambda vm: (1, 19))
    with pytest.raises(EnvironmentLacks):
        find_vm()
